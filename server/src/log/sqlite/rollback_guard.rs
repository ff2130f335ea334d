//! Whether this file is older than what was kept last: then somebody put a backup in its place.
//!
//! Entries are never taken away, so their number only grows. It is noted beside the file once they are durable. A file with
//! fewer entries is an older one, and its rooms begin new epochs, so that no client takes new entries for those that were lost.
//! A folder that was restored whole has an old note too. Then a client that comes back is told so by the id of its last entry.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Result, TransactionBehavior, types::ValueRef};
use snug_shared::RoomName;

use super::{Shared, checksum, place::Place, private, rows};
use crate::log::epoch::Generation;

/// The note's name.
const NOTE: &str = "snug.count";

/// How many entries were ever entered, and what is noted of it.
#[derive(Debug)]
pub(super) struct RollbackGuard {
    note: PathBuf,
    entered: u64,
    noted: u64,
}

impl RollbackGuard {
    /// Counts what is there, and begins new epochs where that is less than was noted.
    pub(super) fn open(place: &Place, connection: &mut Connection, shared: &Shared) -> Result<Self> {
        let note = place.folder.join(NOTE);
        let noted = noted(&note);
        let (entered, is_whole) = rows::count(connection, &shared.corruption)?;
        if is_whole && entered < noted {
            tracing::error!(
                missing = noted - entered,
                "the room log is older than it was: a backup, it seems. Every room begins a new epoch"
            );
            begin_epochs(connection, &shared.generation)?;
        }
        let mut guard = Self { note, entered, noted: 0 };
        guard.keep();
        Ok(guard)
    }

    /// More entries are durable.
    pub(super) fn add(&mut self, entries: u64) {
        self.entered += entries;
    }

    /// Whether there is something to note.
    pub(super) const fn is_behind(&self) -> bool {
        self.noted != self.entered
    }

    /// Notes the number. It matters only after a restored backup, so a disk that does not take it is reported elsewhere.
    pub(super) fn keep(&mut self) {
        if self.is_behind() {
            let _ = private::write(&self.note, &format!("{}\n", self.entered));
            self.noted = self.entered;
        }
    }
}

/// Notes that so many entries were there before a copy takes the file's place.
pub(super) fn note(place: &Place, entered: u64) {
    let note = place.folder.join(NOTE);
    if entered > noted(&note) {
        let _ = private::write(&note, &format!("{entered}\n"));
    }
}

/// A note that was never written, or only begun, says nothing.
fn noted(note: &Path) -> u64 {
    private::read(note).ok().and_then(|note| note.trim().parse().ok()).unwrap_or(0)
}

fn begin_epochs(connection: &mut Connection, generation: &Generation) -> Result<()> {
    let all = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let rooms: Vec<(i64, RoomName)> = all
        .prepare("SELECT id, name FROM rooms")?
        .query_map([], |row| Ok((row.get(0)?, rows::room_name(row, 1)?)))?
        .collect::<Result<_>>()?;
    for (room, name) in rooms {
        let epoch = generation.epoch(&name.key()).to_string();
        checksum::ROOMS.change(&all, room, &[("epoch", ValueRef::Text(epoch.as_bytes()))])?;
    }
    all.commit()
}
