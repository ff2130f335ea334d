//! The durable log of every room: append with de-duplication, read forward and backward, search.
//!
//! [`Log`] is what the rest of the server knows; [`sqlite`] keeps it on disk, [`memory`] keeps nothing past the process. The
//! log numbers entries, checks permission against the state at that very moment, folds edits, deletions and reactions into the
//! messages it hands out, and decides in which [`Epoch`] a room is. It tells its [`Commits`] about every new entry in order,
//! once it is durable. It knows no sockets and no members.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, de};
use snug_shared::{Author, Entry, Intent, Line, Millis, RoomKey, RoomName, RoomSettings, Seq, Topic};
use tokio::sync::oneshot;
use uuid::Uuid;

mod completion;
mod digest;
mod epoch;
mod error;
pub mod memory;
mod merge;
mod page;
mod query;
mod reactions;
mod rules;
mod search;
pub mod sqlite;

pub use completion::{Callback, Completion, Dispatch};
pub use epoch::{Epoch, EpochError};
pub use error::{LogError, OpenError};
pub use merge::{Hit, Hits};
pub use query::{InRoom, Position, PositionError, SearchQuery};
pub use rules::REACTION_KINDS;

pub use crate::policy::{Actor, Denial};

pub use crate::later::Later;

/// Listens for new entries, once each is durable. It is called in the order of `seq` within a room, before the append is
/// answered: from wherever appends are [completed](Completion) or, in [`memory`], from within [`Log::append_then`]. It must
/// not block. A caller that appends must hold no lock that it takes.
pub type Commits = Box<dyn Fn(&Arc<Committed>) + Send + Sync>;

/// An entry that is now durable, and the history it belongs to. A listener that knows the room under another epoch has to
/// read it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The room it belongs to.
    pub room: RoomKey,
    /// The history of that room.
    pub epoch: Epoch,
    /// The entry.
    #[serde(deserialize_with = "read_entry")]
    pub entry: Entry,
}

/// One thing to enter into a room's log.
#[derive(Debug, Clone)]
pub struct Append {
    /// The room's name; its first spelling stays.
    pub room: RoomName,
    /// The history it is meant for: what [`Log::room`] said of the room.
    pub epoch: Epoch,
    /// Its sender.
    pub actor: Actor,
    /// The sender's id for it.
    pub id: Uuid,
    /// The change it asks for.
    pub intent: Intent,
}

/// The outcome of an [`Append`].
#[derive(Debug, Clone)]
pub enum Appended {
    /// A new entry. [`Commits`] has heard of it.
    New(Arc<Committed>),
    /// The id was used before for the same. This is that entry, as it is now; nobody else hears of it.
    Repeated(Box<Entry>),
    /// Nothing would change. This is the entry that made it so; nobody else hears of it.
    Unchanged(Box<Entry>),
    /// It may not be; nothing was stored.
    Refused(Denial),
    /// The room has begun another history than the one it was meant for; nothing was stored. [`Log::room`] tells its epoch.
    EpochChanged,
}

/// A room, as a log knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// The first spelling of its name.
    pub name: RoomName,
    /// The name of its history.
    pub epoch: Epoch,
    /// The oldest entry kept; 0 when there is none.
    pub first: Seq,
    /// The newest entry; 0 when nothing was ever entered.
    pub last: Seq,
    /// When that was; 0 when there is none.
    pub last_at: Millis,
    /// What the room is about.
    pub topic: Topic,
    /// The settings that acts have made.
    pub settings: RoomSettings,
}

impl RoomRecord {
    /// A room in which nothing was entered yet.
    fn empty(name: RoomName, epoch: Epoch) -> Self {
        Self {
            name,
            epoch,
            first: 0,
            last: 0,
            last_at: 0,
            topic: Topic::default(),
            settings: RoomSettings::default(),
        }
    }
}

/// Which entries to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The oldest ones above this seq.
    After(Seq),
    /// The newest ones below this seq; [`Seq::MAX`] for the newest of all.
    Before(Seq),
}

