//! One send inside the writer's transaction: judged by the facts of that moment, numbered, kept.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{
    Connection, OptionalExtension, Result, Row, params, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};
use snug_shared::{Author, Body, Emoji, Entry, ErrorCode, Millis, RoomKey, Seq};
use uuid::Uuid;

use super::{ROOM_MAX, checksum, corruption, index, number, pages, reactions, rows, seq_of};
use crate::{
    log::{
        Append, Appended, Callback, Committed, Denial, Epoch,
        digest::{self, Digest},
        epoch::Generation,
        now, rules,
    },
    policy::{Policy, Subject},
};

/// Rooms the writer remembers between transactions; above it, it asks the file again.
const REMEMBERED: usize = 4_096;

/// Rooms as the open transaction has them. What is in here and not yet in the file is written by [`RoomCache::flush`].
#[derive(Debug, Default)]
pub(super) struct RoomCache {
    known: HashMap<RoomKey, CachedRoom>,
}

#[derive(Debug, Clone, Copy)]
struct CachedRoom {
    id: i64,
    epoch: Epoch,
    last: i64,
    last_at: Millis,
    touched: bool,
}

impl RoomCache {
    /// Forgets everything: the transaction it speaks of did not happen.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// Writes what the transaction changed, once a room and not once an entry.
    pub(super) fn flush(&mut self, connection: &Connection) -> Result<()> {
        for room in self.known.values_mut().filter(|room| room.touched) {
            let changed =
                [("last", ValueRef::Integer(room.last)), ("last_at", ValueRef::Integer(room.last_at))];
            checksum::ROOMS.change(connection, room.id, &changed)?;
            room.touched = false;
        }
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        Ok(())
    }

