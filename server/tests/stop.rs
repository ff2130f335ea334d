//! How the program ends when it is asked to.

#![cfg(unix)]

mod common;

use common::{
    peer::{End, Peer},
    process::{Around, Process},
};
use futures_util::StreamExt;
use rustix::process::Signal;
use serde_json::{Value, json};
use snug_shared::{CloseReason, Line, SUBPROTOCOL};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::TcpStream, time::sleep};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

const GRACEFUL: Option<i32> = Some(0);
const AT_ONCE: Option<i32> = Some(130);

#[tokio::test]
async fn a_server_asked_to_end_says_goodbye_and_keeps_what_was_said() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = TempDir::new().unwrap();
        let mut server = Process::start(folder.path(), &[]);
        let mut maya = Peer::join(server.address, "tea", "maya").await;
        let mut jon = Peer::join(server.address, "tea", "jon").await;
        let said = maya.say("Good night").await;
        assert_eq!(jon.entry().await, said);
        server.signal(signal);
        assert_eq!(maya.end().await, End::Closed(CloseReason::Restart));
        assert_eq!(jon.end().await, End::Closed(CloseReason::Restart));
        drop((maya, jon));
        assert_eq!(server.ended(), GRACEFUL);
        server.restart();
        let later = Peer::join(server.address, "tea", "zoe").await;
        assert_eq!(later.replay.iter().map(Line::seq).collect::<Vec<_>>(), [said.seq]);
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_server_at_once() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path(), &[]);
    // One who never answers the goodbye keeps the server waiting for a while.
    let mut silent = Peer::join(server.address, "tea", "maya").await;
    server.signal(Signal::TERM);
    while TcpStream::connect(server.address).await.is_ok() {
        sleep(std::time::Duration::from_millis(5)).await;
    }
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), AT_ONCE);
    let mut rest = Vec::new();
    let _ = silent.socket().get_mut().read_to_end(&mut rest).await;
}

#[test]
fn log_lines_are_objects_where_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let around = Around { log: Some(folder.path().join("log")), ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--log-format", "json"]);
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), GRACEFUL);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ending = lines.iter().find(|line| line["message"] == "ending; a second signal ends at once");
    let ending = ending.unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&ending["level"], &ending["target"]), (&json!("INFO"), &json!("snug_server")));
    assert!(ending["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{ending}");
}

#[tokio::test]
async fn who_has_not_said_hello_is_told_to_come_back_as_all_others_are() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path(), &[]);
    let mut request = format!("ws://{}/ws/chat/tea/maya", server.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut silent, _) = client_async(request, stream).await.unwrap();
    assert!(matches!(silent.next().await, Some(Ok(Message::Text(_)))), "the challenge");
    server.signal(Signal::TERM);
    let Some(Ok(Message::Close(Some(close)))) = silent.next().await else { panic!("closed with a reason") };
    assert_eq!(CloseReason::from_code(close.code.into()), CloseReason::Restart);
    drop(silent);
    assert_eq!(server.ended(), GRACEFUL);
}

#[tokio::test]
async fn a_terminal_that_is_closed_does_not_end_the_server() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path(), &[]);
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    for _ in 0..3 {
        server.signal(Signal::HUP);
        let _ = maya.say("Still here?").await;
    }
    server.signal(Signal::TERM);
    assert_eq!(maya.end().await, End::Closed(CloseReason::Restart));
    drop(maya);
    assert_eq!(server.ended(), GRACEFUL);
}
