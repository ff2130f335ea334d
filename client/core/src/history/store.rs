//! The file: how it is made, opened, told from others, and brought up to date.

use std::{fs::OpenOptions, io, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use snug_shared::search::folding;

use crate::files;

/// "Snuh": tells this file from any other SQLite database.
const APPLICATION_ID: i32 = 0x536e_7568;
/// The steps from one format to the next; the version of a file is how many of them it has behind it.
const STEPS: [&str; 1] = [include_str!("1.sql")];
/// Pages of SQLite's cache, negative: in KiB.
const CACHE_KIB: i32 = -8_192;

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotOpen {
    #[error("it belongs to another program or a newer version of Snug")]
    NotOurs,
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    #[error("{0}")]
    Disk(#[from] io::Error),
}

impl CannotOpen {
    /// Whether the file is damaged, so that another in its place would do.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Database(error) if is_damage(error))
    }
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Opens the file for writing; makes it where there is none.
pub(super) fn open(path: &Path) -> Result<Connection, CannotOpen> {
    if let Some(folder) = path.parent() {
        files::private_folder(folder)?;
    }
    // SQLite gives the files beside it the same rights.
    drop(files::private(OpenOptions::new().write(true).create(true).truncate(false)).open(path)?);
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.set_prepared_statement_cache_capacity(48);
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_new = tables == 0 && application == 0;
    if !is_new && (application != APPLICATION_ID || version > STEPS.len() as i64) {
        return Err(CannotOpen::NotOurs);
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What the disk loses with its power the server still has.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    let whole = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        whole.execute_batch(step)?;
    }
    whole.pragma_update(None, "application_id", APPLICATION_ID)?;
    whole.pragma_update(None, "user_version", STEPS.len() as i64)?;
    fold_anew(&whole)?;
    whole.commit()?;
    Ok(connection)
}

/// Fills the index anew when texts are folded in another way than when it was filled.
fn fold_anew(connection: &Connection) -> rusqlite::Result<()> {
    let known: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE name = 'folding'", [], |row| row.get(0))
        .map(Some)
        .or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(None),
            error => Err(error),
        })?;
    if known.as_deref() == Some(&*folding()) {
        return Ok(());
    }
    if known.is_some() {
        connection.execute_batch("INSERT INTO grams(grams) VALUES ('delete-all')")?;
        super::apply::index_all(connection)?;
    }
    let _ =
        connection.execute("INSERT OR REPLACE INTO meta(name, value) VALUES ('folding', ?1)", [folding()])?;
    Ok(())
}

/// Opens the file to read what was written.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.pragma_update(None, "cache_size", 2 * CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// Moves a damaged file out of the way, with what SQLite keeps beside it.
pub(super) fn set_aside(path: &Path) -> io::Result<()> {
    for extension in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(extension);
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    files::set_aside(path).map(drop)
}
