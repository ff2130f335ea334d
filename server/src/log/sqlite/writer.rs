//! The one thread that writes. All appends that wait at a moment go into one transaction, so that a thousand senders cost one
//! wait for the disk. The thread never waits on purpose. Upkeep (index, read positions, erasing) comes after, at most a second
//! late.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};
use snug_shared::Body;
use tokio::sync::watch;

use super::{
    Shared,
    append::{Appender, Job, RoomCache},
    corruption, index,
    place::{self, Place},
    private,
    queue::{Queue, Turn},
    read_positions,
    rollback_guard::RollbackGuard,
    schema, wal,
};
use crate::{
    log::{Appended, Completion, Dispatch, LogError},
    policy::Policy,
};

/// Appends in one transaction, at most.
const BATCH: usize = 1_024;
/// How long upkeep is gathered.
const UPKEEP: Duration = Duration::from_millis(500);
/// How long a log that failed waits until it tries by itself.
const PROBE: Duration = Duration::from_secs(1);
/// How long the index may hold up appends at a time, and how long they are left alone after that.
const INDEX_TURN: Duration = Duration::from_millis(5);
const INDEX_PAUSE: Duration = Duration::from_millis(100);
/// How long a transaction of the index is when nobody waits.
const INDEX_LONG_TURN: Duration = Duration::from_millis(50);
/// How long a closing log works on its index; the rest is done after the next start.
const INDEX_AT_CLOSE: Duration = Duration::from_millis(500);
/// How long emptying the write-ahead log waits for readers before it is tried again.
const READERS: Duration = Duration::from_millis(50);

/// The writer's own side.
pub(super) struct Writer {
    pub(super) place: Place,
    pub(super) shared: Arc<Shared>,
    /// `None` after a failure: what a connection holds is in doubt then.
    pub(super) connection: Option<Connection>,
    pub(super) dispatch: Dispatch,
    pub(super) policy: Policy,
    pub(super) readers: Vec<JoinHandle<()>>,
    pub(super) rooms: RoomCache,
    pub(super) guard: RollbackGuard,
    pub(super) checkpoints: wal::Checkpoints,
    pub(super) due: Due,
    /// Tells [`crate::log::Log::close`] that all is written and let go of; dropping it does too.
    pub(super) closed: watch::Sender<bool>,
}

/// Upkeep that is due, and when.
#[derive(Debug)]
pub(super) struct Due {
    /// Messages may be missing in the index.
    pub(super) index: bool,
    /// The index may know messages by texts that were deleted or overwritten.
    pub(super) refresh: bool,
    /// Deleted or overwritten text is still in the write-ahead log.
    pub(super) erase: bool,
    pub(super) at: Option<Instant>,
}

/// Ends the queue when its writer ends, in whatever way: no caller may wait for an answer that cannot come.
struct Last(Arc<Shared>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.appends.close();
        self.0.appends.clear();
        self.0.reads.close();
        self.0.searches.close();
    }
}

