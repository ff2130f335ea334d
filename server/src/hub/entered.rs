//! A hold on a live room.

use std::{ops::Deref, sync::Arc};

use snug_shared::{Author, Intent};
use uuid::Uuid;

use super::{Hub, Place, Room, Slot};
use crate::{
    fanout::Outbound,
    log::{Actor, Append, Callback},
    presence::{JoinError, Naming},
};

/// A live room that stays open as long as this is held.
pub struct Entered {
    pub(super) hub: Arc<Hub>,
    pub(super) slot: Arc<Slot>,
    pub(super) room: Arc<Room>,
}

/// A connection's claim to a place in a room. Dropped, it gives the place up, also one that was just being taken.
pub struct Claim {
    room: Arc<Entered>,
    outbound: Arc<Outbound>,
    author: Author,
    can_return: bool,
}

impl Claim {
    /// A claim to a place that is still to be taken. `can_return`: whether the other side knows the author's seat.
    pub fn new(room: Arc<Entered>, outbound: Arc<Outbound>, author: Author, can_return: bool) -> Self {
        Self { room, outbound, author, can_return }
    }

    /// Takes the place, or changes the nickname of the one taken.
    ///
    /// # Errors
    /// As [`Room::join`].
    pub async fn take(&self, naming: Naming) -> Result<Place, JoinError> {
        let member = self.room.hub.next_id();
        self.room.join(member, &self.outbound, &self.author, self.can_return, naming).await
    }

    /// The room it is in.
    pub fn room(&self) -> &Arc<Entered> {
        &self.room
    }

    /// The author it belongs to.
    pub fn author(&self) -> &Author {
        &self.author
    }

    /// Whether that author can come back.
    pub fn can_return(&self) -> bool {
        self.can_return
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.room.leave(&self.author, self.outbound.id);
    }
}

impl Entered {
    /// Enters something into the room's log. Calls are taken in the order in which they are made.
    pub fn append(&self, actor: Actor, id: Uuid, intent: Intent, then: Callback) {
        self.hub.backend.log.append_then(self.an_append(actor, id, intent), then);
    }

    pub(super) fn an_append(&self, actor: Actor, id: Uuid, intent: Intent) -> Append {
        let (room, epoch) = (self.room.name.clone(), self.room.epoch);
        Append { room, epoch, actor, id, intent }
    }
}

impl Deref for Entered {
    type Target = Room;

    fn deref(&self) -> &Room {
        &self.room
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.hub.release(&self.room.key, &self.slot);
    }
}
