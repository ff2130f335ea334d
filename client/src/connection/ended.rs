//! How a link ends, and what that means for the next.

use std::time::Duration;

use snug_shared::Nickname;

/// How a link, or the try to make one, came to its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// It comes back by itself.
    Retry { reason: String, pause: Pause },
    /// It stays away until the person does something.
    Stop { reason: String, suggestion: Option<Nickname> },
    /// Nobody listens any more.
    Dropped,
}

/// How long to wait before the next try.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pause {
    /// Longer each time.
    Backoff,
    /// A random part of this, so that not everybody comes at once.
    Within(Duration),
    /// As the server said.
    After(Duration),
    /// Not at all: there is reason to think that it works now.
    None,
}

impl Ended {
    pub fn stop(reason: impl Into<String>) -> Self {
        Self::Stop { reason: reason.into(), suggestion: None }
    }
}
