//! A room with somebody who misbehaves in it and somebody who must not notice.

use std::fmt::Debug;

use futures_util::SinkExt;
use serde_json::Value;
use snug_server::Config;
use snug_shared::{ClientFrame, Durability, Entry, ErrorCode, Line, Seq, ServerFrame};
use tokio_tungstenite::tungstenite::Message;
use uuid::{Uuid, uuid};

use crate::common::{
    http::TestServer,
    peer::{Peer, message},
};

/// The id of sends that are refused.
pub const ID: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8057");

pub struct Room {
    pub server: TestServer,
    pub maya: Peer,
    pub ben: Peer,
}

impl Room {
    /// Without limits on haste, which would answer in the place of what is tried.
    pub async fn open() -> Self {
        Self::with(Config { rate_limit: false, ..Config::default() }).await
    }

    pub async fn with(config: Config) -> Self {
        let server = TestServer::start(Config { durability: Durability::None, ..config }).await;
        let maya = Peer::join(server.address, "tea", "maya").await;
        let ben = Peer::join(server.address, "tea", "ben").await;
        Self { server, maya, ben }
    }

    /// Maya sends any text.
    pub async fn tries(&mut self, frame: impl ToString) {
        self.maya.socket().send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Maya sends this, is told this code and her send's id, is still in, and the room has not moved on.
    pub async fn is_refused(&mut self, what: impl Debug, frame: impl ToString, code: ErrorCode) {
        let frame = frame.to_string();
        let named = serde_json::from_str::<Value>(&frame).ok().and_then(|frame| {
            let id = frame.get("id")?.as_str()?;
            Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id)
        });
        let before = self.last().await;
        self.tries(frame).await;
        let error = self.maya.error().await;
        assert_eq!((error.code, error.id), (code, named), "{what:?}: {}", error.message);
        assert!(!error.message.is_empty() && error.message.len() < 256, "{what:?}: a sentence");
        assert_eq!(self.last().await, before, "{what:?} is in the log");
    }

    /// Maya sends this and it is entered.
    pub async fn is_taken(&mut self, what: impl Debug, frame: impl ToString) -> Entry {
        self.tries(frame).await;
        loop {
            match self.maya.next().await {
                ServerFrame::Line(Line::Entry(entry)) => return entry,
                // That Ben has come may be told late.
                ServerFrame::Presence(_) => {}
                other => panic!("{what:?} was answered with {other:?}"),
            }
        }
    }

    /// The newest entry, as the server has it; what was sent before is done with.
    pub async fn last(&mut self) -> Seq {
        self.maya.send(ClientFrame::Ping).await;
        loop {
            match self.maya.next().await {
                ServerFrame::Pong { last } => return last,
                ServerFrame::Presence(_) => {}
                other => panic!("instead of a pong came {other:?}"),
            }
        }
    }

    /// Ben has heard nothing of all that but what was entered, and can still talk.
    pub async fn ben_noticed_nothing(mut self, entered: usize) {
        let id = self.ben.intend(message("Is all well?")).await;
        for heard in 0..=entered {
            let entry = self.ben.entry().await;
            assert_eq!(entry.id == id, heard == entered, "{entry:?}");
        }
    }
}
