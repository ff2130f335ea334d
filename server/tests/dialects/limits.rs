//! What clients of the plain and the lobby dialect are refused, and how their connections end.

use serde_json::json;
use snug_server::Config;
use snug_shared::{CloseReason, Durability};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::{
        http::TestServer,
        peer::{self, Peer},
        plain::Plain,
    },
    fills, server,
};

#[tokio::test]
async fn what_is_refused_is_said_and_the_connection_lives_on() {
    let server = server().await;
    for path in ["/ws/chat/tea/maya", "/ws/socker-server/"] {
        let mut maya = Plain::open(server.address, path).await;
        if path.contains("socker") {
            let _ = maya.next().await;
        }
        let long = json!({"message": "x".repeat(4_001)}).to_string();
        for (frame, code) in [
            (Message::text("hello"), "bad_request"),
            (Message::binary(vec![1, 2, 3]), "bad_request"),
            (Message::text(json!({"message": " "}).to_string()), "empty"),
            (Message::text("{}"), "bad_request"),
            (Message::text(json!({"message": 7}).to_string()), "bad_request"),
            (Message::text(long), "too_long"),
            (Message::text(json!({"type": "typing", "message": "x"}).to_string()), "unknown_type"),
        ] {
            maya.raw(frame).await;
            assert_eq!(maya.error().await, code);
        }
        maya.say("still here").await;
        assert_eq!(maya.next().await["message"], "still here");
        for _ in 0..3 {
            maya.say("").await;
            assert_eq!(maya.error().await, "empty", "a mistake, but no nonsense");
        }
        for _ in 0..3 {
            maya.raw(Message::text("nonsense")).await;
            assert_eq!(maya.error().await, "bad_request");
        }
        assert_eq!(maya.end().await, CloseReason::Flood);
    }
}

#[tokio::test]
async fn sizes_and_haste_are_held_against_everybody() {
    let server = TestServer::start(Config::default()).await;
    let mut hasty = Plain::open(server.address, "/ws/chat/tea/hasty").await;
    let count = 40;
    for number in 0..count {
        hasty.say(&number.to_string()).await;
    }
    let (mut said, mut refused) = (0, 0);
    for _ in 0..count {
        match hasty.next().await["code"].as_str() {
            None => said += 1,
            Some("rate_limited") => refused += 1,
            Some(other) => panic!("{other}"),
        }
    }
    assert!(said >= 20 && refused > 0, "{said} said, {refused} refused");
    let mut big = Plain::open(server.address, "/ws/chat/tea/big").await;
    big.raw(Message::text(json!({"message": "x".repeat(64 * 1024)}).to_string())).await;
    assert_eq!(big.end().await, CloseReason::TooBig);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_plain_reader_is_closed_and_the_others_get_everything() {
    let config = Config { rate_limit: false, durability: Durability::None, ..Config::default() };
    let server = TestServer::start(config).await;
    let mut slow = Plain::open(server.address, "/ws/chat/tea/slow").await;
    let mut quick = Plain::open(server.address, "/ws/chat/tea/quick").await;
    fills(&server, "tea", 2).await;
    quick.say("here").await;
    let _ = quick.next().await;
    slow.say("here").await;
    let _ = quick.next().await;
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let count = 6_000;
    let text = "x".repeat(3_000);
    for seq in 3..count + 3 {
        let _ = maya.intend(peer::message(&text)).await;
        // In step with who reads, and far ahead of who does not.
        if (seq - 2) % 20 == 0 {
            for seq in seq - 19..=seq {
                assert_eq!(quick.next().await["seq"], seq);
                assert_eq!(maya.entry().await.seq, seq);
            }
        }
    }
    let mut last = None;
    let end = loop {
        match slow.try_next().await {
            Ok(frame) => {
                let seq = frame["seq"].as_u64().unwrap();
                assert!(last.is_none_or(|last| seq == last + 1), "{seq} after {last:?}");
                last = Some(seq);
            }
            Err(end) => break end,
        }
    };
    assert_eq!(end, CloseReason::TooSlow);
    assert!(last < Some(count + 2), "it missed something");
}

#[tokio::test]
async fn a_stop_is_told_in_every_dialect() {
    let server = server().await;
    let mut plain = Plain::open(server.address, "/ws/chat/tea/maya").await;
    plain.say("here").await;
    let _ = plain.next().await;
    let mut lobby = Plain::open(server.address, "/ws/socket-server/").await;
    let _ = lobby.next().await;
    let (_, one, other) = tokio::join!(server.stop(), plain.end(), lobby.end());
    assert_eq!((one, other), (CloseReason::Restart, CloseReason::Restart));
}
