//! Sends on disk before they are on the wire, until they come back.
//!
//! [`Outbox`] is the queue in memory: what waits, what is on the wire, what failed, in the order it was typed. Its [`Sends`] are
//! the only list of them: the timeline shows them from there. Each send is
//! also in a journal (`outbox/journal.rs`), flushed to the disk before the send counts as kept; only kept sends go out. A send
//! keeps its id for every try, so the server makes one entry of it however often it arrives, and it is struck off when that
//! entry is seen.
//!
//! One send is on the wire at a time: whatever the server answers, what was typed first stands first. That costs a round
//! trip a message, which is less than the server's rate limit lets through.
//!
//! Every window has a journal of its own, locked while it is open, and with it the seat it sends under: ids are remembered
//! by author, so a send must go out under the seat it was first tried with. What a window left behind is taken up by
//! the next window that opens the room.

use std::time::{Duration, Instant};

use snug_shared::{Author, Body, Entry, ErrorCode, ErrorFrame, Intent, Limits, MessageText, Millis};
use tokio::sync::oneshot;
use uuid::Uuid;

mod journal;
mod keeping;
mod opening;
mod pending;
mod queue;
mod rate_limit;
mod record;
mod sends;

use journal::{Command, Commands};
pub use keeping::{KeepResult, Keeping};
pub use opening::{CannotOpen, Opened, Opening, ROOMS};
pub use pending::{Failure, PendingSend, SendState};
use queue::Queue;
use rate_limit::RateLimit;
use record::{Record, under};
pub use sends::Sends;

use crate::{connection::backoff, format::server_sentence, frame::Frame};

/// Sends that may wait in one room.
pub const SENDS: usize = 1_000;

/// Bytes of text that may wait in one room.
pub const BYTES: usize = 4 << 20;

/// How long an answer is waited for before the send goes out again under the same id.
const ANSWER: Duration = Duration::from_secs(20);

/// Tries without an answer after which a send is given back to the person.
const TRIES: u32 = 3;

const NO_ANSWER: &str = "The server didn’t answer. It may have stored this message all the same.";

/// The pause after `storage_full` and `unavailable`.
const UNAVAILABLE: Duration = Duration::from_secs(5);

/// Nothing more can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Too many messages are waiting. They will be sent when you reconnect.")]
pub struct Full;

/// One room's sends.
#[derive(Debug)]
pub struct Outbox {
    journal: Journal,
    sends: Sends,
    rate_limit: RateLimit,
}

#[derive(Debug)]
enum Journal {
    /// Whoever opens it has the other end; what is kept meanwhile is written as soon as it is open.
    Opening(Queue),
    Open(Commands),
    Broken(CannotOpen),
}

/// The next step of the queue.
#[derive(Debug)]
pub enum Next {
    /// This, now.
    Send(Uuid, Frame),
    /// Nothing: this one was there too often without an answer, and failed by it.
    GivenUp(Uuid),
    /// Ask again then.
    At(Instant),
    /// Nothing until something happens.
    Nothing,
}

impl Outbox {
    /// An outbox that takes sends already, and what opens its journal.
    pub fn new() -> (Self, Opening) {
        let queue = Queue::default();
        let journal = Journal::Opening(queue.clone());
        let outbox = Self { journal, sends: Sends::default(), rate_limit: RateLimit::new() };
        (outbox, Opening { queue })
    }

    /// The journal is open. What was typed meanwhile stands below what waited since last time.
    pub fn opened(&mut self, opened: Opened) {
        self.journal = Journal::Open(opened.commands);
        let typed = self.sends.take();
        opened.sends.into_iter().for_each(|send| self.sends.push(send));
        for send in typed {
            let id = send.id;
            let is_full = self.is_full(send.bytes);
            self.sends.push(send);
            if is_full {
                let _ = self.fail(id, &Full.to_string(), true);
            }
        }
    }

    /// The journal can't be opened: nothing is taken any more, and what was typed meanwhile went nowhere.
    pub fn broken(&mut self, error: CannotOpen) {
        let reason = error.to_string();
        self.journal = Journal::Broken(error);
        let typed: Vec<Uuid> = self.sends.iter().map(|send| send.id).collect();
        for id in typed {
            let _ = self.fail(id, &reason, false);
        }
    }

