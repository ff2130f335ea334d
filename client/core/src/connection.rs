//! The socket of one joined room, as a stream of events: connect, greet, receive, notice when the line is dead, come back.
//!
//! Everything about staying connected lives here: backoff, heartbeat, sleep and wake. It keeps no entries; it remembers only
//! the last one it handed out, so that the server can go on from there. It knows nothing of screens.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures_util::{Stream, StreamExt, stream};
use snug_shared::{Established, Nickname, Resume, RoomName, ServerAddress, ServerFrame};
use tokio::sync::{Notify, mpsc};

use crate::frame::Frame;

pub(crate) mod backoff;
mod dial;
mod ended;
mod link;
mod messages;
mod reconnect;
pub(crate) mod suspend;
pub mod transport;

/// Frames that wait to be written, at most.
const OUTGOING: usize = 64;

/// Events that wait to be taken, at most. Beyond it nothing more is read from the socket, and the server notices.
const EVENTS: usize = 8;

/// Which room to be in, and as whom. Another server, room or nickname is another connection.
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
    /// The entry that the subscriber has seen last.
    pub resume: Option<Resume>,
}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.server.hash(state);
        self.room.hash(state);
        self.nickname.hash(state);
    }
}

/// An event on a connection.
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
        /// The server's greeting.
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
    frames: mpsc::Sender<Frame>,
    online: Arc<AtomicBool>,
    retry: Arc<Notify>,
}

/// The frame can't be taken now: offline, or too many are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("There is no connection right now.")]
pub struct NotNow;

impl Handle {
    /// A handle, and the end where its frames come out.
    pub fn channel() -> (Self, mpsc::Receiver<Frame>) {
        let (frames, outgoing) = mpsc::channel(OUTGOING);
        (Self { frames, online: Arc::default(), retry: Arc::default() }, outgoing)
    }

    /// Opens it for frames, or closes it. Whether it was open before.
    pub fn set_online(&self, is_online: bool) -> bool {
        self.online.swap(is_online, Ordering::AcqRel)
    }

    /// Hands a frame to the connection.
    ///
    /// # Errors
    /// [`NotNow`]; the frame is dropped.
    pub fn send(&self, frame: impl Into<Frame>) -> Result<(), NotNow> {
        if !self.online.load(Ordering::Acquire) {
            return Err(NotNow);
        }
        let place = self.frames.try_reserve().map_err(|_| NotNow)?;
        place.send(frame.into());
        Ok(())
    }

    /// Tries to connect at once instead of waiting.
    pub fn retry_now(&self) {
        self.retry.notify_one();
    }
}

/// The events of a connection to `target`, until the stream is dropped; then the room is left politely. Needs a tokio
/// runtime around it.
pub fn stream(target: Target) -> impl Stream<Item = Event> + Send + use<> {
    stream::once(async move {
        let (events, received) = mpsc::channel(EVENTS);
        let (handle, outgoing) = Handle::channel();
        // A task of its own, because a stream that is dropped can say no more goodbye.
        drop(tokio::spawn(reconnect::run(target, handle, outgoing, events)));
        stream::unfold(received, async |mut received| received.recv().await.map(|event| (event, received)))
    })
    .flatten()
}
