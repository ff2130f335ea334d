//! Which rooms are live, and the way into them.
//!
//! A room is opened from the log when the first member or post comes, and let go when nobody is in it, nobody's name is kept
//! and nothing of it is under way. It knows no HTTP and no WebSocket frames.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use snug_shared::{
    Author, CloseReason, Intent, MessageText, Nickname, RoomKey, RoomName,
    api::{RoomInfo, Rooms},
};
use tokio::{runtime::Handle, sync::OnceCell, task::AbortHandle};
use uuid::Uuid;

use crate::{
    layer::ChannelLayer,
    log::{Actor, Append, Appended, Callback, Committed, Log, LogError},
    shard::Shards,
};

mod coalesce;
mod early;
mod room;
mod roster;
mod single_flight;
mod sockets;
#[cfg(test)]
mod tests;

pub use room::Room;
pub use roster::{JoinError, Joined};

/// Rooms that can be live at once.
const LIVE_ROOMS: usize = 20_000;
/// Rooms told by [`Hub::rooms`]: those with the newest entries.
const LISTED_ROOMS: usize = 500;
/// Histories of a room that one post is tried in: the log began a new one each time.
const HISTORIES: u32 = 3;
/// Silence after which the server asks whether anybody is there.
const PING_AFTER: Duration = Duration::from_secs(15);
/// Silence after which nobody is. With the sweep's 5 s and the members' grace of 5 s, who is gone has left after 41 s.
const DEAD_AFTER: Duration = Duration::from_secs(30);
/// How often connections are looked after.
pub const SWEEP: Duration = Duration::from_secs(5);

/// The live rooms of this process.
pub struct Hub {
    log: Arc<dyn Log>,
    layer: Arc<dyn ChannelLayer>,
    shards: Shards,
    members_per_room: usize,
    rooms: Mutex<HashMap<RoomKey, Arc<Slot>>>,
    ids: AtomicU64,
    started: Instant,
    draining: AtomicBool,
}

/// A room's place in the hub, taken before the room has been read from the log.
#[derive(Default)]
struct Slot {
    room: OnceCell<(Arc<Room>, AbortHandle)>,
    /// Connections and posts that hold it. Changed only under the hub's lock.
    users: AtomicU64,
}

/// A live room that stays open as long as this is held.
pub struct Entered {
    hub: Arc<Hub>,
    slot: Arc<Slot>,
    room: Arc<Room>,
}

/// Why a room could not be entered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EnterError {
    /// Too many rooms are open at once.
    #[error("this server has as many rooms open as it can")]
    Full,
    /// The server is about to stop.
    #[error("this server is about to restart")]
    Draining,
    /// The log began one history of the room after another.
    #[error("the room begins anew just now")]
    Changing,
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Why a post was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PostError {
    /// Somebody in the room goes by that name.
    #[error("“{0}” is in the room. Please post under another name.")]
    NicknameTaken(Nickname),
    /// The room could not be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
}

impl Hub {
    /// A hub over a log and a channel layer. The log's commits must reach the layer by [`tell`].
    pub fn new(
        log: Arc<dyn Log>,
        layer: Arc<dyn ChannelLayer>,
        shards: Shards,
        members_per_room: usize,
    ) -> Self {
        Self {
            log,
            layer,
            shards,
            members_per_room,
            rooms: Mutex::default(),
            ids: AtomicU64::new(1),
            started: Instant::now(),
            draining: AtomicBool::new(false),
        }
    }

    /// The log under it, for whoever only reads.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    /// The channel layer under it.
    pub fn layer(&self) -> &Arc<dyn ChannelLayer> {
        &self.layer
    }

    /// The runtime that a room and its members live on.
    pub fn runtime_of(&self, room: &RoomKey) -> &Handle {
        self.shards.of(room)
    }

