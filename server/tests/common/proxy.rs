//! A bad line: a TCP proxy between clients and a server that can lose, change, add or hold back single frames, and hang up.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What becomes of a frame.
#[derive(Debug, Default)]
pub struct Pass {
    /// Frames for the server.
    pub up: Vec<String>,
    /// Frames for the client.
    pub down: Vec<String>,
    /// Afterwards the line goes dead, without a goodbye.
    pub cut: bool,
}

impl Pass {
    /// These frames go to the server.
    pub fn up(frames: impl IntoIterator<Item = String>) -> Self {
        Self { up: frames.into_iter().collect(), ..Self::default() }
    }

    /// These frames go to the client.
    pub fn down(frames: impl IntoIterator<Item = String>) -> Self {
        Self { down: frames.into_iter().collect(), ..Self::default() }
    }
}

/// What a line does to the text frames of one connection.
pub trait Tamper: Send + 'static {
    /// A frame of the client.
    fn up(&mut self, frame: String) -> Pass {
        Pass::up([frame])
    }

    /// A frame of the server.
    fn down(&mut self, frame: String) -> Pass {
        Pass::down([frame])
    }
}

/// Listens on a port of its own; `tamper` makes what the n-th connection goes through.
pub async fn start<T: Tamper>(server: SocketAddr, tamper: impl Fn(u64) -> T + Send + 'static) -> SocketAddr {
    listen(server, move |number, client, server| carry(client, server, tamper(number))).await
}

/// A line that loses one acknowledgement in ten, at random places; and how many it has lost.
pub async fn loses_acks(server: SocketAddr, seed: u64) -> (SocketAddr, Arc<AtomicU64>) {
    let lost = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&lost);
    let line = start(server, move |number| LosesAcks::new(seed.wrapping_add(number), 10, &counter)).await;
    (line, lost)
}

/// Where a line breaks.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// In what the client sends, or in what the server does.
    pub up: bool,
    /// After so many bytes of that, wherever in a frame that is.
    pub after: u64,
}

/// Listens on a port of its own; `cut` says where the n-th connection breaks, if it does.
pub async fn start_cutting(
    server: SocketAddr,
    cut: impl Fn(u64) -> Option<Cut> + Send + 'static,
) -> SocketAddr {
    listen(server, move |number, client, server| {
        let cut = cut(number);
        let left = |up| cut.filter(|cut| cut.up == up).map_or(u64::MAX, |cut| cut.after);
        carry_bytes(client, server, left(true), left(false))
    })
    .await
}

async fn listen<F>(
    server: SocketAddr,
    carry: impl Fn(u64, TcpStream, TcpStream) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    drop(tokio::spawn(async move {
        for number in 0.. {
            let Ok((client, _)) = listener.accept().await else { return };
            // Whichever end goes away, so does the other.
            let Ok(server) = TcpStream::connect(server).await else { continue };
            drop(tokio::spawn(carry(number, client, server)));
        }
    }));
    address
}

/// Passes so many bytes each way, then lets go of both ends.
async fn carry_bytes(
    mut client: TcpStream,
    mut server: TcpStream,
    mut up: u64,
    mut down: u64,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut from_server) = ([0; 4_096], [0; 4_096]);
    while up > 0 && down > 0 {
        let (read, to, left) = tokio::select! {
            read = client.read(&mut from_client) => (&from_client[..read?], &mut server, &mut up),
            read = server.read(&mut from_server) => (&from_server[..read?], &mut client, &mut down),
        };
        if read.is_empty() {
            return Ok(());
        }
        let passes = usize::try_from(*left).unwrap_or(usize::MAX).min(read.len());
        to.write_all(&read[..passes]).await?;
        *left -= passes as u64;
    }
    Ok(())
}

