//! A sum over each row, so that a disk that changed a bit of it is noticed: SQLite itself checks only how pages are built.

use std::{error::Error as StdError, fmt};

use rusqlite::{
    Connection, Error, Result, Row, params,
    types::{Type, ValueRef},
};
use sha2::{Digest as _, Sha256};

/// The columns of an entry that its sum is over.
pub(super) const ENTRY: usize = 11;

/// The sum over these values.
pub(super) fn sum<'v>(values: impl IntoIterator<Item = ValueRef<'v>>) -> i64 {
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

/// Checks `count` columns from `first` on against the sum that follows them.
pub(super) fn check(row: &Row<'_>, first: usize, count: usize) -> Result<()> {
    let kept: i64 = row.get(first + count)?;
    let values = (first..first + count).map(|column| row.get_ref(column));
    if sum(values.collect::<Result<Vec<_>>>()?) == kept { Ok(()) } else { Err(damaged()) }
}

/// Checks the entry `n` before it is changed.
pub(super) fn check_entry(connection: &Connection, n: i64) -> Result<()> {
    connection.prepare_cached(COLUMNS)?.query_row([n], |row| check(row, 0, ENTRY))
}

/// Makes the sum of the entry `n` anew after a change.
pub(super) fn seal(connection: &Connection, n: i64) -> Result<()> {
    let made = connection.prepare_cached(COLUMNS)?.query_row([n], |row| {
        let values = (0..ENTRY).map(|column| row.get_ref(column));
        values.collect::<Result<Vec<_>>>().map(sum)
    })?;
    connection.prepare_cached("UPDATE entries SET sum = ?2 WHERE n = ?1")?.execute(params![n, made])?;
    Ok(())
}

const COLUMNS: &str = "SELECT n, kind, id, at, user, author, target, text, reply_to, edited, mark, sum
    FROM entries WHERE n = ?1";

/// What is in the file is not what was written.
pub(super) fn damaged() -> Error {
    Error::FromSqlConversionFailure(0, Type::Null, Box::new(Damaged))
}

#[derive(Debug)]
struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the file is damaged")
    }
}

impl StdError for Damaged {}
