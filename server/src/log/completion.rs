//! The outcome of appends, on its way back to their callers.

use std::fmt;

use snug_shared::RoomKey;

use super::{Appended, Commits, LogError};

/// Takes the appends of one commit, in the order in which they were made. It is called from the log's own thread and must not
/// block. Its receiver delivers each of them, in this order within a room.
pub type Dispatch = Box<dyn Fn(Vec<Completion>) + Send + Sync>;

/// Delivers each of them at once, on the log's own thread.
pub(super) fn at_once(commits: Commits) -> Dispatch {
    Box::new(move |completions| completions.into_iter().for_each(|one| one.deliver(&commits)))
}

type Outcome = Result<Appended, LogError>;

/// The outcome of one append, not delivered yet. If it is dropped, its caller hears that nothing is known.
#[derive(Debug)]
pub struct Completion {
    /// The room it was for.
    pub room: RoomKey,
    pub(super) outcome: Outcome,
    pub(super) callback: Callback,
}

impl Completion {
    /// One that came to nothing.
    #[cfg(test)]
    pub(crate) fn refused(room: RoomKey, callback: Callback) -> Self {
        Self { room, outcome: Err(LogError::Full), callback }
    }

    /// Tells the listener of a new entry, and then the caller that appended.
    pub fn deliver(self, commits: &Commits) {
        if let Ok(Appended::New(committed)) = &self.outcome {
            commits(committed);
        }
        self.callback.call(self.outcome);
    }
}

/// Called once with the outcome of an append, or with an error where that is not known.
pub struct Callback(Option<Box<dyn FnOnce(Outcome) + Send>>);

impl Callback {
    /// It must not block. A caller that appends must hold no lock that it takes.
    pub fn new(callback: impl FnOnce(Outcome) + Send + 'static) -> Self {
        Self(Some(Box::new(callback)))
    }

    pub(super) fn call(mut self, outcome: Outcome) {
        if let Some(callback) = self.0.take() {
            callback(outcome);
        }
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        if let Some(callback) = self.0.take() {
            callback(Err(LogError::closed()));
        }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_caller_hears_of_its_append_once_even_where_nothing_is_known_of_it() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let callback = || {
            let heard = heard.clone();
            Callback::new(move |outcome| heard.lock().unwrap().push(outcome.is_ok()))
        };
        callback().call(Ok(Appended::EpochChanged));
        assert_eq!(*heard.lock().unwrap(), [true]);
        drop(callback());
        assert_eq!(*heard.lock().unwrap(), [true, false]);
    }
}
