//! Why a connection does not become a member.

use std::time::Duration;

use snug_shared::{CloseReason, ErrorCode, ErrorFrame, NameError};

use super::frames::ConnectionEnd;
use crate::{fanout::Outbound, hub::EnterError, log::LogError, unavailable::Unavailable};

/// A close, and the error that is sent before it where there is more to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    pub close: CloseReason,
    pub error: Option<ErrorFrame>,
}

impl Rejection {
    /// A close with an error before it.
    pub fn new(close: CloseReason, error: ErrorFrame) -> Self {
        Self { close, error: Some(error) }
    }

    /// A name that is not allowed. The reason goes out before the close, so that a browser sees it too.
    pub fn bad_name(what: &str, error: NameError) -> Self {
        Self::new(CloseReason::BadName, ErrorFrame::new(ErrorCode::BadName, format!("{what}: {error}")))
    }

    /// More joins from one address than any client needs.
    pub fn too_many_joins(wait: Duration) -> Self {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let mut error = ErrorFrame::new(
            ErrorCode::RateLimited,
            format!(
                "There are too many joins from your address. Come back in {} s.",
                wait_ms.div_ceil(1_000)
            ),
        );
        error.retry_after_ms = Some(wait_ms);
        Self::new(CloseReason::Flood, error)
    }

    /// Sends the error. The close follows from the end.
    pub fn send(self, outbound: &Outbound) -> ConnectionEnd {
        outbound.send(self.error.map(|error| outbound.dialect.error(&error)));
        ConnectionEnd::Close(self.close)
    }
}

impl From<CloseReason> for Rejection {
    fn from(close: CloseReason) -> Self {
        Self { close, error: None }
    }
}

impl From<EnterError> for Rejection {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::Full => CloseReason::Full.into(),
            EnterError::Draining | EnterError::Changing => CloseReason::Restart.into(),
            EnterError::Log(error) => error.into(),
            EnterError::Unavailable(error) => error.into(),
        }
    }
}

impl From<LogError> for Rejection {
    fn from(_: LogError) -> Self {
        let message = "The server can’t read its history right now. It will try again.";
        Self::new(CloseReason::Internal, ErrorFrame::new(ErrorCode::Unavailable, message))
    }
}

impl From<Unavailable> for Rejection {
    fn from(error: Unavailable) -> Self {
        LogError::Unavailable(error.to_string()).into()
    }
}

/// The system has no random bytes for a seat or a challenge.
impl From<getrandom::Error> for Rejection {
    fn from(_: getrandom::Error) -> Self {
        CloseReason::Internal.into()
    }
}
