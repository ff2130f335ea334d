//! The frames that one connection has still to write.

use std::{
    collections::{HashSet, VecDeque},
    io::{self, IoSlice},
};

use bytes::Bytes;
use snug_shared::{CloseReason, Seq};
use uuid::Uuid;

use crate::{dialect::Dialect, fanout::SharedTail, websocket};

/// Frames given to the kernel in one call.
const WRITE_FRAMES: usize = 64;

/// The state of a connection after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// The socket took everything.
    All,
    /// The kernel takes no more now; the connection's own task goes on when it does.
    Blocked,
    /// Everything that will ever be written has been, or the connection is gone.
    Finished,
}

/// A member that keeps up takes one line of the processor's cache. The fields that only others need are boxed, and there only
/// while they are needed.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The next frame of the room's tail.
    pub position: u64,
    /// Entries up to here came with the replay and are passed over in the tail.
    pub seen: Seq,
    /// Frames of this connection's own, and the rest of one that is half written; none most of the time.
    waiting: Option<Box<Waiting>>,
    /// Ids of messages that this member does not get back.
    #[expect(clippy::box_collection, reason = "40 bytes of every member, for the few that have any")]
    unechoed: Option<Box<HashSet<Uuid>>>,
    /// Whether the replay is over and the tail follows.
    pub live: bool,
    pub blocked: bool,
    pub gone: bool,
    pub closing: Option<CloseReason>,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    /// Bytes of those of which nothing has been written.
    bytes: usize,
    /// Whether a part of the first has been written; nothing else may go before its rest.
    begun: bool,
}

impl State {
    pub fn push(&mut self, frame: Bytes) {
        if !self.has_ended() && !frame.is_empty() {
            let waiting = self.waiting.get_or_insert_default();
            waiting.bytes += frame.len();
            waiting.frames.push_back(frame);
        }
    }

    /// Puts the rest of a frame of the tail before everything else. Nothing waits yet.
    pub fn begin(&mut self, rest: Bytes) {
        let waiting = self.waiting.get_or_insert_default();
        waiting.frames.push_front(rest);
        waiting.begun = true;
    }

    pub fn close(&mut self, reason: CloseReason) {
        if self.closing.is_none() {
            if reason == CloseReason::TooSlow
                && let Some(waiting) = &mut self.waiting
            {
                // It will ask again for the frames it did not read in time; only the frame begun must be whole.
                waiting.frames.truncate(usize::from(waiting.begun));
                waiting.bytes = 0;
            }
            self.push(websocket::close(reason).into());
            self.closing = Some(reason);
        }
    }

    /// Bytes of frames that wait and are not begun.
    pub fn waiting(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.bytes)
    }

    /// The frames to write next, in as many pieces as the kernel takes at once.
    pub fn slices(&self) -> Vec<IoSlice<'_>> {
        let frames = self.waiting.iter().flat_map(|waiting| &waiting.frames);
        frames.take(WRITE_FRAMES).map(|frame| IoSlice::new(frame)).collect()
    }

    /// Keeps a message from this member; returns whether that is news, and how many there are now.
    pub fn keep_back(&mut self, id: Uuid) -> (bool, usize) {
        let unechoed = self.unechoed.get_or_insert_default();
        (unechoed.insert(id), unechoed.len())
    }

    /// Forgets one of these; returns whether it was one.
    pub fn keep_back_no_more(&mut self, id: &Uuid) -> bool {
        let Some(unechoed) = &mut self.unechoed else { return false };
        let removed = unechoed.remove(id);
        if unechoed.is_empty() {
            self.unechoed = None;
        }
        removed
    }

    pub fn keeps_back(&self, id: &Uuid) -> bool {
        self.unechoed.as_ref().is_some_and(|unechoed| unechoed.contains(id))
    }

    /// Whether everything in the room's tail is for this member.
    pub fn hears_all(&self) -> bool {
        self.unechoed.is_none()
    }

    pub fn has_ended(&self) -> bool {
        self.gone || self.closing.is_some()
    }

    /// Whether nothing but the room's tail is to be written.
    pub fn is_even(&self) -> bool {
        self.waiting.is_none()
    }

    /// Moves the next frames of the tail behind the private ones; false when there are none.
    pub fn take_from(&mut self, tail: &SharedTail, id: u64, dialect: Dialect) -> bool {
        let Some(items) = tail.lock().items(self.position, WRITE_FRAMES - 1) else {
            self.close(CloseReason::TooSlow);
            return true;
        };
        self.position += items.len() as u64;
        let any = !items.is_empty();
        for item in items {
            let replayed = item.seq.is_some_and(|seq| seq <= self.seen);
            let own = self.unechoed.is_some() && item.id().is_some_and(|id| self.keep_back_no_more(&id));
            let frame = item.frame(dialect);
            if !replayed && !own && item.except != Some(id) && !frame.is_empty() {
                self.push(frame.clone());
            }
        }
        any
    }

    pub fn advance(&mut self, mut written: usize) {
        let Some(waiting) = &mut self.waiting else { return };
        while let Some(first) = waiting.frames.front_mut().filter(|_| written > 0) {
            if !std::mem::replace(&mut waiting.begun, true) {
                waiting.bytes -= first.len();
            }
            let of_this = written.min(first.len());
            let _ = first.split_to(of_this);
            written -= of_this;
            if first.is_empty() {
                let _ = waiting.frames.pop_front();
                waiting.begun = false;
            }
        }
        if waiting.frames.is_empty() {
            self.waiting = None;
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
