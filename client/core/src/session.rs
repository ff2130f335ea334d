//! One joined room without pixels: link, timeline, outbox, members, who is typing, what was read.
//!
//! A screen feeds it what happens ([`Session::update`], [`Session::done`]) and runs the [`Effect`]s it returns; tests do the
//! same without a screen. Disk work is in the effects, never in `update`. A change here is worth a new view; there is no
//! clock to subscribe to, since whatever is due later comes back as an effect's [`Done`].
//!
//! Order on the wire is the order of [`Session::submit`]: the outbox sends its first unsettled send only, once that is kept,
//! whenever the effects around it are run. Nothing is sent before the replay is complete, so that what the server already has
//! is struck off instead of sent again.
//!
//! A hole that shows live is asked for at once; one that a long absence left is asked for when the reader comes near it, from
//! the side they come from. Both are rows of their own until they are filled.

use std::time::{Duration, Instant};

use snug_shared::{ClientFrame, Established, Nickname, Seq};
use uuid::Uuid;

use crate::{
    clock::{self, Clock},
    connection::{Event, Handle, Target},
    history::History,
    outbox::{Next, Opened, Outbox, SendState},
    timeline::Timeline,
};

mod attention;
mod effect;
mod incoming;
mod joining;
mod pages;
mod people;
mod recall;
mod sends;
mod view;

pub use attention::{Attention, ReadState, Unread};
use effect::Outcome;
pub use effect::{Done, Effect};
pub use joining::{Joining, Link, NotTaken};
use people::People;
use recall::Recall;

/// The shortest time between two `typing` frames, and between two `read` frames.
const TYPING: Duration = Duration::from_secs(3);
const READ: Duration = Duration::from_secs(1);

/// One joined room.
#[derive(Debug)]
pub struct Session {
    joining: Joining,
    target: Target,
    link: Link,
    handle: Option<Handle>,
    /// Whether the replay is complete.
    is_live: bool,
    timeline: Timeline,
    people: People,
    established: Option<Box<Established>>,
    /// The page of history that is on its way.
    loading: Option<Seq>,
    /// The page of the log that is on its way: the entries after this one.
    fetching: Option<Seq>,
    /// Whether the server gives pages of the log, as far as is known on this connection.
    has_pages: bool,
    /// The entry above a hole that showed live and was not asked for yet.
    hole: Option<Seq>,
    read: Seq,
    /// How far the server was told, and when.
    read_told: (Seq, Option<Instant>),
    typed: Option<Instant>,
    wake: Option<Instant>,
    notice: Option<String>,
    recall: Recall,
    clock: Clock,
}

impl Session {
    /// Joins a room without a history on this computer. The effects open what this device keeps for it.
    pub fn new(joining: Joining) -> (Self, Vec<Effect>) {
        Self::with_history(joining, History::default())
    }

    /// The same with a history: what it knows of the room is shown until the server is reached, and what comes is kept in it.
    pub fn with_history(joining: Joining, history: History) -> (Self, Vec<Effect>) {
        let target = Target {
            server: joining.server.clone(),
            room: joining.room.clone(),
            nickname: joining.nickname.clone(),
            seat: None,
            resume: None,
        };
        let (outbox, opening) = Outbox::new();
        let open = Effect::open(opening, joining.data.clone(), joining.server.clone(), joining.room.clone());
        let session = Self {
            timeline: Timeline::new(joining.nickname.clone(), joining.zone.clone(), outbox),
            joining,
            target,
            link: Link::Connecting,
            handle: None,
            is_live: false,
            people: People::default(),
            established: None,
            loading: None,
            fetching: None,
            has_pages: true,
            hole: None,
            read: 0,
            read_told: (0, None),
            typed: None,
            wake: None,
            notice: None,
            recall: Recall::new(history),
            clock: clock::system,
        };
        let effects = [open].into_iter().chain(session.recall_newest()).collect();
        (session, effects)
    }

    /// Takes the times of what is sent from another clock.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// The connection to keep; `None` while what this device keeps is being opened. It goes on where that ends.
    pub fn target(&self) -> Option<&Target> {
        let is_opening = self.timeline.outbox().is_opening() || self.recall.is_opening();
        (!is_opening).then_some(&self.target)
    }

