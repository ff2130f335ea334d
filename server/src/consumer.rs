//! One connection's life: connect, receive, disconnect.
//!
//! [`serve`] reads top to bottom: the greeting, the join, then frames in and answers out until either side ends it. What the
//! room says does not pass through here; it goes from the room's tail to the socket ([`crate::fanout`]). Leaving is a guard's
//! `Drop`, so no way out can skip it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::OptionFuture;
use snug_shared::{
    ClientFrame, CloseReason, NameError, RoomName, ServerFrame,
    limits::{CHALLENGE_BYTES, CLIENT_FRAME_BYTES},
};
use tokio::{runtime::Handle, time::timeout};

use crate::{
    Server,
    dialect::{self, Dialect},
    fanout::Outbound,
    log::Later,
    net::{peer::Peer, socket::Socket},
    random,
    websocket::Frame,
};

mod answer;
pub mod frames;
mod join;
mod plain;
mod replay;
mod wish;

use frames::{End, Frames, Heard};
pub use wish::Wish;

/// How long a client may take to say hello (`docs/protocol.md` §4).
const HELLO: Duration = Duration::from_secs(5);
/// Pages of history under way for one connection; beyond it the server stops reading from it.
const PAGES: usize = 64;
/// How long a hello is waited for only to have the refusal of the names come after it.
const BAD_NAME_HELLO: Duration = Duration::from_secs(1);

/// An upgraded connection and what its path asked for.
pub struct Visitor {
    /// The stream.
    pub socket: Socket,
    /// What is still to be written before anything else: the answer to the handshake, where it goes out with the first frame.
    pub answer: Bytes,
    /// What came in behind the handshake already.
    pub read: Bytes,
    /// The room the path asked for.
    pub room: Result<RoomName, NameError>,
    /// The nickname's segment, where there is one.
    pub nickname: Option<String>,
    /// Where the visitor comes from, and what counts the connection as long as it lasts.
    pub peer: Peer,
    /// What it speaks.
    pub dialect: Dialect,
    /// What its address asks for besides, where it does not say hello.
    pub wish: Wish,
}

/// Serves a visitor in a task of its own, on the thread of the room asked for.
pub fn begin(server: Arc<Server>, visitor: Visitor) {
    let here = Handle::current();
    let runtime = match &visitor.room {
        Ok(room) => server.hub.runtime_of(&room.key()).clone(),
        Err(_) => here.clone(),
    };
    if runtime.id() == here.id() {
        drop(here.spawn(serve(server, visitor)));
        return;
    }
    drop(runtime.spawn(async move {
        match visitor.socket.moved() {
            // A task of its own, so that nothing of the move stays.
            Ok(socket) => drop(tokio::spawn(serve(server, Visitor { socket, ..visitor }))),
            Err(error) => tracing::warn!(%error, "a connection could not change threads"),
        }
    }));
}

/// Serves a visitor until the connection is over.
///
/// The greeting and the replay are boxes of their own: what they need would otherwise stay with an idle connection.
pub fn serve(server: Arc<Server>, visitor: Visitor) -> impl Future<Output = ()> + Send {
    let Visitor { socket, answer, read, room, nickname, dialect, wish, peer } = visitor;
    let visit = server.visit();
    let id = server.hub.next_id();
    let outbound = Arc::new(Outbound::new(id, dialect, socket, server.hub.now_ms()));
    outbound.queue(answer);
    tracing::debug!(connection = id, peer = %peer.address, "connection begins");
    async move {
        let mut frames = Frames::new(&server, &outbound, read, CLIENT_FRAME_BYTES).await;
        let path = join::Path { room, nickname };
        let conversation = converse(&server, path, wish, &outbound, &mut frames);
        frames::carry(&outbound, Box::pin(conversation)).await;
        drop((visit, peer));
    }
}

async fn converse(
    server: &Arc<Server>,
    path: join::Path,
    wish: Wish,
    outbound: &Arc<Outbound>,
    frames: &mut Frames<'_>,
) -> End {
    let joined = match outbound.dialect {
        Dialect::Native => Box::pin(greet(server, path, outbound, frames)).await,
        Dialect::Plain | Dialect::Lobby => Box::pin(plain::join(server, path, wish, outbound))
            .await
            .map_err(|turned| turn_away(outbound, turned)),
    };
    let (mut seated, plan) = match joined {
        Ok(joined) => joined,
        Err(end) => return end,
    };
    let room = seated.claim.room().clone();
    let mut replay = OptionFuture::from(Some(Box::pin(replay::replay(server, &room, outbound, plan))));
    let mut talker = answer::Talker::new(server.clone(), &mut seated, outbound.clone(), wish.echo);
    let mut pages: VecDeque<Later<Option<Frame>>> = VecDeque::new();
    loop {
        tokio::select! {
            Some(replayed) = &mut replay => match replayed {
                Ok(()) => replay = None.into(),
                Err(error) => {
                    tracing::warn!(room = %room.key, %error, "a replay failed");
                    return End::Close(CloseReason::Internal);
                }
            },
            heard = hear(outbound, frames), if pages.len() < PAGES => {
                let mut answer = match heard {
                    Ok(Heard::Text(text)) => talker.hear(&text),
                    Ok(Heard::Binary(_)) => talker.hear_binary(),
                    Err(end) => return end,
                };
                if let answer::Answer::Introduce(introduction) = answer {
                    // A box, because every connection has the place for this, and hardly one needs it.
                    answer = Box::pin(talker.introduce(introduction)).await;
                }
                match answer {
                    answer::Answer::Nothing | answer::Answer::Introduce(_) => {}
                    answer::Answer::Now(frame) => outbound.send([frame]),
                    answer::Answer::Later(page) => pages.push_back(page),
                    answer::Answer::Last(frame, reason) => {
                        outbound.send(frame);
                        return End::Close(reason);
                    }
                }
            }
            page = next_page(&mut pages), if !pages.is_empty() => outbound.send(page),
        }
    }
}

/// The next frame, once enough of those before it were answered.
async fn hear(outbound: &Outbound, frames: &mut Frames<'_>) -> Result<Heard, End> {
    outbound.is_answered().await;
    frames.next().await
}

/// The oldest of the pages under way. All of them go on by themselves; they are only given in order.
async fn next_page(pages: &mut VecDeque<Later<Option<Frame>>>) -> Option<Frame> {
    let page = pages.front_mut()?.await;
    let _ = pages.pop_front();
    page
}

/// The native way in: challenge, names, hello, a place in the room.
async fn greet(
    server: &Arc<Server>,
    path: join::Path,
    outbound: &Arc<Outbound>,
    frames: &mut Frames<'_>,
) -> Result<(join::Seated, join::Plan), End> {
    let mut challenge = [0; CHALLENGE_BYTES];
    if random::fill(&mut challenge).is_err() {
        return Err(End::Close(CloseReason::Internal));
    }
    let challenge = data_encoding::BASE64.encode(&challenge);
    outbound.send([dialect::native(&ServerFrame::Challenge { challenge })]);

    let names = match path.names() {
        Ok(names) => names,
        Err(turned) => {
            // Many clients send their hello unasked, and would fail at that before they saw why.
            let _ = timeout(BAD_NAME_HELLO, frames.next_text()).await;
            return Err(turn_away(outbound, turned));
        }
    };
    let hello = match timeout(HELLO, frames.next_text()).await {
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
