//! Events of a room that is being opened.

use std::sync::{Mutex, PoisonError};

use crate::layer::{Event, Receiver};

/// Keeps the events that arrive while a room is being read from the log.
#[derive(Default)]
pub struct EarlyEvents {
    events: Mutex<Vec<Event>>,
}

impl EarlyEvents {
    /// What arrived so far.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Receiver for EarlyEvents {
    fn receive(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}
