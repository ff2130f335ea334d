//! Sentences about the end of a connection.

use snug_shared::{CloseReason, ServerAddress, VERSION};
use tokio_tungstenite::tungstenite::http::StatusCode;

use crate::api::ApiError;

/// The line to the server broke.
pub(super) const LOST: &str = "Connection lost.";

/// The line may stand, but nothing comes over it any more.
pub(super) const SILENT: &str = "The server has stopped answering.";

/// Why the server closed.
pub(super) const fn closed(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Normal => "The server closed this room.",
        CloseReason::GoingAway => "The server is shutting down.",
        CloseReason::Restart => "The server is restarting.",
        CloseReason::BrokenFrame | CloseReason::Binary | CloseReason::BadUtf8 | CloseReason::TooBig => {
            "Snug can’t understand this server. Update the app or the server."
        }
        CloseReason::BadHello | CloseReason::UnsupportedVersion => {
            "The server and this app have different versions. Update the older one."
        }
        CloseReason::BadName => "The server doesn’t accept that nickname. Pick another.",
        CloseReason::NicknameTaken => "That nickname is in use in this room. Pick another.",
        CloseReason::WrongPassword => "This room needs a password. Snug can’t ask for one yet.",
        CloseReason::Kicked => "A moderator removed you from this room.",
        CloseReason::Banned => "You’re banned from this room.",
        CloseReason::Full => "The room or the server is full.",
        CloseReason::TooSlow => "Your connection was too slow for this room.",
        CloseReason::Flood => "You sent too much too quickly.",
        CloseReason::Replaced => "You opened this room in another window.",
        CloseReason::Internal => "Something went wrong on the server.",
        CloseReason::Other(_) => "The server closed the connection.",
    }
}

/// Why the server did not let the connection begin.
pub(super) struct Refused {
    pub reason: String,
    /// Whether asking again later can help.
    pub may_pass: bool,
}

/// The meaning of an HTTP status other than that of the upgrade.
pub(super) fn refused(status: StatusCode, server: &ServerAddress) -> Refused {
    let at = server.authority();
    let (reason, may_pass) = match status.as_u16() {
        300..=399 => (format!("The server at {at} has another address. Ask for it."), false),
        401 => ("This room needs a password. Snug can’t ask for one yet.".into(), false),
        403 => (format!("The server at {at} doesn’t accept this app."), false),
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
    format!("The server has a {age} version ({theirs}) than this app ({VERSION}). Update {update}.")
}