    /// Whether it is not known yet what waits since last time.
    pub fn is_opening(&self) -> bool {
        matches!(self.journal, Journal::Opening(_))
    }

    /// Why nothing is taken, where that is so.
    pub fn error(&self) -> Option<&CannotOpen> {
        match &self.journal {
            Journal::Broken(error) => Some(error),
            Journal::Opening(_) | Journal::Open(_) => None,
        }
    }

    /// All that has not come back.
    pub fn sends(&self) -> &Sends {
        &self.sends
    }

    /// Whether something will go out by itself, or what waits is not known yet.
    pub fn has_unsent(&self) -> bool {
        self.is_opening() || self.sends.first_to_go().is_some()
    }

    /// Takes a send. It goes out once it is kept.
    ///
    /// # Errors
    /// [`Full`] when too much waits already; nothing was taken.
    pub fn add(&mut self, id: Uuid, intent: Intent, at: Millis) -> Result<Keeping, Full> {
        let send = PendingSend::new(id, intent, at, SendState::Keeping);
        if self.is_full(send.bytes) {
            return Err(Full);
        }
        let keeping = self.keep(id, Record::of(&send));
        self.sends.push(send);
        Ok(keeping)
    }

    /// Changes what a message says that has not come back: it goes out as it is, since the server may have it already, and the
    /// change follows it. Answers what to wait for; nothing when no such message waits.
    ///
    /// # Errors
    /// [`Full`] when too much waits already; nothing was changed.
    pub fn edit(&mut self, id: Uuid, text: MessageText) -> Result<Option<Keeping>, Full> {
        if self.sends.bytes() + text.as_str().len() > BYTES {
            return Err(Full);
        }
        Ok(self.sends.edit(id, text.clone()).then(|| self.keep(id, Record::Edit { id, text })))
    }

    fn is_full(&self, bytes: usize) -> bool {
        self.sends.len() >= SENDS || self.sends.bytes() + bytes > BYTES
    }

    fn keep(&self, id: Uuid, record: Record) -> Keeping {
        let (tell, done) = oneshot::channel();
        self.command(Command::Keep(record, tell));
        Keeping { id, done }
    }

    fn note(&self, record: Record) {
        self.command(Command::Note(record));
    }

    /// Without a journal the command is dropped, and whoever waits for its answer is told so.
    fn command(&self, command: Command) {
        match &self.journal {
            Journal::Opening(queue) => queue.send(command),
            Journal::Open(commands) => commands.send(command),
            Journal::Broken(_) => {}
        }
    }

    /// A send is on the disk, or could not be put there. Answers the send that failed by it.
    pub fn kept(&mut self, kept: KeepResult) -> Option<Uuid> {
        if self.sends.get(kept.id)?.state != SendState::Keeping {
            return None;
        }
        let Err(error) = kept.result else {
            let _ = self.sends.set(kept.id, SendState::Waiting);
            return None;
        };
        let _ = self.fail(kept.id, &format!("It could not be stored on this computer: {error}."), true);
        Some(kept.id)
    }

    /// Keeps the seat that sends go out under.
    pub fn keep_seat(&self, seat: &str) {
        self.command(Command::Seat(seat.to_owned()));
    }

    /// The next step of the queue. Nothing overtakes a send that is still being stored.
    pub fn next(&mut self, now: Instant, limits: &Limits) -> Next {
        let Some(send) = self.sends.first_to_go() else { return Next::Nothing };
        match send.state {
            SendState::OnTheWire { since } if now < since + ANSWER => return Next::At(since + ANSWER),
            SendState::OnTheWire { .. } if send.tries >= TRIES => {
                let id = send.id;
                let _ = self.fail(id, NO_ANSWER, true);
                return Next::GivenUp(id);
            }
            SendState::OnTheWire { .. } | SendState::Waiting => {}
            SendState::Keeping | SendState::Failed(_) => return Next::Nothing,
        }
        match self.rate_limit.ready(now, limits) {
            Err(at) => Next::At(at),
            Ok(()) => Next::Send(send.id, send.frame.clone()),
        }
    }

    /// It is on the wire.
    pub fn sent(&mut self, id: Uuid, now: Instant) {
        self.rate_limit.sent();
        if let Some(send) = self.sends.set(id, SendState::OnTheWire { since: now }) {
            send.tries += 1;
        }
    }

