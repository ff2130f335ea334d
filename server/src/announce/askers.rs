//! Who may be answered by datagram, and how often. An answer is longer than its question and a sender can be forged, so that
//! others' answers must be too few to harm anybody.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// The shortest time between two answers to one address.
const PAUSE: Duration = Duration::from_secs(1);
/// Addresses that are answered within that time, at most: half a megabyte of answers a second in all.
const ADDRESSES: usize = 1_024;

/// The addresses that were answered lately.
#[derive(Debug, Default)]
pub(super) struct Askers {
    answered: HashMap<Ipv4Addr, Instant>,
}

impl Askers {
    /// Whether an address is answered now; if so, it counts as answered.
    pub fn admit(&mut self, now: Instant, from: Ipv4Addr) -> bool {
        if !is_near(from) || self.answered.get(&from).is_some_and(|at| now.duration_since(*at) < PAUSE) {
            return false;
        }
        if self.answered.len() >= ADDRESSES {
            self.answered.retain(|_, at| now.duration_since(*at) < PAUSE);
        }
        let has_room = self.answered.len() < ADDRESSES || self.answered.contains_key(&from);
        if has_room {
            let _ = self.answered.insert(from, now);
        }
        has_room
    }
}

/// Whether an address is one of networks like this one's: private, link-local or this machine's own. Nobody behind a router is
/// answered.
fn is_near(from: Ipv4Addr) -> bool {
    from.is_private() || from.is_link_local() || from.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_answered_once_a_second() {
        let (mut askers, now) = (Askers::default(), Instant::now());
        let (maya, jon) = (Ipv4Addr::new(192, 168, 1, 20), Ipv4Addr::new(192, 168, 1, 21));
        assert!(askers.admit(now, maya) && askers.admit(now, jon));
        assert!(!askers.admit(now + PAUSE / 2, maya));
        assert!(askers.admit(now + PAUSE, maya));
        assert!(!askers.admit(now + PAUSE + PAUSE / 2, maya), "counted from the last answer");
    }

    #[test]
    fn only_near_addresses_are_answered() {
        let (mut askers, now) = (Askers::default(), Instant::now());
        for near in ["10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.7.7", "127.0.0.1"] {
            assert!(askers.admit(now, near.parse().unwrap()), "{near}");
        }
        for far in ["8.8.8.8", "172.32.0.1", "0.0.0.0", "224.0.0.251", "255.255.255.255", "100.64.0.1"] {
            assert!(!askers.admit(now, far.parse().unwrap()), "{far}");
        }
    }

    #[test]
    fn no_more_addresses_are_answered_in_a_second_than_are_remembered() {
        let (mut askers, now) = (Askers::default(), Instant::now());
        let address = |number: usize| Ipv4Addr::from(0x0a00_0000 + u32::try_from(number).unwrap());
        let answered = (0..10 * ADDRESSES).filter(|number| askers.admit(now, address(*number))).count();
        assert_eq!((answered, askers.answered.len()), (ADDRESSES, ADDRESSES));
        assert!(askers.admit(now + PAUSE, address(10 * ADDRESSES)), "a second later there is room");
        assert_eq!(askers.answered.len(), 1);
    }
}
