//! From an address to an open WebSocket.

use snug_shared::{SUBPROTOCOL, limits};
use tokio_tungstenite::tungstenite::{
    Error,
    client::IntoClientRequest,
    error::ProtocolError,
    http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
};

use super::{
    Target,
    backoff::Delay,
    ended::Ended,
    messages::{self, Refused},
    transport::{self, Socket},
};
use crate::{api::ApiError, tcp};

/// Opens the WebSocket of a room. Who was in it before knows that a server was there, and needs no hints about its firewall.
pub(super) async fn dial(target: &Target, was_in: bool) -> Result<Socket, Ended> {
    let server = &target.server;
    if server.secure {
        return Err(Ended::stop(ApiError::Encrypted.to_string()));
    }
    let later = |reason| Err(Ended::Retry { reason, delay: Delay::Backoff });
    let url = server.socket_url(&target.room, &target.nickname);
    let Ok(mut request) = url.into_client_request() else {
        return Err(Ended::stop(messages::not_snug(server)));
    };
    let _ = request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let stream = match tcp::connect(server).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, server = %server, "no connection");
            return later(if was_in { messages::LOST.into() } else { messages::unreachable(server) });
        }
    };
    // A server's frame fits; anything larger is not one of ours.
    match transport::open(request, stream, limits::SERVER_FRAME_BYTES).await {
        Ok(Ok(socket)) => Ok(socket),
        Err(_) => later(format!("The server at {} takes too long to answer.", server.authority())),
        Ok(Err(Error::Http(response))) => match messages::refused(response.status(), server) {
            Refused { reason, may_pass: true } => later(reason),
            Refused { reason, may_pass: false } => Err(Ended::stop(reason)),
        },
        Ok(Err(Error::Io(_) | Error::Protocol(ProtocolError::HandshakeIncomplete))) => {
            later(format!("The server at {} hung up.", server.authority()))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, server = %server, "no handshake");
            Err(Ended::stop(messages::not_snug(server)))
        }
    }
}
