//! What a client sends.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use uuid::Uuid;

use crate::{
    act::Act,
    close::ErrorCode,
    entry::Seq,
    text::{Emoji, MessageText, Topic},
};

mod decode;

/// A frame from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// The first frame: who comes, and where they left off.
    Hello(Hello),
    /// Something for the room's log, under the sender's own id.
    Send {
        /// The sender's id for it, kept for every retry.
        id: Uuid,
        /// What it is.
        intent: Intent,
    },
    /// The sender is writing; at most one in 3 s.
    Typing,
    /// Everything up to `seq` has been read; at most one a second.
    Read {
        /// The newest entry read.
        seq: Seq,
    },
    /// Asks for entries before `before`.
    History {
        /// Entries below this one.
        before: Seq,
        /// How many, 1–500.
        limit: u32,
    },
    /// Asks whether the line still stands; answered by `pong`.
    Ping,
}

/// What a client wants to enter into the room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// `chat_message`.
    Message {
        /// What is said.
        text: MessageText,
        /// The message it answers.
        reply_to: Option<Seq>,
    },
    /// `edit`: another text for an own message.
    Edit {
        /// The message to change.
        target: Seq,
        /// Its new text.
        text: MessageText,
    },
    /// `delete`: a message shall be gone.
    Delete {
        /// The message.
        target: Seq,
    },
    /// `react`: sets or takes away one's own mark on a message.
    React {
        /// The message.
        target: Seq,
        /// The mark.
        emoji: Emoji,
        /// Set, or take away.
        on: bool,
    },
    /// `topic`: what the room is about.
    Topic {
        /// Empty to have none.
        topic: Topic,
    },
    /// `settings` or `moderate`: reserved. A server does not know these frames yet.
    Act(Act),
}

/// The first frame of a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hello {
    /// The client's version of the wire.
    pub version: u32,
    /// "name/version" of the client, at most [`CLIENT_NAME_BYTES`](crate::limits::CLIENT_NAME_BYTES).
    pub client: Option<String>,
    /// Where a returning client left off.
    pub resume: Option<Resume>,
    /// The newest entries wanted on a fresh join, 0–500.
    pub history: u32,
    /// The seat of an earlier visit.
    pub seat: Option<String>,
    /// Proofs beyond the seat.
    pub credentials: Credentials,
}

/// Proofs a client may bring. A server that does not serve them says `unsupported`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The room's password.
    pub password: Option<String>,
    /// A key and its signature, both base64.
    pub identity: Option<(String, String)>,
}

/// The last entry a returning client has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The log it belongs to.
    pub epoch: String,
    /// The seq of the last entry it has; 0 for none.
    pub after: Seq,
    /// That entry's `id`, which tells a restored backup from the log it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

/// Why a frame was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The code to answer with.
    pub code: ErrorCode,
    /// A sentence for a person.
    pub message: String,
    /// The send it was, where the frame named one.
    pub id: Option<Uuid>,
}

impl ClientFrame {
    /// Writes the frame as compact JSON.
    pub fn to_json(&self) -> String {
        // Only maps with string keys and checked values: serde_json has nothing to refuse.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for ClientFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Hello(hello) => {
                map.serialize_entry("type", "hello")?;
                map.serialize_entry("version", &hello.version)?;
                if let Some(client) = &hello.client {
                    map.serialize_entry("client", client)?;
                }
                if let Some(resume) = &hello.resume {
                    map.serialize_entry("resume", resume)?;
                }
                map.serialize_entry("history", &hello.history)?;
                if let Some(seat) = &hello.seat {
                    map.serialize_entry("seat", seat)?;
                }
                if let Some(password) = &hello.credentials.password {
                    map.serialize_entry("password", password)?;
                }
                if let Some((key, signature)) = &hello.credentials.identity {
                    let identity = serde_json::json!({ "key": key, "signature": signature });
                    map.serialize_entry("identity", &identity)?;
                }
            }
            Self::Send { id, intent } => {
                map.serialize_entry("type", intent.kind())?;
                map.serialize_entry("id", id)?;
                intent.serialize_into(&mut map)?;
            }
            Self::Typing => map.serialize_entry("type", "typing")?,
            Self::Read { seq } => {
                map.serialize_entry("type", "read")?;
                map.serialize_entry("seq", seq)?;
            }
            Self::History { before, limit } => {
                map.serialize_entry("type", "history")?;
                map.serialize_entry("before", before)?;
                map.serialize_entry("limit", limit)?;
            }
            Self::Ping => map.serialize_entry("type", "ping")?,
        }
        map.end()
    }
}

impl Intent {
    /// The fields that say what is meant, without `type` and `id`.
    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Message { text, reply_to } => {
                map.serialize_entry("message", text)?;
                if let Some(reply_to) = reply_to {
                    map.serialize_entry("reply_to", reply_to)?;
                }
            }
            Self::Edit { target, text } => {
                map.serialize_entry("target", target)?;
                map.serialize_entry("message", text)?;
            }
            Self::Delete { target } => map.serialize_entry("target", target)?,
            Self::React { target, emoji, on } => {
                map.serialize_entry("target", target)?;
                map.serialize_entry("emoji", emoji)?;
                map.serialize_entry("on", on)?;
            }
            Self::Topic { topic } => map.serialize_entry("topic", topic)?,
            Self::Act(act) => act.serialize_into(map)?,
        }
        Ok(())
    }

    /// The `type` on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "chat_message",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::React { .. } => "react",
            Self::Topic { .. } => "topic",
            Self::Act(act) => act.kind().frame_type(),
        }
    }

    /// The message it is about, where it is about one; a reply's `reply_to` is not its target.
    pub const fn target(&self) -> Option<Seq> {
        match self {
            Self::Edit { target, .. } | Self::Delete { target } | Self::React { target, .. } => Some(*target),
            Self::Message { .. } | Self::Topic { .. } | Self::Act(_) => None,
        }
    }
}
