//! Each connection takes a file descriptor, and many systems give a program 1,024 unless it asks for more.

/// Descriptors for everything that is not a connection: the log, its readers, the runtime.
#[cfg(unix)]
const OTHERS: u64 = 256;

/// The most that macOS allows, whatever limit it reports.
#[cfg(unix)]
const MACOS_MAX: u64 = 10_240;

/// Asks the system for enough descriptors for this many connections, up to what it allows. Says how many connections fit,
/// where that is known and fewer.
#[cfg(unix)]
pub fn raise(connections: u32) -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = u64::from(connections) + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return None;
    }
    let allowed = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    for limit in [allowed, allowed.min(MACOS_MAX)] {
        if setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum }).is_ok() {
            return (limit < wanted).then(|| limit.saturating_sub(OTHERS));
        }
    }
    current.map(|current| current.saturating_sub(OTHERS))
}

/// Only Unix has such a limit.
#[cfg(not(unix))]
pub fn raise(_: u32) -> Option<u64> {
    None
}
