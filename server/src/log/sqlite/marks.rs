//! Read marks: how far each author has read in each room, kept lazily and forward only.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, params};
use snug_shared::{Author, RoomKey, Seq};

/// Marks kept a room; above it, who has read the least goes first.
const PER_ROOM: i64 = 10_000;
/// Marks that wait to be written; above it, new ones are passed over until the next second.
const WAITING: usize = 65_536;

/// Marks that are not in the file yet.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<HashMap<(RoomKey, Author), Seq>>);

impl Marks {
    /// Notes a mark down. Whether it is the first one that waits.
    pub(super) fn note(&self, room: &RoomKey, author: &Author, seq: Seq) -> bool {
        let mut waiting = self.lock();
        let place = (room.clone(), author.clone());
        if waiting.len() >= WAITING && !waiting.contains_key(&place) {
            return false;
        }
        let first = waiting.is_empty();
        let mark = waiting.entry(place).or_insert(seq);
        *mark = seq.max(*mark);
        first
    }

    /// A mark that is not in the file yet.
    pub(super) fn waiting(&self, room: &RoomKey, author: &Author) -> Option<Seq> {
        self.lock().get(&(room.clone(), author.clone())).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(RoomKey, Author), Seq>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes down what waits.
pub(super) fn keep(connection: &mut Connection, marks: &Marks) -> Result<()> {
    let waiting = marks.lock().clone();
    if waiting.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut grown = HashMap::new();
    for ((room, author), seq) in &waiting {
        let Some((id, last)) = room_of(&transaction, room)? else { continue };
        transaction
            .prepare_cached(
                "INSERT INTO reads(room, author, seq) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
            )?
            .execute(params![id, author.as_str(), i64::try_from(*seq).map_or(last, |seq| seq.min(last))])?;
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
    // Only now, so that a reader finds each mark in one place or the other.
    marks.lock().retain(|place, seq| waiting.get(place) != Some(seq));
    Ok(())
}

/// The mark in the file, and the newest seq of its room.
pub(super) fn kept(
    connection: &Connection,
    room: &RoomKey,
    author: &Author,
) -> Result<Option<(Option<Seq>, Seq)>> {
    let Some((id, last)) = room_of(connection, room)? else { return Ok(None) };
    let mark: Option<i64> = connection
        .prepare_cached("SELECT seq FROM reads WHERE room = ?1 AND author = ?2")?
        .query_row(params![id, author.as_str()], |row| row.get(0))
        .optional()?;
    Ok(Some((mark.map(i64::cast_unsigned), last.cast_unsigned())))
}

fn room_of(connection: &Connection, room: &RoomKey) -> Result<Option<(i64, i64)>> {
    connection
        .prepare_cached("SELECT id, last FROM rooms WHERE key = ?1")?
        .query_row([room.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}
