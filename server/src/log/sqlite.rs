//! Everything in one SQLite file, `snug.db` in the data folder: nothing to install, nothing to run beside.
//!
//! One thread writes (`writer.rs`): all appends that wait at a moment become one transaction, and are answered once it is on
//! disk. A few threads read (`reader.rs`), each on a snapshot, while the writer goes on. Callers only put jobs into bounded
//! queues, so no method here ever waits. A full queue answers [`LogError::Unavailable`].
//!
//! A deleted or overwritten text is gone from the file, its index and its write-ahead log about a second later.

use std::{fmt, io, path::Path, sync::Arc, thread, time::Duration};

use snug_shared::{Author, RoomKey, RoomName, Seq, search::SearchTerms};
use tokio::sync::{oneshot, watch};

use super::{
    Append, Callback, Commits, Dispatch, Hits, Later, Log, LogError, RoomRecord, SearchQuery, Slice, Span,
    completion, digest,
    epoch::Generation,
    merge::{Merge, TimeSlice},
};

use crate::{
    policy::{self, Policy},
    sync::{Ranked, rank},
};

mod append;
pub mod backup;
mod checksum;
mod corruption;
mod index;
mod open_error;
mod open_files;
mod pages;
mod place;
mod private;
mod queue;
mod reactions;
mod read_positions;
mod reader;
mod rollback_guard;
mod rows;
mod schema;
mod search;
mod search_rooms;
#[cfg(test)]
mod tests;
mod wal;
mod writer;

pub use open_error::OpenError;
use queue::{Queue, Refusal};

/// Appends that may wait. More are refused as busy.
const APPENDS: usize = 16_384;
/// Reads that may wait. More are refused as busy.
const READS: usize = 1_024;
/// Searches that may wait. Each takes some 20 ms at most, or is put behind the others after that time.
const SEARCHES: usize = 128;
/// How long a search over rooms keeps others waiting.
const SLICE: Duration = Duration::from_millis(20);

/// Bits of a seq in an entry's number in the file.
const SEQ_BITS: u32 = 40;
const SEQ_MAX: i64 = (1 << SEQ_BITS) - 1;
const ROOM_MAX: i64 = (1 << (63 - SEQ_BITS)) - 1;

/// An entry's number in the file.
const fn number(room: i64, seq: i64) -> i64 {
    room << SEQ_BITS | seq
}

const fn seq_of(n: i64) -> Seq {
    (n & SEQ_MAX).cast_unsigned()
}

/// The room log in a data folder.
///
/// A search looks at one message after another where its index cannot help: for words of one or two characters, and among
/// messages younger than about a second. It looks at so many of them and says where it stopped (`search.rs` beside this).
pub struct SqliteLog {
    shared: Arc<Shared>,
    secret: [u8; 32],
    closed: watch::Receiver<bool>,
}

/// Shared by callers, the writer and the readers.
struct Shared {
    appends: writer::Appends,
    reads: Queue<reader::Job>,
    /// A search takes longer than a page: joins and pages do not wait behind it.
    searches: Queue<reader::Job>,
    read_positions: read_positions::Waiting,
    corruption: corruption::Reports,
    health: Ranked<Result<(), LogError>, rank::Leaf>,
    generation: Generation,
    files: open_files::OpenFiles,
    /// Held as long as the file is open.
    lock: Ranked<Option<place::FolderLock>, rank::Leaf>,
}

impl SqliteLog {
    /// Opens the log of a data folder, which is made when it is not there. `commits` is called from the writer's thread.
    ///
    /// The folder is this log's until [`Log::close`] is done, or until a while after the log was dropped.
    ///
    /// # Errors
    /// [`OpenError`]; whatever was in the folder is unchanged then.
    pub fn open(folder: &Path, commits: Commits) -> Result<Self, OpenError> {
        Self::open_with(folder, completion::at_once(commits), policy::may_do)
    }

