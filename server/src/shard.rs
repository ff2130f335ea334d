//! The threads that rooms are spread over.
//!
//! A room and all its members belong to one thread: nothing of a message's way out changes threads, and the locks on it are
//! never waited for. Each thread has a runtime of its own, without work stealing. What a commit of the log completed is handed
//! to each of them in one piece: to wake a sleeping thread is a system call, and to wake it before all is there makes it write to
//! a member twice.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    io,
    sync::Arc,
    thread,
};

use snug_shared::RoomKey;
use tokio::{
    runtime::{Builder, Handle},
    sync::{mpsc, watch},
};

use crate::log::{Commits, Completion, Dispatch};

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
        &self.handles[index(&self.hasher, self.handles.len(), room)]
    }

    /// Has each room's thread deliver what a log completed for it. Nothing waits for long there: no connection and no request
    /// has more than a few appends that were not told.
    pub fn dispatch(&self, commits: Commits) -> Dispatch {
        let commits = Arc::new(commits);
        let lane = |handle: &Handle| {
            let (lane, mut completions) = mpsc::unbounded_channel::<Vec<Completion>>();
            let commits = commits.clone();
            // Ends when the log is done with it.
            drop(handle.spawn(async move {
                while let Some(completions) = completions.recv().await {
                    completions.into_iter().for_each(|one| one.deliver(&commits));
                }
            }));
            lane
        };
        let lanes: Vec<_> = self.handles.iter().map(lane).collect();
        let hasher = self.hasher.clone();
        Box::new(move |completions| {
            let mut shares: Vec<Vec<Completion>> = lanes.iter().map(|_| Vec::new()).collect();
            match &mut shares[..] {
                [all] => *all = completions,
                shares => {
                    for one in completions {
                        shares[index(&hasher, lanes.len(), &one.room)].push(one);
                    }
                }
            }
            for (lane, share) in lanes.iter().zip(shares).filter(|(_, share)| !share.is_empty()) {
                // A runtime that has ended tells nobody; whoever appended hears that nothing is known.
                let _ = lane.send(share);
            }
        })
    }
}

fn index(hasher: &RandomState, count: usize, room: &RoomKey) -> usize {
    match count {
        1 => 0,
        count => hasher.hash_one(room) as usize % count,
    }
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("threads", &self.handles.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use snug_shared::RoomName;

    use super::*;
    use crate::log::Callback;

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

    #[tokio::test]
    async fn what_was_completed_is_told_in_order_on_the_rooms_own_thread_and_nothing_is_left_out_at_the_end()
    {
        let shards = Shards::over(3).unwrap();
        let dispatch = shards.dispatch(Box::new(|_| {}));
        let (tell, mut told) = mpsc::unbounded_channel();
        let rooms: Vec<_> =
            (0..20).map(|room| RoomName::parse(&format!("room {room}")).unwrap().key()).collect();
        for commit in 0..10 {
            let completions = (0..200).map(|place| {
                let (room, tell) = (rooms[place % rooms.len()].clone(), tell.clone());
                let callback = Callback::new({
                    let room = room.clone();
                    move |_| drop(tell.send((room, 200 * commit + place, thread::current().id())))
                });
                Completion::refused(room, callback)
            });
            dispatch(completions.collect());
        }
        drop((dispatch, tell));
        let mut last: HashMap<RoomKey, usize> = HashMap::new();
        let mut count = 0;
        while let Some((room, number, on)) = told.recv().await {
            let here = shards.of(&room).spawn(async { thread::current().id() }).await.unwrap();
            assert_eq!(on, here);
            assert!(last.insert(room, number).is_none_or(|before| before < number));
            count += 1;
        }
        assert_eq!(count, 2_000);
    }
}
