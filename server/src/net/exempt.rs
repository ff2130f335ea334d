//! Which addresses the limits of an address leave out.

use std::{
    io,
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{
    config::Config,
    sync::{Ranked, rank},
};

/// How long a list of this machine's addresses is taken for true. One may come later (Wi-Fi, a VPN), or go to another machine.
const FRESH: Duration = Duration::from_secs(10);
/// Addresses kept, at most. Any further one counts like another machine's.
const KEPT: usize = 4_096;

/// This machine's own addresses: whoever is on this machine has other ways to slow it down. One list for all limits of a server.
/// It is read from the system while it is used, at most once in [`FRESH`]. By default no address is exempt.
#[derive(Debug, Default)]
pub struct ExemptAddresses {
    /// None where no address is exempt.
    own: Option<Ranked<Own, rank::Leaf>>,
}

#[derive(Debug)]
struct Own {
    addresses: Vec<IpAddr>,
    read_at: Instant,
}

impl ExemptAddresses {
    /// The addresses that are exempt by these settings.
    pub fn new(config: &Config) -> Self {
        let own = || Own { addresses: interfaces().unwrap_or_default(), read_at: Instant::now() };
        Self { own: config.exempt_loopback.then(|| Ranked::new(own())) }
    }

    /// Whether this address is one of them. The caller holds no lock under which none may be taken.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.contains_at(Instant::now(), address, interfaces)
    }

    fn contains_at(
        &self,
        now: Instant,
        address: IpAddr,
        read: impl FnOnce() -> io::Result<Vec<IpAddr>>,
    ) -> bool {
        let Some(own) = &self.own else { return false };
        if address.is_loopback() {
            return true;
        }
        let is_due = {
            let mut own = own.lock();
            let is_due = now.saturating_duration_since(own.read_at) >= FRESH;
            if is_due {
                // One reads. Others go by the list of before meanwhile.
                own.read_at = now;
            }
            is_due
        };
        // Where the system has no descriptor left for it, the list of before holds.
        if is_due && let Ok(addresses) = read() {
            own.lock().addresses = addresses;
        }
        own.lock().addresses.contains(&address)
    }
}

/// The addresses of this machine's interfaces, as the system has them now.
fn interfaces() -> io::Result<Vec<IpAddr>> {
    let interfaces = if_addrs::get_if_addrs()?;
    Ok(interfaces.iter().take(KEPT).map(|interface| interface.ip().to_canonical()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    #[test]
    fn this_machines_addresses_are_exempt_unless_a_test_says_otherwise() {
        let exempt = ExemptAddresses::new(&Config::default());
        let interfaces = if_addrs::get_if_addrs().unwrap();
        assert!(interfaces.iter().all(|interface| exempt.contains(interface.ip().to_canonical())));
        assert!(exempt.contains(IpAddr::from([127, 0, 0, 7])));
        assert!(!exempt.contains(address(9)));
        let none = ExemptAddresses::new(&Config { exempt_loopback: false, ..Config::default() });
        assert!(!none.contains(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn an_address_that_comes_later_is_exempt_soon_and_one_that_went_to_another_machine_is_not() {
        let exempt = ExemptAddresses::new(&Config::default());
        let start = Instant::now();
        let at = |seconds: u32, asked: u8, there: &[u8]| {
            let there = there.iter().copied().map(address).collect();
            exempt.contains_at(start + FRESH + Duration::from_secs(1) * seconds, address(asked), || Ok(there))
        };
        assert!(!at(0, 7, &[]));
        assert!(at(10, 7, &[7, 8]), "it has come");
        assert!(at(10, 8, &[]), "the same list");
        assert!(!at(20, 7, &[8]), "it has gone");
        assert!(at(20, 8, &[8]));
    }

    #[test]
    fn the_system_is_asked_at_most_once_in_a_while_and_what_it_cannot_tell_stays() {
        let exempt = ExemptAddresses::new(&Config::default());
        let start = Instant::now() + FRESH;
        let mut reads = 0;
        let mut ask = |now: Instant, asked: IpAddr, found: io::Result<Vec<IpAddr>>| {
            exempt.contains_at(now, asked, || {
                reads += 1;
                found
            })
        };
        for millis in 0..9_999 {
            assert!(ask(start + Duration::from_millis(millis), address(7), Ok(vec![address(7)])));
        }
        assert!(
            ask(start + FRESH, address(7), Err(io::ErrorKind::ResourceBusy.into())),
            "it is not known better"
        );
        assert!(ask(start + 2 * FRESH, IpAddr::from([127, 0, 0, 1]), Ok(Vec::new())), "needs no list");
        assert_eq!(reads, 2);
    }
}
