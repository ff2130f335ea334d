//! Input from people who mean harm: nothing panics, nothing is guessed, and every refusal has a code of the page and the
//! `id` of the send it refuses, wherever that could be read.

use serde_json::{Value, json};
use snug_shared::{ClientFrame, ErrorCode, Line, Refused, ServerFrame, limits};
use uuid::{Uuid, uuid};

use crate::golden::ENTRIES;

/// An id for sends.
pub const ID: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8057");

pub fn refused(json: &str) -> Refused {
    ClientFrame::decode(json).expect_err(json)
}

/// Asserts a refusal with this code that names the send.
fn refused_send(frame: &Value, code: ErrorCode) {
    let refused = refused(&frame.to_string());
    assert_eq!((refused.code, refused.id), (code, Some(ID)), "{frame}");
}

#[test]
fn a_hundred_thousand_brackets_are_refused() {
    for open in ["[", "{\"type\":", "{\"id\":["] {
        let deep = open.repeat(100_000);
        assert_eq!(refused(&deep).code, ErrorCode::BadRequest);
        assert!(ServerFrame::decode(&deep).is_err());
        let inside = format!("{{\"type\":\"ping\",\"x\":{deep}");
        assert_eq!(refused(&inside).code, ErrorCode::BadRequest);
    }
}

