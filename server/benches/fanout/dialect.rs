//! What a client says and hears, in the words of either kind of server: Snug's native dialect, and the tutorials' plain one,
//! which the floors and the other servers speak.

use std::io::Write;

use super::frame::find;

/// Makes a message as long as people's are.
const WORDS: &str = "Tea at five? I will bring the good cups, you bring the cake.";

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `snug.v1`: hello first, and an `id` on every message.
    Native,
    /// `{"message","user"}` from the first frame on; whoever is connected is in the room.
    Plain,
}

/// What tells one message of a run from every other, written into its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    pub room: u32,
    /// Which of the room's senders.
    pub sender: u32,
    /// 1 for the sender's first message, and so on.
    pub number: u64,
    /// When it should have been sent, in nanoseconds of the generator's clock: waiting to be sent counts.
    pub due: u64,
}

/// What a frame from the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Somebody's message, with its `seq` where the dialect has one.
    Message(Said, Option<u64>),
    /// From here on everything said in the room arrives.
    Joined,
    /// The server did not take something.
    Refused,
    /// Presence and the like.
    Other,
}

impl Dialect {
    /// The request for an upgrade.
    pub fn request(self, host: &str, room: u32, name: &str) -> Vec<u8> {
        let (name, protocol) = match self {
            Self::Native => (name, "Sec-WebSocket-Protocol: snug.v1\r\n"),
            Self::Plain => ("", ""),
        };
        format!(
            "GET /ws/chat/bench-{room}/{name} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{protocol}\r\n"
        )
        .into_bytes()
    }

    /// The client's first frame after the upgrade; none where the upgrade is the join.
    pub fn hello(self, history: u32) -> Option<String> {
        match self {
            Self::Native => Some(format!(r#"{{"type":"hello","version":1,"history":{history}}}"#)),
            Self::Plain => None,
        }
    }

    /// A message's frame.
    pub fn say(self, out: &mut Vec<u8>, said: Said) {
        let Said { room, sender, number, due } = said;
        out.clear();
        // Writing to memory does not fail.
        let _ = match self {
            Self::Native => {
                // A version 7 UUID as apps make them: rising with time, and unique.
                let millis = due / 1_000_000;
                let (high, low, author, place) =
                    (millis >> 16, millis & 0xffff, sender & 0xfff, room & 0xfff);
                write!(
                    out,
                    r#"{{"type":"chat_message","id":"{high:08x}-{low:04x}-7{author:03x}-8{place:03x}-{number:012x}","message":""#
                )
            }
            Self::Plain => write!(out, r#"{{"user":"sender {sender}","message":""#),
        };
        let _ = write!(out, r#"r{room} s{sender} n{number} t{due} {WORDS}"}}"#);
    }

    /// What a frame's payload says.
    pub fn hear(self, payload: &[u8]) -> Heard {
        if self == Self::Native {
            if payload.starts_with(br#"{"type":"entries""#) {
                return if payload.ends_with(br#""live":true}"#) { Heard::Joined } else { Heard::Other };
            }
            if payload.starts_with(br#"{"type":"error""#) {
                return Heard::Refused;
            }
            if !payload.starts_with(br#"{"type":"chat_message""#) {
                return Heard::Other;
            }
        }
        match field(payload, br#""message":"#).and_then(said) {
            Some(said) => {
                Heard::Message(said, field(payload, br#""seq":"#).and_then(|bytes| number(&mut &*bytes)))
            }
            None => Heard::Other,
        }
    }
}

/// What follows a field's name, without the space that some encoders put there.
fn field<'a>(payload: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    find(payload, name).map(|at| payload[at + name.len()..].trim_ascii_start())
}

fn said(text: &[u8]) -> Option<Said> {
    let rest = &mut text.strip_prefix(b"\"")?;
    let mut part = |letter: u8| {
        *rest = rest.trim_ascii_start().strip_prefix(&[letter])?;
        number(rest)
    };
    Some(Said {
        room: part(b'r')?.try_into().ok()?,
        sender: part(b's')?.try_into().ok()?,
        number: part(b'n')?,
        due: part(b't')?,
    })
}

/// Takes a decimal number off the front.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = bytes.split_at(digits);
    *bytes = rest;
    std::str::from_utf8(number).ok()?.parse().ok()
}
