//! Which rooms are live on this server, and the way into them.
//!
//! A room is opened from the log and the presence when the first member, reader or post comes. It is let go when nobody is in it
//! and nothing of it is under way. The hub knows no HTTP and no frames but the ping that asks whether a connection is alive.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use snug_shared::{Author, CloseReason, Intent, MessageText, Nickname, RoomKey, RoomName};
use tokio::{
    runtime::Handle,
    sync::{OnceCell, watch},
    task::AbortHandle,
};
use uuid::Uuid;

use crate::{
    backend::Backend,
    log::{Actor, Appended, LogError},
    shard::Shards,
    sync::{Ranked, rank},
    unavailable::Unavailable,
};

mod coalesce;
mod directory;
mod entered;
mod flusher;
mod inbox;
mod room;
mod roster;
mod single_flight;
mod sockets;
#[cfg(test)]
mod tests;

pub use directory::Counts;
pub use entered::{Claim, Entered};
use inbox::Inbox;
pub use room::{Place, Room};

/// Rooms that can be live at once.
const LIVE_ROOMS: usize = 20_000;
/// Histories of a room that one post is tried in: the log began a new one each time.
const HISTORIES: u32 = 3;
/// Silence after which the server asks whether anybody is there.
const PING_AFTER: Duration = Duration::from_secs(15);
/// Silence after which nobody is. With the sweep's 5 s and the members' grace of 5 s, a lost member has left after 41 s.
const DEAD_AFTER: Duration = Duration::from_secs(30);
/// How often connections are looked after.
pub const SWEEP: Duration = Duration::from_secs(5);
/// A pause between two sweeps that means that the program was stopped, or the machine slept or was far too busy.
const STOOD_STILL: Duration = Duration::from_secs(10);
/// Bits of an id that count on one server. Those above are the server's number.
const ID_BITS: u32 = 48;

/// The live rooms of this server.
pub struct Hub {
    backend: Backend,
    shards: Shards,
    members_per_room: usize,
    rooms: Ranked<HashMap<RoomKey, Arc<Slot>>, rank::Rooms>,
    ids: AtomicU64,
    started: Instant,
    draining: watch::Sender<bool>,
    /// When connections were last looked after, in milliseconds of the same clock as everything else.
    swept: AtomicU64,
}

/// A room's place in the hub, taken before the room has been read from the log.
#[derive(Default)]
struct Slot {
    room: OnceCell<(Arc<Room>, AbortHandle)>,
    /// Connections and posts that hold it. Changed only under the hub's lock.
    users: AtomicU64,
}

/// Why a room could not be entered, or the list of rooms not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EnterError {
    /// Too many rooms are open at once.
    #[error("the server has too many open rooms")]
    Full,
    /// The server is about to stop.
    #[error("the server is about to restart")]
    Draining,
    /// The log began one history of the room after another.
    #[error("the room begins anew just now")]
    Changing,
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The channel layer or the presence did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a post was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PostError {
    /// Somebody in the room goes by that name, or did a moment ago.
    #[error("“{0}” is in use in this room. Post under another nickname.")]
    NicknameTaken(Nickname),
    /// The room could not be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The log could not confirm it. It may have been stored all the same.
    #[error(transparent)]
    Append(LogError),
}

