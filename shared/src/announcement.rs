//! How a server makes itself known on a network: what its DNS-SD record says, and the datagrams of the fallback
//! (`docs/protocol.md` §9).
//!
//! Anybody on the network can send either. So an announcement is a hint where a server may be, and never says who it is.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::{api::TlsMode, server_id::ServerId};

/// The DNS-SD type of a server.
pub const SERVICE_TYPE: &str = "_snug._tcp.local.";
/// The multicast group that questions are sent to, besides the broadcast addresses.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 83, 78);
/// The UDP port that questions are sent to. The server's TCP port may be another.
pub const QUESTION_PORT: u16 = 8000;
/// The longest datagram, in bytes.
pub const DATAGRAM_BYTES: usize = 512;
/// The longest name, in bytes: what a label of DNS holds.
pub const NAME_BYTES: usize = 63;

/// The version of announcements.
const VERSION: u32 = 1;
/// The longest value that is read, in bytes. All of ours are shorter.
const VALUE_BYTES: usize = 128;
/// Characters of a fingerprint: 32 bytes in base64url.
const FINGERPRINT_CHARS: usize = 43;

/// What a server says of itself to a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Tells servers apart.
    pub id: ServerId,
    /// What it is called, at most [`NAME_BYTES`] bytes.
    pub name: String,
    /// Whether it encrypts connections.
    pub tls: TlsMode,
    /// The fingerprint of its key, if it has one.
    pub fingerprint: Option<String>,
    /// Rooms that anyone may see.
    pub rooms: u32,
    /// Members of all rooms together.
    pub people: u32,
}

/// What is in a datagram.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Datagram {
    /// Somebody looks for servers.
    #[serde(rename = "snug?")]
    Question { v: u32 },
    /// A server is here.
    #[serde(rename = "snug")]
    Answer {
        v: u32,
        port: u16,
        id: ServerId,
        name: String,
        tls: TlsMode,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fp: Option<String>,
        rooms: u32,
        people: u32,
    },
}

impl Announcement {
    /// The keys and values of the DNS-SD record.
    pub fn txt(&self) -> Vec<(&'static str, String)> {
        let fingerprint = self.fingerprint.iter().map(|fingerprint| ("fp", fingerprint.clone()));
        let always = [
            ("v", VERSION.to_string()),
            ("id", self.id.to_string()),
            ("name", self.name.clone()),
            ("tls", self.tls.as_str().to_owned()),
            ("rooms", self.rooms.to_string()),
            ("people", self.people.to_string()),
        ];
        always.into_iter().chain(fingerprint).collect()
    }

    /// Reads a DNS-SD record, whose values `value` has by key. `None` for what no server of this version says.
    pub fn from_txt<'v>(value: impl Fn(&str) -> Option<&'v str>) -> Option<Self> {
        let value = |key: &str| value(key).filter(|value| value.len() <= VALUE_BYTES);
        let number = |key: &str| value(key).map_or(Some(0), |number| number.parse().ok());
        let tls = match value("tls") {
            None | Some("off") => TlsMode::Off,
            Some("auto") => TlsMode::Auto,
            Some("require") => TlsMode::Require,
            Some(_) => return None,
        };
        let read = Self {
            id: ServerId::parse(value("id")?).ok()?,
            name: value("name")?.to_owned(),
            tls,
            fingerprint: value("fp").map(str::to_owned),
            rooms: number("rooms")?,
            people: number("people")?,
        };
        (value("v")?.parse() == Ok(VERSION)).then_some(read)?.valid()
    }

    /// The answer to a [`question`], from a server on this TCP port.
    pub fn datagram(&self, port: u16) -> Vec<u8> {
        let Self { id, name, tls, fingerprint: fp, rooms, people } = self.clone();
        encode(&Datagram::Answer { v: VERSION, port, id, name, tls, fp, rooms, people })
    }

    /// Reads an answer: the announcement, and the server's TCP port. `None` for what no server of this version says.
    pub fn from_datagram(bytes: &[u8]) -> Option<(Self, u16)> {
        let Datagram::Answer { v, port, id, name, tls, fp, rooms, people } = decode(bytes)? else {
            return None;
        };
        let read = Self { id, name, tls, fingerprint: fp, rooms, people };
        Some(((v == VERSION && port > 0).then_some(read)?.valid()?, port))
    }

    fn valid(self) -> Option<Self> {
        let is_fingerprint = |text: &String| {
            text.len() == FINGERPRINT_CHARS
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let valid = !self.name.is_empty()
            && self.name.len() <= NAME_BYTES
            && self.fingerprint.as_ref().is_none_or(is_fingerprint);
        valid.then_some(self)
    }
}

/// The datagram that asks for servers.
pub fn question() -> Vec<u8> {
    encode(&Datagram::Question { v: VERSION })
}

