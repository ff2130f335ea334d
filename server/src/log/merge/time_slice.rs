//! How long a piece of a search goes on before others have their turn.

use std::time::{Duration, Instant};

/// Messages looked at between two looks at the clock.
const GLANCE: usize = 64;
/// Bytes of text looked at between two looks at the clock.
const GLANCE_BYTES: usize = 256 * 1024;

/// How long a piece of work may go on.
pub(in crate::log) struct TimeSlice<'a> {
    until: Instant,
    is_abandoned: &'a dyn Fn() -> bool,
    looked_at: usize,
    bytes: usize,
    is_over: bool,
}

impl<'a> TimeSlice<'a> {
    pub(in crate::log) fn new(length: Duration, is_abandoned: &'a dyn Fn() -> bool) -> Self {
        Self { until: Instant::now() + length, is_abandoned, looked_at: 0, bytes: 0, is_over: false }
    }

    /// Takes note of a message that was looked at. Whether the next may be.
    pub(in crate::log) fn look_at(&mut self, bytes: usize) -> bool {
        self.looked_at += 1;
        self.bytes += bytes;
        if self.looked_at >= GLANCE || self.bytes >= GLANCE_BYTES {
            (self.looked_at, self.bytes) = (0, 0);
            self.check();
        }
        !self.is_over
    }

    /// Looks at the clock. Whether it may go on.
    pub(in crate::log) fn check(&mut self) -> bool {
        self.is_over = self.is_over || Instant::now() >= self.until || (self.is_abandoned)();
        !self.is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_of_time_ends_and_so_does_one_that_nobody_waits_for() {
        let mut none = TimeSlice::new(Duration::ZERO, &|| false);
        assert!(!none.check() && !none.look_at(1));
        let mut abandoned = TimeSlice::new(Duration::from_secs(3_600), &|| true);
        assert_eq!((0..).take_while(|_| abandoned.look_at(1)).count(), GLANCE - 1);
        let mut long = TimeSlice::new(Duration::from_secs(3_600), &|| true);
        assert!(!long.look_at(GLANCE_BYTES));
    }
}