/// Some entries of a room, in their present state.
#[derive(Debug, Clone)]
pub struct Slice {
    /// The room as it was at that moment: every entry up to `room.last` is folded in.
    pub room: RoomRecord,
    /// Ascending; without holes unless it answers a search. An entry that the disk changed is [`Line::Damaged`], in its place.
    pub entries: Vec<Line>,
    /// Whether there is more in the direction asked for.
    pub more: bool,
    /// Where a search goes on that is not through: among the messages before this one.
    pub cursor: Option<Seq>,
}

/// The log of every room. All methods return at once; the futures wait.
pub trait Log: Send + Sync + 'static {
    /// A room's record. A room without entries has the epoch that its first entry will have; asking stores nothing.
    fn room(&self, room: &RoomName) -> Later<Result<RoomRecord, LogError>>;

    /// The rooms with the newest entries first, at most `limit`.
    fn rooms(&self, limit: usize) -> Later<Result<Vec<RoomRecord>, LogError>>;

    /// Enters one thing. Calls are taken in the order they are made, which is how one sender's messages stay in order without
    /// waiting for each other, and answered in that order too. A call that finds too many others waiting is answered
    /// [`LogError::Unavailable`] and not entered; so is any call after [`Log::close`].
    fn append_then(&self, append: Append, callback: Callback);

    /// The same for a caller that waits. It is entered whether the future is polled or not.
    fn append(&self, append: Append) -> Later<Result<Appended, LogError>> {
        let (answer, answered) = oneshot::channel();
        // A caller that waits no longer still gets it entered.
        self.append_then(append, Callback::new(|appended| drop(answer.send(appended))));
        Box::pin(async move { answered.await.unwrap_or_else(|_| Err(LogError::closed())) })
    }

    /// Reads at most `limit` entries and about `bytes` bytes of texts and reactions, but at least one entry. `None`: no such room.
    fn read(
        &self,
        room: &RoomKey,
        span: Span,
        limit: usize,
        bytes: usize,
    ) -> Later<Result<Option<Slice>, LogError>>;

    /// The messages within `span` that contain every one of the words, newest `limit` of them, ascending. A search looks at so
    /// many messages and bytes and no more; `cursor` says where it stopped, and `more` that it did. Case, accents, width, the
    /// kinds of apostrophe and hyphen and invisible characters do not count. One whose future is dropped stops.
    fn search(
        &self,
        room: &RoomKey,
        words: &str,
        span: Span,
        limit: usize,
    ) -> Later<Result<Option<Slice>, LogError>>;

    /// The messages of rooms that anybody may read, newest first over all of them. It works in slices of time between which others
    /// have their turn, and after two seconds it answers with what it has and where it goes on. One whose future is dropped stops.
    /// Messages are compared as in [`Log::search`]. Where a clock jumped, `since` and `until` can miss messages beside the jump.
    fn search_rooms(&self, query: SearchQuery) -> Later<Result<Hits, LogError>>;

    /// How far an author has read.
    fn read_position(&self, room: &RoomKey, author: &Author) -> Later<Result<Option<Seq>, LogError>>;

    /// Keeps how far an author has read. Lost at worst with the last second before a crash.
    fn keep_read_position(&self, room: &RoomKey, author: &Author, seq: Seq);

    /// 32 random bytes that stay the same as long as the log does: what seats are proved with.
    fn secret(&self) -> [u8; 32];

    /// Whether appends can be taken now.
    ///
    /// # Errors
    /// The reason why not.
    fn ready(&self) -> Result<(), LogError>;

    /// Writes out everything taken so far and stops taking more.
    fn close(&self) -> Later<()>;
}

/// Reads an entry of this version.
fn read_entry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entry, D::Error> {
    let line = Line::deserialize(deserializer)?;
    line.into_entry().ok_or_else(|| de::Error::custom("not an entry of this version"))
}

/// The server's clock.
fn now() -> Millis {
    // A clock before 1970 is wrong anyway; nothing but what is shown depends on it.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX))
}
