//! Addresses of servers, as people type them, and invite links to rooms.

use std::{borrow::Cow, fmt, net::Ipv6Addr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

use crate::name::{Nickname, RoomName};

/// The default port of a server.
pub const DEFAULT_PORT: u16 = 8000;

/// Everything but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Why an address is refused. Each reads as a sentence for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was typed.
    #[error("Type an address, for example 192.168.1.20 or lab.local:8000.")]
    Empty,
    /// A scheme that Snug does not use.
    #[error("Snug doesn’t use that kind of address. Remove the part before “://”, or use ws://.")]
    Scheme,
    /// Not a valid host.
    #[error("That isn’t a computer’s name or address.")]
    Host,
    /// More than one colon without brackets.
    #[error("Put brackets around an IPv6 address: [fe80::1]:8000.")]
    Brackets,
    /// Not a number from 1 to 65535.
    #[error("A port is a number from 1 to 65535.")]
    Port,
    /// A user name or password before the host.
    #[error("Remove the part before the “@”. Snug has no accounts.")]
    Account,
    /// The room in the link breaks the rules for names.
    #[error("The room in that link has a name that isn’t allowed.")]
    Room,
}

/// A server: host, port, and whether the connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerAddress {
    /// Its name or IP address.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// `wss`/`https` instead of `ws`/`http`.
    pub secure: bool,
    /// The interface of this machine behind a link-local address, as in `fe80::1%eth0`. It is nobody else's business: no
    /// link and no `Host` header has it (RFC 6874).
    pub zone: Option<String>,
}

/// A server and an optional room: the content of an invite link or a typed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The server.
    pub server: ServerAddress,
    /// The room, if there is one.
    pub room: Option<RoomName>,
}

impl ServerAddress {
    /// Parses what people type: `host`, `host:port`, `ws://…`, `http://…`, `[v6]:port`, a bare IPv6 address.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    ///
    /// ```
    /// use snug_shared::ServerAddress;
    /// assert_eq!(ServerAddress::parse("lab.local")?.to_string(), "lab.local:8000");
    /// assert_eq!(ServerAddress::parse("ws://[fe80::1]:9000/")?.port, 9000);
    /// # Ok::<(), snug_shared::AddressError>(())
    /// ```
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        Invite::parse(typed).map(|invite| invite.server)
    }

    /// The WebSocket of a room for a nickname.
    pub fn socket_url(&self, room: &RoomName, nickname: &Nickname) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        let (room, nickname) = (segment(room.as_str()), segment(nickname.as_str()));
        format!("{scheme}://{}/ws/chat/{room}/{nickname}", self.authority())
    }

    /// A page or an API route, for a path that begins with `/`. As in a browser, the scheme's own port is left out.
    pub fn http_url(&self, path: &str) -> String {
        match (self.secure, self.port) {
            (false, 80) => format!("http://{}{path}", self.host),
            (true, 443) => format!("https://{}{path}", self.host),
            (false, _) => format!("http://{}{path}", self.authority()),
            (true, _) => format!("https://{}{path}", self.authority()),
        }
    }

    /// `host:port` as in a `Host` header.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Invite {
    /// Reads a link (`http://host:8000/chat/tea/`) or any address [`ServerAddress::parse`] takes.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        let (scheme, rest) = match typed.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("ws".to_owned(), typed),
        };
        let secure = match scheme.as_str() {
            "ws" | "http" | "snug" => false,
            "wss" | "https" => true,
            _ => return Err(AddressError::Scheme),
        };
        let (zone, rest) = split_zone(rest);
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(end) => (&rest[..end], &rest[end..]),
            None => (&*rest, ""),
        };
        if authority.contains('@') {
            return Err(AddressError::Account);
        }
        // A typed scheme has its own default port. A bare host has a Snug server's.
        let default = match scheme.as_str() {
            "https" | "wss" => 443,
            "http" => 80,
            _ => DEFAULT_PORT,
        };
        let default =
            if typed.contains("://") && scheme != "ws" && scheme != "snug" { default } else { DEFAULT_PORT };
        let (host, port) = match authority.parse() {
            // A bare IPv6 address has no port: every group is part of the address.
            Ok(bare) => (Host::Ipv6(bare), None),
            Err(_) => {
                let (host, port) = split_port(authority)?;
                (Host::parse(host).map_err(|_| AddressError::Host)?, port)
            }
        };
        if matches!(&host, Host::Domain(name) if name.is_empty()) {
            return Err(AddressError::Host);
        }
        let server = ServerAddress { host, port: port.unwrap_or(default), secure, zone };
        Ok(Self { room: room_in(&server, path)?, server })
    }

    /// The link to pass on. It works in a browser and in the app.
    pub fn link(&self) -> String {
        self.link_below("")
    }

    /// The same for a server that a proxy serves below a path: `/snug`.
    pub fn link_below(&self, base: &str) -> String {
        match &self.room {
            None => self.server.http_url(&format!("{base}/")),
            Some(room) => self.server.http_url(&format!("{base}/chat/{}/", segment(room.as_str()))),
        }
    }
}

