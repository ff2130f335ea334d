//! A channel layer between servers of one process that loses, repeats, delays and re-orders events.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use snug_server::{
    event::Event,
    later::Later,
    layer::{ChannelLayer, Receiver},
    unavailable::Unavailable,
};
use snug_shared::RoomKey;
use tokio::{runtime::Handle, time::sleep};

use super::Random;

/// How badly events travel, each in a hundred.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Events that do not arrive at one of the servers.
    pub lost: u64,
    /// Events that arrive twice.
    pub repeated: u64,
    /// Events that are not even sent.
    pub refused: u64,
    /// The longest an event is under way, in milliseconds. Those that take longer are overtaken.
    pub delay_ms: u64,
}

/// What the servers have in common: a list of them, and the dice.
pub struct Network {
    faults: Faults,
    dice: Mutex<Random>,
    servers: Mutex<Vec<Arc<Groups>>>,
    /// Where events are under way: a log commits in threads of its own.
    runtime: Handle,
}

type Groups = Mutex<HashMap<RoomKey, Arc<dyn Receiver>>>;

/// One server's end of the network.
pub struct UnreliableLayer {
    network: Arc<Network>,
    groups: Arc<Groups>,
}

impl Network {
    /// A network without servers. The seed decides what happens to which event, as far as the order of events is the same.
    pub fn new(faults: Faults, seed: u64) -> Arc<Self> {
        let (dice, servers, runtime) = (Mutex::new(Random(seed)), Mutex::default(), Handle::current());
        Arc::new(Self { faults, dice, servers, runtime })
    }

    /// One more server.
    pub fn connect(self: &Arc<Self>) -> Arc<UnreliableLayer> {
        let groups = Arc::new(Groups::default());
        lock(&self.servers).push(groups.clone());
        Arc::new(UnreliableLayer { network: self.clone(), groups })
    }

    fn happens(&self, in_a_hundred: u64) -> bool {
        lock(&self.dice).below(100) < in_a_hundred
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(lock(&self.dice).below(self.faults.delay_ms + 1))
    }

    /// Brings an event to a server's room after a while, if the room is still there then.
    fn carry(&self, groups: &Arc<Groups>, room: &RoomKey, encoded: &str) {
        let (groups, room, delay) = (groups.clone(), room.clone(), self.delay());
        let event: Event = serde_json::from_str(encoded).expect("an event is decoded as it was encoded");
        drop(self.runtime.spawn(async move {
            sleep(delay).await;
            let receiver = lock(&groups).get(&room).cloned();
            if let Some(receiver) = receiver {
                receiver.receive(event);
            }
        }));
    }
}

impl ChannelLayer for UnreliableLayer {
    fn group_add(&self, room: &RoomKey, receiver: Arc<dyn Receiver>) -> Later<Result<(), Unavailable>> {
        let (groups, room, delay) = (self.groups.clone(), room.clone(), self.network.delay());
        Box::pin(async move {
            sleep(delay).await;
            let _ = lock(&groups).insert(room, receiver);
            Ok(())
        })
    }

    fn group_discard(&self, room: &RoomKey) {
        let _ = lock(&self.groups).remove(room);
    }

    fn group_send(&self, room: &RoomKey, event: Event) -> Result<(), Unavailable> {
        let network = &self.network;
        if network.happens(network.faults.refused) {
            return Err(Unavailable { part: "the channel layer", why: "the dice said so".to_owned() });
        }
        let encoded = serde_json::to_string(&event).expect("an event can be encoded");
        let servers = lock(&network.servers).clone();
        for server in &servers {
            if network.happens(network.faults.lost) {
                continue;
            }
            network.carry(server, room, &encoded);
            if network.happens(network.faults.repeated) {
                network.carry(server, room, &encoded);
            }
        }
        Ok(())
    }

    fn check_after(&self) -> Option<Duration> {
        Some(Duration::from_millis(200))
    }

    fn ready(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
