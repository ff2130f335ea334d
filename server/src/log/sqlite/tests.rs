//! When writing fails: nothing is acknowledged that is not there, reading goes on, and the log recovers by itself.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior};
use snug_shared::{Author, Intent, Line, MessageText, Nickname, RoomName, Seq};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    SqliteLog,
    place::{self, Place},
    schema,
};
use crate::log::{Actor, Append, Appended, Committed, Dispatch, Later, Log, LogError, Span, completion};
use crate::policy::may_do;

fn place() -> (TempDir, Place) {
    let folder = TempDir::new().expect("a folder");
    let place = Place::new(folder.path());
    (folder, place)
}

fn tea() -> RoomName {
    RoomName::parse("tea").expect("a name")
}

fn send(log: &SqliteLog, room: &str, intent: Intent) -> Later<Result<Appended, LogError>> {
    let nickname = Nickname::parse("ada").expect("a name");
    let room = RoomName::parse(room).expect("a name");
    log.append(Append {
        // No room here has begun before it was opened.
        epoch: log.shared.generation.epoch(&room.key()),
        room,
        actor: Actor { author: Author::http(&nickname), nickname, moderator: false },
        id: Uuid::now_v7(),
        intent,
    })
}

fn message(text: &str) -> Intent {
    Intent::Message { text: MessageText::parse(text).expect("a text"), reply_to: None }
}

async fn say(log: &SqliteLog, text: &str) -> Result<Seq, LogError> {
    send(log, "tea", message(text)).await.map(|appended| match appended {
        Appended::New(committed) => committed.entry.seq,
        other => panic!("expected a new entry, got {other:?}"),
    })
}

async fn kept(log: &SqliteLog) -> Vec<Seq> {
    let slice = log.read(&tea().key(), Span::After(0), usize::MAX, usize::MAX).await.expect("reading works");
    slice.expect("a room").entries.iter().map(Line::seq).collect()
}

