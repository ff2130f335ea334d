//! What the servers with members of a room tell each other: new entries, changes of presence, signs of typing.
//!
//! Events can be encoded, because they may cross processes. They carry what a receiver needs to notice that some are missing:
//! an entry its `seq`, a change its [`Version`].

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use snug_shared::{Author, Nickname};

use crate::log::Committed;

/// Something that the servers with members of a room are told. It can be encoded for those in other processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A new entry, durable already.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    Entry(Arc<Committed>),
    /// Somebody came, left, or changed connection.
    Presence(Change),
    /// A member is typing.
    Typing {
        /// The member's connection, which is not told. Unique over all servers.
        connection: u64,
        /// The member's nickname.
        user: Nickname,
        /// The member's author.
        by: Author,
    },
}

/// A place in a room: a live connection, or one that may still come back within [`GRACE`](crate::presence::GRACE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The member's id, unique over all servers.
    pub id: u64,
    /// The name shown.
    pub nickname: Nickname,
    /// The author behind it.
    pub author: Author,
    /// The connection that holds the place, unique over all servers; `None` while the member is away.
    pub connection: Option<u64>,
}

/// The number of a change of one room's presence: ascending, without holes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// Ascends when presence has forgotten a room that nobody was in and it begins anew, with nobody in it.
    pub incarnation: u64,
    /// 1, 2, 3 … within an incarnation; 0 before the first.
    pub change: u64,
}

impl Version {
    /// The next version of the same incarnation.
    pub fn next(self) -> Self {
        Self { change: self.change.saturating_add(1), ..self }
    }

    /// Whether a change of this version begins a new incarnation after `last`.
    pub fn begins_after(self, last: Self) -> bool {
        self.incarnation > last.incarnation && self.change == 1
    }
}

/// One decision about the members of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its place among the changes of the room. One that does not follow the last means that changes are missing.
    pub version: Version,
    /// What happened.
    pub what: What,
}

/// What a [`Change`] does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A member came.
    Joined {
        /// The new member.
        member: Member,
        /// The same author's earlier member, who leaves at the same moment: the nickname changed.
        instead_of: Option<u64>,
    },
    /// A member is on another connection now: it came back, or a newer connection replaced an older one.
    Moved {
        /// The member.
        member: u64,
        /// The connection that holds the place now.
        connection: u64,
    },
    /// A member's connection ended; the member left unless it comes back within [`GRACE`](crate::presence::GRACE).
    Away {
        /// The member.
        member: u64,
    },
    /// A member left.
    Left {
        /// The member.
        member: u64,
    },
}

fn write<S: Serializer>(committed: &Committed, serializer: S) -> Result<S::Ok, S::Error> {
    committed.serialize(serializer)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Committed>, D::Error> {
    Committed::deserialize(deserializer).map(Arc::new)
}
