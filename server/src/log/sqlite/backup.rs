//! Copies of the file: one out of a data folder, whether its server runs or not, and one back into it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};

use super::{
    OpenError,
    place::{self, Place},
    private, rollback_guard, schema, wal,
};

/// Pages copied between two reports of progress.
const STEP: i32 = 2_000;
/// How long a page that somebody holds is waited for, and how often.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSES: u32 = 200;

/// What is in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// Rooms with entries.
    pub rooms: u64,
    /// Entries of all of them.
    pub entries: u64,
}

/// Why there is no copy. Each reads as a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The backup would overwrite something.
    #[error("{} is there already, and a backup overwrites nothing; give another name", .0.display())]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no room log {}", .0.display())]
    Nothing(PathBuf),
    /// A server has the folder that is to be restored.
    #[error("a Snug server uses the folder {}; stop it first", .0.display())]
    InUse(PathBuf),
    /// One of the two is no room log of this version, or its folder cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be read or written.
    #[error("{}: {source}", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite cannot read or write one.
    #[error("{} cannot be copied: {source}", .file.display())]
    Database {
        /// The file that is copied.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Copies the log of a data folder to a new file, as it is at one moment. A server may go on writing meanwhile. `progress` is
/// told how many per cent are done.
///
/// # Errors
/// [`CopyError`]; there is no file then.
pub fn backup(folder: &Path, to: &Path, progress: impl FnMut(u32)) -> Result<Contents, CopyError> {
    let place = Place::new(folder);
    if fs::symlink_metadata(to).is_ok() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    if !place.file.exists() {
        return Err(CopyError::Nothing(place.file));
    }
    // Without a server nobody knows whether the write-ahead log belongs to the file, and nobody may start one meanwhile.
    let lock = match place::lock(&place) {
        Ok(lock) => Some(lock),
        Err(OpenError::InUse { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    if lock.is_some() {
        wal::set_aside_foreign(&place).map_err(|source| CopyError::Io { file: place.wal(), source })?;
    }
    let source = schema::connect_to_read(&place).map_err(|source| schema::open_error(&place, source))?;
    schema::check(&source, &place.file)?;
    let part = beside(to, ".part");
    // Of one that was interrupted.
    let _ = fs::remove_file(&part);
    let contents = copy(&source, &place.file, &part, progress)?;
    fs::rename(&part, to).map_err(|source| CopyError::Io { file: to.to_owned(), source })?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    schema::sync_folder(parent).map_err(|source| CopyError::Io { file: to.to_owned(), source })?;
    Ok(contents)
}

/// Puts a copy in the place of a data folder's log. Answers what is in it and where the log before it lies now.
///
/// # Errors
/// [`CopyError`]; the log in the folder is as it was then.
pub fn restore(
    folder: &Path,
    from: &Path,
    progress: impl FnMut(u32),
) -> Result<(Contents, Option<PathBuf>), CopyError> {
    let place = Place::new(folder);
    let io = |file: &Path, source| CopyError::Io { file: file.to_owned(), source };
    File::open(from).map_err(|source| io(from, source))?;
    let source = wal::open_alone(from).map_err(|source| schema::open_error_of(from, source))?;
    schema::check(&source, from)?;
    let _lock = place::lock(&place).map_err(|error| match error {
        OpenError::InUse { folder } => CopyError::InUse(folder),
        other => other.into(),
    })?;
    let fresh = beside(&place.file, ".new");
    let _ = fs::remove_file(&fresh);
    let contents = copy(&source, from, &fresh, progress)?;
    // What is in the write-ahead log goes into the file it belongs to. A file that can't be opened keeps it beside.
    if place.file.exists()
        && wal::set_aside_foreign(&place).is_ok()
        && let Ok(before) = schema::connect(&place)
    {
        let _ = wal::empty(&before);
        let entered = before.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0));
        rollback_guard::note(&place, entered.unwrap_or(0).cast_unsigned());
    }
    if place.wal().exists() {
        wal::set_aside(&place.wal()).map_err(|source| io(&place.wal(), source))?;
    }
    let mut kept = None;
    if place.file.exists() {
        let aside = wal::aside(&place.file).map_err(|source| io(&place.file, source))?;
        // Linked, so that there is a log at every moment. Some file systems have no links.
        fs::hard_link(&place.file, &aside)
            .or_else(|_| fs::rename(&place.file, &aside))
            .map_err(|source| io(&place.file, source))?;
        kept = Some(aside);
    }
    fs::rename(&fresh, &place.file).map_err(|source| io(&place.file, source))?;
    schema::sync_folder(&place.folder).map_err(|source| io(&place.folder, source))?;
    Ok((contents, kept))
}

/// Copies what a connection sees at this moment to a new file, whole and on disk, or not at all.
fn copy(
    source: &Connection,
    named: &Path,
    to: &Path,
    mut progress: impl FnMut(u32),
) -> Result<Contents, CopyError> {
    let io = |source| CopyError::Io { file: to.to_owned(), source };
    let database = |source| CopyError::Database { file: named.to_owned(), source };
    let file = private::options().write(true).create_new(true).open(to).map_err(io)?;
    let mut run = || -> rusqlite::Result<Contents> {
        // One transaction, so that all pages are of one moment, and a server that writes does not make it begin again.
        let snapshot = source.unchecked_transaction()?;
        let count = |table: &str| {
            snapshot.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        };
        let contents =
            Contents { rooms: count("rooms")?.cast_unsigned(), entries: count("entries")?.cast_unsigned() };
        let mut copy = Connection::open(to)?;
        // A copy that is interrupted is thrown away, and one that is whole is flushed below.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        step_through(&Backup::new(&snapshot, &mut copy)?, &mut progress)?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(contents)
    };
    let copied = run().map_err(database).and_then(|contents| file.sync_all().map_err(io).map(|()| contents));
    copied.inspect_err(|_| drop(fs::remove_file(to)))
}

fn step_through(backup: &Backup<'_, '_>, progress: &mut impl FnMut(u32)) -> rusqlite::Result<()> {
    let mut pauses = 0;
    loop {
        match backup.step(STEP)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {
                let now = backup.progress();
                let done = i64::from(now.pagecount - now.remaining) * 100 / i64::from(now.pagecount.max(1));
                progress(u32::try_from(done).unwrap_or(0));
            }
            _ if pauses < PAUSES => {
                pauses += 1;
                thread::sleep(PAUSE);
            }
            _ => {
                let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
                return Err(rusqlite::Error::SqliteFailure(busy, None));
            }
        }
    }
}

/// A name beside a file.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
