//! Which addresses the limits of an address leave out.

use std::net::IpAddr;

use crate::config::Config;

/// This machine's own addresses, as they were when the server started: whoever is on this machine has other ways to slow it down.
#[derive(Debug, Clone, Default)]
pub struct ExemptAddresses {
    loopback: bool,
    own: Vec<IpAddr>,
}

impl ExemptAddresses {
    /// The addresses that are exempt by these settings.
    pub fn new(config: &Config) -> Self {
        if !config.exempt_loopback {
            return Self::default();
        }
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let own = interfaces.iter().map(|interface| interface.ip().to_canonical()).collect();
        Self { loopback: true, own }
    }

    /// Whether this address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.loopback && address.is_loopback() || self.own.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machines_addresses_are_exempt_unless_a_test_says_otherwise() {
        let exempt = ExemptAddresses::new(&Config::default());
        let interfaces = if_addrs::get_if_addrs().unwrap();
        assert!(interfaces.iter().all(|interface| exempt.contains(interface.ip().to_canonical())));
        assert!(exempt.contains(IpAddr::from([127, 0, 0, 7])));
        assert!(!exempt.contains(IpAddr::from([203, 0, 113, 9])));
        let none = ExemptAddresses::new(&Config { exempt_loopback: false, ..Config::default() });
        assert!(!none.contains(IpAddr::from([127, 0, 0, 1])));
    }
}