    fn get(&mut self, connection: &Connection, key: &RoomKey) -> Result<Option<CachedRoom>> {
        if let Some(room) = self.known.get(key) {
            return Ok(Some(*room));
        }
        let Some(row) = rows::room(connection, key.as_str())? else { return Ok(None) };
        let room = CachedRoom {
            id: row.id,
            epoch: row.record.epoch,
            last: row.record.last.cast_signed(),
            last_at: row.record.last_at,
            touched: false,
        };
        self.known.insert(key.clone(), room);
        Ok(Some(room))
    }
}

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
        let act = match &entry.body {
            Body::Act(act) => Some(act.to_json()),
            _ => None,
        };
        let (text, reply_to, on) = match &entry.body {
            Body::Message(message) => {
                (message.text.as_ref().map(|text| text.as_str()), message.reply_to, None)
            }
            // The text of an edit is kept with the message alone: one place to read, one place to erase.
            Body::Edited { .. } | Body::Deleted { .. } => (None, None, None),
            Body::Reacted { emoji, on, .. } => (Some(emoji.as_str()), None, Some(*on)),
            Body::Topic { topic } => (Some(topic.as_str()), None, None),
            Body::Act(_) => (act.as_deref(), None, None),
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
            text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            integer(reply_to.map(u64::cast_signed)),
            ValueRef::Null,
            integer(on.map(i64::from)),
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
            .execute(params_from_iter(sealed.map(ToSqlOutput::Borrowed)))?;
        if let Some(target) = target {
            self.fold(room, n, target, &entry)?;
        }
        self.fold_into_room(room, &entry.body)?;
        let committed = Committed { room: append.room.key(), epoch: room.epoch, entry };
        self.rooms.known.insert(append.room.key(), room);
        Ok(Appended::New(Arc::new(committed)))
    }

    /// Makes the present state of the room what it is after an entry.
    fn fold_into_room(&self, room: CachedRoom, body: &Body) -> Result<()> {
        let (column, value) = match body {
            Body::Topic { topic } => ("topic", topic.as_str().to_owned()),
            Body::Act(act) => {
                let mut settings = self
                    .connection
                    .prepare_cached("SELECT settings FROM rooms WHERE id = ?1")?
                    .query_row([room.id], |row| rows::settings(row, 0))?;
                if !settings.apply(act) {
                    return Ok(());
                }
                ("settings", settings.to_json())
            }
            _ => return Ok(()),
        };
        checksum::ROOMS.change(self.connection, room.id, &[(column, ValueRef::Text(value.as_bytes()))])
    }

    /// Makes the present state of the message `target` what it is after `entry`.
    fn fold(&mut self, room: CachedRoom, n: i64, target: i64, entry: &Entry) -> Result<()> {
        match &entry.body {
            Body::Edited { text, .. } => {
                let text = text.as_ref().map(|text| text.as_str());
                self.overwrite(room, n, target, text)?;
                self.connection
                    .prepare_cached("UPDATE entries SET edited = ?2 WHERE n = ?1")?
                    .execute([target, room.last])?;
                checksum::ENTRIES.seal(self.connection, target)?;
            }
            Body::Deleted { .. } => {
                self.overwrite(room, n, target, None)?;
                self.connection
                    .prepare_cached("DELETE FROM reactions WHERE message = ?1")?
                    .execute([target])?;
                self.set_reactions_checksum(target, 0)?;
            }
            Body::Reacted { emoji, on, .. } => {
                checksum::ENTRIES.check(self.connection, target)?;
                let checksum = checksum::of([
                    ValueRef::Integer(target),
                    ValueRef::Text(emoji.as_str().as_bytes()),
                    ValueRef::Text(entry.by.as_str().as_bytes()),
                    ValueRef::Integer(i64::from(*on)),
                    ValueRef::Integer(room.last),
                ]);
                let place = params![target, emoji.as_str(), entry.by.as_str()];
                let before: Option<i64> = self
                    .connection
                    .prepare_cached(
                        "SELECT sum FROM reactions WHERE message = ?1 AND emoji = ?2 AND author = ?3",
                    )?
                    .query_row(place, |row| row.get(0))
                    .optional()?;
                let total: i64 = self
                    .connection
                    .prepare_cached("SELECT marks FROM entries WHERE n = ?1")?
                    .query_row([target], |row| row.get(0))?;
                self.connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO reactions(message, emoji, author, mark, seq, sum)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![target, emoji.as_str(), entry.by.as_str(), on, room.last, checksum])?;
                // Where one was damaged, they do not add up afterwards either.
                self.set_reactions_checksum(
                    target,
                    total.wrapping_sub(before.unwrap_or(0)).wrapping_add(checksum),
                )?;
            }
            Body::Message(_) | Body::Topic { .. } | Body::Act(_) => {}
        }
        Ok(())
    }

    fn set_reactions_checksum(&self, message: i64, checksum: i64) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE entries SET marks = ?2 WHERE n = ?1")?
            .execute([message, checksum])?;
        checksum::ENTRIES.seal(self.connection, message)
    }

    /// Replaces a message's text everywhere; `n` is the entry that does. The message's checksum has to be made anew then.
    fn overwrite(&mut self, room: CachedRoom, n: i64, target: i64, text: Option<&str>) -> Result<()> {
        checksum::ENTRIES.check(self.connection, target)?;
        self.erased = true;
        let (indexed, old): (i64, Option<String>) = self
            .connection
            .prepare_cached(
                "SELECT rooms.indexed, entries.text FROM rooms, entries WHERE rooms.id = ?1 AND n = ?2",
            )?
            .query_row([room.id, target], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if target <= number(room.id, indexed) {
            if let Some(old) = old {
                index::remove(self.connection, target, &old)?;
            }
            if let Some(text) = text {
                index::add(self.connection, target, text)?;
            }
        }
        let short = digest::ERASED_BYTES as i64;
        self.connection
            .prepare_cached("UPDATE entries SET text = ?2, digest = substr(digest, 1, ?3) WHERE n = ?1")?
            .execute(params![target, text, short])?;
        // Earlier edits said what is gone now; a deletion takes the last one with it.
        let earlier: Vec<i64> = self
            .connection
            .prepare_cached(
                "SELECT n FROM entries WHERE target = ?1 AND kind = 1 AND n < ?2 AND length(digest) > ?3",
            )?
            .query_map([target, n, short], |row| row.get(0))?
            .collect::<Result<_>>()?;
        for edit in earlier {
            let is_whole = checksum::ENTRIES.check(self.connection, edit).is_ok();
            self.connection
                .prepare_cached("UPDATE entries SET digest = substr(digest, 1, ?2) WHERE n = ?1")?
                .execute([edit, short])?;
            if is_whole {
                checksum::ENTRIES.seal(self.connection, edit)?;
            }
        }
        Ok(())
    }
}