    /// A number no connection or member of this process had before.
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
        let mut rooms = self.lock();
        if rooms.len() >= LIVE_ROOMS && !rooms.contains_key(&key) {
            return Err(EnterError::Full);
        }
        let slot = rooms.entry(key).or_default();
        if let Some((_, task)) = slot.room.get().filter(|(room, _)| room.is_outdated()) {
            task.abort();
            *slot = Arc::default();
        }
        let slot = slot.clone();
        let _ = slot.users.fetch_add(1, Ordering::Relaxed);
        Ok(Lease { hub: Some(self.clone()), slot })
    }

    /// Reads a room from the log. It hears of new entries before it is read, so that none falls between.
    async fn open(self: &Arc<Self>, name: &RoomName) -> Result<(Arc<Room>, AbortHandle), EnterError> {
        let key = name.key();
        let early = Arc::new(early::EarlyEvents::default());
        self.layer.group_add(&key, early.clone());
        let record = match self.log.room(name).await {
            Ok(record) => record,
            Err(error) => {
                self.layer.group_discard(&key);
                return Err(error.into());
            }
        };
        let room = Arc::new(Room::new(record, self.members_per_room));
        self.layer.group_add(&key, room.clone());
        room.receive_first(early.take());
        let task = self.shards.of(&key).spawn(room.clone().run());
        Ok((room, task.abort_handle()))
    }

    /// The rooms anyone may see: those with entries, the newest first, and those that only have members.
    ///
    /// # Errors
    /// When the log could not be read.
    pub async fn rooms(&self) -> Result<Rooms, LogError> {
        // Anyone may ask, and there may be twenty thousand: no name is copied but those that are told.
        let live = self.live_rooms();
        let records = self.log.rooms(LISTED_ROOMS).await?;
        let keys: Vec<RoomKey> = records.iter().map(|record| record.name.key()).collect();
        let here = |key| {
            let slot = self.lock().get(key)?.clone();
            slot.room.get().map(|(room, _)| room.connected())
        };
        let known = records.into_iter().zip(&keys).map(|(record, key)| RoomInfo {
            room: record.name,
            members: here(key).unwrap_or(0),
            last: record.last,
            last_at: record.last_at,
            topic: Some(record.topic).filter(|topic| !topic.is_empty()),
            locked: false,
        });
        let mut listed: Vec<RoomInfo> = known.collect();
        // Of what was entered just now, the log may know and the room not yet.
        let keys: HashSet<&RoomKey> = keys.iter().collect();
        let silent = live.into_iter().filter(|room| room.last() == 0);
        let mut fresh: Vec<_> =
            silent.map(|room| (room.connected(), room)).filter(|(members, _)| *members > 0).collect();
        fresh.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| first.name.cmp(&second.name)));
        let fresh = fresh.into_iter().filter(|(_, room)| !keys.contains(&room.key)).take(LISTED_ROOMS);
        listed.extend(fresh.map(|(members, room)| RoomInfo {
            room: room.name.clone(),
            members,
            last: 0,
            last_at: 0,
            topic: None,
            locked: false,
        }));
        Ok(Rooms { rooms: listed })
    }

    /// Says something in a room from outside, as [`Author::http`].
    ///
    /// # Errors
    /// [`PostError`] says why it was not even tried; the inner result is the log's.
    pub async fn post(
        self: &Arc<Self>,
        room: &RoomName,
        nickname: Nickname,
        id: Uuid,
        text: MessageText,
    ) -> Result<Result<Appended, LogError>, PostError> {
        let author = Author::http(&nickname);
        for _ in 0..HISTORIES {
            let room = self.enter(room).await?;
            if room.is_present(&nickname) {
                return Err(PostError::NicknameTaken(nickname));
            }
            let actor = Actor { author: author.clone(), nickname: nickname.clone(), moderator: false };
            let intent = Intent::Message { text: text.clone(), reply_to: None };
            match self.log.append(room.an_append(actor, id, intent)).await {
                Ok(Appended::EpochChanged) => room.outdate(),
                appended => return Ok(appended),
            }
        }
        Err(EnterError::Changing.into())
    }

    /// Looks after every connection and lets go of rooms that are over. Called every [`SWEEP`].
    pub fn sweep(&self) {
        let now = self.now_ms();
        let ping = crate::websocket::ping();
        for room in self.live_rooms() {
            room.missed.forget();
            room.resumable.forget();
            room.for_each_socket(|outbound| {
                let silent = Duration::from_millis(now.saturating_sub(outbound.heard()));
                if silent >= DEAD_AFTER {
                    outbound.abandon();
                } else if silent >= PING_AFTER {
                    outbound.send([ping.clone()]);
                }
            });
        }
        self.lock().retain(|key, slot| {
            if slot.users.load(Ordering::Relaxed) > 0 {
                return true;
            }
            if let Some((room, task)) = slot.room.get() {
                if !room.is_over() {
                    return true;
                }
                task.abort();
            }
            self.layer.group_discard(key);
            false
        });
    }

    /// Lets nobody in any more and closes every connection.
    pub fn close_all(&self, reason: CloseReason) {
        self.draining.store(true, Ordering::Relaxed);
        for room in self.live_rooms() {
            room.for_each_socket(|outbound| outbound.close(reason));
            room.close_followers(crate::fanout::FollowEnd::Closed);
        }
    }

    /// Whether nobody is let in any more.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether rooms can be served now.
    ///
    /// # Errors
    /// The reason why not, for an operator.
    pub fn ready(&self) -> Result<(), String> {
        if self.is_draining() {
            return Err("the server is about to stop".to_owned());
        }
        self.log.ready().map_err(|error| error.to_string())?;
        self.layer.ready()
    }

    fn live_rooms(&self) -> Vec<Arc<Room>> {
        self.lock().values().filter_map(|slot| Some(slot.room.get()?.0.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomKey, Arc<Slot>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, slot: &Slot) {
        let _rooms = self.lock();
        let _ = slot.users.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells a room's members of a new entry: what a log's commits are wired to.
pub fn tell(layer: &dyn ChannelLayer, committed: &Arc<Committed>) {
    layer.group_send(&committed.room, crate::layer::Event::Entry(committed.clone()));
}

/// A slot held while its room is being opened.
struct Lease {
    hub: Option<Arc<Hub>>,
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
            hub.release(&self.slot);
        }
    }
}

impl Entered {
    /// Enters something into the room's log. Calls are taken in the order they are made.
    pub fn append(&self, actor: Actor, id: Uuid, intent: Intent, callback: Callback) {
        self.hub.log.append_then(self.an_append(actor, id, intent), callback);
    }

    fn an_append(&self, actor: Actor, id: Uuid, intent: Intent) -> Append {
        let (room, epoch) = (self.room.name.clone(), self.room.epoch);
        Append { room, epoch, actor, id, intent }
    }
}

impl std::ops::Deref for Entered {
    type Target = Room;

    fn deref(&self) -> &Room {
        &self.room
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.hub.release(&self.slot);
    }
}
