//! The threads that read, each with a connection of its own. Reads wait neither for the writer nor for a runtime's blocking
//! pool, they keep their prepared statements, and no more than these run at once. Searches have a thread to themselves, so
//! that however many there are, joins and pages are read.

use std::{panic, sync::Arc, thread};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    Shared,
    place::Place,
    queue::{Queue, Refusal, Turn},
    schema,
};
use crate::log::LogError;

/// Readers of pages, which are short; more would only fight for the same disk.
const READERS: usize = 3;

/// Something to do with a connection, or to say why there is none.
pub(super) type Job = Box<dyn FnOnce(Result<&Connection, LogError>) + Send>;

/// Starts the readers.
pub(super) fn start(place: &Place, shared: &Arc<Shared>) -> std::io::Result<Vec<thread::JoinHandle<()>>> {
    let begin = |name: &str, jobs: fn(&Shared) -> &Queue<Job>| {
        let (place, shared) = (place.clone(), Arc::clone(shared));
        thread::Builder::new().name(name.to_owned()).spawn(move || run(&place, jobs(&shared)))
    };
    let readers = (0..READERS).map(|_| begin("log-reader", |shared| &shared.reads));
    readers.chain([begin("log-search", |shared| &shared.searches)]).collect()
}

fn run(place: &Place, jobs: &Queue<Job>) {
    // Opened before there are clients, who may take every descriptor that is left. Where that fails it is tried again.
    let mut connection = open(place).ok();
    loop {
        match jobs.take(1, None) {
            Turn::Items(waiting) => {
                for job in waiting {
                    if connection.is_none() {
                        match open(place) {
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

/// Opens a connection and everything it will need: SQLite opens the write-ahead log with the first read.
fn open(place: &Place) -> rusqlite::Result<Connection> {
    let connection = schema::connect_to_read(place)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Does `work` on one snapshot of the file, on one of the readers of that queue. `work` is told whether anybody still waits for
/// it; what nobody waits for any more is not begun.
pub(super) fn read<T: Send + 'static>(
    jobs: &Queue<Job>,
    work: impl FnOnce(&Connection, &dyn Fn() -> bool) -> rusqlite::Result<T> + Send + 'static,
) -> Result<oneshot::Receiver<Result<T, LogError>>, Refusal> {
    let (answer, receiver) = oneshot::channel::<Result<T, LogError>>();
    let job: Job = Box::new(move |connection| {
        if answer.is_closed() {
            return;
        }
        let result = connection.and_then(|connection| {
            let snapshot = || {
                let snapshot = connection.unchecked_transaction()?;
                work(&snapshot, &|| answer.is_closed())
            };
            snapshot().map_err(|error| super::log_error(&error))
        });
        // A caller that no longer waits needs no answer.
        let _ = answer.send(result);
    });
    jobs.push(job).map(|()| receiver).map_err(|(refusal, _)| refusal)
}
