//! What a proxy in front of this server says of its client: `X-Forwarded-For`, `X-Forwarded-Host`, `X-Forwarded-Proto`.
//!
//! Anybody can write these headers, so they count from the addresses of `--trusted-proxy` only. RFC 7239's `Forwarded` is not
//! read: a proxy that sets one kind lets its client's other kind pass.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue};

use crate::config::Network;

const FOR: &str = "x-forwarded-for";
const HOST: &str = "x-forwarded-host";
const PROTO: &str = "x-forwarded-proto";

/// Who a request comes from, and what it was sent to: an extension of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// The client's address: the connection's own, unless a trusted proxy names another.
    pub client: IpAddr,
    /// The `Host` that a trusted proxy was asked for.
    pub host: Option<HeaderValue>,
    /// Whether the client came to a trusted proxy by `https`.
    pub secure: bool,
}

impl Forwarded {
    /// Reads a request of a connection from `direct`.
    pub fn read(trusted: &[Network], direct: IpAddr, headers: &HeaderMap) -> Self {
        let trusts = |address: &IpAddr| trusted.iter().any(|network| network.contains(*address));
        if !trusts(&direct) {
            return Self { client: direct, host: None, secure: false };
        }
        let mut client = direct;
        // Each proxy adds whom it hears, at the end. The last that is no proxy of ours is the client; what stands before it is
        // whatever the client wrote.
        for hop in values(headers, FOR) {
            let Some(address) = address(hop) else { break };
            client = address;
            if !trusts(&client) {
                break;
            }
        }
        let host = values(headers, HOST).next().and_then(|host| HeaderValue::from_str(host).ok());
        let secure = values(headers, PROTO).next().is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        Self { client, host, secure }
    }
}

/// The values of a header that is a list, the last one first.
fn values<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = &'h str> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    lines.into_iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim).filter(|value| !value.is_empty())
}

/// An address as proxies write it, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip())).ok();
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn read(direct: &str, headers: &[(&'static str, &'static str)]) -> Forwarded {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::1".parse().unwrap()];
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            });
        Forwarded::read(&trusted, direct.parse().unwrap(), &headers)
    }

    #[test]
    fn a_stranger_is_who_it_is_whatever_it_writes() {
        let said = [(FOR, "192.168.1.7"), (HOST, "chat.example"), (PROTO, "https")];
        let own = Forwarded { client: "203.0.113.9".parse().unwrap(), host: None, secure: false };
        assert_eq!(read("203.0.113.9", &said), own);
    }

    #[test]
    fn a_trusted_proxy_says_who_its_client_is() {
        for (written, client) in [
            ("192.168.1.7", "192.168.1.7"),
            ("192.168.1.7:1234", "192.168.1.7"),
            ("::ffff:192.168.1.7", "192.168.1.7"),
            ("fe80::7", "fe80::7"),
            ("[fe80::7]", "fe80::7"),
            ("[fe80::7]:1234", "fe80::7"),
            ("6.6.6.6, 192.168.1.7", "192.168.1.7"),
            ("6.6.6.6, 192.168.1.7, 10.2.3.4, fd00::1", "192.168.1.7"),
            ("10.2.3.4", "10.2.3.4"),
            ("6.6.6.6, unknown", "10.0.0.1"),
            ("6.6.6.6, unknown, 10.2.3.4", "10.2.3.4"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(read("10.0.0.1", &[(FOR, written)]).client.to_string(), client, "{written}");
        }
        assert_eq!(
            read("10.0.0.1", &[(FOR, "6.6.6.6"), (FOR, "192.168.1.7")]).client.to_string(),
            "192.168.1.7",
            "the later line stands behind the first"
        );
    }

    #[test]
    fn a_trusted_proxy_says_what_it_was_asked_for() {
        let said = read("fd00::1", &[(HOST, "6.example, chat.example"), (PROTO, "HTTPS")]);
        assert_eq!((said.host.unwrap().to_str().unwrap(), said.secure), ("chat.example", true));
        let silent = read("fd00::1", &[(PROTO, "http")]);
        assert_eq!((silent.host, silent.secure), (None, false));
    }
}
