//! The responses to requests that are not served.

use std::time::Duration;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use snug_shared::{ErrorCode, ErrorFrame, NameError, ServerFrame, TextError};

use crate::{
    hub::{EnterError, PostError},
    log::{Denial, LogError},
    net::limits::Refusal,
};

/// When to try again where nothing better is known.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A refusal: a status, and `{"type":"error","code","message"}`.
#[derive(Debug, Clone)]
pub struct HttpError {
    status: StatusCode,
    frame: Box<ErrorFrame>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl HttpError {
    /// A refusal without extras.
    pub fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status, frame: Box::new(ErrorFrame::new(code, message)), header: None }
    }

    /// The sentence for a person.
    pub fn message(&self) -> &str {
        &self.frame.message
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, message)
    }

    /// A status that says all that is known.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::nothing_here(),
            StatusCode::METHOD_NOT_ALLOWED => Self::method(),
            _ if status.is_client_error() => {
                Self::new(status, ErrorCode::BadRequest, "That request can’t be read.")
            }
            _ => Self::new(status, ErrorCode::Unavailable, "The server can’t answer that right now."),
        }
    }

    /// 404: no such address.
    pub fn nothing_here() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "There is nothing at this address.")
    }

    /// 405: not to be done with this address.
    pub fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::NotAllowed, "That method is not supported here.")
    }

    /// 503: later, perhaps.
    pub fn unavailable(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(RETRY_AFTER)
    }

    /// 429: too much in too short a time.
    pub fn rate_limited(wait: Duration) -> Self {
        let message = "You sent too much too quickly. Wait a moment.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, message).retry_after(wait)
    }

    /// 426: the address is a WebSocket's. The header says what would do.
    pub fn upgrade_required(header: HeaderName, value: &'static str) -> Self {
        let message = "This address is for WebSocket clients, version 13.";
        let header = Some((header, HeaderValue::from_static(value)));
        Self { header, ..Self::new(StatusCode::UPGRADE_REQUIRED, ErrorCode::BadRequest, message) }
    }

    /// A refusal by the log's rules.
    pub fn refused(denial: Denial) -> Self {
        let Denial { code, reason } = denial;
        let status = match code {
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::NotAllowed | ErrorCode::Locked | ErrorCode::Muted => StatusCode::FORBIDDEN,
            ErrorCode::IdConflict | ErrorCode::NicknameTaken => StatusCode::CONFLICT,
            ErrorCode::StorageFull | ErrorCode::Unavailable => return Self::unavailable(code, reason),
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, code, reason)
    }

    fn retry_after(mut self, wait: Duration) -> Self {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        self.frame.retry_after_ms = Some(millis);
        // Whole seconds, and not one too early.
        self.header = Some((header::RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000))));
        self
    }
}

impl From<Refusal> for HttpError {
    fn from(refusal: Refusal) -> Self {
        let (status, code, message) = refusal.words();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        Self::new(status, code, message).retry_after(RETRY_AFTER)
    }
}

impl From<NameError> for HttpError {
    fn from(error: NameError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadName, error.to_string())
    }
}

impl From<TextError> for HttpError {
    fn from(error: TextError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string())
    }
}

impl From<LogError> for HttpError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Full => {
                Self::unavailable(ErrorCode::StorageFull, "The server’s disk is full. You can still read.")
            }
            LogError::Unavailable(reason) => {
                // The reason may name files of the server: it is the operator's.
                tracing::warn!(%reason, "the log is not available");
                let message = "The server can’t read or store anything right now. Try again in a moment.";
                Self::unavailable(ErrorCode::Unavailable, message)
            }
        }
    }
}

impl From<PostError> for HttpError {
    fn from(error: PostError) -> Self {
        let message = error.to_string();
        match error {
            PostError::NicknameTaken(_) => Self::new(StatusCode::CONFLICT, ErrorCode::NicknameTaken, message),
            PostError::Enter(error) => error.into(),
            PostError::Append(error) => error.into(),
        }
    }
}

impl From<EnterError> for HttpError {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::Log(error) => error.into(),
            EnterError::Unavailable(error) => LogError::Unavailable(error.to_string()).into(),
            EnterError::Full | EnterError::Draining | EnterError::Changing => {
                Self::unavailable(ErrorCode::Unavailable, error.to_string())
            }
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let body = ServerFrame::Error((*self.frame).clone()).to_json();
        let json = HeaderValue::from_static("application/json");
        let mut response = (self.status, [(header::CONTENT_TYPE, json)], body).into_response();
        if let Some((name, value)) = self.header.clone() {
            if self.status == StatusCode::UPGRADE_REQUIRED && name == header::UPGRADE {
                let connection = HeaderValue::from_static("upgrade");
                let _ = response.headers_mut().insert(header::CONNECTION, connection);
            }
            let _ = response.headers_mut().insert(name, value);
        }
        // For `refusal`, which puts it into another form.
        let _ = response.extensions_mut().insert(self);
        response
    }
}
