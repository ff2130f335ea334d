//! Every joined room, whether or not the window shows it.
//!
//! A room is opened as a [`Session`] with a [`SessionId`] of its own, and stays joined until it is left: showing another one
//! leaves nothing. Connections and finished disk work report back under that id ([`Report`]). A report for a session that is
//! closed finds nobody and is dropped in [`Rooms::update`], even when the same room is open again.
//!
//! A room that is left closes at once when nothing waits to be sent. Otherwise its session goes on until the last send has come
//! back. Drafts and scroll positions of left rooms are kept for the next visit. All of it is remembered between starts
//! ([`RoomsFile`]).
//!
//! Bounds: [`JOINED`] joined rooms, [`LEFT`] left ones that still send, [`PLACES`] remembered drafts, and [`NEWS`] news.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use snug_shared::{Author, Nickname, RoomKey, RoomName, ServerAddress};

use crate::{
    clock::{self, Clock},
    connection,
    history::History,
    session::{Done, Effect, Joining, Session},
};

mod draft;
mod joined;
mod marks;
mod news;
mod order;
mod stored;
mod switch;
mod view;

pub use draft::{Draft, Purpose};
pub use joined::{Joined, Place};
pub use marks::{Level, Marks, Rule};
pub use news::{NEWS, News, NewsKind};
pub use order::{Group, Reach};
pub use stored::{RoomsFile, StoredPlace, StoredRoom, StoredRooms};

/// Rooms joined at once: each has a socket, and its newest rows in memory. Who is in so many is asked to leave one first.
pub const JOINED: usize = 64;

/// Left rooms that go on until their sends have come back. Beyond that the one left first is closed; what waits in it stays on
/// the disk and is sent on the next visit.
pub const LEFT: usize = 16;

/// Left rooms whose draft and scroll position are remembered.
pub const PLACES: usize = 64;

/// One is in as many rooms as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("You are in {JOINED} rooms. Leave one before you join another.")]
pub struct TooMany;

/// A room of a server, in whatever spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomId {
    server: ServerAddress,
    key: RoomKey,
}

impl RoomId {
    /// The room of this name on this server.
    pub fn new(server: &ServerAddress, room: &RoomName) -> Self {
        Self { server: server.clone(), key: room.key() }
    }
}

/// One opening of a room. No two are alike, so that a late report never reaches another session of the same room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(u64);

/// One connection of a session. A session that goes on under another nickname has another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    session: SessionId,
    number: u32,
}

/// An event or a result for one session.
#[derive(Debug, Clone)]
pub enum Report {
    /// Something happened on its connection.
    Connection(ConnectionId, connection::Event),
    /// Work of its own is done.
    Done(SessionId, Done),
}

/// An effect of a session; its report goes into [`Rooms::update`].
#[derive(Debug)]
#[must_use = "work that is not run is a message that is not sent"]
pub struct Work {
    session: SessionId,
    effect: Effect,
}

impl Work {
    /// Runs it. Needs a tokio runtime around it.
    pub async fn run(self) -> Report {
        Report::Done(self.session, self.effect.run().await)
    }
}

/// The server did not let the shown room in. Its session is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// The nickname it was asked for.
    pub nickname: Nickname,
    /// A sentence for a person.
    pub reason: String,
    /// A nickname that is free.
    pub suggestion: Option<Nickname>,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Rooms {
    /// In the order they were joined or left, the latest last.
    joined: Vec<Joined>,
    /// What is remembered of closed rooms, the latest last.
    places: VecDeque<StoredPlace>,
    news: VecDeque<News>,
    /// Servers whose rooms were folded or unfolded by hand; each has a joined room, or had one lately.
    folds: Vec<(ServerAddress, bool)>,
    next: u64,
    /// Counts how often a room was shown.
    time: u64,
    is_focused: bool,
    /// Whose messages are hidden in every room.
    ignored: Arc<HashSet<Author>>,
    /// See [`Self::list_changes`].
    changes: u64,
    history: History,
    clock: Clock,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            joined: Vec::new(),
            places: VecDeque::new(),
            news: VecDeque::new(),
            folds: Vec::new(),
            next: 0,
            time: 0,
            is_focused: true,
            ignored: Arc::default(),
            changes: 0,
            history: History::default(),
            clock: clock::system,
        }
    }
}

