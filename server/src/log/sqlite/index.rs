//! The full-text index: which trigrams are in which folded message. It is filled behind the appends' back.
//!
//! A message that was edited or deleted waits in the table `stale` with the text that the index knows it by, until it is that
//! text's turn to leave the index: an edit costs its sender's room no more than a message does.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, params, types::ValueRef};
use snug_shared::{
    Entry,
    search::{fold, folded},
};

use super::{checksum, corruption, number, rows, seq_of};

/// Messages between two looks at the clock.
const CHUNK: i64 = 16;

/// Does a piece of work again and again, in a transaction of its own, until `enough` says so of the time it took. Whether
/// nothing is left to do.
fn in_one_turn(
    connection: &mut Connection,
    enough: &impl Fn(Duration) -> bool,
    work: impl Fn(&Connection) -> Result<bool>,
) -> Result<bool> {
    let start = Instant::now();
    let turn = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = loop {
        if !work(&turn)? {
            break true;
        }
        if enough(start.elapsed()) {
            break false;
        }
    };
    turn.commit()?;
    Ok(done)
}

/// Puts messages into the index that it does not know. Whether it knows them all now.
pub(super) fn catch_up(connection: &mut Connection, enough: &impl Fn(Duration) -> bool) -> Result<bool> {
    in_one_turn(connection, enough, index_some)
}

/// Takes out what was edited or deleted, and puts the present text in. Whether no earlier text is left.
pub(super) fn refresh(connection: &mut Connection, enough: &impl Fn(Duration) -> bool) -> Result<bool> {
    in_one_turn(connection, enough, refresh_one)
}

/// Notes that a message which is in the index with the text `old` is to be something else.
pub(super) fn set_stale(connection: &Connection, n: i64, old: &str) -> Result<()> {
    // Where one is noted already, that is what the index has.
    connection
        .prepare_cached("INSERT OR IGNORE INTO stale(n, text) VALUES (?1, ?2)")?
        .execute(params![n, old])?;
    connection.prepare_cached("DELETE FROM folded WHERE n = ?1")?.execute([n]).map(drop)
}

fn refresh_one(connection: &Connection) -> Result<bool> {
    let oldest: Option<(i64, String)> = connection
        .prepare_cached("SELECT n, text FROM stale LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((n, old)) = oldest else { return Ok(false) };
    connection
        .prepare_cached("INSERT INTO grams(grams, rowid, text) VALUES ('delete', ?1, ?2)")?
        .execute(params![n, fold(&old)])?;
    add_range(connection, (n, n))?;
    connection.prepare_cached("DELETE FROM stale WHERE n = ?1")?.execute([n])?;
    Ok(true)
}

/// Puts the messages of a span in, with their present texts.
fn add_range(connection: &Connection, (low, high): (i64, i64)) -> Result<()> {
    let room = low - seq_of(low).cast_signed();
    let mut added = Ok(());
    rows::scan(connection, (low, high), false, |kept| {
        if let Some(text) =
            kept.line.entry().and_then(Entry::message).and_then(|message| message.text.as_ref())
        {
            added = add(connection, room + kept.line.seq().cast_signed(), text.as_str());
        }
        added.is_ok()
    })?;
    added
}

fn add(connection: &Connection, n: i64, text: &str) -> Result<()> {
    let folded = folded(text);
    if let Some(folded) = &folded {
        connection
            .prepare_cached("INSERT OR REPLACE INTO folded(n, text) VALUES (?1, ?2)")?
            .execute(params![n, folded])?;
    }
    connection
        .prepare_cached("INSERT INTO grams(rowid, text) VALUES (?1, ?2)")?
        .execute(params![n, folded.unwrap_or_else(|| fold(text))])
        .map(drop)
}

/// Forgets everything, to be filled anew.
pub(super) fn empty(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "INSERT INTO grams(grams) VALUES ('delete-all'); DELETE FROM folded; DELETE FROM stale;",
    )?;
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
    add_range(connection, (number(room, indexed + 1), number(room, upto)))?;
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
