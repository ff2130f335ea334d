//! A client that never heard of Snug: no subprotocol, no hello, JSON as the tutorials have it.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use snug_shared::CloseReason;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// How long a test waits for what must come. Far beyond what it takes, so that a busy machine changes nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection without a subprotocol.
pub struct Plain {
    socket: WebSocketStream<TcpStream>,
}

impl Plain {
    /// Opens a path.
    pub async fn open(server: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(server).await.expect("the server listens");
        stream.set_nodelay(true).expect("a connected socket");
        let (socket, response) =
            client_async(format!("ws://{server}{path}"), stream).await.expect("an upgrade");
        assert_eq!(response.headers().get("sec-websocket-protocol"), None);
        Self { socket }
    }

    /// Sends JSON.
    pub async fn send(&mut self, frame: Value) {
        self.raw(Message::text(frame.to_string())).await;
    }

    /// Says something as the Django tutorial does.
    pub async fn say(&mut self, message: &str) {
        self.send(json!({"message": message})).await;
    }

    /// Sends any frame.
    pub async fn raw(&mut self, frame: Message) {
        self.socket.send(frame).await.expect("the connection stands");
    }

    /// The next frame, or why there is none.
    pub async fn try_next(&mut self) -> Result<Value, CloseReason> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("a frame or an end comes");
            match frame.expect("a close comes before the end").expect("the server makes sense") {
                Message::Text(json) => return Ok(serde_json::from_str(&json).expect("JSON")),
                Message::Close(close) => {
                    return Err(CloseReason::from_code(close.expect("a reason").code.into()));
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("the server sent {other:?}"),
            }
        }
    }

    /// The next frame.
    pub async fn next(&mut self) -> Value {
        self.try_next().await.expect("the connection stands")
    }

    /// What the next frame shows, as these clients show it: `user: message`.
    pub async fn shown(&mut self) -> String {
        shown(&self.next().await)
    }

    /// What so many frames show.
    pub async fn show(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(self.shown().await);
        }
        all
    }

    /// The next frame, which is an error of this code.
    pub async fn error(&mut self) -> String {
        let error = self.next().await;
        assert_eq!((&error["type"], &error["user"]), (&json!("error"), &json!("snug")), "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.ends_with('.')), "{error}");
        error["code"].as_str().expect("a code").to_owned()
    }

    /// Closes the connection, as a page does that is left, and waits until the server has.
    pub async fn close(mut self) {
        self.socket.close(None).await.expect("the connection stands");
        while let Some(Ok(_)) = timeout(PATIENCE, self.socket.next()).await.expect("the server closes too") {}
    }

    /// Reads until the connection is closed.
    pub async fn end(&mut self) -> CloseReason {
        loop {
            if let Err(reason) = self.try_next().await {
                return reason;
            }
        }
    }
}

fn shown(frame: &Value) -> String {
    let text = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    format!("{}: {}", text("user"), text("message"))
}