/// Whether a datagram asks for servers. A later version may ask for more: it is answered as this one is.
pub fn is_question(bytes: &[u8]) -> bool {
    matches!(decode(bytes), Some(Datagram::Question { v }) if v >= VERSION)
}

fn encode(datagram: &Datagram) -> Vec<u8> {
    serde_json::to_vec(datagram).expect("texts and numbers are JSON")
}

fn decode(bytes: &[u8]) -> Option<Datagram> {
    if bytes.len() > DATAGRAM_BYTES {
        return None;
    }
    serde_json::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn announcement() -> Announcement {
        Announcement {
            id: ServerId::parse("abcdefghijklmnopqrstuvwx27").unwrap(),
            name: "The lab".to_owned(),
            tls: TlsMode::Auto,
            fingerprint: Some(FINGERPRINT.to_owned()),
            rooms: 3,
            people: 12,
        }
    }

    fn read(txt: &[(&'static str, String)]) -> Option<Announcement> {
        Announcement::from_txt(|key| {
            txt.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
        })
    }

    #[test]
    fn a_record_and_a_datagram_say_what_the_server_said() {
        let said = announcement();
        let plain = Announcement { tls: TlsMode::Off, fingerprint: None, ..said.clone() };
        for said in [said, plain] {
            assert_eq!(read(&said.txt()), Some(said.clone()));
            assert_eq!(Announcement::from_datagram(&said.datagram(8123)), Some((said, 8123)));
        }
    }

    #[test]
    fn shapes_are_those_of_the_wire() {
        assert_eq!(question(), br#"{"type":"snug?","v":1}"#);
        let answer = format!(
            r#"{{"type":"snug","v":1,"port":8000,"id":"abcdefghijklmnopqrstuvwx27","name":"The lab","tls":"auto","fp":"{FINGERPRINT}","rooms":3,"people":12}}"#
        );
        assert_eq!(String::from_utf8(announcement().datagram(8000)).unwrap(), answer);
        assert!(is_question(br#" {"v":1,"type":"snug?","more":[]}"#));
        for other in
            ["", "snug?", r#"{"type":"snug?"}"#, r#"{"type":"snug","v":1}"#, r#"{"type":"snug?","v":0}"#]
        {
            assert!(!is_question(other.as_bytes()), "{other}");
        }
        let long = format!(r#"{{"type":"snug?","v":1,"x":"{}"}}"#, "x".repeat(DATAGRAM_BYTES));
        assert!(!is_question(long.as_bytes()));
    }

    #[test]
    fn the_longest_answer_fits_into_a_datagram() {
        // A name of 63 quotes is written with a backslash before each.
        let name = "\"".repeat(NAME_BYTES);
        let longest =
            Announcement { name, tls: TlsMode::Require, rooms: u32::MAX, people: u32::MAX, ..announcement() };
        let datagram = longest.datagram(u16::MAX);
        assert!(datagram.len() <= DATAGRAM_BYTES, "{} bytes", datagram.len());
        assert_eq!(Announcement::from_datagram(&datagram), Some((longest, u16::MAX)));
    }

    #[test]
    fn what_no_server_says_is_not_read() {
        let said = announcement();
        let changed = |key: &str, value: &str| {
            let mut txt = said.txt();
            txt.iter_mut().filter(|(name, _)| *name == key).for_each(|(_, old)| *old = value.to_owned());
            read(&txt)
        };
        for (key, value) in [
            ("v", "2"),
            ("v", ""),
            ("id", "lab"),
            ("name", ""),
            ("name", &"x".repeat(NAME_BYTES + 1)),
            ("tls", "maybe"),
            ("fp", "short"),
            ("fp", &"!".repeat(FINGERPRINT_CHARS)),
            ("rooms", "-1"),
            ("people", "4294967296"),
        ] {
            assert_eq!(changed(key, value), None, "{key}={value}");
        }
        for key in ["v", "id", "name"] {
            let txt: Vec<_> = said.txt().into_iter().filter(|(name, _)| *name != key).collect();
            assert_eq!(read(&txt), None, "without {key}");
        }
        let datagram = String::from_utf8(said.datagram(8000)).unwrap();
        for (old, new) in [
            ("\"v\":1", "\"v\":2"),
            ("\"snug\"", "\"snug?\""),
            ("8000", "0"),
            ("8000", "65536"),
            ("abcdef", "abc"),
            ("The lab", ""),
            ("auto", "perhaps"),
            ("\"rooms\":3", "\"rooms\":-3"),
            ("}", ""),
        ] {
            assert_eq!(
                Announcement::from_datagram(datagram.replace(old, new).as_bytes()),
                None,
                "{old} → {new}"
            );
        }
        assert!(Announcement::from_datagram(datagram.replace("}", ",\"later\":[1]}").as_bytes()).is_some());
    }
}