impl Writer {
    /// Writes until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _last = Last(Arc::clone(&shared));
        loop {
            match shared.appends.take(BATCH, self.due.at) {
                Turn::Items(jobs) => self.complete(jobs),
                Turn::Nudged => {}
                Turn::Closed => break,
            }
            self.keep_wal_short();
            self.look_after();
        }
        self.finish();
    }

    /// Commits some appends and hands on what became of them.
    fn complete(&mut self, mut jobs: Vec<Job>) {
        let outcomes: Vec<Result<Appended, LogError>> = match self.commit(&jobs) {
            Ok(done) => {
                let there = self.shared.check_files().inspect(|()| works(&self.shared));
                for appended in &done {
                    if let Appended::New(committed) = appended {
                        self.guard.add(1);
                        let body = &committed.entry.body;
                        self.due.index |= matches!(body, Body::Message(_));
                        self.due.refresh |= matches!(body, Body::Edited { .. } | Body::Deleted { .. });
                    }
                }
                // What went into files that are gone is no more durable than what never went anywhere.
                done.into_iter().map(|appended| there.clone().map(|()| appended)).collect()
            }
            // One of them met damage, which is no reason to turn away the others.
            Err(error) if is_about_one(&error) && jobs.len() > 1 => {
                self.rooms.clear();
                let others = jobs.split_off(jobs.len() / 2);
                self.complete(jobs);
                self.complete(others);
                return;
            }
            Err(error) => {
                let error = if is_about_one(&error) {
                    self.rooms.clear();
                    let room = jobs.first().map(|job| job.append.room.key());
                    tracing::error!(%error, room = room.map(tracing::field::display), "nothing can be entered into this room");
                    super::log_error(&error)
                } else {
                    self.fail(&error)
                };
                vec![Err(error); jobs.len()]
            }
        };
        let completions = jobs.into_iter().zip(outcomes).map(|(job, outcome)| Completion {
            room: job.append.room.key(),
            outcome,
            callback: job.callback,
        });
        (self.dispatch)(completions.collect());
    }

    /// All of them or none.
    fn commit(&mut self, jobs: &[Job]) -> rusqlite::Result<Vec<Appended>> {
        let connection = connected(&mut self.connection, &self.place, &self.shared, &self.checkpoints)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut appender = Appender {
            connection: &transaction,
            rooms: &mut self.rooms,
            generation: &self.shared.generation,
            policy: self.policy,
            erased: false,
        };
        let done = jobs.iter().map(|job| appender.take(job)).collect::<rusqlite::Result<_>>()?;
        let erased = appender.erased;
        self.rooms.flush(&transaction)?;
        transaction.commit()?;
        self.due.erase |= erased;
        Ok(done)
    }

    /// Moves what is in the write-ahead log into the file, once that is much, be it of appends or of upkeep. Nobody waits for it
    /// by now.
    fn keep_wal_short(&mut self) {
        let kept = self.connection.as_ref().map_or(Ok(()), |connection| self.checkpoints.keep(connection));
        if let Err(error) = kept {
            self.fail(&error);
        }
    }

    /// Lets go of everything that may be half done.
    fn fail(&mut self, error: &rusqlite::Error) -> LogError {
        self.connection = None;
        self.rooms.clear();
        // Appends try again by themselves; without any, somebody has to.
        self.due.at = Some(Instant::now() + PROBE);
        // SQLite tells a full quota as any other error; the folder tells it as what it is.
        let is_full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure)
            && !private::has_room(&self.place.folder);
        let error = if is_full { LogError::Full } else { super::log_error(error) };
        if self.shared.set_health(Err(error.clone())) {
            tracing::error!(%error, file = %self.place.file.display(), "the room log cannot be written");
        }
        error
    }

    /// Does the upkeep, when its time has come.
    fn look_after(&mut self) {
        let now = Instant::now();
        let waiting = self.due.index
            || self.due.refresh
            || self.due.erase
            || self.guard.is_behind()
            || self.shared.has_read_positions()
            || self.shared.health().is_err();
        match self.due.at {
            _ if !waiting => self.due.at = None,
            None => self.due.at = Some(now + UPKEEP),
            Some(at) if at > now => {}
            // Nothing is written to files that are gone.
            Some(_) if self.shared.check_files().is_err() => self.due.at = Some(now + PROBE),
            Some(_) => {
                let behind = match self.upkeep() {
                    Ok(behind) => behind,
                    Err(error) => {
                        self.fail(&error);
                        return;
                    }
                };
                let pause = match behind {
                    false => UPKEEP,
                    true if self.shared.appends.is_empty() => Duration::ZERO,
                    true => INDEX_PAUSE,
                };
                self.due.at = Some(Instant::now() + pause);
            }
        }
    }

    /// Whether the index still lacks something.
    fn upkeep(&mut self) -> rusqlite::Result<bool> {
        let connection = connected(&mut self.connection, &self.place, &self.shared, &self.checkpoints)?;
        if self.shared.health().is_err() {
            // Only a write tells whether writing works again: one of the size of the largest message.
            connection
                .execute("INSERT OR REPLACE INTO meta(name, value) VALUES ('tried', zeroblob(16384))", [])?;
            works(&self.shared);
        }
        self.guard.keep();
        let kept = read_positions::keep(connection, &self.shared.read_positions);
        beside(&self.shared, "how far members have read", kept)?;
        let appends = &self.shared.appends;
        let enough = |taken| taken >= INDEX_LONG_TURN || taken >= INDEX_TURN && !appends.is_empty();
        if self.due.refresh {
            let done = index::refresh(connection, &enough);
            self.due.refresh = beside(&self.shared, "the index for search", done)? == Some(false);
        }
        if self.due.index {
            let done = index::catch_up(connection, &enough);
            self.due.index = beside(&self.shared, "the index for search", done)? == Some(false);
        }
        // What was erased is in the write-ahead log again for as long as the index knows it.
        if self.due.erase && !self.due.refresh {
            self.due.erase = !wal::renew(connection, READERS)?;
        }
        Ok(self.due.index || self.due.refresh)
    }

    fn finish(mut self) {
        for reader in self.readers.drain(..) {
            // A reader that panicked has said so; there is nothing left to do for it.
            let _ = reader.join();
        }
        let mut end = || -> rusqlite::Result<()> {
            let connection = connected(&mut self.connection, &self.place, &self.shared, &self.checkpoints)?;
            self.guard.keep();
            let kept = read_positions::keep(connection, &self.shared.read_positions);
            beside(&self.shared, "how far members have read", kept)?;
            let enough = |taken| taken >= INDEX_AT_CLOSE;
            if self.due.refresh {
                beside(&self.shared, "the index for search", index::refresh(connection, &enough))?;
            }
            if self.due.index {
                beside(&self.shared, "the index for search", index::catch_up(connection, &enough))?;
            }
            wal::empty(connection)?;
            self.connection.take().map_or(Ok(()), |last| last.close().map_err(|(_, error)| error))
        };
        if let Err(error) = end() {
            tracing::warn!(%error, "the room log was not closed cleanly; nothing acknowledged is lost");
        }
        drop(self.shared.lock.lock().take());
        self.closed.send_replace(true);
    }
}

