//! Folding: an entry changes the state of those before it (texts, reactions) and of the room (topic, settings).

use rusqlite::{OptionalExtension, Result, params, types::ValueRef};
use snug_shared::{Body, Entry};

use super::{
    super::{checksum, index, number, rows},
    Appender,
    room_cache::CachedRoom,
};
use crate::log::digest;

/// Bytes kept of the digest of what is gone.
const SHORT: i64 = digest::ERASED_BYTES as i64;

impl Appender<'_> {
    /// Makes the present state of the room what it is after an entry.
    pub(super) fn fold_into_room(&self, room: CachedRoom, body: &Body) -> Result<()> {
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
    pub(super) fn fold(&mut self, room: CachedRoom, target: i64, entry: &Entry) -> Result<()> {
        match &entry.body {
            Body::Edited { text, .. } => {
                let text = text.as_ref().map(|text| text.as_str());
                self.overwrite(room, target, text)?;
                self.connection
                    .prepare_cached("UPDATE entries SET edited = ?2 WHERE n = ?1")?
                    .execute([target, room.last])?;
                checksum::ENTRIES.seal(self.connection, target)?;
            }
            Body::Deleted { .. } => {
                self.overwrite(room, target, None)?;
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
                // If one of them was damaged, they do not add up afterwards either.
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

    /// Replaces a message's text. The message's checksum has to be made anew then.
    fn overwrite(&mut self, room: CachedRoom, target: i64, text: Option<&str>) -> Result<()> {
        checksum::ENTRIES.check(self.connection, target)?;
        self.erased = true;
        let (indexed, old, last_edit): (i64, Option<String>, Option<i64>) = self
            .connection
            .prepare_cached(
                "SELECT rooms.indexed, entries.text, entries.edited FROM rooms, entries
                 WHERE rooms.id = ?1 AND n = ?2",
            )?
            .query_row([room.id, target], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if let Some(old) = old.filter(|_| target <= number(room.id, indexed)) {
            index::set_stale(self.connection, target, &old)?;
        }
        self.connection
            .prepare_cached("UPDATE entries SET text = ?2, digest = substr(digest, 1, ?3) WHERE n = ?1")?
            .execute(params![target, text, SHORT])?;
        // The last edit said what is gone now; those before it were shortened when it came.
        if let Some(edit) = last_edit.map(|seq| number(room.id, seq)) {
            let is_whole = checksum::ENTRIES.check(self.connection, edit).is_ok();
            self.connection
                .prepare_cached("UPDATE entries SET digest = substr(digest, 1, ?2) WHERE n = ?1")?
                .execute([edit, SHORT])?;
            if is_whole {
                checksum::ENTRIES.seal(self.connection, edit)?;
            }
        }
        Ok(())
    }
}
