//! How many connections there may be, in all and from each address.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use snug_shared::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{exempt::ExemptAddresses, head};
use crate::{
    config::{Config, Network},
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
    /// The status, the code and the sentence to answer with.
    pub fn words(self) -> (u16, ErrorCode, &'static str) {
        match self {
            Self::Full => (503, ErrorCode::Unavailable, "The server is full. Try again in a moment."),
            Self::TooMany => (
                429,
                ErrorCode::RateLimited,
                "There are too many connections from your address. Close some of them.",
            ),
        }
    }

    pub(super) fn response(self) -> Vec<u8> {
        let (_, code, message) = self.words();
        let status = match self {
            Self::Full => "503 Service Unavailable",
            Self::TooMany => "429 Too Many Requests",
        };
        head::response(status, code, message)
    }
}

/// The connections there are, and their limits.
#[derive(Debug)]
pub(super) struct ConnectionLimits {
    max: u32,
    /// None where addresses are not limited.
    max_per_address: Option<PerAddress>,
    exempt: Arc<ExemptAddresses>,
    /// Each carries the connections of many.
    proxies: Vec<Network>,
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
    /// Only addresses that have a connection, so this is never larger than twice `open`.
    by_address: HashMap<IpAddr, PerAddress>,
}

/// One connection, counted for as long as this lives.
#[derive(Debug)]
pub(super) struct Slot {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
    /// False for a connection that its proxy's slot counts already.
    counts_in_all: bool,
}

/// One connection that has not sent a whole request yet, counted for as long as this lives.
#[derive(Debug)]
pub(super) struct Pending {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
}

impl ConnectionLimits {
    pub(super) fn new(config: &Config, exempt: Arc<ExemptAddresses>) -> Arc<Self> {
        let per_address = PerAddress {
            open: config.max_connections_per_address,
            pending: config.max_handshakes_per_address,
        };
        Arc::new(Self {
            max: config.max_connections,
            max_per_address: config.rate_limit.then_some(per_address),
            exempt,
            proxies: config.trusted_proxy.clone(),
            counts: Ranked::default(),
            answering: Arc::new(Semaphore::new(ANSWERED_AT_ONCE)),
        })
    }

    /// Counts a new connection, or says why there cannot be one.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<(Slot, Pending), Refusal> {
        let max = self.max_for(address);
        let mut counts = self.counts.lock();
        if counts.open >= self.max {
            return Err(Refusal::Full);
        }
        let here = counts.by_address.get(&address).copied().unwrap_or_default();
        if let Some(max) = max
            && (here.open >= max.open || here.pending >= max.pending)
        {
            return Err(Refusal::TooMany);
        }
        counts.open += 1;
        let here = counts.by_address.entry(address).or_default();
        here.open += 1;
        here.pending += 1;
        let slot = Slot { limits: self.clone(), address, counts_in_all: true };
        Ok((slot, Pending { limits: self.clone(), address }))
    }

    /// Counts the connection of a proxy's client against the client's address as well, or says why it cannot be one more.
    pub(super) fn admit_client(self: &Arc<Self>, address: IpAddr) -> Result<Slot, Refusal> {
        let max = self.max_for(address);
        let mut counts = self.counts.lock();
        let open = counts.by_address.get(&address).map_or(0, |here| here.open);
        if max.is_some_and(|max| open >= max.open) {
            return Err(Refusal::TooMany);
        }
        counts.by_address.entry(address).or_default().open += 1;
        Ok(Slot { limits: self.clone(), address, counts_in_all: false })
    }

    /// What an address may have; none when it is not limited.
    fn max_for(&self, address: IpAddr) -> Option<PerAddress> {
        let exempt =
            self.exempt.contains(address) || self.proxies.iter().any(|proxy| proxy.contains(address));
        self.max_per_address.filter(|_| !exempt)
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

impl Slot {
    /// The address it counts for.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Counts this connection against the address of a proxy's client as well.
    pub(super) fn for_client(&self, address: IpAddr) -> Result<Self, Refusal> {
        self.limits.admit_client(address)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.limits.counts.lock();
        counts.open -= u32::from(self.counts_in_all);
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
        ConnectionLimits::new(&config, Arc::new(ExemptAddresses::new(&config)))
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
    fn a_proxy_has_room_for_many_clients_and_each_of_them_its_share() {
        let proxy = Config {
            trusted_proxy: vec!["192.168.1.0/31".parse().unwrap()],
            max_connections_per_address: 1,
            ..Config::default()
        };
        let limits = limits(proxy);
        let (one, _) = limits.admit(address(1)).unwrap();
        let (two, _) = limits.admit(address(1)).unwrap();
        let client = one.for_client(address(7)).unwrap();
        assert_eq!(two.for_client(address(7)).err(), Some(Refusal::TooMany));
        assert!(two.for_client(address(8)).is_ok());
        assert_eq!(limits.counts.lock().open, 2, "a connection is one, whomever it is for");
        drop((one, client));
        assert!(two.for_client(address(7)).is_ok());
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
