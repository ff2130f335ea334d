//! Threads that read, each with a connection of its own: reads wait neither for the writer nor for a runtime's blocking pool,
//! keep their prepared statements, and are never more than these at once.

use std::{panic, sync::Arc, thread};

use rusqlite::Connection;
use snug_shared::{Line, RoomKey, Seq};
use tokio::sync::oneshot;

use super::{
    Shared,
    damage::Damage,
    fold, number,
    queue::{Queue, Refusal, Turn},
    rows,
    schema::{self, Place},
    sum,
};
use crate::log::{
    LogError, Slice, Span,
    present::{Page, text_bytes},
};

/// Readers: history pages and searches are short, and more would only fight for the same disk.
const READERS: usize = 3;

/// Something to do with a connection, or to say why there is none.
pub(super) type Job = Box<dyn FnOnce(Result<&Connection, LogError>) + Send>;

/// Starts the readers.
pub(super) fn start(place: &Place, shared: &Arc<Shared>) -> std::io::Result<Vec<thread::JoinHandle<()>>> {
    (0..READERS)
        .map(|_| {
            let (place, shared) = (place.clone(), Arc::clone(shared));
            thread::Builder::new().name("log-reader".to_owned()).spawn(move || run(&place, &shared.reads))
        })
        .collect()
}

fn run(place: &Place, jobs: &Queue<Job>) {
    let mut connection: Option<Connection> = None;
    loop {
        match jobs.take(1, None) {
            Turn::Items(waiting) => {
                for job in waiting {
                    if connection.is_none() {
                        match schema::connect_to_read(place) {
                            Ok(opened) => connection = Some(opened),
                            Err(error) => {
                                job(Err(super::log_error(&error)));
                                continue;
                            }
                        }
                    }
                    let Some(open) = connection.take() else { continue };
                    // A reader outlives a job that fails badly; its connection does not.
                    let job = panic::AssertUnwindSafe(|| {
                        job(Ok(&open));
                        open
                    });
                    connection = panic::catch_unwind(job).ok();
                }
            }
            Turn::Nudged => {}
            Turn::Closed => break,
        }
    }
}

/// Does `work` on one snapshot of the file, on one of the readers.
pub(super) fn read<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<oneshot::Receiver<Result<T, LogError>>, Refusal> {
    let (answer, receiver) = oneshot::channel();
    let job: Job = Box::new(move |connection| {
        let result = connection.and_then(|connection| {
            let snapshot = || {
                let snapshot = connection.unchecked_transaction()?;
                work(&snapshot)
            };
            snapshot().map_err(|error| super::log_error(&error))
        });
        // Who does not wait any more needs no answer.
        let _ = answer.send(result);
    });
    shared.reads.push(job).map(|()| receiver).map_err(|(refusal, _)| refusal)
}

/// A page of a room.
pub(super) fn page(
    connection: &Connection,
    damage: &Damage,
    key: &RoomKey,
    span: Span,
    limit: usize,
    bytes: usize,
) -> rusqlite::Result<Option<Slice>> {
    let Some(room) = room(connection, damage, key)? else { return Ok(None) };
    let newest_first = matches!(span, Span::Before(_));
    let mut page = Page::new(limit, bytes);
    rows::scan(connection, range(&room, span), newest_first, |kept| {
        let text = kept.line.entry().map_or(0, text_bytes);
        page.take(kept, text)
    })?;
    let (kept, more) = page.into_ascending(newest_first);
    slice(connection, damage, key, room, kept, more).map(Some)
}

/// Lines of a room, ascending, in their present state. What is damaged among them is told.
pub(super) fn slice(
    connection: &Connection,
    damage: &Damage,
    key: &RoomKey,
    room: rows::RoomRow,
    mut kept: Vec<rows::Kept>,
    more: bool,
) -> rusqlite::Result<Slice> {
    for seq in fold::fold(connection, room.id, &mut kept, room.record.last)? {
        damage.marks(key, seq);
    }
    let entries: Vec<Line> = kept.into_iter().map(|kept| kept.line).collect();
    for line in &entries {
        if let Line::Damaged(seq) = line {
            damage.entry(key, *seq);
        }
    }
    Ok(Slice { room: room.record, entries, more })
}

/// What is known of a room. Damage there is told.
pub(super) fn room(
    connection: &Connection,
    damage: &Damage,
    key: &RoomKey,
) -> rusqlite::Result<Option<rows::RoomRow>> {
    rows::room(connection, key.as_str()).inspect_err(|error| {
        if sum::is_damage(error) {
            damage.room(key.as_str());
        }
    })
}

/// The `n`s of a span of a room, both ends included; empty when the first is above the second.
pub(super) fn range(room: &rows::RoomRow, span: Span) -> (i64, i64) {
    let last = room.record.last;
    let at = |seq: Seq| number(room.id, seq.min(last).cast_signed());
    match span {
        Span::After(seq) => (at(seq) + 1, at(last)),
        Span::Before(seq) => (number(room.id, 1), at(seq.saturating_sub(1))),
    }
}
