//! A connection some bytes of which were read already.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use super::socket::Socket;

/// A connection, and the bytes that were read from it to learn what it speaks. They are read again from here first.
#[derive(Debug)]
pub struct Prefixed {
    socket: Socket,
    prefix: Bytes,
}

impl Prefixed {
    /// A connection, and the bytes that were read from it.
    pub fn new(socket: Socket, prefix: Bytes) -> Self {
        Self { socket, prefix }
    }

    /// The bytes that were read from the connection and not from here: a whole head, and perhaps more.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The connection itself.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The connection itself, to write to it.
    pub fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// The connection, and the bytes that were read from it and not from here.
    pub fn into_parts(self) -> (Socket, Bytes) {
        (self.socket, self.prefix)
    }
}

impl AsyncRead for Prefixed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.prefix.is_empty() {
            return Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        let taken = self.prefix.len().min(buffer.remaining());
        buffer.put_slice(&self.prefix.split_to(taken));
        Poll::Ready(Ok(()))
    }
}
