//! A server of a test's own: it shakes hands and then says what the test has it say.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use snug_core::connection::{self, Event, Target};
use snug_shared::RoomName;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderValue,
    },
};

use crate::common::app::{Events, PATIENCE, ROOM, anywhere, at, nickname};

/// Speaks the server's part of the WebSocket handshake and nothing else.
#[allow(clippy::result_large_err, reason = "the shape of tungstenite's callback")]
async fn greet(stream: TcpStream) -> WebSocketStream<TcpStream> {
    let echo = |_: &Request, mut response: Response| {
        let _ = response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", HeaderValue::from_static(snug_shared::SUBPROTOCOL));
        Ok(response)
    };
    accept_hdr_async(stream, echo).await.unwrap()
}

pub async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    greet(listener.accept().await.unwrap().0).await
}

pub async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(anywhere()).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub fn established(last: u64, resumed: bool) -> String {
    let by = format!("s:{}", "a".repeat(26));
    serde_json::json!({
        "type": "connection_established", "message": "You are now connected!", "version": 1,
        "server": {"name": "test", "version": "0"}, "durability": "full", "room": "tea", "nickname": "maya",
        "member": "m1", "by": by, "seat": "a-seat", "epoch": "a".repeat(32), "first": 1, "last": last,
        "resumed": resumed, "limits": snug_shared::Limits::default(), "members": [], "count": 1,
    })
    .to_string()
}

pub fn says(seq: u64) -> serde_json::Value {
    let id = uuid::Uuid::from_u128(u128::from(seq));
    let by = format!("s:{}", "b".repeat(26));
    serde_json::json!({
        "type": "chat_message", "seq": seq, "id": id, "at": 0, "user": "ben", "by": by, "message": format!("m{seq}"),
    })
}

pub async fn send(socket: &mut WebSocketStream<TcpStream>, text: impl ToString) {
    socket.send(Message::text(text.to_string())).await.unwrap();
}

pub async fn hear(socket: &mut WebSocketStream<TcpStream>) -> serde_json::Value {
    let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

pub async fn next(events: &mut Events) -> Event {
    timeout(PATIENCE, events.next()).await.unwrap().unwrap()
}

pub async fn until(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = next(events).await;
        if wanted(&event) {
            return event;
        }
    }
}

pub fn events(address: SocketAddr) -> Events {
    Box::pin(connection::stream(target(address, "maya")))
}

pub const fn is_over(event: &Event) -> bool {
    matches!(event, Event::Offline { .. } | Event::Stopped { .. })
}

fn target(address: SocketAddr, name: &str) -> Target {
    let room = RoomName::parse(ROOM).unwrap();
    Target { server: at(address), room, nickname: nickname(name), seat: None, resume: None }
}
