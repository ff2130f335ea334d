//! What this computer has seen of every room: one SQLite file, `history.db` in the app's data folder.
//!
//! Sessions hand over every entry they receive ([`History::keep`]). A thread of its own writes them, with each message in its
//! present state: edits, reactions and deletions are folded in, and a deleted text is gone from the file a moment later. For each
//! room the file knows which entries it has seen ([`spans`](self)), so that what is missing shows as a hole and is asked of the
//! server, not guessed. Rooms are kept by server, name and epoch.
//!
//! Nobody waits for the disk. When more comes than can be written, entries are dropped but for edits, deletions and reactions: they
//! are a hole like any other, since the server has them. The file has an index of trigrams ([`search`](History::search)) and a bound ([`Bounds`]); the oldest messages
//! go first. A file that is damaged is set aside and begun anew.
//!
//! Only one app uses a data folder at a time ([`crate::instance`]).

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use snug_shared::{Line, RoomKey, RoomName, Seq, ServerAddress};

mod apply;
mod bound;
mod encoding;
mod find;
mod queue;
mod readers;
mod recall;
mod spans;
mod store;
mod writer;

pub use bound::Bounds;
pub use find::{Found, FoundMessage, HistoryQuery};
pub use recall::Recalled;

use queue::Queue;
use readers::Readers;

/// How long the end of the app waits for what is still to be written.
const GOODBYE: Duration = Duration::from_secs(2);

/// A handle to the file. Clones share it; the last one to go lets the thread write the rest.
#[derive(Debug, Clone, Default)]
pub struct History(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
}

/// Shared by the handles, the thread that writes, and those that read.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    bounds: Bounds,
    queue: Queue,
    readers: Readers,
    notice: Mutex<Option<String>>,
}

/// A room of a server in one of its histories.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomHistory {
    /// The server, as it is dialled.
    pub server: ServerAddress,
    /// The room; its spelling does not count.
    pub room: RoomName,
    /// The name of the history.
    pub epoch: String,
}

impl RoomHistory {
    fn server(&self) -> String {
        self.server.to_string()
    }

    fn key(&self) -> RoomKey {
        self.room.key()
    }
}

/// The place of a search in the order in which they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Why nothing was found or recalled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A later question has taken its place.
    #[error("a later search has taken its place")]
    Superseded,
    /// The file can't be read.
    #[error("What this computer has seen can’t be read: {0}.")]
    Unreadable(String),
}

impl History {
    /// Opens the file of a data folder, or makes it. Nothing here waits for the disk: a file that can't be used shows as a
    /// [`notice`](Self::notice), and then nothing is kept.
    pub fn open(folder: &Path) -> Self {
        Self::open_with(folder, Bounds::default())
    }

    /// The same with other bounds.
    pub fn open_with(folder: &Path, bounds: Bounds) -> Self {
        let path = folder.join("history.db");
        let shared = Arc::new(Shared {
            readers: Readers::new(path.clone()),
            path,
            bounds,
            queue: Queue::default(),
            notice: Mutex::default(),
        });
        let writes = Arc::clone(&shared);
        let started = thread::Builder::new().name("history".into()).spawn(move || writer::run(&writes));
        match started {
            Ok(_) => Self(Some(Arc::new(Inner { shared }))),
            Err(error) => {
                tracing::warn!(%error, "the history can't be kept");
                Self::default()
            }
        }
    }

    /// Whether anything is kept.
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Keeps entries as they came, ascending. It never waits: what does not fit into the queue is dropped, but for changes.
    pub fn keep(&self, room: &RoomHistory, lines: &[Line]) {
        if let Some(inner) = &self.0
            && !lines.is_empty()
        {
            inner.shared.queue.push(room, lines);
        }
    }

    /// The newest messages that are known without a hole, of the newest history of a room; those below `before` where it is given.
    /// Blocks on the disk.
    pub fn recall(
        &self,
        server: &ServerAddress,
        room: &RoomName,
        before: Option<Seq>,
        limit: usize,
    ) -> Option<Recalled> {
        let shared = &self.0.as_ref()?.shared;
        let recalled =
            shared.readers.read(|connection| recall::recall(connection, server, room, before, limit));
        recalled.unwrap_or_else(|error| {
            tracing::warn!(%error, "a room’s history can’t be recalled");
            None
        })
    }

    /// The newest messages that are as the query says, over all rooms of this computer or in one. A later search ends this one.
    /// Blocks on the disk.
    ///
    /// # Errors
    /// [`HistoryError::Superseded`] when a later search has taken its place, [`HistoryError::Unreadable`] for a broken file.
    pub fn search(&self, query: &HistoryQuery) -> Result<Found, HistoryError> {
        self.search_as(self.ticket(), query)
    }

    /// A place in the order of searches, to be taken when one is asked for: on which thread it begins, and when, is another matter.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.0.as_ref().map_or(0, |inner| inner.shared.readers.ticket()))
    }

    /// The same as [`search`](Self::search), in the place that was taken.
    ///
    /// # Errors
    /// As there.
    pub fn search_as(&self, ticket: Ticket, query: &HistoryQuery) -> Result<Found, HistoryError> {
        let Some(inner) = &self.0 else { return Ok(Found::default()) };
        inner.shared.readers.search(ticket.0, query)
    }

    /// What went wrong, once: a sentence for a person.
    pub fn notice(&self) -> Option<String> {
        self.0.as_ref()?.shared.lock_notice().take()
    }

    /// Waits until everything kept so far is in the file. For tests, and for the end of a program.
    pub fn flush(&self) {
        if let Some(inner) = &self.0 {
            inner.shared.queue.drained(GOODBYE);
        }
    }
}

impl Shared {
    fn lock_notice(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.notice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, sentence: String) {
        tracing::warn!("{sentence}");
        *self.lock_notice() = Some(sentence);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.close();
        self.shared.queue.ended(GOODBYE);
    }
}
