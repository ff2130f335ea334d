//! From rows to entries and room records, with everything later folded in.

use std::{error::Error as StdError, fmt};

use rusqlite::{Connection, Error, OptionalExtension, Result, Row, types::Type};
use snug_shared::{
    Author, Body, Emoji, Entry, Message, MessageText, Nickname, Present, RoomName, Seq, Topic,
};
use uuid::Uuid;

use super::{SEQ_MAX, number, seq_of, sum};
use crate::log::{RoomRecord, present::Marks};

/// A room as the file has it.
#[derive(Debug, Clone)]
pub(super) struct RoomRow {
    pub(super) id: i64,
    pub(super) indexed: i64,
    pub(super) record: RoomRecord,
}

/// The columns every entry is read from; `e` is the entry, `t` the message that an edit is about.
const ENTRY: &str =
    "e.n, e.kind, e.id, e.at, e.user, e.author, e.target, e.text, e.reply_to, e.edited, e.mark, e.sum,
    t.n, t.kind, t.id, t.at, t.user, t.author, t.target, t.text, t.reply_to, t.edited, t.mark, t.sum
    FROM entries e LEFT JOIN entries t ON e.kind = 1 AND t.n = e.target";

/// Where the columns of `t` begin, and its text.
const TARGET: usize = sum::ENTRY + 1;
const TARGET_TEXT: usize = TARGET + 7;

const ROOM: &str = "id, indexed, name, epoch, last, last_at, topic FROM rooms";

/// The kinds of entries, as the file has them.
pub(super) const fn kind(body: &Body) -> i64 {
    match body {
        Body::Message(_) => 0,
        Body::Edited { .. } => 1,
        Body::Deleted { .. } => 2,
        Body::Reacted { .. } => 3,
        Body::Topic { .. } => 4,
    }
}

pub(super) fn room(connection: &Connection, key: &str) -> Result<Option<RoomRow>> {
    connection.prepare_cached(&format!("SELECT {ROOM} WHERE key = ?1"))?.query_row([key], room_row).optional()
}

pub(super) fn rooms(connection: &Connection, limit: i64) -> Result<Vec<RoomRecord>> {
    connection
        .prepare_cached(&format!("SELECT {ROOM} ORDER BY last_at DESC, id DESC LIMIT ?1"))?
        .query_map([limit], |row| room_row(row).map(|room| room.record))?
        .collect()
}

fn room_row(row: &Row<'_>) -> Result<RoomRow> {
    let last = seq(row, 4)?;
    let record = RoomRecord {
        name: checked(2, RoomName::parse(row.get_ref(2)?.as_str()?))?,
        epoch: row.get(3)?,
        first: last.min(1),
        last,
        last_at: row.get(5)?,
        topic: checked(6, Topic::parse(row.get_ref(6)?.as_str()?))?,
    };
    Ok(RoomRow { id: row.get(0)?, indexed: row.get(1)?, record })
}

/// Entries of one room with `n` in `low..=high`, handed over one by one in either order until `take` says it is enough.
pub(super) fn scan(
    connection: &Connection,
    (low, high): (i64, i64),
    newest_first: bool,
    mut take: impl FnMut(Entry) -> bool,
) -> Result<()> {
    let order = if newest_first { "DESC" } else { "ASC" };
    let mut statement = connection
        .prepare_cached(&format!("SELECT {ENTRY} WHERE e.n BETWEEN ?1 AND ?2 ORDER BY e.n {order}"))?;
    let mut rows = statement.query([low, high])?;
    while let Some(row) = rows.next()? {
        if !take(entry(row)?) {
            break;
        }
    }
    Ok(())
}

/// One entry in its present state.
pub(super) fn one(connection: &Connection, room: i64, seq: Seq, as_of: Seq) -> Result<Entry> {
    let n = number(room, i64::try_from(seq).unwrap_or(SEQ_MAX));
    let mut found = Vec::with_capacity(1);
    scan(connection, (n, n), false, |entry| {
        found.push(entry);
        true
    })?;
    fold(connection, room, &mut found, as_of)?;
    found.pop().ok_or(Error::QueryReturnedNoRows)
}

