//! One connection's life: connect, receive, disconnect.
//!
//! [`serve`] reads top to bottom: the greeting, the join, then frames in and answers out until either side ends it. What the
//! room says does not pass through here; it goes from the room's tail to the socket ([`crate::fanout`]). Leaving is a guard's
//! `Drop`, so no way out can skip it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesOrdered};
use snug_shared::{
    ClientFrame, CloseReason, ServerFrame,
    limits::{CHALLENGE_BYTES, CLIENT_FRAME_BYTES},
};
use tokio::{io::AsyncReadExt, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    Server,
    dialect::Dialect,
    fanout::{self, Incoming, Outbound},
    log::Later,
    socket::Socket,
};

mod answer;
mod join;
mod plain;
mod replay;
mod wish;

pub use wish::Wish;

/// How long a client may take to say hello (`docs/protocol.md` §4).
const HELLO: Duration = Duration::from_secs(5);
/// Answers under way for one connection; beyond it the server stops reading from it.
const IN_FLIGHT: usize = 64;
/// How long the last frames may take to leave.
const FAREWELL: Duration = Duration::from_secs(5);
/// The same for who was too slow: it may still be reading, and shall learn why.
const SLOW_FAREWELL: Duration = Duration::from_secs(30);
/// How long the other side may take to close after the last frame. Meanwhile what it still sends is read, a little at a time:
/// a socket closed over unread bytes is reset, and the reset would overtake the close frame.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_BYTES: usize = 16 * 1024;
const LINGER_PAUSE: Duration = Duration::from_millis(10);
/// How long a hello is waited for only to have the refusal of the names come after it.
const BAD_NAME_HELLO: Duration = Duration::from_secs(1);

/// An upgraded connection and what its path asked for.
pub struct Visitor {
    /// The stream.
    pub socket: Socket,
    /// What came in behind the handshake already.
    pub read: Bytes,
    /// The room's segment of the path, decoded; none when it is not UTF-8.
    pub room: Option<String>,
    /// The nickname's segment, where there is one.
    pub nickname: Option<String>,
    /// Where the visitor comes from.
    pub peer: IpAddr,
    /// What it speaks.
    pub dialect: Dialect,
    /// What its address asks for besides, where it does not say hello.
    pub wish: Wish,
}

/// How a conversation ended.
enum End {
    /// This side has had enough.
    Close(CloseReason),
    /// The other side said goodbye, and it was answered.
    Closed,
    /// Nobody is there any more.
    Gone,
}

type Frames<'a> = WebSocketStream<Incoming<'a>>;

/// Serves a visitor until the connection is over.
pub async fn serve(server: Arc<Server>, visitor: Visitor) {
    let _visit = server.visit();
    let Visitor { socket, read, room, nickname, dialect, wish, peer } = visitor;
    let id = server.hub.next_id();
    let outbound = Arc::new(Outbound::new(id, dialect, socket, server.hub.now_ms()));
    let stream = Incoming::new(&outbound);
    let mut frames =
        WebSocketStream::from_partially_read(stream, read.to_vec(), Role::Server, Some(limits())).await;
    let path = join::Path { room, nickname };
    tokio::select! {
        end = converse(&server, &path, &wish, &outbound, &mut frames) => match end {
            End::Close(reason) => outbound.close(reason),
            End::Closed => outbound.hang_up(),
            End::Gone => outbound.abandon(),
        },
        // Somebody else ended it: a newer connection of the same seat, the sweep, the server's stop, or its own slowness.
        () = outbound.pump() => {}
    }
    drop(frames);
    let reason = outbound.closing();
    tracing::debug!(connection = id, %peer, ?reason, "connection ends");
    farewell(&outbound, reason).await;
}

/// Sizes the library reads by. Small buffers: an idle connection keeps them, and they are filled anew at every read.
fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(CLIENT_FRAME_BYTES)
        .max_message_size(Some(CLIENT_FRAME_BYTES))
        .max_frame_size(Some(CLIENT_FRAME_BYTES))
}

async fn farewell(outbound: &Outbound, reason: Option<CloseReason>) {
    let patience = match reason {
        None => return,
        Some(CloseReason::TooSlow) => SLOW_FAREWELL,
        Some(_) => FAREWELL,
    };
    if timeout(patience, outbound.finish()).await.is_err() || outbound.closing().is_none() {
        return;
    }
    if reason == Some(CloseReason::Normal) || outbound.socket().finish_writing().is_err() {
        return;
    }
    let drain = async {
        let mut socket = outbound.socket().clone();
        let mut unread = vec![0; LINGER_BYTES];
        while let Ok(1..) = socket.read(&mut unread).await {
            tokio::time::sleep(LINGER_PAUSE).await;
        }
    };
    let _ = timeout(LINGER, drain).await;
}

