//! The addresses under which others on the network reach this machine.

use std::net::{IpAddr, SocketAddr};

/// The addresses under which others may find a server that listens on `address`, the likeliest first.
pub fn reachable(address: SocketAddr) -> Vec<IpAddr> {
    if !address.ip().is_unspecified() {
        return vec![address.ip()];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut found: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).collect();
    found.retain(|ip| (address.is_ipv6() || ip.is_ipv4()) && is_for_others(*ip));
    // IPv4 addresses are the ones people can read to each other.
    found.sort_by_key(|ip| (ip.is_ipv6(), !is_private(*ip)));
    found.dedup();
    found
}

fn is_for_others(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        // A link-local address is of no use without the name of the other machine's interface.
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    }
}

fn is_private(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_private())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_others_cannot_dial_are_not_passed_on() {
        assert!(!is_for_others("127.0.0.1".parse().unwrap()));
        assert!(!is_for_others("169.254.3.4".parse().unwrap()));
        assert!(!is_for_others("fe80::1".parse().unwrap()));
        assert!(is_for_others("192.168.1.20".parse().unwrap()));
    }
}
