//! A room's connection as iced subscribes to it.

use iced::Subscription;
use snug_core::connection::{self, Event, Target};

/// The events of a connection. The same target is the same connection for as long as it is subscribed to.
pub fn connection(target: Target) -> Subscription<Event> {
    Subscription::run_with(target, |target| connection::stream(target.clone()))
}
