//! The byte stream under a connection. Everything above shares this one type, so that the frames written past the WebSocket
//! library and the bytes it reads belong to the same stream.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Whether a read that does not fill its buffer has left nothing. It has where epoll or kqueue tell readiness: they tell it
/// again when more comes.
const SHORT_READ_EMPTIES: bool = cfg!(unix);

/// How long this side waits, at the end, for the other side to read the last response.
const LINGER: Duration = Duration::from_secs(1);

/// The pause before the system is asked again whether the other side has finished.
const ASK_AGAIN: Duration = Duration::from_secs(1);

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

    /// The same connection, registered with the runtime this is called in. With another owner it stays registered where it is,
    /// and each wake-up costs a switch between threads.
    ///
    /// # Errors
    /// The system's.
    pub fn moved(self) -> io::Result<Self> {
        match Arc::try_unwrap(self.stream) {
            Ok(stream) => TcpStream::from_std(stream.into_std()?).map(Self::new),
            Err(stream) => Ok(Self { stream }),
        }
    }

    /// Writes what the kernel takes right now of one piece.
    ///
    /// # Errors
    /// As [`try_write_vectored`](Self::try_write_vectored).
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(target_os = "linux")]
        {
            use rustix::net::{SendFlags, send};
            // Asking the runtime first would read memory that is in no cache, for each of a thousand members. It must be asked
            // when there is no room, so that it waits for some.
            if let Ok(written) = send(&*self.stream, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                return Ok(written);
            }
        }
        self.stream.try_write(bytes)
    }

    /// Writes what the kernel takes right now.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when it takes nothing; any other when the connection is gone.
    pub fn try_write_vectored(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(bytes)
    }

    /// Reads what there is right now, straight into the buffer. Zeroing the buffer first would be most of a short read's cost.
    fn try_read(&self, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
        let mut read = Err(io::ErrorKind::WouldBlock.into());
        let _ = self.stream.try_io(Interest::READABLE, || {
            read = self.stream.try_read_buf(buffer);
            match read {
                // Not true yet, but it would be at the next call, which this spares.
                Ok(1..) if SHORT_READ_EMPTIES && buffer.remaining() > 0 => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                _ => Ok(()),
            }
        });
        read.map(|_| ())
    }

    /// Waits until the kernel may take more.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// Waits until the other side has finished sending, or is gone. What it has sent before stays to be read.
    pub async fn is_read_closed(&self) {
        // The system tells of the end once. While something is unread, it has to be asked again.
        while let Ok(ready) = self.stream.ready(Interest::READABLE).await
            && !ready.is_read_closed()
        {
            sleep(ASK_AGAIN).await;
        }
    }

    /// Tells the other side that nothing more will come, while what it still sends can be read.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn finish_writing(&self) -> io::Result<()> {
        socket2::SockRef::from(&*self.stream).shutdown(std::net::Shutdown::Write)
    }

    /// Writes one last response, and waits a moment for it to be read.
    pub async fn answer(mut self, response: &[u8]) {
        if let Ok(Ok(())) = timeout(LINGER, self.write_all(response)).await {
            self.linger().await;
        }
    }

    /// Finishes writing, and reads on for a moment: a connection closed over unread bytes is reset, and the other side may lose
    /// the answer.
    pub async fn linger(mut self) {
        if self.finish_writing().is_err() {
            return;
        }
        let mut ignored = [0; 1024];
        let drain = async { while matches!(self.read(&mut ignored).await, Ok(read) if read > 0) {} };
        let _ = timeout(LINGER, drain).await;
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
            match self.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
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