/// What the file says of one room; of none when it is not there.
struct RoomFacts<'t> {
    connection: &'t Connection,
    room: Option<i64>,
}

impl RoomFacts<'_> {
    fn n(&self, seq: Seq) -> Option<i64> {
        let seq = i64::try_from(seq).ok().filter(|seq| (1..=super::SEQ_MAX).contains(seq))?;
        self.room.map(|room| number(room, seq))
    }

    /// What an entry's row says; none when it is not there or damaged.
    fn whole<T>(&self, n: i64, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
        let read = |row: &Row<'_>| {
            checksum::check(row, 0, checksum::ENTRIES.columns.len())?;
            read(row)
        };
        match self.connection.prepare_cached(checksum::ENTRIES.row)?.query_row([n], read).optional() {
            Err(error) if corruption::is_corruption(&error) => Ok(None),
            found => found,
        }
    }
}

impl rules::Facts for RoomFacts<'_> {
    type Error = rusqlite::Error;

    fn sent(&self, author: &Author, id: Uuid) -> Result<Option<(Seq, Vec<u8>)>> {
        let Some(room) = self.room else { return Ok(None) };
        let n: Option<i64> = self
            .connection
            .prepare_cached("SELECT n FROM entries WHERE id = ?1 AND author = ?2 AND n >> 40 = ?3")?
            .query_row(params![&id.as_bytes()[..], author.as_str(), room], |row| row.get(0))
            .optional()?;
        let Some(n) = n else { return Ok(None) };
        // What is damaged is not the same as what is sent now: that is no acknowledgement of it.
        let digest = self.whole(n, |row| row.get(11))?.unwrap_or_default();
        Ok(Some((seq_of(n), digest)))
    }

    fn message(&self, seq: Seq) -> Result<Option<Subject>> {
        let Some(n) = self.n(seq) else { return Ok(None) };
        let subject = self.whole(n, |row| {
            let subject =
                Subject { author: rows::author(row, 5)?, deleted: row.get_ref(7)? == ValueRef::Null };
            Ok((row.get::<_, i64>(1)? == 0).then_some(subject))
        })?;
        Ok(subject.flatten())
    }

    fn reaction(&self, message: Seq, emoji: &Emoji, author: &Author) -> Result<Option<(bool, Seq)>> {
        let Some(n) = self.n(message) else { return Ok(None) };
        let state = self
            .connection
            .prepare_cached(
                "SELECT message, emoji, author, mark, seq, sum FROM reactions
                 WHERE message = ?1 AND emoji = ?2 AND author = ?3",
            )?
            .query_row(params![n, emoji.as_str(), author.as_str()], reactions::state)
            .optional();
        match state {
            // It can be set anew.
            Err(error) if corruption::is_corruption(&error) => Ok(None),
            state => Ok(state?.map(|(_, _, state)| (state.on, state.seq))),
        }
    }

    fn other_kinds(&self, message: Seq, emoji: &Emoji) -> Result<usize> {
        let Some(n) = self.n(message) else { return Ok(0) };
        self.connection
            .prepare_cached(
                "SELECT CASE
                    WHEN EXISTS (SELECT 1 FROM reactions WHERE message = ?1 AND emoji = ?2 AND mark = 1) THEN 0
                    ELSE (SELECT count(DISTINCT emoji) FROM reactions WHERE message = ?1 AND mark = 1) END",
            )?
            .query_row(params![n, emoji.as_str()], |row| row.get::<_, i64>(0))
            .map(|kinds| usize::try_from(kinds).unwrap_or(usize::MAX))
    }
}
