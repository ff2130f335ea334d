//! How entries become rows: each message in its present state.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, Result, params};
use snug_shared::{
    Author, Body, Emoji, Entry, Line, Message, Millis, Reaction, Seq, limits,
    search::{fold, folded},
};

use super::{
    RoomHistory,
    encoding::{APART, from_json, number_at, room_gram, sender_gram, to_json},
    spans::{self, signed},
};

/// Changes kept for messages that are not in the file: a page read a moment before them may still bring the message.
const CHANGES: usize = 512;
/// Reactions kept for one message.
const REACTIONS: usize = 64;

/// Changes to messages that are not in the file, the latest last.
#[derive(Debug, Default)]
pub(super) struct Changes(VecDeque<(i64, Entry)>);

/// What has changed in the file.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Effect {
    /// A text is to be gone from the file.
    pub erased: bool,
    /// Messages that are new.
    pub added: usize,
}

struct Stored {
    n: i64,
    text: Option<String>,
    edited: Seq,
    as_of: Seq,
    reactions: Option<String>,
}

/// The number of a room's history, which is made the current one.
pub(super) fn room(connection: &Connection, room: &RoomHistory) -> Result<i64> {
    let (server, key) = (room.server(), room.key());
    let known = connection
        .prepare_cached("SELECT id, current FROM rooms WHERE server = ?1 AND key = ?2 AND epoch = ?3")?
        .query_row(params![server, key.as_str(), room.epoch], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?))
        })
        .optional()?;
    if let Some((id, true)) = known {
        return Ok(id);
    }
    let _ = connection.execute(
        "UPDATE rooms SET current = 0 WHERE server = ?1 AND key = ?2",
        params![server, key.as_str()],
    )?;
    let _ = connection.execute(
        "INSERT INTO rooms(server, key, name, epoch, current) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT (server, key, epoch) DO UPDATE SET current = 1",
        params![server, key.as_str(), room.room.as_str(), room.epoch],
    )?;
    connection.query_row(
        "SELECT id FROM rooms WHERE server = ?1 AND key = ?2 AND epoch = ?3",
        params![server, key.as_str(), room.epoch],
        |row| row.get(0),
    )
}

impl Changes {
    /// Puts entries of a room into the file, ascending.
    pub fn apply(&mut self, connection: &Connection, room: i64, lines: &[Line]) -> Result<Effect> {
        let mut effect = Effect::default();
        let mut run: Option<(Seq, Seq)> = None;
        for line in lines.iter().filter(|line| line.seq() > 0) {
            let seq = line.seq();
            let is_known = spans::contains(connection, room, seq)?;
            if let Some(entry) = line.entry() {
                self.apply_entry(connection, room, entry, is_known, &mut effect)?;
            }
            if is_known {
                continue;
            }
            run = match run {
                Some((first, last)) if last.checked_add(1) == Some(seq) => Some((first, seq)),
                Some((first, last)) => {
                    spans::add(connection, room, first, last)?;
                    Some((seq, seq))
                }
                None => Some((seq, seq)),
            };
        }
        if let Some((first, last)) = run {
            spans::add(connection, room, first, last)?;
        }
        Ok(effect)
    }

    fn apply_entry(
        &mut self,
        connection: &Connection,
        room: i64,
        entry: &Entry,
        is_known: bool,
        effect: &mut Effect,
    ) -> Result<()> {
        match &entry.body {
            Body::Message(message) => {
                put_message(connection, room, entry, message, effect)?;
                let as_of = message.present.as_ref().map_or(entry.seq, |present| present.as_of);
                let late = |(of, change): &&(i64, Entry)| {
                    *of == room && change.body.target() == Some(entry.seq) && change.seq > as_of
                };
                for (_, change) in self.0.iter().filter(late) {
                    let _ = fold_in(connection, room, entry.seq, change, effect)?;
                }
            }
            Body::Topic { topic } => {
                if !is_known {
                    insert(connection, room, 1, entry, Some(topic.as_str()), None, (0, entry.seq, None))?;
                }
            }
            Body::Act(_) => {}
            Body::Edited { target, .. } | Body::Deleted { target } | Body::Reacted { target, .. } => {
                // A change that is known was folded in when it came, or was in the state that came with the message.
                if !is_known && !fold_in(connection, room, *target, entry, effect)? {
                    if self.0.len() == CHANGES {
                        let _ = self.0.pop_front();
                    }
                    self.0.push_back((room, entry.clone()));
                }
            }
        }
        Ok(())
    }
}