async fn converse(
    server: &Arc<Server>,
    path: &join::Path,
    wish: &Wish,
    outbound: &Arc<Outbound>,
    frames: &mut Frames<'_>,
) -> End {
    let joined = match outbound.dialect {
        Dialect::Native => greet(server, path, outbound, frames).await,
        Dialect::Plain | Dialect::Lobby => {
            plain::join(server, path, wish, outbound).await.map_err(|turned| turn_away(outbound, turned))
        }
    };
    let (mut seated, plan) = match joined {
        Ok(joined) => joined,
        Err(end) => return end,
    };
    let room = seated.room.clone();
    let replay = replay::replay(server, &room, outbound, plan);
    tokio::pin!(replay);
    let mut live = false;
    let mut talker = answer::Talker::new(server.clone(), &mut seated, outbound.clone(), wish.echo);
    let mut under_way: FuturesOrdered<Later<Option<Bytes>>> = FuturesOrdered::new();
    loop {
        tokio::select! {
            replayed = &mut replay, if !live => match replayed {
                Ok(()) => live = true,
                Err(error) => {
                    tracing::warn!(room = %room.key, %error, "a replay failed");
                    return End::Close(CloseReason::Internal);
                }
            },
            heard = next_heard(server, outbound, frames), if under_way.len() < IN_FLIGHT => {
                let answer = match heard {
                    Ok(Heard::Text(text)) => talker.hear(&text),
                    Ok(Heard::Binary) => talker.hear_binary(),
                    Err(end) => return end,
                };
                match answer {
                    answer::Answer::Nothing => {}
                    answer::Answer::Now(frame) => outbound.send([frame]),
                    answer::Answer::Later(frame) => under_way.push_back(frame),
                    answer::Answer::Last(frame, reason) => {
                        outbound.send(frame);
                        return End::Close(reason);
                    }
                }
            }
            Some(frame) = under_way.next(), if !under_way.is_empty() => outbound.send(frame),
        }
    }
}

/// The native way in: challenge, names, hello, a place in the room.
async fn greet(
    server: &Arc<Server>,
    path: &join::Path,
    outbound: &Arc<Outbound>,
    frames: &mut Frames<'_>,
) -> Result<(join::Seated, join::Plan), End> {
    let mut challenge = [0; CHALLENGE_BYTES];
    if getrandom::fill(&mut challenge).is_err() {
        return Err(End::Close(CloseReason::Internal));
    }
    let challenge = data_encoding::BASE64.encode(&challenge);
    outbound.send([encode(&ServerFrame::Challenge { challenge })]);

    let names = match path.names() {
        Ok(names) => names,
        Err(turned) => {
            // Many clients send their hello unasked, and would fail at that before they saw why.
            let _ = timeout(BAD_NAME_HELLO, next_text(server, outbound, frames)).await;
            return Err(turn_away(outbound, turned));
        }
    };
    let hello = match timeout(HELLO, next_text(server, outbound, frames)).await {
        Err(_) => return Err(End::Close(CloseReason::BadHello)),
        Ok(text) => match ClientFrame::decode(&text?) {
            Ok(ClientFrame::Hello(hello)) => hello,
            Ok(_) => return Err(End::Close(CloseReason::BadHello)),
            Err(refused) => {
                return Err(turn_away(outbound, (CloseReason::BadHello, Some(refused.into()))));
            }
        },
    };
    join::join(server, names, hello, outbound).await.map_err(|turned| turn_away(outbound, turned))
}

/// Says why somebody does not get in.
fn turn_away(outbound: &Outbound, (reason, error): join::Turned) -> End {
    outbound.send(error.map(|error| outbound.dialect.error(&error)));
    End::Close(reason)
}

/// A frame with something in it.
enum Heard {
    Text(tungstenite::Utf8Bytes),
    Binary,
}

/// The next frame with something in it, whatever control frames come before it.
async fn next_heard(server: &Server, outbound: &Outbound, frames: &mut Frames<'_>) -> Result<Heard, End> {
    loop {
        let frame = frames.next().await;
        outbound.hear(server.hub.now_ms(), matches!(frame, Some(Ok(Message::Pong(_)))));
        match frame {
            Some(Ok(Message::Text(text))) => return Ok(Heard::Text(text)),
            Some(Ok(Message::Binary(_))) => return Ok(Heard::Binary),
            // The library answers these when it is asked for the next frame.
            Some(Ok(_)) => {}
            None => return Err(End::Closed),
            Some(Err(error)) => return Err(end_after(&error)),
        }
    }
}

/// The next text frame; nothing else may come.
async fn next_text(
    server: &Server,
    outbound: &Outbound,
    frames: &mut Frames<'_>,
) -> Result<tungstenite::Utf8Bytes, End> {
    match next_heard(server, outbound, frames).await? {
        Heard::Text(text) => Ok(text),
        Heard::Binary => Err(End::Close(CloseReason::Binary)),
    }
}

/// What a failed read means for the connection.
fn end_after(error: &tungstenite::Error) -> End {
    use tungstenite::Error;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => End::Closed,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(_) => End::Close(CloseReason::BrokenFrame),
        Error::Utf8(_) => End::Close(CloseReason::BadUtf8),
        Error::Capacity(_) => End::Close(CloseReason::TooBig),
        _ => End::Gone,
    }
}

fn encode(frame: &ServerFrame) -> Bytes {
    fanout::text(&frame.to_json())
}
