//! A WebSocket client by hand, which can send any bytes at any time.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::Value;
use snug_shared::SUBPROTOCOL;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::PATIENCE;

/// The rest of a handshake, after its request line.
pub const HEADERS: &str = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// A native handshake to the room tea, under a name that nobody else has.
pub fn handshake() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("GET /ws/chat/tea/eve{number} HTTP/1.1\r\n{HEADERS}Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n")
}

/// A connection past its handshake.
pub struct Wire {
    pub stream: TcpStream,
}

/// What a close frame without a code means (RFC 6455 §7.1.5).
pub const NO_CODE: u16 = 1005;

/// What ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A close frame with this code, and then the end of the stream.
    Close(u16),
    /// The end of the stream alone.
    Silence,
}

impl Wire {
    /// Becomes a member of the room tea, in the native dialect and under a name of its own.
    pub async fn join(server: SocketAddr) -> Self {
        Self::join_over(TcpStream::connect(server).await.unwrap()).await
    }

    /// The same with a receive buffer as small as the system makes it.
    pub async fn join_narrow(server: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        Self::join_over(socket.connect(server).await.unwrap()).await
    }

    /// Opens a WebSocket to that room, and says nothing.
    pub async fn open(server: SocketAddr) -> Self {
        Self::open_over(TcpStream::connect(server).await.unwrap()).await
    }

    async fn join_over(stream: TcpStream) -> Self {
        let mut wire = Self::open_over(stream).await;
        wire.send(&frame(0x81, br#"{"type":"hello","version":1}"#)).await;
        while !wire.next(0x81).await.ends_with(br#""live":true}"#) {}
        wire
    }

    async fn open_over(mut stream: TcpStream) -> Self {
        let request = handshake();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().expect("an answer"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Self { stream }
    }

    /// Sends bytes; that the other side has had enough is not an error here.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next frame: its first byte and its payload.
    pub async fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let read = async {
            let first = self.stream.read_u8().await?;
            let length = match self.stream.read_u8().await? {
                126 => self.stream.read_u16().await?.into(),
                127 => self.stream.read_u64().await?,
                short => short.into(),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await?;
            Ok((first, payload))
        };
        timeout(PATIENCE, read).await.expect("a frame or an end")
    }

    /// The payload of the next frame that begins with this byte; others are passed over.
    pub async fn next(&mut self, wanted: u8) -> Vec<u8> {
        loop {
            let (first, payload) = self.frame().await.expect("the connection stands");
            if first == wanted {
                return payload;
            }
        }
    }

    /// Waits for the answer to the server's own kind of ping.
    pub async fn is_answered(&mut self) {
        loop {
            let json: Value = serde_json::from_slice(&self.next(0x81).await).unwrap();
            assert_ne!(json["type"], "error", "{json}");
            if json["type"] == "pong" {
                return;
            }
        }
    }

    /// Reads until the connection ends.
    pub async fn end(&mut self) -> End {
        let mut end = End::Silence;
        loop {
            match self.frame().await {
                Ok((0x88, payload)) => {
                    assert_eq!(end, End::Silence, "one goodbye");
                    let code = payload.first_chunk().map_or(NO_CODE, |code| u16::from_be_bytes(*code));
                    end = End::Close(code);
                }
                Ok(_) => assert_eq!(end, End::Silence, "nothing comes after a goodbye"),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "no reset overtakes the goodbye");
                    return end;
                }
            }
        }
    }

    /// Breaks the connection off with a reset.
    pub fn reset(self) {
        reset(self.stream);
    }
}

/// Breaks a connection off with a reset.
pub fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// A masked frame: its first byte, and what it carries.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        middle @ 126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    // A mask of zeroes is a mask.
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
