//! Presence: who is in which room and under which nickname, over all servers of one backend.
//!
//! It decides what must be decided in one place: who gets a nickname, which connection holds a seat, when an absence counts as
//! having left. Each decision is a [`Change`] with a version, told to all servers through the channel layer. A server keeps its
//! own list of a room's members from these changes (`hub/roster.rs`) and asks for a [`Snapshot`] where it missed one.
//! Presence knows neither sockets nor the log.

use serde::{Deserialize, Serialize};
use snug_shared::{Author, Nickname, RoomKey, RoomName};

use crate::{
    event::{Change, Member, Version},
    later::Later,
    unavailable::Unavailable,
};

pub mod memory;
pub(crate) mod places;

pub use places::{GRACE, RESERVED};

/// Everybody in a room at one version of its presence. Where nobody ever was, the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last change that the list includes.
    pub version: Version,
    /// The members, those within [`GRACE`] included, by ascending id.
    pub members: Vec<Member>,
}

/// A request for a place in a room.
#[derive(Debug, Clone)]
pub struct Join {
    /// The id that a new member gets, unique over all servers.
    pub member: u64,
    /// The connection that wants the place, unique over all servers.
    pub connection: u64,
    /// The author behind it. An author has one place; a newer connection takes it over.
    pub author: Author,
    /// Whether the author can come back: its seat is known to somebody. Otherwise the nickname is kept for nobody.
    pub can_return: bool,
    /// How the nickname is found.
    pub naming: Naming,
    /// The most members the room may have.
    pub capacity: usize,
}

/// How a member gets its nickname.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// This one, or none.
    Exactly(Nickname),
    /// This one, or with a suffix that is free: `maya`, `maya-2`, `maya-3`; or as a guest where too many of these are taken.
    Numbered(Nickname),
    /// `guest-` and a number that nobody had before.
    Guest,
}

/// A place taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The member's id; the same as before for an author who comes back in time under the same nickname.
    pub member: u64,
    /// The nickname it got.
    pub nickname: Nickname,
    /// The decision, which all servers are told.
    pub change: Change,
}

/// Why there is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The nickname belongs to somebody else.
    #[error("the nickname is in use")]
    NicknameTaken {
        /// A similar nickname that nobody holds.
        suggestion: Nickname,
    },
    /// No more members fit.
    #[error("no more members fit")]
    Full,
    /// It could not be decided.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Who is in which room, over all servers.
///
/// Every accepted change reaches the room's group on the channel layer as an event, in the order of versions unless the layer
/// re-orders. Calls of one connection are taken in the order in which they are made.
pub trait Presence: Send + Sync + 'static {
    /// Takes a place, or takes one's own place over. A room that nobody is in gets its name from here.
    fn join(&self, room: &RoomName, join: Join) -> Later<Result<Joined, JoinError>>;

    /// A connection ended. Nothing happens if a newer connection of the author holds the place, or none ever did.
    fn leave(&self, room: &RoomKey, author: &Author, connection: u64);

    /// Decides which absences have lasted [`GRACE`]. Called by every server whose list says that one has.
    fn expire(&self, room: &RoomKey);

    /// Everybody in a room; `None` when nothing has changed since the version `known`.
    fn members(&self, room: &RoomKey, known: Option<Version>)
    -> Later<Result<Option<Snapshot>, Unavailable>>;

    /// Whether a nickname looks like one that a member has or that is kept for one; for posts from outside.
    fn is_held(&self, room: &RoomKey, nickname: &Nickname) -> Later<Result<bool, Unavailable>>;

    /// The rooms with live connections and how many, the fullest first, then by name; at most `most`.
    fn census(&self, most: usize) -> Later<Result<Vec<(RoomName, u32)>, Unavailable>>;

    /// The number of members with live connections, in all rooms together.
    fn people(&self) -> Later<Result<u32, Unavailable>>;

    /// Lets go of reservations that are over. Called every few seconds.
    fn sweep(&self);

    /// Whether places can be taken now.
    ///
    /// # Errors
    /// The reason why not, for an operator.
    fn ready(&self) -> Result<(), Unavailable>;
}
