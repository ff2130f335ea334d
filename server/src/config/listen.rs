//! The address to listen on, in the ways people write one.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use snug_shared::DEFAULT_PORT;

/// The address and port to listen on. One of them is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "it is an address and a port: 0.0.0.0:8000, 127.0.0.1:8000, localhost:8000, [::]:8000, or only a port: 8000";
        let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = text.parse() {
            return Ok(Self(address));
        }
        if let Ok(port) = text.trim_start_matches("*").trim_start_matches(':').parse() {
            return Ok(Self(SocketAddr::new(everywhere, port)));
        }
        if let Some(address) = address_in_zone(bare).or_else(|| bare.parse().ok().map(|ip| (ip, 0))) {
            return Ok(Self(socket_address(address, DEFAULT_PORT)));
        }
        let (host, port) =
            text.rsplit_once(':').map_or((text, Ok(DEFAULT_PORT)), |(host, port)| (host, port.parse()));
        let port = port.map_err(|_| SHAPE)?;
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)));
        }
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).ok_or(SHAPE)?;
        let address = address_in_zone(host)
            .ok_or("this machine has no such address, or no such interface behind the %")?;
        Ok(Self(socket_address(address, port)))
    }
}

/// A link-local address with the interface it belongs to, by name or number: `fe80::1%eth0`.
fn address_in_zone(text: &str) -> Option<(IpAddr, u32)> {
    let (address, zone) = text.split_once('%')?;
    let index = zone.parse().ok().or_else(|| {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        interfaces.into_iter().find(|interface| interface.name == zone)?.index
    });
    Some((IpAddr::V6(address.parse().ok()?), index?))
}

fn socket_address((ip, zone): (IpAddr, u32), port: u16) -> SocketAddr {
    match ip {
        IpAddr::V4(ip) => SocketAddr::from((ip, port)),
        IpAddr::V6(ip) => SocketAddr::V6(SocketAddrV6::new(ip, port, 0, zone)),
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
