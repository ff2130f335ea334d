//! The full-text index: folded messages in trigrams, filled behind the appends' back.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, params};

use crate::log::words::fold;

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
    connection.execute_batch(
        "INSERT INTO trigrams(trigrams) VALUES ('delete-all'); UPDATE rooms SET indexed = 0 WHERE indexed > 0;",
    )
}

fn index_some(connection: &Connection) -> Result<bool> {
    let behind = connection
        .prepare_cached("SELECT id, indexed, last FROM rooms WHERE indexed < last LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
        .optional()?;
    let Some((room, indexed, last)) = behind else { return Ok(false) };
    let upto = last.min(indexed + CHUNK);
    let mut messages = connection.prepare_cached(
        "SELECT n, text FROM entries WHERE n > ?1 AND n <= ?2 AND kind = 0 AND text IS NOT NULL ORDER BY n",
    )?;
    let mut rows = messages.query([super::number(room, indexed), super::number(room, upto)])?;
    while let Some(row) = rows.next()? {
        add(connection, row.get(0)?, row.get_ref(1)?.as_str()?)?;
    }
    connection.prepare_cached("UPDATE rooms SET indexed = ?2 WHERE id = ?1")?.execute([room, upto])?;
    Ok(true)
}