    /// The same, where the writer's thread has others deliver the completions, and with any policy.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(folder: &Path, dispatch: Dispatch, policy: Policy) -> Result<Self, OpenError> {
        Self::open_at(place::Place::new(folder), dispatch, policy)
    }

    fn open_at(place: place::Place, dispatch: Dispatch, policy: Policy) -> Result<Self, OpenError> {
        let lock = place::lock(&place)?;
        let generation = Generation::random()
            .map_err(|source| OpenError::Folder { folder: place.folder.clone(), source })?;
        let (mut connection, secret) = schema::prepare(&place)?;
        let files = open_files::OpenFiles::new(&place)
            .map_err(|source| OpenError::Folder { folder: place.folder.clone(), source })?;
        let shared = Arc::new(Shared {
            appends: Queue::new(APPENDS),
            reads: Queue::new(READS),
            searches: Queue::new(SEARCHES),
            read_positions: read_positions::Waiting::default(),
            corruption: corruption::Reports::default(),
            health: Ranked::new(Ok(())),
            generation,
            files,
            lock: Ranked::new(Some(lock)),
        });
        let guard = rollback_guard::RollbackGuard::open(&place, &mut connection, &shared)
            .map_err(|source| schema::open_error(&place, source))?;
        let checkpoints = wal::Checkpoints::default();
        checkpoints.watch(&mut connection).map_err(|source| schema::open_error(&place, source))?;
        let (closed, is_closed) = watch::channel(false);
        let threads = |source| OpenError::Folder { folder: place.folder.clone(), source };
        // Readers that did start end when the queue is closed.
        let abandon = |_: &io::Error| shared.close();
        let readers = reader::start(&place, &shared).inspect_err(abandon).map_err(threads)?;
        let writer = writer::Writer {
            place: place.clone(),
            shared: Arc::clone(&shared),
            connection: Some(connection),
            dispatch,
            policy,
            readers,
            rooms: append::RoomCache::default(),
            guard,
            checkpoints,
            // A crash may have left all of them undone.
            due: writer::Due { index: true, refresh: true, erase: true, at: None },
            closed,
        };
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run())
            .inspect_err(abandon)
            .map_err(threads)?;
        shared.appends.nudge();
        Ok(Self { shared, secret, closed: is_closed })
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the secret.
        f.debug_struct("SqliteLog").field("health", &self.shared.health()).finish_non_exhaustive()
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Shared {
    fn close(&self) {
        self.appends.close();
        self.reads.close();
        self.searches.close();
    }

    fn health(&self) -> Result<(), LogError> {
        self.health.lock().clone()
    }

    /// Whether this is news.
    fn set_health(&self, health: Result<(), LogError>) -> bool {
        let (was, is) = (self.health().is_ok(), health.is_ok());
        if !(was && is) {
            *self.health.lock() = health;
        }
        was != is
    }

    /// Looks whether what was written is in the folder. Where it is not, nothing is durable until it is there again.
    fn check_files(&self) -> Result<(), LogError> {
        self.files.check().inspect_err(|error| {
            if self.set_health(Err(error.clone())) {
                tracing::error!(%error, "what is said now would be lost, and is refused");
                // The writer looks on from now on.
                self.appends.nudge();
            }
        })
    }

    fn has_read_positions(&self) -> bool {
        !self.read_positions.is_empty()
    }
}

impl Log for SqliteLog {
    fn room(&self, room: &RoomName) -> Later<Result<RoomRecord, LogError>> {
        let (room, generation) = (room.clone(), self.shared.generation);
        self.read_later(move |snapshot, reports| {
            let key = room.key();
            let found = pages::room(snapshot, reports, &key)?.map(|row| row.record);
            Ok(found.unwrap_or_else(|| RoomRecord::empty(room, generation.epoch(&key))))
        })
    }

