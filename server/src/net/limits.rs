//! How many connections there may be, in all and from each address.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use snug_shared::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::head;
use crate::{
    config::Config,
    sync::{Ranked, rank},
};

/// The most refused connections that are told the reason at any time.
const ANSWERED_AT_ONCE: usize = 64;

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The server has as many connections as it takes.
    Full,
    /// This address has as many connections as it may.
    TooMany,
}

impl Refusal {
    pub(super) fn response(self) -> Vec<u8> {
        match self {
            Self::Full => head::response(
                "503 Service Unavailable",
                ErrorCode::Unavailable,
                "The server is full. Try again in a moment.",
            ),
            Self::TooMany => head::response(
                "429 Too Many Requests",
                ErrorCode::RateLimited,
                "There are too many connections from your address. Close some of them.",
            ),
        }
    }
}

/// The connections there are, and their limits.
#[derive(Debug)]
pub(super) struct ConnectionLimits {
    max: u32,
    /// None where addresses are not limited.
    max_per_address: Option<PerAddress>,
    exempt_loopback: bool,
    counts: Ranked<Counts, rank::Leaf>,
    answering: Arc<Semaphore>,
}

/// Connections of one address: how many it has, or how many it may have.
#[derive(Debug, Default, Clone, Copy)]
struct PerAddress {
    open: u32,
    /// Those that have not sent a whole request yet.
    pending: u32,
}

#[derive(Debug, Default)]
struct Counts {
    open: u32,
    /// Only addresses that have a connection, so this is never larger than `open`.
    by_address: HashMap<IpAddr, PerAddress>,
}

/// One connection, counted for as long as this lives.
#[derive(Debug)]
pub(super) struct Slot {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
}

/// One connection that has not sent a whole request yet, counted for as long as this lives.
#[derive(Debug)]
pub(super) struct Pending {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
}

impl ConnectionLimits {
    pub(super) fn new(config: &Config) -> Arc<Self> {
        let per_address = PerAddress {
            open: config.max_connections_per_address,
            pending: config.max_handshakes_per_address,
        };
        Arc::new(Self {
            max: config.max_connections,
            max_per_address: config.rate_limit.then_some(per_address),
            exempt_loopback: config.exempt_loopback,
            counts: Ranked::default(),
            answering: Arc::new(Semaphore::new(ANSWERED_AT_ONCE)),
        })
    }

    /// Counts a new connection, or says why there cannot be one.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<(Slot, Pending), Refusal> {
        let mut counts = self.counts.lock();
        if counts.open >= self.max {
            return Err(Refusal::Full);
        }
        let here = counts.by_address.get(&address).copied().unwrap_or_default();
        let exempt = self.exempt_loopback && address.is_loopback();
        if let Some(max) = self.max_per_address.filter(|_| !exempt)
            && (here.open >= max.open || here.pending >= max.pending)
        {
            return Err(Refusal::TooMany);
        }
        counts.open += 1;
        let here = counts.by_address.entry(address).or_default();
        here.open += 1;
        here.pending += 1;
        Ok((Slot { limits: self.clone(), address }, Pending { limits: self.clone(), address }))
    }

    /// Leave to answer a refused connection, while not too many are being answered.
    pub(super) fn answer(&self) -> Option<OwnedSemaphorePermit> {
        self.answering.clone().try_acquire_owned().ok()
    }
}

impl Counts {
    /// Changes an address's counts, and forgets the address once it has no connection.
    fn release(&mut self, address: IpAddr, change: impl FnOnce(&mut PerAddress)) {
        if let Some(here) = self.by_address.get_mut(&address) {
            change(here);
            if here.open == 0 && here.pending == 0 {
                let _ = self.by_address.remove(&address);
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.limits.counts.lock();
        counts.open -= 1;
        counts.release(self.address, |here| here.open -= 1);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.limits.counts.lock().release(self.address, |here| here.pending -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(config: Config) -> Arc<ConnectionLimits> {
        ConnectionLimits::new(&config)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 168, 1, last])
    }

    #[test]
    fn a_full_server_refuses_and_takes_again_when_one_leaves() {
        let limits = limits(Config { max_connections: 2, ..Config::default() });
        let first = limits.admit(address(1)).unwrap();
        let _second = limits.admit(address(2)).unwrap();
        assert_eq!(limits.admit(address(3)).err(), Some(Refusal::Full));
        drop(first);
        assert!(limits.admit(address(3)).is_ok());
    }

    #[test]
    fn one_address_cannot_take_the_others_places() {
        let limits = limits(Config { max_connections_per_address: 1, ..Config::default() });
        let _one = limits.admit(address(1)).unwrap();
        assert_eq!(limits.admit(address(1)).err(), Some(Refusal::TooMany));
        assert!(limits.admit(address(2)).is_ok());
    }

    #[test]
    fn handshakes_count_until_they_are_done() {
        let limits = limits(Config { max_handshakes_per_address: 1, ..Config::default() });
        let (_slot, pending) = limits.admit(address(1)).unwrap();
        assert_eq!(limits.admit(address(1)).err(), Some(Refusal::TooMany));
        drop(pending);
        assert!(limits.admit(address(1)).is_ok());
    }

    #[test]
    fn this_machine_and_servers_without_rate_limit_have_no_limit_per_address() {
        let one = Config { max_connections_per_address: 1, ..Config::default() };
        let limits_of_one = limits(one.clone());
        let here = IpAddr::from([127, 0, 0, 1]);
        let _kept = (limits_of_one.admit(here).unwrap(), limits_of_one.admit(here).unwrap());
        let free = limits(Config { rate_limit: false, ..one });
        let _kept = (free.admit(address(1)).unwrap(), free.admit(address(1)).unwrap());
    }

    #[test]
    fn nothing_is_remembered_of_an_address_without_connections() {
        let limits = limits(Config::default());
        let (slot, pending) = limits.admit(address(1)).unwrap();
        drop(slot);
        drop(pending);
        let counts = limits.counts.lock();
        assert_eq!((counts.open, counts.by_address.len()), (0, 0));
    }
}
