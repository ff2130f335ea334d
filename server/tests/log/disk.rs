//! The log on disk alone: it survives restarts, refuses files that are not its own, and erases.

use std::{fs, path::Path, time::Duration};

use snug_server::log::{
    Log, Span,
    sqlite::{OpenError, SqliteLog},
};
use snug_shared::Seq;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::bench::{Bench, Page, actor, delete, edit, message, new, react, repeated, room};
use uuid::Uuid;

fn open(folder: &Path) -> Result<SqliteLog, OpenError> {
    SqliteLog::open(folder, Box::new(|_| {}))
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let bench = Bench::on_disk();
    let id = Uuid::now_v7();
    new(bench.send_as(id, "ada", message("東京タワー")).await);
    new(bench.send("bob", react(1, "👍", true)).await);
    new(bench.send("ada", edit(1, "京都タワー")).await);
    bench.log.keep_read_position(&room("tea").key(), &actor("bob").author, 2);
    let (secret, before) = (bench.log.secret(), bench.read(Span::After(0), 100).await);

    let bench = bench.restart().await;
    let after = bench.read(Span::After(0), 100).await;
    assert_eq!((after.room, after.entries), (before.room, before.entries));
    assert_eq!(bench.log.secret(), secret);
    assert_eq!(repeated(bench.send_as(id, "ada", message("東京タワー")).await).seq, 1);
    assert_eq!(bench.say("ada", "the next one").await, 4);
    let mark = bench.log.read_position(&room("tea").key(), &actor("bob").author).await;
    assert_eq!(mark.expect("it works"), Some(2));
    assert_eq!(bench.find("都タワ").await, [1]);
    assert_eq!(bench.find("next").await, [4]);
}

#[tokio::test]
async fn a_secret_is_not_the_secret_of_another_log() {
    assert_ne!(Bench::on_disk().log.secret(), Bench::on_disk().log.secret());
}

#[tokio::test]
async fn search_does_not_depend_on_how_far_the_index_is() {
    let bench = Bench::on_disk();
    let mut sends = Vec::new();
    for n in 0..3_000 {
        sends.push(bench.send("ada", message(&format!("needle number {n} in the haystack"))));
    }
    for send in sends {
        new(send.await);
    }
    // Asked while the index follows: it must be the same at every moment.
    for _ in 0..12 {
        assert_eq!(bench.find("needle haystack").await.len(), 3_000);
        assert_eq!(bench.find("number 2718").await, [2_719]);
        sleep(Duration::from_millis(100)).await;
    }
    new(bench.send("ada", edit(2_719, "nothing to see")).await);
    assert_eq!(bench.find("number 2718").await, [] as [Seq; 0]);
    assert_eq!(bench.find("nothing to see").await, [2_719]);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_crash_and_what_was_deleted_goes() {
    let bench = Bench::on_disk();
    // A reader that stays where it is keeps the write-ahead log from being emptied meanwhile.
    let mut other = rusqlite::Connection::open(bench.path().join("snug.db")).expect("the file");
    let held = other.transaction().expect("a snapshot");
    held.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0)).expect("none");
    bench.say("ada", "this one stays").await;
    bench.say("ada", "Quokka").await;
    new(bench.send("ada", delete(2)).await);
    // The files of this moment, as a process that is killed leaves them.
    let after = TempDir::new().expect("a folder");
    for file in ["snug.db", "snug.db-wal"] {
        fs::copy(bench.path().join(file), after.path().join(file)).expect("copied");
    }
    assert!(!traces(after.path(), "Quokka").is_empty(), "it is in the write-ahead log still");
    let log = open(after.path()).expect("the file is whole");
    let slice =
        log.read(&room("tea").key(), Span::After(0), 10, 1_000).await.expect("it works").expect("a room");
    assert_eq!(Page::from(slice).entries, bench.all().await);
    let patience = Instant::now() + Duration::from_secs(20);
    while let Some(file) = traces(after.path(), "Quokka").pop() {
        assert!(Instant::now() < patience, "Quokka is still in {file}");
        sleep(Duration::from_millis(50)).await;
    }
    log.close().await;
}

#[tokio::test]
async fn a_damaged_file_is_left_alone() {
    let bench = Bench::on_disk();
    bench.say("ada", "hello").await;
    bench.log.close().await;
    let file = bench.path().join("snug.db");
    let whole = fs::read(&file).expect("readable");
    // Only the first page left, and all but the first page overwritten.
    let cut = whole[..4_096].to_vec();
    let overwritten = [&whole[..4_096], &vec![0x5a; whole.len() - 4_096]].concat();
    for damaged in [cut, overwritten] {
        fs::write(&file, &damaged).expect("written");
        let error = open(bench.path()).expect_err("damaged");
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
        assert!(fs::read(&file).expect("readable") == damaged);
    }
}

#[tokio::test]
async fn a_folder_belongs_to_one_log_at_a_time() {
    let bench = Bench::on_disk();
    let error = open(bench.path()).expect_err("it is taken");
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains(&bench.path().display().to_string()), "{error}");
    bench.log.close().await;
    open(bench.path()).expect("it is free");
}

