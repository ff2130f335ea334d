//! What became of appends, on its way back to those who made them.

use std::{fmt, sync::Arc};

use snug_shared::RoomKey;

use super::{Appended, Commits, Committed, LogError};

/// Where the appends of one commit go, in the order in which they were made: called from the log's own thread, and must not
/// block. Whoever it hands them to tells each of them, in this order within a room.
pub type Settle = Box<dyn Fn(Vec<Settled>) + Send + Sync>;

/// Tells each of them where they come from: on the log's own thread.
pub(super) fn at_once(commits: Commits) -> Settle {
    Box::new(move |settled| settled.into_iter().for_each(|one| one.tell(&commits)))
}

type Outcome = Result<Appended, LogError>;

/// What became of one append, not told yet. Dropped, it is told as not known.
#[derive(Debug)]
pub struct Settled {
    /// The room it was for.
    pub room: RoomKey,
    pub(super) outcome: Outcome,
    pub(super) then: Then,
}

impl Settled {
    /// One that came to nothing.
    #[cfg(test)]
    pub(crate) fn refused(room: RoomKey, then: Then) -> Self {
        Self { room, outcome: Err(LogError::Full), then }
    }

    /// Tells everybody of a new entry, and then whoever appended.
    pub fn tell(self, commits: &Commits) {
        if let Ok(Appended::New(entry)) = &self.outcome {
            commits(Committed { room: self.room, entry: Arc::clone(entry) });
        }
        self.then.call(self.outcome);
    }
}

/// What follows an append: called once with what became of it, and that it is not known where nobody can say.
pub struct Then(Option<Box<dyn FnOnce(Outcome) + Send>>);

impl Then {
    /// It must not block; who appends must hold no lock that it takes.
    pub fn new(then: impl FnOnce(Outcome) + Send + 'static) -> Self {
        Self(Some(Box::new(then)))
    }

    pub(super) fn call(mut self, outcome: Outcome) {
        if let Some(then) = self.0.take() {
            then(outcome);
        }
    }
}

impl Drop for Then {
    fn drop(&mut self) {
        if let Some(then) = self.0.take() {
            then(Err(LogError::closed()));
        }
    }
}

impl fmt::Debug for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn whoever_appended_hears_of_it_once_even_where_nobody_can_say_what_became_of_it() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let then = || {
            let heard = heard.clone();
            Then::new(move |outcome| heard.lock().unwrap().push(outcome.is_ok()))
        };
        then().call(Ok(Appended::Refused(snug_shared::ErrorCode::BadRequest, String::new())));
        assert_eq!(*heard.lock().unwrap(), [true]);
        drop(then());
        assert_eq!(*heard.lock().unwrap(), [true, false]);
    }
}
