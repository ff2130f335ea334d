//! A search over rooms in the file: the index for what it knows, a look at each message for the rest.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};
use snug_shared::{Entry, Millis, RoomKey, Seq};

use super::{
    corruption::{self, Reports},
    number, pages,
    rows::{self, RoomRow},
    search::phrase,
    seq_of,
};
use crate::log::{
    merge::{RoomHead, Rooms, TimeSlice, Visit},
    query::{Candidate, Wanted},
};

/// Numbers of entries that a look into a room goes through. Between two looks the search may end: inside of one SQLite compares
/// lists of messages, however few of them are hits.
const WINDOW: Seq = 32_768;
/// Rooms listed at once.
const LISTED: i64 = 1_024;

/// The columns of a candidate.
const CANDIDATE: &str = "e.n, e.text, f.text, e.at, e.user, e.author
    FROM entries e LEFT JOIN folded f ON f.n = e.n";

/// The rooms of the file, on one snapshot of it.
pub(super) struct Snapshot<'c> {
    connection: &'c Connection,
    reports: &'c Reports,
    /// Rooms that were looked at: as many as one slice of time allows.
    rooms: HashMap<i64, Option<RoomRow>>,
}

impl<'c> Snapshot<'c> {
    pub(super) fn new(connection: &'c Connection, reports: &'c Reports) -> Self {
        Self { connection, reports, rooms: HashMap::new() }
    }

    fn row(&mut self, id: i64) -> Result<Option<&RoomRow>> {
        if !self.rooms.contains_key(&id) {
            let row = rows::room_by_id(self.connection, self.reports, id)?;
            let _ = self.rooms.insert(id, row);
        }
        Ok(self.rooms.get(&id).and_then(Option::as_ref))
    }

    /// Looks at messages one after the other, from the newest.
    fn look_at_each(
        &self,
        (low, high): (i64, i64),
        wanted: &Wanted,
        most: usize,
        slice: &mut TimeSlice<'_>,
    ) -> Result<Visit> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {CANDIDATE} WHERE e.n BETWEEN ?1 AND ?2 AND e.kind = 0 AND e.text IS NOT NULL
             ORDER BY e.n DESC"
        ))?;
        let mut visit = Visit { hits: Vec::new(), next: Some(seq_of(low) - 1) };
        gather(statement.query([low, high])?, wanted, most, slice, &mut visit)?;
        Ok(visit)
    }

    /// Looks at the messages that have all of these trigrams, and at those that the index knows by an earlier text.
    fn ask_index(
        &self,
        (low, high): (i64, i64),
        wanted: &Wanted,
        most: usize,
        slice: &mut TimeSlice<'_>,
    ) -> Result<Visit> {
        let phrases: Vec<String> = wanted.trigrams().into_iter().map(phrase).collect();
        // Numbers alone: SQLite would sort the texts along with them, of all candidates before the first is looked at.
        let mut candidates = self.connection.prepare_cached(
            "SELECT rowid AS n FROM grams WHERE grams MATCH ?1 AND rowid BETWEEN ?2 AND ?3
             UNION SELECT n FROM stale WHERE n BETWEEN ?2 AND ?3 ORDER BY n DESC",
        )?;
        let numbers = candidates.query_map(params![phrases.join(" AND "), low, high], |row| row.get(0))?;
        let mut texts = self
            .connection
            .prepare_cached(&format!("SELECT {CANDIDATE} WHERE e.n = ?1 AND e.text IS NOT NULL"))?;
        let mut visit = Visit { hits: Vec::new(), next: Some(seq_of(low) - 1) };
        for n in numbers.collect::<Result<Vec<i64>>>()? {
            if !gather(texts.query([n])?, wanted, most, slice, &mut visit)? {
                break;
            }
        }
        Ok(visit)
    }
}

