//! Search: the index for what it knows, a look at each message for the rest.

use rusqlite::{Connection, Result, params};
use snug_shared::RoomKey;

use super::{
    corruption::Reports,
    number,
    pages::{self, range},
    rows,
};
use crate::log::{Slice, Span, page::FOUND_BYTES, search_terms::SearchTerms};

/// Messages looked at one by one in a search, at most: those that the index does not know yet, all of them when every word
/// is shorter than the index can tell, and those the index finds for the longer words.
const LOOKED_AT: u32 = 20_000;

/// Words the index is asked for, at most; each hit is looked at for all of them anyway.
const ASKED: usize = 16;

/// The newest messages of a span that contain all the words. `more` also says that there may be some below those looked at.
pub(super) fn search(
    connection: &Connection,
    reports: &Reports,
    key: &RoomKey,
    words: &SearchTerms,
    span: Span,
    limit: usize,
) -> Result<Option<Slice>> {
    let Some(room) = pages::room(connection, reports, key)? else { return Ok(None) };
    let (low, high) = range(&room, span);
    let phrases: Vec<String> = words.indexed().take(ASKED).map(phrase).collect();
    let unindexed = if phrases.is_empty() { low } else { low.max(number(room.id, room.indexed) + 1) };

    let mut hits = Hits { words, limit, left: FOUND_BYTES, found: Vec::new(), more: false };
    {
        let mut statement = connection.prepare_cached(
            "SELECT n, text FROM entries WHERE n BETWEEN ?1 AND ?2 AND kind = 0 AND text IS NOT NULL
             ORDER BY n DESC",
        )?;
        hits.gather(statement.query([unindexed, high])?)?;
    }
    // With so many not in the index yet that not even those were all looked at, older hits are better than none.
    if !phrases.is_empty() && (!hits.more || hits.found.is_empty()) {
        let mut statement = connection.prepare_cached(
            "SELECT e.n, e.text FROM trigrams t CROSS JOIN entries e ON e.n = t.rowid
             WHERE t.trigrams MATCH ?1 AND t.rowid BETWEEN ?2 AND ?3 AND e.text IS NOT NULL
             ORDER BY t.rowid DESC",
        )?;
        hits.gather(statement.query(params![phrases.join(" AND "), low, high.min(unindexed - 1)])?)?;
    }

    let Hits { found, more, .. } = hits;
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
    let taken = pages::Taken { kept, more, newest_first: true, bytes: FOUND_BYTES };
    pages::slice(connection, reports, key, room, taken).map(Some)
}

/// Any word is plain text to the index once it is quoted.
fn phrase(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

struct Hits<'w> {
    words: &'w SearchTerms,
    limit: usize,
    /// Bytes of text that still fit.
    left: usize,
    /// The newest first.
    found: Vec<i64>,
    more: bool,
}

impl Hits<'_> {
    /// Looks at candidates, the newest first, until there are enough.
    fn gather(&mut self, mut candidates: rusqlite::Rows<'_>) -> Result<()> {
        let mut looked_at = 0;
        while let Some(row) = candidates.next()? {
            looked_at += 1;
            if looked_at > LOOKED_AT {
                self.more = true;
                break;
            }
            // A damaged text is not found. A page of the room shows where it is.
            let Some(text) = row.get_ref(1)?.as_str().ok().filter(|text| self.words.are_in(text)) else {
                continue;
            };
            if self.found.len() >= self.limit || !self.found.is_empty() && text.len() > self.left {
                self.more = true;
                break;
            }
            self.left = self.left.saturating_sub(text.len());
            self.found.push(row.get(0)?);
        }
        Ok(())
    }
}
