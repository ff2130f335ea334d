//! What one connection has still to write.

use std::{
    collections::{HashSet, VecDeque},
    io,
    sync::Mutex,
};

use bytes::Bytes;
use snug_shared::{CloseReason, Seq};
use uuid::Uuid;

use super::{Flushed, WRITE_FRAMES, lock};
use crate::{
    dialect::Dialect,
    fanout::{Tail, websocket},
};

#[derive(Debug, Default)]
pub(super) struct State {
    /// A frame of which a part has been written; nothing else may go before its rest.
    pub partial: Bytes,
    pub private: VecDeque<Bytes>,
    pub private_bytes: usize,
    /// The next frame of the room's tail.
    pub position: u64,
    /// Whether the replay is over and the tail follows.
    pub live: bool,
    /// Entries up to here came with the replay and are passed over in the tail.
    pub seen: Seq,
    /// Ids of messages that this member does not get back.
    pub unechoed: HashSet<Uuid>,
    pub blocked: bool,
    pub closing: Option<CloseReason>,
    pub gone: bool,
}

impl State {
    pub fn push(&mut self, frame: Bytes) {
        if !self.has_ended() {
            self.private_bytes += frame.len();
            self.private.push_back(frame);
        }
    }

    pub fn close(&mut self, reason: CloseReason) {
        if self.closing.is_none() {
            if reason == CloseReason::TooSlow {
                // What it did not read in time it will ask for again; only the frame begun must be whole.
                self.private.clear();
                self.private_bytes = 0;
            }
            self.push(websocket::close(reason));
            self.closing = Some(reason);
        }
    }

    pub fn has_ended(&self) -> bool {
        self.gone || self.closing.is_some()
    }

    /// Whether nothing but the room's tail is to be written.
    pub fn is_even(&self) -> bool {
        self.partial.is_empty() && self.private.is_empty()
    }

    /// Moves the next frames of the tail behind what is private; false when there are none.
    pub fn take_from(&mut self, tail: &Mutex<Tail>, id: u64, dialect: Dialect) -> bool {
        let Some(items) = lock(tail).items(self.position, WRITE_FRAMES - 1) else {
            self.close(CloseReason::TooSlow);
            return true;
        };
        self.position += items.len() as u64;
        let any = !items.is_empty();
        for item in items {
            let replayed = item.seq.is_some_and(|seq| seq <= self.seen);
            let own = item.id().is_some_and(|id| self.unechoed.remove(&id));
            let frame = item.frame(dialect);
            if !replayed && !own && item.except != Some(id) && !frame.is_empty() {
                self.push(frame.clone());
            }
        }
        any
    }

    pub fn advance(&mut self, mut written: usize) {
        let of_partial = written.min(self.partial.len());
        let _ = self.partial.split_to(of_partial);
        written -= of_partial;
        while written > 0 {
            let Some(mut frame) = self.private.pop_front() else { break };
            self.private_bytes -= frame.len();
            let of_this = written.min(frame.len());
            let _ = frame.split_to(of_this);
            written -= of_this;
            self.partial = frame;
        }
    }

    pub fn failed(&mut self, error: &io::Error) -> Flushed {
        match error.kind() {
            io::ErrorKind::WouldBlock => Flushed::Blocked,
            _ => {
                self.gone = true;
                Flushed::Finished
            }
        }
    }
}
