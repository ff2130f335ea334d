//! Pages of a room in its present state, read on one snapshot of the file.

use rusqlite::{Connection, Result};
use snug_shared::{Entry, Line, RoomKey, Seq};

use super::{
    SEQ_MAX,
    corruption::{self, Reports},
    number, reactions,
    rows::{self, RoomRow, StoredLine},
};
use crate::log::{
    Slice, Span,
    page::{Page, content_bytes},
};

/// Messages whose reactions are read at once.
const FOLDED: usize = 16;

/// A page of a room.
pub(super) fn page(
    connection: &Connection,
    reports: &Reports,
    key: &RoomKey,
    span: Span,
    limit: usize,
    bytes: usize,
) -> Result<Option<Slice>> {
    let Some(room) = room(connection, reports, key)? else { return Ok(None) };
    let newest_first = matches!(span, Span::Before(_));
    let mut page = Page::new(limit, bytes);
    rows::scan(connection, range(&room, span), newest_first, |kept| {
        let size = kept.line.entry().map_or(0, content_bytes);
        page.take(kept, size)
    })?;
    let (kept, more) = page.into_taken();
    slice(connection, reports, key, room, Taken { kept, more, newest_first, bytes }).map(Some)
}

/// Lines that were taken from a room, the nearest first.
pub(super) struct Taken {
    pub(super) kept: Vec<StoredLine>,
    /// There are more in the direction they were taken in.
    pub(super) more: bool,
    pub(super) newest_first: bool,
    /// Bytes of texts and reactions they may have together.
    pub(super) bytes: usize,
}

/// Lines of a room, ascending, in their present state, as many as fit together with their reactions. Damage among them is
/// reported.
pub(super) fn slice(
    connection: &Connection,
    reports: &Reports,
    key: &RoomKey,
    room: RoomRow,
    Taken { mut kept, more, newest_first, bytes }: Taken,
) -> Result<Slice> {
    let mut page = Page::new(usize::MAX, bytes);
    // Reactions can be many times the texts, so they are read for a few messages at a time until the page is full.
    'full: for few in kept.chunks_mut(FOLDED) {
        for seq in reactions::fold(connection, room.id, few, room.record.last)? {
            reports.reactions(key, seq);
        }
        for StoredLine { line, .. } in few {
            if let Line::Damaged(seq) = line {
                reports.entry(key, *seq);
            }
            let size = line.entry().map_or(0, content_bytes);
            if !page.take(std::mem::replace(line, Line::Damaged(0)), size) {
                break 'full;
            }
        }
    }
    let (entries, cut) = page.into_ascending(newest_first);
    Ok(Slice { room: room.record, entries, more: more || cut, cursor: None })
}

/// A room's row. Damage there is reported.
pub(super) fn room(connection: &Connection, reports: &Reports, key: &RoomKey) -> Result<Option<RoomRow>> {
    rows::room(connection, key.as_str()).inspect_err(|error| {
        if corruption::is_corruption(error) {
            reports.room(key.as_str());
        }
    })
}

/// The `n`s of a span of a room, both ends included; empty when the first is above the second.
pub(super) fn range(room: &RoomRow, span: Span) -> (i64, i64) {
    let last = room.record.last;
    let at = |seq: Seq| number(room.id, seq.min(last).cast_signed());
    match span {
        Span::After(seq) => (at(seq) + 1, at(last)),
        Span::Before(seq) => (number(room.id, 1), at(seq.saturating_sub(1))),
    }
}

/// One entry in its present state.
pub(super) fn one(connection: &Connection, room: i64, seq: Seq, as_of: Seq) -> Result<Entry> {
    let n = number(room, i64::try_from(seq).unwrap_or(SEQ_MAX));
    let mut found = Vec::with_capacity(1);
    rows::scan(connection, (n, n), false, |kept| {
        found.push(kept);
        true
    })?;
    reactions::fold(connection, room, &mut found, as_of)?;
    match found.pop().map(|kept| kept.line) {
        Some(Line::Entry(entry)) => Ok(entry),
        _ => Err(corruption::error()),
    }
}
