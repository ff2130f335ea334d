//! Marks, folded into the messages of a page: from their table, or where the disk changed that, from the entries that set them.

use std::collections::HashMap;

use rusqlite::{Connection, Result, Row};
use snug_shared::{Author, Body, Emoji, Entry, Line, Message, Seq};

use super::{
    SEQ_MAX, number,
    rows::{self, Kept},
    seq_of, sum,
};
use crate::log::present::Marks;

/// The state of one person's mark on a message.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) emoji: Emoji,
    pub(super) author: Author,
    pub(super) on: bool,
    /// The entry that made it so.
    pub(super) seq: Seq,
}

/// Folds the marks and `as_of` into the messages among these lines. Answers which of them had damaged marks.
pub(super) fn fold(connection: &Connection, room: i64, lines: &mut [Kept], as_of: Seq) -> Result<Vec<Seq>> {
    let mut marked: HashMap<i64, i64> = HashMap::new();
    for Kept { line, marks } in lines.iter_mut() {
        let Line::Entry(Entry { seq, body: Body::Message(message), .. }) = line else { continue };
        message.present.get_or_insert_default().as_of = as_of;
        if message.text.is_some() && *marks != 0 {
            marked.insert(at(room, *seq), *marks);
        }
    }
    if marked.is_empty() {
        return Ok(Vec::new());
    }
    let mut on = from_table(connection, &marked)?;
    let mut damaged: Vec<i64> = marked.keys().copied().filter(|n| !on.contains_key(n)).collect();
    damaged.sort_unstable();
    if !damaged.is_empty() {
        on.extend(from_entries(connection, &damaged, at(room, as_of))?);
    }
    for Kept { line, .. } in lines {
        if let Line::Entry(Entry { seq, body: Body::Message(Message { present: Some(present), .. }), .. }) =
            line
            && let Some(marks) = on.remove(&at(room, *seq))
        {
            present.reactions = reactions(marks);
        }
    }
    Ok(damaged.into_iter().map(seq_of).collect())
}

fn at(room: i64, seq: Seq) -> i64 {
    number(room, i64::try_from(seq).unwrap_or(SEQ_MAX))
}

fn reactions(mut marks: Vec<Mark>) -> Vec<snug_shared::Reaction> {
    marks.sort_unstable_by_key(|mark| mark.seq);
    let mut set = Marks::default();
    for mark in marks.into_iter().filter(|mark| mark.on) {
        set.add(mark.emoji, mark.author);
    }
    set.into_reactions()
}

/// The marks on these messages, each of which goes with what their sums add up to; without those where they do not.
fn from_table(connection: &Connection, marked: &HashMap<i64, i64>) -> Result<HashMap<i64, Vec<Mark>>> {
    let ids: Vec<String> = marked.keys().map(i64::to_string).collect();
    let mut found: HashMap<i64, (i64, Vec<Mark>)> = HashMap::new();
    // All of them by one statement.
    let mut statement = connection.prepare_cached(
        "SELECT message, emoji, author, mark, seq, sum FROM reactions
         WHERE message IN (SELECT value FROM json_each(?1))",
    )?;
    let mut rows = statement.query([format!("[{}]", ids.join(","))])?;
    loop {
        match rows.next().and_then(|row| row.map(mark).transpose()) {
            Ok(Some((message, sum, mark))) => {
                let (total, marks) = found.entry(message).or_default();
                *total = total.wrapping_add(sum);
                marks.push(mark);
            }
            Ok(None) => break,
            Err(error) if !sum::is_damage(&error) => return Err(error),
            // The sums will not add up.
            Err(error) if error.sqlite_error_code().is_some() => break,
            Err(_) => {}
        }
    }
    found.retain(|message, (total, _)| marked.get(message) == Some(total));
    Ok(found.into_iter().map(|(message, (_, marks))| (message, marks)).collect())
}

/// A row of `reactions`: message, sum, mark.
pub(super) fn mark(row: &Row<'_>) -> Result<(i64, i64, Mark)> {
    sum::check(row, 0, 5)?;
    let seq = row.get::<_, i64>(4)?.cast_unsigned();
    let mark = Mark { emoji: rows::emoji(row, 1)?, author: rows::author(row, 2)?, on: row.get(3)?, seq };
    Ok((row.get(0)?, row.get(5)?, mark))
}

/// The marks on these messages, ascending, by the entries up to `last` that set them.
pub(super) fn from_entries(
    connection: &Connection,
    messages: &[i64],
    last: i64,
) -> Result<HashMap<i64, Vec<Mark>>> {
    let mut states: HashMap<i64, Vec<Mark>> = messages.iter().map(|n| (*n, Vec::new())).collect();
    let Some(first) = messages.first() else { return Ok(states) };
    let room = first & !SEQ_MAX;
    rows::scan(connection, (first + 1, last), false, |kept| {
        if let Line::Entry(Entry { seq, by: author, body: Body::Reacted { target, emoji, on }, .. }) =
            kept.line
            && let Some(marks) = states.get_mut(&(room | target.cast_signed()))
        {
            marks.retain(|mark| mark.emoji != emoji || mark.author != author);
            marks.push(Mark { emoji, author, on, seq });
        }
        true
    })?;
    Ok(states)
}
