//! A file of an earlier version: `schema-1/` was written by the last server that knew only that format. It has two rooms,
//! with edits, deletions, reactions, topics and read positions, and one entry that the disk changed.

use std::{fs, path::Path};

use rusqlite::Connection;
use serde_json::{Map, Value, json};
use snug_server::log::{Append, Log, Span, sqlite::SqliteLog};
use snug_shared::{Line, Seq};
use tempfile::TempDir;
use uuid::Uuid;

use super::bench::{actor, message, room};

const FILE: &[u8] = include_bytes!("schema-1/log.sqlite");
const COUNT: &str = include_str!("schema-1/log.count");
const EXPECTED: &str = include_str!("schema-1/expected.json");

/// Bytes of a write-ahead log's header, and of a page with its own.
const HEADER: usize = 32;
const FRAME: usize = 24 + 4_096;

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("snug.db"), FILE).expect("written");
    fs::write(folder.path().join("snug.count"), COUNT).expect("written");
    folder
}

fn open(folder: &Path) -> SqliteLog {
    SqliteLog::open(folder, Box::new(|_| {})).expect("it opens")
}

fn version(file: &Connection) -> i64 {
    file.pragma_query_value(None, "user_version", |row| row.get(0)).expect("it has one")
}

/// Everything that can be read, in the words of the file beside.
async fn everything(log: &SqliteLog) -> Value {
    let mut rooms = Vec::new();
    for record in log.rooms(10).await.expect("it works") {
        let key = record.name.key();
        let slice = log.read(&key, Span::After(0), 1_000, usize::MAX).await.expect("it works");
        let entries: Vec<Value> = slice
            .expect("a room")
            .entries
            .iter()
            .map(|line| serde_json::to_value(line).expect("it encodes"))
            .collect();
        let mut found = Map::new();
        for words in ["kettle", "東京タワー", "会い", "brulee", "secret", "nobody", "皆さん", "evening"]
        {
            let hits = log.search(&key, words, Span::Before(Seq::MAX), 100).await.expect("it works");
            let seqs: Vec<Seq> = hits.expect("a room").entries.iter().map(Line::seq).collect();
            let _ = found.insert(words.to_owned(), seqs.into());
        }
        let mut read = Map::new();
        for who in ["Maya", "Kenji", "Ada"] {
            let position = log.read_position(&key, &actor(who).author).await.expect("it works");
            let _ = read.insert(who.to_owned(), json!(position));
        }
        rooms.push(json!({
            "room": record.name, "epoch": record.epoch.to_string(), "first": record.first, "last": record.last,
            "last_at": record.last_at, "topic": record.topic, "entries": entries, "found": found, "read": read,
        }));
    }
    json!({ "secret": data_encoding::HEXLOWER.encode(&log.secret()), "rooms": rooms })
}

fn expected() -> Value {
    serde_json::from_str(EXPECTED).expect("JSON")
}

#[tokio::test]
async fn everything_reads_the_same_after_an_upgrade_and_goes_on() {
    let folder = folder();
    assert_eq!(version(&Connection::open(folder.path().join("snug.db")).expect("the file")), 1);
    let log = open(folder.path());
    assert_eq!(everything(&log).await, expected());
    log.close().await;
    assert_eq!(version(&Connection::open(folder.path().join("snug.db")).expect("the file")), 3);
    let log = open(folder.path());
    assert_eq!(everything(&log).await, expected());
    let (name, epoch) = (room("Tea Room"), log.room(&room("Tea Room")).await.expect("it works").epoch);
    let (id, intent) = (Uuid::now_v7(), message("after the upgrade"));
    let append = Append { room: name.clone(), epoch, actor: actor("Ada"), id, intent };
    assert_eq!(super::bench::new(log.append(append).await.expect("it works")).seq, 16);
    log.close().await;
}

#[tokio::test]
async fn a_crash_in_the_middle_of_an_upgrade_leaves_one_version_or_the_other_whole() {
    let upgraded = folder();
    // A reader that stays where it is keeps the write-ahead log from being emptied.
    let mut other = Connection::open(upgraded.path().join("snug.db")).expect("the file");
    let held = other.transaction().expect("a snapshot");
    held.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0)).expect("a number");
    let log = open(upgraded.path());
    let wal = fs::read(upgraded.path().join("snug.db-wal")).expect("readable");
    drop(held);
    log.close().await;
    let frames = (wal.len() - HEADER) / FRAME;
    assert!(frames >= 2, "the upgrade is in the write-ahead log");
    let mut versions = Vec::new();
    for cut in (0..=frames).flat_map(|frame| [HEADER + frame * FRAME, HEADER + frame * FRAME + FRAME / 2]) {
        // As a disk may be when the power goes.
        let crashed = folder();
        fs::write(crashed.path().join("snug.db-wal"), &wal[..cut.min(wal.len())]).expect("written");
        versions.push(version(&Connection::open(crashed.path().join("snug.db")).expect("the file")));
        let log = open(crashed.path());
        assert_eq!(everything(&log).await, expected(), "cut at {cut} of {}", wal.len());
        log.close().await;
    }
    assert!(versions.is_sorted() && versions.contains(&1) && versions.contains(&3), "{versions:?}");
}

#[tokio::test]
async fn a_room_that_was_damaged_before_an_upgrade_is_damaged_after_it() {
    let folder = folder();
    let file = Connection::open(folder.path().join("snug.db")).expect("the file");
    let changed = file.execute("UPDATE rooms SET last = last - 1 WHERE name = 'Tea Room'", []);
    assert_eq!(changed.expect("damaged"), 1);
    drop(file);
    let log = open(folder.path());
    assert!(log.room(&room("Tea Room")).await.is_err(), "nobody is shown what nobody said");
    assert_eq!(log.room(&room("東京")).await.expect("the other one is whole").last, 4);
    log.close().await;
}
