//! What is known of a room, for a reader whom no server answers.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use snug_shared::{
    Author, Body, Entry, Line, Message, MessageText, Nickname, Present, RoomName, Seq, ServerAddress, Topic,
};
use uuid::Uuid;

use super::{
    encoding::{APART, from_json},
    spans::{self, signed},
};

/// A part of a room without holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// The name of the history.
    pub epoch: String,
    /// The first entry that is known.
    pub first: Seq,
    /// The last.
    pub last: Seq,
    /// The messages and topics among them, ascending.
    pub lines: Vec<Line>,
}

/// The columns of an entry.
pub(super) const ENTRY: &str =
    "n, seq, kind, id, user, author, text, reply_to, edited, as_of, reactions, room FROM messages";

pub(super) fn recall(
    connection: &Connection,
    server: &ServerAddress,
    room: &RoomName,
    before: Option<Seq>,
    limit: usize,
) -> Result<Option<Recalled>> {
    let snapshot = connection.unchecked_transaction()?;
    let found = snapshot
        .prepare_cached("SELECT id, epoch FROM rooms WHERE server = ?1 AND key = ?2 AND current = 1")?
        .query_row(params![server.to_string(), room.key().as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let Some((id, epoch)) = found else { return Ok(None) };
    let Some(known) = spans::newest(&snapshot, id, before)? else { return Ok(None) };
    let mut statement = snapshot.prepare_cached(&format!(
        "SELECT {ENTRY} WHERE room = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq DESC LIMIT ?4"
    ))?;
    let limit_i64 = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![id, signed(known.first), signed(known.last), limit_i64])?;
    let (mut lines, mut count, mut lowest) = (Vec::new(), 0, known.last);
    while let Some(row) = rows.next()? {
        count += 1;
        lowest = row.get::<_, i64>(1)?.cast_unsigned();
        // A row that makes no sense is left out; the server may still have it.
        lines.extend(entry(row)?.map(Line::from));
    }
    lines.reverse();
    let first = if count == limit { lowest } else { known.first };
    Ok(Some(Recalled { epoch, first, last: known.last, lines }))
}

/// The entry of a row; none where the row is no entry.
pub(super) fn entry(row: &Row<'_>) -> Result<Option<Entry>> {
    let seq = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let text: Option<String> = row.get(6)?;
    let reply_to = row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned);
    let (edited, as_of) = (seq(8)?, seq(9)?);
    let reactions = from_json(row.get_ref(10)?.as_str_or_null()?);
    let body = match row.get::<_, i64>(2)? {
        0 => {
            let text = text.map(MessageText::parse).transpose().ok();
            text.map(|text| {
                let deleted = text.is_none();
                let edited = Some(edited).filter(|edited| *edited > 0);
                let present = Present { as_of, edited, deleted, reactions };
                Body::Message(Message { text, reply_to, present: Some(present) })
            })
        }
        _ => Topic::parse(text.unwrap_or_default()).ok().map(|topic| Body::Topic { topic }),
    };
    let user = Nickname::known(row.get_ref(4)?.as_str()?).ok();
    let by = Author::parse(row.get::<_, String>(5)?).ok();
    let id = Uuid::from_slice(row.get_ref(3)?.as_blob()?).ok();
    let at = row.get::<_, i64>(0)? >> APART;
    let seq = seq(1)?;
    let entry = || Some(Entry { seq, id: id?, at, user: user?, by: by?, body: body? });
    Ok(entry())
}
