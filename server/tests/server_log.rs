//! The server's own log: what must not be in it, and what becomes of the server when nobody takes it.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use common::{
    http::Raw,
    peer::{Peer, fresh, message},
    process::{Around, Process},
};
use serde_json::json;
use snug_shared::{ClientFrame, Hello, Intent, Topic};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A pipe with a name, and our end of it.
fn pipe(folder: &Path) -> (PathBuf, File) {
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let end = File::options().read(true).write(true).open(&pipe).unwrap();
    (pipe, end)
}

/// Makes the server log far more than a pipe holds, and then talks as if nothing was.
async fn chatter(server: &Process) {
    for _ in 0..1_500 {
        drop(TcpStream::connect(server.address).await.unwrap());
    }
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    for number in 0..20 {
        let _ = maya.say(&format!("number {number}")).await;
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let (log, _unread) = pipe(folder.path());
    let around = Around { log: Some(log), ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--log", "debug"]);
    chatter(&server).await;
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended(), Some(0));
}

#[tokio::test]
async fn a_log_whose_reader_has_ended_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let (log, reader) = pipe(folder.path());
    let around = Around { log: Some(log), ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--log", "debug"]);
    drop(reader);
    chatter(&server).await;
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended(), Some(0));
}

#[tokio::test]
async fn a_server_without_any_stderr_serves() {
    let folder = TempDir::new().unwrap();
    let command = ["sh", "-c", "exec \"$@\" 2>&-", "sh"].map(str::to_owned).into();
    let around = Around { command, ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--log", "debug"]);
    chatter(&server).await;
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended(), Some(0));
    let refused = Command::new("sh")
        .args(["-c", "exec \"$@\" 2>&- >&-", "sh", env!("CARGO_BIN_EXE_snug-server"), "--log", "verbose"])
        .status();
    assert_eq!(refused.unwrap().code(), Some(2), "a refusal that nobody can be told");
}

#[tokio::test]
async fn a_log_of_everything_holds_no_seats_passwords_or_texts() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let around = Around { log: Some(log.clone()), ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--log", "trace"]);
    let mut hello = Hello { seat: Some("seat-of-somebody-elsewhere".to_owned()), ..fresh() };
    hello.credentials.password = Some("pass-word-said".to_owned());
    let mut maya = Peer::hello(server.address, "tea", "maya", hello).await.unwrap();
    let seat = maya.established.seat.clone();
    let _ = maya.say("text-that-was-said").await;
    maya.send(ClientFrame::Send {
        id: uuid::Uuid::now_v7(),
        intent: Intent::Topic { topic: Topic::parse("topic-that-was-set").unwrap() },
    })
    .await;
    let _ = maya.intend(message("text-that-was-said-later")).await;
    let body = json!({"user": "zoe", "message": "text-that-was-posted"}).to_string();
    let bearer = format!("Bearer {seat}");
    let headers = [("Content-Type", "application/json"), ("Authorization", &*bearer)];
    for line in ["POST /api/rooms/tea/messages", "POST /api/rooms/tea/messages?q=text-that-was-asked-for"] {
        let mut raw = Raw::connect(server.address).await;
        raw.request(line, &headers, &body).await;
        let _ = raw.response().await;
    }
    let back = Hello { seat: Some(seat.clone()), ..fresh() };
    drop(Peer::hello(server.address, "tea", "maya", back).await.unwrap());
    drop(maya);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("connection begins"), "{log}");
    for secret in ["seat-of", "pass-word", "text-that", "topic-that", &seat] {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(lines.is_empty(), "{secret}: {lines:?}");
    }
}
