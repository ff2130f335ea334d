//! How a link ends, and what that means for the next.

use snug_shared::Nickname;

use super::backoff::Delay;

/// How a link, or the try to make one, came to its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// It comes back by itself.
    Retry { reason: String, delay: Delay },
    /// It stays away until the person does something.
    Stop { reason: String, suggestion: Option<Nickname> },
    /// Nobody listens any more.
    Dropped,
}

impl Ended {
    pub fn stop(reason: impl Into<String>) -> Self {
        Self::Stop { reason: reason.into(), suggestion: None }
    }
}
