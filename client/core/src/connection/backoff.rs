//! How long to wait before the next try, so that neither a server nor a laptop's battery suffers from hope.

use std::{ops::RangeInclusive, time::Duration};

use snug_shared::ServerAddress;
use url::Host;

/// The shortest delay between two tries.
const SHORTEST: Duration = Duration::from_millis(500);
/// The longest delay between two tries.
const LONGEST: Duration = Duration::from_secs(30);
/// The same on the own network: a try costs nobody anything there, and whoever starts the server again waits for it.
const LONGEST_NEARBY: Duration = Duration::from_secs(5);

/// Names that mean a computer on the own network, as routers give them out.
const NEARBY: [&str; 5] = [".local", ".lan", ".internal", ".home.arpa", ".fritz.box"];

/// The longest delay between two tries for this server.
fn longest(server: &ServerAddress) -> Duration {
    if is_nearby(&server.host) { LONGEST_NEARBY } else { LONGEST }
}

/// Whether a host is on the own network, as far as its address says it.
fn is_nearby(host: &Host) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        Host::Ipv6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.') || NEARBY.iter().any(|end| name.ends_with(end))
        }
    }
}

/// The delays that a server may ask for, in milliseconds.
const ASKED_FOR: RangeInclusive<u64> = 500..=60_000;

/// The delay a server asks for. Less or more than it may ask for is taken as the nearer of the two.
pub(crate) fn asked_for(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds.clamp(*ASKED_FOR.start(), *ASKED_FOR.end()))
}

/// How long to wait before the next try.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Delay {
    /// Longer each time.
    Backoff,
    /// A random part of this, so that not everybody comes at once; longer where that was not enough.
    Within(Duration),
    /// As the server said.
    After(Duration),
    /// Not at all: there is reason to think that it works now.
    None,
}

impl Delay {
    /// How long this is after so many tries to reach this server. Backoff is exponential up to a cap, with full jitter above the shortest delay.
    pub fn length(self, tries: u32, server: &ServerAddress) -> Duration {
        match self {
            Self::None if tries < 2 => Duration::ZERO,
            Self::Backoff | Self::None => backoff(tries, longest(server)),
            Self::Within(most) if tries < 2 => most.mul_f64(random()),
            // Who is sent away at once again and again does not help anybody by coming back as soon.
            Self::Within(most) => most.mul_f64(random()).max(backoff(tries, LONGEST)),
            Self::After(delay) => delay,
        }
    }
}

fn backoff(tries: u32, longest: Duration) -> Duration {
    let ceiling = longest.min(Duration::from_secs(1 << tries.min(5)));
    SHORTEST + (ceiling - SHORTEST).mul_f64(random())
}

/// From 0 to 1. Without randomness everybody waits the longest, which is still right.
fn random() -> f64 {
    let mut bits = [0; 4];
    match getrandom::fill(&mut bits) {
        Ok(()) => f64::from(u32::from_le_bytes(bits)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far() -> ServerAddress {
        ServerAddress::parse("chat.example.org").unwrap()
    }

    #[test]
    fn pauses_grow_to_a_cap_and_are_never_shorter_than_half_a_second() {
        for tries in [0, 1, 5, 31, 32, u32::MAX] {
            let ceiling = Duration::from_secs(1 << tries.min(5)).min(LONGEST);
            for _ in 0..50 {
                let delay = Delay::Backoff.length(tries, &far());
                assert!(delay >= SHORTEST && delay <= ceiling, "{delay:?} after {tries}");
            }
        }
        let pauses: Vec<_> = (0..50).map(|_| Delay::Backoff.length(9, &far())).collect();
        assert!(pauses.iter().any(|delay| *delay != pauses[0]), "all come back at the same moment");
    }

    #[test]
    fn a_link_that_is_closed_at_once_again_and_again_waits_longer_each_time() {
        let second = Duration::from_secs(1);
        for _ in 0..50 {
            assert!(Delay::Within(second).length(1, &far()) <= second);
            assert!(Delay::Within(second).length(2, &far()) >= SHORTEST);
        }
        let longest = (0..50).map(|_| Delay::Within(second).length(9, &far())).max();
        assert!(longest > Some(2 * second), "{longest:?}");
    }

    #[test]
    fn on_ones_own_network_the_next_try_is_at_most_five_seconds_away() {
        let nearby = [
            "192.168.1.20",
            "10.1.2.3",
            "127.0.0.1",
            "[fe80::1]:8000",
            "fd00::1",
            "lab",
            "lab.local",
            "NAS.fritz.box",
        ];
        for server in nearby {
            let address = ServerAddress::parse(server).unwrap();
            for tries in 0..40 {
                let delay = Delay::Backoff.length(tries, &address);
                assert!(delay <= Duration::from_secs(5), "{server}: {delay:?} after {tries}");
            }
        }
        for server in ["8.8.8.8", "chat.example.org", "2001:db8::1", "local.example.org"] {
            assert_eq!(longest(&ServerAddress::parse(server).unwrap()), LONGEST, "{server}");
        }
    }

    #[test]
    fn a_link_that_dies_at_once_again_and_again_is_not_tried_without_pause() {
        assert_eq!(Delay::None.length(1, &far()), Duration::ZERO);
        assert!(Delay::None.length(2, &far()) >= SHORTEST);
    }
}
