//! What came in rooms that nobody looked at, for whoever tells it to the person.

use snug_shared::{Millis, Nickname, RoomName, Seq, ServerAddress};

use super::{Rooms, SessionId};

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

impl Rooms {
    /// Rooms that were to be quiet until a time that has come are so no more.
    pub fn end_quiet(&mut self, now: Millis) {
        for joined in &mut self.joined {
            let _ = joined.marks.rule.quiet_until.take_if(|until| *until <= now);
        }
    }

    /// What came since this was last asked that is worth telling, the oldest first: at most [`NEWS`], never own messages, and
    /// none that was seen here or read elsewhere.
    pub fn take_news(&mut self) -> Vec<News> {
        let news = std::mem::take(&mut self.news).into_iter();
        news.filter(|news| {
            self.joined.iter().any(|joined| joined.id == news.session && !joined.has_seen(news.seq))
        })
        .collect()
    }
}
