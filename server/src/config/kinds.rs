//! The kinds of values settings have, each checked when it is read.

use std::{fmt, net::IpAddr, str::FromStr};

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use snug_shared::Durability;
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::base_path::BasePath;

/// On or off, in words that read the same in a flag, a variable and a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// Whether connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// None is.
    Off,
    /// Those that ask for it are.
    Auto,
    /// All are.
    Require,
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Auto => "auto",
            Self::Require => "require",
        })
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people, in colour on a terminal.
    Text,
    /// For machines, an object a line.
    Json,
}

/// Reads a [`Durability`], which as a type of the wire knows no flags.
///
/// # Errors
/// The values there are.
pub fn durability(text: &str) -> Result<Durability, &'static str> {
    match text {
        "full" => Ok(Durability::Full),
        "none" => Ok(Durability::None),
        _ => Err("it is “full” or “none”"),
    }
}

/// The channel layer that carries a room's entries between consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// This process alone.
    Memory,
    /// Many servers on one Redis.
    Redis(String),
}

impl FromStr for Layer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "memory" => Ok(Self::Memory),
            url if url.starts_with("redis://") || url.starts_with("rediss://") => {
                Ok(Self::Redis(url.to_owned()))
            }
            _ => Err("it is “memory” or the address of a Redis: redis://host:6379"),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(url) => f.write_str(url),
        }
    }
}

/// A web origin as browsers send it: scheme, host and, unless it is the scheme's own, port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "an origin is a scheme, a host and perhaps a port: https://chat.example:8443";
        // What browsers send for pages that have no origin, and web views for files of an app.
        if let known @ ("null" | "file://") = text.to_ascii_lowercase().as_str() {
            return Ok(Self(known.to_owned()));
        }
        let url = Url::parse(text).map_err(|_| SHAPE)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() || !url.has_host() {
            return Err(SHAPE);
        }
        let origin = url.origin();
        Ok(Self(if origin.is_tuple() {
            origin.ascii_serialization()
        } else {
            // Schemes of apps and extensions have no origin of their own for `url`, but browsers send them all the same.
            text.trim_end_matches('/').to_ascii_lowercase()
        }))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name a server is called by, without a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostName(Host);

impl HostName {
    /// Whether a request's host is this one.
    pub fn is(&self, host: &Host) -> bool {
        self.0 == *host
    }
}

impl FromStr for HostName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Host::parse(text.trim_end_matches('.'))
            .map(Self)
            .map_err(|_| "a host is a name without a port: chat.example")
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Addresses that begin alike: `10.0.0.0/8`, or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Bits from the left that are the same in all of them.
    prefix: u8,
}

impl Network {
    /// Whether an address is one of these.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address| match address {
            IpAddr::V4(ip) => (u128::from(u32::from(ip)) << 96, 32),
            IpAddr::V6(ip) => (u128::from(ip), 128),
        };
        let ((own, length), (other, other_length)) = (bits(self.address), bits(address.to_canonical()));
        let differing = (own ^ other).leading_zeros();
        length == other_length && differing >= u32::from(self.prefix)
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "a network is an address and perhaps a length: 192.168.1.5 or 10.0.0.0/8";
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| SHAPE)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |prefix| prefix.parse().map_err(|_| SHAPE))?;
        if prefix > most { Err(SHAPE) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Checks what is to be logged. A word that is no level would be taken for a part of the program, and silence all others.
pub(super) fn check_log_filter(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_clear =
        |part: &str| part.contains('=') || LEVELS.iter().any(|level| part.eq_ignore_ascii_case(level));
    match text.split(',').map(str::trim).find(|part| !is_clear(part)) {
        Some(part) => Err(format!(
            "“{part}” is no level; it is error, warn, info, debug or trace, or a filter such as snug_server=debug,warn"
        )),
        None => EnvFilter::try_new(text).map(drop).map_err(|error| error.to_string()),
    }
}

macro_rules! written_as_text {
    ($($kind:ident),*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

written_as_text!(Layer, Origin, HostName, Network, BasePath);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_begins_like_it() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"),
            ("192.168.1.5", "192.168.1.5", "192.168.1.4"),
            ("192.168.1.4/31", "::ffff:192.168.1.5", "192.168.1.6"),
            ("0.0.0.0/0", "203.0.113.1", "::1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("::/0", "fe80::1", "10.0.0.1"),
        ] {
            let contains =
                |address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
            assert!(contains(inside) && !contains(outside), "{network}");
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "ten", "10.0.0.0/8/8"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
