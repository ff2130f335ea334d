//! One send inside the writer's transaction: judged by the facts of that moment, numbered, kept.

use std::{borrow::Cow, sync::Arc};

use rusqlite::{
    Connection, Result, params, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};
use snug_shared::{Body, Entry, ErrorCode, Seq};

use super::{ROOM_MAX, checksum, number, pages, rows};
use crate::{
    log::{Append, Appended, Callback, Committed, Denial, digest::Digest, epoch::Generation, now, rules},
    policy::Policy,
};

mod facts;
mod present_state;
mod room_cache;

use facts::RoomFacts;
use room_cache::CachedRoom;
pub(super) use room_cache::RoomCache;

/// An append that waits for the writer, with all that can be worked out before it is the writer's turn.
pub(super) struct Job {
    pub(super) append: Append,
    pub(super) digest: Digest,
    pub(super) callback: Callback,
}

/// Enters appends, one after another, within one transaction.
pub(super) struct Appender<'t> {
    pub(super) connection: &'t Connection,
    pub(super) rooms: &'t mut RoomCache,
    pub(super) generation: &'t Generation,
    pub(super) policy: Policy,
    /// Set when something was deleted or overwritten.
    pub(super) erased: bool,
}

impl Appender<'_> {
    /// Judges one append and enters it. Nothing of it is true before the transaction is committed.
    pub(super) fn take(&mut self, Job { append, digest, .. }: &Job) -> Result<Appended> {
        let key = append.room.key();
        let room = self.rooms.get(self.connection, &key)?;
        let epoch = room.map_or_else(|| self.generation.epoch(&key), |room| room.epoch);
        if epoch != append.epoch {
            return Ok(Appended::EpochChanged);
        }
        let facts = RoomFacts { connection: self.connection, room: room.map(|room| room.id) };
        match (rules::judge(self.policy, &facts, append, digest)?, room) {
            (rules::Verdict::Enter, Some(room)) => self.enter(room, append, digest),
            (rules::Verdict::Enter, None) => match self.create(append)? {
                Some(room) => self.enter(room, append, digest),
                None => Ok(Appended::Refused(Denial::new(
                    ErrorCode::StorageFull,
                    "This server can’t hold another room.",
                ))),
            },
            (rules::Verdict::Repeat(seq), Some(room)) => Ok(Appended::Repeated(self.kept(room, seq)?)),
            (rules::Verdict::Unchanged(seq), Some(room)) => Ok(Appended::Unchanged(self.kept(room, seq)?)),
            (rules::Verdict::Refuse(denial), _) => Ok(Appended::Refused(denial)),
            (rules::Verdict::Repeat(_) | rules::Verdict::Unchanged(_), None) => {
                Err(rusqlite::Error::QueryReturnedNoRows)
            }
        }
    }

    fn kept(&self, room: CachedRoom, seq: Seq) -> Result<Box<Entry>> {
        pages::one(self.connection, room.id, seq, room.last.cast_unsigned()).map(Box::new)
    }

    /// Makes the room of its first entry. None: the file has no number left for it.
    fn create(&self, append: &Append) -> Result<Option<CachedRoom>> {
        let Append { room, epoch, .. } = append;
        self.connection
            .prepare_cached(
                "INSERT INTO rooms(key, name, epoch, last, last_at, topic, indexed, sum)
                 VALUES (?1, ?2, ?3, 0, 0, '', 0, 0)",
            )?
            .execute(params![room.key().as_str(), room.as_str(), epoch.to_string()])?;
        let id = self.connection.last_insert_rowid();
        if id > ROOM_MAX {
            self.connection.execute("DELETE FROM rooms WHERE id = ?1", [id])?;
            return Ok(None);
        }
        checksum::ROOMS.seal(self.connection, id)?;
        Ok(Some(CachedRoom { id, epoch: *epoch, last: 0, last_at: 0, touched: false }))
    }

    fn enter(&mut self, mut room: CachedRoom, append: &Append, digest: &Digest) -> Result<Appended> {
        room.last += 1;
        room.last_at = now();
        room.touched = true;
        let entry = Entry {
            seq: room.last.cast_unsigned(),
            id: append.id,
            at: room.last_at,
            user: append.actor.nickname.clone(),
            by: append.actor.author.clone(),
            body: rules::body(append.intent.clone()),
        };
        let n = number(room.id, room.last);
        let target = entry.body.target().map(|seq| number(room.id, seq.cast_signed()));
        self.insert(n, target, &entry, digest)?;
        if let Some(target) = target {
            self.fold(room, target, &entry)?;
        }
        self.fold_into_room(room, &entry.body)?;
        let committed = Committed { room: append.room.key(), epoch: room.epoch, entry };
        self.rooms.put(append.room.key(), room);
        Ok(Appended::New(Arc::new(committed)))
    }

    /// Writes the entry's row. `target`: the number of the message it is about.
    fn insert(&self, n: i64, target: Option<i64>, entry: &Entry, digest: &Digest) -> Result<()> {
        let text: Option<Cow<'_, str>> = match &entry.body {
            Body::Message(message) => message.text.as_ref().map(|text| text.as_str().into()),
            // The text of an edit is kept with the message alone: one place to read, one place to erase.
            Body::Edited { .. } | Body::Deleted { .. } => None,
            Body::Reacted { emoji, .. } => Some(emoji.as_str().into()),
            Body::Topic { topic } => Some(topic.as_str().into()),
            Body::Act(act) => Some(Cow::Owned(act.to_json())),
        };
        let reply_to = entry.message().and_then(|message| message.reply_to).map(u64::cast_signed);
        let on = match &entry.body {
            Body::Reacted { on, .. } => Some(i64::from(*on)),
            _ => None,
        };
        let integer = |value: Option<i64>| value.map_or(ValueRef::Null, ValueRef::Integer);
        let columns: [ValueRef<'_>; checksum::ENTRIES.columns.len()] = [
            ValueRef::Integer(n),
            ValueRef::Integer(rows::kind(&entry.body)),
            ValueRef::Blob(entry.id.as_bytes()),
            ValueRef::Integer(entry.at),
            ValueRef::Text(entry.user.as_str().as_bytes()),
            ValueRef::Text(entry.by.as_str().as_bytes()),
            integer(target),
            text.as_ref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            integer(reply_to),
            ValueRef::Null,
            integer(on),
            ValueRef::Blob(digest),
            ValueRef::Integer(0),
        ];
        let sealed = columns.into_iter().chain([ValueRef::Integer(checksum::of(columns))]);
        self.connection
            .prepare_cached(
                "INSERT INTO entries(
                     n, kind, id, at, user, author, target, text, reply_to, edited, mark, digest, marks, sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params_from_iter(sealed.map(ToSqlOutput::Borrowed)))
            .map(drop)
    }
}
