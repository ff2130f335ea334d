//! The file: how it is made, opened, told from others, and brought up to date.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::Path,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params, types::ValueRef};

use super::{
    OpenError, checksum, index,
    place::{PATIENCE, Place},
    private, wal,
};

mod steps;

use steps::STEPS;

/// "Snug": tells this file from any other SQLite database.
const APPLICATION_ID: i32 = 0x536e_7567;

/// Bytes that may be missing at the end of a file that is opened all the same. If more are missing, its first page is damaged.
const END: u64 = 16 << 30;

/// Opens the file for writing: makes it, or checks it and brings it up to date. Answers the log's secret too.
pub(super) fn prepare(place: &Place) -> Result<(Connection, [u8; 32]), OpenError> {
    let database = |source| open_error(place, source);
    let io = |source| OpenError::Folder { folder: place.folder.clone(), source };
    let length = match fs::metadata(&place.file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
        Ok(metadata) if !metadata.is_file() => {
            return Err(OpenError::NotADatabase { file: place.file.clone() });
        }
        metadata => metadata.map_or(0, |metadata| metadata.len()),
    };
    if length == 0 {
        create(place)?;
    }
    let header = header(place)?;
    wal::set_aside_foreign(place).map_err(io)?;
    let missing = pages(&header).saturating_sub(length);
    let is_short = length > 0 && (1..=END).contains(&missing);
    if is_short {
        resize(place, length + missing).map_err(io)?;
    }
    let open = || {
        check_file(place)?;
        let mut connection = connect(place).map_err(database)?;
        if is_short && !knows_its_rooms(&connection).map_err(database)? {
            return Err(OpenError::NotADatabase { file: place.file.clone() });
        }
        wal::renew(&connection, PATIENCE).map_err(database)?;
        migrate(&mut connection).map_err(database)?;
        let secret = secret(&connection).map_err(database)?;
        Ok((connection, secret))
    };
    // A crash while the write-ahead log was moved into the file leaves it short as well, and nothing is missing then.
    let has_wal = fs::metadata(place.wal()).is_ok_and(|wal| wal.len() > 0);
    let opened = open();
    match &opened {
        Err(_) if is_short => resize(place, length).map_err(io)?,
        Ok(_) if is_short && !has_wal => {
            let file = place.file.display();
            tracing::error!(%file, missing, "the room log has lost its end; what was there is shown as damaged");
        }
        _ => {}
    }
    opened
}

/// SQLite opens no file that is shorter than its first page says. With zeroes instead of what is missing it opens, and tells
/// which pages those are.
fn resize(place: &Place, length: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(&place.file)?.set_len(length)
}

/// Whether the table of the rooms and its indexes are whole. Where both are cut, a room with a history would look like one that
/// nobody was in yet, and begin anew.
fn knows_its_rooms(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA integrity_check(rooms)", [], |row| Ok(row.get_ref(0)?.as_str()? == "ok"))
}

/// How many bytes the first page says there are; 0 where it does not say.
fn pages(header: &[u8; 100]) -> u64 {
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    // The count is valid only while every writer updates it.
    if number(24) == number(92) && size.is_power_of_two() { size * u64::from(number(28)) } else { 0 }
}

/// Opens the writer's connection to a file that was prepared.
pub(super) fn connect(place: &Place) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&place.file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    // An acknowledged entry survives power loss, and what was deleted is overwritten. Checkpoints are the writer's (`wal.rs`).
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA cell_size_check = ON;
         PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864;
         PRAGMA wal_autocheckpoint = 0;",
    )?;
    #[cfg(test)]
    {
        let pages = place.page_limit.load(std::sync::atomic::Ordering::SeqCst);
        if pages < u32::MAX {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
    }
    Ok(connection)
}

/// Opens a connection that can only read.
pub(super) fn connect_to_read(place: &Place) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&place.file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

/// The log's secret. One that the disk changed is as good for what comes, but proves nothing it proved before.
fn secret(connection: &Connection) -> rusqlite::Result<[u8; 32]> {
    let kept: [u8; 40] =
        connection.query_row("SELECT value FROM meta WHERE name = 'secret'", [], |row| row.get(0))?;
    let mut secret = [0; 32];
    secret.copy_from_slice(&kept[..32]);
    if with_checksum(&secret) != kept {
        tracing::error!("the disk changed the server's secret: members come back as new ones");
    }
    Ok(secret)
}

