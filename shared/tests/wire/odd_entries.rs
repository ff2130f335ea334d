//! Entries from a later or a broken server: counted wherever there is a `seq`.

use serde_json::{Value, json};
use snug_shared::{Line, ServerFrame};

use crate::golden::ENTRIES;

#[test]
fn an_entry_without_a_usable_seq_makes_no_sense() {
    for seq in ["0", "-1", "1.5", "\"1\"", "null", "18446744073709551616"] {
        let frame = format!(r#"{{"type":"chat_message","seq":{seq}}}"#);
        assert!(ServerFrame::decode(&frame).is_err(), "{frame}");
    }
}

#[test]
fn an_entry_this_version_cannot_read_is_still_counted() {
    let entry: Value = serde_json::from_str(ENTRIES.lines().next().expect("a line")).expect("JSON");
    for (field, value) in
        [("user", json!("\u{202e}")), ("by", json!("x:y")), ("id", json!(7)), ("message", json!("\u{0}"))]
    {
        let mut odd = entry.clone();
        odd[field] = value;
        let frame = ServerFrame::decode(&odd.to_string()).expect("it has a seq");
        assert_eq!(frame, Some(ServerFrame::Line(Line::Opaque(1))), "{odd}");
    }
}