fn put_message(
    connection: &Connection,
    room: i64,
    entry: &Entry,
    message: &Message,
    effect: &mut Effect,
) -> Result<()> {
    let present = message.present.clone().unwrap_or_default();
    let as_of = present.as_of.max(entry.seq);
    let text = message.text.as_ref().filter(|_| !present.deleted).map(|text| text.as_str());
    let reactions = to_json(&present.reactions).filter(|_| text.is_some());
    let edited = present.edited.unwrap_or(0);
    match stored(connection, room, entry.seq)? {
        None => {
            insert(connection, room, 0, entry, text, message.reply_to, (edited, as_of, reactions))?;
            effect.added += 1;
        }
        Some(known) if as_of > known.as_of => {
            set_text(connection, room, &known, text, effect)?;
            let _ = connection
                .prepare_cached("UPDATE messages SET edited = ?2, as_of = ?3, reactions = ?4 WHERE n = ?1")?
                .execute(params![known.n, signed(edited), signed(as_of), reactions])?;
        }
        Some(_) => {}
    }
    Ok(())
}

/// Folds a later change into a message. Whether the message is in the file.
fn fold_in(
    connection: &Connection,
    room: i64,
    target: Seq,
    change: &Entry,
    effect: &mut Effect,
) -> Result<bool> {
    let Some(known) = stored(connection, room, target)? else { return Ok(false) };
    if change.seq <= known.as_of || known.text.is_none() {
        return Ok(true);
    }
    match &change.body {
        Body::Edited { text: Some(text), .. } => {
            if change.seq > known.edited {
                set_text(connection, room, &known, Some(text.as_str()), effect)?;
                let _ = connection
                    .prepare_cached("UPDATE messages SET edited = ?2 WHERE n = ?1")?
                    .execute(params![known.n, signed(change.seq)])?;
            }
        }
        // An edit without text is of a message that was deleted since.
        Body::Edited { text: None, .. } | Body::Deleted { .. } => {
            set_text(connection, room, &known, None, effect)?;
            let _ = connection
                .prepare_cached("UPDATE messages SET reactions = NULL WHERE n = ?1")?
                .execute([known.n])?;
        }
        Body::Reacted { emoji, on, .. } => {
            let mut reactions = from_json(known.reactions.as_deref());
            react(&mut reactions, &change.by, emoji, *on);
            let _ = connection
                .prepare_cached("UPDATE messages SET reactions = ?2 WHERE n = ?1")?
                .execute(params![known.n, to_json(&reactions)])?;
        }
        Body::Message(_) | Body::Topic { .. } | Body::Act(_) => {}
    }
    Ok(true)
}

fn react(reactions: &mut Vec<Reaction>, by: &Author, emoji: &Emoji, on: bool) {
    let found = reactions.iter().position(|reaction| reaction.emoji == *emoji);
    match (found, on) {
        (None, true) if reactions.len() < REACTIONS => {
            reactions.push(Reaction { emoji: emoji.clone(), count: 1, by: vec![by.clone()] });
        }
        (Some(index), true) => {
            let reaction = &mut reactions[index];
            if !reaction.by.contains(by) {
                reaction.count = reaction.count.saturating_add(1);
                if reaction.by.len() < limits::REACTION_AUTHORS {
                    reaction.by.push(by.clone());
                }
            }
        }
        (Some(index), false) => {
            let reaction = &mut reactions[index];
            reaction.by.retain(|author| author != by);
            reaction.count = reaction.count.saturating_sub(1);
            if reaction.count == 0 {
                let _ = reactions.remove(index);
            }
        }
        (None, _) => {}
    }
}

