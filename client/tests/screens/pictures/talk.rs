//! Conversations as a server tells them, and rooms that are joined to hear them.

use jiff::civil::DateTime;
use snug::{
    app::Message,
    screen::{ask_room, landing, room as in_room_screen, sidebar},
};
use snug_core::{
    api::Invitation,
    connection::{Event, Handle},
    settings::{Recent, Settings},
};
use snug_shared::{
    Author, Body, Emoji, Entry, Established, Invite, Line, MemberInfo, Message as Said, MessageText, Millis,
    Seq, ServerFrame, ServerInfo, Topic, api,
};
use uuid::Uuid;

use super::{NOW, Stage, world};
use crate::world::{World, address, author, made, nickname, room_name};

/// The server of most pictures. Addresses like this one belong to nobody (RFC 5737), so that nothing answers there.
pub const SERVER: &str = "192.0.2.20";
/// Those who are in its rooms, beside the reader.
pub const PEOPLE: [&str; 6] = ["zoe", "amir", "ines", "noor", "ben", "kenji"];

const MINUTE: Millis = 60_000;

/// What was said in a room.
#[derive(Default)]
pub struct Talk {
    lines: Vec<Line>,
    last: Seq,
    at: Millis,
    topic: Option<Topic>,
}

impl Talk {
    /// Nothing yet, today in the afternoon.
    pub fn new() -> Self {
        Self { at: NOW - 40 * MINUTE, ..Self::default() }
    }

    /// Goes on at this time, for example `2026-03-05 17:20`.
    pub fn at(mut self, time: &str) -> Self {
        let time: DateTime = time.parse().expect("a time");
        let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).expect("a time there is");
        self.at = zoned.timestamp().as_millisecond();
        self
    }

    fn push(mut self, user: &str, by: Author, body: Body) -> Self {
        self.last += 1;
        let (seq, at) = (self.last, self.at);
        let id = Uuid::from_u128(u128::from(seq));
        self.lines.push(Entry { seq, id, at, user: nickname(user), by, body }.into());
        self.at += MINUTE / 3;
        self
    }

    fn message(self, user: &str, by: Author, text: &str, reply_to: Option<Seq>) -> Self {
        let text = Some(MessageText::parse(text).expect("a text"));
        self.push(user, by, Body::Message(Said { text, reply_to, present: None }))
    }

    /// Somebody says something.
    pub fn says(self, user: &str, text: &str) -> Self {
        self.message(user, author(user), text, None)
    }

    /// The same as a reply.
    pub fn replies(self, user: &str, to: Seq, text: &str) -> Self {
        self.message(user, author(user), text, Some(to))
    }

    /// A script says something.
    pub fn reports(self, user: &str, text: &str) -> Self {
        self.message(user, Author::http(&nickname(user)), text, None)
    }

    /// Somebody edits a message.
    pub fn edits(self, user: &str, target: Seq, text: &str) -> Self {
        let text = Some(MessageText::parse(text).expect("a text"));
        self.push(user, author(user), Body::Edited { target, text })
    }

    /// Somebody deletes a message.
    pub fn deletes(self, user: &str, target: Seq) -> Self {
        self.push(user, author(user), Body::Deleted { target })
    }

    /// Several react to a message.
    pub fn reacts(mut self, users: &[&str], target: Seq, emoji: &str) -> Self {
        for user in users {
            let emoji = Emoji::parse(emoji).expect("an emoji");
            self = self.push(user, author(user), Body::Reacted { target, emoji, on: true });
        }
        self
    }

    /// Somebody sets the topic.
    pub fn topic(mut self, user: &str, topic: &str) -> Self {
        let topic = Topic::parse(topic).expect("a topic");
        self.topic = Some(topic.clone()).filter(|topic| !topic.is_empty());
        self.push(user, author(user), Body::Topic { topic })
    }

    /// The number of the last entry.
    pub fn last(&self) -> Seq {
        self.last
    }
}

/// A lively afternoon: what a person sees first of Snug.
pub fn afternoon() -> Talk {
    Talk::new()
        .at("2026-03-05 17:20")
        .topic("zoe", "Bench 2 is free after five")
        .says("ines", "I leave the scope on bench 2, probes are in the blue box.")
        .says("ines", "Last one out, please switch the extractor off.")
        .at("2026-03-06 14:55")
        .says("zoe", "Has anybody seen the label printer?")
        .says("maya", "Second shelf, behind the oscilloscope.")
        .reacts(&["zoe", "amir"], 5, "❤️")
        .replies("zoe", 5, "Found it, thank you! Tea is on me 🍵")
        .reacts(&["maya", "amir", "ines"], 8, "🫖")
        .reports("builder", "Build **218** is green: 412 tests passed in 48 s.")
        .reacts(&["maya", "amir"], 12, "🎉")
        .reacts(&["zoe"], 12, "👀")
        .at("2026-03-06 15:24")
        .says("amir", "Flashing it now. The counter resets like this:\n```rust\nfn reset(counter: &mut u32) -> u32 {\n    std::mem::take(counter) // and hands back what was\n}\n```")
        .says("amir", "Results at http://lab.local:8000/chat/bench/")
        .edits("amir", 17, "Results in ten minutes at http://lab.local:8000/chat/bench/")
        .says("noor", "@maya can you bring the *long* USB cable?")
        .says("maya", "On my way. See you all at five!")
}

