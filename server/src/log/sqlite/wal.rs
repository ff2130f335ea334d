//! The write-ahead log beside the file: when it is emptied, and how it is known to belong to this file.
//!
//! SQLite replays any write-ahead log that lies beside a file, also one of another copy of it, and that destroys the file. So
//! the file carries a stamp. It changes before every checkpoint and again after it, and each change says which stamp it
//! replaces. The stamp before a checkpoint's end is in the file then, and the first change in the next write-ahead log names it.
//! From there on the stamp in the file is one of those that the write-ahead log names, however much of it was moved into the
//! file. A backup has another stamp, unless it was made while that very write-ahead log grew; replaying that is right.
//!
//! Where nothing is known (a version without stamps wrote the log, or the file cannot be read) SQLite decides as it always did.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Result, hooks::Wal, params};

use super::{
    corruption,
    place::{self, Place},
};

/// Pages in the write-ahead log from which on they are moved into the file.
const PAGES: i64 = 1_000;

/// Before every pair of stamps, so that a change is found among the bytes of a page.
const MARK: &[u8] = b"snug wal";
/// What a file that has no stamp yet is taken to have.
const NO_STAMP: Stamp = *b"no stamp as yet.";

type Stamp = [u8; 16];

/// Moves everything into the file and cuts the write-ahead log to nothing. False: a reader was in the way.
pub(super) fn empty(connection: &Connection) -> Result<bool> {
    checkpoint(connection, "TRUNCATE").map(|busy| busy == 0)
}

/// The same, waiting so long for readers, and links the next write-ahead log to the file.
pub(super) fn renew(connection: &Connection, patience: Duration) -> Result<bool> {
    stamp(connection)?;
    connection.busy_timeout(patience)?;
    let emptied = empty(connection);
    connection.busy_timeout(place::PATIENCE)?;
    stamp(connection)?;
    emptied
}

/// Keeps the write-ahead log at about [`PAGES`]. SQLite would do so by itself, but without a link.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Pages at which the next one is due. A reader may keep the log from beginning anew; then this grows with it.
    due: i64,
    /// Pages in the write-ahead log, as SQLite tells them after each commit.
    pages: Arc<AtomicI64>,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { due: PAGES, pages: Arc::default() }
    }
}

impl Checkpoints {
    /// Has a connection that writes tell of every commit. Asking it each time would cost a statement.
    pub(super) fn watch(&self, connection: &mut Connection) -> Result<()> {
        let pages = Arc::clone(&self.pages);
        connection.wal_hook(Some(move |_: &mut Wal, now| {
            pages.store(i64::from(now), Ordering::Relaxed);
            Ok(())
        }))
    }

    fn pages(&self) -> i64 {
        // Told and asked on the same thread.
        self.pages.load(Ordering::Relaxed)
    }

    /// Moves what is in the write-ahead log into the file when that is due.
    pub(super) fn keep(&mut self, connection: &Connection) -> Result<()> {
        let pages = self.pages();
        // The log may have begun anew since.
        self.due = self.due.min(pages + PAGES);
        if pages >= self.due {
            stamp(connection)?;
            checkpoint(connection, "PASSIVE")?;
            stamp(connection)?;
            self.due = self.pages() + PAGES;
        }
        Ok(())
    }
}

/// Not 0 where somebody was in the way.
fn checkpoint(connection: &Connection, mode: &str) -> Result<i64> {
    connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |row| row.get(0))
}

/// Gives the file another stamp. Where the disk changed that part of the file there is none, and nothing is told by it.
fn stamp(connection: &Connection) -> Result<()> {
    let mut next = Stamp::default();
    // Without random bits two stamps could be the same, which is as good as none.
    if getrandom::fill(&mut next).is_err() {
        return Ok(());
    }
    let change = || {
        let before = current(connection)?;
        let link = [MARK, &before, &next].concat();
        connection
            .prepare_cached("INSERT OR REPLACE INTO meta(name, value) VALUES ('wal', ?1)")?
            .execute(params![link])
            .map(drop)
    };
    match change() {
        Err(error) if corruption::is_corruption(&error) => Ok(()),
        changed => changed,
    }
}

