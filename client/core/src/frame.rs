//! A frame as it goes on the wire: encoded once, then shared by the outbox, its journal and the socket.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use snug_shared::ClientFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// See the [module](self). Cloning it copies nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Utf8Bytes);

impl Frame {
    /// Its JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The frame in it, when it is one of this version's.
    pub fn decode(&self) -> Option<ClientFrame> {
        ClientFrame::decode(self.as_str()).ok()
    }
}

impl From<&ClientFrame> for Frame {
    fn from(frame: &ClientFrame) -> Self {
        Self(frame.to_json().into())
    }
}

impl From<ClientFrame> for Frame {
    fn from(frame: ClientFrame) -> Self {
        Self::from(&frame)
    }
}

impl From<Frame> for Message {
    fn from(frame: Frame) -> Self {
        Self::Text(frame.0)
    }
}

impl Serialize for Frame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|json| Self(json.into()))
    }
}
