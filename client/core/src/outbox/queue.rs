//! Commands for a journal, and the thread that carries them out. There is one only while something is to be written, and for a
//! moment after that: a room in which nobody writes costs no thread.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::journal::{Command, Writer};

/// How long a thread waits for more before it ends: what follows a send soon, as the answer to it, is written by the same one.
const MOMENT: Duration = Duration::from_secs(2);

/// The queue of one journal. As many commands wait as there are sends, and those are bounded.
#[derive(Clone, Default)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Something was told, or the queue was closed.
    told: Condvar,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    stage: Stage,
    /// Nothing more will be told.
    is_closed: bool,
}

#[derive(Default)]
enum Stage {
    /// The journal is not open yet.
    #[default]
    Unopened,
    /// Nothing is to be written, and there is no thread.
    Idle(Writer),
    /// A thread has the journal.
    Writing,
    /// The journal is let go of.
    Over,
}

impl Queue {
    /// Tells a command. Without a journal it is dropped, and whoever waits for its answer is told so.
    pub fn send(&self, command: Command) {
        let mut state = self.0.lock();
        if !matches!(state.stage, Stage::Over) {
            state.commands.push_back(command);
            self.go_on(state);
        }
    }

    /// The journal is open.
    pub fn open(&self, writer: Writer) {
        let mut state = self.0.lock();
        state.stage = Stage::Idle(writer);
        self.go_on(state);
    }

    /// Nobody opens the journal any more, unless it is open.
    pub fn abandon(&self) {
        let mut state = self.0.lock();
        if matches!(state.stage, Stage::Unopened) {
            state.stage = Stage::Over;
            state.commands.clear();
        }
    }

    /// Lets go of the journal, once everything that was told is written.
    pub fn close(&self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        match std::mem::replace(&mut state.stage, Stage::Over) {
            Stage::Writing => state.stage = Stage::Writing,
            // Unlocked first: a writer lets go of files when it is dropped.
            stage => {
                drop(state);
                drop(stage);
            }
        }
        self.0.told.notify_one();
    }

    /// Sees to it that a thread carries out what was told.
    fn go_on(&self, mut state: MutexGuard<'_, State>) {
        if state.commands.is_empty() {
            return;
        }
        let writer = match std::mem::replace(&mut state.stage, Stage::Writing) {
            Stage::Idle(writer) => writer,
            Stage::Writing => return self.0.told.notify_one(),
            stage => {
                state.stage = stage;
                return;
            }
        };
        drop(state);
        let shared = Arc::clone(&self.0);
        let thread = thread::Builder::new().name("outbox".into());
        if let Err(error) = thread.spawn(move || shared.write(writer)) {
            tracing::warn!(%error, "no thread could be started for the outbox");
            self.0.end();
        }
    }

    #[cfg(test)]
    fn is_idle(&self) -> bool {
        matches!(self.0.lock().stage, Stage::Idle(_))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under this lock, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let mut state = self.lock();
        state.stage = Stage::Over;
        state.commands.clear();
    }

    /// Writes until nothing comes any more.
    fn write(&self, mut writer: Writer) {
        /// Whoever waits is told also when a write panics.
        struct Guard<'a>(&'a Shared);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                if thread::panicking() {
                    self.0.end();
                }
            }
        }
        let _guard = Guard(self);
        let mut state = self.lock();
        loop {
            if state.commands.is_empty() && !state.is_closed {
                state = self.told.wait_timeout(state, MOMENT).unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.commands.is_empty() {
                break;
            }
            let commands = std::mem::take(&mut state.commands);
            drop(state);
            writer.obey(commands);
            state = self.lock();
        }
        if state.is_closed {
            state.stage = Stage::Over;
            // Unlocked first: a writer lets go of files when it is dropped.
            drop(state);
            drop(writer);
        } else {
            state.stage = Stage::Idle(writer);
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn until(holds: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < deadline, "it never came to that");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn seat(folder: &std::path::Path) -> Option<String> {
        std::fs::read_to_string(folder.join("seat")).ok()
    }

    #[test]
    fn there_is_a_thread_only_while_something_is_to_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::default();
        queue.send(Command::Seat("told before it was open".into()));
        queue.open(Writer::open(folder.path()).unwrap().unwrap());
        until(|| seat(folder.path()).as_deref() == Some("told before it was open"));
        until(|| queue.is_idle());
        queue.send(Command::Seat("another".into()));
        until(|| queue.is_idle() && seat(folder.path()).as_deref() == Some("another"));
        assert!(Writer::open(folder.path()).unwrap().is_none(), "the journal is still held");
        queue.close();
        assert!(Writer::open(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_closed_queue_writes_what_it_was_told_and_lets_go_of_the_journal_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::default();
        queue.open(Writer::open(folder.path()).unwrap().unwrap());
        let begun = Instant::now();
        for number in 0..50 {
            queue.send(Command::Seat(number.to_string()));
        }
        queue.close();
        until(|| matches!(queue.0.lock().stage, Stage::Over));
        until(|| Writer::open(folder.path()).unwrap().is_some());
        assert_eq!(seat(folder.path()).as_deref(), Some("49"));
        queue.send(Command::Seat("too late".into()));
        assert!(queue.0.lock().commands.is_empty() && begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn whoever_waits_for_a_journal_that_nobody_opens_is_told() {
        let queue = Queue::default();
        let (tell, mut done) = tokio::sync::oneshot::channel();
        queue.send(Command::Keep(super::super::Record::Done { id: uuid::Uuid::nil() }, tell));
        assert!(
            done.try_recv().is_err_and(|error| error == tokio::sync::oneshot::error::TryRecvError::Empty)
        );
        queue.abandon();
        assert!(
            done.try_recv().is_err_and(|error| error == tokio::sync::oneshot::error::TryRecvError::Closed)
        );
    }
}
