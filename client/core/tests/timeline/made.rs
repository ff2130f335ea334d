//! Entries, greetings and timelines as the tests make them, and rows as they look at them.

use jiff::tz::TimeZone;
use snug_core::{
    outbox::Outbox,
    timeline::{HoleReason, MessageRow, Row, Timeline},
};
use snug_shared::{
    Author, Body, Durability, Emoji, Entry, Established, Limits, Message, MessageText, Nickname, RoomName,
    Seq, ServerInfo,
};
use uuid::Uuid;

pub const ME: usize = 0;

pub fn author(number: usize) -> Author {
    let letter = char::from(b'a' + number as u8);
    Author::parse(format!("s:{}", letter.to_string().repeat(26))).unwrap()
}

pub fn nickname(number: usize) -> Nickname {
    Nickname::parse(&format!("member {number}")).unwrap()
}

pub fn text(text: impl Into<String>) -> MessageText {
    MessageText::parse(text).unwrap()
}

pub fn emoji(number: usize) -> Emoji {
    Emoji::parse(["👍", "🎉", "☕"][number % 3]).unwrap()
}

pub fn entry(seq: Seq, by: usize, at: i64, body: Body) -> Entry {
    Entry { seq, id: Uuid::from_u128(u128::from(seq)), at, user: nickname(by), by: author(by), body }
}

pub fn says(seq: Seq, by: usize, at: i64, words: &str) -> Entry {
    entry(seq, by, at, Body::Message(Message { text: Some(text(words)), reply_to: None, present: None }))
}

pub fn timeline() -> Timeline {
    Timeline::new(nickname(ME), TimeZone::UTC, Outbox::new().0)
}

pub fn established(first: Seq, last: Seq, resumed: bool) -> Established {
    Established {
        message: String::new(),
        version: 1,
        server: ServerInfo { name: "test".into(), version: "0".into() },
        durability: Durability::Full,
        room: RoomName::parse("tea").unwrap(),
        nickname: nickname(ME),
        member: "m1".into(),
        by: author(ME),
        seat: "seat".into(),
        epoch: "a".repeat(32),
        first,
        last,
        resumed,
        limits: Limits { replay: 8, ..Limits::default() },
        members: Vec::new().into(),
        count: 1,
        topic: None,
        read: None,
    }
}

pub fn rows(timeline: &Timeline) -> Vec<Row<'_>> {
    (0..timeline.len()).map(|index| timeline.row(index).unwrap()).collect()
}

pub fn messages(timeline: &Timeline) -> Vec<MessageRow<'_>> {
    let message = |row| match row {
        Row::Message(message) => Some(message),
        _ => None,
    };
    rows(timeline).into_iter().filter_map(message).collect()
}

pub fn kinds(timeline: &Timeline) -> Vec<&'static str> {
    let kind = |row| match row {
        Row::Beginning => "beginning",
        Row::Day(_) => "day",
        Row::Unread => "unread",
        Row::Hole { reason: HoleReason::Missed } => "missed",
        Row::Hole { reason: HoleReason::Lost } => "lost",
        Row::Hole { reason: HoleReason::Anew } => "anew",
        Row::Message(_) => "message",
        Row::Topic { .. } => "topic",
        Row::Damaged => "damaged",
    };
    rows(timeline).into_iter().map(kind).collect()
}
