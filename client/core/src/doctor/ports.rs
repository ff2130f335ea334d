//! Snug servers on the other ports that they take by themselves: 8000 and the nine after it.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use snug_shared::{DEFAULT_PORT, ServerAddress};
use tokio::time::timeout;
use url::Host;

use super::probe;

/// How long each may take; all are asked at once.
pub(super) const WAIT: Duration = Duration::from_millis(1_000);
/// How many ports there are.
const PORTS: u16 = 10;

/// The ports of a machine that Snug answers on, ascending; without its own port, where that was tried before.
pub(super) async fn snug_on(at: SocketAddr, was_tried: bool) -> Vec<u16> {
    let ports = (DEFAULT_PORT..DEFAULT_PORT + PORTS).filter(|port| !was_tried || *port != at.port());
    let asked = ports.map(async |port| {
        let mut there = at;
        there.set_port(port);
        let answer = timeout(WAIT, probe::ask(there, &authority(there))).await;
        answer.is_ok_and(|answer| answer.is_snug()).then_some(port)
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// What a server at this address is called in a request.
fn authority(at: SocketAddr) -> String {
    let host = match at {
        SocketAddr::V4(at) => Host::Ipv4(*at.ip()),
        SocketAddr::V6(at) => Host::Ipv6(*at.ip()),
    };
    ServerAddress { host, port: at.port(), secure: false, zone: None }.authority()
}
