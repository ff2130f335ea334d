//! How a line of a log is read: once, borrowed from the text it came in, and without a tree of values in between.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Body, DAMAGED, Entry, Line, Message, Present, Reaction, Seq};
use crate::{
    act::{Act, ActKind},
    author::Author,
    fields::Field,
    limits,
    name::Nickname,
    text::{Emoji, MessageText, Topic},
};

impl<'de> Deserialize<'de> for Line {
    /// Fails only without a usable `seq`: a later server's entry must not break this client's count.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = LineFields::deserialize(deserializer)?;
        let seq = fields.seq.as_ref().and_then(Field::as_u64).filter(|seq| *seq > 0);
        let seq = seq.ok_or_else(|| de::Error::custom("an entry has a seq above 0"))?;
        if fields.kind.as_ref().and_then(Field::as_str) == Some(DAMAGED) {
            return Ok(Self::Damaged(seq));
        }
        Ok(fields.entry(seq).map_or(Self::Opaque(seq), Self::Entry))
    }
}

/// A line's fields before they are checked. Of a field that comes twice the last one counts.
#[derive(Default)]
struct LineFields<'j> {
    kind: Option<Field<'j>>,
    seq: Option<Field<'j>>,
    id: Option<Field<'j>>,
    at: Option<Field<'j>>,
    user: Option<Field<'j>>,
    by: Option<Field<'j>>,
    message: Option<Field<'j>>,
    reply_to: Option<Field<'j>>,
    target: Option<Field<'j>>,
    emoji: Option<Field<'j>>,
    on: Option<Field<'j>>,
    topic: Option<Field<'j>>,
    edited: Option<Field<'j>>,
    deleted: Option<Field<'j>>,
    reactions: Option<Field<'j>>,
    as_of: Option<Field<'j>>,
    /// Those of acts.
    of_act: Map<String, Value>,
}

impl<'de> Deserialize<'de> for LineFields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = LineFields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LineFields<'de>, A::Error> {
        let mut fields = LineFields::default();
        while let Some(name) = map.next_key::<Field<'_>>()? {
            let name = name.as_str().unwrap_or_default();
            match fields.slot(name) {
                Some(slot) => *slot = Some(map.next_value()?),
                None if ActKind::has_field(name) => {
                    let _ = fields.of_act.insert(name.to_owned(), map.next_value()?);
                }
                None => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(fields)
    }
}

/// Reads a field that may be missing or `null`. The outer `None`: it is there, and not what it should be.
fn optional<'a, 'j, T>(
    field: &'a Option<Field<'j>>,
    read: impl FnOnce(&'a Field<'j>) -> Option<T>,
) -> Option<Option<T>> {
    match field.as_ref().filter(|field| !field.is_null()) {
        None => Some(None),
        Some(field) => read(field).map(Some),
    }
}

impl<'j> LineFields<'j> {
    /// Where the field of this name belongs, if it is one of every entry's.
    fn slot(&mut self, name: &str) -> Option<&mut Option<Field<'j>>> {
        Some(match name {
            "type" => &mut self.kind,
            "seq" => &mut self.seq,
            "id" => &mut self.id,
            "at" => &mut self.at,
            "user" => &mut self.user,
            "by" => &mut self.by,
            "message" => &mut self.message,
            "reply_to" => &mut self.reply_to,
            "target" => &mut self.target,
            "emoji" => &mut self.emoji,
            "on" => &mut self.on,
            "topic" => &mut self.topic,
            "edited" => &mut self.edited,
            "deleted" => &mut self.deleted,
            "reactions" => &mut self.reactions,
            "as_of" => &mut self.as_of,
            _ => return None,
        })
    }

    /// The act in it, where it is one.
    fn act(&mut self) -> Option<Act> {
        let kind = self.kind.as_ref()?.as_str()?;
        let _ = ActKind::of_entry(kind)?;
        let mut fields = std::mem::take(&mut self.of_act);
        let _ = fields.insert("type".to_owned(), kind.into());
        Act::of_entry(&Value::Object(fields))?.ok()
    }

    /// The entry in it, when every field that this version knows is what it should be.
    fn entry(mut self, seq: Seq) -> Option<Entry> {
        let act = self.act();
        let message = optional(&self.message, Field::as_str)?;
        let reply_to = optional(&self.reply_to, Field::as_u64)?;
        let target = optional(&self.target, Field::as_u64)?;
        let emoji = optional(&self.emoji, Field::as_str)?;
        let on = optional(&self.on, Field::as_bool)?;
        let topic = optional(&self.topic, Field::as_str)?;
        let present = self.present()?;
        let body = match self.kind.as_ref()?.as_str()? {
            "chat_message" => Body::Message(Message { text: present_text(message?)?, reply_to, present }),
            "edited" => Body::Edited { target: target?, text: present_text(message?)? },
            "deleted" => Body::Deleted { target: target? },
            "reacted" => Body::Reacted { target: target?, emoji: Emoji::parse(emoji?).ok()?, on: on? },
            "topic" => Body::Topic { topic: Topic::parse(topic?).ok()? },
            _ => Body::Act(act?),
        };
        Some(Entry {
            seq,
            id: Uuid::try_parse(self.id.as_ref()?.as_str()?).ok()?,
            at: self.at.as_ref()?.other()?.as_i64()?,
            user: Nickname::known(self.user.as_ref()?.as_str()?).ok()?,
            by: Author::parse(self.by.as_ref()?.as_str()?).ok()?,
            body,
        })
    }

    /// What later entries made of a message. The outer `None` is nonsense, the inner one says that it is live.
    fn present(&self) -> Option<Option<Present>> {
        let edited = optional(&self.edited, Field::as_u64)?;
        let deleted = optional(&self.deleted, Field::as_bool)?;
        let reactions =
            optional(&self.reactions, |field| Vec::<RawReaction>::deserialize(field.other()?).ok())?;
        let Some(as_of) = optional(&self.as_of, Field::as_u64)? else { return Some(None) };
        let reactions = reactions.unwrap_or_default().into_iter().map(RawReaction::check);
        Some(Some(Present {
            as_of,
            edited,
            deleted: deleted.unwrap_or(false),
            reactions: reactions.collect::<Option<_>>()?,
        }))
    }
}

#[derive(Deserialize)]
struct RawReaction {
    emoji: String,
    count: u32,
    by: Vec<Author>,
}

impl RawReaction {
    fn check(mut self) -> Option<Reaction> {
        self.by.truncate(limits::REACTION_AUTHORS);
        Some(Reaction { emoji: Emoji::parse(self.emoji).ok()?, count: self.count, by: self.by })
    }
}

/// The outer `None` is nonsense, the inner one a deletion.
fn present_text(text: &str) -> Option<Option<MessageText>> {
    if text.is_empty() {
        return Some(None);
    }
    MessageText::parse(text).ok().map(Some)
}
