//! Settings, entries and names as the tests make them.

use snug_core::settings::{Recent, Settings};
use snug_shared::{
    Author, Body, Entry, Established, Limits, MemberInfo, MessageText, Nickname, RoomName, ServerAddress,
    ServerInfo, frame::Durability,
};
use uuid::Uuid;

/// Settings that know a name.
pub fn known_name(name: &str) -> Settings {
    let mut settings = Settings::default();
    settings.nickname = Some(nickname(name));
    settings
}

/// Settings that know the room "tea".
pub fn known_place() -> Settings {
    let mut settings = known_name("maya");
    settings.remember(Recent {
        server: address("127.0.0.1:1"),
        room: room_name("tea"),
        nickname: nickname("maya"),
        at: 0,
        is_hosted: false,
    });
    settings
}

/// A message as the server tells it.
pub fn entry(seq: u64, user: &str, text: &str) -> Entry {
    let message = snug_shared::Message {
        text: Some(MessageText::parse(text).expect("a text")),
        reply_to: None,
        present: None,
    };
    Entry {
        seq,
        id: Uuid::now_v7(),
        at: 1_750_000_000_000,
        user: nickname(user),
        by: author(user),
        body: Body::Message(message),
    }
}

/// Everybody has a seat of their own.
pub fn author(user: &str) -> Author {
    let letter =
        char::from(b'a' + user.bytes().fold(0, |sum: u8, byte| sum.wrapping_mul(7).wrapping_add(byte)) % 26);
    Author::parse(format!("s:{}", letter.to_string().repeat(26))).expect("an author")
}

pub fn address(text: &str) -> ServerAddress {
    ServerAddress::parse(text).expect("an address")
}

pub fn nickname(text: &str) -> Nickname {
    Nickname::parse(text).expect("a nickname")
}

pub fn room_name(text: &str) -> RoomName {
    RoomName::parse(text).expect("a room's name")
}

/// What a server says to maya, with tom in the room.
pub fn established(last: u64) -> Established {
    Established {
        message: "You are now connected!".into(),
        version: snug_shared::VERSION,
        server: ServerInfo { name: "Lab".into(), version: "0.1.0".into() },
        durability: Durability::Full,
        room: room_name("tea"),
        nickname: nickname("maya"),
        member: "1".into(),
        by: author("maya"),
        seat: "seat".into(),
        epoch: "one".into(),
        first: u64::from(last > 0),
        last,
        resumed: false,
        limits: Limits::default(),
        members: vec![
            MemberInfo { member: "1".into(), nickname: nickname("maya"), by: author("maya") },
            MemberInfo { member: "2".into(), nickname: nickname("tom"), by: author("tom") },
        ]
        .into(),
        count: 2,
        topic: None,
        read: None,
    }
}
