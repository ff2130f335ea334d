//! The arguments of a session, its link, and its errors.

use std::{path::PathBuf, time::Instant};

use jiff::tz::TimeZone;
use snug_shared::{Nickname, RoomName, ServerAddress, TextError};

use crate::outbox::{CannotOpen, Full};

/// Which room to join, and where this device keeps what belongs to it.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// The name to be known by.
    pub nickname: Nickname,
    /// The folder of the app's data (`Settings::data_dir`).
    pub data: PathBuf,
    /// Whose days the timeline shows.
    pub zone: TimeZone,
}

/// How the connection is.
#[derive(Debug, Clone)]
pub enum Link {
    /// Trying.
    Connecting,
    /// In the room.
    Online,
    /// Out; comes back by itself.
    Offline {
        /// A sentence for a person.
        reason: String,
        /// When it tries again.
        retry_at: Instant,
    },
    /// Out until the person does something.
    Stopped {
        /// A sentence for a person.
        reason: String,
        /// A nickname that is free, where that is what stopped it.
        suggestion: Option<Nickname>,
    },
}

/// Why something typed is not taken. The composer keeps the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The text breaks a rule.
    #[error("{0}")]
    Text(#[from] TextError),
    /// Too much waits to be sent.
    #[error(transparent)]
    Full(#[from] Full),
    /// Nothing can be kept on this computer.
    #[error(transparent)]
    CannotKeep(#[from] CannotOpen),
    /// The message to edit failed, was given up, or is not shown any more.
    #[error("That message isn’t there any more. Copy your text, and press Esc to leave the edit.")]
    Gone,
}
