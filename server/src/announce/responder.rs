//! Answers to those who ask all machines of a network for servers, by datagram.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use if_addrs::IfAddr;
use snug_shared::{
    Announcement,
    announcement::{DATAGRAM_BYTES, GROUP, QUESTION_PORT, is_question},
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    sync::watch,
    time::{interval, sleep},
};

use super::{askers::Askers, ended};

/// How often it is looked whether there are other networks than before.
const NETWORKS: Duration = Duration::from_secs(15);
/// The pause before a port that could not be had is tried again.
const AGAIN: Duration = Duration::from_secs(60);

/// Answers until the server ends. `address` is where it listens for connections.
pub(super) async fn answer(
    address: SocketAddr,
    said: watch::Receiver<Announcement>,
    mut ending: watch::Receiver<bool>,
) {
    // Questions come by IPv4 alone.
    if matches!(address, SocketAddr::V6(address) if !address.ip().is_unspecified()) {
        return;
    }
    let mut is_told = false;
    loop {
        let error = tokio::select! {
            () = ended(&mut ending) => return,
            Err(error) = answer_on(QUESTION_PORT, address.port(), &said) => error,
        };
        if !is_told {
            is_told = true;
            tracing::info!(
                %error,
                "cannot answer on UDP port {QUESTION_PORT}: apps find this server only where multicast DNS works. Its address works \
                 in any case"
            );
        }
        tokio::select! {
            () = ended(&mut ending) => return,
            () = sleep(AGAIN) => {}
        }
    }
}

/// Answers on a UDP port for a server on a TCP port.
async fn answer_on(
    question_port: u16,
    port: u16,
    said: &watch::Receiver<Announcement>,
) -> io::Result<std::convert::Infallible> {
    let socket = bind(question_port)?;
    let mut networks = interval(NETWORKS);
    let mut askers = Askers::default();
    // One byte more than the longest question: what is longer is seen to be.
    let mut datagram = [0; DATAGRAM_BYTES + 1];
    loop {
        let received = tokio::select! {
            _ = networks.tick() => {
                join_group(&socket);
                continue;
            }
            received = socket.recv_from(&mut datagram) => received,
        };
        let (length, SocketAddr::V4(from)) = (match received {
            Ok(received) => received,
            // Windows tells here that an answer did not arrive.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => continue,
            Err(error) => return Err(error),
        }) else {
            continue;
        };
        if is_question(&datagram[..length]) && askers.admit(Instant::now(), *from.ip()) {
            let answer = said.borrow().datagram(port);
            // Whoever asked may be gone.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// A socket on a port that several servers of a machine share: each of them gets what is sent to all.
fn bind(port: u16) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    // On Linux the option above is enough, and this one would let nobody in but programs of the same account.
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    UdpSocket::from_std(socket.into())
}

/// Listens to the group on every interface there is now. The system refuses to do so twice.
fn join_group(socket: &UdpSocket) {
    for interface in if_addrs::get_if_addrs().unwrap_or_default() {
        if let IfAddr::V4(address) = interface.addr
            && !address.ip.is_loopback()
        {
            let _ = socket.join_multicast_v4(GROUP, address.ip);
        }
    }
}

#[cfg(test)]
mod tests {
    use snug_shared::{ServerId, announcement::question, api::TlsMode};
    use tokio::time::timeout;

    use super::*;

    /// Longer than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_question_is_answered_and_nothing_else_is() {
        let said = Announcement {
            id: ServerId::parse("abcdefghijklmnopqrstuvwx27").unwrap(),
            name: "The lab".to_owned(),
            tls: TlsMode::Off,
            fingerprint: None,
            rooms: 1,
            people: 2,
        };
        let (_saying, heard) = watch::channel(said.clone());
        // A port that is free: the responder may take it as well, since it shares.
        let free = bind(0).unwrap();
        let port = free.local_addr().unwrap().port();
        let (first, second) = (heard.clone(), heard);
        drop(free);
        let serving = tokio::spawn(async move { answer_on(port, 8123, &first).await.map(|_| ()) });
        let asker = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut answer = [0; 1024];
        let long = vec![b' '; DATAGRAM_BYTES + 1];
        let (length, from) = timeout(PATIENCE, async {
            loop {
                for sent in [&b"snug?"[..], &long, &question()] {
                    asker.send_to(sent, ("127.0.0.1", port)).await.unwrap();
                }
                // Lost when the responder was not there yet, or within the second after another answer.
                if let Ok(Ok(received)) = timeout(Duration::from_secs(1), asker.recv_from(&mut answer)).await
                {
                    return received;
                }
            }
        })
        .await
        .expect("an answer comes");
        assert_eq!(from.port(), port);
        assert_eq!(Announcement::from_datagram(&answer[..length]), Some((said, 8123)));
        // Another server on the same machine can share the port.
        let mut sharing = tokio::spawn(async move { answer_on(port, 8124, &second).await.map(|_| ()) });
        assert!(timeout(Duration::from_millis(200), &mut sharing).await.is_err(), "it serves on");
        serving.abort();
        sharing.abort();
    }
}
