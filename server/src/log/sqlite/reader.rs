//! Threads that read, each with a connection of its own: reads wait neither for the writer nor for a runtime's blocking pool,
//! keep their prepared statements, and are never more than these at once.

use std::{panic, sync::Arc, thread};

use rusqlite::Connection;
use snug_shared::{Entry, RoomKey, Seq};
use tokio::sync::oneshot;

use super::{
    SEQ_MAX, Shared, number,
    queue::{Queue, Refusal, Turn},
    rows,
    schema::{self, Place},
    sum,
};
use crate::log::{LogError, Slice, Span, present::Page};

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
    shared.reads.push(job).map(|()| receiver)
}

/// A page of a room.
pub(super) fn page(
    connection: &Connection,
    room: &RoomKey,
    span: Span,
    limit: usize,
    bytes: usize,
) -> rusqlite::Result<Option<Slice>> {
    let Some(room) = rows::room(connection, room.as_str())? else { return Ok(None) };
    let newest_first = matches!(span, Span::Before(_));
    let mut page = Page::new(limit, bytes);
    rows::scan(connection, range(&room, span), newest_first, |entry| page.take(entry))?;
    let (mut entries, more) = page.into_ascending(newest_first);
    if !is_whole(&entries, span, more, room.record.last) {
        return Err(sum::damaged());
    }
    rows::fold(connection, room.id, &mut entries, room.record.last)?;
    Ok(Some(Slice { room: room.record, entries, more }))
}

/// Whether nothing is missing from a page: a damaged file can hide rows without a word.
fn is_whole(entries: &[Entry], span: Span, more: bool, last: Seq) -> bool {
    let (Some(oldest), Some(newest)) = (entries.first(), entries.last()) else {
        return match span {
            _ if more => true,
            Span::After(seq) => seq >= last,
            Span::Before(seq) => seq <= 1 || last == 0,
        };
    };
    let is_dense = entries.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq);
    is_dense
        && match span {
            Span::After(seq) => oldest.seq == seq + 1 && (more || newest.seq == last),
            Span::Before(seq) => newest.seq == last.min(seq.saturating_sub(1)) && (more || oldest.seq == 1),
        }
}

/// The `n`s of a span of a room, both ends included; empty when the first is above the second.
pub(super) fn range(room: &rows::RoomRow, span: Span) -> (i64, i64) {
    let at = |seq: Seq| i64::try_from(seq).map_or(SEQ_MAX, |seq| seq.min(SEQ_MAX));
    match span {
        Span::After(seq) => (number(room.id, at(seq)) + 1, number(room.id, SEQ_MAX)),
        Span::Before(seq) => (number(room.id, 1), number(room.id, at(seq)) - i64::from(at(seq) < SEQ_MAX)),
    }
}
