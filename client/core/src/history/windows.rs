//! How much of the index is asked at once.
//!
//! SQLite looks at an interrupt only between two rows. A question whose trigrams are all common but never meet has no row to
//! give, and would read the whole index before anybody could stop it. So the index is asked in windows, from the newest messages
//! down, and a search looks at its clock between two of them. A window is so many messages, not so much time: people talk for an
//! hour and are silent for a month.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Result, params};

/// Messages of the first window.
pub(super) const FIRST: i64 = 1_000;
/// Messages of a window, at least and at most.
const LEAST: i64 = 64;
const MOST: i64 = 1 << 20;
/// A window that took longer is followed by a smaller one; one that took less than a quarter of this, by a larger one.
const LONG: Duration = Duration::from_millis(5);

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Windows {
    /// The numbers that were not asked about yet; none when all of them were.
    rest: Option<(i64, i64)>,
    size: i64,
}

impl Windows {
    /// Over the messages of these numbers.
    pub fn new(low: i64, high: i64) -> Self {
        Self { rest: (low <= high).then_some((low, high)), size: FIRST }
    }

    /// The numbers of the next window, lowest and highest; none when all were asked about.
    pub fn next(&mut self, connection: &Connection) -> Result<Option<(i64, i64)>> {
        let Some((low, high)) = self.rest else { return Ok(None) };
        // The sizes of the indexed texts are the smallest table that has their numbers.
        let edge: Option<i64> = connection
            .prepare_cached("SELECT id FROM grams_docsize WHERE id <= ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2")?
            .query_row(params![high, self.size - 1], |row| row.get(0))
            .optional()?;
        let edge = edge.filter(|edge| *edge > low).unwrap_or(low);
        self.rest = (edge > low).then(|| (low, edge - 1));
        Ok(Some((edge, high)))
    }

    /// Takes note of how long the last window took.
    pub fn took(&mut self, taken: Duration) {
        if taken > LONG {
            self.size = (self.size / 2).max(LEAST);
        } else if taken < LONG / 4 {
            self.size = (self.size * 2).min(MOST);
        }
    }

    /// The highest number that was not asked about yet.
    pub fn rest(&self) -> Option<i64> {
        self.rest.map(|(_, high)| high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(numbers: &[i64]) -> Connection {
        let connection = Connection::open_in_memory().expect("memory");
        connection
            .execute_batch("CREATE VIRTUAL TABLE grams USING fts5(text, content = '', detail = none)")
            .expect("a table");
        for number in numbers {
            let _ = connection
                .execute("INSERT INTO grams(rowid, text) VALUES (?1, 'tea')", [number])
                .expect("a row");
        }
        connection
    }

    fn all(connection: &Connection, mut windows: Windows) -> Vec<(i64, i64)> {
        std::iter::from_fn(|| windows.next(connection).expect("the index answers")).collect()
    }

    #[test]
    fn windows_follow_each_other_without_a_gap_and_end_where_the_search_does() {
        let connection = index(&[1, 5, 6, 7, 900, 901, 1 << 60]);
        let windows = |low, high| Windows { size: 2, ..Windows::new(low, high) };
        assert_eq!(all(&connection, windows(0, i64::MAX)), [(901, i64::MAX), (7, 900), (5, 6), (0, 4)]);
        assert_eq!(all(&connection, windows(6, 900)), [(7, 900), (6, 6)]);
        assert_eq!(all(&connection, windows(902, 1_000)), [(902, 1_000)]);
        assert_eq!(all(&connection, windows(3, 2)), []);
        assert_eq!(all(&index(&[]), windows(0, i64::MAX)), [(0, i64::MAX)]);
    }

    #[test]
    fn a_window_shrinks_after_a_long_one_and_grows_after_a_short_one_within_bounds() {
        let mut windows = Windows::new(0, i64::MAX);
        windows.took(LONG + Duration::from_millis(1));
        assert_eq!(windows.size, FIRST / 2);
        windows.took(LONG / 2);
        assert_eq!(windows.size, FIRST / 2);
        windows.took(Duration::ZERO);
        assert_eq!(windows.size, FIRST);
        (0..40).for_each(|_| windows.took(Duration::ZERO));
        assert_eq!(windows.size, MOST);
        (0..40).for_each(|_| windows.took(Duration::MAX));
        assert_eq!(windows.size, LEAST);
    }
}
