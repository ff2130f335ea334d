//! Reactions, folded into the messages of a page: from their table, or where the disk changed that, from the entries that set them.

use std::collections::HashMap;

use rusqlite::{Connection, Result, Row};
use snug_shared::{Body, Entry, Line, Message, Seq};

use super::{
    SEQ_MAX, checksum, corruption, number,
    rows::{self, StoredLine},
    seq_of,
};
use crate::log::reactions::{ReactionState, Tally};

/// Folds the reactions and `as_of` into the messages among these lines. Answers which of them had damaged reactions.
pub(super) fn fold(
    connection: &Connection,
    room: i64,
    lines: &mut [StoredLine],
    as_of: Seq,
) -> Result<Vec<Seq>> {
    let mut reacted: HashMap<i64, i64> = HashMap::new();
    for StoredLine { line, reactions_checksum } in lines.iter_mut() {
        let Line::Entry(Entry { seq, body: Body::Message(message), .. }) = line else { continue };
        message.present.get_or_insert_default().as_of = as_of;
        if message.text.is_some() && *reactions_checksum != 0 {
            reacted.insert(at(room, *seq), *reactions_checksum);
        }
    }
    if reacted.is_empty() {
        return Ok(Vec::new());
    }
    let mut on = from_table(connection, &reacted)?;
    let mut damaged: Vec<i64> = reacted.keys().copied().filter(|n| !on.contains_key(n)).collect();
    damaged.sort_unstable();
    if !damaged.is_empty() {
        on.extend(from_entries(connection, &damaged, at(room, as_of))?);
    }
    for StoredLine { line, .. } in lines {
        if let Line::Entry(Entry { seq, body: Body::Message(Message { present: Some(present), .. }), .. }) =
            line
            && let Some(states) = on.remove(&at(room, *seq))
        {
            present.reactions = reactions(states);
        }
    }
    Ok(damaged.into_iter().map(seq_of).collect())
}

fn at(room: i64, seq: Seq) -> i64 {
    number(room, i64::try_from(seq).unwrap_or(SEQ_MAX))
}

fn reactions(mut states: Vec<ReactionState>) -> Vec<snug_shared::Reaction> {
    states.sort_unstable_by_key(|state| state.seq);
    let mut tally = Tally::default();
    for state in states.into_iter().filter(|state| state.on) {
        tally.add(state.emoji, state.author);
    }
    tally.into_reactions()
}

/// The reactions to these messages, each of which goes with what their checksums add up to; without those where they do not.
fn from_table(
    connection: &Connection,
    reacted: &HashMap<i64, i64>,
) -> Result<HashMap<i64, Vec<ReactionState>>> {
    let ids: Vec<String> = reacted.keys().map(i64::to_string).collect();
    let mut found: HashMap<i64, (i64, Vec<ReactionState>)> = HashMap::new();
    // All of them by one statement.
    let mut statement = connection.prepare_cached(
        "SELECT message, emoji, author, mark, seq, sum FROM reactions
         WHERE message IN (SELECT value FROM json_each(?1))",
    )?;
    let mut rows = statement.query([format!("[{}]", ids.join(","))])?;
    loop {
        match rows.next().and_then(|row| row.map(state).transpose()) {
            Ok(Some((message, checksum, state))) => {
                let (total, states) = found.entry(message).or_default();
                *total = total.wrapping_add(checksum);
                states.push(state);
            }
            Ok(None) => break,
            Err(error) if !corruption::is_corruption(&error) => return Err(error),
            // The checksums will not add up.
            Err(error) if error.sqlite_error_code().is_some() => break,
            Err(_) => {}
        }
    }
    found.retain(|message, (total, _)| reacted.get(message) == Some(total));
    Ok(found.into_iter().map(|(message, (_, states))| (message, states)).collect())
}

/// A row of `reactions`: message, checksum, state.
pub(super) fn state(row: &Row<'_>) -> Result<(i64, i64, ReactionState)> {
    checksum::check(row, 0, 5)?;
    let seq = row.get::<_, i64>(4)?.cast_unsigned();
    let state =
        ReactionState { emoji: rows::emoji(row, 1)?, author: rows::author(row, 2)?, on: row.get(3)?, seq };
    Ok((row.get(0)?, row.get(5)?, state))
}

/// The reactions to these messages, ascending, by the entries up to `last` that set them.
pub(super) fn from_entries(
    connection: &Connection,
    messages: &[i64],
    last: i64,
) -> Result<HashMap<i64, Vec<ReactionState>>> {
    let mut states: HashMap<i64, Vec<ReactionState>> = messages.iter().map(|n| (*n, Vec::new())).collect();
    let Some(first) = messages.first() else { return Ok(states) };
    let room = first & !SEQ_MAX;
    rows::scan(connection, (first + 1, last), false, |kept| {
        if let Line::Entry(Entry { seq, by: author, body: Body::Reacted { target, emoji, on }, .. }) =
            kept.line
            && let Some(known) = states.get_mut(&(room | target.cast_signed()))
        {
            known.retain(|state| state.emoji != emoji || state.author != author);
            known.push(ReactionState { emoji, author, on, seq });
        }
        true
    })?;
    Ok(states)
}
