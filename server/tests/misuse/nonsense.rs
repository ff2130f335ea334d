//! What is no frame, frames of no known type, and frames with something wrong or missing.

use serde_json::{Value, json};
use snug_shared::{CloseReason, ErrorCode};

use crate::{
    common::peer::{End, Peer},
    room::{ID, Room},
};

#[tokio::test]
async fn what_is_not_json_or_no_object_is_a_bad_request() {
    let mut room = Room::open().await;
    let deep = "[".repeat(60_000);
    let deep_field = format!(r#"{{"type":"ping","x":{}"#, r#"{"x":"#.repeat(10_000));
    for (what, frame) in [
        ("half an object", "{"),
        ("nothing", ""),
        ("a space", " "),
        ("null", "null"),
        ("a number", "7"),
        ("text", "\"ping\""),
        ("a list", "[]"),
        ("a list of frames", r#"[{"type":"ping"}]"#),
        ("60,000 brackets", &deep),
        ("10,000 objects in a field", &deep_field),
        ("two frames in one", r#"{"type":"ping"}{"type":"ping"}"#),
        ("a comma too many", r#"{"type":"ping",}"#),
        ("a comment", r#"{"type":"ping"/* ! */}"#),
        ("single quotes", "{'type':'ping'}"),
        ("a byte order mark", "\u{feff}{\"type\":\"ping\"}"),
        ("a raw control character", "{\"type\":\"ping\",\"x\":\"\u{1}\"}"),
        ("a lone surrogate", r#"{"type":"\ud800","seq":1}"#),
        ("a field twice", r#"{"type":"read","seq":1,"seq":2}"#),
        ("a type twice", r#"{"type":"ping","type":"typing"}"#),
        ("NaN", r#"{"type":"read","seq":NaN}"#),
        ("1e400", r#"{"type":"read","seq":1e400}"#),
    ] {
        room.is_refused(what, frame, ErrorCode::BadRequest).await;
    }
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn numbers_that_are_no_seq_are_bad_requests() {
    let mut room = Room::open().await;
    for seq in ["-0", "-1", "1.0", "1.5", "1e3", "18446744073709551616", "\"1\"", "null", "true", "[1]", "{}"]
    {
        for frame in [
            format!(r#"{{"type":"read","seq":{seq}}}"#),
            format!(r#"{{"type":"delete","id":"{ID}","target":{seq}}}"#),
            format!(r#"{{"type":"history","before":{seq},"limit":1}}"#),
        ] {
            room.is_refused(&frame, &frame, ErrorCode::BadRequest).await;
        }
    }
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn a_type_nobody_knows_is_told_so_and_strikes_nobody() {
    let mut room = Room::open().await;
    let long = "x".repeat(60_000);
    for kind in [
        "",
        "Ping",
        " ping",
        "chat-message",
        "chat_message\u{0}",
        "join",
        "leave",
        "subscribe",
        "edited",
        "deleted",
        "reacted",
        "entries",
        "connection_established",
        "challenge",
        "presence",
        "error",
        "pong",
        "__proto__",
        "\u{1b}[2J",
        &long,
    ] {
        room.is_refused(kind, json!({ "type": kind, "id": ID }), ErrorCode::UnknownType).await;
    }
    for _ in 0..10 {
        room.tries(json!({ "type": "later" })).await;
        assert_eq!(room.maya.error().await.code, ErrorCode::UnknownType);
    }
    for (what, frame) in [
        ("no type", json!({ "message": "hello", "id": ID })),
        ("null", json!({ "type": null, "id": ID })),
        ("a number", json!({ "type": 7, "id": ID })),
        ("a list", json!({ "type": ["ping"], "id": ID })),
    ] {
        room.is_refused(what, frame, ErrorCode::BadRequest).await;
    }
    room.ben_noticed_nothing(0).await;
}

/// Each send with everything it needs.
fn sends() -> [Value; 5] {
    [
        json!({ "type": "chat_message", "id": ID, "message": "x" }),
        json!({ "type": "edit", "id": ID, "target": 1, "message": "x" }),
        json!({ "type": "delete", "id": ID, "target": 1 }),
        json!({ "type": "react", "id": ID, "target": 1, "emoji": "x", "on": true }),
        json!({ "type": "topic", "id": ID, "topic": "x" }),
    ]
}

#[tokio::test]
async fn a_field_that_is_missing_or_of_another_kind_is_a_bad_request() {
    let mut room = Room::open().await;
    let asks = [json!({ "type": "read", "seq": 1 }), json!({ "type": "history", "before": 1, "limit": 1 })];
    for frame in sends().iter().chain(&asks) {
        for field in frame.as_object().unwrap().keys().filter(|field| *field != "type") {
            let mut without = frame.clone();
            without.as_object_mut().unwrap().remove(field);
            room.is_refused(("missing", field), &without, ErrorCode::BadRequest).await;
            for value in [json!(null), json!(-1), json!(1.5), json!({}), json!(["x"])] {
                // A count below the least is the least.
                if field == "limit" && value == json!(-1) {
                    continue;
                }
                let mut wrong = frame.clone();
                wrong[field] = value;
                room.is_refused(("wrong", field), &wrong, ErrorCode::BadRequest).await;
            }
        }
    }
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn an_id_in_any_spelling_but_the_one_is_a_bad_request() {
    let mut room = Room::open().await;
    let id = ID.to_string();
    let (upper, simple, braced, urn) =
        (id.to_uppercase(), ID.simple().to_string(), ID.braced().to_string(), ID.urn().to_string());
    let (long, cut, spaced) = ("0".repeat(10_000), &id[1..], format!(" {id}"));
    for id in
        [&upper, &simple, &braced, &urn, &long, cut, &spaced, "", "7", "g1890a5d-ac96-774b-bcce-b302099a8057"]
    {
        for mut send in sends() {
            send["id"] = id.into();
            room.is_refused(id, send, ErrorCode::BadRequest).await;
        }
    }
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn three_bad_requests_in_a_row_close_and_two_with_sense_between_do_not() {
    let mut room = Room::open().await;
    for _ in 0..20 {
        for _ in 0..2 {
            room.tries("{").await;
            assert_eq!(room.maya.error().await.code, ErrorCode::BadRequest);
        }
        room.last().await;
    }
    for _ in 0..3 {
        room.tries("{").await;
    }
    assert_eq!(room.maya.end().await, End::Closed(CloseReason::Flood));
    let again = Peer::join(room.server.address, "tea", "somebody else").await;
    assert_eq!(again.established.last, 0, "and nothing of it is in the log");
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn a_second_hello_changes_nothing() {
    let mut room = Room::open().await;
    for hello in [
        json!({ "type": "hello", "version": 1 }),
        json!({ "type": "hello", "version": 2 }),
        json!({ "type": "hello", "version": 1, "history": 500, "seat": "another", "password": "x" }),
        json!({ "type": "hello" }),
    ] {
        room.is_refused(&hello, &hello, ErrorCode::BadRequest).await;
    }
    let entry =
        room.is_taken("a message", json!({ "type": "chat_message", "id": ID, "message": "Still me" })).await;
    assert_eq!((entry.user.as_str(), &entry.by), ("maya", &room.maya.established.by));
    room.ben_noticed_nothing(1).await;
}

#[tokio::test]
async fn fields_that_name_another_room_author_or_place_are_not_looked_at() {
    let mut room = Room::open().await;
    let frame = json!({
        "type": "chat_message", "id": ID, "message": "Here", "room": "coffee", "user": "ben", "by": "h:ben", "seq": 99, "at": 1,
        "as_of": 7, "deleted": true, "reactions": [], "edited": 3,
    });
    let entry = room.is_taken("a message with the server's own fields", frame).await;
    assert_eq!((entry.seq, entry.user.as_str(), &entry.by), (1, "maya", &room.maya.established.by));
    assert!(entry.at > 1 && entry.message().unwrap().present.is_none());
    let coffee = Peer::join(room.server.address, "coffee", "ines").await;
    assert_eq!(coffee.established.last, 0);
    room.ben_noticed_nothing(1).await;
}
