//! A checksum over each row, so that a disk that changed a bit of it is noticed: SQLite itself checks only how pages are built.

use rusqlite::{
    Connection, Result, Row, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};
use sha2::{Digest as _, Sha256};

use super::corruption;

/// A table whose rows change after they are written, and are sealed anew then.
pub(super) struct CheckedTable {
    pub(super) table: &'static str,
    /// The columns that the checksum is over, the key first.
    pub(super) columns: &'static [&'static str],
    /// A row by its key: those columns, then the checksum.
    pub(super) row: &'static str,
}

pub(super) const ENTRIES: CheckedTable = CheckedTable {
    table: "entries",
    columns: &[
        "n", "kind", "id", "at", "user", "author", "target", "text", "reply_to", "edited", "mark", "digest",
        "marks",
    ],
    row: "SELECT n, kind, id, at, user, author, target, text, reply_to, edited, mark, digest, marks, sum
        FROM entries WHERE n = ?1",
};

pub(super) const ROOMS: CheckedTable = CheckedTable {
    table: "rooms",
    columns: &["id", "key", "name", "epoch", "last", "last_at", "topic", "indexed", "settings"],
    row: "SELECT id, key, name, epoch, last, last_at, topic, indexed, settings, sum FROM rooms WHERE id = ?1",
};

impl CheckedTable {
    /// Checks a row before it is changed: damage must not be sealed in as if it had been written.
    pub(super) fn check(&self, connection: &Connection, key: i64) -> Result<()> {
        connection.prepare_cached(self.row)?.query_row([key], |row| check(row, 0, self.columns.len()))
    }

    /// Makes the checksum of a row anew after a change.
    pub(super) fn seal(&self, connection: &Connection, key: i64) -> Result<()> {
        let made = connection
            .prepare_cached(self.row)?
            .query_row([key], |row| of_row(row, 0, self.columns.len()))?;
        self.set(connection, key, &[], made)
    }

    /// Checks a row, gives some of its columns other values, and seals it, in two statements.
    pub(super) fn change(
        &self,
        connection: &Connection,
        key: i64,
        changed: &[(&str, ValueRef<'_>)],
    ) -> Result<()> {
        let made = connection.prepare_cached(self.row)?.query_row([key], |row| {
            check(row, 0, self.columns.len())?;
            let after = |(at, column): (usize, &&str)| match changed.iter().find(|(name, _)| name == column) {
                Some((_, value)) => Ok(*value),
                None => row.get_ref(at),
            };
            self.columns.iter().enumerate().map(after).collect::<Result<Vec<_>>>().map(of)
        })?;
        self.set(connection, key, changed, made)
    }

    fn set(
        &self,
        connection: &Connection,
        key: i64,
        changed: &[(&str, ValueRef<'_>)],
        checksum: i64,
    ) -> Result<()> {
        // Written in one piece: each commit does this for each of its rooms.
        let mut update = String::with_capacity(128);
        for part in ["UPDATE ", self.table, " SET "] {
            update.push_str(part);
        }
        for (column, _) in changed {
            update.push_str(column);
            update.push_str(" = ?, ");
        }
        for part in ["sum = ? WHERE ", self.columns[0], " = ?"] {
            update.push_str(part);
        }
        let values = changed.iter().map(|(_, value)| *value);
        let values = values.chain([ValueRef::Integer(checksum), ValueRef::Integer(key)]);
        connection
            .prepare_cached(&update)?
            .execute(params_from_iter(values.map(ToSqlOutput::Borrowed)))
            .map(drop)
    }
}

/// The checksum over these values.
pub(super) fn of<'v>(values: impl IntoIterator<Item = ValueRef<'v>>) -> i64 {
    let mut hash = Sha256::new();
    for value in values {
        let (kind, length, bytes): (u8, usize, &[u8]) = match value {
            ValueRef::Null => (0, 0, &[]),
            ValueRef::Integer(number) => {
                hash.update([1]);
                hash.update(number.to_le_bytes());
                continue;
            }
            ValueRef::Real(number) => {
                hash.update([2]);
                hash.update(number.to_le_bytes());
                continue;
            }
            ValueRef::Text(text) => (3, text.len(), text),
            ValueRef::Blob(blob) => (4, blob.len(), blob),
        };
        hash.update([kind]);
        hash.update((length as u64).to_le_bytes());
        hash.update(bytes);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    i64::from_le_bytes(first)
}

/// Checks `count` columns from `first` on against the checksum that follows them.
pub(super) fn check(row: &Row<'_>, first: usize, count: usize) -> Result<()> {
    let kept: i64 = row.get(first + count)?;
    if of_row(row, first, count)? == kept { Ok(()) } else { Err(corruption::error()) }
}

fn of_row(row: &Row<'_>, first: usize, count: usize) -> Result<i64> {
    let values = (first..first + count).map(|column| row.get_ref(column));
    values.collect::<Result<Vec<_>>>().map(of)
}
