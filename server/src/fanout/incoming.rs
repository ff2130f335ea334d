//! A connection as the WebSocket library sees it.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::outbound::Outbound;
use crate::net::socket::Socket;

/// Bytes asked of the kernel at once: a burst of messages, or one of the largest in two reads.
const READ_BYTES: usize = 32 * 1024;

thread_local! {
    /// The buffer that every connection of a thread reads into. One of its own would be half of an idle connection's memory.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// The stream of the WebSocket library. It reads the socket; frames written to it become private frames of the [`Outbound`].
///
/// It hands over whole frames only: with a write buffer of 0 each frame it makes is written at once, and every write here
/// takes all it is given.
#[derive(Debug)]
pub struct Incoming<'a> {
    socket: Socket,
    outbound: &'a Outbound,
    /// Bytes that were read and did not fit into the library's buffer; takes no memory while it is empty.
    ahead: Bytes,
}

impl<'a> Incoming<'a> {
    /// The reading half beside `outbound`.
    pub fn new(outbound: &'a Outbound) -> Self {
        Self { socket: outbound.socket().clone(), outbound, ahead: Bytes::new() }
    }
}

impl AsyncRead for Incoming<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return SCRATCH.with_borrow_mut(|scratch| {
                let mut scratch = ReadBuf::new(scratch);
                ready!(Pin::new(&mut self.socket).poll_read(context, &mut scratch))?;
                let (now, later) = scratch.filled().split_at(buffer.remaining().min(scratch.filled().len()));
                buffer.put_slice(now);
                self.ahead = Bytes::copy_from_slice(later);
                Poll::Ready(Ok(()))
            });
        }
        let now = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead[..now]);
        self.ahead.advance(now);
        if self.ahead.is_empty() {
            // Even an empty slice of it would keep the whole.
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
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
