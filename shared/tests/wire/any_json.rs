//! Arbitrary JSON, and golden lines changed at random: nothing panics, and every refusal is a sentence.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};
use snug_shared::{ClientFrame, ErrorCode, Line, ServerFrame};
use uuid::Uuid;

use crate::{
    golden::{CLIENT, ENTRIES, REPLAYED, SERVER},
    hostile::{ID, refused},
    strategy,
};

/// What a decoder may say about a frame nobody can vouch for.
fn is_decent(json: &str) {
    if let Err(refused) = ClientFrame::decode(json) {
        use ErrorCode::{BadRequest, Empty, TooLong, UnknownType, Unsupported};
        assert!(matches!(refused.code, BadRequest | UnknownType | Empty | TooLong | Unsupported), "{json}");
        assert!(refused.message.len() < 512, "a refusal is a sentence, not an echo: {}", refused.message);
        assert!(!refused.message.chars().any(char::is_control), "{:?}", refused.message);
        if let Ok(value) = serde_json::from_str::<Value>(json) {
            let named = value
                .get("id")
                .and_then(Value::as_str)
                .and_then(|id| Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id));
            assert_eq!(refused.id, named, "{json}");
        }
    }
    if let Ok(Some(frame)) = ServerFrame::decode(json) {
        let again = ServerFrame::decode(&frame.to_json()).expect("what was decoded encodes to sense");
        assert_eq!(again, Some(frame));
    }
}

fn golden_line() -> impl Strategy<Value = String> {
    let lines: Vec<String> =
        [CLIENT, SERVER, ENTRIES, REPLAYED].iter().flat_map(|file| file.lines()).map(str::to_owned).collect();
    select(lines)
}

/// Values that have broken somebody's parser before, as JSON.
fn nasty() -> impl Strategy<Value = &'static str> {
    select(vec![
        "null",
        "true",
        "-1",
        "-0",
        "1.5",
        "1e400",
        "-1e400",
        "1e-400",
        "18446744073709551615",
        "18446744073709551616",
        "9007199254740993",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00x\"",
        "\"\\ud83d\\ude00\"",
        "[]",
        "{}",
        "[[]]",
        "{\"type\":\"hello\"}",
        "\"\u{202e}\"",
        "NaN",
        "Infinity",
        "'x'",
        "01",
        "0x10",
        "\"unterminated",
    ])
}

proptest! {
    #[test]
    fn any_bytes_are_met_decently(bytes in vec(any::<u8>(), 0..200)) {
        is_decent(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_is_met_decently(value in arbitrary_json()) {
        is_decent(&value.to_string());
    }

    #[test]
    fn a_frame_with_bytes_changed_is_met_decently(
        line in golden_line(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = line.into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        is_decent(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_frame_cut_short_is_met_decently(line in golden_line(), cut in any::<prop::sample::Index>()) {
        let end = (0..=cut.index(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        is_decent(&line[..end]);
        if end > 0 {
            prop_assert_eq!(refused(&line[..end]).code, ErrorCode::BadRequest);
        }
    }

    #[test]
    fn a_frame_with_one_field_of_a_wrong_type_is_met_decently(
        line in golden_line(),
        field in any::<prop::sample::Index>(),
        nasty in nasty(),
    ) {
        let value: Value = serde_json::from_str(&line).expect("golden lines are JSON");
        let Value::Object(map) = value else { unreachable!("golden lines are objects") };
        let chosen = field.index(map.len());
        let fields: Vec<String> = map
            .iter()
            .enumerate()
            .map(|(at, (key, value))| match at == chosen {
                true => format!("\"{key}\":{nasty}"),
                false => format!("\"{key}\":{value}"),
            })
            .collect();
        is_decent(&format!("{{{}}}", fields.join(",")));
    }

    #[test]
    fn a_field_given_twice_is_refused_and_the_send_is_named(intent in strategy::intent()) {
        let json = ClientFrame::Send { id: ID, intent }.to_json();
        let twice = json.replacen('{', r#"{"type":"chat_message","message":"x","#, 1);
        let refused = refused(&twice);
        prop_assert_eq!((refused.code, refused.id), (ErrorCode::BadRequest, Some(ID)));
    }

    #[test]
    fn an_entry_of_a_later_server_is_counted(seq in strategy::seq(), value in arbitrary_json()) {
        let json = json!({ "type": "poll", "seq": seq, "more": value });
        let frame = ServerFrame::decode(&json.to_string()).expect("it has a seq");
        prop_assert_eq!(frame, Some(ServerFrame::Line(Line::Opaque(seq))));
    }

    #[test]
    fn a_frame_of_a_later_server_without_a_seq_is_passed_over(value in arbitrary_json()) {
        let json = json!({ "type": "weather", "more": value });
        prop_assert_eq!(ServerFrame::decode(&json.to_string()).expect("it is an object"), None);
    }
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let key = || {
        prop_oneof![
            select(vec!["type", "id", "message", "seq", "target", "resume", "entries", "by", "as_of"])
                .prop_map(str::to_owned),
            "\\PC{0,8}",
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec!["hello", "chat_message", "edit", "react", "entries", "history", "edited", "topic"])
            .prop_map(Value::from),
        Just(Value::from(ID.to_string())),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((key(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
