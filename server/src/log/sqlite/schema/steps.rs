//! The steps from one format of the file to the next.

use rusqlite::{OptionalExtension, Result, Transaction, types::ValueRef};

use super::super::{checksum::CheckedTable, corruption};

/// One step a version: the version of a file is how many of them it has behind it. A released step never changes.
pub(super) const STEPS: [Step; 3] =
    [Step::Sql(include_str!("1.sql")), Step::Code(add_settings), Step::Code(index_without_positions)];

/// Brings a file to its next version, inside one transaction.
pub(super) enum Step {
    /// Statements.
    Sql(&'static str),
    /// Code, where statements are not enough: rows carry a checksum, which has to be made anew when a table gains a column.
    Code(fn(&Transaction<'_>) -> Result<()>),
}

impl Step {
    pub(super) fn take(&self, whole: &Transaction<'_>) -> Result<()> {
        match self {
            Self::Sql(statements) => whole.execute_batch(statements),
            Self::Code(code) => code(whole),
        }
    }
}

/// The tables as a version had them. They belong to their step, and stay when the tables change again.
const ROOMS_1: CheckedTable = CheckedTable {
    table: "rooms",
    columns: &["id", "key", "name", "epoch", "last", "last_at", "topic", "indexed"],
    row: "SELECT id, key, name, epoch, last, last_at, topic, indexed, sum FROM rooms WHERE id = ?1",
};
const ROOMS_2: CheckedTable = CheckedTable {
    table: "rooms",
    columns: &["id", "key", "name", "epoch", "last", "last_at", "topic", "indexed", "settings"],
    row: "SELECT id, key, name, epoch, last, last_at, topic, indexed, settings, sum FROM rooms WHERE id = ?1",
};

/// Version 2: acts are entries of kind 5 with their JSON as text, and a room has its settings.
fn add_settings(whole: &Transaction<'_>) -> Result<()> {
    reseal(whole, &ROOMS_1, &ROOMS_2, last_room(whole)?, |whole| {
        whole.execute_batch("ALTER TABLE rooms ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'")
    })
}

/// Version 3: the index knows which trigrams a message has and not where, folded texts are kept beside the messages, and edits
/// change the index later.
fn index_without_positions(whole: &Transaction<'_>) -> Result<()> {
    // An index that the disk changed may not let itself be dropped. Nothing reads it any more.
    match whole.execute_batch("DROP TABLE trigrams") {
        Err(error) if corruption::is_corruption(&error) => {}
        dropped => dropped?,
    }
    whole.execute_batch(include_str!("3.sql"))?;
    for room in 1..=last_room(whole)? {
        match ROOMS_2.change(whole, room, &[("indexed", ValueRef::Integer(0))]).optional() {
            Err(error) if corruption::is_corruption(&error) => {}
            changed => _ = changed?,
        }
    }
    Ok(())
}

/// The highest number of a room. Each room has an entry, so the entries tell it as well where the disk changed the rooms.
fn last_room(whole: &Transaction<'_>) -> Result<i64> {
    for number in ["SELECT max(id) FROM rooms", "SELECT max(n) >> 40 FROM entries"] {
        match whole.query_row(number, [], |row| row.get::<_, Option<i64>>(0)) {
            Err(error) if corruption::is_corruption(&error) => {}
            last => return last.map(Option::unwrap_or_default),
        }
    }
    Ok(0)
}

/// Changes a table whose keys are 1 to `last`, and makes the checksums of its rows anew. A row that was damaged before is not
/// sealed: it stays damaged.
fn reseal(
    whole: &Transaction<'_>,
    before: &CheckedTable,
    after: &CheckedTable,
    last: i64,
    change: impl FnOnce(&Transaction<'_>) -> Result<()>,
) -> Result<()> {
    let mut sound = Vec::new();
    for key in 1..=last {
        match before.check(whole, key).optional() {
            Ok(Some(())) => sound.push(key),
            Ok(None) => {}
            Err(error) if corruption::is_corruption(&error) => {}
            Err(error) => return Err(error),
        }
    }
    change(whole)?;
    sound.into_iter().try_for_each(|key| after.seal(whole, key))
}