    fn rooms(&self, limit: usize) -> Later<Result<Vec<RoomRecord>, LogError>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read_later(move |snapshot, reports| rows::rooms(snapshot, reports, limit))
    }

    fn append_then(&self, append: Append, callback: Callback) {
        let digest = digest::of(&self.secret, &append.intent);
        if let Err((refusal, job)) = self.shared.appends.push(append::Job { append, digest, callback }) {
            job.callback.call(Err(refused(refusal)));
        }
    }

    fn read(
        &self,
        room: &RoomKey,
        span: Span,
        limit: usize,
        bytes: usize,
    ) -> Later<Result<Option<Slice>, LogError>> {
        let room = room.clone();
        self.read_later(move |snapshot, reports| pages::page(snapshot, reports, &room, span, limit, bytes))
    }

    fn search(
        &self,
        room: &RoomKey,
        words: &str,
        span: Span,
        limit: usize,
    ) -> Later<Result<Option<Slice>, LogError>> {
        let (room, words) = (room.clone(), SearchTerms::new(words));
        let shared = Arc::clone(&self.shared);
        later(reader::read(&self.shared.searches, move |snapshot, is_abandoned| {
            search::search(snapshot, &shared.corruption, &room, &words, span, limit, is_abandoned)
        }))
    }

    fn search_rooms(&self, query: SearchQuery) -> Later<Result<Hits, LogError>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let mut merge = Merge::new(&query);
            loop {
                let reports = Arc::clone(&shared);
                let slice = reader::read(&shared.searches, move |snapshot, is_abandoned| {
                    let mut rooms = search_rooms::Snapshot::new(snapshot, &reports.corruption);
                    let mut slice = TimeSlice::new(SLICE, is_abandoned);
                    merge.go_on(&mut rooms, &mut slice).map(|is_done| (merge, is_done))
                });
                match answered(slice.map_err(refused)?).await? {
                    (merge, true) => return Ok(merge.into_found()),
                    (unfinished, false) => merge = unfinished,
                }
            }
        })
    }

    fn read_position(&self, room: &RoomKey, author: &Author) -> Later<Result<Option<Seq>, LogError>> {
        // Looked up before the file: a position leaves here only once it is there.
        let waiting = self.shared.read_positions.waiting(room, author);
        let (room, author) = (room.clone(), author.clone());
        self.read_later(move |snapshot, _| {
            Ok(read_positions::kept(snapshot, &room, &author)?
                .and_then(|(kept, last)| kept.max(waiting).map(|seq| seq.min(last))))
        })
    }

    fn keep_read_position(&self, room: &RoomKey, author: &Author, seq: Seq) {
        if self.shared.read_positions.note(room, author, seq) {
            self.shared.appends.nudge();
        }
    }

    fn secret(&self) -> [u8; 32] {
        self.secret
    }

    fn ready(&self) -> Result<(), LogError> {
        if self.shared.appends.is_closed() {
            return Err(refused(Refusal::Closed));
        }
        self.shared.check_files()?;
        self.shared.health()
    }

    fn close(&self) -> Later<()> {
        self.shared.close();
        let mut closed = self.closed.clone();
        Box::pin(async move {
            // An error says that the writer is gone, which is closed as well.
            let _ = closed.wait_for(|closed| *closed).await;
        })
    }
}

impl SqliteLog {
    fn read_later<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection, &corruption::Reports) -> rusqlite::Result<T> + Send + 'static,
    ) -> Later<Result<T, LogError>> {
        let shared = Arc::clone(&self.shared);
        later(reader::read(&self.shared.reads, move |snapshot, _| work(snapshot, &shared.corruption)))
    }
}

/// What a reader will answer.
fn later<T: Send + 'static>(
    asked: Result<oneshot::Receiver<Result<T, LogError>>, Refusal>,
) -> Later<Result<T, LogError>> {
    match asked {
        Ok(receiver) => Box::pin(answered(receiver)),
        Err(refusal) => Box::pin(std::future::ready(Err(refused(refusal)))),
    }
}

async fn answered<T>(receiver: oneshot::Receiver<Result<T, LogError>>) -> Result<T, LogError> {
    receiver.await.unwrap_or_else(|_| Err(refused(Refusal::Closed)))
}

fn refused(refusal: Refusal) -> LogError {
    match refusal {
        Refusal::Full => LogError::Unavailable("it is busy".to_owned()),
        Refusal::Closed => LogError::closed(),
    }
}

/// Translates an error of the database for the caller.
fn log_error(error: &rusqlite::Error) -> LogError {
    use rusqlite::{ErrorCode, ffi};
    let full = error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull
            // The index of the write-ahead log could not grow.
            || error.extended_code == ffi::SQLITE_IOERR_SHMSIZE
    });
    if full { LogError::Full } else { LogError::Unavailable(error.to_string()) }
}
