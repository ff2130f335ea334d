//! The router: the page, the API, health, and the way to the WebSocket (`docs/protocol.md` §2).
//!
//! Every response but the page and the 101 is JSON, and a person's browser gets a refusal as a page (`refusal.rs`). [`guard`]
//! decides before the route whether a request may be served. The routes ask the hub and the log.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::Uri,
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::{Value, json};
use snug_shared::{ErrorCode, api, limits};

use crate::{
    Server,
    net::{peer::Peer, prefixed::Prefixed},
};

mod answers;
mod connection;
mod error;
pub mod forwarded;
mod get;
pub mod guard;
mod invite;
mod messages;
mod page;
mod query;
mod refusal;
mod search;
mod stream;
pub mod upgrade;

pub use answers::Answers;
pub use error::HttpError;
pub use forwarded::Forwarded;
pub use get::HandOver;
use guard::Guard;

/// Serves the requests of every connection.
#[derive(Clone)]
pub struct HttpService {
    router: Router,
    /// The server whose rooms are entered past the router; none where there is only a router.
    rooms: Option<(Arc<Server>, Arc<Guard>)>,
}

impl HttpService {
    /// A server's page, API and rooms.
    pub fn new(server: Arc<Server>) -> Self {
        let guard = Arc::new(Guard::new(&server.config));
        Self { router: router(server.clone(), guard.clone()), rooms: Some((server, guard)) }
    }

    /// Every route.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Takes a connection whose first request is for a room.
    ///
    /// # Errors
    /// Any other connection as it came, for the [`router`](Self::router).
    pub fn upgrade_at_once(&self, connection: Prefixed, peer: &Peer) -> Result<(), Prefixed> {
        match &self.rooms {
            Some((server, guard)) => upgrade::upgrade_at_once(server, guard, connection, peer),
            None => Err(connection),
        }
    }
}

impl From<Router> for HttpService {
    fn from(router: Router) -> Self {
        Self { router, rooms: None }
    }
}

/// Every route of a server.
fn router(server: Arc<Server>, guard: Arc<Guard>) -> Router {
    let limited = Router::new()
        .route("/invite.svg", get(invite::code))
        .route("/get", get(get::show))
        .route("/get/{name}", get(get::program))
        .route("/api/server", get(about))
        .route("/api/rooms", get(rooms))
        .route("/api/rooms/{room}/messages", get(messages::read).post(messages::post))
        .route("/api/rooms/{room}/stream", get(stream::stream))
        .route(search::PATH, get(search::search))
        .route_layer(middleware::from_fn_with_state(server.clone(), answers::limit));
    Router::new()
        .route("/", get(page::landing))
        .route("/chat/{room}", get(page::room_without_slash))
        .route("/chat/{room}/", get(page::room))
        .route("/page/{file}", get(page::file))
        .route("/page/{version}/{file}", get(page::versioned))
        .route("/favicon.ico", get(page::favicon))
        .route("/invite", get(invite::link))
        .route("/ws/chat/{*path}", get(upgrade::upgrade))
        .route("/ws/socket-server", get(upgrade::upgrade))
        .route("/ws/socket-server/", get(upgrade::upgrade))
        .route("/ws/socker-server", get(upgrade::upgrade))
        .route("/ws/socker-server/", get(upgrade::upgrade))
        .merge(limited)
        .fallback(elsewhere)
        .layer(middleware::from_fn_with_state(guard, guard::check))
        // Outside the guard: monitoring calls servers by any name.
        .merge(Router::new().route("/healthz", get(healthy)).route("/readyz", get(ready)))
        .layer(DefaultBodyLimit::max(limits::CLIENT_FRAME_BYTES))
        .layer(middleware::from_fn_with_state(server.clone(), refusal::form))
        .layer(middleware::map_response(guard::harden))
        .with_state(server)
}

async fn rooms(State(server): State<Arc<Server>>) -> Result<Json<api::RoomList>, HttpError> {
    Ok(Json(server.hub.rooms().await?))
}

async fn about(State(server): State<Arc<Server>>) -> Result<Json<api::ServerStatus>, HttpError> {
    Ok(Json(server.identity.status(server.hub.counts().await?)))
}

/// Every other address. Below a base path, links are relative: the base path itself needs its last slash.
async fn elsewhere(State(server): State<Arc<Server>>, uri: Uri) -> Response {
    let base = server.config.base_path.as_str();
    if !base.is_empty() && uri.path() == base {
        return Redirect::permanent(&format!("{base}/")).into_response();
    }
    HttpError::nothing_here().into_response()
}

async fn healthy() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn ready(State(server): State<Arc<Server>>) -> Result<Json<Value>, HttpError> {
    match server.hub.ready() {
        Ok(()) => Ok(Json(json!({"status": "ready"}))),
        Err(reason) => Err(HttpError::unavailable(ErrorCode::Unavailable, reason.to_string())),
    }
}
