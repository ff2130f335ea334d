//! Write coalescing: when a room's flusher waits for more events before it writes.
//!
//! Writing one frame to a thousand sockets takes the processor some milliseconds, and writing four frames takes hardly longer.
//! So a large room that has just been flushed waits for the rest of a short window, and then writes everything in one batch.
//! The first frame after a quiet time never waits.

use std::time::{Duration, Instant};

/// Members from which on writes are coalesced. To fewer members, a frame is written in less time than the window takes.
pub const LARGE: usize = 256;
/// How long after a flush the next one is delayed. With the writing itself, which takes some milliseconds too, a frame of a
/// busy room is 10 ms late in the median.
pub const WINDOW: Duration = Duration::from_millis(8);
/// Events that end the window early: beyond this many in one write, more hardly make it cheaper.
pub const BATCH: usize = 32;
/// The most windows in a row that are skipped after windows that gathered nothing. It keeps the share of frames that are
/// delayed in vain below one in a thousand.
const MAX_SKIPPED: u32 = 1_024;

/// When a room was flushed last, and whether waiting pays.
///
/// Waiting does not pay where each sender waits for the answer before it sends more: then every window delays the sender and
/// gathers nothing. After each such window, twice as many flushes go without one.
#[derive(Debug, Default)]
pub struct Coalescer {
    flushed_at: Option<Instant>,
    /// Windows still to skip.
    skips_left: u32,
    /// Windows that were to be skipped after the last one that gathered nothing.
    skips: u32,
}

impl Coalescer {
    /// The end of the window, when a room of so many members should wait before its next flush; none to flush now.
    pub fn window(&mut self, members: usize, now: Instant) -> Option<Instant> {
        let until = self.flushed_at? + WINDOW;
        if members < LARGE || until <= now {
            return None;
        }
        match self.skips_left.checked_sub(1) {
            Some(fewer) => self.skips_left = fewer,
            None => return Some(until),
        }
        None
    }

    /// Notes how many events a window has gathered.
    pub fn gathered(&mut self, events: usize) {
        self.skips = if events > 1 { 0 } else { (self.skips * 2).clamp(1, MAX_SKIPPED) };
        self.skips_left = self.skips;
    }

    /// Notes that the room was flushed.
    pub fn flushed(&mut self, now: Instant) {
        self.flushed_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn only_a_large_room_waits_and_only_after_a_flush() {
        let now = Instant::now();
        let mut coalescer = Coalescer::default();
        assert_eq!(coalescer.window(LARGE, now), None);
        coalescer.flushed(now);
        assert_eq!(coalescer.window(LARGE - 1, now + MS), None);
        assert_eq!(coalescer.window(LARGE, now + MS), Some(now + WINDOW));
        assert_eq!(coalescer.window(LARGE, now + WINDOW), None, "the first frame after a quiet time");
    }

    #[test]
    fn windows_that_gather_nothing_become_rarer_until_one_pays() {
        let now = Instant::now();
        let mut coalescer = Coalescer::default();
        coalescer.flushed(now);
        let mut between = Vec::new();
        for _ in 0..12 {
            let skipped = (0..).take_while(|_| coalescer.window(LARGE, now).is_none()).count();
            between.push(skipped);
            coalescer.gathered(1);
        }
        assert_eq!(between, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]);
        assert_eq!(
            (0..).take_while(|_| coalescer.window(LARGE, now).is_none()).count(),
            1_024,
            "and no less than that"
        );
        coalescer.gathered(2);
        assert_eq!(coalescer.window(LARGE, now), Some(now + WINDOW));
    }
}
