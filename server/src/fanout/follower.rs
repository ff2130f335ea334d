//! A reader that follows a room without being a member.

use std::fmt;

use snug_shared::Seq;
use tokio::sync::Notify;

use super::tail::{Item, SharedTail};
use crate::sync::{Ranked, rank};

/// Items taken from the tail at once.
const TAKE: usize = 64;
/// Bytes of them, unless one alone is larger.
const TAKE_BYTES: usize = 64 * 1024;

/// A position in a room's tail, moved by its reader. Nothing waits for it. When the entry it needs next has left the tail it is
/// over, and `cut` is called, because the reader may not even look.
pub struct Follower {
    tail: SharedTail,
    state: Ranked<State, rank::Follower>,
    wake: Notify,
    cut: Box<dyn Fn() + Send + Sync>,
}

#[derive(Debug)]
struct State {
    position: u64,
    /// Entries up to here were read from the log; none while that goes on.
    seen: Option<Seq>,
    end: Option<FollowEnd>,
}

/// Why there is nothing more to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowEnd {
    /// The server is about to stop.
    Closed,
    /// The reader fell too far behind.
    TooSlow,
}

impl Follower {
    /// A position at the end of a tail.
    pub fn new(tail: SharedTail, cut: impl Fn() + Send + Sync + 'static) -> Self {
        let position = tail.lock().end();
        let state = Ranked::new(State { position, seen: None, end: None });
        Self { tail, state, wake: Notify::new(), cut: Box::new(cut) }
    }

    /// Follows from the entry `seen` on, up to which all was read from the log. False when entries after it have left the
    /// tail: the log has to be read on.
    pub fn go_live(&self, seen: Seq) -> bool {
        let mut state = self.state.lock();
        let tail = self.tail.lock();
        if !tail.covers(seen) {
            // The log has everything that was ever in the tail. From here on the tail keeps the entries that come meanwhile.
            state.position = tail.end();
            return false;
        }
        state.position = state.position.max(tail.start());
        state.seen = Some(seen);
        true
    }

    /// Notes that the tail has grown, or is about to end. Returns the oldest position still needed; older entries are in the log.
    pub fn advance(&self) -> Option<u64> {
        let mut state = self.state.lock();
        if state.end.is_some() {
            return None;
        }
        if state.seen.is_some() && state.position < self.tail.lock().start() {
            state.end = Some(FollowEnd::TooSlow);
            drop(state);
            (self.cut)();
            self.wake.notify_one();
            return None;
        }
        self.wake.notify_one();
        Some(state.position)
    }

    /// Ends it.
    pub fn close(&self, end: FollowEnd) {
        let _ = self.state.lock().end.get_or_insert(end);
        if end == FollowEnd::TooSlow {
            (self.cut)();
        }
        self.wake.notify_one();
    }

    /// Whether it is over, and why.
    pub fn end(&self) -> Option<FollowEnd> {
        self.state.lock().end
    }

    /// The next entries, at least one, as soon as there are any.
    ///
    /// # Errors
    /// Why there will be none.
    pub async fn next(&self) -> Result<Vec<Item>, FollowEnd> {
        loop {
            let items = self.take()?;
            if !items.is_empty() {
                return Ok(items);
            }
            self.wake.notified().await;
        }
    }

    fn take(&self) -> Result<Vec<Item>, FollowEnd> {
        let mut state = self.state.lock();
        if let Some(end) = state.end {
            return Err(end);
        }
        let Some(seen) = state.seen else { return Ok(Vec::new()) };
        let mut taken: Vec<Item> = Vec::new();
        let mut bytes = 0;
        loop {
            let Some(items) = self.tail.lock().items(state.position, TAKE) else {
                state.end = Some(FollowEnd::TooSlow);
                return Err(FollowEnd::TooSlow);
            };
            if items.is_empty() {
                return Ok(taken);
            }
            for item in items {
                if item.seq.is_some_and(|seq| seq > seen) {
                    bytes += item.frame.bytes().len();
                    if !taken.is_empty() && (bytes > TAKE_BYTES || taken.len() >= TAKE) {
                        return Ok(taken);
                    }
                    taken.push(item);
                }
                state.position += 1;
            }
        }
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;
    use crate::{fanout::TAIL_BYTES, websocket};

    /// An entry whose frame has this size.
    fn entry(seq: Seq, size: usize) -> Item {
        let payload = vec![0; size];
        let header = websocket::binary(&payload).bytes().len() - size;
        let frame = websocket::binary(&payload[header..]);
        Item { frame, message: None, seq: Some(seq), except: None }
    }

    fn seqs(items: Result<Vec<Item>, FollowEnd>) -> Vec<Seq> {
        items.unwrap().iter().filter_map(|item| item.seq).collect()
    }

    #[tokio::test]
    async fn entries_come_once_and_nothing_but_entries() {
        let tail = SharedTail::default();
        let follower = Follower::new(tail.clone(), || {});
        for seq in 1..=3 {
            tail.lock().push(entry(seq, 10));
            tail.lock().push(Item::passing(websocket::text("(typing)"), None));
        }
        assert_eq!(follower.advance(), Some(0), "what comes is kept while the log is read");
        assert!(follower.go_live(2));
        assert_eq!(seqs(follower.next().await), [3]);
        tail.lock().push(entry(4, 10));
        assert_eq!(follower.advance(), Some(6));
        assert_eq!(seqs(follower.next().await), [4]);
        follower.close(FollowEnd::Closed);
        assert_eq!(follower.next().await.err(), Some(FollowEnd::Closed));
    }

    #[tokio::test]
    async fn what_is_taken_at_once_is_bounded_and_nothing_is_left_out() {
        let tail = SharedTail::default();
        let follower = Follower::new(tail.clone(), || {});
        assert!(follower.go_live(0));
        for seq in 1..=200 {
            tail.lock().push(entry(seq, if seq > 100 { 5_000 } else { 10 }));
        }
        let mut all = Vec::new();
        while all.len() < 200 {
            let items = follower.next().await.unwrap();
            assert!(items.len() <= TAKE);
            assert!(items.iter().map(|item| item.frame.bytes().len()).sum::<usize>() <= TAKE_BYTES);
            all.extend(items.iter().filter_map(|item| item.seq));
        }
        assert_eq!(all, (1..=200).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_reader_that_does_not_read_is_cut_off() {
        let tail = SharedTail::default();
        let cut = Arc::new(AtomicBool::new(false));
        let follower = Follower::new(tail.clone(), {
            let cut = cut.clone();
            move || cut.store(true, Ordering::Relaxed)
        });
        assert!(follower.go_live(0));
        for seq in 1..=9 {
            tail.lock().push(entry(seq, TAIL_BYTES / 8));
            let _ = follower.advance();
        }
        assert!(cut.load(Ordering::Relaxed));
        assert_eq!(follower.next().await.err(), Some(FollowEnd::TooSlow));
        assert!(!Follower::new(tail, || {}).go_live(0), "the log has to be read on");
    }
}