async fn until_ready(log: &SqliteLog) {
    let patience = Instant::now() + Duration::from_secs(20);
    while let Err(error) = log.ready() {
        assert!(Instant::now() < patience, "{error}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Notes down which entries were told.
fn noting(told: &Arc<Mutex<Vec<Seq>>>) -> Dispatch {
    let told = Arc::clone(told);
    telling(move |committed| told.lock().expect("no panic").push(committed.entry.seq))
}

fn telling(commits: impl Fn(&Arc<Committed>) + Send + Sync + 'static) -> Dispatch {
    completion::at_once(Box::new(commits))
}

#[tokio::test]
async fn a_full_disk_is_said_and_got_over() {
    let (_folder, place) = place();
    place.page_limit.store(60, Ordering::SeqCst);
    let told = Arc::default();
    let log = SqliteLog::open_at(place.clone(), noting(&told), may_do).expect("a fresh log");
    let text = "文".repeat(4_000);
    let mut acknowledged = Vec::new();
    let full = loop {
        match say(&log, &text).await {
            Ok(seq) => acknowledged.push(seq),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 60, "the disk has no end");
    };
    assert!(matches!(full, LogError::Full), "{full}");
    assert!(matches!(log.ready(), Err(LogError::Full)));
    assert!(matches!(say(&log, &text).await, Err(LogError::Full)), "it does not get better by asking again");
    assert!(!acknowledged.is_empty());
    assert_eq!(kept(&log).await, acknowledged, "reading goes on");

    place.page_limit.store(u32::MAX, Ordering::SeqCst);
    until_ready(&log).await;
    acknowledged.push(say(&log, &text).await.expect("there is space again"));
    assert_eq!(kept(&log).await, acknowledged);
    assert_eq!(*told.lock().expect("no panic"), acknowledged);
    log.close().await;
    let log = SqliteLog::open_at(place, telling(|_| {}), may_do).expect("the same log");
    assert_eq!(kept(&log).await, acknowledged);
    assert_eq!(acknowledged, (1..=acknowledged.len() as Seq).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_somebody_else_holds_is_waited_for_and_then_refused() {
    let (_folder, place) = place();
    let log = SqliteLog::open_at(place.clone(), telling(|_| {}), may_do).expect("a fresh log");
    assert_eq!(say(&log, "before").await.expect("it works"), 1);
    let mut other = Connection::open(&place.file).expect("the file");
    let held = other.transaction_with_behavior(TransactionBehavior::Immediate).expect("it is free");
    let refused = say(&log, "meanwhile").await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    assert!(log.ready().is_err());
    assert_eq!(kept(&log).await, [1], "reading goes on");
    drop(held);
    assert_eq!(say(&log, "after").await.expect("it works again"), 2);
    assert_eq!(log.ready().ok(), Some(()));
}

#[tokio::test]
async fn what_is_damaged_in_one_room_is_not_the_others_trouble() {
    let (_folder, place) = place();
    let log = SqliteLog::open_at(place.clone(), telling(|_| {}), may_do).expect("a fresh log");
    assert_eq!(say(&log, "whole").await.expect("it works"), 1);
    let mut other = Connection::open(&place.file).expect("the file");
    assert_eq!(other.execute("UPDATE rooms SET last = 2", []).expect("damaged"), 1);

    // The first one waits for the file; the others wait for the first one, and are taken together.
    let held = other.transaction_with_behavior(TransactionBehavior::Immediate).expect("it is free");
    let first = send(&log, "coffee", message("first"));
    sleep(Duration::from_millis(50)).await;
    let mut others: Vec<_> = (0..5).map(|n| send(&log, "coffee", message(&format!("{n}")))).collect();
    let met = send(&log, "tea", message("met"));
    others.extend((5..10).map(|n| send(&log, "coffee", message(&format!("{n}")))));
    drop(held);
    assert!(matches!(met.await, Err(LogError::Unavailable(_))));
    let mut seqs = Vec::new();
    for answer in std::iter::once(first).chain(others) {
        match answer.await {
            Ok(Appended::New(committed)) => seqs.push(committed.entry.seq),
            other => panic!("expected a new entry, got {other:?}"),
        }
    }
    assert_eq!(seqs, (1..=11).collect::<Vec<_>>());
    assert_eq!(log.ready().ok(), Some(()));
    let read = log.read(&tea().key(), Span::After(0), 10, 10_000).await;
    assert!(matches!(read, Err(LogError::Unavailable(_))), "nobody is shown what nobody said: {read:?}");
}

#[tokio::test]
async fn nobody_waits_for_a_writer_that_is_gone() {
    let (_folder, place) = place();
    let log = SqliteLog::open_at(place, telling(|_| panic!("as a test")), may_do).expect("a fresh log");
    assert!(matches!(say(&log, "first").await, Err(LogError::Unavailable(_))));
    assert!(matches!(say(&log, "second").await, Err(LogError::Unavailable(_))));
    assert!(log.ready().is_err());
    log.close().await;
}

#[test]
fn an_acknowledgement_waits_for_the_disk_and_what_is_erased_is_overwritten() {
    let (_folder, place) = place();
    let _lock = place::lock(&place).expect("a free folder");
    let (connection, _) = schema::prepare(&place).expect("a fresh file");
    let asked =
        |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).expect("known");
    assert_eq!(asked("synchronous"), 2, "FULL");
    assert_eq!(asked("secure_delete"), 1, "ON");
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("known");
    assert_eq!(mode, "wal");
    let erasing: i64 = connection
        .query_row("SELECT v FROM grams_config WHERE k = 'secure-delete'", [], |row| row.get(0))
        .expect("set");
    assert_eq!(erasing, 1);
}

#[tokio::test]
async fn each_edit_shortens_the_digest_of_the_one_before_and_a_deletion_that_of_the_last() {
    let (_folder, place) = place();
    let log = SqliteLog::open_at(place.clone(), telling(|_| {}), may_do).expect("a fresh log");
    assert_eq!(say(&log, "first").await.expect("it works"), 1);
    for n in 0..5 {
        let text = MessageText::parse(format!("edit {n}")).expect("a text");
        let edited = send(&log, "tea", Intent::Edit { target: 1, text }).await.expect("it works");
        assert!(matches!(edited, Appended::New(_)), "{edited:?}");
    }
    let other = Connection::open(&place.file).expect("the file");
    let digests = || -> Vec<i64> {
        let mut statement = other.prepare("SELECT length(digest) FROM entries ORDER BY n").expect("SQL");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<rusqlite::Result<_>>().expect("numbers")
    };
    assert_eq!(digests(), [3, 3, 3, 3, 3, 16]);
    let _ = send(&log, "tea", Intent::Delete { target: 1 }).await.expect("it works");
    assert_eq!(digests(), [3, 3, 3, 3, 3, 3, 16]);
    // What the index knew is taken out behind the appends' back.
    let stale =
        || other.query_row("SELECT count(*) FROM stale", [], |row| row.get::<_, i64>(0)).expect("SQL");
    let patience = Instant::now() + Duration::from_secs(20);
    while stale() > 0 {
        assert!(Instant::now() < patience, "it is still to be taken out");
        sleep(Duration::from_millis(20)).await;
    }
    log.close().await;
}
