//! The WebSocket under a connection of any dialect: frames in, the outgoing half beside them, and an end that both sides learn
//! of.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use snug_shared::CloseReason;
use tokio::{io::AsyncReadExt, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    Server,
    fanout::{Incoming, Outbound},
};

/// How long the last frames may take to leave.
const FAREWELL: Duration = Duration::from_secs(5);
/// The same for a connection that was too slow: it may still be reading, and shall learn the reason.
const SLOW_FAREWELL: Duration = Duration::from_secs(30);
/// How long the other side may take to close after the last frame. Meanwhile what it still sends is read, a little at a time
/// and some eight megabytes at most: a socket closed over unread bytes is reset, and the reset would overtake the close frame.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_BYTES: usize = 16 * 1024;
const LINGER_PAUSE: Duration = Duration::from_millis(10);

/// Bytes the library reads at once into a buffer that an idle connection keeps: most messages in one piece. The rest waits in
/// [`Incoming`], so a small buffer costs no extra system call.
const READ_BUFFER: usize = 256;

/// How a conversation ended.
#[derive(Debug)]
pub enum ConnectionEnd {
    /// This side closes it.
    Close(CloseReason),
    /// The other side closed it, and was answered.
    Closed,
    /// The other side is gone.
    Gone,
}

/// A data frame (RFC 6455 §5.6).
#[derive(Debug)]
pub enum DataFrame {
    /// Text, which is UTF-8.
    Text(Utf8Bytes),
    /// Anything else.
    Binary(Bytes),
}

/// The incoming frames of a connection.
pub struct FrameReader<'a> {
    server: &'a Server,
    outbound: &'a Outbound,
    stream: WebSocketStream<Incoming<'a>>,
}

impl<'a> FrameReader<'a> {
    /// Reads the socket of `outbound`, beginning with what was `read` from it already. No message may be larger than `most`
    /// bytes, its fragments together.
    pub async fn new(server: &'a Server, outbound: &'a Outbound, read: Bytes, most: usize) -> Self {
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(most)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let incoming = Incoming::new(outbound);
        let stream =
            WebSocketStream::from_partially_read(incoming, read.into(), Role::Server, Some(limits)).await;
        Self { server, outbound, stream }
    }

    /// The next data frame; control frames before it are handled.
    ///
    /// # Errors
    /// The connection's [`ConnectionEnd`].
    pub async fn next(&mut self) -> Result<DataFrame, ConnectionEnd> {
        loop {
            let frame = self.stream.next().await;
            let is_pong = matches!(frame, Some(Ok(Message::Pong(_))));
            self.outbound.hear(self.server.hub.now_ms(), is_pong);
            match frame {
                Some(Ok(Message::Text(text))) => return Ok(DataFrame::Text(text)),
                Some(Ok(Message::Binary(bytes))) => return Ok(DataFrame::Binary(bytes)),
                // The library answers these when it is asked for the next frame.
                Some(Ok(_)) => {}
                None => return Err(ConnectionEnd::Closed),
                Some(Err(error)) => return Err(end_after(&error)),
            }
        }
    }

    /// The next text frame; nothing else may come.
    ///
    /// # Errors
    /// The connection's [`ConnectionEnd`].
    pub async fn next_text(&mut self) -> Result<Utf8Bytes, ConnectionEnd> {
        match self.next().await? {
            DataFrame::Text(text) => Ok(text),
            DataFrame::Binary(_) => Err(ConnectionEnd::Close(CloseReason::Binary)),
        }
    }
}

/// Runs a conversation until either side ends it, and closes the connection.
pub async fn carry(outbound: &Arc<Outbound>, conversation: impl Future<Output = ConnectionEnd>) {
    tokio::select! {
        // The conversation first: frames it queues are mostly sent by itself, together with the next ones.
        biased;
        end = conversation => match end {
            ConnectionEnd::Close(reason) => outbound.close(reason),
            ConnectionEnd::Closed => outbound.hang_up(),
            ConnectionEnd::Gone => outbound.abandon(),
        },
        // The end came from elsewhere: a newer connection of the same seat, the sweep, the server's stop, or a full queue.
        () = outbound.pump() => {}
    }
    let reason = outbound.closing();
    tracing::debug!(connection = outbound.id, ?reason, "connection ends");
    Box::pin(farewell(outbound, reason)).await;
}

async fn farewell(outbound: &Outbound, reason: Option<CloseReason>) {
    let patience = match reason {
        None => return,
        Some(CloseReason::TooSlow) => SLOW_FAREWELL,
        Some(_) => FAREWELL,
    };
    if timeout(patience, outbound.finish()).await.is_err() || outbound.closing().is_none() {
        return;
    }
    if outbound.socket().finish_writing().is_err() {
        return;
    }
    let drain = async {
        let mut socket = outbound.socket().clone();
        let mut unread = Vec::with_capacity(LINGER_BYTES);
        while let Ok(1..) = socket.read_buf(&mut unread).await {
            unread.clear();
            tokio::time::sleep(LINGER_PAUSE).await;
        }
    };
    let _ = timeout(LINGER, drain).await;
}

/// The end of a connection after a failed read.
fn end_after(error: &tungstenite::Error) -> ConnectionEnd {
    use tungstenite::Error;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => ConnectionEnd::Closed,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => ConnectionEnd::Gone,
        Error::Protocol(_) => ConnectionEnd::Close(CloseReason::BrokenFrame),
        Error::Utf8(_) => ConnectionEnd::Close(CloseReason::BadUtf8),
        Error::Capacity(_) => ConnectionEnd::Close(CloseReason::TooBig),
        _ => ConnectionEnd::Gone,
    }
}
