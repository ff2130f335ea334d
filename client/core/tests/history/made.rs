//! Messages, rooms and queries made for the tests.

use std::{fs, path::Path};

use snug_core::history::{Found, History, HistoryQuery, RoomHistory};
use snug_shared::{
    Author, Body, Entry, Line, Message, MessageText, Nickname, Present, RoomName, Seq, ServerAddress,
};
use uuid::Uuid;

pub const EPOCH: &str = "00112233445566778899aabbccddeeff";
pub const NOON: i64 = 1_796_000_000_000;

pub fn server() -> ServerAddress {
    ServerAddress::parse("lab.local:8000").unwrap()
}

pub fn name(room: &str) -> RoomName {
    RoomName::parse(room).unwrap()
}

pub fn of(room: &str) -> RoomHistory {
    RoomHistory { server: server(), room: name(room), epoch: EPOCH.into() }
}

pub fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

pub fn entry(seq: Seq, user: &str, body: Body) -> Line {
    let user = Nickname::parse(user).unwrap();
    let by = Author::http(&user);
    Line::Entry(Entry { seq, id: Uuid::from_u128(seq.into()), at: NOON + seq as i64 * 1_000, user, by, body })
}

pub fn message(said: Option<&str>, present: Option<Present>) -> Body {
    Body::Message(Message { text: said.map(text), reply_to: None, present })
}

pub fn said(seq: Seq, user: &str, words: &str) -> Line {
    entry(seq, user, message(Some(words), None))
}

pub fn words(words: &str) -> HistoryQuery {
    HistoryQuery { words: Some(words.into()), limit: 50, ..HistoryQuery::default() }
}

pub fn seqs(found: &Found) -> Vec<Seq> {
    found.messages.iter().map(|message| message.entry.seq).collect()
}

pub fn recalled(history: &History, room: &str) -> Vec<(Seq, Option<String>)> {
    history.flush();
    let recalled = history.recall(&server(), &name(room), None, 500);
    let lines = recalled.map(|recalled| recalled.lines).unwrap_or_default();
    let text = |line: &Line| {
        let text = line.entry().and_then(Entry::message).and_then(|message| message.text.clone());
        (line.seq(), text.map(MessageText::into_string))
    };
    lines.iter().map(text).collect()
}

/// All that the folder's files hold.
pub fn bytes(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.flat_map(|file| fs::read(file).unwrap()).collect()
}

pub fn has(folder: &Path, words: &str) -> bool {
    bytes(folder).windows(words.len()).any(|window| window == words.as_bytes())
}