/// Folds the marks and `as_of` into the messages among these entries, which are ascending.
pub(super) fn fold(connection: &Connection, room: i64, entries: &mut [Entry], as_of: Seq) -> Result<()> {
    let mut ids = String::from("[");
    for entry in entries.iter_mut() {
        let seq = entry.seq;
        let Body::Message(message) = &mut entry.body else { continue };
        message.present.get_or_insert_default().as_of = as_of;
        if message.text.is_some() {
            if ids.len() > 1 {
                ids.push(',');
            }
            ids.push_str(&number(room, i64::try_from(seq).unwrap_or(SEQ_MAX)).to_string());
        }
    }
    if ids.len() == 1 {
        return Ok(());
    }
    ids.push(']');
    // All of them by one statement; the order is the one in which the marks were set.
    let mut statement = connection.prepare_cached(
        "SELECT message, emoji, author, mark, seq, sum FROM reactions
         WHERE message IN (SELECT value FROM json_each(?1)) ORDER BY message, seq",
    )?;
    let mut rows = statement.query([ids])?;
    let mut current: Option<(i64, Marks)> = None;
    let mut entries = entries.iter_mut();
    let mut put = |done: Option<(i64, Marks)>| {
        let Some((n, marks)) = done else { return };
        let Some(entry) = entries.find(|entry| entry.seq == seq_of(n)) else { return };
        if let Body::Message(Message { present: Some(present), .. }) = &mut entry.body {
            present.reactions = marks.into_reactions();
        }
    };
    while let Some(row) = rows.next()? {
        sum::check(row, 0, 5)?;
        if !row.get::<_, bool>(3)? {
            continue;
        }
        let n: i64 = row.get(0)?;
        if current.as_ref().is_none_or(|(of, _)| *of != n) {
            put(current.replace((n, Marks::default())));
        }
        if let Some((_, marks)) = &mut current {
            marks.add(emoji(row, 1)?, author(row, 2)?);
        }
    }
    put(current);
    Ok(())
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    sum::check(row, 0, sum::ENTRY)?;
    let target = || row.get::<_, i64>(6).map(seq_of);
    let body = match row.get::<_, i64>(1)? {
        0 => {
            let text = text(row, 7)?;
            let present =
                Present { edited: optional_seq(row, 9)?, deleted: text.is_none(), ..Present::default() };
            Body::Message(Message { text, reply_to: optional_seq(row, 8)?, present: Some(present) })
        }
        1 => {
            sum::check(row, TARGET, sum::ENTRY)?;
            Body::Edited { target: target()?, text: text(row, TARGET_TEXT)? }
        }
        2 => Body::Deleted { target: target()? },
        3 => Body::Reacted { target: target()?, emoji: emoji(row, 7)?, on: row.get(10)? },
        4 => Body::Topic { topic: checked(7, Topic::parse(row.get_ref(7)?.as_str()?))? },
        other => return Err(Error::FromSqlConversionFailure(1, Type::Integer, Box::new(UnknownKind(other)))),
    };
    Ok(Entry {
        seq: seq_of(row.get(0)?),
        id: checked(2, Uuid::from_slice(row.get_ref(2)?.as_blob()?))?,
        at: row.get(3)?,
        user: checked(4, Nickname::parse(row.get_ref(4)?.as_str()?))?,
        by: author(row, 5)?,
        body,
    })
}

pub(super) fn author(row: &Row<'_>, column: usize) -> Result<Author> {
    checked(column, Author::parse(row.get::<_, String>(column)?))
}

fn emoji(row: &Row<'_>, column: usize) -> Result<Emoji> {
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

/// What was checked when it came in is checked again: a damaged file must not say what nobody said.
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
