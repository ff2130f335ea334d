//! The presence of one process: every room's places behind a lock of its own.

use std::{
    cmp::Reverse,
    collections::HashMap,
    future::ready,
    iter,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use snug_shared::{Author, Nickname, RoomKey, RoomName};

use super::{
    Join, JoinError, Joined, Naming, Presence, Snapshot,
    places::{Claim, Places, SMALL_NUMBERS, large_numbers},
};
use crate::{
    event::{Change, Event, Version},
    later::Later,
    layer::ChannelLayer,
    sync::{Ranked, rank},
    unavailable::Unavailable,
};

/// Rooms that have members or reserved nicknames, at most. Beyond it, rooms that nobody is in lose their reservations.
const ROOMS: usize = 65_536;

/// Names tried for a guest, at most. Others may call themselves guests too.
const GUESTS: usize = 8;

/// The places of one room, shared with whoever has found them.
type SharedPlaces = Arc<Ranked<Places, rank::Places>>;

/// Decides in this process who is where, and tells the channel layer of every change.
pub struct MemoryPresence {
    layer: Arc<dyn ChannelLayer>,
    rooms: Ranked<HashMap<RoomKey, SharedPlaces>, rank::Presence>,
    /// How many rooms were made.
    made: AtomicU64,
    /// The number of the next guest. None is used again: two guests who come one after the other are not taken for one.
    guests: AtomicU64,
}

impl MemoryPresence {
    /// Nobody is anywhere. Changes are told to `layer`.
    pub fn new(layer: Arc<dyn ChannelLayer>) -> Self {
        Self { layer, rooms: Ranked::default(), made: AtomicU64::new(0), guests: AtomicU64::new(1) }
    }

    fn places(&self, key: &RoomKey) -> Option<SharedPlaces> {
        self.rooms.lock().get(key).cloned()
    }

    fn places_or_new(&self, key: &RoomKey, name: &RoomName) -> SharedPlaces {
        let mut rooms = self.rooms.lock();
        if let Some(places) = rooms.get(key) {
            return places.clone();
        }
        if rooms.len() >= ROOMS {
            retain(&mut rooms, |places| !places.is_empty());
        }
        let incarnation = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let places = Arc::new(Ranked::new(Places::new(name.clone(), incarnation)));
        let _ = rooms.insert(key.clone(), places.clone());
        places
    }

    /// Tells the room of a change. Called while the room's places are locked, so that changes are told in their order.
    fn tell(&self, key: &RoomKey, change: Change) {
        // A server that misses a change finds that out by its version.
        let _ = self.layer.group_send(key, Event::Presence(change));
    }

    /// `guest-` and a number that no guest had before; after a few that somebody else has, any number.
    fn guests(&self, seed: u64) -> impl Iterator<Item = Nickname> {
        let next = iter::repeat_with(|| self.guests.fetch_add(1, Ordering::Relaxed)).take(GUESTS);
        let numbers = next.chain(large_numbers(seed).map(u64::from));
        numbers.filter_map(|number| Nickname::parse(&format!("guest-{number}")).ok())
    }

    fn take(&self, name: &RoomName, join: &Join) -> Result<Joined, JoinError> {
        let now = Instant::now();
        let key = name.key();
        let claim = Claim {
            member: join.member,
            connection: join.connection,
            author: &join.author,
            can_return: join.can_return,
            capacity: join.capacity,
        };
        let places = self.places_or_new(&key, name);
        let mut places = places.lock();
        let (member, nickname, change) = match &join.naming {
            Naming::Exactly(nickname) => {
                let (member, change) = places.join(now, &claim, nickname)?;
                (member, nickname.clone(), change)
            }
            Naming::Numbered(wanted) => {
                let names = numbered(wanted, join.member).chain(self.guests(join.member));
                places.join_first_free(now, &claim, names)?.ok_or(JoinError::Full)?
            }
            Naming::Guest => {
                places.join_first_free(now, &claim, self.guests(join.member))?.ok_or(JoinError::Full)?
            }
        };
        self.tell(&key, change.clone());
        Ok(Joined { member, nickname, change })
    }
}

impl Presence for MemoryPresence {
    fn join(&self, room: &RoomName, join: Join) -> Later<Result<Joined, JoinError>> {
        Box::pin(ready(self.take(room, &join)))
    }

    fn leave(&self, room: &RoomKey, author: &Author, connection: u64) {
        let Some(places) = self.places(room) else { return };
        let mut places = places.lock();
        if let Some(change) = places.leave(Instant::now(), author, connection) {
            self.tell(room, change);
        }
    }

    fn expire(&self, room: &RoomKey) {
        let Some(places) = self.places(room) else { return };
        let mut places = places.lock();
        for change in places.expire(Instant::now()) {
            self.tell(room, change);
        }
    }

    fn members(
        &self,
        room: &RoomKey,
        known: Option<Version>,
    ) -> Later<Result<Option<Snapshot>, Unavailable>> {
        let snapshot = match self.places(room) {
            Some(places) => {
                let places = places.lock();
                (known != Some(places.version())).then(|| places.snapshot())
            }
            // Nobody is there since the room was let go of: that is newer than all that was ever known of it.
            None => {
                let incarnation = self.made.load(Ordering::Relaxed);
                let version = Version { incarnation, change: u64::MAX };
                (known != Some(version)).then(|| Snapshot { version, members: Vec::new() })
            }
        };
        Box::pin(ready(Ok(snapshot)))
    }

    fn is_held(&self, room: &RoomKey, nickname: &Nickname) -> Later<Result<bool, Unavailable>> {
        let now = Instant::now();
        let held = self.places(room).is_some_and(|places| places.lock().is_held(now, nickname));
        Box::pin(ready(Ok(held)))
    }

    fn census(&self, most: usize) -> Later<Result<Vec<(RoomName, u32)>, Unavailable>> {
        let all = self.rooms.lock();
        let mut rooms: Vec<(u32, &RoomKey)> = all
            .iter()
            .map(|(key, places)| (places.lock().connected(), key))
            .filter(|(connected, _)| *connected > 0)
            .collect();
        // Anyone may ask, and there may be twenty thousand: no name is copied but those that are told.
        rooms.sort_unstable_by_key(|(connected, key)| (Reverse(*connected), *key));
        rooms.truncate(most);
        let name = |(connected, key): &(u32, &RoomKey)| {
            all.get(*key).map(|places| (places.lock().name.clone(), *connected))
        };
        let rooms = rooms.iter().filter_map(name).collect();
        Box::pin(ready(Ok(rooms)))
    }

    fn people(&self) -> Later<Result<u32, Unavailable>> {
        let people = self.rooms.lock().values().map(|places| places.lock().connected()).sum();
        Box::pin(ready(Ok(people)))
    }

    fn sweep(&self) {
        let now = Instant::now();
        let rooms: Vec<RoomKey> = self.rooms.lock().keys().cloned().collect();
        for key in rooms {
            let Some(places) = self.places(&key) else { continue };
            let mut places = places.lock();
            for change in places.expire(now) {
                self.tell(&key, change);
            }
        }
        retain(&mut self.rooms.lock(), |places| !places.is_over());
    }

    fn ready(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// Lets go of rooms. A room that somebody is about to join stays: whoever has found it holds a reference to it.
fn retain(rooms: &mut HashMap<RoomKey, SharedPlaces>, keep: impl Fn(&Places) -> bool) {
    rooms.retain(|_, places| Arc::strong_count(places) > 1 || keep(&places.lock()));
}

/// `maya`, `maya-2`, `maya-3` to `maya-9`, and then some large numbers.
fn numbered(wanted: &Nickname, seed: u64) -> impl Iterator<Item = Nickname> {
    let numbers = SMALL_NUMBERS.chain(large_numbers(seed));
    iter::once(wanted.clone()).chain(numbers.map(|number| wanted.with_suffix(&format!("-{number}"))))
}
