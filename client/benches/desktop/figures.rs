//! Processor time of this thread, and what it came to.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What this thread has taken of the processor so far. Waiting, other threads and other programs are not in it.
pub fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let nanoseconds = u32::try_from(spent.tv_nsec).unwrap_or_default();
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or_default(), nanoseconds)
}

/// How long something takes on the processor.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = cpu();
    let result = work();
    (result, cpu().saturating_sub(before))
}

/// Does something many times, and says what it took. `work` times itself, so that it can get ready first.
pub fn repeat(what: &str, times: usize, mut work: impl FnMut(usize) -> Duration) {
    let taken: Vec<Duration> = (0..times).map(&mut work).collect();
    tell(what, taken);
}

/// A line for durations.
pub fn tell(what: &str, mut taken: Vec<Duration>) {
    taken.sort_unstable();
    let milliseconds = |duration: Option<&Duration>| duration.map_or(0.0, |taken| taken.as_secs_f64() * 1e3);
    let (middle, worst) = (milliseconds(taken.get(taken.len() / 2)), milliseconds(taken.last()));
    println!("{what}\t{middle:.4}\t{worst:.4}\tms");
}

/// A line for something that is counted.
pub fn tell_count(what: &str, count: usize) {
    println!("{what}\t{count}\t{count}\t");
}
