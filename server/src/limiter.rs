//! Rate limits: token buckets, each stored as one instant (GCRA).
//!
//! A bucket belongs to an author or an address, not to a connection: reconnecting does not fill it. Time is passed in, so that
//! tests set the clock.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

use crate::sync::{Ranked, rank};

/// The most buckets that are not full. Beyond it the fullest half is forgotten, which only ever allows more.
const BUCKETS: usize = 65_536;

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// A second, after that.
    pub per_second: u32,
}

impl Rate {
    /// Takes one from a bucket that is full again at `full_at`. Answers when it is full then.
    ///
    /// # Errors
    /// How long to wait until there is one again.
    pub fn take(self, now: Instant, full_at: Instant) -> Result<Instant, Duration> {
        let each = Duration::from_secs(1) / self.per_second.max(1);
        let after = full_at.max(now) + each;
        match after.checked_duration_since(now + each * self.burst.max(1)) {
            Some(over) if !over.is_zero() => Err(over),
            _ => Ok(after),
        }
    }
}

/// One bucket for each key.
#[derive(Debug)]
pub struct Limiter<K> {
    rate: Rate,
    /// When each bucket is full again.
    full_at: Ranked<HashMap<K, Instant>, rank::Leaf>,
}

impl<K: Eq + Hash + Clone> Limiter<K> {
    /// A limiter whose buckets are all full.
    pub fn new(rate: Rate) -> Self {
        Self { rate, full_at: Ranked::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long to wait until there is one again. Nothing is taken.
    pub fn take(&self, now: Instant, key: &K) -> Result<(), Duration> {
        let mut buckets = self.full_at.lock();
        let after = self.rate.take(now, buckets.get(key).copied().unwrap_or(now))?;
        if buckets.len() >= BUCKETS && !buckets.contains_key(key) {
            forget_the_fullest(&mut buckets, now);
        }
        let _ = buckets.insert(key.clone(), after);
        Ok(())
    }

    /// Forgets buckets that are full anyway.
    pub fn sweep(&self, now: Instant) {
        let mut buckets = self.full_at.lock();
        buckets.retain(|_, full_at| *full_at > now);
    }
}

fn forget_the_fullest<K>(buckets: &mut HashMap<K, Instant>, now: Instant) {
    buckets.retain(|_, full_at| *full_at > now);
    if buckets.len() >= BUCKETS {
        let mut times: Vec<Instant> = buckets.values().copied().collect();
        let (_, median, _) = times.select_nth_unstable(BUCKETS / 2);
        let median = *median;
        buckets.retain(|_, full_at| *full_at > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 20, per_second: 5 };

    #[test]
    fn twenty_at_once_and_five_a_second_are_always_allowed() {
        let (limiter, start) = (Limiter::new(RATE), Instant::now());
        for _ in 0..20 {
            assert_eq!(limiter.take(start, &"maya"), Ok(()));
        }
        let wait = limiter.take(start, &"maya").unwrap_err();
        assert!(wait <= Duration::from_millis(200) && !wait.is_zero(), "{wait:?}");
        assert_eq!(limiter.take(start, &"jon"), Ok(()));
        for n in 1..100 {
            assert_eq!(limiter.take(start + Duration::from_millis(200) * n, &"maya"), Ok(()));
        }
    }

    #[test]
    fn waiting_as_long_as_told_is_enough() {
        let (limiter, mut now) = (Limiter::new(RATE), Instant::now());
        for _ in 0..200 {
            if let Err(wait) = limiter.take(now, &0) {
                now += wait;
                assert_eq!(limiter.take(now, &0), Ok(()));
            }
        }
    }

    #[test]
    fn full_buckets_are_forgotten_and_their_number_is_bounded() {
        let (limiter, now) = (Limiter::new(RATE), Instant::now());
        for key in 0..BUCKETS + 10 {
            assert_eq!(limiter.take(now, &key), Ok(()));
        }
        assert!(limiter.full_at.lock().len() <= BUCKETS);
        limiter.sweep(now + Duration::from_secs(10));
        assert!(limiter.full_at.lock().is_empty());
    }
}
