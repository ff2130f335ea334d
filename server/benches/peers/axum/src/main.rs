//! The chat as axum's examples write it: a broadcast channel a room, and a task a member that sends what it receives. One JSON
//! object in, one out, to all of the room.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::{
        Path, State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
    routing::get,
    serve::ListenerExt,
};
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::broadcast};

/// Frames a member may be behind. The example's hundred would lose messages in the busy scenarios.
const BEHIND: usize = 4096;

type Rooms = Arc<Mutex<HashMap<String, broadcast::Sender<Utf8Bytes>>>>;

static NUMBER: AtomicU64 = AtomicU64::new(0);

#[derive(Deserialize)]
struct Said {
    user: String,
    message: String,
}

#[derive(Serialize)]
struct Told<'a> {
    user: &'a str,
    message: &'a str,
    n: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8000);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    // Without it, small frames wait 40 ms for each other.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let router = Router::new().route("/ws/chat/{room}/", get(upgrade)).with_state(Rooms::default());
    axum::serve(listener, router).await
}

async fn upgrade(State(rooms): State<Rooms>, Path(room): Path<String>, upgrade: WebSocketUpgrade) -> Response {
    let mut rooms = rooms.lock().unwrap_or_else(PoisonError::into_inner);
    let room = rooms.entry(room).or_insert_with(|| broadcast::Sender::new(BEHIND)).clone();
    // Before the upgrade is answered, so that who is let in hears everything.
    let heard = room.subscribe();
    // The defaults fill 128 KiB anew at every read.
    upgrade.read_buffer_size(4096).on_upgrade(move |socket| serve(socket, room, heard))
}

async fn serve(socket: WebSocket, room: broadcast::Sender<Utf8Bytes>, mut heard: broadcast::Receiver<Utf8Bytes>) {
    let (mut sink, mut frames) = socket.split();
    let mut told = tokio::spawn(async move {
        while let Ok(frame) = heard.recv().await {
            if sink.send(Message::Text(frame)).await.is_err() {
                break;
            }
        }
    });
    let mut hear = tokio::spawn(async move {
        while let Some(Ok(Message::Text(text))) = frames.next().await {
            let Ok(Said { user, message }) = serde_json::from_str(&text) else { break };
            let n = NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
            let told = Told { user: &user, message: &message, n };
            let _ = room.send(serde_json::to_string(&told).unwrap_or_default().into());
        }
    });
    tokio::select! {
        _ = &mut told => hear.abort(),
        _ = &mut hear => told.abort(),
    }
}
