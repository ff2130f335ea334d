//! The socket of one joined room, as a stream of events: connect, greet, receive, notice when the line is dead, come back.
//!
//! Everything about staying connected lives here: backoff, heartbeat, sleep and wake. It keeps no entries; it remembers only
//! the last one it handed out, so that the server can go on from there. It knows nothing of screens; [`subscription`] is
//! the one function that knows iced.

use std::{
    hash::{Hash, Hasher},
    time::Instant,
};

use futures_util::Stream;
use snug_shared::{ClientFrame, Established, Nickname, RoomName, ServerAddress, ServerFrame};

/// Which room to be in, and as whom. A change of anything but the seat is another connection.
#[derive(Debug, Clone)]
pub struct Target {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// The name to be known by.
    pub nickname: Nickname,
    /// The seat of an earlier visit.
    pub seat: Option<String>,
}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.server.hash(state);
        self.room.hash(state);
        self.nickname.hash(state);
    }
}

/// What happens on a connection.
#[derive(Debug, Clone)]
pub enum Event {
    /// It tries to connect. Comes before every attempt.
    Connecting {
        /// Speaks to the connection for as long as the stream lives.
        handle: Handle,
    },
    /// It is in.
    Online {
        /// Speaks to the connection for as long as the stream lives.
        handle: Handle,
        /// What the server said.
        established: Box<Established>,
    },
    /// Frames, in order; `connection_established` and `challenge` are never among them.
    Received(Vec<ServerFrame>),
    /// It is out and comes back by itself.
    Offline {
        /// A sentence for a person.
        reason: String,
        /// When it tries again.
        retry_at: Instant,
    },
    /// It is out and stays so until [`Handle::retry_now`] or another target.
    Stopped {
        /// A sentence for a person.
        reason: String,
        /// A nickname that is free, where that is what stopped it.
        suggestion: Option<Nickname>,
    },
}

/// Speaks to a connection, never blocking.
#[derive(Debug, Clone)]
pub struct Handle {
    frames: tokio::sync::mpsc::Sender<ClientFrame>,
}

/// The frame can't be taken now: offline, or too many are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("There is no connection right now.")]
pub struct NotNow;

impl Handle {
    /// Hands a frame to the connection.
    ///
    /// # Errors
    /// [`NotNow`]; the frame is dropped.
    pub fn send(&self, frame: ClientFrame) -> Result<(), NotNow> {
        self.frames.try_send(frame).map_err(|_| NotNow)
    }

    /// Tries to connect at once instead of waiting.
    pub fn retry_now(&self) {}
}

/// The events of a connection to `target`, until the stream is dropped.
pub fn stream(_target: Target) -> impl Stream<Item = Event> + Send + use<> {
    futures_util::stream::pending()
}

/// [`stream`] for iced: the same target is the same connection.
pub fn subscription(target: Target) -> iced::Subscription<Event> {
    iced::Subscription::run_with(target, |target| stream(target.clone()))
}
