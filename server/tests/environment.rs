//! What a server finds where it starts, and what it does about it: it says so in a sentence and ends, or it says so and goes on.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    time::Duration,
};

use common::{
    http::Raw,
    journal::Journal,
    peer::{Peer, fresh, message},
    process::Process,
};
use snug_shared::{ErrorCode, Hello, Line, Resume};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// Starts a server that must end by itself, before it says that it listens: its exit code and what it says.
fn refused(flags: &[&str], folder: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_snug-server"))
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder)
        .args(flags)
        .env_clear()
        .current_dir("/")
        .output()
        .unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().unwrap(), said)
}

/// A folder with a log in which some things were said, and what was said.
async fn talked(count: usize) -> (TempDir, Vec<Line>) {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path(), &["--rate-limit", "off"]);
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let mut said = Vec::new();
    for number in 0..count {
        said.push(maya.say(&format!("{number} {}", "x".repeat(200))).await.into());
    }
    drop(maya);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended(), Some(0));
    (folder, said)
}

/// What somebody new is shown of the room, and its epoch.
async fn read(folder: &Path) -> (Vec<Line>, String) {
    let server = Process::start(folder, &[]);
    let hello = Hello { history: 500, ..fresh() };
    let peer = Peer::hello(server.address, "tea", "reader", hello).await.unwrap();
    (peer.replay, peer.established.epoch)
}

fn seqs(lines: &[Line]) -> Vec<u64> {
    lines.iter().map(Line::seq).collect()
}

#[tokio::test]
async fn a_port_that_is_taken_ends_the_second_server_and_not_the_first() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Process::start(folder.path(), &[]);
    let output = Command::new(env!("CARGO_BIN_EXE_snug-server"))
        .args(["--listen", &server.address.to_string(), "--data-dir"])
        .arg(other.path())
        .current_dir(other.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(FAILED));
    assert!(said.contains("is already in use: is Snug running already? Try --listen 127.0.0.1:"), "{said}");
    let _ = Peer::join(server.address, "tea", "maya").await;
}

/// A port below 1024 in a network of its own, where the system keeps such ports for root as it does by default.
#[cfg(target_os = "linux")]
#[test]
fn a_port_that_needs_root_is_named_and_nothing_is_made() {
    let parent = TempDir::new().unwrap();
    let data = parent.path().join("data");
    let without_root = ["--net", "setpriv", "--inh-caps=-all", "--bounding-set=-net_bind_service"];
    let unprivileged = |program: &str, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(without_root).arg(program).args(arguments).current_dir(&parent);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).output()
    };
    if !unprivileged("true", &[]).is_ok_and(|output| output.status.success()) {
        println!("left out: a network in which ports need root needs root itself, unshare and setpriv");
        return;
    }
    let server = env!("CARGO_BIN_EXE_snug-server");
    let output =
        unprivileged(server, &["--listen", "0.0.0.0:80", "--data-dir", data.to_str().unwrap()]).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(MISUSED), "{said}");
    assert!(
        said.contains("this account may not listen on port 80; ports from 1024 on are free to all"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
    assert_eq!(fs::read_dir(&parent).unwrap().count(), 0, "nothing is made");
}

#[tokio::test]
async fn a_folder_that_is_taken_ends_the_second_server_before_it_says_it_listens() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(folder.path(), &[]);
    let (code, said) = refused(&[], folder.path());
    assert_eq!(code, FAILED);
    assert!(said.contains("another Snug server uses the folder"), "{said}");
    let _ = Peer::join(server.address, "tea", "maya").await;
}