fn stored(connection: &Connection, room: i64, seq: Seq) -> Result<Option<Stored>> {
    connection
        .prepare_cached(
            "SELECT n, text, edited, as_of, reactions FROM messages
             WHERE room = ?1 AND seq = ?2 AND kind = 0",
        )?
        .query_row(params![room, signed(seq)], |row| {
            Ok(Stored {
                n: row.get(0)?,
                text: row.get(1)?,
                edited: row.get::<_, i64>(2)?.cast_unsigned(),
                as_of: row.get::<_, i64>(3)?.cast_unsigned(),
                reactions: row.get(4)?,
            })
        })
        .optional()
}

fn insert(
    connection: &Connection,
    room: i64,
    kind: i64,
    entry: &Entry,
    text: Option<&str>,
    reply_to: Option<Seq>,
    (edited, as_of, reactions): (Seq, Seq, Option<String>),
) -> Result<()> {
    let n = free_number(connection, entry.at, room, entry.seq)?;
    let inserted = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO messages(n, room, seq, kind, id, user, author, text, reply_to, edited, as_of,
             reactions) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            n,
            room,
            signed(entry.seq),
            kind,
            entry.id.as_bytes(),
            entry.user.as_str(),
            entry.by.as_str(),
            text,
            reply_to.map(signed),
            signed(edited),
            signed(as_of),
            reactions,
        ])?;
    match text.filter(|_| kind == 0 && inserted > 0) {
        Some(text) => index(connection, n, room, entry.user.as_str(), text),
        None => Ok(()),
    }
}

/// A number at a time that no row has yet. Rows of one millisecond begin at different places, so that a few tries do.
fn free_number(connection: &Connection, at: Millis, room: i64, seq: Seq) -> Result<i64> {
    let low = (1_i64 << APART) - 1;
    let mut apart = room.wrapping_mul(31).wrapping_add(signed(seq)) & low;
    let mut taken = connection.prepare_cached("SELECT 1 FROM messages WHERE n = ?1")?;
    while taken.exists([number_at(at) | apart])? {
        apart = (apart + 1) & low;
    }
    Ok(number_at(at) | apart)
}

fn set_text(
    connection: &Connection,
    room: i64,
    known: &Stored,
    text: Option<&str>,
    effect: &mut Effect,
) -> Result<()> {
    if known.text.as_deref() == text {
        return Ok(());
    }
    let user: String = connection
        .prepare_cached("SELECT user FROM messages WHERE n = ?1")?
        .query_row([known.n], |row| row.get(0))?;
    if let Some(old) = &known.text {
        unindex(connection, known.n, room, &user, old)?;
        effect.erased = true;
    }
    let _ = connection
        .prepare_cached("UPDATE messages SET text = ?2 WHERE n = ?1")?
        .execute(params![known.n, text])?;
    match text {
        Some(text) => index(connection, known.n, room, &user, text),
        None => Ok(()),
    }
}

fn index(connection: &Connection, n: i64, room: i64, user: &str, text: &str) -> Result<()> {
    let folded = folded(text).unwrap_or_else(|| fold(text));
    connection
        .prepare_cached("INSERT INTO grams(rowid, text, room, sender) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![n, folded, room_gram(room), sender_gram(user)])
        .map(drop)
}

/// Takes a message out of the index, with what it was put in with.
pub(super) fn unindex(connection: &Connection, n: i64, room: i64, user: &str, text: &str) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO grams(grams, rowid, text, room, sender) VALUES ('delete', ?1, ?2, ?3, ?4)",
        )?
        .execute(params![n, fold(text), room_gram(room), sender_gram(user)])
        .map(drop)
}

/// Puts all messages into the index, which is empty.
pub(super) fn index_all(connection: &Connection) -> Result<()> {
    let mut all = connection
        .prepare("SELECT n, room, user, text FROM messages WHERE kind = 0 AND text IS NOT NULL ORDER BY n")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        index(connection, row.get(0)?, row.get(1)?, row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?)?;
    }
    Ok(())
}
