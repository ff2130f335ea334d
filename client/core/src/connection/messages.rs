//! What to tell a person about the end of a connection.

use snug_shared::{CloseReason, ServerAddress, VERSION};
use tokio_tungstenite::tungstenite::http::StatusCode;

use crate::api::ApiError;

/// Why the server closed.
pub(super) const fn closed(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Normal => "The server closed this room.",
        CloseReason::GoingAway => "The server is going away.",
        CloseReason::Restart => "The server restarts.",
        CloseReason::BrokenFrame | CloseReason::Binary | CloseReason::BadUtf8 | CloseReason::TooBig => {
            "The server did not understand this app. Please update both."
        }
        CloseReason::BadHello | CloseReason::UnsupportedVersion => {
            "This server speaks another version than this app. Please update the older one."
        }
        CloseReason::BadName => "The server does not take that name. Please pick another.",
        CloseReason::NicknameTaken => "That nickname is in use in this room. Please pick another.",
        CloseReason::WrongPassword => "This room has a password, and this is not it.",
        CloseReason::Kicked => "A moderator showed you out of this room.",
        CloseReason::Banned => "A moderator keeps you out of this room.",
        CloseReason::Full => "The room or the server is full.",
        CloseReason::TooSlow => "The connection was too slow for this room.",
        CloseReason::Flood => "That was too much in too short a time.",
        CloseReason::Replaced => "This room was opened in another window.",
        CloseReason::Internal => "The server had an error.",
        CloseReason::Other(_) => "The server closed the connection.",
    }
}

/// Why the server did not let the connection begin.
pub(super) struct Refused {
    pub reason: String,
    /// Whether asking again later can help.
    pub may_pass: bool,
}

/// What an HTTP status means that is not the upgrade's.
pub(super) fn refused(status: StatusCode, server: &ServerAddress) -> Refused {
    let at = server.authority();
    let (reason, may_pass) = match status.as_u16() {
        300..=399 => {
            (format!("The server at {at} sends visitors elsewhere. Ask for its new address."), false)
        }
        401 => ("This room needs a password. Snug can’t ask for one yet.".into(), false),
        403 => (format!("The server at {at} does not let this app in."), false),
        421 => (ApiError::AnotherName(server.host.to_string()).to_string(), false),
        429 => (format!("The server at {at} has too many connections from here."), true),
        500..=599 => (ApiError::NotReady(at).to_string(), true),
        _ => (not_snug(server), false),
    };
    Refused { reason, may_pass }
}

/// Another program answers there.
pub(super) fn not_snug(server: &ServerAddress) -> String {
    ApiError::NotSnug(server.authority()).to_string()
}

/// Nothing answers there.
pub(super) fn unreachable(server: &ServerAddress) -> String {
    ApiError::Unreachable(server.authority(), server.port).to_string()
}

/// One side is older than the other.
pub(super) fn version_gap(theirs: u32) -> String {
    let (age, update) = if theirs > VERSION { ("newer", "the app") } else { ("older", "the server") };
    format!(
        "This server speaks a {age} version ({theirs}) than this app ({VERSION}). Please update {update}."
    )
}
