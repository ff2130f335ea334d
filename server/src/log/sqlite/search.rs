//! Search: the index for what it knows, a look at each message for the rest. Both go from the newest message to the oldest.

use rusqlite::{Connection, Result, params};
use snug_shared::{Line, RoomKey, Seq, search::SearchTerms};

use super::{
    corruption::Reports,
    number,
    pages::{self, range},
    rows, seq_of,
};
use crate::log::{
    Slice, Span,
    search::{FOUND_BYTES, Search},
};

/// Numbers of entries that the index is asked about at once. Between two questions the search may end: inside of one SQLite
/// compares lists of messages, however few of them are hits.
const WINDOW: i64 = 32_768;

/// The newest messages of a span that contain all the words.
pub(super) fn search(
    connection: &Connection,
    reports: &Reports,
    key: &RoomKey,
    terms: &SearchTerms,
    span: Span,
    limit: usize,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<Option<Slice>> {
    let Some(room) = pages::room(connection, reports, key)? else { return Ok(None) };
    let (low, high) = range(&room, span);
    let mut found = Vec::new();
    let mut cursor = None;
    if !terms.find_nothing() {
        let mut search = Search::new(terms, limit, is_abandoned);
        let trigrams = terms.trigrams();
        let unindexed = if trigrams.is_empty() { low } else { low.max(number(room.id, room.indexed) + 1) };
        look_at_each(connection, &mut search, (unindexed, high), &mut found)?;
        if !trigrams.is_empty() {
            ask_index(connection, &mut search, &trigrams, (low, high.min(unindexed - 1)), &mut found)?;
        }
        cursor = search.cursor();
    }
    let mut kept = Vec::with_capacity(found.len());
    for n in found {
        rows::scan(connection, (n, n), false, |hit| {
            // It is not known whether a damaged message had those words.
            if hit.line.entry().is_some() {
                kept.push(hit);
            }
            true
        })?;
    }
    let count = kept.len();
    let taken = pages::Taken { kept, more: cursor.is_some(), newest_first: true, bytes: FOUND_BYTES };
    let slice = pages::slice(connection, reports, key, room, taken)?;
    // With what reactions they have, not all of them may fit.
    let cut = slice.entries.first().filter(|_| slice.entries.len() < count);
    let cursor = cut.map(Line::seq).or(cursor);
    Ok(Some(Slice { cursor, ..slice }))
}

/// Looks at every message of a span.
fn look_at_each(
    connection: &Connection,
    search: &mut Search<'_>,
    (low, high): (i64, i64),
    found: &mut Vec<i64>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT e.n, e.text, f.text FROM entries e LEFT JOIN folded f ON f.n = e.n
         WHERE e.n BETWEEN ?1 AND ?2 AND e.kind = 0 AND e.text IS NOT NULL ORDER BY e.n DESC",
    )?;
    gather(search, statement.query([low, high])?, found)
}

/// Looks at the messages of a span that have all of these trigrams, and at those that the index knows by an earlier text.
fn ask_index(
    connection: &Connection,
    search: &mut Search<'_>,
    trigrams: &[&str],
    (low, high): (i64, i64),
    found: &mut Vec<i64>,
) -> Result<()> {
    let phrases: Vec<String> = trigrams.iter().map(|trigram| phrase(trigram)).collect();
    let all = phrases.join(" AND ");
    // Numbers alone: SQLite would sort the texts along with them, of all candidates before the first is looked at.
    let mut candidates = connection.prepare_cached(
        "SELECT rowid AS n FROM grams WHERE grams MATCH ?1 AND rowid BETWEEN ?2 AND ?3
         UNION SELECT n FROM stale WHERE n BETWEEN ?2 AND ?3 ORDER BY n DESC",
    )?;
    let mut texts = connection.prepare_cached(
        "SELECT e.n, e.text, f.text FROM entries e LEFT JOIN folded f ON f.n = e.n
         WHERE e.n = ?1 AND e.text IS NOT NULL",
    )?;
    let mut high = high;
    while high >= low && search.may_go_on(seq_of(high)) {
        let from = low.max(high - WINDOW + 1);
        let numbers = candidates.query_map(params![all, from, high], |row| row.get(0))?;
        for n in numbers.collect::<Result<Vec<i64>>>()? {
            gather(search, texts.query([n])?, found)?;
            if search.is_over() {
                return Ok(());
            }
        }
        high = from - 1;
    }
    Ok(())
}

/// Looks at candidates, the newest first, until the search is over.
fn gather(search: &mut Search<'_>, mut candidates: rusqlite::Rows<'_>, found: &mut Vec<i64>) -> Result<()> {
    while !search.is_over() {
        let Some(row) = candidates.next()? else { break };
        let n: i64 = row.get(0)?;
        // A damaged text is not found. A page of the room shows where it is.
        let Ok(text) = row.get_ref(1)?.as_str() else { continue };
        let folded = row.get_ref(2)?.as_str_or_null().unwrap_or_default();
        let seq: Seq = seq_of(n);
        if search.is_hit(seq, text, folded) {
            found.push(n);
        }
    }
    Ok(())
}

/// Any trigram is plain text to the index once it is quoted.
pub(super) fn phrase(trigram: &str) -> String {
    format!("\"{}\"", trigram.replace('"', "\"\""))
}