/// Takes the zone out of an IPv6 address, bare or in brackets; `%25` is a `%` in a link.
fn split_zone(rest: &str) -> (Option<String>, Cow<'_, str>) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let inner = authority.strip_prefix('[').map_or(Some(authority), |inner| Some(inner.split_once(']')?.0));
    let Some((address, zone)) = inner.and_then(|inner| inner.split_once('%')) else {
        return (None, rest.into());
    };
    let is_zone = |zone: &str| {
        !zone.is_empty()
            && zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~'))
    };
    let name = zone.strip_prefix("25").filter(|name| !name.is_empty()).unwrap_or(zone);
    if address.parse::<Ipv6Addr>().is_err() || !is_zone(name) {
        return (None, rest.into());
    }
    let bare = authority.replacen(&format!("%{zone}"), "", 1);
    (Some(name.to_owned()), (bare + after).into())
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), AddressError> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']').ok_or(AddressError::Brackets)? + 1;
        match &authority[end..] {
            "" => (authority, None),
            rest => (&authority[..end], Some(rest.strip_prefix(':').ok_or(AddressError::Port)?)),
        }
    } else {
        match authority.split_once(':') {
            None => (authority, None),
            Some((_, port)) if port.contains(':') => return Err(AddressError::Brackets),
            Some((host, port)) => (host, Some(port)),
        }
    };
    let port = match port {
        None => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse::<u16>().ok().filter(|port| *port > 0).ok_or(AddressError::Port)?)
        }
        Some(_) => return Err(AddressError::Port),
    };
    Ok((host, port))
}

/// The room in a link's path: `/chat/{room}/` or `/ws/chat/{room}/…`. Other paths have none.
fn room_in(server: &ServerAddress, path: &str) -> Result<Option<RoomName>, AddressError> {
    let Ok(url) = Url::parse(&server.http_url(if path.starts_with('/') { path } else { "/" })) else {
        return Err(AddressError::Host);
    };
    let mut segments = url.path_segments().into_iter().flatten().peekable();
    if segments.peek() == Some(&"ws") {
        let _ = segments.next();
    }
    match (segments.next(), segments.next()) {
        (Some("chat"), Some(room)) if !room.is_empty() => {
            let room = decode_segment(room).ok_or(AddressError::Room)?;
            RoomName::parse(&room).map(Some).map_err(|_| AddressError::Room)
        }
        _ => Ok(None),
    }
}

/// Percent-encodes one segment of a path, so that a name with any character stays one segment.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Decodes [`segment`]. `None` if the result is not UTF-8 or an escape is broken.
pub fn decode_segment(encoded: &str) -> Option<String> {
    // The library takes a broken escape for text.
    let is_whole = |escape: &str| {
        escape.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !encoded.split('%').skip(1).all(is_whole) {
        return None;
    }
    percent_decode_str(encoded).decode_utf8().ok().map(Cow::into_owned)
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secure {
            f.write_str("wss://")?;
        }
        match (&self.zone, &self.host) {
            (Some(zone), Host::Ipv6(address)) => write!(f, "[{address}%{zone}]:{}", self.port),
            _ => f.write_str(&self.authority()),
        }
    }
}

impl Serialize for ServerAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ServerAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
