//! A member over a real socket, for tests that read like a conversation.
//!
//! ```ignore
//! let mut maya = Peer::join(server, "tea", "maya").await;
//! let mut zoe = Peer::join(server, "tea", "zoe").await;
//! let said = maya.say("Tea?").await;
//! assert_eq!(zoe.entry().await, said);
//! ```

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use snug_shared::{
    ClientFrame, CloseReason, Entry, ErrorCode, ErrorFrame, Established, Hello, Intent, Line, MessageText,
    SUBPROTOCOL, ServerFrame, VERSION, address::segment,
};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};
use uuid::Uuid;

use super::journal::Journal;

/// How long a test waits for what must come. Far beyond what it takes, so that a busy machine changes nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection of the native dialect, joined.
#[derive(Debug)]
pub struct Peer {
    socket: WebSocketStream<TcpStream>,
    /// What the server greeted with.
    pub established: Established,
    /// The entries that came before the line went live, ascending.
    pub replay: Vec<Line>,
    /// The error that came last, for those who wait for a close.
    pub warned: Option<ErrorFrame>,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server said why.
    Closed(CloseReason),
    /// The line went dead, or never came to be.
    Lost,
}

impl Peer {
    /// Joins a room without a past.
    pub async fn join(server: SocketAddr, room: &str, nickname: &str) -> Self {
        Self::hello(server, room, nickname, fresh()).await.expect("the server lets the member in")
    }

    /// Joins with what the hello says; an `Err` is how the server said no.
    pub async fn hello(server: SocketAddr, room: &str, nickname: &str, hello: Hello) -> Result<Self, End> {
        let stream = TcpStream::connect(server).await.map_err(|_| End::Lost)?;
        Self::hello_over(stream, room, nickname, hello).await
    }

    /// Joins over a connection that stands.
    pub async fn hello_over(
        stream: TcpStream,
        room: &str,
        nickname: &str,
        hello: Hello,
    ) -> Result<Self, End> {
        timeout(PATIENCE, async {
            let mut socket = open(stream, room, nickname).await?;
            write(&mut socket, &ClientFrame::Hello(hello)).await?;
            let mut warned = None;
            let established = loop {
                match read(&mut socket).await? {
                    ServerFrame::Challenge { .. } => {}
                    ServerFrame::Error(error) => warned = Some(error),
                    ServerFrame::ConnectionEstablished(established) => break *established,
                    other => panic!("before connection_established came {other:?}"),
                }
            };
            let mut replay = Vec::new();
            loop {
                match read(&mut socket).await? {
                    ServerFrame::Entries { entries, live } => {
                        replay.extend(entries);
                        if live {
                            return Ok(Self { socket, established, replay, warned });
                        }
                    }
                    ServerFrame::Presence(_) | ServerFrame::Typing { .. } => {}
                    other => panic!("amid the replay came {other:?}"),
                }
            }
        })
        .await
        .expect("a join is answered")
    }

    /// Sends a frame. A dead line is noticed by whoever reads next.
    pub async fn send(&mut self, frame: ClientFrame) {
        let _ = write(&mut self.socket, &frame).await;
    }

    /// Sends something for the log under a new id.
    pub async fn intend(&mut self, intent: Intent) -> Uuid {
        let id = Uuid::now_v7();
        self.send(ClientFrame::Send { id, intent }).await;
        id
    }

    /// Says something until it is durable, however often it is refused for now; the refusals.
    pub async fn insist(&mut self, journal: &mut Journal, text: &str) -> Vec<ErrorCode> {
        let id = Uuid::now_v7();
        journal.meant(id, text);
        let mut refused = Vec::new();
        while let Err(code) = self.attempt(journal, id, text).await {
            refused.push(code);
            sleep(Duration::from_millis(50)).await;
        }
        refused
    }

    /// Says something once, under this id.
    pub async fn attempt(&mut self, journal: &mut Journal, id: Uuid, text: &str) -> Result<(), ErrorCode> {
        let epoch = self.established.epoch.clone();
        self.send(ClientFrame::Send { id, intent: message(text) }).await;
        loop {
            match self.next().await {
                ServerFrame::Line(Line::Entry(entry)) => {
                    journal.saw(&epoch, &entry);
                    if entry.id == id {
                        journal.acked(&epoch, &entry);
                        return Ok(());
                    }
                }
                ServerFrame::Error(error) if error.id == Some(id) => return Err(error.code),
                _ => {}
            }
        }
    }

