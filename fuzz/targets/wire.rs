//! Any text as a frame from a client, as a frame from a server, and as an entry.
//!
//! A decoded frame is unchanged after encoding and decoding, so that sender and receiver understand the same. A refusal is a short
//! sentence with a code of `docs/protocol.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_shared::{ClientFrame, ErrorCode, Line, ServerFrame};

fuzz_target!(|text: &str| {
    match ClientFrame::decode(text) {
        Ok(frame) => assert_eq!(ClientFrame::decode(&frame.to_json()), Ok(frame)),
        Err(refused) => {
            use ErrorCode::{BadRequest, Empty, TooLong, UnknownType, Unsupported};
            assert!(matches!(refused.code, BadRequest | UnknownType | Empty | TooLong | Unsupported));
            assert!(refused.message.len() < 512 && !refused.message.contains(char::is_control));
        }
    }
    if let Ok(Some(frame)) = ServerFrame::decode(text) {
        let again = ServerFrame::decode(&frame.to_json()).expect("what was decoded encodes to sense");
        assert_eq!(again, Some(frame));
    }
    if let Ok(line) = serde_json::from_str::<Line>(text) {
        let json = serde_json::to_string(&line).expect("a line encodes");
        assert_eq!(serde_json::from_str::<Line>(&json).expect("its own words make sense"), line);
    }
});
