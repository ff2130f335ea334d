//! The full-text index: folded messages in trigrams, filled behind the appends' back.

use std::time::{Duration, Instant};

use rusqlite::{Connection, Result, TransactionBehavior, params, types::ValueRef};
use snug_shared::Entry;

use super::{checksum, corruption, number, rows};
use crate::log::search_terms::fold;

/// Messages between two looks at the clock.
const CHUNK: i64 = 64;

/// Puts messages into the index, in a transaction of its own, until `enough` says so of the time it took. Whether the index
/// knows them all now.
pub(super) fn catch_up(connection: &mut Connection, enough: impl Fn(Duration) -> bool) -> Result<bool> {
    let start = Instant::now();
    let turn = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = loop {
        if !index_some(&turn)? {
            break true;
        }
        if enough(start.elapsed()) {
            break false;
        }
    };
    turn.commit()?;
    Ok(done)
}

/// Takes a message out again, which has to be in there with just this text.
pub(super) fn remove(connection: &Connection, n: i64, text: &str) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO trigrams(trigrams, rowid, text) VALUES ('delete', ?1, ?2)")?
        .execute(params![n, fold(text)])?;
    Ok(())
}

/// Puts a message in.
pub(super) fn add(connection: &Connection, n: i64, text: &str) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO trigrams(rowid, text) VALUES (?1, ?2)")?
        .execute(params![n, fold(text)])?;
    Ok(())
}

/// Forgets everything, to be filled anew.
pub(super) fn empty(connection: &Connection) -> Result<()> {
    connection.execute_batch("INSERT INTO trigrams(trigrams) VALUES ('delete-all');")?;
    let filled: Vec<i64> = connection
        .prepare("SELECT id FROM rooms WHERE indexed > 0")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    filled.into_iter().try_for_each(|room| set_indexed(connection, room, 0))
}

/// Notes up to which seq a room is in the index; a damaged room stays as it is.
fn set_indexed(connection: &Connection, room: i64, indexed: i64) -> Result<()> {
    match checksum::ROOMS.change(connection, room, &[("indexed", ValueRef::Integer(indexed))]) {
        Err(error) if corruption::is_corruption(&error) => Ok(()),
        changed => changed,
    }
}

fn index_some(connection: &Connection) -> Result<bool> {
    let Some((room, indexed, last)) = room_behind(connection)? else { return Ok(false) };
    let upto = last.min(indexed + CHUNK);
    let mut added = Ok(());
    rows::scan(connection, (number(room, indexed + 1), number(room, upto)), false, |kept| {
        if let Some(text) =
            kept.line.entry().and_then(Entry::message).and_then(|message| message.text.as_ref())
        {
            added = add(connection, number(room, kept.line.seq().cast_signed()), text.as_str());
        }
        added.is_ok()
    })?;
    added?;
    set_indexed(connection, room, upto)?;
    Ok(true)
}

/// A room with messages that are not in the index: id, where they begin, where they end.
fn room_behind(connection: &Connection) -> Result<Option<(i64, i64, i64)>> {
    let mut behind = connection.prepare_cached("SELECT id, indexed, last FROM rooms WHERE indexed < last")?;
    let mut rows = behind.query([])?;
    while let Some(row) = rows.next()? {
        let room = row.get(0)?;
        match checksum::ROOMS.check(connection, room) {
            Ok(()) => return Ok(Some((room, row.get(1)?, row.get(2)?))),
            // How far it goes is in doubt.
            Err(error) if corruption::is_corruption(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