#[tokio::test]
async fn a_newer_file_is_left_alone() {
    let bench = Bench::on_disk();
    bench.say("ada", "hello").await;
    bench.log.close().await;
    let file = bench.path().join("snug.db");
    let newer = rusqlite::Connection::open(&file).expect("the file");
    newer.pragma_update(None, "user_version", 1_000).expect("a newer version");
    newer.close().expect("closed");
    let before = fs::read(&file).expect("readable");
    let error = open(bench.path()).expect_err("it is newer");
    assert!(matches!(error, OpenError::Newer { found: 1_000, .. }), "{error}");
    assert_eq!(fs::read(&file).expect("readable"), before);
}

#[tokio::test]
async fn what_is_not_a_log_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("snug.db");
    for (bytes, name) in [(&b"short"[..], "too short"), (&[b'x'; 5_000], "no database")] {
        fs::write(&file, bytes).expect("written");
        let error = open(folder.path()).expect_err("not a database");
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{name}: {error}");
        assert_eq!(fs::read(&file).expect("readable"), bytes);
    }
    fs::remove_file(&file).expect("removed");
    let other = rusqlite::Connection::open(&file).expect("a database");
    other.execute_batch("CREATE TABLE recipes(name TEXT)").expect("a table");
    other.close().expect("closed");
    let before = fs::read(&file).expect("readable");
    let error = open(folder.path()).expect_err("another program's");
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error}");
    assert_eq!(fs::read(&file).expect("readable"), before);
    fs::remove_file(&file).expect("removed");
    open(folder.path()).expect("a refusal lets go of the folder");
}

#[tokio::test]
async fn a_creation_cut_short_is_begun_anew() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("snug.db.new"), b"half of").expect("written");
    let log = open(folder.path()).expect("a fresh log");
    log.close().await;
    assert!(!folder.path().join("snug.db.new").exists());
}

#[tokio::test]
async fn what_was_deleted_or_overwritten_is_in_no_file() {
    let bench = Bench::on_disk();
    // Long enough for pages of their own, and short ones beside others.
    for round in 0..20 {
        bench.say("ada", &format!("overwritten{round} {}", "Quokka ".repeat(300))).await;
        bench.say("ada", &format!("erased{round} Quokka")).await;
        bench.say("ada", "this one stays").await;
    }
    // Both before and after the index knows them.
    let indexed = Instant::now() + Duration::from_millis(1_500);
    for n in 0..20 {
        if n == 10 {
            tokio::time::sleep_until(indexed).await;
            assert!(!traces(bench.path(), "Quokka").is_empty(), "they were there");
        }
        new(bench.send("ada", edit(n * 3 + 1, "something else")).await);
        new(bench.send("ada", delete(n * 3 + 2)).await);
    }
    let patience = Instant::now() + Duration::from_secs(20);
    for secret in ["Quokka", "overwritten", "erased", "quokka"] {
        while let Some(file) = traces(bench.path(), secret).pop() {
            assert!(Instant::now() < patience, "{secret} is still in {file}");
            sleep(Duration::from_millis(100)).await;
        }
    }
    assert!(!traces(bench.path(), "this one stays").is_empty());
    bench.log.close().await;
    let file = rusqlite::Connection::open(bench.path().join("snug.db")).expect("the file");
    file.execute_batch("INSERT INTO grams(grams) VALUES ('integrity-check')").expect("the index is whole");
    let whole: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checked");
    assert_eq!(whole, "ok");
}

#[tokio::test]
async fn an_index_of_texts_folded_another_way_is_made_anew() {
    let bench = Bench::on_disk();
    bench.say("ada", "a needle").await;
    bench.say("ada", "more hay").await;
    bench.log.close().await;
    let file = rusqlite::Connection::open(bench.path().join("snug.db")).expect("the file");
    let changed = file.execute("UPDATE meta SET value = 'as long ago' WHERE name = 'folding'", []);
    assert_eq!(changed.expect("written"), 1);
    // As if that way had made something else of the texts.
    file.execute_batch("INSERT INTO grams(grams) VALUES ('delete-all')").expect("emptied");
    drop(file);
    let bench = bench.restart().await;
    assert_eq!(bench.find("needle").await, [1]);
    let bench = bench.restart().await;
    assert_eq!(bench.find("needle").await, [1]);
    new(bench.send("ada", delete(1)).await);
    assert_eq!(bench.find("needle").await, [] as [Seq; 0]);
    assert_eq!(bench.find("hay").await, [2]);
}

/// The files in which these bytes are.
fn traces(folder: &Path, what: &str) -> Vec<String> {
    fs::read_dir(folder)
        .expect("readable")
        .map(|file| file.expect("readable").path())
        .filter(|file| {
            let bytes = fs::read(file).expect("readable");
            bytes.windows(what.len()).any(|window| window == what.as_bytes())
        })
        .map(|file| file.display().to_string())
        .collect()
}
