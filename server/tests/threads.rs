//! Rooms spread over threads: nobody notices.

mod common;

use common::{
    http::TestServer,
    peer::{End, Peer},
};
use serde_json::json;
use snug_server::Config;
use snug_shared::{CloseReason, Entry};

const THREADS: usize = 4;
/// So many that each thread has some of them.
const ROOMS: usize = 24;

fn rooms() -> impl Iterator<Item = String> {
    (0..ROOMS).map(|number| format!("room-{number}"))
}

fn text(entry: &Entry) -> &str {
    entry.message().and_then(|message| message.text.as_ref()).expect("a message").as_str()
}

#[tokio::test]
async fn members_of_every_room_hear_each_other_and_what_is_posted() {
    let config = Config { rate_limit: false, ..Config::default() };
    let server = TestServer::start_over(THREADS, config).await;
    for room in rooms() {
        // Posted from outside, so that the room is opened by another thread than its own.
        let path = format!("/api/rooms/{room}/messages");
        let posted = server.post(&path, &json!({"user": "robot", "message": "Build is green"})).await;
        assert_eq!(posted.status, 201, "{posted:?}");
        let mut maya = Peer::join(server.address, &room, "maya").await;
        let mut jon = Peer::join(server.address, &room, "jon").await;
        assert_eq!(maya.replay.len(), 1);
        let said = maya.say("Tea?").await;
        assert_eq!((said.seq, jon.entry().await), (2, said.clone()));
        server.post(&path, &json!({"user": "robot", "message": "Build is red"})).await;
        for peer in [&mut maya, &mut jon] {
            assert_eq!(text(&peer.entry().await), "Build is red");
        }
    }
}

#[tokio::test]
async fn a_connection_that_asked_for_something_else_first_may_still_become_a_members() {
    let server = TestServer::start_over(THREADS, Config::default()).await;
    for room in rooms() {
        let mut raw = server.connect().await;
        raw.request("GET /healthz", &[], "").await;
        assert_eq!(raw.response().await.status, 200);
        let upgrade = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Protocol", "snug.v1"),
        ];
        raw.request(&format!("GET /ws/chat/{room}/maya"), &upgrade, "").await;
        assert!(raw.until("\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
        raw.until(r#""challenge":"#).await;
    }
}

#[tokio::test]
async fn a_stop_says_goodbye_on_every_thread() {
    let server = TestServer::start_over(THREADS, Config::default()).await;
    let mut peers = Vec::new();
    for room in rooms() {
        peers.push(Peer::join(server.address, &room, "maya").await);
    }
    let goodbyes = async {
        for mut peer in peers {
            assert_eq!(peer.end().await, End::Closed(CloseReason::Restart));
        }
    };
    tokio::join!(server.stop(), goodbyes);
}
