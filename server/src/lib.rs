//! Snug's room server: rooms, their log, and everyone who is in them.
//!
//! [`run`] serves a listener until it is told to stop. The desktop app's "Host here" calls it; the thin binary and most tests
//! call the two halves it is made of, [`Server::open`] and [`Server::serve`].
//!
//! A message's way through the modules:
//!
//! 1. [`net`] takes the connection, [`http`] upgrades it, and [`consumer`] serves it: it reads and checks a frame.
//! 2. [`log`] makes the entry durable and gives it its number, if [`policy`] allows it.
//! 3. [`layer`] carries the entry to the live room in [`hub`].
//! 4. [`fanout`] writes it, encoded once for each [`dialect`], to every member's socket.

use tokio::net::TcpListener;

mod announce;
pub mod backend;
pub mod config;
pub mod consumer;
pub mod dialect;
pub mod event;
pub mod fanout;
pub mod http;
pub mod hub;
pub mod identity;
pub mod later;
pub mod layer;
pub mod limiter;
pub mod log;
pub mod net;
pub mod policy;
pub mod presence;
mod random;
pub mod rates;
pub mod seat;
mod serve;
pub mod server;
pub mod server_log;
pub mod shard;
pub mod sync;
pub mod unavailable;
pub mod websocket;

pub use config::Config;
pub use server::{RunError, Server};

/// Opens a server and serves `listener` until `shutdown` is done: [`Server::open`], then [`Server::serve`].
///
/// # Errors
/// [`RunError`] when it cannot start.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    Server::open(config).await?.serve(listener, shutdown).await;
    Ok(())
}