    /// Says something and waits until it is durable; what comes before that is passed over.
    pub async fn say(&mut self, text: &str) -> Entry {
        let id = self.intend(message(text)).await;
        loop {
            let entry = self.entry().await;
            if entry.id == id {
                return entry;
            }
        }
    }

    /// The next frame, or how the connection ended.
    pub async fn try_next(&mut self) -> Result<ServerFrame, End> {
        let frame = timeout(PATIENCE, read(&mut self.socket)).await.expect("a frame or an end comes")?;
        if let ServerFrame::Error(error) = &frame {
            self.warned = Some(error.clone());
        }
        Ok(frame)
    }

    /// As [`Peer::try_next`], but for who waits as long as it takes.
    pub async fn socket_next(&mut self) -> Result<ServerFrame, End> {
        read(&mut self.socket).await
    }

    /// As [`Peer::end`], but for who waits as long as it takes.
    pub async fn socket_end(&mut self) -> End {
        loop {
            if let Err(end) = self.socket_next().await {
                return end;
            }
        }
    }

    /// The next frame.
    pub async fn next(&mut self) -> ServerFrame {
        self.try_next().await.expect("the connection stands")
    }

    /// The next entry; other frames are passed over.
    pub async fn entry(&mut self) -> Entry {
        loop {
            match self.next().await {
                ServerFrame::Line(Line::Entry(entry)) => return entry,
                ServerFrame::Error(error) => panic!("waiting for an entry: {error:?}"),
                _ => {}
            }
        }
    }

    /// The next refusal; other frames are passed over.
    pub async fn error(&mut self) -> ErrorFrame {
        loop {
            if let ServerFrame::Error(error) = self.next().await {
                return error;
            }
        }
    }

    /// Reads until the connection ends, and says how.
    pub async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.try_next().await {
                return end;
            }
        }
    }

    /// The raw socket, for what a well-behaved member would not do.
    pub fn socket(&mut self) -> &mut WebSocketStream<TcpStream> {
        &mut self.socket
    }

    /// Says goodbye properly.
    pub async fn leave(mut self) {
        let _ = self.socket.close(None).await;
    }
}

/// The hello of somebody who was never here.
pub fn fresh() -> Hello {
    Hello { version: VERSION, history: snug_shared::limits::HISTORY_DEFAULT, ..Hello::default() }
}

/// A message for the log.
pub fn message(text: &str) -> Intent {
    Intent::Message { text: MessageText::parse(text).expect("a good text"), reply_to: None }
}

async fn open(stream: TcpStream, room: &str, nickname: &str) -> Result<WebSocketStream<TcpStream>, End> {
    let server = stream.peer_addr().map_err(|_| End::Lost)?;
    let url = format!("ws://{server}/ws/chat/{}/{}", segment(room), segment(nickname));
    let mut request = url.into_client_request().expect("segments make a good URL");
    let _ = request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    stream.set_nodelay(true).map_err(|_| End::Lost)?;
    // Thousands of these fit into one test.
    let small = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0);
    client_async_with_config(request, stream, Some(small))
        .await
        .map(|(socket, _)| socket)
        .map_err(|_| End::Lost)
}

async fn write(socket: &mut WebSocketStream<TcpStream>, frame: &ClientFrame) -> Result<(), End> {
    socket.send(Message::text(frame.to_json())).await.map_err(|_| End::Lost)
}

async fn read(socket: &mut WebSocketStream<TcpStream>) -> Result<ServerFrame, End> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(json))) => {
                if let Some(frame) = ServerFrame::decode(&json).expect("the server makes sense") {
                    return Ok(frame);
                }
            }
            Some(Ok(Message::Close(Some(close)))) => {
                return Err(End::Closed(CloseReason::from_code(close.code.into())));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(other)) => panic!("the server sent {other:?}"),
            Some(Err(
                tungstenite::Error::Io(_)
                | tungstenite::Error::ConnectionClosed
                | tungstenite::Error::AlreadyClosed
                | tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake),
            ))
            | None => return Err(End::Lost),
            Some(Err(broken)) => panic!("the server broke the protocol: {broken}"),
        }
    }
}