#[test]
fn what_nobody_asks_for_is_ignored_whatever_it_is() {
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let inside = format!("{{\"a\":{deep}}}");
    for odd in ["1e400", "-1e400", "123456789012345678901234567890", "\"\\ud800\"", &deep, &inside] {
        let of_client = |fields: &str| ClientFrame::decode(&format!("{{{fields}}}")).expect(odd);
        for name in ["x", "message", "seq"] {
            assert_eq!(of_client(&format!(r#""type":"ping","{name}":{odd}"#)), ClientFrame::Ping);
        }
        let resume = format!(r#""resume":{{"epoch":"e","after":7,"x":{odd}}}"#);
        let hello = of_client(&format!(r#""type":"hello","version":1,{resume}"#));
        assert!(
            matches!(hello, ClientFrame::Hello(hello) if hello.resume.as_ref().is_some_and(|resume| resume.after == 7))
        );
        for (name, known) in [("pong", r#""last":7"#), ("read", r#""seq":7"#), ("presence", r#""count":7"#)] {
            let plain = ServerFrame::decode(&format!(r#"{{"type":"{name}",{known}}}"#)).expect(name);
            let more = ServerFrame::decode(&format!(r#"{{"type":"{name}",{known},"x":{odd}}}"#)).expect(odd);
            assert_eq!(more, plain, "{name}");
        }
        let entry = ENTRIES.lines().next().expect("an entry");
        let more = entry.replacen('{', &format!(r#"{{"x":{odd},"#), 1);
        assert_eq!(ServerFrame::decode(&more).expect(odd), ServerFrame::decode(entry).expect("an entry"));
        let later = format!(r#"{{"type":"poll","seq":7,"x":{odd}}}"#);
        assert_eq!(ServerFrame::decode(&later).expect(odd), Some(ServerFrame::Line(Line::Opaque(7))));
    }
}

#[test]
fn what_is_asked_for_and_cannot_be_read_is_told_by_its_name() {
    for odd in ["1e400", "\"\\ud800\"", &format!("{}{}", "[".repeat(200), "]".repeat(200))] {
        let refused = refused(&format!(r#"{{"type":"chat_message","id":"{ID}","message":{odd}}}"#));
        assert_eq!((refused.code, refused.id), (ErrorCode::BadRequest, Some(ID)), "{odd}");
        assert!(refused.message.contains("`message`"), "{}", refused.message);
    }
}

#[test]
fn what_is_no_object_is_a_bad_request() {
    for json in [
        "",
        " ",
        "null",
        "0",
        "\"hello\"",
        "[]",
        "[{\"type\":\"ping\"}]",
        "{}",
        "{\"type\":null}",
        "{\"type\":7}",
    ] {
        assert_eq!(refused(json).code, ErrorCode::BadRequest, "{json}");
    }
    for json in ["", "null", "0", "\"pong\"", "[]"] {
        assert!(ServerFrame::decode(json).is_err(), "{json}");
    }
}

#[test]
fn an_unknown_type_is_said_to_be_unknown_and_never_echoed_whole() {
    let long = "x".repeat(60_000);
    for kind in ["", "Hello", "chat-message", "edited", "connection_established", "\u{1b}[2J", &long] {
        let refused = refused(&json!({ "type": kind, "id": ID }).to_string());
        assert_eq!((refused.code, refused.id), (ErrorCode::UnknownType, Some(ID)));
        assert!(refused.message.len() < 256);
        assert!(!refused.message.contains('\u{1b}'));
    }
}

#[test]
fn no_refusal_gives_a_long_text_back() {
    let long = "x".repeat(60_000);
    for json in [
        json!(long),
        json!({ "type": "hello", "version": 1, "resume": { "epoch": "x", "after": long } }),
        json!({ "type": "hello", "version": 1, "resume": { "epoch": "x", "after": 1, "id": long } }),
        json!({ "type": "hello", "version": 1, "resume": long }),
    ] {
        assert!(refused(&json.to_string()).message.len() < 256);
    }
    assert!(refused(&format!(r#"{{"{long}":1,"{long}":2}}"#)).message.len() < 256);
}

#[test]
fn every_field_of_every_send_is_checked() {
    let wrong = [json!(null), json!(true), json!(-1), json!(1.5), json!({}), json!([1])];
    let sends = [
        json!({ "type": "chat_message", "id": ID, "message": "x", "reply_to": 1 }),
        json!({ "type": "edit", "id": ID, "target": 1, "message": "x" }),
        json!({ "type": "delete", "id": ID, "target": 1 }),
        json!({ "type": "react", "id": ID, "target": 1, "emoji": "x", "on": true }),
        json!({ "type": "topic", "id": ID, "topic": "x" }),
    ];
    for send in &sends {
        assert!(ClientFrame::decode(&send.to_string()).is_ok(), "{send}");
        let fields =
            send.as_object().expect("an object").keys().filter(|key| !matches!(key.as_str(), "type" | "id"));
        for field in fields {
            for value in &wrong {
                let mut broken = send.clone();
                broken[field] = value.clone();
                // `on: true` is right, and an optional field may be null.
                let fine = broken[field] == send[field] || (field == "reply_to" && value.is_null());
                match fine {
                    true => assert!(ClientFrame::decode(&broken.to_string()).is_ok(), "{broken}"),
                    false => refused_send(&broken, ErrorCode::BadRequest),
                }
            }
            let mut missing = send.clone();
            let _ = missing.as_object_mut().expect("an object").remove(field);
            if field != "reply_to" {
                refused_send(&missing, ErrorCode::BadRequest);
            }
        }
    }
}

#[test]
fn an_id_is_a_uuid_in_its_one_spelling() {
    let canonical = ID.to_string();
    let others = [
        canonical.to_uppercase(),
        ID.simple().to_string(),
        ID.braced().to_string(),
        ID.urn().to_string(),
        format!(" {canonical}"),
        canonical[1..].to_owned(),
        String::new(),
        "7".into(),
    ];
    for id in others {
        let refused = refused(&json!({ "type": "delete", "id": id, "target": 1 }).to_string());
        assert_eq!((refused.code, refused.id), (ErrorCode::BadRequest, None), "{id}");
    }
    for version in ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"] {
        let json = json!({ "type": "delete", "id": version, "target": 1 }).to_string();
        assert!(ClientFrame::decode(&json).is_ok(), "any version is an id: {version}");
    }
}

#[test]
fn numbers_beyond_their_type_are_refused_not_wrapped() {
    for seq in ["-1", "-0", "1.0", "1e3", "18446744073709551616", "1e400", "\"1\""] {
        let frame = format!(r#"{{"type":"read","seq":{seq}}}"#);
        assert_eq!(refused(&frame).code, ErrorCode::BadRequest, "{frame}");
    }
    let largest = r#"{"type":"read","seq":18446744073709551615}"#;
    assert_eq!(ClientFrame::decode(largest), Ok(ClientFrame::Read { seq: u64::MAX }));
}

#[test]
fn a_wanted_count_is_held_to_its_limits() {
    for (asked, given) in
        [("-5", 1), ("0", 1), ("1", 1), ("500", 500), ("501", 500), ("18446744073709551615", 500)]
    {
        let frame = format!(r#"{{"type":"history","before":9,"limit":{asked}}}"#);
        assert_eq!(ClientFrame::decode(&frame), Ok(ClientFrame::History { before: 9, limit: given }));
    }
    for (asked, given) in [("-5", 0), ("0", 0), ("500", 500), ("501", 500), ("null", 50)] {
        let frame = format!(r#"{{"type":"hello","version":1,"history":{asked}}}"#);
        let Ok(ClientFrame::Hello(hello)) = ClientFrame::decode(&frame) else { panic!("{frame}") };
        assert_eq!(hello.history, given);
    }
}

#[test]
fn a_hello_is_checked_field_by_field() {
    let good = json!({ "type": "hello", "version": 1 });
    let wrong = [
        ("version", json!(null)),
        ("version", json!("1")),
        ("version", json!(-1)),
        ("client", json!(7)),
        ("resume", json!("x")),
        ("resume", json!({ "epoch": 7, "after": 1 })),
        ("resume", json!({ "epoch": "x" })),
        ("resume", json!({ "epoch": "x", "after": -1 })),
        ("resume", json!({ "epoch": "x", "after": 1, "id": "y" })),
        ("history", json!("x")),
        ("history", json!(1.5)),
        ("seat", json!(7)),
        ("password", json!(7)),
        ("identity", json!("x")),
        ("identity", json!({ "key": "x" })),
        ("identity", json!({ "key": "x", "signature": 7 })),
    ];
    for (field, value) in wrong {
        let mut hello = good.clone();
        hello[field] = value;
        assert_eq!(refused(&hello.to_string()).code, ErrorCode::BadRequest, "{hello}");
    }
    let far = json!({ "type": "hello", "version": u64::MAX }).to_string();
    let Ok(ClientFrame::Hello(hello)) = ClientFrame::decode(&far) else { panic!("a version is a number") };
    assert_eq!(hello.version, u32::MAX, "a far version is another version, not version 0");
}

#[test]
fn what_a_hello_carries_is_bounded() {
    let hello = json!({ "type": "hello", "version": 1, "client": format!("x{}", "é".repeat(10_000)), "seat": "x".repeat(10_000) });
    let Ok(ClientFrame::Hello(hello)) = ClientFrame::decode(&hello.to_string()) else {
        panic!("a good hello")
    };
    assert_eq!(hello.client.map(|name| name.len()), Some(limits::CLIENT_NAME_BYTES - 1));
    assert_eq!(hello.seat, None, "too long to be one of ours");
}

#[test]
fn texts_are_refused_with_the_code_for_why() {
    let message = |text: &str| json!({ "type": "chat_message", "id": ID, "message": text });
    refused_send(&message(""), ErrorCode::Empty);
    refused_send(&message(" \n\t\u{3000}\u{200b}\u{feff}"), ErrorCode::Empty);
    refused_send(&message(&"x".repeat(4_001)), ErrorCode::TooLong);
    refused_send(&message(&"x".repeat(60_000)), ErrorCode::TooLong);
    refused_send(&message("a\u{0}b"), ErrorCode::BadRequest);
    refused_send(&message("a\u{1b}[31mb"), ErrorCode::BadRequest);
    let react = |emoji: &str| json!({ "type": "react", "id": ID, "target": 1, "emoji": emoji, "on": true });
    refused_send(&react(""), ErrorCode::Empty);
    refused_send(&react("👍👍"), ErrorCode::BadRequest);
    refused_send(&react(&format!("e{}", "\u{301}".repeat(40))), ErrorCode::TooLong);
    refused_send(&json!({ "type": "topic", "id": ID, "topic": "x".repeat(201) }), ErrorCode::TooLong);
    refused_send(&json!({ "type": "topic", "id": ID, "topic": "a\nb" }), ErrorCode::BadRequest);
}

#[test]
fn files_are_reserved() {
    let with = |files: Value| json!({ "type": "chat_message", "id": ID, "message": "x", "files": files });
    refused_send(&with(json!(["cat.png"])), ErrorCode::Unsupported);
    refused_send(&with(json!("cat.png")), ErrorCode::Unsupported);
    for none in [json!(null), json!([])] {
        assert!(ClientFrame::decode(&with(none).to_string()).is_ok());
    }
}

#[test]
fn a_lone_surrogate_is_no_text() {
    for half in [r"\ud800", r"\udfff", r"\ud800\ud800", r"\ud800x"] {
        let frame = format!(r#"{{"type":"chat_message","id":"{ID}","message":"{half}"}}"#);
        assert_eq!(refused(&frame).code, ErrorCode::BadRequest, "{frame}");
    }
}
