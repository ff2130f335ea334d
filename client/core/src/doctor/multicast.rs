//! Whether what is sent to everyone on a network arrives. Apps find servers by it, and many networks for guests let none through.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use futures_util::future::join_all;
use serde::Serialize;
use snug_shared::announcement::{DATAGRAM_BYTES as BYTES, GROUP, QUESTION_PORT as PORT, question};
use socket2::SockRef;
use tokio::{net::UdpSocket, time::timeout};

use super::Interface;

/// How long one answer may take.
pub(super) const WAIT: Duration = Duration::from_millis(600);
/// Whether servers on this network can be seen by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Multicast {
    /// The server answered a question to everyone.
    Through,
    /// This computer hears what it sends to everyone. Whether others do is not known: no server said so.
    Here,
    /// The server answers a question to itself, and hears none to everyone.
    Unheard,
    /// This computer does not even hear what it sends itself.
    Blocked,
    /// There is no network with IPv4 to try it on.
    Unknown,
}

/// Tries it: with a server, if there is one at that address, else with this computer alone.
pub(super) async fn look(interfaces: &[Interface], server: Option<IpAddr>) -> Multicast {
    let own: Vec<Ipv4Addr> = interfaces
        .iter()
        .filter(|interface| !interface.is_vpn)
        .filter_map(|interface| match interface.address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    if own.is_empty() {
        return Multicast::Unknown;
    }
    if let Some(server @ IpAddr::V4(_)) = server {
        // To everyone first: a server answers an address once a second only.
        let everyone = SocketAddr::from((GROUP, PORT));
        if join_all(own.iter().map(|from| is_answered(*from, everyone, server))).await.contains(&true) {
            return Multicast::Through;
        }
        let alone = SocketAddr::new(server, PORT);
        if is_answered(Ipv4Addr::UNSPECIFIED, alone, server).await {
            return Multicast::Unheard;
        }
    }
    if join_all(own.iter().map(|from| hears_itself(*from))).await.contains(&true) {
        Multicast::Here
    } else {
        Multicast::Blocked
    }
}

/// Whether a server answers a question that was sent from one address to another.
async fn is_answered(from: Ipv4Addr, to: SocketAddr, server: IpAddr) -> bool {
    let asked = async {
        let socket = UdpSocket::bind((from, 0)).await?;
        if !from.is_unspecified() {
            SockRef::from(&socket).set_multicast_if_v4(&from)?;
        }
        let _ = socket.send_to(&question(), to).await?;
        let mut datagram = [0; BYTES];
        loop {
            let (_, by) = socket.recv_from(&mut datagram).await?;
            if by.ip() == server {
                return Ok::<_, io::Error>(());
            }
        }
    };
    matches!(timeout(WAIT, asked).await, Ok(Ok(())))
}

/// Whether this computer hears on one of its networks what it sends to everyone there.
async fn hears_itself(on: Ipv4Addr) -> bool {
    let heard = async {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        socket.join_multicast_v4(GROUP, on)?;
        socket.set_multicast_loop_v4(true)?;
        SockRef::from(&socket).set_multicast_if_v4(&on)?;
        let own = socket.local_addr()?.port();
        let _ = socket.send_to(&question(), (GROUP, own)).await?;
        let mut datagram = [0; BYTES];
        loop {
            let (_, by) = socket.recv_from(&mut datagram).await?;
            if by == SocketAddr::from((on, own)) {
                return Ok::<_, io::Error>(());
            }
        }
    };
    matches!(timeout(WAIT, heard).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_is_heard_by_its_answer_and_nobody_else_for_it() {
        let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = server.local_addr().unwrap();
        let answers = async {
            let mut asked = [0; BYTES];
            let (bytes, by) = server.recv_from(&mut asked).await.unwrap();
            assert_eq!(asked[..bytes], question());
            let _ = server.send_to(b"{}", by).await.unwrap();
        };
        let (heard, ()) = tokio::join!(is_answered(Ipv4Addr::UNSPECIFIED, at, at.ip()), answers);
        assert!(heard);
        // Nobody answers this one.
        assert!(!is_answered(Ipv4Addr::UNSPECIFIED, at, at.ip()).await);
    }

    #[tokio::test]
    async fn without_a_network_nothing_is_said_about_it() {
        assert_eq!(look(&[], None).await, Multicast::Unknown);
    }
}
