//! The thread that writes: what waits becomes one transaction.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::{
    Shared,
    apply::{self, Changes},
    bound,
    queue::{Batch, Taken},
    store::{self, CannotOpen},
};

/// How long after the last entry a text that is to be gone leaves the write-ahead log.
const REST: Duration = Duration::from_millis(500);
/// Messages after which the size of the file is looked at.
const GLANCE: usize = 2_000;

pub(super) fn run(shared: &Shared) {
    write_on(shared);
    shared.readers.let_go();
    shared.queue.end();
}

fn write_on(shared: &Shared) {
    let mut connection = match open(shared) {
        Ok(connection) => connection,
        Err(error) => {
            shared.tell(format!("What is said can’t be stored on this computer: {error}."));
            shared.readers.set_ready(false);
            return;
        }
    };
    shared.readers.set_ready(true);
    let mut changes = Changes::default();
    // A crash may have left a text in the write-ahead log.
    let (mut is_due, mut added) = (true, GLANCE);
    loop {
        match shared.queue.take(is_due.then_some(REST)) {
            Taken::Batches(batches) => match write(&mut connection, &mut changes, &batches) {
                Ok(effect) => {
                    is_due = true;
                    added += effect.added;
                    if added >= GLANCE {
                        added = 0;
                        trim(&mut connection, shared);
                    }
                }
                Err(error) if store::is_damage(&error) => {
                    drop(connection);
                    match begin_anew(shared) {
                        Ok(anew) => connection = anew,
                        Err(error) => {
                            shared.tell(format!("What is said can’t be stored on this computer: {error}."));
                            return;
                        }
                    }
                    changes = Changes::default();
                }
                // The entries are a hole now, and the server has them.
                Err(error) => tracing::warn!(%error, "entries could not be added to the history"),
            },
            Taken::Nothing => {
                is_due = false;
                erase(&connection);
            }
            Taken::Closed => {
                // The last connection to go takes the write-ahead log along.
                shared.readers.let_go();
                return erase(&connection);
            }
        }
    }
}

/// Opens the file; a damaged one is set aside and another begun.
fn open(shared: &Shared) -> Result<Connection, CannotOpen> {
    match store::open(&shared.path) {
        Err(error) if error.is_damage() => begin_anew(shared),
        opened => opened,
    }
}

fn begin_anew(shared: &Shared) -> Result<Connection, CannotOpen> {
    shared.readers.let_go();
    store::set_aside(&shared.path)?;
    shared.tell(
        "The messages stored on this computer were damaged. They were set aside, and are loaded from the servers again."
            .into(),
    );
    store::open(&shared.path)
}

fn write(
    connection: &mut Connection,
    changes: &mut Changes,
    batches: &[Batch],
) -> rusqlite::Result<apply::Effect> {
    let whole = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut total = apply::Effect::default();
    for batch in batches {
        let room = apply::room(&whole, &batch.room)?;
        let effect = changes.apply(&whole, room, &batch.lines)?;
        total.added += effect.added;
        total.erased |= effect.erased;
    }
    whole.commit()?;
    Ok(total)
}

/// Lets the oldest messages go until the file is small enough, in transactions of their own.
fn trim(connection: &mut Connection, shared: &Shared) {
    let some = |connection: &mut Connection| {
        let whole = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let has_trimmed = bound::trim(&whole, shared.bounds)?;
        whole.commit()?;
        Ok::<_, rusqlite::Error>(has_trimmed)
    };
    loop {
        match some(connection) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "the history could not be made smaller");
                return;
            }
        }
    }
}

/// Empties the write-ahead log, which has earlier texts.
fn erase(connection: &Connection) {
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    if let Err(error) = emptied {
        tracing::warn!(%error, "the history’s write-ahead log could not be emptied");
    }
}
