//! The order of rooms in a list. It goes by what people did, never by what comes in, so that a list holds still.

use snug_shared::ServerAddress;

use super::{Joined, Rooms, SessionId};
use crate::session::{Link, Unread};

/// The joined rooms of one server.
#[derive(Debug)]
pub struct Group<'a> {
    /// The server.
    pub server: &'a ServerAddress,
    /// Pinned ones first, then by name.
    pub rooms: Vec<&'a Joined>,
}

/// How the connections to a server are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// At least one room is online.
    Online,
    /// None is, and one is being tried.
    Connecting,
    /// None is.
    Offline,
}

impl Group<'_> {
    /// What the server is called ([`crate::session::Session::server_label`]): one room that has reached it is enough.
    pub fn label(&self) -> String {
        let reached = self.rooms.iter().find(|joined| joined.session().server_name().is_some());
        let label = |joined: &&Joined| joined.session().server_label();
        reached.or(self.rooms.first()).map_or_else(|| self.server.to_string(), label)
    }

    /// Whether the server runs in this app.
    pub fn is_hosted(&self) -> bool {
        self.rooms.iter().any(|joined| joined.marks().is_hosted)
    }

    /// How the server is to be reached.
    pub fn reach(&self) -> Reach {
        let links = || self.rooms.iter().map(|joined| joined.session().link());
        if links().any(|link| matches!(link, Link::Online)) {
            Reach::Online
        } else if links().any(|link| matches!(link, Link::Connecting)) {
            Reach::Connecting
        } else {
            Reach::Offline
        }
    }
}

impl Rooms {
    /// Whether a person folded a server's rooms, or unfolded them; none if they did neither.
    pub fn folded(&self, server: &ServerAddress) -> Option<bool> {
        self.folds.iter().find(|(known, _)| known == server).map(|(_, is_folded)| *is_folded)
    }

    /// Folds or unfolds the rooms of a server one has rooms on.
    pub fn fold(&mut self, server: &ServerAddress, is_folded: bool) {
        let is_used = |known: &ServerAddress| self.iter().any(|joined| joined.session().server() == known);
        let mut folds: Vec<_> =
            self.folds.iter().filter(|(known, _)| known != server && is_used(known)).cloned().collect();
        folds.extend(is_used(server).then(|| (server.clone(), is_folded)));
        self.folds = folds;
    }

    /// The joined rooms by server, the servers in the order one came to them.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for joined in self.iter() {
            let server = joined.session().server();
            match groups.iter_mut().find(|group| group.server == server) {
                Some(group) => group.rooms.push(joined),
                None => groups.push(Group { server, rooms: vec![joined] }),
            }
        }
        for group in &mut groups {
            group.rooms.sort_by_cached_key(|joined| {
                let name = joined.session().room().as_str();
                (!joined.marks().is_pinned, name.to_lowercase(), name.to_owned())
            });
        }
        groups
    }

    /// The joined rooms as lists have them, one after the other.
    pub fn listed(&self) -> Vec<&Joined> {
        self.groups().into_iter().flat_map(|group| group.rooms).collect()
    }

    /// The joined rooms, the one that was shown last first.
    pub fn recent(&self) -> Vec<&Joined> {
        let mut recent: Vec<&Joined> = self.iter().collect();
        recent.sort_by_key(|joined| std::cmp::Reverse(joined.shown_at));
        recent
    }

    /// The room `steps` after one in the list, or before it; round and round.
    pub fn beside(&self, id: SessionId, steps: isize) -> Option<SessionId> {
        let listed = self.listed();
        let place = listed.iter().position(|joined| joined.id == id)?;
        let place = (place as isize + steps).rem_euclid(listed.len() as isize);
        listed.get(place as usize).map(|joined| joined.id)
    }

    /// The next room with something to read after one in the list, or before it. A muted one counts when somebody speaks to its
    /// reader in it.
    pub fn next_unread(&self, id: SessionId, is_back: bool) -> Option<SessionId> {
        let mut listed = self.listed();
        if is_back {
            listed.reverse();
        }
        let place = listed.iter().position(|joined| joined.id == id).map_or(0, |place| place + 1);
        let (before, after) = listed.split_at(place);
        let wanted = |joined: &&&Joined| joined.id != id && joined.is_calling();
        after.iter().chain(before).find(wanted).map(|joined| joined.id)
    }

    /// What is new in all joined rooms together; of muted ones only who speaks to their reader.
    pub fn unread(&self) -> Unread {
        self.iter().fold(Unread::default(), |sum, joined| {
            let unread = joined.counted();
            Unread {
                messages: sum.messages + unread.messages,
                mentions: sum.mentions + unread.mentions,
                is_more: sum.is_more || unread.is_more,
            }
        })
    }
}

impl Joined {
    /// What counts of what is new.
    pub fn counted(&self) -> Unread {
        self.marks.rule.counted(self.attention().unread())
    }

    /// Whether its reader is to look at it.
    pub fn is_calling(&self) -> bool {
        match self.marks.rule.is_muted() {
            true => self.attention().unread().mentions > 0,
            false => self.attention().is_unread(),
        }
    }
}