    /// Something happened on the connection.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Connecting { handle } => {
                self.handle = Some(handle);
                self.disconnected(Link::Connecting);
            }
            Event::Online { handle, established } => {
                self.handle = Some(handle);
                self.arrive(established);
            }
            Event::Received(frames) => {
                for frame in frames {
                    self.receive(frame);
                }
                self.target.resume = self.timeline.resume();
            }
            Event::Offline { reason, retry_at } => self.disconnected(Link::Offline { reason, retry_at }),
            Event::Stopped { reason, suggestion } => self.disconnected(Link::Stopped { reason, suggestion }),
        }
        self.go_on(Vec::new())
    }

    /// An effect is done.
    pub fn done(&mut self, done: Done) -> Vec<Effect> {
        match done.outcome() {
            Outcome::Opened(Ok(opened)) => self.opened(*opened),
            Outcome::Opened(Err(error)) => {
                self.notice = Some(error.to_string());
                self.timeline.outbox_mut().broken(error);
            }
            Outcome::Kept(kept) => {
                if let Some(id) = self.timeline.outbox_mut().kept(kept) {
                    self.failed(id);
                }
            }
            Outcome::Page(after, page) => self.fetched(after, page),
            Outcome::Recalled(before, recalled) => {
                let effects = self.recalled(before, recalled);
                return self.go_on(effects);
            }
            Outcome::Woke(at) if self.wake == Some(at) => self.wake = None,
            Outcome::Woke(_) | Outcome::Nothing => {}
        }
        self.go_on(Vec::new())
    }

    fn opened(&mut self, opened: Opened) {
        self.target.seat.clone_from(&opened.seat);
        if opened.damaged {
            self.notice = Some("Some waiting messages couldn’t be read.".into());
        }
        self.timeline.outbox_mut().opened(opened);
    }

    /// A send failed: its row says so. What has no row is told once and given up.
    fn failed(&mut self, id: Uuid) {
        let outbox = self.timeline.outbox_mut();
        if let Some(send) = outbox.sends().get(id).filter(|send| !send.has_row())
            && let SendState::Failed(failure) = &send.state
        {
            self.notice = Some(failure.reason.clone());
            let _ = outbox.discard(id);
        }
    }

    fn disconnected(&mut self, link: Link) {
        self.link = link;
        (self.is_live, self.loading, self.fetching) = (false, None, None);
        self.people.clear_typing();
        self.timeline.outbox_mut().disconnected();
    }

    fn arrive(&mut self, established: Box<Established>) {
        self.link = Link::Online;
        self.has_pages = true;
        let era = self.timeline.era();
        self.timeline.established(&established);
        if self.timeline.era() != era {
            // What was read is of the history before.
            self.read = 0;
        }
        self.people.set(&established.members, established.count);
        if self.target.seat.as_ref() != Some(&established.seat) {
            self.timeline.outbox().keep_seat(&established.seat);
        }
        self.target.seat = Some(established.seat.clone());
        self.read_told = (established.read.unwrap_or(0), None);
        self.read = self.read.max(self.read_told.0);
        self.established = Some(established);
    }

    /// Does whatever can be done now, and sees to it that what is due later is not forgotten.
    fn go_on(&mut self, mut effects: Vec<Effect>) -> Vec<Effect> {
        let now = Instant::now();
        let mut due = self.people.forget(now);
        if self.is_live {
            due = earliest(due, self.send_next(now));
            due = earliest(due, self.tell_read(now));
            if let Some(before) = self.hole.take_if(|_| self.loading.is_none()) {
                self.ask(before);
            }
        }
        if let Some(due) = due
            && self.wake.is_none_or(|wake| due < wake)
        {
            self.wake = Some(due);
            effects.push(Effect::wake(due));
        }
        effects
    }

    fn send_next(&mut self, now: Instant) -> Option<Instant> {
        let limits = self.limits();
        let handle = self.handle.as_ref()?;
        let outbox = self.timeline.outbox_mut();
        loop {
            match outbox.next(now, &limits) {
                Next::Nothing => return None,
                Next::At(at) => return Some(at),
                Next::GivenUp(id) => {
                    self.failed(id);
                    return Some(now);
                }
                Next::Send(id, frame) => match handle.send(frame) {
                    Ok(()) => outbox.sent(id, now),
                    Err(_) => return Some(now + Duration::from_millis(100)),
                },
            }
        }
    }

    fn tell_read(&mut self, now: Instant) -> Option<Instant> {
        let (told, at) = self.read_told;
        if self.read <= told {
            return None;
        }
        let due = at.map_or(now, |at| at + READ);
        if due > now {
            return Some(due);
        }
        let handle = self.handle.as_ref()?;
        if handle.send(ClientFrame::Read { seq: self.read }).is_ok() {
            self.read_told = (self.read, Some(now));
        }
        None
    }

    /// The reader has seen everything up to here.
    pub fn mark_read(&mut self, seq: Seq) -> Vec<Effect> {
        self.read = self.read.max(seq.min(self.timeline.newest()));
        self.go_on(Vec::new())
    }

    /// The person is typing; tells the others now and then.
    pub fn typing(&mut self) {
        let now = Instant::now();
        if self.is_live
            && self.typed.is_none_or(|typed| now >= typed + TYPING)
            && self.handle.as_ref().is_some_and(|handle| handle.send(ClientFrame::Typing).is_ok())
        {
            self.typed = Some(now);
        }
    }

    /// Tries to connect at once.
    pub fn retry_now(&self) {
        if let Some(handle) = self.handle.as_ref().filter(|_| !matches!(self.link, Link::Online)) {
            handle.retry_now();
        }
    }

    /// Goes on under another nickname: another connection, with the same seat.
    pub fn rename(&mut self, nickname: Nickname) {
        self.target.nickname = nickname;
    }
}

fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