/// The connection, a new one after a failure.
fn connected<'c>(
    kept: &'c mut Option<Connection>,
    place: &Place,
    shared: &Shared,
    checkpoints: &wal::Checkpoints,
) -> rusqlite::Result<&'c mut Connection> {
    match kept {
        Some(connection) => Ok(connection),
        kept @ None => {
            if let Err(another) = shared.files.check_file() {
                return Err(failure(rusqlite::ffi::SQLITE_CANTOPEN, another.to_string()));
            }
            let mut connection = schema::connect(place)?;
            checkpoints.watch(&mut connection)?;
            // After a failed fsync the system may have dropped what it failed to write, and a second fsync would not tell.
            // So nothing is added to that write-ahead log: what is readable in it goes into the file itself, and it starts
            // anew.
            if !wal::empty(&connection)? {
                return Err(failure(rusqlite::ffi::SQLITE_BUSY, "the write-ahead log is in use".to_owned()));
            }
            wal::renew(&connection, place::PATIENCE)?;
            shared.files.reopened();
            Ok(kept.insert(connection))
        }
    }
}

fn failure(code: i32, why: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(why))
}

/// Whether an error comes from what one send met in the file, and not from the file as a whole or the disk.
fn is_about_one(error: &rusqlite::Error) -> bool {
    corruption::is_corruption(error)
        || error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

/// Damage beside the entries is reported once and stops nobody from talking: `None`.
fn beside<T>(shared: &Shared, what: &str, done: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match done {
        Err(error) if corruption::is_corruption(&error) => {
            shared.corruption.beside(what, &error);
            Ok(None)
        }
        done => done.map(Some),
    }
}

fn works(shared: &Shared) {
    if shared.set_health(Ok(())) {
        tracing::info!("the room log can be written again");
    }
}

/// The queue of the writer.
pub(super) type Appends = Queue<Job>;
