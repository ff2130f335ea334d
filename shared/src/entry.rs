//! One durable line of a room's log: message, edit, deletion, reaction, topic, act (`docs/protocol.md` §4).
//!
//! The same JSON object travels live, in replays, in history pages and over HTTP; only a replayed `chat_message` also
//! carries its [`Present`] state.

use serde::{Serialize, Serializer, ser::SerializeMap};
use uuid::Uuid;

use crate::{
    act::Act,
    author::Author,
    name::Nickname,
    text::{Emoji, MessageText, Topic},
};

mod decode;

/// An entry's number in its room: 1, 2, 3 … without holes. 0 stands before the first.
pub type Seq = u64;

/// Milliseconds since the Unix epoch, UTC, as the server's clock had it. Never decides order.
pub type Millis = i64;

/// Reads the id of a send: a UUID in its one canonical spelling, lower case with hyphens. Any other spelling would come back
/// changed, and its sender would not recognise it.
pub fn parse_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut canonical = Uuid::encode_buffer();
    (id.hyphenated().encode_lower(&mut canonical) == text).then_some(id)
}

/// One line of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the room, the only order there is.
    pub seq: Seq,
    /// The sender's own id for the send.
    pub id: Uuid,
    /// When the server took it.
    pub at: Millis,
    /// The nickname it was sent under.
    pub user: Nickname,
    /// Who sent it.
    pub by: Author,
    /// What it is.
    pub body: Body,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// `chat_message`: somebody said something.
    Message(Message),
    /// `edited`: `target` now reads differently. No text: it was deleted since.
    Edited {
        /// The message that changed.
        target: Seq,
        /// Its text as of now.
        text: Option<MessageText>,
    },
    /// `deleted`: `target` is gone everywhere.
    Deleted {
        /// The message that is gone.
        target: Seq,
    },
    /// `reacted`: one member's mark on a message, set or taken away.
    Reacted {
        /// The message it is on.
        target: Seq,
        /// The mark.
        emoji: Emoji,
        /// Set, or taken away.
        on: bool,
    },
    /// `topic`: what the room is about from here on.
    Topic {
        /// Empty when the room has no topic any more.
        topic: Topic,
    },
    /// `settings` or `moderated`: reserved.
    Act(Act),
}

/// A `chat_message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What was said, as last edited; `None` once deleted ("" on the wire).
    pub text: Option<MessageText>,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// What later entries made of it; only in replays, pages and over HTTP.
    pub present: Option<Present>,
}

/// The state of a message at some later point of the log. Clients fold only entries after `as_of`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    /// The seq up to which later entries are folded in.
    pub as_of: Seq,
    /// The entry that last edited it.
    pub edited: Option<Seq>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Marks on it, the oldest first.
    pub reactions: Vec<Reaction>,
}

/// One mark on a message and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reaction {
    /// The mark.
    pub emoji: Emoji,
    /// How many set it.
    pub count: u32,
    /// Who set it, at most [`REACTION_AUTHORS`](crate::limits::REACTION_AUTHORS) of them.
    pub by: Vec<Author>,
}

impl Entry {
    /// The `type` on the wire.
    pub const fn kind(&self) -> &'static str {
        self.body.kind()
    }

    /// The message in it, if it is one.
    pub const fn message(&self) -> Option<&Message> {
        match &self.body {
            Body::Message(message) => Some(message),
            _ => None,
        }
    }
}

impl Body {
    /// The `type` on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "chat_message",
            Self::Edited { .. } => "edited",
            Self::Deleted { .. } => "deleted",
            Self::Reacted { .. } => "reacted",
            Self::Topic { .. } => "topic",
            Self::Act(act) => act.kind().entry_type(),
        }
    }

    /// The message an edit, deletion or reaction is about.
    pub const fn target(&self) -> Option<Seq> {
        match self {
            Self::Edited { target, .. } | Self::Deleted { target } | Self::Reacted { target, .. } => {
                Some(*target)
            }
            Self::Message(_) | Self::Topic { .. } | Self::Act(_) => None,
        }
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind())?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("user", &self.user)?;
        map.serialize_entry("by", &self.by)?;
        match &self.body {
            Body::Message(message) => {
                map.serialize_entry("message", text(&message.text))?;
                if let Some(reply_to) = message.reply_to {
                    map.serialize_entry("reply_to", &reply_to)?;
                }
                if let Some(present) = &message.present {
                    if let Some(edited) = present.edited {
                        map.serialize_entry("edited", &edited)?;
                    }
                    if present.deleted {
                        map.serialize_entry("deleted", &true)?;
                    }
                    if !present.reactions.is_empty() {
                        map.serialize_entry("reactions", &present.reactions)?;
                    }
                    map.serialize_entry("as_of", &present.as_of)?;
                }
            }
            Body::Edited { target, text: now } => {
                map.serialize_entry("target", target)?;
                map.serialize_entry("message", text(now))?;
            }
            Body::Deleted { target } => map.serialize_entry("target", target)?,
            Body::Reacted { target, emoji, on } => {
                map.serialize_entry("target", target)?;
                map.serialize_entry("emoji", emoji)?;
                map.serialize_entry("on", on)?;
            }
            Body::Topic { topic } => map.serialize_entry("topic", topic)?,
            Body::Act(act) => act.serialize_into(&mut map)?,
        }
        map.end()
    }
}

fn text(text: &Option<MessageText>) -> &str {
    text.as_ref().map_or("", MessageText::as_str)
}

/// A line of a log as it travels: this version's entry, or one that can only be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// An entry this version understands.
    Entry(Entry),
    /// `damaged`: the server's disk changed it, and what it said is gone. Shown as just that, in its place.
    Damaged(Seq),
    /// Anything else with a `seq`: counted, kept in order, shown as nothing.
    Opaque(Seq),
}

/// The `type` of [`Line::Damaged`] on the wire.
const DAMAGED: &str = "damaged";

impl Line {
    /// Its place in the room.
    pub const fn seq(&self) -> Seq {
        match self {
            Self::Entry(entry) => entry.seq,
            Self::Damaged(seq) | Self::Opaque(seq) => *seq,
        }
    }

    /// The entry itself, where it is understood.
    pub fn into_entry(self) -> Option<Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Damaged(_) | Self::Opaque(_) => None,
        }
    }

    /// The entry, where it is understood.
    pub const fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Damaged(_) | Self::Opaque(_) => None,
        }
    }
}

impl From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        Self::Entry(entry)
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Entry(entry) => entry.serialize(serializer),
            Self::Damaged(seq) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("type", DAMAGED)?;
                map.serialize_entry("seq", seq)?;
                map.end()
            }
            Self::Opaque(seq) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("seq", seq)?;
                map.end()
            }
        }
    }
}
