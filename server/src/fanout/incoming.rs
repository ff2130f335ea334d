//! What the WebSocket library sees of a connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::outbound::Outbound;
use crate::socket::Socket;

/// The stream the WebSocket library sees: it reads the socket; what it writes becomes private frames of the [`Outbound`].
///
/// It hands over whole frames only: with a write buffer of 0 each frame it makes is written at once, and every write here
/// takes all it is given.
#[derive(Debug)]
pub struct Incoming<'a> {
    socket: Socket,
    outbound: &'a Outbound,
}

impl<'a> Incoming<'a> {
    /// The reading half beside `outbound`.
    pub fn new(outbound: &'a Outbound) -> Self {
        Self { socket: outbound.socket().clone(), outbound }
    }
}

impl AsyncRead for Incoming<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Incoming<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, frames: &[u8]) -> Poll<io::Result<usize>> {
        self.outbound.send([Bytes::copy_from_slice(frames)]);
        Poll::Ready(Ok(frames.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
