//! How large the file gets, and what goes when it is larger: the oldest messages of all rooms.

use rusqlite::{Connection, Result, params};

use super::{
    apply::unindex,
    spans::{self, signed},
};

/// Messages that are let go at once.
const AT_ONCE: i64 = 2_000;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the file that are used, about.
    pub bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 2 << 30 }
    }
}

/// Lets some of the oldest messages go where there is too much. Whether it has, so that there may be still too much.
pub(super) fn trim(connection: &Connection, bounds: Bounds) -> Result<bool> {
    if used(connection)? <= bounds.bytes {
        return Ok(false);
    }
    let oldest = connection
        .prepare_cached("SELECT n, room, seq, user, text FROM messages ORDER BY n LIMIT ?1")?
        .query_map([AT_ONCE], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, Option<String>>(4)?,
            ))
        })?
        .collect::<Result<Vec<_>>>()?;
    let mut upto = std::collections::HashMap::new();
    for (n, room, seq, user, text) in &oldest {
        if let Some(text) = text {
            unindex(connection, *n, *room, user, text)?;
        }
        let _ = connection.prepare_cached("DELETE FROM messages WHERE n = ?1")?.execute([n])?;
        let last = upto.entry(*room).or_insert(*seq);
        *last = (*seq).max(*last);
    }
    for (room, seq) in upto {
        spans::forget(connection, room, seq.cast_unsigned())?;
        // By a clock that jumped, an older message of the room may have a later time: what is not known any more goes too.
        let left = connection
            .prepare_cached("SELECT n, user, text FROM messages WHERE room = ?1 AND seq <= ?2")?
            .query_map(params![room, signed(seq.cast_unsigned())], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
            })?
            .collect::<Result<Vec<_>>>()?;
        for (n, user, text) in left {
            if let Some(text) = text {
                unindex(connection, n, room, &user, &text)?;
            }
            let _ = connection.prepare_cached("DELETE FROM messages WHERE n = ?1")?.execute([n])?;
        }
        let _ = connection.execute(
            "DELETE FROM rooms WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM spans WHERE room = ?1)
             AND NOT EXISTS (SELECT 1 FROM messages WHERE room = ?1)",
            [room],
        )?;
    }
    Ok(!oldest.is_empty())
}

/// Bytes of the file that hold something.
fn used(connection: &Connection) -> Result<u64> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok((pages * number("page_size")?).try_into().unwrap_or(0))
}
