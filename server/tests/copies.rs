//! `backup` and `restore` as an operator uses them, and what an operator does instead.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use common::{
    peer::{Peer, fresh},
    process::{Around, Process},
};
use snug_shared::{Hello, Line};
use tempfile::TempDir;

const FAILED: Option<i32> = Some(1);
const MISUSED: Option<i32> = Some(2);

/// Runs the program for a data folder.
fn run(folder: &Path, what: &str, file: &Path) -> (Option<i32>, String) {
    let program = Command::new(env!("CARGO_BIN_EXE_snug-server"))
        .arg(what)
        .arg("--data-dir")
        .args([folder, file])
        .env_clear()
        .current_dir("/")
        .output();
    let Output { status, stdout, stderr } = program.unwrap();
    let said = String::from_utf8([stdout, stderr].concat()).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    (status.code(), said)
}

/// Says so many things, some pages long each.
async fn talk(server: &Process, who: &str, count: usize) -> Vec<Line> {
    let mut maya = Peer::join(server.address, "tea", who).await;
    let mut said = Vec::new();
    for number in 0..count {
        said.push(maya.say(&format!("{number} {}", "x".repeat(3_000))).await.into());
    }
    maya.leave().await;
    said
}

/// What somebody new is shown of the room, and its epoch.
async fn read(server: &Process) -> (Vec<Line>, String) {
    let hello = Hello { history: 500, ..fresh() };
    let peer = Peer::hello(server.address, "tea", "reader", hello).await.unwrap();
    (peer.replay, peer.established.epoch)
}

fn seqs_and_ids(lines: &[Line]) -> Vec<(u64, uuid::Uuid)> {
    lines.iter().map(|line| (line.seq(), line.entry().expect("none is damaged").id)).collect()
}

#[tokio::test]
async fn a_backup_of_a_running_server_is_restored_once_that_has_stopped() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = out.path().join("backup.db");
    let mut server = Process::start(folder.path(), &["--rate-limit", "off"]);
    let said = talk(&server, "maya", 20).await;
    let epoch = read(&server).await.1;
    let (code, sentence) = run(folder.path(), "backup", &file);
    assert_eq!(code, Some(0), "{sentence}");
    assert!(sentence.contains(&format!("20 entries of 1 room are in {}", file.display())), "{sentence}");
    talk(&server, "jon", 20).await;
    let (code, sentence) = run(folder.path(), "restore", &file);
    assert_eq!(code, FAILED);
    assert!(sentence.contains("a Snug server uses the folder"), "{sentence}");
    server.kill();
    let (code, sentence) = run(folder.path(), "restore", &file);
    assert_eq!(code, Some(0), "{sentence}");
    assert!(
        sentence.contains("20 entries of 1 room are in") && sentence.contains("snug.db.aside-"),
        "{sentence}"
    );
    let server = Process::start(folder.path(), &[]);
    let (found, now) = read(&server).await;
    assert_eq!(seqs_and_ids(&found), seqs_and_ids(&said));
    assert_ne!(now, epoch, "clients are told that history began anew");
    // Who restored the wrong one goes back.
    drop(server);
    let before = fs::read_dir(&folder).unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let before = before.into_iter().find(|path| path.to_string_lossy().contains("snug.db.aside-")).unwrap();
    assert_eq!(run(folder.path(), "restore", &before).0, Some(0));
    assert_eq!(read(&Process::start(folder.path(), &[])).await.0.len(), 40);
}

#[tokio::test]
async fn what_is_asked_wrongly_of_backup_and_restore_changes_nothing() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = out.path().join("file");
    let (code, said) = run(&folder.path().join("nothing"), "backup", &file);
    assert_eq!(code, MISUSED);
    assert!(said.contains("there is no room log"), "{said}");
    let (code, said) = run(&folder.path().join("nothing"), "restore", &file);
    assert_eq!(code, MISUSED);
    assert!(said.contains("No such file"), "{said}");
    fs::write(&file, "no database").unwrap();
    let (code, said) = run(&folder.path().join("nothing"), "restore", &file);
    assert_eq!(code, MISUSED);
    assert!(said.contains("is not a database"), "{said}");
    assert!(!folder.path().join("nothing").exists(), "nothing is made");
    drop(Process::start(folder.path(), &[]));
    let (code, said) = run(folder.path(), "backup", &file);
    assert_eq!(code, MISUSED);
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "no database");
}

#[tokio::test]
async fn a_backup_copied_over_the_log_of_a_killed_server_is_whole() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = out.path().join("log");
    let around = Around { log: Some(log.clone()), ..Around::default() };
    let mut server = Process::start_under(around.clone(), folder.path(), &["--rate-limit", "off"]);
    let said = talk(&server, "maya", 150).await;
    let file = out.path().join("backup.db");
    assert_eq!(run(folder.path(), "backup", &file).0, Some(0));
    // Far enough that the write-ahead log has begun anew, and ends somewhere else.
    talk(&server, "jon", 700).await;
    server.kill();
    let wal = folder.path().join("snug.db-wal");
    assert!(fs::metadata(&wal).unwrap().len() > 0, "something is in it");
    fs::copy(&file, folder.path().join("snug.db")).unwrap();
    let server = Process::start_under(around, folder.path(), &[]);
    assert_eq!(seqs_and_ids(&read(&server).await.0), seqs_and_ids(&said));
    let told = fs::read_to_string(log).unwrap();
    assert!(told.contains("belongs to another copy of it") && told.contains("snug.db-wal.aside-"), "{told}");
}
