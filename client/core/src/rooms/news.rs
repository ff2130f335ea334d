//! What came in rooms that nobody looked at, for whoever tells it to the person.

use snug_shared::{Millis, Nickname, RoomName, Seq, ServerAddress};

use super::SessionId;

/// News kept until they are taken; beyond it the oldest are dropped.
pub const NEWS: usize = 64;

/// A message of somebody else that came while nobody looked, and was not read elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The session it came in.
    pub session: SessionId,
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// Its place in the room.
    pub seq: Seq,
    /// When, by the server's clock.
    pub at: Millis,
    /// Who said it.
    pub user: Nickname,
    /// Its text.
    pub text: String,
    /// Whom it is for.
    pub kind: NewsKind,
}

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NewsKind {
    /// It speaks to the reader.
    Mention,
    /// It is for everybody.
    Message,
}
