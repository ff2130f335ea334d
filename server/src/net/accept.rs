//! The accept loop: who is let in, how long a request may take, and what those hear who are not served.
//!
//! It knows bytes, addresses and time. What a request means is the router's business; a connection that becomes a WebSocket
//! leaves this module with its [`Permit`], which counts it until it is gone.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt;
use tracing::{debug, warn};

use super::socket::Socket;
use crate::{config::Config, http::Front};

pub use super::limits::{Permit, Refusal, Streaming};
use super::{
    head::{self, HEAD_BYTES, HeadError, Opening},
    limits::{Doors, Pending},
};

/// Connections the kernel holds for us until we take them. With the usual 128, ten thousand clients that come back at once
/// after a restart need a minute of retries.
const BACKLOG: u32 = 4096;

/// What the system keeps of written bytes until the other side has them; some systems reserve twice as much.
const SEND_BUFFER: u32 = 128 * 1024;
/// The pause after an accept that failed for want of something: descriptors, memory.
const SHORT_OF_SOMETHING: Duration = Duration::from_millis(100);

/// How long what was written may go unacknowledged before the other side counts as gone. By itself the system tries on for a
/// quarter of an hour, and the heartbeats of a quiet stream fit into its buffer for days.
#[cfg(any(target_os = "linux", target_os = "android"))]
const VANISHED: Duration = Duration::from_secs(30);

/// How long a connection may serve HTTP before it is asked to come again, so that one that never ends cannot be.
const HTTP_LIFETIME: Duration = Duration::from_secs(60);

/// How long we wait, at the end, for a peer to read what it was told.
const LINGER: Duration = Duration::from_secs(1);

/// What hyper may buffer of one request: the head's limit with room for what comes after it.
const BUFFER_BYTES: usize = 2 * HEAD_BYTES;

/// Who is at the other end: an extension of every request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// What counts its connection as long as it is kept.
    pub permit: Arc<Permit>,
}

impl Peer {
    /// One that came through no door of ours, and is counted with nobody: for who brings a connection of their own.
    pub fn alone(address: IpAddr) -> Self {
        Self { address, permit: Arc::new(Doors::new(&Config::default()).alone(address)) }
    }
}

/// Listens on an address.
///
/// # Errors
/// The kernel's, with a sentence for a person when the port is taken.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the old connections' goodbyes. On Windows the same option would let two servers share a port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    // Connections inherit it. By itself the system keeps megabytes for each member that does not read.
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

