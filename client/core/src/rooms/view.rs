//! Which rooms there are, for whoever shows or connects them.

use snug_shared::{Nickname, ServerAddress};

use super::{ConnectionId, Joined, RoomId, Rooms, SessionId};
use crate::connection::Target;

impl Rooms {
    /// A joined room of this name, in whatever spelling.
    pub fn find(&self, room: &RoomId) -> Option<&Joined> {
        self.iter().find(|joined| joined.room == *room)
    }

    /// The name one goes by at a server: that of the room which was shown last.
    pub fn nickname_at(&self, server: &ServerAddress) -> Option<&Nickname> {
        let there = self.iter().filter(|joined| joined.session().server() == server);
        there.max_by_key(|joined| joined.shown_at).map(|joined| joined.session().nickname())
    }

    /// A joined room, while its session is open.
    pub fn get(&self, id: SessionId) -> Option<&Joined> {
        self.joined.iter().find(|joined| joined.id == id)
    }

    /// A joined room, while its session is open.
    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Joined> {
        self.joined.iter_mut().find(|joined| joined.id == id)
    }

    /// All joined rooms, without those that were left.
    pub fn iter(&self) -> impl Iterator<Item = &Joined> {
        self.joined.iter().filter(|joined| !joined.is_left)
    }

    /// All open sessions: joined rooms, and left ones that still send.
    pub fn open_sessions(&self) -> impl ExactSizeIterator<Item = &Joined> {
        self.joined.iter()
    }

    /// The connections to keep: subscribe to each for as long as it is listed.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, &Target)> {
        let open = self.joined.iter().filter(|joined| !joined.is_held);
        open.filter_map(|joined| Some((joined.connection(), joined.session().target()?)))
    }
}
