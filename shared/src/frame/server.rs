//! What a server sends.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use uuid::Uuid;

use super::MemberList;
use crate::{
    author::Author,
    close::ErrorCode,
    entry::{Line, Seq},
    fields::Field,
    limits::Limits,
    name::{Nickname, RoomName},
    text::Topic,
};

/// A frame from a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The very first frame: what an identity signs.
    Challenge {
        /// Base64 of [`crate::limits::CHALLENGE_BYTES`] random bytes.
        challenge: String,
    },
    /// The client is in.
    ConnectionEstablished(Box<Established>),
    /// After `connection_established`: what was missed, or the newest entries.
    Entries {
        /// Ascending, without holes.
        entries: Vec<Line>,
        /// On the last of these frames: from here on each entry is a frame of its own.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        live: bool,
    },
    /// Answers `history`.
    History {
        /// What was asked for.
        before: Seq,
        /// Ascending, without holes, the last one just below `before`.
        entries: Vec<Line>,
        /// Whether there are older ones.
        more: bool,
    },
    /// Who came and went, gathered for a moment.
    Presence(Presence),
    /// Somebody is writing; shown for 5 s.
    Typing {
        /// Their nickname.
        user: Nickname,
        /// Who they are.
        by: Author,
    },
    /// The same author has read up to here on another connection.
    Read {
        /// The newest entry read.
        seq: Seq,
    },
    /// A refusal, in words.
    Error(ErrorFrame),
    /// Answers `ping`.
    Pong {
        /// The newest entry of the room.
        last: Seq,
    },
    /// A new entry, or several fields this version does not know around a `seq`.
    #[serde(untagged)]
    Line(Line),
}

/// `connection_established`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Established {
    /// "You are now connected!", as the tutorials greet.
    pub message: String,
    /// The server's version of the wire.
    pub version: u32,
    /// What serves the room.
    pub server: ServerInfo,
    /// "full": an entry seen is durable. "none": nothing is kept.
    pub durability: Durability,
    /// The room, in its first spelling.
    pub room: RoomName,
    /// The nickname held.
    pub nickname: Nickname,
    /// This connection's id among the members.
    pub member: String,
    /// Who the client is to the others.
    pub by: Author,
    /// The token that takes this place back; secret.
    pub seat: String,
    /// The name of this log.
    pub epoch: String,
    /// The oldest entry kept; 0 when there is none.
    pub first: Seq,
    /// The newest entry; 0 when there is none.
    pub last: Seq,
    /// Whether `entries` continue where the client left off.
    pub resumed: bool,
    /// What the server holds its members to.
    pub limits: Limits,
    /// Who is here, at most [`crate::limits::MEMBERS_LISTED`] of them.
    pub members: MemberList,
    /// How many are here.
    pub count: u32,
    /// What the room is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// How far this author has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
}

/// What an acknowledgement is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// An entry its sender sees come back survives `kill -9` and power loss.
    Full,
    /// Nothing is promised.
    None,
}

/// The server's name and version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// What the machine or its owner calls it.
    pub name: String,
    /// The program's version.
    pub version: String,
}

/// One member of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberInfo {
    /// This connection's id.
    pub member: String,
    /// The name shown.
    pub nickname: Nickname,
    /// Who it is.
    pub by: Author,
}

/// Changes among the members since the last such frame.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who came; empty in rooms above [`crate::limits::MEMBERS_LISTED`].
    #[serde(default)]
    pub joined: Vec<MemberInfo>,
    /// The ids of who left.
    #[serde(default)]
    pub left: Vec<String>,
    /// How many are here.
    pub count: u32,
    /// Everybody, once, when the room falls back to a size that is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<MemberList>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorFrame {
    /// What for machines.
    pub code: ErrorCode,
    /// A sentence for a person.
    pub message: String,
    /// The send it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// How long to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// A free nickname.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Nickname>,
}

/// A frame from a server that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("the server sent a frame that makes no sense: {0}")]
pub struct Nonsense(#[from] serde_json::Error);

/// What tells one frame from another.
#[derive(Default)]
struct Head<'j> {
    kind: Option<Field<'j>>,
    has_seq: bool,
}

impl<'de> Deserialize<'de> for Head<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadVisitor)
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head<'de>, A::Error> {
        let mut head = Head::default();
        while let Some(Field::Text(name)) = map.next_key()? {
            if name == "type" {
                head.kind = Some(map.next_value()?);
            } else {
                head.has_seq |= name == "seq";
                let _: IgnoredAny = map.next_value()?;
            }
        }
        Ok(head)
    }
}

/// `entries`.
#[derive(Deserialize)]
struct Entries {
    entries: Vec<Line>,
    #[serde(default)]
    live: bool,
}

/// `history`.
#[derive(Deserialize)]
struct History {
    before: Seq,
    entries: Vec<Line>,
    more: bool,
}

/// `challenge`.
#[derive(Deserialize)]
struct Challenge {
    challenge: String,
}

/// `typing`.
#[derive(Deserialize)]
struct Typing {
    user: Nickname,
    by: Author,
}

/// `read`.
#[derive(Deserialize)]
struct Read {
    seq: Seq,
}

/// `pong`.
#[derive(Deserialize)]
struct Pong {
    last: Seq,
}

impl ServerFrame {
    /// Reads a text frame. `None` is a frame of a later version that may be passed over.
    ///
    /// # Errors
    /// [`Nonsense`] when it is no JSON object, or a known frame with wrong fields.
    pub fn decode(json: &str) -> Result<Option<Self>, Nonsense> {
        let head: Head<'_> = serde_json::from_str(json)?;
        let kind = head.kind.as_ref().and_then(Field::as_str);
        // Each by itself: a buffer in between, as of a tagged enum, costs, and reads also what is to be ignored.
        Ok(Some(match kind {
            Some("entries") => {
                let Entries { entries, live } = serde_json::from_str(json)?;
                Self::Entries { entries, live }
            }
            Some("history") => {
                let History { before, entries, more } = serde_json::from_str(json)?;
                Self::History { before, entries, more }
            }
            Some("challenge") => {
                let Challenge { challenge } = serde_json::from_str(json)?;
                Self::Challenge { challenge }
            }
            Some("connection_established") => Self::ConnectionEstablished(serde_json::from_str(json)?),
            Some("presence") => Self::Presence(serde_json::from_str(json)?),
            Some("typing") => {
                let Typing { user, by } = serde_json::from_str(json)?;
                Self::Typing { user, by }
            }
            Some("read") => Self::Read { seq: serde_json::from_str::<Read>(json)?.seq },
            Some("error") => Self::Error(serde_json::from_str(json)?),
            Some("pong") => Self::Pong { last: serde_json::from_str::<Pong>(json)?.last },
            _ if head.has_seq => Self::Line(serde_json::from_str(json)?),
            _ => return Ok(None),
        }))
    }

    /// Writes the frame as compact JSON.
    pub fn to_json(&self) -> String {
        // Only maps with string keys and checked values: serde_json has nothing to refuse.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl ErrorFrame {
    /// A refusal without extras.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), id: None, retry_after_ms: None, suggestion: None }
    }
}

impl From<crate::frame::Refused> for ErrorFrame {
    fn from(refused: crate::frame::Refused) -> Self {
        Self { id: refused.id, ..Self::new(refused.code, refused.message) }
    }
}
