//! Which entries of a room the file knows.

use rusqlite::{Connection, OptionalExtension, Result, params};
use snug_shared::Seq;

/// Entries `first` to `last`, all known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub first: Seq,
    pub last: Seq,
}

/// The span with the largest `first` that is not above `seq`.
fn below(connection: &Connection, room: i64, seq: Seq) -> Result<Option<Known>> {
    connection
        .prepare_cached(
            "SELECT first, last FROM spans WHERE room = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1",
        )?
        .query_row(params![room, signed(seq)], known)
        .optional()
}

/// Whether an entry is known.
pub(super) fn contains(connection: &Connection, room: i64, seq: Seq) -> Result<bool> {
    Ok(below(connection, room, seq)?.is_some_and(|span| span.last >= seq))
}

/// The span that has the newest entry below `before`; the newest of all where that is not given.
pub(super) fn newest(connection: &Connection, room: i64, before: Option<Seq>) -> Result<Option<Known>> {
    let below = below(connection, room, before.map_or(Seq::MAX, |before| before.saturating_sub(1)))?;
    Ok(below.map(|span| Known {
        last: before.map_or(span.last, |before| span.last.min(before.saturating_sub(1))),
        ..span
    }))
}

/// Takes note that `first` to `last` are known, and joins what touches.
pub(super) fn add(connection: &Connection, room: i64, first: Seq, last: Seq) -> Result<()> {
    let (mut first, mut last) = (first, last);
    let mut touching = connection
        .prepare_cached("SELECT first, last FROM spans WHERE room = ?1 AND first <= ?2 AND last >= ?3")?;
    let (above, under) = (signed(last.saturating_add(1)), signed(first.saturating_sub(1)));
    let spans = touching.query_map(params![room, above, under], known)?.collect::<Result<Vec<_>>>()?;
    for span in spans {
        first = first.min(span.first);
        last = last.max(span.last);
        let _ = connection
            .prepare_cached("DELETE FROM spans WHERE room = ?1 AND first = ?2")?
            .execute(params![room, signed(span.first)])?;
    }
    let _ = connection
        .prepare_cached("INSERT INTO spans(room, first, last) VALUES (?1, ?2, ?3)")?
        .execute(params![room, signed(first), signed(last)])?;
    Ok(())
}

/// Forgets that anything up to `seq` was known.
pub(super) fn forget(connection: &Connection, room: i64, seq: Seq) -> Result<()> {
    let cut = below(connection, room, seq)?.filter(|span| span.last > seq);
    let _ = connection
        .prepare_cached("DELETE FROM spans WHERE room = ?1 AND first <= ?2")?
        .execute(params![room, signed(seq)])?;
    match cut {
        Some(span) => add(connection, room, seq + 1, span.last),
        None => Ok(()),
    }
}

fn known(row: &rusqlite::Row<'_>) -> Result<Known> {
    Ok(Known { first: row.get::<_, i64>(0)?.cast_unsigned(), last: row.get::<_, i64>(1)?.cast_unsigned() })
}

/// A seq as the file has it. None is as large as this in truth; a server that says so harms nobody.
pub(super) fn signed(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_file_knows_exactly_what_was_added_and_not_forgotten(
            steps in proptest::collection::vec((1u64..40, 0u64..6, prop::bool::weighted(0.15)), 0..40),
        ) {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(include_str!("1.sql")).unwrap();
            let mut model = BTreeSet::new();
            for (first, more, forgets) in steps {
                if forgets {
                    forget(&connection, 1, first).unwrap();
                    model.retain(|seq| *seq > first);
                } else {
                    add(&connection, 1, first, first + more).unwrap();
                    model.extend(first..=first + more);
                }
                for seq in 0..48 {
                    prop_assert_eq!(contains(&connection, 1, seq).unwrap(), model.contains(&seq), "{}", seq);
                }
                let spans: i64 =
                    connection.query_row("SELECT count(*) FROM spans", [], |row| row.get(0)).unwrap();
                let runs = model.iter().filter(|seq| !model.contains(&(**seq + 1))).count();
                prop_assert_eq!(spans, runs as i64);
                let newest = newest(&connection, 1, Some(20)).unwrap().map(|span| span.last);
                prop_assert_eq!(newest, model.range(..20).next_back().copied());
            }
        }
    }
}
