//! Everything in memory, for `--durability none`. The rules are the same, but nothing is kept past the process, and an
//! acknowledgement promises nothing.
//!
//! A room keeps its newest [`ENTRIES`] entries; `first` moves up as older ones go. All rooms together keep about [`BYTES`].
//! When they have more, the rooms used least recently keep their newest entry only. When there are more than [`ROOMS`] rooms,
//! those used least recently are forgotten: the next entry there is number 1 of a new history.
//!
//! Appends happen in the call itself and [`Commits`] is called from there, under a lock of the room: a thread of its own would
//! cost every message two switches. So a caller of [`Log::append_then`] must hold no lock that the callback takes.

use std::{
    collections::HashMap,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use snug_shared::{Author, RoomKey, RoomName, Seq, search::SearchTerms};

use super::{
    Append, Appended, Callback, Commits, Hits, Later, Log, LogError, OpenError, RoomRecord, SearchQuery,
    Slice, Span, digest,
    epoch::Generation,
    merge::{Merge, TimeSlice},
    rules,
};

use crate::{
    policy::{self, Policy},
    sync::{Ranked, rank},
};

mod room;
mod search_rooms;

use room::MemoryRoom;
use search_rooms::RoomList;

/// Entries kept a room.
pub const ENTRIES: usize = 1_000;
/// Bytes kept in all, about.
pub const BYTES: usize = 256 * 1024 * 1024;
/// Rooms known.
pub const ROOMS: usize = 65_536;
/// How long a search over rooms keeps others from running on its thread.
const SLICE: Duration = Duration::from_millis(2);

/// A room log without a disk.
pub struct MemoryLog {
    rooms: Ranked<RoomTable, rank::Leaf>,
    /// Bytes that all rooms hold, about; each keeps its part of it up to date.
    held: Arc<AtomicUsize>,
    /// Above this, rooms are made smaller; more than [`BYTES`] only where that much is in newest entries alone.
    most: AtomicUsize,
    secret: [u8; 32],
    commits: Commits,
    policy: Policy,
    closed: AtomicBool,
}

struct RoomTable {
    by_key: HashMap<RoomKey, RoomSlot>,
    /// Another one begins when rooms are forgotten: their next entry is number 1 again.
    generation: Generation,
    /// Counts uses, to tell the least recent one.
    uses: u64,
}

/// A room, under the rank that its listener's locks come after.
type SharedRoom = Arc<Ranked<MemoryRoom, rank::RoomLog>>;

struct RoomSlot {
    used: u64,
    room: SharedRoom,
}

impl MemoryLog {
    /// An empty log. `commits` is called from within [`Log::append_then`].
    ///
    /// # Errors
    /// When the system has no random bits for the secret.
    pub fn new(commits: Commits) -> Result<Self, OpenError> {
        Self::with_policy(commits, policy::may_do)
    }

    /// The same, with another policy than the server's.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_policy(commits: Commits, policy: Policy) -> Result<Self, OpenError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(OpenError::new)?;
        let generation = Generation::random().map_err(OpenError::new)?;
        Ok(Self {
            rooms: Ranked::new(RoomTable { by_key: HashMap::new(), generation, uses: 0 }),
            held: Arc::default(),
            most: AtomicUsize::new(BYTES),
            secret,
            commits,
            policy,
            closed: AtomicBool::new(false),
        })
    }

    fn take(&self, append: Append) -> Result<Appended, LogError> {
        self.ready()?;
        let digest = digest::of(&self.secret, &append.intent);
        let (slot, generation) = self.rooms.lock().use_or_make(&append.room, &self.held);
        let appended = {
            let mut room = slot.lock();
            if append.epoch != room.epoch(&generation) {
                return Ok(Appended::EpochChanged);
            }
            let Ok(verdict) = rules::judge(self.policy, &*room, &append, &digest);
            match verdict {
                rules::Verdict::Enter => {
                    let committed = Arc::new(room.enter(append, digest));
                    // Under the room's lock, so that the listener hears of entries in their order.
                    (self.commits)(&committed);
                    Appended::New(committed)
                }
                rules::Verdict::Repeat(seq) => Appended::Repeated(room.show(seq)?),
                rules::Verdict::Unchanged(seq) => Appended::Unchanged(room.show(seq)?),
                rules::Verdict::Refuse(denial) => Appended::Refused(denial),
            }
        };
        if self.held.load(Ordering::Relaxed) > self.most.load(Ordering::Relaxed) {
            self.shrink();
        }
        Ok(appended)
    }

    /// Lets go of what the rooms used least recently hold.
    fn shrink(&self) {
        let mut rooms: Vec<_> =
            self.rooms.lock().by_key.values().map(|slot| (slot.used, Arc::clone(&slot.room))).collect();
        rooms.sort_unstable_by_key(|(used, _)| *used);
        for (_, room) in rooms {
            // Well below, so that it is not the very next entry that shrinks again.
            if self.held.load(Ordering::Relaxed) <= BYTES / 4 * 3 {
                break;
            }
            room.lock().keep_newest(1);
        }
        // Not at every entry from now on, if that was not enough.
        let left = self.held.load(Ordering::Relaxed);
        self.most.store(BYTES.max(left + BYTES / 8), Ordering::Relaxed);
    }

    fn look<T>(&self, key: &RoomKey, look: impl FnOnce(&MemoryRoom) -> T) -> Option<T> {
        let room = self.rooms.lock().use_it(key)?;
        let room = room.lock();
        // A room in which every append was refused has nothing to show.
        (room.last() > 0).then(|| look(&room))
    }

    /// Forgets every room, as those used least recently are.
    #[cfg(test)]
    pub(crate) fn forget_all(&self) {
        let mut rooms = self.rooms.lock();
        rooms.by_key.clear();
        rooms.generation.renew();
    }
}

