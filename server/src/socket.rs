//! The byte stream under a connection: one seam for everything above it, so that what is written past the WebSocket library
//! and what it reads are the same stream.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A connected stream that several owners can read and write without waiting for each other.
#[derive(Debug, Clone)]
pub struct Socket {
    stream: Arc<TcpStream>,
}

impl Socket {
    /// Takes over an accepted stream.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream: Arc::new(stream) }
    }

    /// Writes what the kernel takes right now of one piece.
    ///
    /// # Errors
    /// As [`try_write_vectored`](Self::try_write_vectored).
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }

    /// Writes what the kernel takes right now.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when it takes nothing; any other when the connection is gone.
    pub fn try_write_vectored(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(bytes)
    }

    /// Waits until the kernel may take more.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// Tells the other side that nothing more will come, while what it still sends can be read.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn finish_writing(&self) -> io::Result<()> {
        socket2::SockRef::from(&*self.stream).shutdown(std::net::Shutdown::Write)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            // Straight into the buffer: filling it with zeros first is most of what a short read costs.
            match self.stream.try_read_buf(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.map(|_| ())),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            match self.stream.try_write_vectored(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The stream closes when its last owner lets go of it: hyper shuts down what it has handed over as well.
        Poll::Ready(Ok(()))
    }
}
