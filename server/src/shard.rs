//! The threads that rooms are spread over.
//!
//! A room and all its members belong to one thread: nothing of a message's way out changes threads, and the locks on it are
//! never waited for. Each thread has a runtime of its own, without work stealing.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    io, thread,
};

use snug_shared::RoomKey;
use tokio::{
    runtime::{Builder, Handle},
    sync::watch,
};

/// Runtimes that share the rooms. The threads it started end when it is dropped.
pub struct Shards {
    handles: Vec<Handle>,
    /// Keyed at random: nobody can choose names so that all rooms meet on one thread.
    hasher: RandomState,
    _running: watch::Sender<()>,
}

impl Shards {
    /// All rooms on the runtime this is called in.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn here() -> Self {
        Self {
            handles: vec![Handle::current()],
            hasher: RandomState::new(),
            _running: watch::Sender::new(()),
        }
    }

    /// Rooms on `count` threads: the runtime this is called in, and threads started for the others.
    ///
    /// # Errors
    /// The system's, when it has no more threads or descriptors.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn over(count: usize) -> io::Result<Self> {
        let mut shards = Self::here();
        for number in 1..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            shards.handles.push(runtime.handle().clone());
            let mut running = shards._running.subscribe();
            thread::Builder::new().name(format!("rooms-{number}")).spawn(move || {
                // Ends in an error once the sender is gone, which is what it waits for.
                let _ = runtime.block_on(running.changed());
            })?;
        }
        Ok(shards)
    }

    /// The runtime a room lives on.
    pub fn of(&self, room: &RoomKey) -> &Handle {
        let index = match self.handles.len() {
            1 => 0,
            count => self.hasher.hash_one(room) as usize % count,
        };
        &self.handles[index]
    }
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("threads", &self.handles.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use snug_shared::RoomName;

    use super::*;

    async fn thread_of(shards: &Shards, room: &str) -> thread::ThreadId {
        let key = RoomName::parse(room).unwrap().key();
        shards.of(&key).spawn(async { thread::current().id() }).await.unwrap()
    }

    #[tokio::test]
    async fn a_room_stays_on_its_thread_and_rooms_are_spread_over_all_of_them() {
        let shards = Shards::over(3).unwrap();
        let mut threads = HashSet::new();
        for number in 0..100 {
            let room = format!("room {number}");
            let first = thread_of(&shards, &room).await;
            assert_eq!(thread_of(&shards, &room).await, first);
            threads.insert(first);
        }
        assert_eq!(threads.len(), 3);
        assert!(threads.contains(&thread::current().id()));
    }
}
