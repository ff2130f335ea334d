//! Files and write-ahead logs of many moments, put together as a crash and a careless operator do.

use rusqlite::backup::Backup;
use tempfile::TempDir;

use super::*;
use crate::log::sqlite::schema;

/// What a killed server leaves, and how many entries were acknowledged by then.
struct Left {
    file: Vec<u8>,
    wal: Vec<u8>,
    entered: i64,
}

fn entered(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM filler", [], |row| row.get(0)).expect("a count")
}

/// Opens a file with a write-ahead log beside it, as a start does; how many entries are there. It must be whole.
fn started(file: &[u8], wal: &[u8]) -> i64 {
    let folder = TempDir::new().expect("a folder");
    let place = Place::new(folder.path());
    fs::write(&place.file, file).expect("written");
    fs::write(place.wal(), wal).expect("written");
    let (connection, _) = schema::prepare(&place).expect("it opens");
    let whole: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
    assert_eq!(whole, "ok");
    entered(&connection)
}

/// A file through several write-ahead logs: what is left of it at every moment, and backups made meanwhile.
fn lived() -> (Vec<Left>, Vec<(Vec<u8>, i64)>) {
    let folder = TempDir::new().expect("a folder");
    let place = Place::new(folder.path());
    let _lock = place::lock(&place).expect("a free folder");
    let (mut connection, _) = schema::prepare(&place).expect("a fresh file");
    connection
        .execute_batch("CREATE TABLE filler(n INTEGER PRIMARY KEY, text BLOB NOT NULL)")
        .expect("a table");
    let mut checkpoints = Checkpoints { due: 120, ..Checkpoints::default() };
    checkpoints.watch(&mut connection).expect("watched");
    let (mut left, mut backups) = (Vec::new(), Vec::new());
    let leave = |left: &mut Vec<Left>, entered| {
        let file = fs::read(&place.file).expect("readable");
        left.push(Left { file, wal: fs::read(place.wal()).expect("readable"), entered });
    };
    for number in 1..=120 {
        connection
            .execute("INSERT INTO filler(n, text) VALUES (?1, randomblob(12000))", [number])
            .expect("entered");
        if number % 5 == 0 {
            leave(&mut left, number);
        }
        let before = checkpoints.due;
        checkpoints.keep(&connection).expect("kept");
        if checkpoints.due != before {
            checkpoints.due -= PAGES - 120;
        }
        // As one that deletes does, and one that starts again.
        if number % 50 == 0 {
            assert!(renew(&connection, Duration::ZERO).expect("renewed"));
        }
        if number % 7 == 0 {
            leave(&mut left, number);
            let path = folder.path().join(format!("backup-{number}"));
            let mut copy = Connection::open(&path).expect("a file");
            Backup::new(&connection, &mut copy).and_then(|backup| backup.step(-1)).expect("copied");
            drop(copy);
            backups.push((fs::read(&path).expect("readable"), number));
        }
    }
    (left, backups)
}

#[test]
fn a_write_ahead_log_is_replayed_after_a_crash_at_any_moment() {
    for Left { file, wal, entered } in lived().0 {
        assert_eq!(started(&file, &wal), entered);
    }
}

#[test]
fn a_backup_beside_another_write_ahead_log_is_never_damaged_by_it() {
    let (left, backups) = lived();
    let (mut replayed, mut set_aside) = (0, 0);
    for (backup, made) in &backups {
        for Left { wal, entered, .. } in left.iter().step_by(2).filter(|left| left.entered >= *made) {
            let found = started(backup, wal);
            // One that was made while this very log grew goes on in it; any other is what it was.
            assert!(found == *made || found == *entered, "{made} in the backup, {found} afterwards");
            if found == *made { set_aside += 1 } else { replayed += 1 }
        }
    }
    assert!(set_aside > 50 && replayed > 5, "{set_aside} set aside, {replayed} replayed");
}

#[test]
fn a_log_of_a_version_without_stamps_is_left_to_sqlite() {
    let folder = TempDir::new().expect("a folder");
    let place = Place::new(folder.path());
    let _lock = place::lock(&place).expect("a free folder");
    let (connection, _) = schema::prepare(&place).expect("a fresh file");
    assert!(empty(&connection).expect("emptied"));
    connection.execute_batch("DELETE FROM meta WHERE name = 'wal'; CREATE TABLE filler(n)").expect("written");
    connection.execute_batch("INSERT INTO filler VALUES (1)").expect("entered");
    let (file, wal) = (fs::read(&place.file).expect("readable"), fs::read(place.wal()).expect("readable"));
    assert_eq!(started(&file, &wal), 1);
}

#[test]
fn the_write_ahead_log_stays_short_and_is_short_again_once_a_reader_has_gone() {
    let folder = TempDir::new().expect("a folder");
    let place = Place::new(folder.path());
    let _lock = place::lock(&place).expect("a free folder");
    let (mut connection, _) = schema::prepare(&place).expect("a fresh file");
    let mut checkpoints = Checkpoints::default();
    checkpoints.watch(&mut connection).expect("watched");
    // It is about lengths, not about a disk.
    connection
        .execute_batch("PRAGMA synchronous = OFF; CREATE TABLE filler(text BLOB NOT NULL)")
        .expect("a table");
    let mut reader = Connection::open(&place.file).expect("the file");
    // About a hundred pages each time.
    let mut longest = |rounds: usize| {
        let mut longest = 0;
        for _ in 0..rounds {
            connection.execute("INSERT INTO filler VALUES (randomblob(400000))", []).expect("entered");
            let counted: i64 = connection
                .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))
                .expect("SQLite counts itself");
            assert_eq!(checkpoints.pages(), counted);
            longest = longest.max(counted);
            checkpoints.keep(&connection).expect("kept");
        }
        longest
    };
    assert!((PAGES..PAGES + 200).contains(&longest(40)));
    let held = reader.transaction().expect("a snapshot");
    assert!(entered(&held) > 0);
    assert!(longest(40) > 3 * PAGES, "nothing that a reader may need is overwritten");
    drop(held);
    // As one that deletes does: how long it had been is of no account then.
    assert!(renew(&connection, Duration::ZERO).expect("renewed"));
    assert!((PAGES..PAGES + 200).contains(&longest(40)));
}