    /// The connection is gone: what was on the wire goes out again on the next one.
    pub fn disconnected(&mut self) {
        self.sends.off_the_wire();
    }

    /// An entry was seen. Answers the send it settles.
    ///
    /// `live`: it came by itself. Then it also settles a reaction on the wire which changed nothing, since that is
    /// answered with the entry that set it, under that entry's id.
    pub fn seen(&mut self, entry: &Entry, me: &Author, live: bool) -> Option<Uuid> {
        if entry.by != *me {
            return None;
        }
        let says_the_same = |send: &PendingSend| match (&send.intent, &entry.body) {
            (Intent::React { target, emoji, on }, Body::Reacted { target: there, emoji: set, on: is_on }) => {
                matches!(send.state, SendState::OnTheWire { .. })
                    && (target, emoji, on) == (there, set, is_on)
            }
            _ => false,
        };
        let settled = self
            .sends
            .iter()
            .find(|send| send.id == entry.id || (live && says_the_same(send)))
            .map(|send| send.id)?;
        // On the disk before the message is struck off, so that a crash between the two loses no change.
        if let Some(text) = self.sends.get(settled)?.edit.clone() {
            let intent = Intent::Edit { target: entry.seq, text };
            let change = PendingSend::new(Uuid::now_v7(), intent, entry.at, SendState::Waiting);
            self.note(Record::of(&change));
            self.sends.push(change);
        }
        self.strike(settled);
        Some(settled)
    }

    /// The server refused a send. Answers the send when it failed by it; otherwise it goes out again by itself.
    pub fn refused(&mut self, error: &ErrorFrame, now: Instant) -> Option<Uuid> {
        let send = self.sends.get(error.id?)?;
        let id = send.id;
        let pause = error.retry_after_ms.map(backoff::asked_for);
        let pause = match error.code {
            ErrorCode::RateLimited => Some(pause.unwrap_or(Duration::from_secs(1))),
            ErrorCode::StorageFull | ErrorCode::Unavailable => Some(pause.unwrap_or(UNAVAILABLE)),
            _ => None,
        };
        if let Some(pause) = pause {
            if let Some(send) = self.sends.set(id, SendState::Waiting) {
                send.tries = 0;
            }
            self.rate_limit.pause(now + pause);
            return None;
        }
        let can_retry = !matches!(
            error.code,
            ErrorCode::BadRequest
                | ErrorCode::UnknownType
                | ErrorCode::Empty
                | ErrorCode::TooLong
                | ErrorCode::NotFound
                | ErrorCode::Unsupported
        );
        let send = self.fail(id, &server_sentence(&error.message), can_retry)?;
        send.needs_new_id = error.code == ErrorCode::IdConflict;
        Some(id)
    }

    fn fail(&mut self, id: Uuid, reason: &str, can_retry: bool) -> Option<&mut PendingSend> {
        self.note(Record::Failed { id, reason: reason.to_owned(), can_retry });
        self.sends.set(id, SendState::Failed(Failure { reason: reason.to_owned(), can_retry }))
    }

    /// Tries a failed send again, behind what was typed since. `new` becomes its id where the old one can't succeed.
    /// Answers what to wait for.
    pub fn retry(&mut self, id: Uuid, new: Uuid) -> Option<Keeping> {
        let is_failed = matches!(self.sends.get(id)?.state, SendState::Failed(_));
        if !is_failed || !matches!(self.journal, Journal::Open(_)) {
            return None;
        }
        let mut send = self.sends.remove(id)?;
        // The first time, it may not have got onto the disk at all.
        self.note(Record::of(&send));
        if send.needs_new_id {
            send.id = new;
            send.frame = under(new, send.frame);
        }
        (send.state, send.tries, send.needs_new_id) = (SendState::Keeping, 0, false);
        let keeping = self.keep(send.id, Record::Again { id, new: send.id });
        self.sends.push(send);
        Some(keeping)
    }

    /// Gives a send up that is not on the wire. Answers whether it did.
    pub fn discard(&mut self, id: Uuid) -> bool {
        let may_go =
            self.sends.get(id).is_some_and(|send| !matches!(send.state, SendState::OnTheWire { .. }));
        if may_go {
            self.strike(id);
        }
        may_go
    }

    fn strike(&mut self, id: Uuid) {
        if self.sends.remove(id).is_some() {
            self.note(Record::Done { id });
        }
    }
}
