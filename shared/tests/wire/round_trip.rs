//! What was encoded decodes to what it was.

use proptest::prelude::*;
use snug_shared::{ClientFrame, Line, ServerFrame};

use crate::strategy;

proptest! {
    #[test]
    fn a_client_frame_comes_through_unchanged(frame in strategy::client_frame()) {
        prop_assert_eq!(ClientFrame::decode(&frame.to_json()), Ok(frame));
    }

    #[test]
    fn a_server_frame_comes_through_unchanged(frame in strategy::server_frame()) {
        let decoded = ServerFrame::decode(&frame.to_json()).expect("our own frame makes sense");
        prop_assert_eq!(decoded, Some(frame));
    }

    #[test]
    fn a_line_of_the_log_comes_through_unchanged(line in strategy::line()) {
        let json = serde_json::to_string(&line).expect("it encodes");
        prop_assert_eq!(serde_json::from_str::<Line>(&json).expect("it decodes"), line);
    }

    #[test]
    fn frames_are_compact(frame in strategy::server_frame()) {
        let json = frame.to_json();
        let value: serde_json::Value = serde_json::from_str(&json).expect("our own frame is JSON");
        prop_assert_eq!(value.to_string().len(), json.len());
    }

    #[test]
    fn fields_nobody_knows_are_ignored(frame in strategy::client_frame()) {
        let json = frame.to_json().replacen('{', r#"{"colour":{"of":["the","sky"]},"#, 1);
        prop_assert_eq!(ClientFrame::decode(&json), Ok(frame));
    }

    #[test]
    fn a_client_ignores_fields_it_does_not_know(frame in strategy::server_frame()) {
        let json = frame.to_json().replacen('{', r#"{"colour":{"of":["the","sky"]},"#, 1);
        prop_assert_eq!(ServerFrame::decode(&json).expect("it still makes sense"), Some(frame));
    }
}
