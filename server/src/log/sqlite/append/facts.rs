//! The facts on one room that the rules ask for, read from the file inside the transaction.

use rusqlite::{Connection, OptionalExtension, Result, Row, params, types::ValueRef};
use snug_shared::{Author, Emoji, Seq};
use uuid::Uuid;

use super::super::{SEQ_MAX, checksum, corruption, number, reactions, rows, seq_of};
use crate::{log::rules::Facts, policy::Subject};

/// The facts on one room; on none when it is not there.
pub(super) struct RoomFacts<'t> {
    pub(super) connection: &'t Connection,
    pub(super) room: Option<i64>,
}

impl RoomFacts<'_> {
    fn n(&self, seq: Seq) -> Option<i64> {
        let seq = i64::try_from(seq).ok().filter(|seq| (1..=SEQ_MAX).contains(seq))?;
        self.room.map(|room| number(room, seq))
    }

    /// Reads an entry's row; none when it is not there or damaged.
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

impl Facts for RoomFacts<'_> {
    type Error = rusqlite::Error;

    fn sent(&self, author: &Author, id: Uuid) -> Result<Option<(Seq, Vec<u8>)>> {
        let Some(room) = self.room else { return Ok(None) };
        let n: Option<i64> = self
            .connection
            .prepare_cached("SELECT n FROM entries WHERE id = ?1 AND author = ?2 AND n >> 40 = ?3")?
            .query_row(params![&id.as_bytes()[..], author.as_str(), room], |row| row.get(0))
            .optional()?;
        let Some(n) = n else { return Ok(None) };
        // A damaged entry counts as another one: the send is not acknowledged by it.
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
