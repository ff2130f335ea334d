//! Hints from datagrams: a question to all networks, which servers answer to whoever asked. It finds them where multicast DNS
//! is lost: on many Wi-Fis, and beside programs that keep its port for themselves.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use if_addrs::IfAddr;
use snug_shared::{
    Announcement, ServerAddress,
    announcement::{DATAGRAM_BYTES, GROUP, question},
};
use socket2::SockRef;
use tokio::{
    net::UdpSocket,
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};
use url::Host;

use super::{Notice, SeenBy, Source, list::Hint};

/// How often it is asked while nobody is found.
const OFTEN: Duration = Duration::from_secs(3);
/// How often it is asked otherwise. Servers that are found already are watched in another way.
const RARELY: Duration = Duration::from_secs(30);
/// Networks that are asked, at most.
const NETWORKS: usize = 16;
/// Answers that are taken on one network, at most, until it is asked again.
const ANSWERS: usize = 256;

/// A network to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    /// This computer's address there.
    own: Ipv4Addr,
    /// Where to send the question; the multicast group is asked besides.
    to: Ipv4Addr,
}

/// Asks all networks again and again, until nobody wants it any more.
pub async fn ask(source: Source, port: u16) {
    ask_at(source, port, networks).await;
}

/// The same of this computer alone, for tests: they say nothing on the network.
#[cfg(test)]
pub async fn ask_here(source: Source, port: u16) {
    ask_at(source, port, || networks().into_iter().filter(|network| network.own.is_loopback()).collect())
        .await;
}

async fn ask_at(mut source: Source, port: u16, networks: impl Fn() -> Vec<Network>) {
    while !source.notices.is_closed() {
        let began = Instant::now();
        let mut asking = JoinSet::new();
        // They change: each time they are looked up anew.
        for network in networks() {
            let source = source.clone();
            let _ = asking.spawn(async move {
                // One network that cannot be asked is one of many.
                let _ = ask_one(network, port, began + RARELY, &source).await;
            });
        }
        let _ = source.doubts.borrow_and_update();
        let is_found = *source.is_found.borrow_and_update();
        let mut next = began + if is_found { RARELY } else { OFTEN };
        loop {
            tokio::select! {
                () = sleep_until(next) => break,
                changed = source.doubts.changed() => if changed.is_ok() { break } else { return },
                // Answers are taken for as long as before; it is asked sooner or later.
                changed = source.is_found.changed() => match changed {
                    Ok(()) => next = began + if *source.is_found.borrow_and_update() { RARELY } else { OFTEN },
                    Err(_) => return,
                },
            }
        }
    }
}

/// Asks one network, and takes answers until `end`.
async fn ask_one(network: Network, port: u16, end: Instant, source: &Source) -> std::io::Result<()> {
    // On the address of the network, so that the question leaves there and the answer comes from there.
    let socket = UdpSocket::bind((network.own, 0)).await?;
    socket.set_broadcast(true)?;
    let _ = socket.send_to(&question(), (network.to, port)).await;
    if !network.own.is_loopback() && SockRef::from(&socket).set_multicast_if_v4(&network.own).is_ok() {
        let _ = socket.send_to(&question(), (GROUP, port)).await;
    }
    let mut datagram = [0; DATAGRAM_BYTES + 1];
    for _ in 0..ANSWERS {
        let Ok(received) = timeout_at(end, socket.recv_from(&mut datagram)).await else { break };
        // Windows tells here that something sent earlier did not arrive.
        let Ok((length, from)) = received else { continue };
        if let Some(hint) = hint(&datagram[..length], from)
            && source.notices.send(Notice::Hint(hint)).await.is_err()
        {
            break;
        }
    }
    Ok(())
}

/// The server that an answer speaks of. Its address is the sender's, whatever is in it.
fn hint(datagram: &[u8], from: SocketAddr) -> Option<Hint> {
    let (said, port) = Announcement::from_datagram(datagram)?;
    let SocketAddr::V4(from) = from else { return None };
    let address = ServerAddress { host: Host::Ipv4(*from.ip()), port, secure: false, zone: None };
    Some(Hint {
        id: said.id,
        address,
        fingerprint: said.fingerprint,
        counts: (said.rooms, said.people),
        seen_by: SeenBy { dns_sd: false, datagram: true },
    })
}

/// The networks this computer is on.
fn networks() -> Vec<Network> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut networks = Vec::new();
    for interface in interfaces {
        let IfAddr::V4(address) = interface.addr else { continue };
        // Of the whole network of this computer itself, one address is enough.
        let to = if address.ip.is_loopback() { Some(address.ip) } else { address.broadcast };
        // A line to a single other computer has no broadcast address.
        let network = Network { own: address.ip, to: to.unwrap_or(GROUP) };
        if networks.len() < NETWORKS && !networks.contains(&network) {
            networks.push(network);
        }
    }
    networks
}
