//! What became of appends, on its way back to those who made them.

use std::{fmt, sync::Arc};

use snug_shared::RoomKey;

use super::{Appended, Commits, Committed, LogError};

/// Where the appends of one commit go, in the order in which they were made: called from the log's own thread, and must not
/// block. Whoever it hands them to tells each of them, in this order within a room.
pub type Dispatch = Box<dyn Fn(Vec<Completion>) + Send + Sync>;

/// Tells each of them where they come from: on the log's own thread.
pub(super) fn at_once(commits: Commits) -> Dispatch {
    Box::new(move |completions| completions.into_iter().for_each(|one| one.deliver(&commits)))
}

type Outcome = Result<Appended, LogError>;

/// What became of one append, not told yet. Dropped, it is told as not known.
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

    /// Tells everybody of a new entry, and then whoever appended.
    pub fn deliver(self, commits: &Commits) {
        if let Ok(Appended::New(entry)) = &self.outcome {
            commits(Committed { room: self.room, entry: Arc::clone(entry) });
        }
        self.callback.call(self.outcome);
    }
}

/// What follows an append: called once with what became of it, and that it is not known where nobody can say.
pub struct Callback(Option<Box<dyn FnOnce(Outcome) + Send>>);

impl Callback {
    /// It must not block; who appends must hold no lock that it takes.
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
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn whoever_appended_hears_of_it_once_even_where_nobody_can_say_what_became_of_it() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let callback = || {
            let heard = heard.clone();
            Callback::new(move |outcome| heard.lock().unwrap().push(outcome.is_ok()))
        };
        callback().call(Ok(Appended::Refused(snug_shared::ErrorCode::BadRequest, String::new())));
        assert_eq!(*heard.lock().unwrap(), [true]);
        drop(callback());
        assert_eq!(*heard.lock().unwrap(), [true, false]);
    }
}
