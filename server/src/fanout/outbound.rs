//! The outgoing half of one connection.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use bytes::Bytes;
use snug_shared::{CloseReason, Seq};
use tokio::sync::Notify;
use uuid::Uuid;

use super::tail::{Batch, SharedTail};
use crate::{
    dialect::Dialect,
    net::socket::Socket,
    sync::{Ranked, rank},
    websocket::Frame,
};

mod state;
mod write;

use state::State;

/// Bytes of private frames (answers, replays, pongs) that may wait for one socket. A replay waits for space; any other frame
/// that does not fit closes the connection as too slow.
const PRIVATE_BYTES: usize = 384 * 1024;

/// The most messages kept from their sender that have not passed yet. A sender with more reads nothing of the others' messages:
/// it is too slow.
const UNECHOED: usize = 4_096;

/// Sends of one connection without an answer yet; beyond it the server stops reading from it.
const UNDER_WAY: u32 = 64;

/// The result of [`Outbound::go_live`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The member follows the room.
    Live,
    /// The member follows the room, but presence frames of the meantime have left the tail: it needs the whole list of members.
    LiveWithoutPresence,
    /// Entries after the replay have left the tail: replay on.
    Behind,
}

/// The outgoing half of one connection: frames of its own first, then those of its room, each whole and in order.
#[derive(Debug)]
pub struct Outbound {
    /// This connection's number in this process.
    pub id: u64,
    /// Its dialect.
    pub dialect: Dialect,
    socket: Socket,
    /// The frames of the room, once the member has joined one.
    tail: OnceLock<SharedTail>,
    state: Ranked<State, rank::Outbound>,
    /// Wakes the connection's own task: the socket is blocked, or the end has come.
    wake: Notify,
    /// Wakes a replay when waiting frames were written, and the reading half when sends were answered.
    drained: Notify,
    /// Sends that are not answered yet.
    under_way: AtomicU32,
    /// When the connection last proved to work, in milliseconds of the server's monotonic clock.
    heard: AtomicU64,
    /// Whether the other side answers pings.
    answers: AtomicBool,
}

impl Outbound {
    /// Takes over a socket's outgoing half.
    pub fn new(id: u64, dialect: Dialect, socket: Socket, now_ms: u64) -> Self {
        Self {
            id,
            dialect,
            socket,
            tail: OnceLock::new(),
            state: Ranked::default(),
            wake: Notify::new(),
            drained: Notify::new(),
            under_way: AtomicU32::new(0),
            heard: AtomicU64::new(now_ms),
            // Native clients must; scripts of the other dialects may not know pings.
            answers: AtomicBool::new(dialect == Dialect::Native),
        }
    }

    /// Takes a place at the end of a room's tail, once. Nothing of it is written before [`go_live`](Self::go_live).
    pub fn attach(&self, tail: &SharedTail) {
        let mut state = self.state.lock();
        if self.tail.set(tail.clone()).is_ok() {
            state.position = tail.lock().end();
        }
    }

    /// Queues a frame of this connection's own, to be written together with the next.
    pub fn queue(&self, frame: impl Into<Bytes>) {
        self.state.lock().push(frame.into());
    }

    /// Queues frames of this connection's own and writes what the socket takes.
    pub fn send(&self, frames: impl IntoIterator<Item = impl Into<Bytes>>) {
        let mut state = self.state.lock();
        for frame in frames {
            state.push(frame.into());
        }
        let mut flushed = self.write(&mut state);
        // Only what the socket does not take is too much.
        if state.waiting() > PRIVATE_BYTES {
            state.close(CloseReason::TooSlow);
            flushed = self.write(&mut state);
        }
        self.settle(&mut state, flushed);
    }

    /// Notes that everything this member asked for up to an entry was sent.
    pub fn replayed(&self, upto: Seq) {
        self.state.lock().seen = upto;
    }

    /// Whether an entry is one that this member was sent already, or did not ask for. Any other comes in its place.
    pub fn is_past(&self, seq: Seq) -> bool {
        let state = self.state.lock();
        let told = match self.tail.get().filter(|_| state.live) {
            Some(tail) => tail.lock().last_before(state.position),
            None => 0,
        };
        seq <= told.max(state.seen)
    }

