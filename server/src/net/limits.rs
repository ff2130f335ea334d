//! How many connections there are, in all and from each address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use snug_shared::ErrorCode;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::head;
use crate::config::Config;

/// How many of those refused are told so at any time.
const TOLD_AT_ONCE: usize = 64;

/// How long nothing of an answer without an end may be taken.
const STALLED: Duration = Duration::from_secs(60);

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The server has as many as it takes.
    Full,
    /// This address has as many as it may.
    TooMany,
}

impl Refusal {
    pub(super) fn response(self) -> Vec<u8> {
        match self {
            Self::Full => head::response(
                "503 Service Unavailable",
                ErrorCode::Unavailable,
                "This server has as many connections as it can take. Please try again in a moment.",
            ),
            Self::TooMany => head::response(
                "429 Too Many Requests",
                ErrorCode::RateLimited,
                "There are too many connections from your address. Please close some of them.",
            ),
        }
    }
}

/// The counts, and what they may not exceed.
#[derive(Debug)]
pub(super) struct Doors {
    max: u32,
    /// Connections and handshakes an address may have; none where nothing is held against one.
    max_per_address: Option<(u32, u32)>,
    exempt_loopback: bool,
    counts: Mutex<Counts>,
    telling: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Counts {
    open: u32,
    /// Only addresses that have a connection, so this is never larger than `open`.
    by_address: HashMap<IpAddr, Here>,
}

#[derive(Debug, Default)]
struct Here {
    open: u32,
    pending: u32,
}

/// One connection, counted as long as this lives.
#[derive(Debug)]
pub struct Permit {
    doors: Arc<Doors>,
    address: IpAddr,
    handed_over: AtomicBool,
    /// When the answer that has no end last went on; none when there is no such answer.
    streamed_at: Mutex<Option<Instant>>,
    cut: AtomicBool,
    changed: Notify,
}

/// An answer without an end, as long as this lives.
#[derive(Debug)]
pub struct Streaming {
    permit: Arc<Permit>,
}

/// One connection that has not sent a whole request yet, counted as long as this lives.
#[derive(Debug)]
pub(super) struct Pending {
    doors: Arc<Doors>,
    address: IpAddr,
}

impl Doors {
    pub(super) fn new(config: &Config) -> Arc<Self> {
        let per_address = (config.max_connections_per_address, config.max_handshakes_per_address);
        Arc::new(Self {
            max: config.max_connections,
            max_per_address: config.rate_limit.then_some(per_address),
            exempt_loopback: config.exempt_loopback,
            counts: Mutex::default(),
            telling: Arc::new(Semaphore::new(TOLD_AT_ONCE)),
        })
    }

    /// Counts a new connection, or says why there cannot be one.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<(Permit, Pending), Refusal> {
        let mut counts = self.counts();
        if counts.open >= self.max {
            return Err(Refusal::Full);
        }
        let here = counts.by_address.get(&address).map_or((0, 0), |here| (here.open, here.pending));
        let exempt = self.exempt_loopback && address.is_loopback();
        if let Some((open, pending)) = self.max_per_address.filter(|_| !exempt)
            && (here.0 >= open || here.1 >= pending)
        {
            return Err(Refusal::TooMany);
        }
        counts.open += 1;
        let here = counts.by_address.entry(address).or_default();
        here.open += 1;
        here.pending += 1;
        Ok((self.permit(address), Pending { doors: self.clone(), address }))
    }

    /// The first connection there is.
    pub(super) fn alone(self: &Arc<Self>, address: IpAddr) -> Permit {
        let mut counts = self.counts();
        counts.open += 1;
        counts.by_address.entry(address).or_default().open += 1;
        self.permit(address)
    }

