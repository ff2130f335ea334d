//! From rows to entries and room records, with everything later folded in.

use std::{error::Error as StdError, fmt};

use rusqlite::{Connection, Error, OptionalExtension, Result, Row, types::Type};
use snug_shared::{
    Act, Author, Body, Emoji, Entry, Line, Message, MessageText, Nickname, Present, RoomName, RoomSettings,
    Seq, Topic,
};
use uuid::Uuid;

use super::{
    checksum,
    corruption::{self, Reports},
    seq_of,
};
use crate::log::{Epoch, RoomRecord};

/// A room as the file has it.
#[derive(Debug, Clone)]
pub(super) struct RoomRow {
    pub(super) id: i64,
    pub(super) indexed: i64,
    pub(super) record: RoomRecord,
}

/// The columns every entry is read from; `e` is the entry, `t` the message that an edit is about.
const ENTRY: &str = "e.n, e.kind, e.id, e.at, e.user, e.author, e.target, e.text, e.reply_to, e.edited, e.mark, e.digest,
    e.marks, e.sum,
    t.n, t.kind, t.id, t.at, t.user, t.author, t.target, t.text, t.reply_to, t.edited, t.mark, t.digest, t.marks, t.sum
    FROM entries e LEFT JOIN entries t ON e.kind = 1 AND t.n = e.target";

/// The column with the checksums of an entry's reactions, added up.
const REACTIONS_CHECKSUM: usize = 12;
/// The first column of `t`, and the one with its text.
const TARGET: usize = checksum::ENTRIES.columns.len() + 1;
const TARGET_TEXT: usize = TARGET + 7;

const ROOM: &str = "id, key, name, epoch, last, last_at, topic, indexed, settings, sum FROM rooms";

/// The kinds of entries, as the file has them.
pub(super) const fn kind(body: &Body) -> i64 {
    match body {
        Body::Message(_) => 0,
        Body::Edited { .. } => 1,
        Body::Deleted { .. } => 2,
        Body::Reacted { .. } => 3,
        Body::Topic { .. } => 4,
        Body::Act(_) => 5,
    }
}

pub(super) fn room(connection: &Connection, key: &str) -> Result<Option<RoomRow>> {
    let found = connection
        .prepare_cached(&format!("SELECT {ROOM} WHERE key = ?1"))?
        .query_row([key], room_row)
        .optional()?;
    // The index of the keys knows it although its row is gone.
    if found.is_none() && id_by_index(connection, key)?.is_some() {
        return Err(corruption::error());
    }
    Ok(found)
}

/// The room of this number; none when it is damaged, which is reported.
pub(super) fn room_by_id(connection: &Connection, reports: &Reports, id: i64) -> Result<Option<RoomRow>> {
    connection
        .prepare_cached(&format!("SELECT {ROOM} WHERE id = ?1"))?
        .query_row([id], |row| known(row, reports))
        .optional()
        .map(Option::flatten)
}

/// The room's id, by the index alone.
fn id_by_index(connection: &Connection, key: &str) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM rooms WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

/// The rooms with the newest entries first. Those that are damaged are left out.
pub(super) fn rooms(connection: &Connection, reports: &Reports, limit: i64) -> Result<Vec<RoomRecord>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {ROOM} ORDER BY last_at DESC, id DESC LIMIT ?1"))?;
    let mut rows = statement.query([limit])?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next()? {
        rooms.extend(known(row, reports)?.map(|room| room.record));
    }
    Ok(rooms)
}

