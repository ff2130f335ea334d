//! The channel layer: what carries a room's events between the servers that have members of it.
//!
//! The operations are Django Channels': a room is a group, a server with members of it adds itself, and what is sent to the
//! group reaches every server in it. The layer knows neither members nor sockets.
//!
//! A layer between servers may lose, repeat, delay and re-order events. Receivers find that out by the `seq` of entries and the
//! version of presence, and get what they miss from the log and the presence.

use std::{sync::Arc, time::Duration};

use snug_shared::RoomKey;

use crate::{event::Event, later::Later, unavailable::Unavailable};

pub mod memory;

/// Takes a room's events for the members on one server.
pub trait Receiver: Send + Sync {
    /// Takes an event. Called from any thread; must not block.
    fn receive(&self, event: Event);
}

/// Carries events between all servers that have members of a room.
pub trait ChannelLayer: Send + Sync + 'static {
    /// Adds this server to a room's group. Every event sent after the answer reaches `receiver`, if the layer loses none. It
    /// takes the place of an earlier receiver of the same room on this server.
    fn group_add(&self, room: &RoomKey, receiver: Arc<dyn Receiver>) -> Later<Result<(), Unavailable>>;

    /// Takes this server out of a room's group.
    fn group_discard(&self, room: &RoomKey);

    /// Tells every server in the room's group, this one included. Does not wait for delivery.
    ///
    /// # Errors
    /// [`Unavailable`] when the event was not sent; nobody is told then.
    fn group_send(&self, room: &RoomKey, event: Event) -> Result<(), Unavailable>;

    /// How long a room may hear nothing before a receiver looks into the log and the presence for what may have been lost;
    /// `None` for a layer that loses nothing.
    fn check_after(&self) -> Option<Duration>;

    /// Whether events can be carried now.
    ///
    /// # Errors
    /// The reason why not, for an operator.
    fn ready(&self) -> Result<(), Unavailable>;
}
