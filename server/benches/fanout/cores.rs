//! One core for the server, another for the load generator, and as many descriptors as there may be.

use std::io;

use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

/// Fifteen thousand members take a descriptor each at either end, which inherits the limit.
const DESCRIPTORS: u64 = 65_536;

/// Who runs where.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    server: usize,
    generator: usize,
}

impl Cores {
    /// Gives this thread the last core it may use, and servers the first. With one core they share it, and say so.
    ///
    /// # Errors
    /// The system's.
    pub fn divide() -> io::Result<Self> {
        let set = sched_getaffinity(None)?;
        let mut allowed = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core));
        let server = allowed.next().ok_or_else(|| io::Error::other("there is no core to run on"))?;
        let generator = allowed.next_back().unwrap_or(server);
        pin(generator)?;
        Ok(Self { server, generator })
    }

    /// Whether the server has its core to itself.
    pub fn are_two(self) -> bool {
        self.server != self.generator
    }

    /// Starts something on the servers' core: what it starts inherits the place.
    ///
    /// # Errors
    /// The system's, and those of `start`.
    pub fn for_server<T>(self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        pin(self.server)?;
        let started = start();
        pin(self.generator)?;
        started
    }
}

fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// Raises the limit of open descriptors as far as may be, and says what it is.
pub fn raise_descriptors() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.map_or(DESCRIPTORS, |maximum| maximum.max(DESCRIPTORS));
    // Only root may go beyond the hard limit.
    for limit in [most, maximum.unwrap_or(most)] {
        if setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: Some(limit) }).is_ok() {
            return limit;
        }
    }
    current.unwrap_or(most)
}