impl Rooms for Snapshot<'_> {
    type Id = i64;
    type Error = rusqlite::Error;

    fn listed(&mut self, after: Option<&(Millis, i64)>) -> Result<Vec<(Millis, i64)>> {
        let (at, id) = after.copied().unwrap_or((Millis::MAX, i64::MAX));
        let mut statement = self.connection.prepare_cached(
            "SELECT last_at, id FROM rooms WHERE (last_at, id) < (?1, ?2)
             ORDER BY last_at DESC, id DESC LIMIT ?3",
        )?;
        let listed = statement.query_map([at, id, LISTED], |row| Ok((row.get(0)?, row.get(1)?)))?;
        listed.collect()
    }

    fn find(&mut self, key: &RoomKey) -> Result<Option<(Millis, i64)>> {
        let found = pages::room(self.connection, self.reports, key)?;
        Ok(found.map(|room| (room.record.last_at, room.id)))
    }

    fn head(&mut self, id: &i64) -> Result<Option<RoomHead>> {
        Ok(self.row(*id)?.map(|row| RoomHead {
            key: row.record.name.key(),
            name: row.record.name.clone(),
            last: row.record.last,
            last_at: row.record.last_at,
        }))
    }

    fn at(&mut self, id: &i64, seq: Seq) -> Result<Millis> {
        let mut statement = self.connection.prepare_cached("SELECT at FROM entries WHERE n = ?1")?;
        match statement.query_row([number(*id, seq.cast_signed())], |row| row.get(0)) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(Millis::MIN),
            // The disk changed it: a page of the room says so.
            Err(error) if corruption::is_corruption(&error) => Ok(Millis::MIN),
            at => at,
        }
    }

    fn visit(
        &mut self,
        id: &i64,
        (low, high): (Seq, Seq),
        wanted: &Wanted,
        most: usize,
        slice: &mut TimeSlice<'_>,
    ) -> Result<Visit> {
        let Some(indexed) = self.row(*id)?.map(|row| row.indexed.cast_unsigned()) else {
            return Ok(Visit::default());
        };
        let low = low.max(high.saturating_sub(WINDOW - 1));
        let has_index = !wanted.trigrams().is_empty();
        let low = if has_index && high > indexed { low.max(indexed + 1) } else { low };
        let span = (number(*id, low.cast_signed()), number(*id, high.cast_signed()));
        let visit = if has_index && high <= indexed {
            self.ask_index(span, wanted, most, slice)
        } else {
            self.look_at_each(span, wanted, most, slice)
        };
        match visit {
            // Behind a page that cannot be read there may be others that can.
            Err(error) if corruption::is_corruption(&error) => {
                Ok(Visit { hits: Vec::new(), next: Some(low - 1) })
            }
            visit => visit,
        }
    }

    fn entry(&mut self, id: &i64, seq: Seq) -> Result<Option<Entry>> {
        let Some(last) = self.row(*id)?.map(|row| row.record.last) else { return Ok(None) };
        match pages::one(self.connection, *id, seq, last) {
            Ok(entry) => Ok(Some(entry)),
            // It is not known whether a damaged message had those words.
            Err(error) if corruption::is_corruption(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Looks at candidates, the newest first. Whether there may be more.
fn gather(
    mut candidates: rusqlite::Rows<'_>,
    wanted: &Wanted,
    most: usize,
    slice: &mut TimeSlice<'_>,
    visit: &mut Visit,
) -> Result<bool> {
    while let Some(row) = candidates.next()? {
        let seq = seq_of(row.get(0)?);
        // A damaged row is not found. A page of the room shows where it is.
        let candidate = || -> Result<Candidate<'_>> {
            Ok(Candidate {
                text: row.get_ref(1)?.as_str()?,
                folded: row.get_ref(2)?.as_str_or_null()?,
                at: row.get(3)?,
                user: row.get_ref(4)?.as_str()?,
                by: row.get_ref(5)?.as_str()?,
            })
        };
        let Ok(candidate) = candidate() else { continue };
        if wanted.is_hit(candidate) {
            visit.hits.push(seq);
        }
        let bytes = candidate.text.len() + candidate.folded.map_or(0, str::len);
        if visit.hits.len() >= most || !slice.look_at(bytes) {
            visit.next = Some(seq - 1);
            return Ok(false);
        }
    }
    Ok(true)
}