    /// Counts a send, to be answered by [`answer`](Self::answer).
    pub fn expect_answer(&self) {
        let _ = self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a send as answered, and sends its sender a frame if there is one.
    pub fn answer(&self, frame: Option<Frame>) {
        if frame.is_some() {
            self.send(frame);
        }
        if self.under_way.fetch_sub(1, Ordering::Relaxed) == UNDER_WAY {
            self.drained.notify_waiters();
        }
    }

    /// Waits until few enough sends are under way for more to be read.
    pub async fn is_answered(&self) {
        let few = || self.under_way.load(Ordering::Relaxed) < UNDER_WAY;
        if few() {
            return;
        }
        // A box: otherwise every connection would keep the memory for this.
        Box::pin(self.until(few)).await;
    }

    /// Keeps a message from its sender, which shows it already. False when it was kept from it before.
    pub fn keep_back(&self, id: Uuid) -> bool {
        let mut state = self.state.lock();
        let (is_news, count) = state.keep_back(id);
        if count > UNECHOED {
            state.close(CloseReason::TooSlow);
            self.wake.notify_one();
        }
        is_news
    }

    /// Forgets a message that will not pass after all.
    pub fn keep_back_no_more(&self, id: &Uuid) {
        let _ = self.state.lock().keep_back_no_more(id);
    }

    /// Whether a message is kept from its sender.
    pub fn keeps_back(&self, id: &Uuid) -> bool {
        self.state.lock().keeps_back(id)
    }

    /// Sends the last frames of the replay and follows the tail from there: entries up to `seen` are in the replay, later
    /// ones come from the tail. Returns [`Attached::Behind`] and does nothing when some of these have left it.
    pub fn go_live(&self, frames: &[Bytes], seen: Seq) -> Attached {
        let mut state = self.state.lock();
        let Some(tail) = self.tail.get() else { return Attached::Behind };
        let missed = {
            let tail = tail.lock();
            if !tail.covers(seen) {
                return Attached::Behind;
            }
            let missed = state.position < tail.start();
            state.position = state.position.max(tail.start());
            missed
        };
        for frame in frames {
            state.push(frame.clone());
        }
        state.seen = seen;
        state.live = true;
        let flushed = self.write(&mut state);
        self.settle(&mut state, flushed);
        if missed { Attached::LiveWithoutPresence } else { Attached::Live }
    }

    /// Writes the room's newest frames after those that wait. `batch` serves a member that keeps up; any other is served from the
    /// tail. Returns the oldest position still needed.
    pub fn follow(&self, batch: &Batch) -> Option<u64> {
        let mut state = self.state.lock();
        if state.has_ended() {
            return None;
        }
        if !state.live {
            return Some(state.position);
        }
        if state.blocked {
            // Its own task drains it. Here it is only closed when it has fallen out of the tail.
            if self.tail.get().is_some_and(|tail| state.position < tail.lock().start()) {
                state.close(CloseReason::TooSlow);
                self.wake.notify_one();
            }
            return Some(state.position);
        }
        let keeps_up = state.position == batch.from
            && state.is_even()
            && state.seen < batch.first_seq()
            && state.hears_all()
            && batch.is_for(self.id);
        // The batch ends where the tail does: a member that took all of it is done.
        let flushed = if keeps_up { self.write_batch(&mut state, batch) } else { self.write(&mut state) };
        self.settle(&mut state, flushed);
        Some(state.position)
    }

    /// Waits until at most `bytes` of this connection's own frames are left to write, or it ends.
    pub async fn has_room(&self, bytes: usize) {
        self.until(|| {
            let state = self.state.lock();
            state.waiting() <= bytes || state.has_ended()
        })
        .await;
    }

    /// Waits for a condition whose changes notify `drained`.
    async fn until(&self, done: impl Fn() -> bool) {
        loop {
            let drained = self.drained.notified();
            if done() {
                return;
            }
            drained.await;
        }
    }

    /// Closes the connection: the frame under way is finished, then the close frame goes out, then nothing more. The first reason
    /// stays.
    pub fn close(&self, reason: CloseReason) {
        self.state.lock().close(reason);
        self.wake.notify_one();
        self.drained.notify_waiters();
    }

    /// Sends nothing of its own any more: the other side has closed, and the answer to that is under way.
    pub fn hang_up(&self) {
        let _ = self.state.lock().closing.get_or_insert(CloseReason::Normal);
        self.wake.notify_one();
    }

    /// Gives the connection up without a close frame: the other side is gone.
    pub fn abandon(&self) {
        self.state.lock().gone = true;
        self.wake.notify_one();
        self.drained.notify_waiters();
    }

    /// Why the connection ends, once it does; none while it lives, and when it was abandoned.
    pub fn closing(&self) -> Option<CloseReason> {
        let state = self.state.lock();
        state.closing.filter(|_| !state.gone)
    }

    /// The socket both halves share.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Notes that something arrived. From a peer that answers pings only pongs count: anything else proves only that the way from
    /// the peer still works.
    pub fn hear(&self, now_ms: u64, is_pong: bool) {
        if is_pong {
            self.answers.store(true, Ordering::Relaxed);
        }
        if is_pong || !self.answers.load(Ordering::Relaxed) {
            self.heard.store(now_ms, Ordering::Relaxed);
        }
    }

    /// Takes the connection as heard of at a moment, because until now nothing could be heard.
    pub fn heard_at(&self, now_ms: u64) {
        self.heard.store(now_ms, Ordering::Relaxed);
    }

    /// When the connection last proved to work, in milliseconds of the server's monotonic clock.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
