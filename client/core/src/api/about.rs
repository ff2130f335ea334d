//! Asking a server who it is, and for links to it.

use serde::Deserialize;
use snug_shared::{Invite, RoomName, ServerAddress, address::segment, api::ServerStatus};

use super::{Api, ApiError};
use crate::format::{one_line, server_sentence};

/// The longest name of a server that is shown, in characters.
const SERVER_NAME: usize = 80;

/// Who a server is. Its name is on one line and has no control characters.
///
/// # Errors
/// [`ApiError`] says what to do.
pub async fn status(server: &ServerAddress) -> Result<ServerStatus, ApiError> {
    let status: ServerStatus = Api::open(server).await?.get("/api/server").await?;
    Ok(ServerStatus { name: server_name(&status.name), ..status })
}

/// What a server is called, and a link to one of its rooms that works on other machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The server's own name; a server's words, on one line.
    pub server: String,
    /// The link; none when the server named one that can't be used.
    pub link: Option<Invite>,
}

/// Asks a server for its name and for a link to pass on, to a room or to itself.
///
/// # Errors
/// [`ApiError`] says what to do.
pub async fn invitation(server: ServerAddress, room: Option<RoomName>) -> Result<Invitation, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        server: String,
        link: String,
    }
    let room = room.map(|room| format!("?room={}", segment(room.as_str()))).unwrap_or_default();
    let answer: Answer = Api::open(&server).await?.get(&format!("/invite{room}")).await?;
    Ok(Invitation { server: server_name(&answer.server), link: Invite::parse(&answer.link).ok() })
}

/// A server's words for itself, as they can be shown.
pub fn server_name(words: &str) -> String {
    one_line(&server_sentence(words), SERVER_NAME)
}

#[cfg(test)]
mod tests {
    use snug_server::{Config, net::accept, run};
    use snug_shared::{Durability, api::TlsMode};

    use super::*;

    #[tokio::test]
    async fn a_server_tells_who_it_is() {
        let listener = accept::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = ServerAddress::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        let config =
            Config { durability: Durability::None, name: "The\u{202e} lab".to_owned(), ..Config::default() };
        drop(tokio::spawn(run(listener, config, std::future::pending())));
        let told = status(&address).await.unwrap();
        assert_eq!((told.name.as_str(), told.tls, told.fingerprint), ("The lab", TlsMode::Off, None));
        assert_eq!(status(&address).await.unwrap().id, told.id);
    }
}
