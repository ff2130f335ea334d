//! How fast a large room speaks.
//!
//! To write one frame to a thousand sockets takes some milliseconds of the processor, and to write four of them takes hardly
//! longer. So a large room that has just spoken rests for a moment before it speaks again, and says all that came in meanwhile
//! in one write to each member. The first frame after a quiet spell never waits.

use std::time::{Duration, Instant};

/// Members from which on a room rests: to fewer, a frame is written in less time than resting takes.
pub const LARGE: usize = 256;
/// How long a large room is silent after it has spoken. With the writing itself, which takes some milliseconds too, a frame of
/// a busy room comes 10 ms late in the middle.
pub const REST: Duration = Duration::from_millis(8);
/// Events that end the rest: with so many in one write, more hardly make it cheaper.
pub const FULL: usize = 32;
/// How often in a row a room whose rests were in vain speaks at once, at most: less than one frame in a thousand is late for
/// nothing.
const IMPATIENCE: u32 = 1_024;

/// When a room spoke last, and whether its rests are worth it.
///
/// They are in vain where whoever speaks waits for the answer before saying more: then every rest makes them wait, and nothing
/// is joined. After each such rest the room goes without twice as often.
#[derive(Debug, Default)]
pub struct Pace {
    spoke: Option<Instant>,
    /// Times to speak at once before the next rest, and how many there were to be.
    at_once: (u32, u32),
}

impl Pace {
    /// Until when a room of so many members should rest now that it has something to say; none to speak at once.
    pub fn rest(&mut self, members: usize, now: Instant) -> Option<Instant> {
        let until = self.spoke? + REST;
        if members < LARGE || until <= now {
            return None;
        }
        let (left, _) = &mut self.at_once;
        match left.checked_sub(1) {
            Some(fewer) => *left = fewer,
            None => return Some(until),
        }
        None
    }

    /// Notes how many events a rest has gathered.
    pub fn rested(&mut self, events: usize) {
        let (left, before) = &mut self.at_once;
        *before = if events > 1 { 0 } else { (*before * 2).clamp(1, IMPATIENCE) };
        *left = *before;
    }

    /// Notes that the room has spoken.
    pub fn spoke(&mut self, now: Instant) {
        self.spoke = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn only_a_large_room_rests_and_only_after_it_spoke() {
        let now = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.rest(LARGE, now), None);
        pace.spoke(now);
        assert_eq!(pace.rest(LARGE - 1, now + MS), None);
        assert_eq!(pace.rest(LARGE, now + MS), Some(now + REST));
        assert_eq!(pace.rest(LARGE, now + REST), None, "the first frame after a quiet spell");
    }

    #[test]
    fn a_room_whose_rests_are_in_vain_rests_ever_less_until_one_pays() {
        let now = Instant::now();
        let mut pace = Pace::default();
        pace.spoke(now);
        let mut between = Vec::new();
        for _ in 0..12 {
            let at_once = (0..).take_while(|_| pace.rest(LARGE, now).is_none()).count();
            between.push(at_once);
            pace.rested(1);
        }
        assert_eq!(between, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]);
        assert_eq!(
            (0..).take_while(|_| pace.rest(LARGE, now).is_none()).count(),
            1_024,
            "and no less than that"
        );
        pace.rested(2);
        assert_eq!(pace.rest(LARGE, now), Some(now + REST));
    }
}
