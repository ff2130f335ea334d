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
    page::{Page, text_bytes},
};

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
        let text = kept.line.entry().map_or(0, text_bytes);
        page.take(kept, text)
    })?;
    let (kept, more) = page.into_ascending(newest_first);
    slice(connection, reports, key, room, kept, more).map(Some)
}

/// Lines of a room, ascending, in their present state. Damage among them is reported.
pub(super) fn slice(
    connection: &Connection,
    reports: &Reports,
    key: &RoomKey,
    room: RoomRow,
    mut kept: Vec<StoredLine>,
    more: bool,
) -> Result<Slice> {
    for seq in reactions::fold(connection, room.id, &mut kept, room.record.last)? {
        reports.reactions(key, seq);
    }
    let entries: Vec<Line> = kept.into_iter().map(|kept| kept.line).collect();
    for line in &entries {
        if let Line::Damaged(seq) = line {
            reports.entry(key, *seq);
        }
    }
    Ok(Slice { room: room.record, entries, more })
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