/// Why no room can be served now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotReady {
    /// The server is about to stop.
    #[error("the server is about to stop")]
    Draining,
    /// The log takes no appends.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The channel layer or the presence does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Hub {
    /// No room is live yet.
    pub fn new(backend: Backend, shards: Shards, members_per_room: usize) -> Self {
        Self {
            ids: AtomicU64::new((u64::from(backend.server) << ID_BITS) + 1),
            backend,
            shards,
            members_per_room,
            rooms: Ranked::default(),
            started: Instant::now(),
            draining: watch::Sender::new(false),
            swept: AtomicU64::new(0),
        }
    }

    /// The runtime that a room and its members live on.
    pub fn runtime_of(&self, room: &RoomKey) -> &Handle {
        self.shards.of(room)
    }

    /// A number that no connection or member of any server over this backend had before.
    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Milliseconds since the hub was made.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Opens a room, or finds it open.
    ///
    /// # Errors
    /// [`EnterError`] says why not.
    pub async fn enter(self: &Arc<Self>, name: &RoomName) -> Result<Entered, EnterError> {
        if self.is_draining() {
            return Err(EnterError::Draining);
        }
        let lease = self.lease(name.key())?;
        let (room, _) = lease.slot.room.get_or_try_init(|| self.open(name)).await?;
        let room = room.clone();
        let (hub, slot) = lease.keep();
        Ok(Entered { hub, slot, room })
    }

    fn lease(self: &Arc<Self>, key: RoomKey) -> Result<Lease, EnterError> {
        let mut rooms = self.rooms.lock();
        if rooms.len() >= LIVE_ROOMS && !rooms.contains_key(&key) {
            // Their names and their members' grace are kept by the presence, their entries by the log.
            self.let_go(&mut rooms, |_| true);
            if rooms.len() >= LIVE_ROOMS {
                return Err(EnterError::Full);
            }
        }
        let slot = rooms.entry(key.clone()).or_default();
        if slot.room.get().is_some_and(|(room, _)| room.is_outdated()) {
            // Whoever still holds the room keeps it; everybody else gets the history that the log has now.
            *slot = Arc::default();
        }
        let slot = slot.clone();
        let _ = slot.users.fetch_add(1, Ordering::Relaxed);
        Ok(Lease { hub: Some(self.clone()), key, slot })
    }

    /// Reads a room from the log and the presence. It hears of events before it is read, so that none falls between.
    async fn open(self: &Arc<Self>, name: &RoomName) -> Result<(Arc<Room>, AbortHandle), EnterError> {
        let key = name.key();
        let inbox = Arc::new(Inbox::default());
        self.backend.layer.group_add(&key, inbox.clone()).await?;
        let room = match self.read(name, inbox).await {
            Ok(room) => Arc::new(room),
            Err(error) => {
                self.backend.layer.group_discard(&key);
                return Err(error);
            }
        };
        let task = self.shards.of(&key).spawn(room.clone().run());
        Ok((room, task.abort_handle()))
    }

    async fn read(&self, name: &RoomName, inbox: Arc<Inbox>) -> Result<Room, EnterError> {
        let record = self.backend.log.room(name).await?;
        let snapshot = self.backend.presence.members(&name.key(), None).await?.unwrap_or_default();
        Ok(Room::new(self.backend.clone(), inbox, record, snapshot, self.members_per_room))
    }

    /// Says something in a room from outside, as [`Author::http`].
    ///
    /// # Errors
    /// [`PostError`] says why it was not taken, or is not known to be.
    pub async fn post(
        self: &Arc<Self>,
        room: &RoomName,
        nickname: Nickname,
        id: Uuid,
        text: MessageText,
    ) -> Result<Appended, PostError> {
        let actor = Actor { author: Author::http(&nickname), nickname, moderator: false };
        let intent = Intent::Message { text, reply_to: None };
        for _ in 0..HISTORIES {
            let room = self.enter(room).await?;
            let held = self.backend.presence.is_held(&room.key, &actor.nickname).await;
            if held.map_err(EnterError::from)? {
                return Err(PostError::NicknameTaken(actor.nickname));
            }
            let append = room.an_append(actor.clone(), id, intent.clone());
            match self.backend.log.append(append).await.map_err(PostError::Append)? {
                Appended::EpochChanged => room.outdate(),
                appended => return Ok(appended),
            }
        }
        Err(EnterError::Changing.into())
    }

    /// Looks after every connection and lets go of rooms that are over. Called every [`SWEEP`].
    pub fn sweep(&self) {
        self.backend.presence.sweep();
        let now = self.now_ms();
        let swept = self.swept.swap(now, Ordering::Relaxed);
        let ping = crate::websocket::ping();
        for room in self.live_rooms() {
            room.missed.forget();
            room.resumable.forget();
            room.for_each_socket(|outbound| match look(now, swept, outbound.heard()) {
                Look::Alive => {}
                Look::Ask => outbound.send([ping.clone()]),
                Look::AskAgain => {
                    outbound.heard_at(now - PING_AFTER.as_millis() as u64);
                    outbound.send([ping.clone()]);
                }
                Look::Dead => outbound.abandon(),
            });
        }
        self.let_go(&mut self.rooms.lock(), |room| room.is_empty() || room.is_outdated());
    }

    /// Lets go of rooms that nobody holds, if they are `over`, and of those that were never opened.
    fn let_go(&self, rooms: &mut HashMap<RoomKey, Arc<Slot>>, over: impl Fn(&Room) -> bool) {
        rooms.retain(|key, slot| {
            if slot.users.load(Ordering::Relaxed) > 0 {
                return true;
            }
            if let Some((room, task)) = slot.room.get() {
                if !over(room) {
                    return true;
                }
                task.abort();
            }
            self.backend.layer.group_discard(key);
            false
        });
    }

    /// Lets nobody in any more and closes every connection.
    pub fn close_all(&self, reason: CloseReason) {
        self.draining.send_replace(true);
        for room in self.live_rooms() {
            room.for_each_socket(|outbound| outbound.close(reason));
            room.close_followers(crate::fanout::FollowEnd::Closed);
        }
    }

    /// Whether nobody is let in any more.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Waits until nobody is let in any more.
    pub async fn drained(&self) {
        // The sender is the hub itself, so there is no error while somebody can ask.
        let _ = self.draining.subscribe().wait_for(|draining| *draining).await;
    }

    /// Whether rooms can be served now.
    ///
    /// # Errors
    /// The reason why not, for an operator.
    pub fn ready(&self) -> Result<(), NotReady> {
        if self.is_draining() {
            return Err(NotReady::Draining);
        }
        self.backend.log.ready()?;
        self.backend.layer.ready()?;
        self.backend.presence.ready()?;
        Ok(())
    }

    fn live_rooms(&self) -> Vec<Arc<Room>> {
        self.rooms.lock().values().filter_map(|slot| Some(slot.room.get()?.0.clone())).collect()
    }

    /// Gives up a hold. A room without entries ends with the last one.
    fn release(&self, key: &RoomKey, slot: &Arc<Slot>) {
        let mut rooms = self.rooms.lock();
        let is_last = slot.users.fetch_sub(1, Ordering::Relaxed) == 1;
        let opened = slot.room.get();
        if !is_last || opened.is_some_and(|(room, _)| room.last() > 0) {
            return;
        }
        // Another history of the room may have its place.
        if rooms.get(key).is_some_and(|now| Arc::ptr_eq(now, slot)) {
            let _ = rooms.remove(key);
            if let Some((_, task)) = opened {
                task.abort();
            }
            self.backend.layer.group_discard(key);
        }
    }
}

