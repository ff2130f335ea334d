//! How fast sends may go out: what the server allows, and a little less.

use std::time::{Duration, Instant};

use snug_shared::Limits;

/// A token bucket that follows the server's.
#[derive(Debug)]
pub(super) struct RateLimit {
    tokens: f64,
    counted: Option<Instant>,
    not_before: Option<Instant>,
}

impl RateLimit {
    pub const fn new() -> Self {
        Self { tokens: 0.0, counted: None, not_before: None }
    }

    /// Whether a send may go now; else when to ask again.
    pub fn ready(&mut self, now: Instant, limits: &Limits) -> Result<(), Instant> {
        if let Some(not_before) = self.not_before.filter(|not_before| *not_before > now) {
            return Err(not_before);
        }
        self.not_before = None;
        // One less than the server's: its clock counts arrivals, and those come bunched.
        let burst = f64::from(limits.rate_burst.saturating_sub(1).max(1));
        let per_s = f64::from(limits.rate_per_s.max(1));
        self.tokens = match self.counted {
            None => burst,
            Some(counted) => {
                let passed = now.saturating_duration_since(counted).as_secs_f64();
                (self.tokens + passed * per_s).min(burst)
            }
        };
        self.counted = Some(now);
        if self.tokens >= 1.0 {
            return Ok(());
        }
        Err(now + Duration::from_secs_f64((1.0 - self.tokens) / per_s).max(Duration::from_millis(1)))
    }

    pub fn sent(&mut self) {
        self.tokens -= 1.0;
    }

    /// Nothing goes out for a while.
    pub fn pause(&mut self, until: Instant) {
        self.not_before = Some(until);
    }
}
