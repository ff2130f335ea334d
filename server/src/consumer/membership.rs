//! A member of a room: what its connection asked for, and what it was given.

use snug_shared::{NameError, Nickname, RoomName, Seq};

use super::rejection::Rejection;
use crate::hub::Claim;

/// The names in a connection's path, as they were found there.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The room.
    pub room: Result<RoomName, NameError>,
    /// The nickname's segment, where there is one.
    pub nickname: Option<String>,
}

impl Destination {
    /// Checks the room's name.
    pub(super) fn room(&self) -> Result<RoomName, Rejection> {
        self.room.clone().map_err(|error| Rejection::bad_name("The room's name", error))
    }

    /// Checks both names.
    pub(super) fn names(&self) -> Result<Names, Rejection> {
        let room = self.room()?;
        Ok(Names { room, nickname: nickname(self.nickname.as_deref().unwrap_or_default())? })
    }
}

/// Names that were checked.
pub(super) struct Names {
    pub room: RoomName,
    pub nickname: Nickname,
}

/// Checks a nickname.
pub(super) fn nickname(name: &str) -> Result<Nickname, Rejection> {
    Nickname::parse(name).map_err(|error| Rejection::bad_name("The nickname", error))
}

/// A place in a room, given up when it is dropped.
pub(super) struct Membership {
    pub claim: Claim,
    pub nickname: Nickname,
    pub member: u64,
    /// Whether the nickname is final.
    pub named: bool,
}

/// A connection that was let in.
pub(super) struct Admitted {
    pub membership: Membership,
    /// The replay is every entry after this one.
    pub replay_after: Seq,
}
