//! Sends on disk before they are on the wire, until they come back.
//!
//! [`Outbox`] is the queue in memory: what waits, what is on the wire, what failed, in the order it was typed. Each send is
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

use std::{
    collections::VecDeque,
    path::Path,
    time::{Duration, Instant},
};

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use snug_shared::{
    Author, Body, ClientFrame, Entry, ErrorCode, ErrorFrame, Intent, Limits, Millis, RoomName, ServerAddress,
};
use tokio::sync::oneshot;
use uuid::Uuid;

mod journal;
mod pending;
mod rate_limit;
mod record;

use journal::{Command, Commands};
pub use pending::{PendingSend, SendState};
use rate_limit::RateLimit;
use record::{Record, StoredSend, under};

use crate::{connection::backoff, format::server_sentence, frame::Frame};

/// Sends that may wait in one room.
pub const SENDS: usize = 1_000;

/// Bytes of text that may wait in one room.
pub const BYTES: usize = 4 << 20;

/// Rooms whose seat is remembered. The seat of the room left the longest ago is forgotten first; sends never are.
pub const ROOMS: usize = 256;

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

/// The outbox can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Messages can’t be stored on this computer: {0}. Check that the disk is there and has space.")]
pub struct CannotOpen(String);

/// One room's sends.
#[derive(Debug)]
pub struct Outbox {
    commands: Commands,
    sends: VecDeque<PendingSend>,
    bytes: usize,
    rate_limit: RateLimit,
}

/// An outbox, and its content when it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The outbox.
    pub outbox: Outbox,
    /// The seat it sends under.
    pub seat: Option<String>,
    /// Whether a part of the journal could not be read. A copy of it is kept.
    pub damaged: bool,
}

/// The result of storing a send; goes into [`Outbox::kept`].
#[derive(Debug, Clone)]
pub struct KeepResult {
    id: Uuid,
    result: Result<(), String>,
}

/// Answers once the send is on the disk.
#[derive(Debug)]
pub struct Keeping {
    id: Uuid,
    done: oneshot::Receiver<Result<(), String>>,
}

/// The next step of the queue.
#[derive(Debug)]
pub enum Next {
    /// This, now.
    Send(Uuid, Frame),
    /// Nothing: this one was there too often without an answer, and failed for this reason.
    GivenUp(Uuid, String),
    /// Ask again then.
    At(Instant),
    /// Nothing until something happens.
    Nothing,
}

impl Keeping {
    /// Waits for the disk.
    pub async fn wait(self) -> KeepResult {
        let result = self.done.await.unwrap_or_else(|_| Err("the app was closed".into()));
        KeepResult { id: self.id, result }
    }
}

impl Outbox {
    /// Opens the outbox of a room. Blocks on the disk.
    ///
    /// # Errors
    /// [`CannotOpen`] says why nothing can be kept.
    pub fn open(data: &Path, server: &ServerAddress, room: &RoomName) -> Result<Opened, CannotOpen> {
        // A hash, because no file system takes every name a room can have.
        let name = Sha256::digest(format!("{server}\n{}", room.key()).as_bytes());
        let rooms = data.join("rooms");
        let folder = rooms.join(BASE32_NOPAD.encode(&name[..20]).to_lowercase());
        let opened = journal::open(&folder).map_err(|error| CannotOpen(error.to_string()))?;
        if let Err(error) = journal::tidy(&rooms, ROOMS) {
            tracing::warn!(%error, "rooms of long ago could not be forgotten");
        }
        let send = |stored: StoredSend| {
            let ClientFrame::Send { id, intent } = stored.frame.decode()? else { return None };
            let state = match stored.failed {
                None => SendState::Waiting,
                Some((reason, can_retry)) => SendState::Failed { reason, can_retry },
            };
            Some(PendingSend::new(id, intent, stored.at, state))
        };
        let sends: VecDeque<PendingSend> = opened.sends.into_iter().filter_map(send).collect();
        let bytes = sends.iter().map(|send| send.bytes).sum();
        let outbox = Self { commands: opened.commands, sends, bytes, rate_limit: RateLimit::new() };
        Ok(Opened { outbox, seat: opened.seat, damaged: opened.damaged })
    }

