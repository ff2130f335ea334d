//! Noticing that the computer slept: then a connection is more likely dead than alive, and waiting for it to show costs the
//! person half a minute.

use std::time::{Duration, Instant, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Differences below this are a busy computer or a clock being set right.
const SLEPT: Duration = Duration::from_secs(3);

/// A tick each second; those missed in sleep are not made up for.
pub(crate) fn ticks() -> Interval {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Compares what the clocks say from tick to tick.
#[derive(Debug)]
pub(crate) struct SuspendDetector {
    wall: SystemTime,
    monotonic: Instant,
}

impl SuspendDetector {
    pub fn new() -> Self {
        Self { wall: SystemTime::now(), monotonic: Instant::now() }
    }

    /// Whether the computer, or this process, slept since it was asked a tick ago.
    pub fn was_suspended(&mut self) -> bool {
        self.was_suspended_until(SystemTime::now(), Instant::now())
    }

    fn was_suspended_until(&mut self, wall: SystemTime, monotonic: Instant) -> bool {
        // A wall clock set back is no sleep.
        let by_wall = wall.duration_since(self.wall).unwrap_or_default();
        let by_monotonic = monotonic.saturating_duration_since(self.monotonic);
        (self.wall, self.monotonic) = (wall, monotonic);
        // On most systems the monotonic clock stands still during sleep; where it does not, the tick itself came late.
        by_wall.saturating_sub(by_monotonic) > SLEPT || by_monotonic > TICK + SLEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_shows_as_a_jump_of_the_wall_clock_or_as_a_late_tick() {
        let (wall, monotonic) = (SystemTime::now(), Instant::now());
        let clock = || SuspendDetector { wall, monotonic };
        let minute = Duration::from_secs(60);
        assert!(!clock().was_suspended_until(wall + TICK, monotonic + TICK));
        assert!(clock().was_suspended_until(wall + minute, monotonic + TICK));
        assert!(clock().was_suspended_until(wall + minute, monotonic + minute));
        assert!(!clock().was_suspended_until(wall - minute, monotonic + TICK));
    }
}
