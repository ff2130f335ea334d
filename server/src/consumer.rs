//! One connection's life: connect, receive, disconnect.
//!
//! [`serve`] reads top to bottom: the greeting, the join, then frames in and answers out until either side ends it. The room's
//! frames do not pass through here: they go from the room's tail to the socket ([`crate::fanout`]). Leaving is a guard's
//! `Drop`, so no way out can skip it.

use std::{collections::VecDeque, net::IpAddr, sync::Arc};

use bytes::Bytes;
use futures_util::future::OptionFuture;
use snug_shared::{CloseReason, limits::CLIENT_FRAME_BYTES};
use tokio::runtime::Handle;

use crate::{
    Server,
    dialect::Dialect,
    fanout::Outbound,
    log::Later,
    net::{peer::Peer, socket::Socket},
    websocket::Frame,
};

pub mod frames;
mod handler;
mod join;
mod membership;
mod plain;
mod query_options;
mod rejection;
mod replay;

use frames::{ConnectionEnd, DataFrame, FrameReader};
use handler::{Answer, Handler};
use membership::Admitted;
pub use membership::Destination;
pub use query_options::QueryOptions;
use rejection::Rejection;

/// Pages of history under way for one connection; beyond it the server stops reading from it.
const PAGES: usize = 64;

/// An upgraded connection and what its path asked for.
pub struct Connection {
    /// The stream.
    pub socket: Socket,
    /// Bytes to write before anything else: the answer to the handshake, where it goes out with the first frame.
    pub answer: Bytes,
    /// Bytes that came in behind the handshake already.
    pub read: Bytes,
    /// The names in its path.
    pub destination: Destination,
    /// The other end, which counts the connection for as long as it lasts.
    pub peer: Peer,
    /// How it speaks.
    pub dialect: Dialect,
    /// The options in its query, for dialects without a hello.
    pub options: QueryOptions,
}

/// Serves a connection in a task of its own, on the thread of the room it asked for.
pub fn begin(server: Arc<Server>, connection: Connection) {
    let here = Handle::current();
    let runtime = match &connection.destination.room {
        Ok(room) => server.hub.runtime_of(&room.key()).clone(),
        Err(_) => here.clone(),
    };
    if runtime.id() == here.id() {
        drop(here.spawn(serve(server, connection)));
        return;
    }
    drop(runtime.spawn(async move {
        match connection.socket.moved() {
            // In a task of its own, so that nothing of the move stays in memory.
            Ok(socket) => drop(tokio::spawn(serve(server, Connection { socket, ..connection }))),
            Err(error) => tracing::warn!(%error, "a connection could not change threads"),
        }
    }));
}

/// Serves a connection until it is over.
///
/// The greeting and the replay are boxes of their own: otherwise an idle connection would keep the memory they need.
pub fn serve(server: Arc<Server>, connection: Connection) -> impl Future<Output = ()> + Send {
    let Connection { socket, answer, read, destination, peer, dialect, options } = connection;
    let wanted = Box::new(Wanted { destination, options });
    let visit = server.visit();
    let id = server.hub.next_id();
    let outbound = Arc::new(Outbound::new(id, dialect, socket, server.hub.now_ms()));
    outbound.queue(answer);
    tracing::debug!(connection = id, peer = %peer.address, "connection begins");
    async move {
        let mut frames = FrameReader::new(&server, &outbound, read, CLIENT_FRAME_BYTES).await;
        let conversation = converse(&server, wanted, &peer, &outbound, &mut frames);
        frames::carry(&outbound, Box::pin(conversation)).await;
        drop((visit, peer));
    }
}

/// What a connection's path asked for. A box, because nothing of it is needed once the connection has a place.
struct Wanted {
    destination: Destination,
    options: QueryOptions,
}

async fn converse(
    server: &Arc<Server>,
    wanted: Box<Wanted>,
    peer: &Peer,
    outbound: &Arc<Outbound>,
    frames: &mut FrameReader<'_>,
) -> ConnectionEnd {
    let echo = wanted.options.echo;
    let Admitted { mut membership, replay_after } =
        match Box::pin(enter(server, wanted, peer.address, outbound, frames)).await {
            Ok(admitted) => admitted,
            Err(end) => return end,
        };
    let room = membership.claim.room().clone();
    let mut replay =
        OptionFuture::from(Some(Box::pin(replay::replay(server, &room, outbound, replay_after))));
    let allowance = server.rates.allowance(peer.address);
    let mut handler = Handler::new(server.clone(), &mut membership, outbound.clone(), allowance, echo);
    let mut pages: VecDeque<Later<Option<Frame>>> = VecDeque::new();
    loop {
        tokio::select! {
            Some(replayed) = &mut replay => match replayed {
                Ok(()) => replay = None.into(),
                Err(error) => {
                    tracing::warn!(room = %room.key, %error, "a replay failed");
                    return ConnectionEnd::Close(CloseReason::Internal);
                }
            },
            received = receive(outbound, frames), if pages.len() < PAGES => {
                let mut answer = match received {
                    Ok(DataFrame::Text(text)) => handler.handle(&text),
                    Ok(DataFrame::Binary(_)) => handler.handle_binary(),
                    Err(end) => return end,
                };
                if let Answer::Introduce(introduction) = answer {
                    // A box, because otherwise every connection would keep the memory that this needs once, or never.
                    answer = Box::pin(handler.introduce(introduction)).await;
                }
                match answer {
                    Answer::Nothing | Answer::Introduce(_) => {}
                    Answer::Now(frame) => outbound.send([frame]),
                    Answer::Later(page) => pages.push_back(page),
                    Answer::Last { frame, close } => {
                        outbound.send(frame);
                        return ConnectionEnd::Close(close);
                    }
                }
            }
            page = next_page(&mut pages), if !pages.is_empty() => outbound.send(page),
        }
    }
}

/// Greets a connection in its dialect and gives it a place in a room. A stop of the server is told to those who have none yet.
async fn enter(
    server: &Arc<Server>,
    wanted: Box<Wanted>,
    address: IpAddr,
    outbound: &Arc<Outbound>,
    frames: &mut FrameReader<'_>,
) -> Result<Admitted, ConnectionEnd> {
    if let Err(wait) = server.rates.join(address) {
        return Err(Rejection::too_many_joins(wait).send(outbound));
    }
    let Wanted { destination, options } = *wanted;
    let join = async {
        match outbound.dialect {
            Dialect::Native => join::greet(server, destination, outbound, frames).await,
            Dialect::Plain | Dialect::Lobby => plain::join(server, destination, &options, outbound)
                .await
                .map_err(|rejection| rejection.send(outbound)),
        }
    };
    tokio::select! {
        biased;
        () = server.hub.drained() => Err(ConnectionEnd::Close(CloseReason::Restart)),
        joined = join => joined,
    }
}

/// The next frame, once enough of those before it were answered.
async fn receive(outbound: &Outbound, frames: &mut FrameReader<'_>) -> Result<DataFrame, ConnectionEnd> {
    outbound.is_answered().await;
    frames.next().await
}

/// The oldest of the pages under way. All of them proceed by themselves; they are only given in order.
async fn next_page(pages: &mut VecDeque<Later<Option<Frame>>>) -> Option<Frame> {
    let page = pages.front_mut()?.await;
    let _ = pages.pop_front();
    page
}
