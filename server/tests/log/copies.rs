//! Copies of a log, and files that are not where they were.

use std::{fs, time::Duration};

use snug_server::log::{
    Log, LogError, Span,
    sqlite::{
        SqliteLog,
        backup::{Contents, CopyError, backup, restore},
    },
};
use snug_shared::Line;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::bench::{ALL, Bench, message, new, react, room};

#[tokio::test]
async fn a_backup_is_the_log_of_one_moment_while_the_server_writes_on() {
    let bench = Bench::on_disk();
    for number in 0..50 {
        bench.say("ada", &format!("{number} {}", "x".repeat(3_000))).await;
    }
    new(bench.send("bob", react(1, "👍", true)).await);
    let before = bench.all().await;
    let out = TempDir::new().expect("a folder");
    let file = out.path().join("backup.db");
    let contents = backup(bench.path(), &file, |_| {}).expect("copied");
    assert_eq!(contents, Contents { rooms: 1, entries: 51 });
    bench.say("ada", "later").await;

    let data = TempDir::new().expect("a folder");
    restore(&data.path().join("new"), &file, |_| {}).expect("restored");
    let log = SqliteLog::open(&data.path().join("new"), Box::new(|_| {})).expect("it opens");
    let slice = log.read(&room("tea").key(), Span::After(0), ALL, usize::MAX).await.expect("it works");
    let read: Vec<_> = slice.expect("a room").entries.into_iter().filter_map(Line::into_entry).collect();
    assert_eq!(read, before);
    log.close().await;
    assert_eq!(fs::read_dir(out.path()).expect("a folder").count(), 1, "nothing lies beside the copy");
}

#[tokio::test]
async fn a_restored_log_takes_the_place_of_the_one_before_which_is_kept() {
    let bench = Bench::on_disk();
    bench.say("ada", "first").await;
    let out = TempDir::new().expect("a folder");
    let file = out.path().join("backup.db");
    backup(bench.path(), &file, |_| {}).expect("copied");
    bench.say("ada", "second").await;
    let error = restore(bench.path(), &file, |_| {}).expect_err("it is in use");
    assert!(matches!(&error, CopyError::InUse(folder) if folder == bench.path()), "{error}");
    assert_eq!(bench.all().await.len(), 2);

    bench.log.close().await;
    let (contents, before) = restore(bench.path(), &file, |_| {}).expect("restored");
    assert_eq!(contents.entries, 1);
    let before = rusqlite::Connection::open(before.expect("it was kept")).expect("a database");
    let kept: i64 = before.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).expect("a count");
    assert_eq!(kept, 2);
    let bench = bench.restart().await;
    assert_eq!(bench.all().await.len(), 1);
}

#[tokio::test]
async fn what_is_no_log_is_not_restored_and_nothing_is_overwritten_by_a_backup() {
    let bench = Bench::on_disk();
    bench.say("ada", "first").await;
    bench.log.close().await;
    let out = TempDir::new().expect("a folder");
    let file = out.path().join("file");
    fs::write(&file, "my diary, which is no database at all ".repeat(100)).expect("written");
    let error = backup(bench.path(), &file, |_| {}).expect_err("it is there already");
    assert!(matches!(error, CopyError::Exists(_)), "{error}");
    let error = restore(bench.path(), &file, |_| {}).expect_err("no database");
    assert!(error.to_string().contains("is not a database"), "{error}");
    let nothing = out.path().join("nothing");
    let error = backup(&nothing, &out.path().join("backup.db"), |_| {}).expect_err("no log");
    assert!(matches!(error, CopyError::Nothing(_)), "{error}");
    assert!(!nothing.exists(), "nothing is made");
    assert_eq!(bench.restart().await.all().await.len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn what_goes_into_files_that_are_gone_is_not_acknowledged() {
    let bench = Bench::on_disk();
    let away = TempDir::new().expect("a folder");
    bench.say("ada", "kept").await;
    for file in ["snug.db", "snug.db-wal"] {
        let (here, there) = (bench.path().join(file), away.path().join(file));
        fs::rename(&here, &there).expect("moved");
        let error = bench.log.ready().expect_err("noticed without a send");
        assert!(error.to_string().contains("was moved or removed"), "{file}: {error}");
        let refused = bench.log.append(bench.to_append("tea", "ada", Uuid::now_v7(), message("lost"))).await;
        assert!(matches!(&refused, Err(LogError::Unavailable(why)) if why.contains(file)), "{refused:?}");
        fs::copy(&there, &here).expect("another file in its place");
        let refused = bench.log.append(bench.to_append("tea", "ada", Uuid::now_v7(), message("lost"))).await;
        assert!(
            matches!(&refused, Err(LogError::Unavailable(why)) if why.contains("replaced")),
            "{refused:?}"
        );
        fs::rename(&there, &here).expect("moved back");
        let patience = Instant::now() + Duration::from_secs(20);
        while let Err(error) = bench.log.ready() {
            assert!(Instant::now() < patience, "{error}");
            sleep(Duration::from_millis(20)).await;
        }
    }
    bench.say("ada", "kept as well").await;
    let all = bench.all().await;
    let bench = bench.restart().await;
    assert_eq!(bench.all().await, all);
}

#[cfg(unix)]
#[tokio::test]
async fn a_data_folder_is_its_accounts_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("deep/data");
    SqliteLog::open(&data, Box::new(|_| {})).expect("it opens").close().await;
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&folder.path().join("deep"))), (0o700, 0o700));
    for file in ["snug.db", "snug.lock"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_that_somebody_planted_in_a_data_folder_are_not_followed() {
    use std::os::unix::fs::symlink;
    let bench = Bench::on_disk();
    bench.say("ada", "first").await;
    bench.log.close().await;
    let out = TempDir::new().expect("a folder");
    let victim = out.path().join("victim");
    fs::write(&victim, "precious").expect("written");
    for planted in ["snug.count", "snug.count.new", "snug.room", "snug.db.new"] {
        let planted = bench.path().join(planted);
        let _ = fs::remove_file(&planted);
        symlink(&victim, planted).expect("planted");
    }
    let bench = bench.restart().await;
    bench.say("ada", "second").await;
    bench.log.close().await;
    assert_eq!(fs::read_to_string(&victim).expect("readable"), "precious");
    assert_eq!(fs::read_to_string(bench.path().join("snug.count")).expect("readable").trim(), "2");

    fs::remove_file(bench.path().join("snug.lock")).expect("removed");
    symlink(out.path().join("made"), bench.path().join("snug.lock")).expect("planted");
    assert!(SqliteLog::open(bench.path(), Box::new(|_| {})).is_err(), "a lock that is a link is refused");
    assert!(!out.path().join("made").exists());
}