/// A few words, where something else is to be looked at.
pub fn short() -> Talk {
    Talk::new()
        .topic("zoe", "Bench 2 is free after five")
        .says("zoe", "Has anybody seen the label printer?")
        .says("maya", "Second shelf, behind the oscilloscope.")
        .reacts(&["zoe", "amir"], 3, "❤️")
        .says("amir", "@maya can you bring the *long* USB cable?")
}

/// Settings of somebody who was here before.
pub fn settings() -> Settings {
    let mut settings = made::known_name("maya");
    for (server, room, ago, is_hosted) in [
        ("192.0.2.44", "soldering", 9 * 24 * 60, false),
        ("127.0.0.1", "kitchen table", 26 * 60, true),
        (SERVER, "standup", 5 * 60, false),
        (SERVER, "workshop", 12, false),
    ] {
        settings.remember(Recent {
            server: address(server),
            room: room_name(room),
            nickname: nickname("maya"),
            at: NOW - ago * MINUTE,
            is_hosted,
        });
    }
    settings
}

/// What a server says to maya who joins a room.
pub fn greeting(server: &str, room: &str, last: Seq, read: Option<Seq>) -> Established {
    let member = |(place, name): (usize, &&str)| MemberInfo {
        member: place.to_string(),
        nickname: nickname(name),
        by: author(name),
    };
    let mut members: Vec<MemberInfo> = PEOPLE.iter().enumerate().map(member).collect();
    members.push(member((99, &"maya")));
    Established {
        server: ServerInfo { name: server.into(), version: "0.1.0".into() },
        room: room_name(room),
        member: "99".into(),
        count: members.len() as u32,
        members: members.into(),
        read: read.or(Some(last)),
        ..made::established(last)
    }
}

/// An app that asked to be let into the room "workshop".
pub fn joining() -> World {
    joining_with(world(settings()))
}

fn joining_with(mut world: World) -> World {
    world.landing(landing::Message::Rejoin(0));
    world.until("the outbox is open", |world| world.target().is_some());
    world
}

/// The server lets maya into a joined room, and tells what was said there. `read`: how far she has read; all of it where that is none.
pub fn arrive(world: &mut World, server: &str, room: &str, talk: Talk, read: Option<Seq>) {
    let established = Established { topic: talk.topic, ..greeting(server, room, talk.last, read) };
    let established = Box::new(established);
    let (handle, _) = Handle::channel();
    let _ = handle.set_online(true);
    world.connection_of(room, Event::Online { handle, established });
    let entries = ServerFrame::Entries { entries: talk.lines, live: true };
    world.connection_of(room, Event::Received(vec![entries]));
    let link = Invite::parse(&format!("http://{SERVER}:8000/chat/{room}/")).ok();
    let invitation = Invitation { server: server.into(), link };
    world.room(in_room_screen::Message::Invited(Ok(invitation)));
}

/// An app in the room "workshop", where this was said.
pub fn in_room(talk: Talk) -> World {
    in_room_with(world(settings()), talk)
}

/// The same of an app that was made before.
pub fn in_room_with(world: World, talk: Talk) -> World {
    let mut world = joining_with(world);
    arrive(&mut world, "The lab", "workshop", talk, None);
    world
}

/// A window on that.
pub fn room(size: iced::Size, talk: Talk) -> Stage {
    Stage::new(in_room(talk), size)
}

/// The rooms of the server, as it lists them.
pub fn rooms() -> api::RoomList {
    let ago = |minutes: Millis| NOW - minutes * MINUTE;
    let rooms = serde_json::json!({ "rooms": [
        { "room": "workshop", "members": 7, "last": 240, "last_at": ago(1), "topic": "Bench 2 is free after five" },
        { "room": "kitchen", "members": 3, "last": 90, "last_at": ago(14), "topic": "What is there to eat, and who cooks it" },
        { "room": "standup", "members": 2, "last": 812, "last_at": ago(320) },
        { "room": "3d printing", "members": 1, "last": 55, "last_at": ago(1_500), "topic": "PETG is in the dry box" },
        { "room": "garden", "members": 0, "last": 12, "last_at": ago(8_000) },
    ]});
    serde_json::from_value(rooms).expect("rooms")
}

/// Joins another room of the server, and shows it.
pub fn join(world: &mut World, room: &str) {
    list(world, sidebar::Message::OtherRooms(address(SERVER)));
    world.ask_room(ask_room::Message::Pick(room_name(room)));
    world.until("the outbox is open", |world| world.target().is_some());
}

/// Joins a room of another server, and shows it.
pub fn join_at(world: &mut World, server: &str, room: &str) {
    list(world, sidebar::Message::AnotherServer);
    world.landing(landing::Message::Address(format!("http://{server}:8000/chat/{room}/")));
    world.landing(landing::Message::Join);
    world.until("the outbox is open", |world| world.target().is_some());
}

/// Sends the app a message of the list of rooms.
pub fn list(world: &mut World, message: sidebar::Message) {
    world.send(Message::Sidebar(message));
}