impl Rooms {
    /// What is said in rooms that are joined from now on is kept in this history, and what it knows is shown until their servers
    /// are reached.
    pub fn set_history(&mut self, history: History) {
        self.history = history;
    }

    /// Rooms that are joined from now on take the time from another clock.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// The history on this computer.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Joins a room unless it is joined, and shows it.
    ///
    /// # Errors
    /// [`TooMany`]; nothing was changed.
    pub fn enter(&mut self, joining: Joining) -> Result<SessionId, TooMany> {
        let id = self.join(joining)?;
        self.show(Some(id));
        Ok(id)
    }

    /// Joins a room in the background, unless it is joined.
    ///
    /// # Errors
    /// [`TooMany`]; nothing was changed.
    pub fn join(&mut self, joining: Joining) -> Result<SessionId, TooMany> {
        let room = RoomId::new(&joining.server, &joining.room);
        let known = self.joined.iter().position(|joined| joined.room == room);
        if known.is_none_or(|index| self.joined[index].is_left) && self.iter().count() >= JOINED {
            return Err(TooMany);
        }
        let Some(index) = known else {
            let place = self.take_place(&room);
            let id = self.open(room, joining, place);
            if let Some(joined) = self.get_mut(id) {
                joined.is_new = true;
            }
            return Ok(id);
        };
        let joined = &mut self.joined[index];
        joined.is_left = false;
        joined.rename(joining.nickname);
        Ok(joined.id)
    }

    fn open(&mut self, room: RoomId, joining: Joining, place: Place) -> SessionId {
        let id = SessionId(self.next);
        self.next += 1;
        self.changes += 1;
        let (mut session, effects) = Session::with_history(joining, self.history.clone());
        session.set_ignored(&self.ignored);
        session.set_clock(self.clock);
        let mut joined = Joined::new(id, room, session, place);
        joined.run(effects);
        self.joined.push(joined);
        id
    }

    fn take_place(&mut self, room: &RoomId) -> Place {
        let is_it = |stored: &StoredPlace| RoomId::new(&stored.server, &stored.room) == *room;
        let index = self.places.iter().position(is_it);
        index.and_then(|index| self.places.remove(index)).map(|stored| stored.place).unwrap_or_default()
    }

    /// Shows another room, or none. Nothing is left by it.
    pub fn show(&mut self, id: Option<SessionId>) {
        self.time += 1;
        self.changes += 1;
        for joined in &mut self.joined {
            if Some(joined.id) != id {
                joined.is_shown = false;
            } else if !joined.is_shown {
                joined.show(self.time);
            }
        }
        self.update_attention();
    }

    /// Leaves a room: nothing more of it is shown, and what waits in it is still sent.
    pub fn leave(&mut self, id: SessionId) {
        let Some(index) = self.joined.iter().position(|joined| joined.id == id && !joined.is_left) else {
            return;
        };
        self.changes += 1;
        let mut joined = self.joined.remove(index);
        (joined.is_left, joined.is_shown) = (true, false);
        self.joined.push(joined);
        self.news.retain(|news| news.session != id);
        self.update_attention();
        self.close_drained();
        let left = self.joined.iter().filter(|joined| joined.is_left).count();
        if left > LEFT
            && let Some(oldest) = self.joined.iter().position(|joined| joined.is_left)
        {
            self.close(oldest);
        }
    }

    /// The server in this app runs at this address: the rooms that waited for it are joined. One that was at another address
    /// before is another session; which is which is returned.
    pub fn hosted(&mut self, server: &ServerAddress) -> Vec<(SessionId, SessionId)> {
        let mut moved = Vec::new();
        self.changes += 1;
        for index in 0..self.joined.len() {
            let joined = &mut self.joined[index];
            if !std::mem::take(&mut joined.is_held) || joined.session().server() == server {
                continue;
            }
            let joining = Joining { server: server.clone(), ..joined.session().joining().clone() };
            let id = RoomId::new(server, &joining.room);
            if self.joined.iter().any(|other| other.room == id) {
                continue;
            }
            let session = self.open(id, joining, self.joined[index].place.clone());
            let Some(mut fresh) = self.joined.pop() else { continue };
            let old = &self.joined[index];
            (fresh.marks, fresh.is_left, fresh.shown_at) = (old.marks, old.is_left, old.shown_at);
            (fresh.is_shown, fresh.is_new) = (old.is_shown, old.is_new);
            fresh.remember(old.read_state());
            moved.push((old.id, session));
            self.joined[index] = fresh;
        }
        self.update_attention();
        moved
    }