    /// All that has not come back, in the order it was typed.
    pub fn sends(&self) -> impl ExactSizeIterator<Item = &PendingSend> {
        self.sends.iter()
    }

    /// Takes a send. It goes out once it is kept.
    ///
    /// # Errors
    /// [`Full`] when too much waits already; nothing was taken.
    pub fn add(&mut self, id: Uuid, intent: Intent, at: Millis) -> Result<Keeping, Full> {
        let send = PendingSend::new(id, intent, at, SendState::Keeping);
        if self.sends.len() >= SENDS || self.bytes + send.bytes > BYTES {
            return Err(Full);
        }
        let keeping = self.keep(id, send.record());
        self.bytes += send.bytes;
        self.sends.push_back(send);
        Ok(keeping)
    }

    fn keep(&self, id: Uuid, record: Record) -> Keeping {
        let (tell, done) = oneshot::channel();
        self.commands.send(Command::Keep(record, tell));
        Keeping { id, done }
    }

    fn note(&self, record: Record) {
        self.commands.send(Command::Note(record));
    }

    /// A send is on the disk, or could not be put there. Answers the send that failed, with the reason.
    pub fn kept(&mut self, kept: KeepResult) -> Option<(Uuid, String)> {
        let send =
            self.sends.iter_mut().find(|send| send.id == kept.id && send.state == SendState::Keeping)?;
        match kept.result {
            Ok(()) => {
                send.state = SendState::Waiting;
                None
            }
            Err(error) => {
                let reason = format!("It could not be stored on this computer: {error}.");
                self.fail(kept.id, &reason, true);
                Some((kept.id, reason))
            }
        }
    }

    /// Keeps the seat that sends go out under.
    pub fn keep_seat(&self, seat: &str) {
        self.commands.send(Command::Seat(seat.to_owned()));
    }

    /// The next step of the queue. Nothing overtakes a send that is still being stored.
    pub fn next(&mut self, now: Instant, limits: &Limits) -> Next {
        let first = self.sends.iter().position(|send| !matches!(send.state, SendState::Failed { .. }));
        let Some(send) = first.and_then(|first| self.sends.get(first)) else { return Next::Nothing };
        match send.state {
            SendState::OnTheWire { since } if now < since + ANSWER => return Next::At(since + ANSWER),
            SendState::OnTheWire { .. } if send.tries >= TRIES => {
                let (id, reason) = (send.id, NO_ANSWER.to_owned());
                self.fail(id, &reason, true);
                return Next::GivenUp(id, reason);
            }
            SendState::OnTheWire { .. } | SendState::Waiting => {}
            SendState::Keeping | SendState::Failed { .. } => return Next::Nothing,
        }
        match self.rate_limit.ready(now, limits) {
            Err(at) => Next::At(at),
            Ok(()) => Next::Send(send.id, send.frame.clone()),
        }
    }

    /// It is on the wire.
    pub fn sent(&mut self, id: Uuid, now: Instant) {
        self.rate_limit.sent();
        if let Some(send) = self.sends.iter_mut().find(|send| send.id == id) {
            send.tries += 1;
            send.state = SendState::OnTheWire { since: now };
        }
    }

    /// The connection is gone: what was on the wire goes out again on the next one.
    pub fn disconnected(&mut self) {
        for send in &mut self.sends {
            if matches!(send.state, SendState::OnTheWire { .. }) {
                (send.state, send.tries) = (SendState::Waiting, 0);
            }
        }
    }

