//! The head of a connection's first request, read before hyper sees it.
//!
//! Here strangers send a byte at a time, send too much, or speak another protocol. Each of them gets an exact answer, which a
//! parser could not give after the fact.

use std::io;

use bytes::Bytes;
use snug_shared::{ErrorCode, ErrorFrame, ServerFrame};
use tokio::io::AsyncReadExt;

use super::socket::Socket;

/// A request's line and headers in bytes, at most.
pub const HEAD_BYTES: usize = 8 * 1024;

/// Bytes read at once: most heads fit, and a connection that sends a byte at a time holds little.
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
    /// A body of a length, and in chunks as well: what stands behind one could be read as another request.
    #[error("the request has a Content-Length and a Transfer-Encoding")]
    TwoLengths,
    /// The connection ended.
    #[error("the connection ended: {0}")]
    Gone(#[from] io::Error),
}

impl HeadError {
    /// The response, where it would be understood.
    pub fn response(&self) -> Option<Vec<u8>> {
        use ErrorCode::{BadRequest, TooLong};
        let (status, code, message) = match self {
            Self::TimedOut => ("408 Request Timeout", BadRequest, "The request took too long to arrive."),
            Self::LongLine => ("414 URI Too Long", TooLong, "That address is too long."),
            Self::LongHeaders => {
                ("431 Request Header Fields Too Large", TooLong, "The request's headers are too long.")
            }
            Self::NotHttp => ("400 Bad Request", BadRequest, "This server speaks HTTP/1.1 and WebSocket."),
            Self::Malformed => ("400 Bad Request", BadRequest, "That request can’t be read."),
            Self::TwoLengths => {
                let message = "A request has a Content-Length or a Transfer-Encoding, not both.";
                ("400 Bad Request", BadRequest, message)
            }
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

/// Reads the first bytes of a connection, at least one.
///
/// # Errors
/// [`HeadError::Gone`] when there are none.
pub async fn first_bytes(socket: &mut Socket) -> Result<Vec<u8>, HeadError> {
    let mut first = Vec::with_capacity(READ_BYTES);
    read_more(socket, &mut first).await?;
    Ok(first)
}

/// Whether a connection that begins with this byte may speak HTTP/1.
pub fn is_text(first: u8) -> bool {
    first.is_ascii_graphic() || first == b'\r' || first == b'\n'
}

/// Reads on until the head is whole. The bytes behind it are kept.
///
/// # Errors
/// [`HeadError`] as soon as it is certain that these bytes will not become a request for us.
pub async fn read(socket: &mut Socket, mut head: Vec<u8>) -> Result<Bytes, HeadError> {
    let mut seen = 0;
    let mut line = None;
    loop {
        if line.is_none() {
            line = line_end(&head);
            if line.is_some_and(|end| !is_request_line(&head[..end])) {
                return Err(HeadError::NotHttp);
            }
        }
        match line {
            Some(end) if end > HEAD_BYTES => return Err(HeadError::LongLine),
            Some(_) if head_ends(&head, seen) && has_two_lengths(&head) => return Err(HeadError::TwoLengths),
            Some(_) if head_ends(&head, seen) => return Ok(head.into()),
            Some(_) if head.len() > HEAD_BYTES => return Err(HeadError::LongHeaders),
            None if head.len() > HEAD_BYTES => return Err(HeadError::LongLine),
            _ => {}
        }
        seen = head.len();
        read_more(socket, &mut head).await?;
    }
}

async fn read_more(socket: &mut Socket, head: &mut Vec<u8>) -> Result<(), HeadError> {
    head.reserve(READ_BYTES);
    match socket.read_buf(head).await? {
        0 => Err(HeadError::Gone(io::ErrorKind::UnexpectedEof.into())),
        _ => Ok(()),
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

/// Whether a head says the length of its body in both ways. Hyper takes the chunks then and hides the other.
fn has_two_lengths(head: &[u8]) -> bool {
    let lines = head.split(|byte| *byte == b'\n').skip(1).take_while(|line| !line.trim_ascii().is_empty());
    let names = lines.filter_map(|line| line.split(|byte| *byte == b':').next());
    let (mut length, mut encoding) = (false, false);
    for name in names {
        length |= name.eq_ignore_ascii_case(b"content-length");
        encoding |= name.eq_ignore_ascii_case(b"transfer-encoding");
    }
    length && encoding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_said_in_two_ways_is_seen_in_the_head_and_only_there() {
        let both = |head: &str| has_two_lengths(head.as_bytes());
        assert!(both("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"));
        assert!(both("\r\nPOST / HTTP/1.1\r\ntransfer-encoding:chunked\r\nA: b\r\ncontent-length:1\r\n\r\n"));
        assert!(both("POST / HTTP/1.1\ncontent-length: 1\ntransfer-encoding: chunked\n\n"));
        assert!(!both("POST / HTTP/1.1\r\nContent-Length: 28\r\n\r\nTransfer-Encoding: chunked\r\n"));
        assert!(!both("POST / HTTP/1.1\r\nX: Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"));
    }
}