/// How many entries all rooms have, and whether all rooms could be asked. Those that could not are told. A whole room that
/// the index does not find would be taken for one that never was; then the index is made anew.
pub(super) fn count(connection: &Connection, reports: &Reports) -> Result<(Seq, bool)> {
    let (mut entries, mut is_whole, mut is_indexed) = (0, true, true);
    {
        let mut statement = connection.prepare(&format!("SELECT {ROOM} NOT INDEXED"))?;
        let mut rows = statement.query([])?;
        loop {
            match rows.next() {
                Ok(Some(row)) => match known(row, reports)? {
                    Some(room) => {
                        entries += room.record.last;
                        let found = id_by_index(connection, row.get_ref(1)?.as_str()?);
                        is_indexed &= matches!(found, Ok(Some(id)) if id == room.id);
                    }
                    None => is_whole = false,
                },
                Ok(None) => break,
                Err(error) if corruption::is_corruption(&error) => {
                    is_whole = false;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    // A damaged row would go into the index as it is, and its room would be found no more.
    if is_whole && !is_indexed {
        tracing::error!("the disk changed the index of the rooms; it is made anew");
        match connection.execute_batch("REINDEX rooms") {
            Err(error) if corruption::is_corruption(&error) => {
                tracing::error!(%error, "that failed; some rooms cannot be found")
            }
            made => made?,
        }
    }
    Ok((entries, is_whole))
}

/// A room; none when it is damaged, which is reported.
fn known(row: &Row<'_>, reports: &Reports) -> Result<Option<RoomRow>> {
    match room_row(row) {
        Err(error) if corruption::is_corruption(&error) => {
            // Its name may be what is damaged.
            let key = row.get_ref(1)?.as_str().ok().and_then(|key| RoomName::parse(key).ok());
            reports.room(key.map_or_else(|| "?".to_owned(), |name| name.key().to_string()).as_str());
            Ok(None)
        }
        room => room.map(Some),
    }
}

fn room_row(row: &Row<'_>) -> Result<RoomRow> {
    checksum::check(row, 0, checksum::ROOMS.columns.len())?;
    let last = seq(row, 4)?;
    let record = RoomRecord {
        name: room_name(row, 2)?,
        epoch: checked(3, Epoch::parse(row.get_ref(3)?.as_str()?))?,
        first: last.min(1),
        last,
        last_at: row.get(5)?,
        topic: checked(6, Topic::parse(row.get_ref(6)?.as_str()?))?,
        settings: settings(row, 8)?,
    };
    Ok(RoomRow { id: row.get(0)?, indexed: row.get(7)?, record })
}

/// A line of the log as the file has it.
#[derive(Debug)]
pub(super) struct StoredLine {
    pub(super) line: Line,
    /// The checksums of the reactions to it, added up.
    pub(super) reactions_checksum: i64,
}

impl StoredLine {
    const fn damaged(n: i64) -> Self {
        Self { line: Line::Damaged(seq_of(n)), reactions_checksum: 0 }
    }
}

/// Every line of one room with `n` in `low..=high`, one by one in either order until `take` says it is enough. All of these
/// were written: what is missing, or is not as it was written, is [`Line::Damaged`] in its place.
pub(super) fn scan(
    connection: &Connection,
    (low, high): (i64, i64),
    newest_first: bool,
    mut take: impl FnMut(StoredLine) -> bool,
) -> Result<()> {
    let (order, step) = if newest_first { ("DESC", -1) } else { ("ASC", 1) };
    let mut statement = connection
        .prepare_cached(&format!("SELECT {ENTRY} WHERE e.n BETWEEN ?1 AND ?2 ORDER BY e.n {order}"))?;
    let (mut next, end) = if newest_first { (high, low - 1) } else { (low, high + 1) };
    let mut hand_over = |next: &mut i64, upto: i64, found: Option<StoredLine>| {
        while *next != upto {
            *next += step;
            if !take(StoredLine::damaged(*next - step)) {
                return false;
            }
        }
        found.is_none_or(|kept| {
            *next += step;
            take(kept)
        })
    };
    while (low..=high).contains(&next) {
        let mut rows = statement.query(if newest_first { [low, next] } else { [next, high] })?;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => {
                    hand_over(&mut next, end, None);
                    return Ok(());
                }
                Err(error) if !corruption::is_corruption(&error) => return Err(error),
                // Behind a page that cannot be read there may be others that can.
                Err(_) => {
                    let upto = next + step;
                    if !hand_over(&mut next, upto, None) {
                        return Ok(());
                    }
                    break;
                }
            };
            match kept(row) {
                Ok((n, kept)) => {
                    let is_ahead = if newest_first { low..=next } else { next..=high }.contains(&n);
                    if is_ahead && !hand_over(&mut next, n, Some(kept)) {
                        return Ok(());
                    }
                }
                Err(error) if !corruption::is_corruption(&error) => return Err(error),
                // Its place shows once a whole row follows, or none.
                Err(_) => {}
            }
        }
    }
    Ok(())
}

fn kept(row: &Row<'_>) -> Result<(i64, StoredLine)> {
    checksum::check(row, 0, checksum::ENTRIES.columns.len())?;
    let target = || row.get::<_, i64>(6).map(seq_of);
    let body = match row.get::<_, i64>(1)? {
        0 => {
            let text = text(row, 7)?;
            let present =
                Present { edited: optional_seq(row, 9)?, deleted: text.is_none(), ..Present::default() };
            Body::Message(Message { text, reply_to: optional_seq(row, 8)?, present: Some(present) })
        }
        1 => {
            // Its text is kept with the message alone.
            checksum::check(row, TARGET, checksum::ENTRIES.columns.len())?;
            Body::Edited { target: target()?, text: text(row, TARGET_TEXT)? }
        }
        2 => Body::Deleted { target: target()? },
        3 => Body::Reacted { target: target()?, emoji: emoji(row, 7)?, on: row.get(10)? },
        4 => Body::Topic { topic: checked(7, Topic::parse(row.get_ref(7)?.as_str()?))? },
        5 => Body::Act(checked(7, Act::from_json(row.get_ref(7)?.as_str()?))?),
        other => return Err(Error::FromSqlConversionFailure(1, Type::Integer, Box::new(UnknownKind(other)))),
    };
    let n = row.get(0)?;
    let entry = Entry {
        seq: seq_of(n),
        id: checked(2, Uuid::from_slice(row.get_ref(2)?.as_blob()?))?,
        at: row.get(3)?,
        user: checked(4, Nickname::known(row.get_ref(4)?.as_str()?))?,
        by: author(row, 5)?,
        body,
    };
    Ok((n, StoredLine { line: entry.into(), reactions_checksum: row.get(REACTIONS_CHECKSUM)? }))
}

pub(super) fn room_name(row: &Row<'_>, column: usize) -> Result<RoomName> {
    checked(column, RoomName::known(row.get_ref(column)?.as_str()?))
}

/// A room's settings.
pub(super) fn settings(row: &Row<'_>, column: usize) -> Result<RoomSettings> {
    checked(column, RoomSettings::from_json(row.get_ref(column)?.as_str()?))
}

pub(super) fn author(row: &Row<'_>, column: usize) -> Result<Author> {
    checked(column, Author::parse(row.get::<_, String>(column)?))
}

pub(super) fn emoji(row: &Row<'_>, column: usize) -> Result<Emoji> {
    checked(column, Emoji::parse(row.get::<_, String>(column)?))
}

fn text(row: &Row<'_>, column: usize) -> Result<Option<MessageText>> {
    row.get::<_, Option<String>>(column)?.map(|text| checked(column, MessageText::parse(text))).transpose()
}

fn seq(row: &Row<'_>, column: usize) -> Result<Seq> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn optional_seq(row: &Row<'_>, column: usize) -> Result<Option<Seq>> {
    row.get::<_, Option<i64>>(column).map(|seq| seq.map(i64::cast_unsigned))
}

/// Checks a value again, as when it came in: a damaged file must not show what nobody said.
fn checked<T, E: StdError + Send + Sync + 'static>(column: usize, value: Result<T, E>) -> Result<T> {
    value.map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// An entry of a kind this version does not know, in a file of its own version.
#[derive(Debug)]
struct UnknownKind(i64);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no entry is of kind {}", self.0)
    }
}

impl StdError for UnknownKind {}
