//! Asking a server over HTTP what rooms it has, before one joins.

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1,
    header::{ACCEPT, HOST},
};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use snug_shared::{ServerAddress, api::Rooms};
use tokio::time::timeout;

use crate::connection::dial::tcp;

/// The largest answer that is read.
const BYTES: usize = 1 << 20;

/// How long the whole of it may take.
const ANSWER: Duration = Duration::from_secs(5);

/// Why a server could not be asked. Each reads as a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Nothing listens there, or nothing lets us through.
    #[error("Nothing answers at {0}. Is the server running? Its firewall must allow TCP port {1}.")]
    Unreachable(String, u16),
    /// Something answers, but not as Snug does.
    #[error("Something answers at {0}, but it is not a Snug server. Check the address and the port.")]
    NotSnug(String),
    /// It does not go by the name it was called.
    #[error("The server does not go by the name {0}. Use its IP address, or allow the name there.")]
    AnotherName(String),
    /// It can't answer now.
    #[error("The server at {0} is not ready. Its owner can see why in its log.")]
    NotReady(String),
    /// An encrypted line, which this version can't make.
    #[error("This version of Snug can't use encrypted addresses yet. Try ws:// instead of wss://.")]
    Encrypted,
}

/// The rooms anyone may see on a server.
///
/// # Errors
/// [`ApiError`] says what to do.
pub async fn rooms(server: ServerAddress) -> Result<Rooms, ApiError> {
    get(&server, "/api/rooms").await
}

async fn get<T: DeserializeOwned>(server: &ServerAddress, path: &str) -> Result<T, ApiError> {
    if server.secure {
        return Err(ApiError::Encrypted);
    }
    timeout(ANSWER, ask(server, path))
        .await
        .unwrap_or_else(|_| Err(ApiError::Unreachable(server.authority(), server.port)))
}

async fn ask<T: DeserializeOwned>(server: &ServerAddress, path: &str) -> Result<T, ApiError> {
    let at = server.authority();
    let not_snug = || ApiError::NotSnug(at.clone());
    let stream = tcp(server).await.map_err(|_| ApiError::Unreachable(at.clone(), server.port))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| not_snug())?;
    let request = Request::get(path)
        .header(HOST, &at)
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|_| not_snug())?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|_| not_snug())?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::MISDIRECTED_REQUEST => return Err(ApiError::AnotherName(server.host.to_string())),
            status if status.is_server_error() => return Err(ApiError::NotReady(at.clone())),
            _ => return Err(not_snug()),
        }
        let body = Limited::new(response.into_body(), BYTES).collect().await.map_err(|_| not_snug())?;
        serde_json::from_slice(&body.to_bytes()).map_err(|_| not_snug())
    };
    tokio::pin!(answer);
    // The connection has to be driven as well; it may end before the answer is read, but not the other way round.
    tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}
