//! The channel layer: what carries a room's entries between consumers, in one process or across servers.
//!
//! The operations are Django Channels': a room is a group, whoever serves members of it adds itself, and what is sent to the
//! group reaches every one of them, in the order it was sent. The layer knows neither members nor sockets.

use std::sync::Arc;

use snug_shared::{Author, Nickname, RoomKey};

use crate::log::Committed;

pub mod memory;

/// Something a room's members are told.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new entry, durable already.
    Entry(Arc<Committed>),
    /// A member is writing.
    Typing {
        /// The member's connection, which is not told.
        connection: u64,
        /// Their nickname.
        user: Nickname,
        /// Who they are.
        by: Author,
    },
}

/// Serves some members of a room.
pub trait Receiver: Send + Sync {
    /// Takes an event. Called from any thread, must not block.
    fn receive(&self, event: Event);
}

/// Carries events between all who serve members of a room.
pub trait ChannelLayer: Send + Sync + 'static {
    /// Events of the room reach `receiver` from now on; it takes the place of an earlier one in this process.
    fn group_add(&self, room: &RoomKey, receiver: Arc<dyn Receiver>);

    /// No more events of the room are wanted in this process.
    fn group_discard(&self, room: &RoomKey);

    /// Tells everyone who serves members of the room.
    fn group_send(&self, room: &RoomKey, event: Event);

    /// Whether events can be carried now.
    ///
    /// # Errors
    /// The reason why not, for an operator.
    fn ready(&self) -> Result<(), String>;
}
