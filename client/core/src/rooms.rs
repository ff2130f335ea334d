//! Every joined room, whether or not the window shows it.
//!
//! A room is opened as a [`Session`] with a [`SessionId`] of its own. Connections and finished disk work report back under that
//! id ([`Report`]). A report for a session that is closed finds nobody and is dropped in [`Rooms::update`], even when the same
//! room is open again.
//!
//! A room that is left closes at once when nothing waits to be sent. Otherwise its session goes on without the window until the
//! last send has come back. Drafts and scroll positions of left rooms are kept for the next visit.
//!
//! Bounds: one shown room, [`LEFT`] left ones that still send, and [`PLACES`] remembered drafts.

use std::collections::VecDeque;

use snug_shared::{Nickname, RoomKey, RoomName, ServerAddress};

use crate::{
    connection::{self, Target},
    session::{Done, Effect, Joining, Session},
};

mod draft;
mod joined;

pub use draft::{Draft, Purpose};
pub use joined::{Joined, Place};

/// Left rooms that go on until their sends have come back. Beyond that the one left first is closed; what waits in it stays on
/// the disk and is sent on the next visit.
pub const LEFT: usize = 16;

/// Left rooms whose draft and scroll position are remembered.
pub const PLACES: usize = 64;

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
    /// In the order they were entered or left, the latest last.
    joined: Vec<Joined>,
    /// Drafts and scroll positions of closed rooms, the latest last.
    places: VecDeque<(RoomId, Place)>,
    next: u64,
    is_focused: bool,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { joined: Vec::new(), places: VecDeque::new(), next: 0, is_focused: true }
    }
}

impl Rooms {
    /// Shows a room, and joins it unless it is still joined. Any other shown room is left.
    pub fn enter(&mut self, joining: Joining) -> SessionId {
        let room = RoomId::new(&joining.server, &joining.room);
        self.leave_shown(Some(&room));
        let id = match self.joined.iter().position(|joined| joined.room == room) {
            Some(index) => {
                // A left room is the oldest no more.
                let mut joined = self.joined.remove(index);
                joined.come_back(joining.nickname);
                self.joined.push(joined);
                self.joined[self.joined.len() - 1].id
            }
            None => self.open(room, joining),
        };
        self.update_attention();
        id
    }

    fn open(&mut self, room: RoomId, joining: Joining) -> SessionId {
        let id = SessionId(self.next);
        self.next += 1;
        let remembered = self.places.iter().position(|(other, _)| *other == room);
        let place = remembered.and_then(|index| self.places.remove(index)).map(|(_, place)| place);
        let (session, effects) = Session::new(joining);
        let mut joined = Joined::new(id, room, session, place.unwrap_or_default());
        joined.run(effects);
        self.joined.push(joined);
        id
    }

    /// Leaves the shown room, with what it is to be found like again.
    pub fn leave(&mut self, id: SessionId, place: Place) {
        let Some(joined) = self.get_mut(id) else { return };
        joined.place = place;
        self.leave_shown(None);
    }

    fn leave_shown(&mut self, but: Option<&RoomId>) {
        for joined in &mut self.joined {
            if but != Some(&joined.room) {
                joined.is_shown = false;
            }
        }
        self.update_attention();
        self.close_drained();
        let left = self.joined.iter().filter(|joined| !joined.is_shown).count();
        if left > LEFT
            && let Some(oldest) = self.joined.iter().position(|joined| !joined.is_shown)
        {
            self.close(oldest);
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
            Report::Connection(_, event) => joined.update(event),
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
        let joined = self.joined.remove(index);
        if joined.place == Place::default() {
            return;
        }
        if self.places.len() == PLACES {
            let _ = self.places.pop_front();
        }
        self.places.push_back((joined.room, joined.place));
    }

    /// A joined room, while its session is open.
    pub fn get(&self, id: SessionId) -> Option<&Joined> {
        self.joined.iter().find(|joined| joined.id == id)
    }

    /// A joined room, while its session is open.
    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Joined> {
        self.joined.iter_mut().find(|joined| joined.id == id)
    }

    /// All joined rooms.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Joined> {
        self.joined.iter()
    }

    /// The connections to keep: subscribe to each for as long as it is listed.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, &Target)> {
        self.joined.iter().filter_map(|joined| Some((joined.connection(), joined.session().target()?)))
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
