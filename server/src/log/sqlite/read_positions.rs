//! Read positions: how far each author has read in each room, kept lazily and forward only.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Result, Row, TransactionBehavior, params, types::ValueRef};
use snug_shared::{Author, RoomKey, Seq};

use super::{checksum, corruption, rows};
use crate::sync::{Ranked, rank};

/// Positions kept a room. When there are more, the author who has read the least is forgotten first.
const PER_ROOM: i64 = 10_000;
/// Positions that wait to be written; above it, new ones are passed over until the next second.
const WAITING: usize = 65_536;

/// Positions that are not in the file yet.
#[derive(Debug, Default)]
pub(super) struct Waiting(Ranked<HashMap<(RoomKey, Author), Seq>, rank::Leaf>);

impl Waiting {
    /// Notes a position down. Whether it is the first one that waits.
    pub(super) fn note(&self, room: &RoomKey, author: &Author, seq: Seq) -> bool {
        let mut waiting = self.0.lock();
        let place = (room.clone(), author.clone());
        if waiting.len() >= WAITING && !waiting.contains_key(&place) {
            return false;
        }
        let first = waiting.is_empty();
        let position = waiting.entry(place).or_insert(seq);
        *position = seq.max(*position);
        first
    }

    /// A position that is not in the file yet.
    pub(super) fn waiting(&self, room: &RoomKey, author: &Author) -> Option<Seq> {
        self.0.lock().get(&(room.clone(), author.clone())).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

/// Writes down what waits.
pub(super) fn keep(connection: &mut Connection, positions: &Waiting) -> Result<()> {
    let waiting = positions.0.lock().clone();
    if waiting.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut grown = HashMap::new();
    for ((room, author), seq) in &waiting {
        let Some((id, last)) = room_of(&transaction, room)? else { continue };
        let seq = i64::try_from(*seq).map_or(last, |seq| seq.min(last));
        let seq = position(&transaction, id, author)?.map_or(seq, |kept| seq.max(kept));
        let by = author.as_str();
        let checksum =
            checksum::of([ValueRef::Integer(id), ValueRef::Text(by.as_bytes()), ValueRef::Integer(seq)]);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO reads(room, author, seq, sum) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, by, seq, checksum])?;
        grown.insert(id, ());
    }
    for room in grown.keys() {
        transaction
            .prepare_cached(
                "DELETE FROM reads WHERE room = ?1 AND author IN (SELECT author FROM reads WHERE room = ?1
                 ORDER BY seq DESC LIMIT -1 OFFSET ?2)",
            )?
            .execute([*room, PER_ROOM])?;
    }
    transaction.commit()?;
    // Only now, so that a reader finds each position in one place or the other.
    positions.0.lock().retain(|place, seq| waiting.get(place) != Some(seq));
    Ok(())
}

/// The position in the file, and the newest seq of its room.
pub(super) fn kept(
    connection: &Connection,
    room: &RoomKey,
    author: &Author,
) -> Result<Option<(Option<Seq>, Seq)>> {
    let Some((id, last)) = room_of(connection, room)? else { return Ok(None) };
    Ok(Some((position(connection, id, author)?.map(i64::cast_unsigned), last.cast_unsigned())))
}

/// A damaged position is none: unread is better than unseen.
fn position(connection: &Connection, room: i64, author: &Author) -> Result<Option<i64>> {
    let read = |row: &Row<'_>| {
        checksum::check(row, 0, 3)?;
        row.get(2)
    };
    let kept = connection
        .prepare_cached("SELECT room, author, seq, sum FROM reads WHERE room = ?1 AND author = ?2")?
        .query_row(params![room, author.as_str()], read)
        .optional();
    match kept {
        Err(error) if corruption::is_corruption(&error) => Ok(None),
        kept => kept,
    }
}

fn room_of(connection: &Connection, room: &RoomKey) -> Result<Option<(i64, i64)>> {
    match rows::room(connection, room.as_str()) {
        Err(error) if corruption::is_corruption(&error) => Ok(None),
        found => Ok(found?.map(|room| (room.id, room.record.last.cast_signed()))),
    }
}
