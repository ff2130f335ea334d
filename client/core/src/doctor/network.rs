//! The networks that this computer is on, and which of them leads to a machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use if_addrs::{IfAddr, get_if_addrs};
use serde::Serialize;

use crate::format::one_line;

/// The most interfaces that are looked at.
const INTERFACES: usize = 16;

/// The longest name of an interface that is shown, in characters. Windows has long ones.
const NAME: usize = 40;

/// How the interfaces of VPNs are called, on any system, in small letters.
const VPN_BEGINS: [&str; 10] =
    ["tun", "tap", "wg", "ppp", "utun", "ipsec", "tailscale", "zt", "nordlynx", "proton"];
const VPN_HAS: [&str; 5] = ["vpn", "wireguard", "tailscale", "zerotier", "anyconnect"];

/// An address of this computer on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// What the system calls the interface.
    pub name: String,
    /// This computer's address there.
    pub address: IpAddr,
    /// How many bits of it name the network.
    pub prefix: u8,
    /// Whether it leads through a VPN.
    pub is_vpn: bool,
}

impl Interface {
    /// Whether an address is on the same network.
    pub fn has(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix.min(128))).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }

    #[cfg(test)]
    pub(super) fn example(name: &str, address: &str, prefix: u8) -> Self {
        Self { name: name.into(), address: address.parse().unwrap(), prefix, is_vpn: is_vpn(name) }
    }
}

/// How one gets to a machine from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Way {
    /// It is this computer.
    ThisComputer,
    /// It is on the same network.
    SameNetwork {
        /// The interface that leads there.
        interface: String,
    },
    /// It is on another network, behind a router.
    Router {
        /// The interface that leads there.
        interface: String,
        /// This computer's address on it.
        from: IpAddr,
    },
    /// Through a VPN.
    Vpn {
        /// The VPN's interface.
        interface: String,
        /// The interface that it would be nearer by: the address is on a network that this computer is on.
        #[serde(skip_serializing_if = "Option::is_none")]
        nearer: Option<String>,
    },
    /// The system knows no way there.
    Unknown,
}

/// The networks that this computer is on, but for the one to itself.
pub(super) fn interfaces() -> Vec<Interface> {
    let found = get_if_addrs().unwrap_or_default().into_iter();
    let others = found.filter(|interface| !interface.is_loopback());
    let ours = others.map(|interface| {
        let (address, prefix) = match &interface.addr {
            IfAddr::V4(v4) => (v4.ip.into(), v4.prefixlen),
            IfAddr::V6(v6) => (v6.ip.into(), v6.prefixlen),
        };
        let is_vpn = is_vpn(&interface.name) || is_tunnel(&interface.name);
        Interface { name: one_line(&interface.name, NAME), address, prefix, is_vpn }
    });
    // An address that a computer gives itself where nobody else gives it one leads to nobody, unless there is no other.
    let (mut given, own): (Vec<_>, Vec<_>) = ours.partition(|interface| !is_own(interface.address));
    if given.is_empty() {
        given = own.into_iter().filter(|interface| interface.address.is_ipv4()).collect();
    }
    given.sort_by_key(|interface| (interface.is_vpn, interface.address.is_ipv6()));
    given.truncate(INTERFACES);
    given
}

fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// How one gets to a machine from here, as the system would go.
pub(super) fn way(to: IpAddr) -> Way {
    if to.is_loopback() {
        return Way::ThisComputer;
    }
    match source(to) {
        Some(from) => choose(to, from, &interfaces()),
        None => Way::Unknown,
    }
}

/// The address that this computer would have in a conversation. Nothing is sent.
fn source(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match to {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Any port but 0.
    socket.connect(SocketAddr::new(to, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn choose(to: IpAddr, from: IpAddr, interfaces: &[Interface]) -> Way {
    if to == from {
        return Way::ThisComputer;
    }
    let Some(by) = interfaces.iter().find(|interface| interface.address == from) else {
        // A link-local address: it can only be on the same network.
        let interface = String::new();
        return if is_own(to) { Way::SameNetwork { interface } } else { Way::Router { interface, from } };
    };
    let interface = by.name.clone();
    if by.is_vpn {
        let near = interfaces.iter().find(|other| !other.is_vpn && other.has(to));
        return Way::Vpn { interface, nearer: near.map(|near| near.name.clone()) };
    }
    if by.has(to) { Way::SameNetwork { interface } } else { Way::Router { interface, from } }
}

/// Whether an interface is called as those of VPNs are.
fn is_vpn(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    VPN_BEGINS.iter().any(|begin| name.starts_with(begin)) || VPN_HAS.iter().any(|word| name.contains(word))
}

/// Whether the system says that frames of this interface go to a program, or have no hardware addresses.
#[cfg(target_os = "linux")]
fn is_tunnel(name: &str) -> bool {
    const NO_HARDWARE: &str = "65534";
    const PPP: &str = "512";
    if name.contains('/') {
        return false;
    }
    let kind = std::fs::read_to_string(format!("/sys/class/net/{name}/type")).unwrap_or_default();
    [NO_HARDWARE, PPP].contains(&kind.trim())
}

#[cfg(not(target_os = "linux"))]
fn is_tunnel(_name: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_has_the_addresses_of_its_prefix() {
        let home = Interface::example("eth0", "192.168.1.5", 24);
        assert!(home.has(ip("192.168.1.254")) && !home.has(ip("192.168.2.1")) && !home.has(ip("fd00::1")));
        let v6 = Interface::example("eth0", "fd00:0:0:1::5", 64);
        assert!(v6.has(ip("fd00:0:0:1::99")) && !v6.has(ip("fd00:0:0:2::99")));
        assert!(Interface::example("x", "10.0.0.1", 0).has(ip("172.16.0.1")), "all of them");
        assert!(!Interface::example("x", "10.0.0.1", 32).has(ip("10.0.0.2")), "itself alone");
    }

    #[test]
    fn the_way_names_the_network_the_router_or_the_vpn() {
        let home = Interface::example("wlan0", "192.168.1.5", 24);
        let vpn = Interface::example("tun0", "10.8.0.2", 24);
        let both = [home, vpn];
        let name = |name: &str| name.to_owned();
        let goes = |to, from| choose(ip(to), ip(from), &both);
        assert_eq!(goes("192.168.1.5", "192.168.1.5"), Way::ThisComputer);
        assert_eq!(goes("192.168.1.20", "192.168.1.5"), Way::SameNetwork { interface: name("wlan0") });
        assert_eq!(
            goes("192.168.2.20", "192.168.1.5"),
            Way::Router { interface: name("wlan0"), from: ip("192.168.1.5") }
        );
        let through = |nearer| Way::Vpn { interface: name("tun0"), nearer };
        assert_eq!(goes("192.168.1.20", "10.8.0.2"), through(Some(name("wlan0"))));
        assert_eq!(goes("172.16.0.1", "10.8.0.2"), through(None));
    }

    #[test]
    fn vpns_are_known_by_their_names() {
        for name in ["tun0", "wg-home", "utun4", "ppp0", "Work VPN", "Tailscale", "WireGuard Tunnel"] {
            assert!(is_vpn(name), "{name}");
        }
        for name in ["eth0", "wlan0", "enp3s0", "docker0", "Wi-Fi", "Ethernet 2", "en0", "br-lan"] {
            assert!(!is_vpn(name), "{name}");
        }
    }

    #[test]
    fn this_computer_is_found_without_a_network() {
        assert_eq!(way(ip("127.0.0.1")), Way::ThisComputer);
        assert_eq!(way(ip("::1")), Way::ThisComputer);
    }
}
