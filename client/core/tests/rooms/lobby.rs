//! Servers in memory: what each room's log holds, and what a client hears of it.

use std::collections::HashMap;

use snug_core::{connection::Event, rooms::RoomId};
use snug_shared::{
    Author, Body, ClientFrame, Durability, Entry, Established, Intent, Limits, Line, Message, MessageText,
    Nickname, Resume, RoomName, ServerAddress, ServerFrame, ServerInfo,
};

/// Entries that a client who comes anew is shown.
const HISTORY: usize = 20;

/// All rooms of all servers.
#[derive(Default)]
pub struct Lobby(HashMap<RoomId, Vec<Entry>>);

impl Lobby {
    /// The own texts of a room, in their order.
    pub fn texts(&self, room: &RoomId) -> Vec<String> {
        self.0.get(room).into_iter().flatten().filter(|entry| entry.by == me()).map(text).collect()
    }

    /// The newest number of a room.
    pub fn last(&self, room: &RoomId) -> u64 {
        self.0.get(room).map_or(0, |log| log.len() as u64)
    }

    /// Somebody else says something in a room.
    pub fn speak(&mut self, room: &RoomId, words: &str) -> Event {
        let log = self.0.entry(room.clone()).or_default();
        let message =
            Message { text: Some(MessageText::parse(words).unwrap()), reply_to: None, present: None };
        let entry = Entry {
            seq: log.len() as u64 + 1,
            id: uuid::Uuid::now_v7(),
            at: 0,
            user: Nickname::parse("tom").unwrap(),
            by: Author::parse(format!("s:{}", "b".repeat(26))).unwrap(),
            body: Body::Message(message),
        };
        log.push(entry.clone());
        Event::Received(vec![ServerFrame::Line(entry.into())])
    }

    /// What a client hears after it was let in: the greeting, then what it has not seen.
    pub fn greet(
        &self,
        server: &ServerAddress,
        room: &RoomName,
        nickname: &Nickname,
        resume: Option<&Resume>,
    ) -> (Established, ServerFrame) {
        let log = self.0.get(&RoomId::new(server, room)).map_or(&[][..], Vec::as_slice);
        let from = resume.map_or(log.len().saturating_sub(HISTORY), |resume| resume.after as usize);
        let entries = log[from..].iter().cloned().map(Line::from).collect();
        let established = Established {
            message: String::new(),
            version: snug_shared::VERSION,
            server: ServerInfo { name: server.to_string(), version: "0".into() },
            durability: Durability::Full,
            room: room.clone(),
            nickname: nickname.clone(),
            member: "1".into(),
            by: me(),
            seat: format!("seat of {server} {room}"),
            epoch: "a".repeat(32),
            first: u64::from(!log.is_empty()),
            last: log.len() as u64,
            resumed: resume.is_some(),
            limits: Limits { rate_burst: 1_000_000, rate_per_s: 1_000_000, ..Limits::default() },
            members: Vec::new().into(),
            count: 1,
            topic: None,
            read: None,
        };
        (established, ServerFrame::Entries { entries, live: true })
    }

    /// Takes a frame of a client that is in this room. A send is entered once, however often it comes.
    pub fn hear(&mut self, room: &RoomId, frame: ClientFrame) -> Option<Event> {
        let ClientFrame::Send { id, intent: Intent::Message { text, reply_to } } = frame else { return None };
        let log = self.0.entry(room.clone()).or_default();
        let known = log.iter().find(|entry| entry.id == id).cloned();
        let entry = known.unwrap_or_else(|| {
            let entry = Entry {
                seq: log.len() as u64 + 1,
                id,
                at: 0,
                user: Nickname::parse("maya").unwrap(),
                by: me(),
                body: Body::Message(Message { text: Some(text), reply_to, present: None }),
            };
            log.push(entry.clone());
            entry
        });
        Some(Event::Received(vec![ServerFrame::Line(entry.into())]))
    }
}

fn me() -> Author {
    Author::parse(format!("s:{}", "a".repeat(26))).unwrap()
}

fn text(entry: &Entry) -> String {
    entry.message().and_then(|message| message.text.as_ref()).map(ToString::to_string).unwrap_or_default()
}
