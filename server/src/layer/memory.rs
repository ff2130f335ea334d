//! The channel layer of one process: a map from rooms to who serves them here.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use snug_shared::RoomKey;

use super::{ChannelLayer, Event, Receiver};

/// Carries events within this process.
#[derive(Default)]
pub struct MemoryLayer {
    // As large as the hub's table of live rooms, which is bounded.
    groups: RwLock<HashMap<RoomKey, Arc<dyn Receiver>>>,
}

impl ChannelLayer for MemoryLayer {
    fn group_add(&self, room: &RoomKey, receiver: Arc<dyn Receiver>) {
        let mut groups = self.groups.write().unwrap_or_else(PoisonError::into_inner);
        let _ = groups.insert(room.clone(), receiver);
    }

    fn group_discard(&self, room: &RoomKey) {
        let mut groups = self.groups.write().unwrap_or_else(PoisonError::into_inner);
        let _ = groups.remove(room);
    }

    fn group_send(&self, room: &RoomKey, event: Event) {
        let groups = self.groups.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiver) = groups.get(room) {
            receiver.receive(event);
        }
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}
