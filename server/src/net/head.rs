//! The head of a connection's first request, read before hyper sees it: that is where strangers drip, flood and speak other
//! protocols, and where an exact answer is worth more than what a parser gives after the fact.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Bytes;
use snug_shared::{ErrorCode, ErrorFrame, ServerFrame};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::socket::Socket;

/// A request's line and headers in bytes, at most.
pub const HEAD_BYTES: usize = 8 * 1024;

/// What is read at once: most heads whole, and little to hold while somebody drips.
const READ_BYTES: usize = 1024;

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// It did not arrive in time.
    #[error("no whole request in time")]
    TimedOut,
    /// The request line alone is too long.
    #[error("the request line is too long")]
    LongLine,
    /// The headers are too long.
    #[error("the headers are too long")]
    LongHeaders,
    /// Text, but not HTTP/1: SSH, Redis, HTTP/2.
    #[error("this is not HTTP/1")]
    NotHttp,
    /// No text at all: TLS, most likely.
    #[error("this is not text; encrypted, perhaps")]
    NotText,
    /// Lines that look like a request and cannot be read as one.
    #[error("the request makes no sense")]
    Malformed,
    /// The connection ended.
    #[error("the connection ended: {0}")]
    Gone(#[from] io::Error),
}

impl HeadError {
    /// What is wrong with a request that the HTTP library could not read; none when that is not why it gave up.
    pub fn found(error: &hyper::Error) -> Option<Self> {
        match error {
            _ if error.is_parse_too_large() => Some(Self::LongHeaders),
            _ if error.is_parse() => Some(Self::Malformed),
            _ => None,
        }
    }

    /// What to answer, where it would be understood.
    pub fn response(&self) -> Option<Vec<u8>> {
        use ErrorCode::{BadRequest, TooLong};
        let (status, code, message) = match self {
            Self::TimedOut => ("408 Request Timeout", BadRequest, "The request took too long to arrive."),
            Self::LongLine => ("414 URI Too Long", TooLong, "That address is too long."),
            Self::LongHeaders => {
                ("431 Request Header Fields Too Large", TooLong, "The request's headers are too long.")
            }
            Self::NotHttp => ("400 Bad Request", BadRequest, "This server speaks HTTP/1.1 and WebSocket."),
            Self::Malformed => ("400 Bad Request", BadRequest, "That request cannot be read."),
            Self::NotText | Self::Gone(_) => return None,
        };
        Some(response(status, code, message))
    }
}

/// A whole response for a connection that ends with it.
pub fn response(status: &str, code: ErrorCode, message: &str) -> Vec<u8> {
    let body = ServerFrame::Error(ErrorFrame::new(code, message)).to_json();
    let retry = if matches!(code, ErrorCode::Unavailable | ErrorCode::RateLimited) {
        "retry-after: 5\r\n"
    } else {
        ""
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{retry}connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Reads until the head is whole. What came with it is kept behind it.
///
/// # Errors
/// [`HeadError`] as soon as it is certain that no request for us will come of it.
pub async fn read(socket: &mut Socket) -> Result<Bytes, HeadError> {
    let mut head = Vec::with_capacity(READ_BYTES);
    let mut seen = 0;
    let mut line = None;
    loop {
        head.reserve(READ_BYTES);
        if socket.read_buf(&mut head).await? == 0 {
            return Err(HeadError::Gone(io::ErrorKind::UnexpectedEof.into()));
        }
        if !(head[0].is_ascii_graphic() || head[0] == b'\r' || head[0] == b'\n') {
            return Err(HeadError::NotText);
        }
        if line.is_none() {
            line = line_end(&head);
            if line.is_some_and(|end| !is_request_line(&head[..end])) {
                return Err(HeadError::NotHttp);
            }
        }
        match line {
            Some(end) if end > HEAD_BYTES => return Err(HeadError::LongLine),
            Some(_) if head_ends(&head, seen) => return Ok(head.into()),
            Some(_) if head.len() > HEAD_BYTES => return Err(HeadError::LongHeaders),
            None if head.len() > HEAD_BYTES => return Err(HeadError::LongLine),
            _ => {}
        }
        seen = head.len();
    }
}

/// Where the first line that is not empty ends.
fn line_end(head: &[u8]) -> Option<usize> {
    let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    head[start..].iter().position(|byte| *byte == b'\n').map(|end| start + end)
}

fn is_request_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0")
}

/// Whether an empty line ends the head; everything before `seen` was looked at before.
fn head_ends(head: &[u8], seen: usize) -> bool {
    let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let rest = &head[seen.saturating_sub(3).max(start)..];
    rest.windows(2).any(|two| two == b"\n\n") || rest.windows(3).any(|three| three == b"\n\r\n")
}

/// Whether this is the HTTP library's own answer to what it cannot read: a status and nothing else. It is kept back, and
/// [`HeadError::found`] says what goes out instead. No refusal of ours is empty.
fn is_wordless(answer: &[u8]) -> bool {
    let empty = b"\r\ncontent-length: 0\r\n";
    answer.starts_with(b"HTTP/1.1 4") && answer.windows(empty.len()).any(|window| window == empty)
}

/// A connection whose first bytes were read already.
#[derive(Debug)]
pub struct Opening {
    socket: Socket,
    head: Bytes,
}

impl Opening {
    /// A connection, and what was read from it.
    pub fn new(socket: Socket, head: Bytes) -> Self {
        Self { socket, head }
    }

    /// What was read from it: a whole head, and perhaps more.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The connection.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The connection, and what was read from it and not from here.
    pub fn into_parts(self) -> (Socket, Bytes) {
        (self.socket, self.head)
    }
}

impl AsyncRead for Opening {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.head.is_empty() {
            return Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        let taken = self.head.len().min(buffer.remaining());
        buffer.put_slice(&self.head.split_to(taken));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Opening {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bytes.first().is_some_and(|first| is_wordless(first)) {
            return Poll::Ready(Ok(bytes.iter().map(|bytes| bytes.len()).sum()));
        }
        Pin::new(&mut self.socket).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