async fn carry(mut client: TcpStream, mut server: TcpStream, mut tamper: impl Tamper) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut from_server) = (Lane::default(), Lane::default());
    loop {
        tokio::select! {
            read = client.read_buf(&mut from_client.bytes) => if read? == 0 { return Ok(()) },
            read = server.read_buf(&mut from_server.bytes) => if read? == 0 { return Ok(()) },
        }
        let (mut up, mut down, mut cut) = (Vec::new(), Vec::new(), false);
        for (lane, is_up) in [(&mut from_client, true), (&mut from_server, false)] {
            while let Some(piece) = lane.next() {
                let pass = match piece {
                    Piece::Raw(bytes) => {
                        if is_up { &mut up } else { &mut down }.extend(bytes);
                        continue;
                    }
                    Piece::Text(frame) if is_up => tamper.up(frame),
                    Piece::Text(frame) => tamper.down(frame),
                };
                pass.up.iter().for_each(|frame| encode(frame, true, &mut up));
                pass.down.iter().for_each(|frame| encode(frame, false, &mut down));
                cut |= pass.cut;
            }
        }
        server.write_all(&up).await?;
        client.write_all(&down).await?;
        if cut {
            return Ok(());
        }
    }
}

enum Piece {
    Raw(Vec<u8>),
    Text(String),
}

/// One direction of a connection.
#[derive(Default)]
struct Lane {
    bytes: Vec<u8>,
    /// The head of HTTP is over.
    speaks_frames: bool,
}

impl Lane {
    fn next(&mut self) -> Option<Piece> {
        if !self.speaks_frames {
            let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
            self.speaks_frames = true;
            return Some(Piece::Raw(self.bytes.drain(..end).collect()));
        }
        let (&[first, second], rest) = self.bytes.split_first_chunk()?;
        let (length, head) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
            127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).expect("a length"), 10),
            short => (usize::from(short), 2),
        };
        let mask_at = head;
        let start = if second & 0x80 == 0 { head } else { head + 4 };
        if self.bytes.len() < start + length {
            return None;
        }
        let frame: Vec<u8> = self.bytes.drain(..start + length).collect();
        if first != 0x81 {
            return Some(Piece::Raw(frame));
        }
        let mask = &frame[mask_at..start];
        let payload = frame[start..].iter().enumerate();
        let payload =
            payload.map(|(at, byte)| if mask.is_empty() { *byte } else { byte ^ mask[at % 4] }).collect();
        Some(Piece::Text(String::from_utf8(payload).expect("text frames are text")))
    }
}

fn encode(frame: &str, masked: bool, out: &mut Vec<u8>) {
    let mask = if masked { 0x80 } else { 0 };
    out.push(0x81);
    match frame.len() {
        short @ 0..126 => out.push(mask | short as u8),
        middle @ 126..65_536 => {
            out.push(mask | 126);
            out.extend((middle as u16).to_be_bytes());
        }
        long => {
            out.push(mask | 127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    if masked {
        // A mask of zeroes is one too.
        out.extend([0; 4]);
    }
    out.extend(frame.as_bytes());
}

/// Passes everything as it is.
#[derive(Debug, Clone, Copy)]
pub struct Clean;

impl Tamper for Clean {}

/// Loses acknowledgements: entries of the connection's own author, one in `one_in`; one in ten of those takes the line along.
struct LosesAcks {
    by: Option<String>,
    one_in: u64,
    random: super::Random,
    lost: Arc<AtomicU64>,
}

impl LosesAcks {
    /// Counts what it lost in `lost`.
    fn new(seed: u64, one_in: u64, lost: &Arc<AtomicU64>) -> Self {
        Self { by: None, one_in, random: super::Random(seed), lost: Arc::clone(lost) }
    }
}

impl Tamper for LosesAcks {
    fn down(&mut self, frame: String) -> Pass {
        if frame.starts_with(r#"{"type":"connection_established""#) {
            let value: serde_json::Value = serde_json::from_str(&frame).expect("a frame");
            self.by = value["by"].as_str().map(|by| format!(r#""by":"{by}""#));
        }
        let is_ack = frame.starts_with(r#"{"type":"chat_message""#)
            && self.by.as_ref().is_some_and(|by| frame.contains(by.as_str()));
        if !is_ack || self.random.below(self.one_in) > 0 {
            return Pass::down([frame]);
        }
        self.lost.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Pass { cut: self.random.below(10) == 0, ..Pass::default() }
    }
}