    /// An entry was seen. Answers the send it settles.
    ///
    /// `live`: it came by itself. Then it also settles a reaction on the wire which changed nothing, since that is
    /// answered with the entry that set it, under that entry's id.
    pub fn seen(&mut self, entry: &Entry, me: &Author, live: bool) -> Option<Uuid> {
        if entry.by != *me {
            return None;
        }
        let says_the_same = |send: &PendingSend| match (&send.reaction, &entry.body) {
            (Some(own), Body::Reacted { target, emoji, on }) => {
                matches!(send.state, SendState::OnTheWire { .. })
                    && (own.target, &own.emoji, own.on) == (*target, emoji, *on)
            }
            _ => false,
        };
        let settled = self
            .sends
            .iter()
            .find(|send| send.id == entry.id || (live && says_the_same(send)))
            .map(|send| send.id)?;
        self.strike(settled);
        Some(settled)
    }

    /// The server refused a send. Answers the reason when the send failed by it; otherwise it goes out again by itself.
    pub fn refused(&mut self, error: &ErrorFrame, now: Instant) -> Option<(Uuid, String, bool)> {
        let id = error.id?;
        let send = self.sends.iter_mut().find(|send| send.id == id)?;
        let pause = error.retry_after_ms.map(backoff::asked_for);
        let pause = match error.code {
            ErrorCode::RateLimited => Some(pause.unwrap_or(Duration::from_secs(1))),
            ErrorCode::StorageFull | ErrorCode::Unavailable => Some(pause.unwrap_or(UNAVAILABLE)),
            _ => None,
        };
        if let Some(pause) = pause {
            (send.state, send.tries) = (SendState::Waiting, 0);
            self.rate_limit.pause(now + pause);
            return None;
        }
        let reason = server_sentence(&error.message);
        let can_retry = !matches!(
            error.code,
            ErrorCode::BadRequest
                | ErrorCode::UnknownType
                | ErrorCode::Empty
                | ErrorCode::TooLong
                | ErrorCode::NotFound
                | ErrorCode::Unsupported
        );
        send.needs_new_id = error.code == ErrorCode::IdConflict;
        self.fail(id, &reason, can_retry);
        Some((id, reason, can_retry))
    }

    fn fail(&mut self, id: Uuid, reason: &str, can_retry: bool) {
        if let Some(send) = self.sends.iter_mut().find(|send| send.id == id) {
            send.state = SendState::Failed { reason: reason.to_owned(), can_retry };
            self.note(Record::Failed { id, reason: reason.to_owned(), can_retry });
        }
    }

    /// Tries a failed send again, behind what was typed since. `new` becomes its id where the old one can't succeed.
    /// Answers its id and what to wait for.
    pub fn retry(&mut self, id: Uuid, new: Uuid) -> Option<(&PendingSend, Keeping)> {
        let failed = |send: &PendingSend| send.id == id && matches!(send.state, SendState::Failed { .. });
        let mut send = self.sends.remove(self.sends.iter().position(failed)?)?;
        // The first time, it may not have got onto the disk at all.
        self.note(send.record());
        if send.needs_new_id {
            send.id = new;
            send.frame = under(new, send.frame);
        }
        (send.state, send.tries, send.needs_new_id) = (SendState::Keeping, 0, false);
        let keeping = self.keep(send.id, Record::Again { id, new: send.id });
        self.sends.push_back(send);
        self.sends.back().map(|send| (send, keeping))
    }

    /// Gives a send up that is not on the wire. Answers whether it did.
    pub fn discard(&mut self, id: Uuid) -> bool {
        let may_go = |send: &PendingSend| send.id == id && !matches!(send.state, SendState::OnTheWire { .. });
        let is_there = self.sends.iter().any(may_go);
        if is_there {
            self.strike(id);
        }
        is_there
    }

    fn strike(&mut self, id: Uuid) {
        if let Some(index) = self.sends.iter().position(|send| send.id == id)
            && let Some(send) = self.sends.remove(index)
        {
            self.bytes -= send.bytes;
            self.note(Record::Done { id });
        }
    }
}
