//! The same from clients that never heard of Snug: they are told in their own words, and others hear nothing of it.

use serde_json::json;
use snug_shared::CloseReason;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::plain::Plain,
    room::{ID, Room},
};

#[tokio::test]
async fn what_a_plain_client_says_wrongly_is_said_in_its_own_words() {
    let room = Room::open().await;
    let (upper, deep) = (ID.to_string().to_uppercase(), "[".repeat(60_000));
    let deep_field = format!(r#"{{"message":"x","more":{deep}"#);
    let long = json!({ "message": "é".repeat(8 * 1024) + "x" }).to_string();
    for path in ["/ws/chat/tea/plain", "/ws/socket-server/"] {
        let mut plain = Plain::open(room.server.address, path).await;
        if path.contains("socket") {
            assert_eq!(plain.next().await["type"], "connection_established");
        }
        for (what, frame, code) in [
            ("half an object", "{", "bad_request"),
            ("a list in the place of an object", r#"["chat_message","x",null,null]"#, "bad_request"),
            ("60,000 brackets", &*deep, "bad_request"),
            ("60,000 brackets in a field", &*deep_field, "bad_request"),
            ("no message", r#"{"user":"plain"}"#, "bad_request"),
            ("null", r#"{"message":null}"#, "bad_request"),
            ("a number", r#"{"message":7}"#, "bad_request"),
            ("a message twice", r#"{"message":"x","message":"y"}"#, "bad_request"),
            ("a lone surrogate", r#"{"message":"\ud800"}"#, "bad_request"),
            ("an escape", r#"{"message":"\u001b[2J"}"#, "bad_request"),
            ("a type that is a number", r#"{"message":"x","type":7}"#, "bad_request"),
            ("a user that is a number", r#"{"message":"x","user":7}"#, "bad_request"),
            ("an id that is a number", r#"{"message":"x","id":7}"#, "bad_request"),
            ("an id in capitals", &json!({ "message": "x", "id": upper }).to_string(), "bad_request"),
            ("another type", r#"{"message":"x","type":"edit"}"#, "unknown_type"),
            ("a hello", r#"{"type":"hello","version":1}"#, "unknown_type"),
            ("nothing", r#"{"message":""}"#, "empty"),
            ("zero width", r#"{"message":"\u200b\u2060"}"#, "empty"),
            ("16 KiB and a byte", &long, "too_long"),
        ] {
            plain.raw(Message::text(frame)).await;
            assert_eq!(plain.error().await, code, "{path}: {what}");
            // Three strikes in a row would be the end; sense between them forgives.
            plain.raw(Message::text(r#"{"message":" "}"#)).await;
            assert_eq!(plain.error().await, "empty", "{path}: {what}");
        }
    }
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn a_first_frame_under_a_name_nobody_may_carry_is_the_end_and_is_not_said() {
    let room = Room::open().await;
    for user in ["", " ", "snug", "ѕуѕtеm", "a/b", "..", "a\u{202e}b", "a\0b", &"x".repeat(33)] {
        let mut plain = Plain::open(room.server.address, "/ws/chat/tea/").await;
        plain.send(json!({ "message": "hello", "user": user })).await;
        assert_eq!(plain.error().await, "bad_name", "{user:?}");
        assert_eq!(plain.end().await, CloseReason::BadName, "{user:?}");
    }
    room.ben_noticed_nothing(0).await;
}
