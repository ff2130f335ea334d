//! The server's transport without rooms: it says back what it hears. The accept loop, the checks of a request, the upgrade,
//! reading, writing and closing are the server's own; `./test autobahn` holds them to RFC 6455.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{Request, State},
    middleware,
    response::Response,
    routing::get,
};
use snug_server::{
    Config, Server,
    consumer::frames::{self, ConnectionEnd, DataFrame, FrameReader},
    dialect::Dialect,
    fanout::Outbound,
    http::{
        HttpError, HttpService,
        guard::{self, Guard},
        upgrade::Handshake,
    },
    net::{accept, peer::Peer},
    websocket,
};
use snug_shared::Durability;

/// The suite's largest message; a room's members are held to 64 KiB.
const LARGEST: usize = 16 * 1024 * 1024;

/// How much of an answer is queued at once: less than a connection may have waiting.
const PIECE: usize = 64 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config { durability: Durability::None, ..Config::default() };
    let server = Server::open(config).await?;
    let guard = Arc::new(Guard::new(&server.config));
    let router = Router::new()
        .route("/", get(echo))
        .layer(middleware::from_fn_with_state(guard, guard::check))
        .with_state(server.clone());
    let listener = accept::bind(([127, 0, 0, 1], 0).into())?;
    println!("Listening on {}", listener.local_addr()?);
    let service = HttpService::from(router);
    accept::serve(listener, &server.config, server.exempt.clone(), service, std::future::pending()).await;
    Ok(())
}

async fn echo(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, HttpError> {
    let handshake = Handshake::parse(&request)?;
    Ok(handshake.switch(request, peer, Dialect::Plain, move |socket, read, _peer| {
        tokio::spawn(async move {
            let id = server.hub.next_id();
            let outbound = Arc::new(Outbound::new(id, Dialect::Plain, socket, server.hub.now_ms()));
            let frames = FrameReader::new(&server, &outbound, read, LARGEST).await;
            frames::carry(&outbound, say_back(&outbound, frames)).await;
        });
    }))
}

async fn say_back(outbound: &Outbound, mut frames: FrameReader<'_>) -> ConnectionEnd {
    loop {
        let mut frame = Bytes::from(match frames.next().await {
            Ok(DataFrame::Text(text)) => websocket::text(&text),
            Ok(DataFrame::Binary(bytes)) => websocket::binary(&bytes),
            Err(end) => return end,
        });
        while !frame.is_empty() {
            outbound.has_room(PIECE).await;
            outbound.send([frame.split_to(frame.len().min(PIECE))]);
        }
    }
}
