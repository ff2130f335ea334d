//! One machine: what its name stands for, whether its port takes a connection, and who answers there.

use std::{io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use serde::Serialize;
use snug_shared::{
    ErrorFrame,
    api::{ServerStatus, TlsMode},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::Way;
use crate::{
    api::server_name,
    format::{one_line, server_sentence},
};

/// How long a name may take to be found.
pub(super) const RESOLVE: Duration = Duration::from_millis(2_000);
/// How long a port may take to take a connection. Linux notices after 3.1 s that nobody has an address of its network.
pub(super) const CONNECT: Duration = Duration::from_millis(3_500);
/// How long an answer may take.
pub(super) const ANSWER: Duration = Duration::from_millis(2_000);

/// The most addresses of one name that are tried.
const ADDRESSES: usize = 4;
/// The most that is read of an answer.
const BYTES: u64 = 16 << 10;
/// The longest that is shown of another program's words, in characters.
const WORDS: usize = 60;

/// Why a name stands for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameFault {
    /// Nobody knows it.
    Unknown,
    /// Whoever should know does not answer.
    Silent,
}

/// How a connection to a port went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reach", rename_all = "snake_case")]
pub enum Reach {
    /// It stands.
    Open,
    /// The machine is there, and nothing listens on that port.
    Refused,
    /// The machine is there, and its firewall or a router says no.
    TurnedAway,
    /// Nothing came back.
    Silent,
    /// No machine of this network has that address.
    Nobody,
    /// The system knows no way there.
    NoWay,
    /// This computer lets no such connection out.
    BlockedHere,
    /// Anything else, in the system's words.
    Other {
        /// On one line.
        reason: String,
    },
}

/// Who answers on a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Answer {
    /// A Snug server.
    Snug {
        /// What it calls itself, on one line.
        name: String,
        /// Its program's version.
        version: String,
        /// Whether it encrypts connections.
        tls: TlsMode,
    },
    /// A Snug server from before servers said who they are.
    Older,
    /// A Snug server that does not accept the name it was called by.
    AnotherName,
    /// A Snug server that can't serve now.
    NotReady,
    /// It wants an encrypted connection.
    Encrypted,
    /// Another web server.
    Web {
        /// What it calls itself, on one line.
        #[serde(skip_serializing_if = "Option::is_none")]
        program: Option<String>,
    },
    /// Something else, by its first words on one line.
    Other {
        /// Those words; none where they are not text.
        #[serde(skip_serializing_if = "Option::is_none")]
        says: Option<String>,
    },
    /// It took the connection and says nothing.
    Mute,
    /// It took the connection and ended it.
    HungUp,
}

impl Answer {
    /// Whether it is a Snug server that could be talked to.
    pub const fn is_snug(&self) -> bool {
        matches!(self, Self::Snug { .. } | Self::Older)
    }
}

/// What a name stands for, IPv4 first: that is what people on a network use.
pub(super) async fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>, NameFault> {
    let found = timeout(RESOLVE, lookup_host((name, port))).await.map_err(|_| NameFault::Silent)?;
    let mut found: Vec<_> = found.map_err(|_| NameFault::Unknown)?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.dedup();
    found.truncate(ADDRESSES);
    if found.is_empty() { Err(NameFault::Unknown) } else { Ok(found) }
}

/// Connects to all addresses at once. Gives the one that went best, so that an IPv6 address that leads nowhere hides nothing.
pub(super) async fn connect(addresses: &[SocketAddr], way: Option<&Way>) -> (SocketAddr, Reach) {
    let tries = addresses.iter().map(async |at| (*at, reach(*at, way).await));
    let mut tries: FuturesUnordered<_> = tries.collect();
    let mut best = None;
    while let Some((at, reach)) = tries.next().await {
        if reach == Reach::Open {
            return (at, reach);
        }
        if best.as_ref().is_none_or(|(_, other)| rank(&reach) > rank(other)) {
            best = Some((at, reach));
        }
    }
    best.unwrap_or_else(|| (super::here(), Reach::NoWay))
}

/// How much a try says.
const fn rank(reach: &Reach) -> u8 {
    match reach {
        Reach::Open => 7,
        Reach::Refused => 6,
        Reach::TurnedAway => 5,
        Reach::BlockedHere => 4,
        Reach::Silent => 3,
        Reach::Nobody => 2,
        Reach::Other { .. } => 1,
        Reach::NoWay => 0,
    }
}