/// The stamp that a connection sees.
fn current(connection: &Connection) -> Result<Stamp> {
    let link: Option<Vec<u8>> = connection
        .prepare_cached("SELECT value FROM meta WHERE name = 'wal'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let stamp = link.as_deref().and_then(|link| link.last_chunk::<16>());
    Ok(stamp.copied().unwrap_or(NO_STAMP))
}

/// Renames a write-ahead log that is not this file's. Nobody may have the file open.
pub(super) fn set_aside_foreign(place: &Place) -> io::Result<()> {
    if !is_foreign(&place.wal(), &place.file)? {
        return Ok(());
    }
    let aside = set_aside(&place.wal())?;
    tracing::error!(
        renamed = %aside.display(),
        "the write-ahead log beside the room log belongs to another copy of it: was a backup put in its place? \
         It was set aside and not replayed"
    );
    Ok(())
}

/// Renames a file to a name that no other has, in the same folder.
pub(super) fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let aside = aside(file)?;
    fs::rename(file, &aside)?;
    Ok(aside)
}

/// A name for a file that is set aside.
pub(super) fn aside(file: &Path) -> io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut names = (now..).map(|number| file.with_file_name(format!("{name}.aside-{number}")));
    let free = names.find(|aside| fs::symlink_metadata(aside).is_err());
    free.ok_or_else(|| io::Error::other("no name is free"))
}

/// Opens a file that nobody writes, with its write-ahead log if it has one that is its own.
pub(super) fn open_alone(file: &Path) -> Result<Connection> {
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    let wal = PathBuf::from(wal);
    match wal.exists() && !is_foreign(&wal, file).unwrap_or(true) {
        true => Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        ),
        false => open_without_wal(file),
    }
}

/// Opens a file as one that cannot change: it is read without its write-ahead log.
fn open_without_wal(file: &Path) -> Result<Connection> {
    let no_url = || rusqlite::Error::InvalidPath(file.to_owned());
    let absolute = std::path::absolute(file).map_err(|_| no_url())?;
    let mut url = url::Url::from_file_path(absolute).map_err(|()| no_url())?;
    url.set_query(Some("immutable=1"));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(url.as_str(), flags)
}

/// Whether a write-ahead log surely is not that of the file beside it.
fn is_foreign(wal: &Path, file: &Path) -> io::Result<bool> {
    let opened = match File::open(wal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match open_without_wal(file).and_then(|connection| current(&connection)) {
        Ok(stamp) => names_others(BufReader::new(opened), &stamp),
        Err(_) => Ok(false),
    }
}

/// Whether a write-ahead log begins with a link, and names this stamp nowhere.
fn names_others(mut wal: impl Read, stamp: &Stamp) -> io::Result<bool> {
    let mut header = [0; 32];
    if !fill(&mut wal, &mut header)? {
        return Ok(false);
    }
    let salts = &header[16..24];
    let size = u32::from_be_bytes([header[8], header[9], header[10], header[11]]) as usize;
    if !size.is_power_of_two() || !(512..=65_536).contains(&size) {
        return Ok(false);
    }
    let (mut begins_with_link, mut is_first) = (false, true);
    // A frame is 24 bytes and its page.
    let mut frame = vec![0; 24 + size];
    while fill(&mut wal, &mut frame)? && frame[8..16] == *salts {
        let page = &frame[24..];
        if contains(page, stamp) {
            return Ok(false);
        }
        begins_with_link |= is_first && contains(page, MARK);
        let ends_transaction = frame[4..8] != [0; 4];
        if is_first && ends_transaction {
            is_first = false;
            if !begins_with_link {
                return Ok(false);
            }
        }
    }
    Ok(!is_first)
}

/// Reads exactly as much; false at the end.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

fn contains(page: &[u8], bytes: &[u8]) -> bool {
    page.windows(bytes.len()).any(|window| window == bytes)
}

#[cfg(test)]
mod tests;