    /// The server in this app did not start.
    pub fn host_failed(&mut self, reason: &str) {
        self.changes += 1;
        for joined in self.joined.iter_mut().filter(|joined| joined.is_held) {
            let stopped = connection::Event::Stopped { reason: reason.to_owned(), suggestion: None };
            let _ = joined.update(stopped);
        }
    }

    /// Lets old rows go of rooms that are not shown: [`crate::timeline::OUT_OF_SIGHT`] stay of each.
    pub fn shrink(&mut self) {
        for joined in self.joined.iter_mut().filter(|joined| !joined.is_shown) {
            joined.session_mut().shrink();
        }
    }

    /// The window has the keyboard, or not.
    pub fn set_focused(&mut self, is_focused: bool) {
        self.is_focused = is_focused;
        self.update_attention();
    }

    fn update_attention(&mut self) {
        for joined in &mut self.joined {
            joined.set_watched(joined.is_shown && self.is_focused);
        }
    }

    /// Hides what these people say, in every room, and in those that are joined later.
    pub fn set_ignored(&mut self, ignored: HashSet<Author>) {
        self.ignored = Arc::new(ignored);
        for joined in &mut self.joined {
            joined.session_mut().set_ignored(&self.ignored);
            joined.update_read_state();
        }
    }

    /// Counts the changes of which rooms there are, which one is shown, and how they are reached. What is said in them is none.
    pub fn list_changes(&self) -> u64 {
        self.changes
    }

    /// Takes a report to the session it belongs to. This is the one place where late reports are dropped.
    pub fn update(&mut self, report: Report) -> Option<Refusal> {
        let session = match &report {
            Report::Connection(connection, _) => connection.session,
            Report::Done(session, _) => *session,
        };
        let index = self.joined.iter().position(|joined| joined.id == session)?;
        let joined = &mut self.joined[index];
        match report {
            Report::Connection(connection, _) if joined.connection() != connection => return None,
            Report::Connection(_, connection::Event::Stopped { reason, suggestion })
                if joined.is_unwelcome() =>
            {
                let refusal = joined.is_shown.then(|| joined.refusal(reason, suggestion));
                self.close(index);
                return refusal;
            }
            Report::Connection(_, event) => {
                self.changes += u64::from(!matches!(event, connection::Event::Received(_)));
                let news = joined.update(event);
                self.news.extend(news);
                let surplus = self.news.len().saturating_sub(NEWS);
                drop(self.news.drain(..surplus));
            }
            Report::Done(_, done) => joined.done(done),
        }
        self.close_drained();
        None
    }

    /// Closes left rooms in which nothing waits any more.
    fn close_drained(&mut self) {
        while let Some(index) = self.joined.iter().position(Joined::is_drained) {
            self.close(index);
        }
    }

    fn close(&mut self, index: usize) {
        self.changes += 1;
        let joined = self.joined.remove(index);
        if joined.place == Place::default() {
            return;
        }
        if self.places.len() == PLACES {
            let _ = self.places.pop_front();
        }
        let (server, room) = (joined.session().server().clone(), joined.session().room().clone());
        self.places.push_back(StoredPlace { server, room, place: joined.place });
    }

    /// The work that has come up since it was last asked for. Run all of it.
    pub fn take_work(&mut self) -> Vec<Work> {
        let work = |joined: &mut Joined| {
            let session = joined.id;
            std::mem::take(&mut joined.effects).into_iter().map(move |effect| Work { session, effect })
        };
        self.joined.iter_mut().flat_map(work).collect()
    }
}
