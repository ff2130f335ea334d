//! Sends whose texts are wrong, or that are about what is not there or not theirs.

use serde_json::{Value, json};
use snug_shared::{Emoji, ErrorCode, Intent, MessageText, Topic, limits};
use uuid::Uuid;

use crate::{
    common::peer::message,
    room::{ID, Room},
};

#[tokio::test]
async fn a_text_that_breaks_a_rule_is_refused_by_its_name() {
    use ErrorCode::{BadRequest, Empty, TooLong};
    let mut room = Room::open().await;
    room.maya.say("Tea?").await;
    let (clusters, bytes) = ("x".repeat(4_001), "é".repeat(8 * 1024) + "x");
    let (stack, flags) = (format!("e{}", "\u{301}".repeat(8 * 1024)), "🇩🇪".repeat(2_049));
    for (what, text, code) in [
        ("nothing", "", Empty),
        ("spaces", "    ", Empty),
        ("line breaks and tabs", "\n\t\n", Empty),
        ("wide spaces", "\u{3000}\u{2003}\u{a0}", Empty),
        ("zero width", "\u{200b}\u{200d}\u{2060}\u{feff}", Empty),
        ("an invisible filler", "\u{3164}", Empty),
        ("soft hyphens", "\u{ad}\u{ad}", Empty),
        ("direction marks", "\u{202e}\u{200f}\u{2066}", Empty),
        ("tag letters", "\u{e0041}\u{e0042}", Empty),
        ("4,001 characters", &clusters, TooLong),
        ("16 KiB and a byte", &bytes, TooLong),
        ("16 KiB and a byte in one character", &stack, TooLong),
        ("16 KiB in 2,049 flags", &flags, TooLong),
        ("NUL", "a\0b", BadRequest),
        ("a bell", "a\u{7}", BadRequest),
        ("a terminal's escape", "\u{1b}]0;x\u{7}", BadRequest),
        ("a carriage return", "a\r\nb", BadRequest),
        ("DEL", "a\u{7f}", BadRequest),
        ("a C1 control", "a\u{9b}2J", BadRequest),
        ("next line", "a\u{85}b", BadRequest),
    ] {
        room.is_refused(what, json!({ "type": "chat_message", "id": ID, "message": text }), code).await;
        room.is_refused(what, json!({ "type": "edit", "id": ID, "target": 1, "message": text }), code).await;
    }
    room.ben_noticed_nothing(1).await;
}

#[tokio::test]
async fn a_text_of_exactly_the_limit_is_taken_as_it_is() {
    let mut room = Room::open().await;
    let texts = [
        "x".repeat(limits::MESSAGE_CLUSTERS),
        "🇩🇪".repeat(2_048),
        format!("ee{}", "\u{301}".repeat(8 * 1024 - 1)),
        format!("ab{}", "\u{202e}".repeat(3_000)),
        "e\u{301} \u{e9}".to_owned(),
    ];
    for text in &texts {
        assert!(text.len() <= limits::MESSAGE_BYTES);
        let frame = json!({ "type": "chat_message", "id": Uuid::now_v7(), "message": text });
        let entry = room.is_taken("a long text", frame).await;
        assert_eq!(entry.message().unwrap().text.as_ref().unwrap().as_str(), text);
    }
    room.ben_noticed_nothing(texts.len()).await;
}

#[tokio::test]
async fn a_mark_or_a_topic_that_breaks_a_rule_is_refused_by_its_name() {
    use ErrorCode::{BadRequest, Empty, TooLong};
    let mut room = Room::open().await;
    room.maya.say("Tea?").await;
    let (stack, long, bytes) =
        (format!("e{}", "\u{301}".repeat(32)), "x".repeat(201), "e\u{301}\u{302}\u{303}".repeat(600));
    for (emoji, code) in [
        ("", Empty),
        (" ", Empty),
        ("\u{200d}", Empty),
        ("\u{fe0f}", Empty),
        ("👍👍", BadRequest),
        ("ab", BadRequest),
        ("\u{1b}", BadRequest),
        ("\n", BadRequest),
        (&stack, TooLong),
    ] {
        let react = json!({ "type": "react", "id": ID, "target": 1, "emoji": emoji, "on": true });
        room.is_refused(emoji, react, code).await;
    }
    for (topic, code) in [
        (&*long, TooLong),
        (&*bytes, TooLong),
        ("a\nb", BadRequest),
        ("a\tb", BadRequest),
        ("\0", BadRequest),
    ] {
        room.is_refused(topic, json!({ "type": "topic", "id": ID, "topic": topic }), code).await;
    }
    room.ben_noticed_nothing(1).await;
}

/// Everything that is about a message, for this one.
fn about(target: u64) -> [Value; 4] {
    [
        json!({ "type": "edit", "id": ID, "target": target, "message": "x" }),
        json!({ "type": "delete", "id": ID, "target": target }),
        json!({ "type": "react", "id": ID, "target": target, "emoji": "👍", "on": true }),
        json!({ "type": "chat_message", "id": ID, "message": "x", "reply_to": target }),
    ]
}

#[tokio::test]
async fn what_is_about_no_message_that_is_there_is_not_found() {
    let mut room = Room::open().await;
    let text = MessageText::parse("Coffee?").unwrap();
    let (emoji, topic) = (Emoji::parse("👍").unwrap(), Topic::parse("Tea").unwrap());
    let entered = [
        message("Tea?"),
        Intent::Edit { target: 1, text },
        Intent::React { target: 1, emoji, on: true },
        Intent::Topic { topic },
        message("Gone"),
        Intent::Delete { target: 5 },
    ];
    let count = entered.len();
    for intent in entered {
        room.maya.intend(intent).await;
        room.maya.entry().await;
    }
    for (what, target) in [
        ("before the first", 0),
        ("an edit", 2),
        ("a reaction", 3),
        ("a topic", 4),
        ("a deleted message", 5),
        ("a deletion", 6),
        ("one that is not there yet", 7),
        ("far away", 1 << 40),
        ("the last number there is", u64::MAX),
    ] {
        for frame in about(target) {
            room.is_refused(what, &frame, ErrorCode::NotFound).await;
        }
    }
    room.ben_noticed_nothing(count).await;
}

#[tokio::test]
async fn what_somebody_else_said_is_theirs_to_change_also_when_it_is_an_answer_to_one() {
    let mut room = Room::open().await;
    room.maya.say("Tea?").await;
    let reply = Intent::Message { text: MessageText::parse("Yes").unwrap(), reply_to: Some(1) };
    room.ben.intend(reply).await;
    room.maya.entry().await;
    let [edit, delete, ..] = about(2);
    for frame in [edit, delete] {
        room.is_refused("ben's answer", &frame, ErrorCode::NotAllowed).await;
    }
    room.ben_noticed_nothing(2).await;
}

#[tokio::test]
async fn an_id_used_for_something_else_is_a_conflict_whatever_the_other_was() {
    let mut room = Room::open().await;
    room.is_taken("the first", json!({ "type": "chat_message", "id": ID, "message": "x" })).await;
    let others = [
        json!({ "type": "chat_message", "id": ID, "message": "y" }),
        json!({ "type": "chat_message", "id": ID, "message": "x", "reply_to": 1 }),
        json!({ "type": "topic", "id": ID, "topic": "x" }),
    ];
    for frame in about(1).iter().chain(&others) {
        room.is_refused(frame, frame, ErrorCode::IdConflict).await;
    }
    room.ben_noticed_nothing(1).await;
}
