//! The threads that read, each with a connection of its own. Reads wait neither for the writer nor for a runtime's blocking
//! pool, they keep their prepared statements, and no more than these run at once.

use std::{panic, sync::Arc, thread};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    Shared,
    queue::{Queue, Refusal, Turn},
    schema::{self, Place},
};
use crate::log::LogError;

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
        // A caller that no longer waits needs no answer.
        let _ = answer.send(result);
    });
    shared.reads.push(job).map(|()| receiver).map_err(|(refusal, _)| refusal)
}
