//! The connections that read. One recalls rooms, one searches; a later search interrupts the one before.

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, InterruptHandle};

use super::{
    HistoryError,
    find::{self, Found, HistoryQuery},
    store,
};

/// How long a reader waits for the file to be opened at the start.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Readers {
    path: PathBuf,
    /// Whether the file can be read; none while it is being opened.
    ready: Mutex<Option<bool>>,
    is_ready: Condvar,
    recalls: Mutex<Option<Connection>>,
    searches: Mutex<Option<Connection>>,
    /// Ends what the connection of searches does.
    interrupt: Mutex<Option<InterruptHandle>>,
    /// Tickets that were given out.
    tickets: AtomicU64,
    /// The ticket of the latest search that has begun: earlier ones are to end.
    latest: AtomicU64,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Readers {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            ready: Mutex::new(None),
            is_ready: Condvar::new(),
            recalls: Mutex::default(),
            searches: Mutex::default(),
            interrupt: Mutex::default(),
            tickets: AtomicU64::new(0),
            latest: AtomicU64::new(0),
        }
    }

    /// The file can be read from now on, or never.
    pub fn set_ready(&self, is_ready: bool) {
        *lock(&self.ready) = Some(is_ready);
        self.is_ready.notify_all();
    }

    /// Closes the connections: another file takes the place of this one.
    pub fn let_go(&self) {
        *lock(&self.recalls) = None;
        *lock(&self.interrupt) = None;
        *lock(&self.searches) = None;
    }

    /// Reads something. Waits for the file to be opened.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<Option<T>>,
    ) -> rusqlite::Result<Option<T>> {
        if !self.wait() {
            return Ok(None);
        }
        let mut connection = lock(&self.recalls);
        let opened = match connection.take() {
            Some(connection) => connection,
            None => store::open_to_read(&self.path)?,
        };
        let result = work(&opened);
        *connection = Some(opened);
        result
    }

    /// The place of a search in the order in which they were asked for.
    pub fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Searches, and ends any search of an earlier ticket. Threads begin in whatever order.
    pub fn search(&self, number: u64, query: &HistoryQuery) -> Result<Found, HistoryError> {
        if self.latest.fetch_max(number, Ordering::SeqCst) > number {
            return Err(HistoryError::Superseded);
        }
        if let Some(interrupt) = &*lock(&self.interrupt) {
            interrupt.interrupt();
        }
        if !self.wait() {
            return Ok(Found::default());
        }
        let is_latest = || self.latest.load(Ordering::SeqCst) == number;
        let unreadable = |error: rusqlite::Error| HistoryError::Unreadable(error.to_string());
        let mut connection = lock(&self.searches);
        if !is_latest() {
            return Err(HistoryError::Superseded);
        }
        let opened = match connection.take() {
            Some(connection) => connection,
            None => {
                let opened = store::open_to_read(&self.path).map_err(unreadable)?;
                *lock(&self.interrupt) = Some(opened.get_interrupt_handle());
                opened
            }
        };
        let found = find::find(&opened, query, &is_latest);
        *connection = Some(opened);
        if !is_latest() {
            return Err(HistoryError::Superseded);
        }
        found.map_err(unreadable)
    }

    fn wait(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        let mut ready = lock(&self.ready);
        loop {
            if let Some(is_ready) = *ready {
                return is_ready;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            ready = self.is_ready.wait_timeout(ready, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
