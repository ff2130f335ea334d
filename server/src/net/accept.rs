//! The accept loop: which connections are let in, how long a first request may take, and how refused ones are answered.
//!
//! It knows bytes, addresses and time. What a request means is up to the [`Service`]. A connection that becomes a WebSocket
//! leaves with its [`Peer`], which counts it until it is gone.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{debug, warn};

use super::{
    exempt::ExemptAddresses,
    head::{self, HeadError},
    limits::{ConnectionLimits, Pending, Refusal},
    peer::Peer,
    prefixed::Prefixed,
    socket::Socket,
};
use crate::config::Config;

/// Connections the kernel holds for us until we take them. With the usual 128, ten thousand clients that reconnect at once
/// after a restart need a minute of retries.
const BACKLOG: u32 = 4096;

/// Bytes the system keeps until the other side has acknowledged them; some systems reserve twice as much.
const SEND_BUFFER: u32 = 128 * 1024;

/// The pause after an accept that failed because descriptors or memory ran out.
const PAUSE: Duration = Duration::from_millis(100);

/// How long written bytes may go unacknowledged before the other side counts as gone. By default the system retries for a
/// quarter of an hour, and the heartbeats of a quiet stream fit into its buffer for days.
#[cfg(any(target_os = "linux", target_os = "android"))]
const VANISHED: Duration = Duration::from_secs(30);

/// Serves the connections that are let in.
pub trait Service: Clone + Send + Sync + 'static {
    /// Serves a connection whose first request's head has arrived, until it ends or is handed over to another task.
    fn serve(self, connection: Prefixed, peer: Peer, terms: Terms) -> impl Future<Output = ()> + Send;
}

/// The limits in time of every connection.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How long a request may take to arrive.
    pub timeout: Duration,
    stopping: watch::Receiver<bool>,
}

impl Terms {
    /// Waits until no more requests are wanted.
    pub async fn stopping(&mut self) {
        let _ = self.stopping.wait_for(|stopping| *stopping).await;
    }
}

/// Listens on an address.
///
/// # Errors
/// The kernel's, with a sentence for a person when the port is taken.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait until the old connections have timed out. On Windows the same option would let two servers share
    // a port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    // Connections inherit it. By default the system keeps megabytes for each member that does not read.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address).and_then(|()| socket.listen(BACKLOG)).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => io::Error::new(error.kind(), in_use(address)),
        io::ErrorKind::PermissionDenied => io::Error::new(
            error.kind(),
            format!(
                "this account may not listen on port {}; ports from 1024 on are free to all",
                address.port()
            ),
        ),
        _ => io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")),
    })
}

fn in_use(address: SocketAddr) -> String {
    let port = address.port();
    let next = SocketAddr::new(address.ip(), port.checked_add(1).unwrap_or(0));
    format!("port {port} is already in use: is Snug running already? Try --listen {next}")
}

/// Serves connections until `shutdown` is done; then takes no more of them and waits until those under way are served.
/// Connections that became WebSockets are not waited for.
pub async fn serve(
    listener: TcpListener,
    config: &Config,
    exempt: Arc<ExemptAddresses>,
    service: impl Service,
    shutdown: impl Future<Output = ()>,
) {
    if let Err(error) = prepare(&listener) {
        warn!(%error, "connections are slower, or noticed later when they are gone, than they should be");
    }
    let (stop, stopping) = watch::channel(false);
    let terms = Terms { timeout: config.handshake_timeout, stopping };
    let acceptor = Acceptor { limits: ConnectionLimits::new(config, exempt), service, terms };
    let mut connections = JoinSet::new();
    let mut failing = false;
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            // Before the next is taken, so that finished tasks do not pile up under a flood.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                failing = false;
                acceptor.take(&mut connections, stream, address.ip().to_canonical());
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                if !failing {
                    warn!(%error, "cannot accept connections; trying on");
                }
                failing = true;
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// Sets the options of every connection. On Linux a listener passes them on; elsewhere each connection needs them again.
fn prepare<'s>(socket: impl Into<SockRef<'s>>) -> io::Result<()> {
    let socket = socket.into();
    // Other systems have no such option. They drop a vanished peer when their own retries end.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(VANISHED))?;
    // Small frames in a row would wait 40 ms for each other.
    socket.set_tcp_nodelay(true)
}

/// Errors of one connection that ended before it was taken, not of the listener.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Takes new connections.
struct Acceptor<S> {
    limits: Arc<ConnectionLimits>,
    service: S,
    terms: Terms,
}

impl<S: Service> Acceptor<S> {
    fn take(&self, connections: &mut JoinSet<()>, stream: TcpStream, address: IpAddr) {
        if cfg!(not(any(target_os = "linux", target_os = "android"))) && prepare(&stream).is_err() {
            return;
        }
        let socket = Socket::new(stream);
        match self.limits.admit(address) {
            Ok((slot, pending)) => {
                let peer = Peer::new(address, slot);
                let (service, terms) = (self.service.clone(), self.terms.clone());
                connections.spawn(async move {
                    let opened = open(socket, terms.clone()).await;
                    drop::<Pending>(pending);
                    if let Some(connection) = opened {
                        service.serve(connection, peer, terms).await;
                    }
                });
            }
            Err(refusal) => {
                debug!(%address, ?refusal, "refused a connection");
                self.refuse(connections, socket, refusal);
            }
        }
    }

    /// Answers a refused connection with the reason, unless too many are being answered: then it is dropped, because refusing
    /// must stay cheap.
    fn refuse(&self, connections: &mut JoinSet<()>, socket: Socket, refusal: Refusal) {
        if let Some(answering) = self.limits.answer() {
            connections.spawn(async move {
                socket.answer(&refusal.response()).await;
                drop(answering);
            });
        }
    }
}

/// The connection with its first request's head; none when it has none that can be served.
async fn open(mut socket: Socket, mut terms: Terms) -> Option<Prefixed> {
    let first_request = async {
        // The first byte tells the protocol. A TLS handshake is taken from here, before anything is read as HTTP.
        let first = head::first_bytes(&mut socket).await?;
        if !head::is_text(first[0]) {
            return Err(HeadError::NotText);
        }
        head::read(&mut socket, first).await
    };
    let read = tokio::select! {
        read = timeout(terms.timeout, first_request) => read,
        () = terms.stopping() => return None,
    };
    let error = match read {
        Ok(Ok(head)) => return Some(Prefixed::new(socket, head)),
        Ok(Err(error)) => error,
        Err(_) => HeadError::TimedOut,
    };
    debug!(%error, "not a request");
    if let Some(response) = error.response() {
        socket.answer(&response).await;
    }
    None
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_is_told_when_a_peer_counts_as_gone() {
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        prepare(&listener).unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let told = socket2::SockRef::from(&stream).tcp_user_timeout().unwrap();
        assert_eq!((told, stream.nodelay().unwrap()), (Some(VANISHED), true));
    }
}