/// Serves HTTP until `shutdown` is done; then takes no more connections and lets the requests under way finish. Connections
/// that became WebSockets are not waited for.
pub async fn serve(listener: TcpListener, config: &Config, front: Front, shutdown: impl Future<Output = ()>) {
    if let Err(error) = prepare(&listener) {
        warn!(%error, "connections are not as quick, or not as soon known to be gone, as they should be");
    }
    let (stop, stopping) = watch::channel(false);
    let door = Door { doors: Doors::new(config), front, timeout: config.handshake_timeout, stopping };
    let mut connections = JoinSet::new();
    let mut failing = false;
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            // Before the next is taken, so that those that ended do not gather under a flood.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                failing = false;
                door.open(&mut connections, stream, address.ip().to_canonical());
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                if !failing {
                    warn!(%error, "cannot accept connections; trying on");
                }
                failing = true;
                sleep(SHORT_OF_SOMETHING).await;
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// Sets what every connection shall have. On Linux a listener passes it on; elsewhere each connection needs it again.
fn prepare<'s>(socket: impl Into<SockRef<'s>>) -> io::Result<()> {
    let socket = socket.into();
    // Other systems have no such option, and let go of who vanished when they give up by themselves.
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

/// What every new connection meets.
struct Door {
    doors: Arc<Doors>,
    front: Front,
    timeout: Duration,
    stopping: watch::Receiver<bool>,
}

impl Door {
    fn open(&self, connections: &mut JoinSet<()>, stream: TcpStream, address: IpAddr) {
        if cfg!(not(any(target_os = "linux", target_os = "android"))) && prepare(&stream).is_err() {
            return;
        }
        let socket = Socket::new(stream);
        match self.doors.admit(address) {
            Ok((permit, pending)) => {
                let peer = Peer { address, permit: Arc::new(permit) };
                let (front, timeout, stopping) = (self.front.clone(), self.timeout, self.stopping.clone());
                connections.spawn(async move {
                    let opened = read_head(socket, timeout, stopping.clone()).await;
                    drop::<Pending>(pending);
                    let Some(opening) = opened else { return };
                    let Err(opening) = front.upgrade_at_once(opening, &peer) else { return };
                    let socket = opening.socket().clone();
                    let served = serve_http(opening, peer.clone(), front, timeout, stopping).await;
                    if peer.permit.is_handed_over() {
                        return;
                    }
                    match served.err().and_then(|error| error.response()) {
                        Some(response) => answer(socket, &response).await,
                        None => linger(socket).await,
                    }
                });
            }
            Err(refusal) => {
                debug!(%address, ?refusal, "refused a connection");
                // Those who cannot even be told are dropped: refusing must stay cheap.
                if let Some(telling) = self.doors.tell() {
                    connections.spawn(async move {
                        answer(socket, &refusal.response()).await;
                        drop(telling);
                    });
                }
            }
        }
    }
}

/// The connection with its first request's head, or nothing when it had none that can be served.
async fn read_head(
    mut socket: Socket,
    limit: Duration,
    mut stopping: watch::Receiver<bool>,
) -> Option<Opening> {
    let read = tokio::select! {
        read = timeout(limit, head::read(&mut socket)) => read,
        _ = stopping.wait_for(|stopping| *stopping) => return None,
    };
    let error = match read {
        Ok(Ok(head)) => return Some(Opening::new(socket, head)),
        Ok(Err(error)) => error,
        Err(_) => HeadError::TimedOut,
    };
    debug!(%error, "not a request");
    if let Some(response) = error.response() {
        answer(socket, &response).await;
    }
    None
}

/// Serves requests until the connection ends; an error is one that is still to be answered.
async fn serve_http(
    opening: Opening,
    peer: Peer,
    front: Front,
    limit: Duration,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), HeadError> {
    let permit = peer.permit.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        front.router().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .max_header_size(HEAD_BYTES)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(opening), service)
        .with_upgrades();
    tokio::pin!(connection);
    let serve = async {
        tokio::select! {
            served = connection.as_mut() => return served,
            () = sleep(HTTP_LIFETIME) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        connection.as_mut().graceful_shutdown();
        let too_long = async {
            tokio::select! {
                () = permit.streams_nothing() => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
            sleep(limit).await;
        };
        tokio::select! {
            served = connection => served,
            () = too_long => Ok(()),
        }
    };
    tokio::select! {
        served = serve => served.or_else(|error| {
            debug!(%error, "a connection broke off");
            HeadError::found(&error).map_or(Ok(()), Err)
        }),
        () = permit.is_cut() => {
            debug!("a reader took nothing, or too little");
            Ok(())
        }
    }
}

/// Says one thing, and waits a moment for it to be read.
async fn answer(mut socket: Socket, response: &[u8]) {
    if let Ok(Ok(())) = timeout(LINGER, socket.write_all(response)).await {
        linger(socket).await;
    }
}

/// Says goodbye, and reads on for a moment: closing over unread bytes resets a connection, and the peer may lose the answer.
async fn linger(mut socket: Socket) {
    if socket.finish_writing().is_err() {
        return;
    }
    let mut ignored = [0; 1024];
    let drain = async { while matches!(socket.read(&mut ignored).await, Ok(read) if read > 0) {} };
    let _ = timeout(LINGER, drain).await;
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