#[test]
fn a_folder_that_cannot_be_made_or_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    for (place, why) in [(file.clone(), "File exists"), (file.join("below"), "Not a directory")] {
        let (code, said) = refused(&[], &place);
        assert_eq!(code, MISUSED);
        assert!(said.contains(&format!("the folder {} cannot be used: {why}", place.display())), "{said}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "not a folder");
}

#[tokio::test]
async fn a_read_only_file_system_is_named() {
    let (folder, _) = talked(1).await;
    let mount = |how: &[&str]| Command::new("mount").args(how).arg(folder.path()).status();
    let bound = mount(&["--bind", folder.path().to_str().unwrap()]).is_ok_and(|status| status.success());
    if !bound {
        println!("left out: a read-only file system needs root");
        return;
    }
    assert!(mount(&["-o", "remount,bind,ro"]).unwrap().success());
    let (code, said) = refused(&[], folder.path());
    assert!(Command::new("umount").arg("--lazy").arg(folder.path()).status().unwrap().success());
    assert_eq!(code, FAILED);
    assert!(said.contains("cannot be used: Read-only file system"), "{said}");
}

#[test]
fn what_is_in_the_place_of_the_log_and_is_none_is_named_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("snug.db");
    for (bytes, what) in [(vec![b'x'; 5_000], "garbage"), (b"SQLite format 3".to_vec(), "a beginning")] {
        fs::write(&file, &bytes).unwrap();
        let (code, said) = refused(&[], folder.path());
        assert_eq!(code, FAILED, "{what}");
        assert!(said.contains(&format!("{} is not a database", file.display())), "{what}: {said}");
        assert!(fs::read(&file).unwrap() == bytes, "{what}");
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let (code, said) = refused(&[], folder.path());
    assert_eq!(code, FAILED);
    assert!(said.contains(&format!("{} is not a database", file.display())), "a folder: {said}");
    fs::remove_dir(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE recipes(name TEXT)").unwrap();
    drop(other);
    let before = fs::read(&file).unwrap();
    let (code, said) = refused(&[], folder.path());
    assert_eq!(code, FAILED);
    assert!(said.contains("is a database of another program; it was left as it is"), "{said}");
    assert!(fs::read(&file).unwrap() == before);
}

#[tokio::test]
async fn a_log_of_a_newer_version_is_named_and_left_as_it_is() {
    let (folder, _) = talked(1).await;
    let file = folder.path().join("snug.db");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let before = fs::read(&file).unwrap();
    let (code, said) = refused(&[], folder.path());
    assert_eq!(code, FAILED);
    assert!(said.contains("was written by a newer version of Snug (format 7, this one knows 3)"), "{said}");
    assert!(fs::read(&file).unwrap() == before);
}

#[tokio::test]
async fn an_empty_file_is_a_log_in_which_nothing_was_said() {
    let folder = TempDir::new().unwrap();
    drop(File::create(folder.path().join("snug.db")).unwrap());
    assert_eq!(read(folder.path()).await.0, []);
}

#[tokio::test]
async fn a_file_that_lost_its_end_is_read_up_to_there() {
    let (folder, said) = talked(200).await;
    let file = folder.path().join("snug.db");
    let length = fs::metadata(&file).unwrap().len();
    let mut whole = Vec::new();
    for kept in [length - 1, length * 3 / 4, length / 2] {
        File::options().write(true).open(&file).unwrap().set_len(kept).unwrap();
        let (lines, _) = read(folder.path()).await;
        assert_eq!(seqs(&lines), seqs(&said), "each has its place");
        whole.push(lines.iter().filter(|line| line.entry().is_some()).count());
        for (line, said) in lines.iter().zip(&said).filter(|(line, _)| line.entry().is_some()) {
            assert_eq!(line.entry().unwrap().id, said.entry().unwrap().id);
        }
    }
    assert!(whole.is_sorted_by(|more, less| more >= less) && whole[2] > 0 && whole[2] < 200, "{whole:?}");
}

#[tokio::test]
async fn a_write_ahead_log_that_is_gone_or_no_such_thing_takes_what_was_in_it_along_and_says_so() {
    for garbage in [None, Some(vec![b'x'; 100_000])] {
        let (folder, _) = talked(3).await;
        let (_, before) = read(folder.path()).await;
        let mut server = Process::start(folder.path(), &[]);
        let mut maya = Peer::join(server.address, "tea", "another").await;
        let lost = maya.say("in the write-ahead log alone").await;
        let noted = Instant::now();
        while fs::read_to_string(folder.path().join("snug.count")).unwrap().trim() != "4" {
            assert!(noted.elapsed() < Duration::from_secs(20), "the number is noted");
            sleep(Duration::from_millis(20)).await;
        }
        server.kill();
        let wal = folder.path().join("snug.db-wal");
        match &garbage {
            // It may have been moved into the file by now; then nothing is lost.
            None => fs::remove_file(&wal).unwrap(),
            Some(bytes) => fs::write(&wal, bytes).unwrap(),
        }
        let server = Process::start(folder.path(), &[]);
        let resume = Some(Resume { epoch: before.clone(), after: lost.seq, id: Some(lost.id) });
        let back = Peer::hello(server.address, "tea", "back", Hello { resume, ..fresh() }).await.unwrap();
        let has_it = back.replay.iter().any(|line| line.seq() == lost.seq) || back.established.resumed;
        assert_eq!(has_it, back.established.epoch == before, "what is lost is another epoch: {back:?}");
        assert_eq!(back.established.last, if has_it { 4 } else { 3 });
    }
}

#[test]
fn settings_that_cannot_be_read_are_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("snug.toml");
    let flags = ["--config", file.to_str().unwrap()];
    let said = || {
        let (code, said) = refused(&flags, &folder.path().join("data"));
        assert_eq!(code, MISUSED, "{said}");
        assert!(said.contains(&file.display().to_string()), "{said}");
        assert!(!folder.path().join("data").exists(), "nothing is made");
        said
    };
    assert!(said().contains("No such file"));
    fs::create_dir(&file).unwrap();
    assert!(said().contains("Is a directory"));
    fs::remove_dir(&file).unwrap();
    fs::write(&file, b"name = \"caf\xe9\"").unwrap();
    assert!(said().contains("UTF-8"));
    fs::write(&file, vec![b'#'; 2 << 20]).unwrap();
    assert!(said().contains("too large for settings"));
    fs::write(&file, "[tls]\n[tls]").unwrap();
    assert!(said().contains("snug.toml:"));
}

#[tokio::test]
async fn a_data_folder_that_is_removed_under_a_running_server_is_noticed_before_anything_is_acknowledged() {
    let parent = TempDir::new().unwrap();
    let (folder, away) = (parent.path().join("data"), parent.path().join("away"));
    fs::create_dir(&folder).unwrap();
    let server = Process::start(&folder, &["--rate-limit", "off"]);
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let kept = maya.say("kept").await;
    fs::rename(&folder, &away).unwrap();
    let ready = || async {
        let mut raw = Raw::connect(server.address).await;
        raw.request("GET /readyz", &[], "").await;
        raw.response().await.status
    };
    assert_eq!(ready().await, 503);
    let id = maya.intend(message("lost")).await;
    let refused = maya.error().await;
    assert_eq!((refused.code, refused.id), (ErrorCode::Unavailable, Some(id)));
    fs::rename(&away, &folder).unwrap();
    // The app sends it again, as this does.
    let mut journal = Journal::new("maya");
    assert!(
        maya.insist(&mut journal, "kept as well").await.iter().all(|code| *code == ErrorCode::Unavailable)
    );
    assert_eq!(ready().await, 200);
    drop(server);
    let found = read(&folder).await.0;
    assert_eq!(found[0].entry().map(|entry| entry.id), Some(kept.id));
    assert!(found.len() >= 2, "{found:?}");
}