/// The secret as it is kept.
fn with_checksum(secret: &[u8; 32]) -> [u8; 40] {
    let mut kept = [0; 40];
    kept[..32].copy_from_slice(secret);
    kept[32..].copy_from_slice(&checksum::of([ValueRef::Blob(secret)]).to_le_bytes());
    kept
}

/// Makes a file beside the final one and moves it there when it is whole, so that a crash leaves none that is half made.
fn create(place: &Place) -> Result<(), OpenError> {
    let fresh = place.folder.join("snug.db.new");
    let io = |source| OpenError::Folder { folder: place.folder.clone(), source };
    for leftover in ["snug.db.new", "snug.db.new-journal", "snug.db.new-wal", "snug.db.new-shm"] {
        match fs::remove_file(place.folder.join(leftover)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    private::options().write(true).create_new(true).open(&fresh).map_err(io)?;

    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| io(io::Error::other(error)))?;
    let fill = || -> rusqlite::Result<()> {
        let mut connection = Connection::open(&fresh)?;
        connection.execute_batch("PRAGMA synchronous = FULL;")?;
        let step = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        for one in STEPS {
            one.take(&step)?;
        }
        step.execute("INSERT INTO meta(name, value) VALUES ('secret', ?1)", [&with_checksum(&secret)[..]])?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", STEPS.len() as i64)?;
        step.commit()?;
        connection.execute_batch("PRAGMA journal_mode = WAL;")?;
        connection.close().map_err(|(_, error)| error)
    };
    fill().map_err(|source| OpenError::Database { file: fresh.clone(), source })?;
    fs::rename(&fresh, &place.file).map_err(io)?;
    sync_folder(&place.folder).map_err(io)
}

#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems have no way to ask for it and order renames themselves.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The file's first bytes, which every database of this kind begins with.
fn header(place: &Place) -> Result<[u8; 100], OpenError> {
    let file = || place.file.clone();
    let mut header = [0; 100];
    File::open(&place.file).and_then(|mut opened| opened.read_exact(&mut header)).map_err(
        |error| match error.kind() {
            io::ErrorKind::UnexpectedEof => OpenError::NotADatabase { file: file() },
            _ => OpenError::Folder { folder: place.folder.clone(), source: error },
        },
    )?;
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(OpenError::NotADatabase { file: file() });
    }
    Ok(header)
}

/// Tells whether the file is one of ours, without changing a byte of it.
fn check_file(place: &Place) -> Result<(), OpenError> {
    let connection = connect_to_read(place).map_err(|source| open_error(place, source))?;
    check(&connection, &place.file)
}

/// Tells whether a connection is to a log of a version that this one knows. A newer version may sit in the write-ahead log still,
/// so the header alone does not tell.
pub(super) fn check(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let number = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|source| open_error_of(file, source))
    };
    let (id, version) = (number("application_id")?, number("user_version")?);
    let file = file.to_owned();
    if id != i64::from(APPLICATION_ID) {
        return Err(OpenError::NotOurs { file });
    }
    let known = STEPS.len() as i64;
    if version > known {
        return Err(OpenError::Newer { file, found: version, known });
    }
    Ok(())
}

/// Translates an error of the database about a folder's file.
pub(super) fn open_error(place: &Place, source: rusqlite::Error) -> OpenError {
    open_error_of(&place.file, source)
}

/// Translates an error of the database about a file.
pub(super) fn open_error_of(file: &Path, source: rusqlite::Error) -> OpenError {
    let file = file.to_owned();
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            OpenError::NotADatabase { file }
        }
        _ => OpenError::Database { file, source },
    }
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (done, step) in STEPS.iter().enumerate().skip(usize::try_from(version).unwrap_or(0)) {
        let whole = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.take(&whole)?;
        whole.pragma_update(None, "user_version", done as i64 + 1)?;
        whole.commit()?;
    }
    // The index keeps folded texts; another Unicode version may fold them differently.
    let folded: Option<String> = {
        let mut statement = connection.prepare("SELECT value FROM meta WHERE name = 'folding'")?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()?
    };
    let folding = snug_shared::search::folding();
    if folded.as_deref() != Some(&folding) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        index::empty(&step)?;
        step.execute("INSERT OR REPLACE INTO meta(name, value) VALUES ('folding', ?1)", params![folding])?;
        step.commit()?;
    }
    Ok(())
}