    fn permit(self: &Arc<Self>, address: IpAddr) -> Permit {
        Permit {
            doors: self.clone(),
            address,
            handed_over: AtomicBool::new(false),
            streamed_at: Mutex::default(),
            cut: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// Leave to tell somebody that they are refused, while not too many are being told.
    pub(super) fn tell(&self) -> Option<OwnedSemaphorePermit> {
        self.telling.clone().try_acquire_owned().ok()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Every change below is whole before the lock is let go.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Says that the connection is no longer HTTP and belongs to whoever holds this now.
    pub fn hand_over(&self) {
        self.handed_over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Relaxed)
    }

    /// Says that an answer begins which has no end, and may take longer than others.
    pub fn stream(self: &Arc<Self>) -> Streaming {
        self.set_streamed_at(Some(Instant::now()));
        Streaming { permit: self.clone() }
    }

    /// Breaks the connection off: whoever is there does not read.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Waits until there is no answer without an end.
    pub(super) async fn streams_nothing(&self) {
        loop {
            let changed = self.changed.notified();
            if self.streamed_at().is_none() {
                return;
            }
            changed.await;
        }
    }

    /// Waits until the connection is to be broken off.
    pub(super) async fn is_cut(&self) {
        loop {
            let changed = self.changed.notified();
            if self.cut.load(Ordering::Relaxed) {
                return;
            }
            let streamed_at = *self.streamed_at();
            match streamed_at {
                None => changed.await,
                // It goes on at every heartbeat, unless nothing of it is taken.
                Some(at) if at.elapsed() >= STALLED => return,
                Some(at) => {
                    let _ = timeout(STALLED.saturating_sub(at.elapsed()), changed).await;
                }
            }
        }
    }

    fn streamed_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.streamed_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_streamed_at(&self, at: Option<Instant>) {
        *self.streamed_at() = at;
        self.changed.notify_waiters();
    }
}

impl Streaming {
    /// Notes that the other side takes what it is sent.
    pub fn goes_on(&self) {
        *self.permit.streamed_at() = Some(Instant::now());
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.permit.set_streamed_at(None);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.doors.counts();
        counts.open -= 1;
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            here.open -= 1;
            if here.open == 0 && here.pending == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let mut counts = self.doors.counts();
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            here.pending -= 1;
            if here.open == 0 && here.pending == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(config: Config) -> Arc<Doors> {
        Doors::new(&config)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 168, 1, last])
    }

    #[test]
    fn a_full_server_refuses_and_takes_again_when_one_leaves() {
        let doors = doors(Config { max_connections: 2, ..Config::default() });
        let first = doors.admit(address(1)).unwrap();
        let _second = doors.admit(address(2)).unwrap();
        assert_eq!(doors.admit(address(3)).err(), Some(Refusal::Full));
        drop(first);
        assert!(doors.admit(address(3)).is_ok());
    }

    #[test]
    fn one_address_cannot_take_the_others_places() {
        let doors = doors(Config { max_connections_per_address: 1, ..Config::default() });
        let _one = doors.admit(address(1)).unwrap();
        assert_eq!(doors.admit(address(1)).err(), Some(Refusal::TooMany));
        assert!(doors.admit(address(2)).is_ok());
    }

    #[test]
    fn handshakes_count_until_they_are_done() {
        let doors = doors(Config { max_handshakes_per_address: 1, ..Config::default() });
        let (_permit, pending) = doors.admit(address(1)).unwrap();
        assert_eq!(doors.admit(address(1)).err(), Some(Refusal::TooMany));
        drop(pending);
        assert!(doors.admit(address(1)).is_ok());
    }

    #[test]
    fn this_machine_and_servers_without_rate_limit_know_no_limit_per_address() {
        let one = Config { max_connections_per_address: 1, ..Config::default() };
        let doors_of_one = doors(one.clone());
        let here = IpAddr::from([127, 0, 0, 1]);
        let _kept = (doors_of_one.admit(here).unwrap(), doors_of_one.admit(here).unwrap());
        let free = doors(Config { rate_limit: false, ..one });
        let _kept = (free.admit(address(1)).unwrap(), free.admit(address(1)).unwrap());
    }

    #[test]
    fn nothing_is_remembered_of_who_has_gone() {
        let doors = doors(Config::default());
        let (permit, pending) = doors.admit(address(1)).unwrap();
        drop(permit);
        drop(pending);
        let counts = doors.counts();
        assert_eq!((counts.open, counts.by_address.len()), (0, 0));
    }
}
