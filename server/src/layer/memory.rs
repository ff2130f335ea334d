//! The channel layer of one process: a map from rooms to their receivers. It loses nothing and keeps the order.

use std::{collections::HashMap, future::ready, sync::Arc, time::Duration};

use snug_shared::RoomKey;

use super::{ChannelLayer, Receiver};
use crate::{
    event::Event,
    later::Later,
    sync::{Ranked, rank},
    unavailable::Unavailable,
};

/// Carries events within this process.
#[derive(Default)]
pub struct MemoryLayer {
    // As large as the hub's table of live rooms, which is bounded.
    groups: Ranked<HashMap<RoomKey, Arc<dyn Receiver>>, rank::Groups>,
}

impl ChannelLayer for MemoryLayer {
    fn group_add(&self, room: &RoomKey, receiver: Arc<dyn Receiver>) -> Later<Result<(), Unavailable>> {
        let _ = self.groups.lock().insert(room.clone(), receiver);
        Box::pin(ready(Ok(())))
    }

    fn group_discard(&self, room: &RoomKey) {
        let _ = self.groups.lock().remove(room);
    }

    fn group_send(&self, room: &RoomKey, event: Event) -> Result<(), Unavailable> {
        let groups = self.groups.lock();
        if let Some(receiver) = groups.get(room) {
            receiver.receive(event);
        }
        Ok(())
    }

    fn check_after(&self) -> Option<Duration> {
        None
    }

    fn ready(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}