async fn reach(at: SocketAddr, way: Option<&Way>) -> Reach {
    match timeout(CONNECT, TcpStream::connect(at)).await {
        Ok(Ok(_)) => Reach::Open,
        Ok(Err(error)) => refusal(&error, way, || is_neighbour(at)),
        // On this network, a machine that is there has said where it is by now.
        Err(_) => Reach::Silent,
    }
}

/// What the system's refusal means. `is_neighbour` says whether a machine of this network has that address.
fn refusal(error: &io::Error, way: Option<&Way>, is_neighbour: impl FnOnce() -> bool) -> Reach {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Reach::Refused,
        io::ErrorKind::TimedOut => Reach::Silent,
        // Either nobody has the address, or a firewall says that nobody is to be reached.
        io::ErrorKind::HostUnreachable => match way {
            Some(Way::SameNetwork { .. }) if !is_neighbour() => Reach::Nobody,
            _ => Reach::TurnedAway,
        },
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => Reach::NoWay,
        io::ErrorKind::PermissionDenied => Reach::BlockedHere,
        _ => Reach::Other { reason: one_line(&error.to_string(), WORDS) },
    }
}

/// Whether the system has just learnt the hardware address of a machine with this address.
#[cfg(target_os = "linux")]
fn is_neighbour(at: SocketAddr) -> bool {
    let table = std::fs::read_to_string("/proc/net/arp").unwrap_or_default();
    is_in_table(&table, &at.ip().to_string())
}

#[cfg(not(target_os = "linux"))]
fn is_neighbour(_at: SocketAddr) -> bool {
    false
}

/// Whether `/proc/net/arp` has a whole entry for an address: `192.168.1.20 0x1 0x2 52:54:00:12:34:56 * eth0`.
#[cfg(any(target_os = "linux", test))]
fn is_in_table(table: &str, address: &str) -> bool {
    table.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace();
        let is_it = fields.next() == Some(address);
        let flags =
            fields.nth(1).and_then(|flags| u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok());
        is_it && flags.is_some_and(|flags| flags & 2 != 0)
    })
}

/// Asks who is there, with as little as a server can be asked.
pub(super) async fn ask(at: SocketAddr, authority: &str) -> Answer {
    let asked = async {
        let mut stream = TcpStream::connect(at).await?;
        // As of HTTP/1.0, an answer ends with its connection and comes in one piece.
        let request =
            format!("GET /api/server HTTP/1.0\r\nHost: {authority}\r\nAccept: application/json\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        Ok::<_, io::Error>(stream)
    };
    let Ok(Ok(stream)) = timeout(ANSWER / 2, asked).await else { return Answer::HungUp };
    let mut bytes = Vec::new();
    // What came until the time was over counts as well: some programs greet and then wait.
    let ended = timeout(ANSWER / 2, stream.take(BYTES).read_to_end(&mut bytes)).await;
    match (bytes.is_empty(), ended) {
        (true, Ok(_)) => Answer::HungUp,
        (true, Err(_)) => Answer::Mute,
        _ => read(&bytes),
    }
}

/// Who answers so.
fn read(bytes: &[u8]) -> Answer {
    // An alert of TLS: it can't understand a request that is not encrypted.
    if bytes.starts_with(&[0x15, 0x03]) {
        return Answer::Encrypted;
    }
    let Some((head, body)) = split(bytes) else { return other(bytes) };
    let mut lines = head.lines();
    let status: Option<u16> = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let header = |name: &str| {
        let found = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        found.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    if status == Some(308) && header("location").is_some_and(|to| to.starts_with("https://")) {
        return Answer::Encrypted;
    }
    if status == Some(200)
        && let Ok(ServerStatus { name, version, tls, .. }) = serde_json::from_slice(body)
    {
        return Answer::Snug { name: server_name(&name), version: shown(&version), tls };
    }
    if is_error_frame(body) {
        return match status {
            Some(421) => Answer::AnotherName,
            Some(500..) => Answer::NotReady,
            _ => Answer::Older,
        };
    }
    Answer::Web { program: header("server").map(shown) }
}

/// Whether it is a refusal as only Snug's servers write it.
fn is_error_frame(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Tagged {
        r#type: String,
    }
    serde_json::from_slice::<ErrorFrame>(body).is_ok()
        && serde_json::from_slice::<Tagged>(body).is_ok_and(|tagged| tagged.r#type == "error")
}

/// The head and the body of an answer over HTTP.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    if !bytes.starts_with(b"HTTP/1.") {
        return None;
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 4..]))
}