impl RoomTable {
    fn use_it(&mut self, key: &RoomKey) -> Option<SharedRoom> {
        self.uses += 1;
        let slot = self.by_key.get_mut(key)?;
        slot.used = self.uses;
        Some(Arc::clone(&slot.room))
    }

    /// A room, and the generation that its epoch is derived from while it has no entry.
    fn use_or_make(&mut self, name: &RoomName, held: &Arc<AtomicUsize>) -> (SharedRoom, Generation) {
        let (key, generation) = (name.key(), self.generation);
        let room = self.use_it(&key).unwrap_or_else(|| {
            if self.by_key.len() >= ROOMS {
                self.forget_some();
            }
            // Of the generation before: this room is not one of those forgotten just now.
            let room = Arc::new(Ranked::new(MemoryRoom::new(
                name.clone(),
                generation.epoch(&key),
                Arc::clone(held),
            )));
            self.by_key.insert(key, RoomSlot { used: self.uses, room: Arc::clone(&room) });
            room
        });
        (room, generation)
    }

    /// Forgets the sixteenth of the rooms that was used least recently: finding it costs a look at all of them.
    fn forget_some(&mut self) {
        let mut uses: Vec<u64> = self.by_key.values().map(|slot| slot.used).collect();
        let (_, oldest_kept, _) = uses.select_nth_unstable(ROOMS / 16);
        let oldest_kept = *oldest_kept;
        self.by_key.retain(|_, slot| slot.used >= oldest_kept);
        self.generation.renew();
    }
}

impl Log for MemoryLog {
    fn room(&self, room: &RoomName) -> Later<Result<RoomRecord, LogError>> {
        let key = room.key();
        let record = self.look(&key, MemoryRoom::record);
        at_once(
            record
                .unwrap_or_else(|| RoomRecord::empty(room.clone(), self.rooms.lock().generation.epoch(&key))),
        )
    }

    fn rooms(&self, limit: usize) -> Later<Result<Vec<RoomRecord>, LogError>> {
        let rooms: Vec<_> = self.rooms.lock().by_key.values().map(|slot| Arc::clone(&slot.room)).collect();
        let mut newest: Vec<_> = (rooms.iter())
            .map(|room| (room.lock().last_at(), room))
            .filter(|(last_at, _)| *last_at > 0)
            .collect();
        newest.sort_by_key(|(last_at, _)| std::cmp::Reverse(*last_at));
        at_once(newest.into_iter().take(limit).map(|(_, room)| room.lock().record()).collect())
    }

    fn append_then(&self, append: Append, callback: Callback) {
        callback.call(self.take(append));
    }

    fn read(
        &self,
        room: &RoomKey,
        span: Span,
        limit: usize,
        bytes: usize,
    ) -> Later<Result<Option<Slice>, LogError>> {
        at_once(self.look(room, |room| room.page(span, limit, bytes)))
    }

    fn search(
        &self,
        room: &RoomKey,
        words: &str,
        span: Span,
        limit: usize,
    ) -> Later<Result<Option<Slice>, LogError>> {
        let words = SearchTerms::new(words);
        at_once(self.look(room, |room| room.search(&words, span, limit)))
    }

    fn search_rooms(&self, query: SearchQuery) -> Later<Result<Hits, LogError>> {
        let mut rooms = match &query.room {
            Some(key) => RoomList::one(self.rooms.lock().use_it(key)),
            None => RoomList::all(self.rooms.lock().by_key.values().map(|slot| &slot.room)),
        };
        Box::pin(async move {
            let mut merge = Merge::new(&query);
            loop {
                let Ok(is_done) = merge.go_on(&mut rooms, &mut TimeSlice::new(SLICE, &|| false));
                if is_done {
                    return Ok(merge.into_found());
                }
                tokio::task::yield_now().await;
            }
        })
    }

    fn read_position(&self, room: &RoomKey, author: &Author) -> Later<Result<Option<Seq>, LogError>> {
        at_once(self.look(room, |room| room.read_position(author)).flatten())
    }

    fn keep_read_position(&self, room: &RoomKey, author: &Author, seq: Seq) {
        let room = self.rooms.lock().use_it(room);
        if let Some(room) = room {
            room.lock().keep_read_position(author, seq);
        }
    }

    fn secret(&self) -> [u8; 32] {
        self.secret
    }

    fn ready(&self) -> Result<(), LogError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(LogError::closed());
        }
        Ok(())
    }

    fn close(&self) -> Later<()> {
        self.closed.store(true, Ordering::Relaxed);
        Box::pin(ready(()))
    }
}

fn at_once<T: Send + 'static>(value: T) -> Later<Result<T, LogError>> {
    Box::pin(ready(Ok(value)))
}
