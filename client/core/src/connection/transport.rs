//! The WebSocket under a connection, whatever is said on it: how it is opened, written to and closed.

use std::time::Duration;

use futures_util::SinkExt;
use snug_shared::{CloseReason, limits::CLIENT_FRAME_BYTES};
use tokio::{
    net::TcpStream,
    time::{error::Elapsed, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        handshake::client::Request,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

/// How long the other side may take to answer the handshake, and any write.
const ANSWER: Duration = Duration::from_secs(10);

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// An open WebSocket.
pub type Socket = WebSocketStream<TcpStream>;

/// Opens a WebSocket over a connection that stands. Messages above `most` bytes, their fragments together, end it.
/// Redirections are not followed.
///
/// # Errors
/// [`Elapsed`] after ten seconds without an answer; else whatever the answer was that is no handshake's.
pub async fn open(
    request: Request,
    stream: TcpStream,
    most: usize,
) -> Result<Result<Socket, Error>, Elapsed> {
    let limits = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * most.max(CLIENT_FRAME_BYTES))
        .max_message_size(Some(most))
        .max_frame_size(Some(most));
    let opened = timeout(ANSWER, client_async_with_config(request, stream, Some(limits))).await?;
    Ok(opened.map(|(socket, _)| socket))
}

/// Writes a message.
///
/// # Errors
/// [`Elapsed`] when nothing of it is taken for ten seconds: the line is dead. A socket that is closed is not an error: why
/// may still lie in what came before, and reading finds it, or finds the end as well.
pub async fn write(socket: &mut Socket, message: Message) -> Result<(), Elapsed> {
    if let Err(error) = timeout(ANSWER, socket.send(message)).await? {
        tracing::debug!(%error, "a frame could not be written");
    }
    Ok(())
}

/// Says goodbye, or answers the other side's.
pub async fn close(socket: &mut Socket, reason: CloseReason) {
    let close = CloseFrame { code: reason.code().into(), reason: "".into() };
    let goodbye = async {
        // Fails where the other side was first. The answer to that waits in the library for the next write.
        let _ = socket.close(Some(close)).await;
        socket.flush().await
    };
    let _ = timeout(GOODBYE, goodbye).await;
}

/// The rule that the other side broke, by the error of a read; none when the line is gone.
pub fn broken_rule(error: &Error) -> Option<CloseReason> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(CloseReason::BrokenFrame),
        Error::Utf8(_) => Some(CloseReason::BadUtf8),
        Error::Capacity(_) => Some(CloseReason::TooBig),
        _ => None,
    }
}