/// Another program's words, as they can be shown.
fn shown(words: &str) -> String {
    one_line(&server_sentence(words), WORDS)
}

fn other(bytes: &[u8]) -> Answer {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let says = str::from_utf8(line).ok().map(shown).filter(|line| !line.is_empty());
    Answer::Other { says }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: &str, headers: &str, body: &str) -> Answer {
        read(format!("HTTP/1.1 {status}\r\n{headers}\r\n\r\n{body}").as_bytes())
    }

    #[test]
    fn a_server_is_known_by_its_answer() {
        let own = r#"{"id":"abcdefghijklmnopqrstuvwxyz","name":"The\u0007 lab","version":"0.1.0","rooms":1,"people":2,"tls":"off"}"#;
        let snug = answer("200 OK", "content-type: application/json", own);
        let expected = Answer::Snug { name: "The lab".into(), version: "0.1.0".into(), tls: TlsMode::Off };
        assert_eq!(snug, expected);
        let refusal = r#"{"type":"error","code":"not_found","message":"There is nothing at this address."}"#;
        assert_eq!(answer("404 Not Found", "a: b", refusal), Answer::Older);
        assert_eq!(answer("421 Misdirected Request", "a: b", refusal), Answer::AnotherName);
        assert_eq!(answer("503 Service Unavailable", "a: b", refusal), Answer::NotReady);
        let moved = "location: https://192.168.1.20:8000/api/server";
        assert_eq!(answer("308 Permanent Redirect", moved, ""), Answer::Encrypted);
        assert_eq!(read(&[0x15, 0x03, 0x01, 0, 2, 2, 70]), Answer::Encrypted);
    }

    #[test]
    fn what_is_no_snug_server_is_named_by_its_own_words_on_one_line() {
        let web = |program: Option<&str>| Answer::Web { program: program.map(str::to_owned) };
        assert_eq!(answer("200 OK", "Server: nginx/1.22", "<html>"), web(Some("nginx/1.22")));
        assert_eq!(answer("404 Not Found", "x: y", "{\"error\":1}"), web(None));
        let says = |says: Option<&str>| Answer::Other { says: says.map(str::to_owned) };
        assert_eq!(read(b"SSH-2.0-OpenSSH_9.2\r\nmore"), says(Some("SSH-2.0-OpenSSH_9.2")));
        assert_eq!(read(&[0xff, 0xfe, 0x00]), says(None));
        assert_eq!(read(&b"x".repeat(10_000)), says(Some(&format!("{}…", "x".repeat(WORDS)))));
    }

    #[test]
    fn a_refusal_of_the_system_is_told_by_who_is_on_the_network() {
        let means = |kind: io::ErrorKind, way: &Way, is_there| refusal(&kind.into(), Some(way), || is_there);
        let same = Way::SameNetwork { interface: "eth0".into() };
        let router = Way::Router { interface: "eth0".into(), from: [192, 168, 1, 5].into() };
        assert_eq!(means(io::ErrorKind::ConnectionRefused, &same, true), Reach::Refused);
        assert_eq!(means(io::ErrorKind::HostUnreachable, &same, false), Reach::Nobody);
        assert_eq!(means(io::ErrorKind::HostUnreachable, &same, true), Reach::TurnedAway);
        assert_eq!(means(io::ErrorKind::HostUnreachable, &router, false), Reach::TurnedAway);
        assert_eq!(means(io::ErrorKind::NetworkUnreachable, &same, false), Reach::NoWay);
        assert_eq!(means(io::ErrorKind::PermissionDenied, &same, false), Reach::BlockedHere);
    }

    #[test]
    fn a_machine_of_this_network_is_in_the_table_when_it_has_said_where_it_is() {
        let table = "\
IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         52:54:00:12:34:56     *        eth0
192.168.1.20     0x1         0x0         00:00:00:00:00:00     *        eth0
";
        assert!(is_in_table(table, "192.168.1.1"));
        assert!(!is_in_table(table, "192.168.1.20") && !is_in_table(table, "192.168.1.2"));
    }
}