/// What a sweep makes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// It was heard of not long ago.
    Alive,
    /// It is asked whether it is there.
    Ask,
    /// This program itself stood still, so nobody could be heard. It is asked, and has all its time to answer.
    AskAgain,
    /// It did not answer.
    Dead,
}

/// Looks at a connection last heard of at `heard`. The sweep before this was at `swept`. All in milliseconds.
fn look(now: u64, swept: u64, heard: u64) -> Look {
    let since = |then: u64| Duration::from_millis(now.saturating_sub(then));
    let stood_still = since(swept) >= STOOD_STILL;
    match since(heard) {
        silent if silent >= PING_AFTER && stood_still => Look::AskAgain,
        silent if silent >= DEAD_AFTER => Look::Dead,
        silent if silent >= PING_AFTER => Look::Ask,
        _ => Look::Alive,
    }
}

/// A slot held while its room is being opened.
struct Lease {
    hub: Option<Arc<Hub>>,
    key: RoomKey,
    slot: Arc<Slot>,
}

impl Lease {
    /// Hands the hold over.
    fn keep(mut self) -> (Arc<Hub>, Arc<Slot>) {
        let hub = self.hub.take().expect("a lease is kept once");
        (hub, self.slot.clone())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(hub) = &self.hub {
            hub.release(&self.key, &self.slot);
        }
    }
}
