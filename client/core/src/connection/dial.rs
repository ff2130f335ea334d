//! From an address to an open WebSocket.

use std::{io, time::Duration};

use snug_shared::{SUBPROTOCOL, ServerAddress, limits};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::tungstenite::{
    Error,
    client::IntoClientRequest,
    error::ProtocolError,
    http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
};
use url::Host;

use super::{
    Target,
    ended::Ended,
    pause::Pause,
    transport::{self, Socket},
    words,
};
use crate::api::ApiError;

/// How long a server may take to take the connection.
const ANSWER: Duration = Duration::from_secs(10);

/// Opens a connection without delays for small writes.
pub(crate) async fn tcp(server: &ServerAddress) -> io::Result<TcpStream> {
    let connected = async {
        match &server.host {
            Host::Domain(name) => TcpStream::connect((name.as_str(), server.port)).await,
            Host::Ipv4(address) => TcpStream::connect((*address, server.port)).await,
            Host::Ipv6(address) => TcpStream::connect((*address, server.port)).await,
        }
    };
    let stream = timeout(ANSWER, connected).await.map_err(|_| io::ErrorKind::TimedOut)??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens the WebSocket of a room.
pub(super) async fn dial(target: &Target) -> Result<Socket, Ended> {
    let server = &target.server;
    if server.secure {
        return Err(Ended::stop(ApiError::Encrypted.to_string()));
    }
    let later = |reason| Err(Ended::Retry { reason, pause: Pause::Backoff });
    let url = server.socket_url(&target.room, &target.nickname);
    let Ok(mut request) = url.into_client_request() else {
        return Err(Ended::stop(words::not_snug(server)));
    };
    let _ = request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let stream = match tcp(server).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, server = %server, "no connection");
            return later(words::unreachable(server));
        }
    };
    // A server's frame fits; anything larger is not one of ours.
    match transport::open(request, stream, limits::SERVER_FRAME_BYTES).await {
        Ok(Ok(socket)) => Ok(socket),
        Err(_) => later(format!("The server at {} takes too long to answer.", server.authority())),
        Ok(Err(Error::Http(response))) => match words::refused(response.status(), server) {
            (reason, true) => later(reason),
            (reason, false) => Err(Ended::stop(reason)),
        },
        Ok(Err(Error::Io(_) | Error::Protocol(ProtocolError::HandshakeIncomplete))) => {
            later(format!("The server at {} hung up.", server.authority()))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, server = %server, "no handshake");
            Err(Ended::stop(words::not_snug(server)))
        }
    }
}
