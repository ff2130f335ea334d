//! Counts of durations, exact to 1.6 %, in 30 KB whatever is recorded.

use std::time::Duration;

/// Buckets an octave, as a power of two.
const FINE: u32 = 6;
const BUCKETS: usize = (65 - FINE as usize) << FINE;

/// How often which duration was seen.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&mut self, nanos: u64) {
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.fill(0);
        self.count = 0;
    }

    /// What this share of all, between 0 and 1, did not exceed. Zero when nothing was counted.
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = (self.count as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(lowest(at + 1) - 1);
            }
        }
        Duration::ZERO
    }
}

fn bucket(nanos: u64) -> usize {
    let coarse = (63 - nanos.max(1).leading_zeros()).saturating_sub(FINE);
    ((coarse as usize) << FINE) + (nanos >> coarse) as usize
}

/// The least duration of a bucket.
fn lowest(bucket: usize) -> u64 {
    let coarse = (bucket >> FINE).saturating_sub(1);
    let within = (bucket - (coarse << FINE)) as u64;
    within.checked_shl(coarse as u32).filter(|low| low >> coarse == within).unwrap_or(u64::MAX)
}
