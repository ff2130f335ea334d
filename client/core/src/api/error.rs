//! Why a server could not be asked.

use std::time::Duration;

use snug_shared::ErrorCode;

/// Why a server could not be asked. Each reads as a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Nothing listens there, or nothing lets us through.
    #[error("Nothing answers at {0}. Is the server running? Its firewall must allow TCP port {1}.")]
    Unreachable(String, u16),
    /// Something answers, but not as Snug does.
    #[error("Something answers at {0}, but it isn’t a Snug server. Check the address and the port.")]
    NotSnug(String),
    /// It does not accept the name it was called by.
    #[error("The server doesn’t accept the name {0}. Use its IP address, or start it with --allow-host {0}.")]
    AnotherName(String),
    /// It can't answer now.
    #[error("The server at {0} isn’t ready. Its operator can see why in the server log.")]
    NotReady(String),
    /// An encrypted line, which this version can't make.
    #[error("This version of Snug can’t use encrypted addresses yet. Try ws:// instead of wss://.")]
    Encrypted,
    /// The line broke. What was asked may have been done.
    #[error("The connection to {0} was lost.")]
    Lost(String),
    /// The line stands, and nothing came over it for too long. What was asked may have been done.
    #[error("The server at {0} doesn’t answer.")]
    Silent(String),
    /// It says no, in its own words.
    #[error("{message}")]
    Refused {
        /// Why, for machines.
        code: ErrorCode,
        /// Why, for people, on one line. A server's words: not to be trusted with a terminal.
        message: String,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
}

impl ApiError {
    /// Whether the same may succeed later without being changed.
    pub const fn may_succeed_later(&self) -> bool {
        match self {
            Self::Unreachable(..) | Self::NotReady(_) | Self::Lost(_) | Self::Silent(_) => true,
            Self::Refused { code, .. } => code.may_succeed_later(),
            Self::NotSnug(_) | Self::AnotherName(_) | Self::Encrypted => false,
        }
    }

    /// Whether what was asked for was certainly not done.
    pub const fn is_certain(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Silent(_) | Self::NotReady(_) => false,
            Self::Refused { code, .. } => !matches!(code, ErrorCode::StorageFull | ErrorCode::Unavailable),
            Self::Unreachable(..) | Self::NotSnug(_) | Self::AnotherName(_) | Self::Encrypted => true,
        }
    }

    /// How long the server wants to be left alone, where it says so.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
