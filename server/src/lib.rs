//! Snug's room server: rooms, their log, and everyone who is in them.
//!
//! [`run`] serves a listener until it is told to stop; the thin binary, the desktop app's "Host here", every test and every
//! benchmark call it. A message's way: [`consumer`] reads and checks it, [`log`] makes it durable and numbers it, [`layer`]
//! carries the entry to the live room ([`hub`]), [`fanout`] writes it, encoded once, to every member's socket.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use snug_shared::{Author, CloseReason, Durability, Limits};
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

pub mod accept;

pub mod config;
pub mod consumer;
pub mod dialect;
pub mod fanout;
pub mod http;
pub mod hub;
pub mod layer;
pub mod limiter;
pub mod log;
pub mod permission;
mod random;
pub mod reach;
pub mod seat;
pub mod shard;
pub mod socket;

pub use config::Config;

use http::Front;
use hub::Hub;
use layer::{ChannelLayer, memory::MemoryLayer};
use limiter::{Limiter, Rate};
use log::{Log, memory::MemoryLog, sqlite::SqliteLog};
use seat::Seats;
use shard::Shards;

/// What clients are told of a rate that nobody counts.
const UNLIMITED: u32 = 1_000_000;
/// What may be asked for besides sending: history, pings, signs of typing. Far above what a busy client needs.
const ASKS: Rate = Rate { burst: 200, per_second: 20 };
/// How long the goodbyes of a stop may take, all together.
const DRAIN: Duration = Duration::from_secs(6);

/// Everything a connection or a request is served with.
pub struct Server {
    /// The effective settings.
    pub config: Config,
    /// The live rooms.
    pub hub: Arc<Hub>,
    /// Makes and checks seats.
    pub seats: Seats,
    /// What members are held to.
    pub limits: Limits,
    /// Sends of one member; none when nobody is limited.
    pub sends: Option<Limiter<Author>>,
    /// Everything else of one member.
    pub asks: Option<Limiter<Author>>,
    /// Posts from one address.
    pub posts: Option<Limiter<IpAddr>>,
    /// The number of the next guest.
    guests: AtomicU64,
    visitors: watch::Sender<usize>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The settings ask for what this build does not serve.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// The log could not be opened.
    #[error(transparent)]
    Log(#[from] log::sqlite::OpenError),
    /// The system failed in a way that has nothing to do with rooms.
    #[error("the system failed: {0}")]
    System(String),
}

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

impl Server {
    /// Opens the log and makes everything ready to serve on this runtime.
    ///
    /// # Errors
    /// [`RunError`] says what is in the way: the settings, or the data folder.
    pub async fn open(config: Config) -> Result<Arc<Self>, RunError> {
        Self::open_over(Shards::here(), config).await
    }

    /// The same, with the rooms spread over threads.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_over(shards: Shards, config: Config) -> Result<Arc<Self>, RunError> {
        config.check()?;
        let layer: Arc<dyn ChannelLayer> = Arc::new(MemoryLayer::default());
        let commits: log::Commits = Box::new({
            let layer = layer.clone();
            move |committed| hub::tell(&*layer, committed)
        });
        let log: Arc<dyn Log> = match config.durability {
            Durability::None => {
                Arc::new(MemoryLog::new(commits).map_err(|error| RunError::System(error.to_string()))?)
            }
            Durability::Full => {
                let (folder, settle) = (config.data_dir.clone(), shards.settle(commits));
                let opened = tokio::task::spawn_blocking(move || SqliteLog::open_to(&folder, settle)).await;
                Arc::new(opened.map_err(|error| RunError::System(error.to_string()))??)
            }
        };
        let mut limits = Limits::default();
        let sends = Rate { burst: limits.rate_burst, per_second: limits.rate_per_s };
        let limited = config.rate_limit;
        if !limited {
            // Clients hold themselves to what they are told.
            (limits.rate_burst, limits.rate_per_s) = (UNLIMITED, UNLIMITED);
        }
        Ok(Arc::new(Self {
            seats: Seats::new(log.secret()),
            hub: Arc::new(Hub::new(log, layer, shards, config.max_members as usize)),
            limits,
            sends: limited.then(|| Limiter::new(sends)),
            asks: limited.then(|| Limiter::new(ASKS)),
            posts: limited.then(|| Limiter::new(sends)),
            guests: AtomicU64::new(1),
            visitors: watch::Sender::new(0),
            config,
        }))
    }

    /// Serves `listener` until `shutdown` is done. Then: not ready any more, no new connections, everybody is told to come
    /// back (1012), what was said is on disk, and only then it returns.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let front = Front::new(self.clone());
        // A set, because it ends what is in it when this future is dropped.
        let mut sweeping = JoinSet::new();
        let _ = sweeping.spawn({
            let server = self.clone();
            async move {
                loop {
                    tokio::time::sleep(hub::SWEEP).await;
                    server.sweep();
                }
            }
        });
        let stopped = {
            let server = self.clone();
            async move {
                shutdown.await;
                server.hub.close_all(CloseReason::Restart);
            }
        };
        accept::serve(listener, &self.config, front, stopped).await;
        // Who was let in while the others were told.
        self.hub.close_all(CloseReason::Restart);
        let mut visitors = self.visitors.subscribe();
        if timeout(DRAIN, visitors.wait_for(|count| *count == 0)).await.is_err() {
            tracing::info!(left = *visitors.borrow(), "some connections did not answer the goodbye");
        }
        sweeping.abort_all();
        self.hub.log().close().await;
    }

    /// Counts a visitor until the guard is dropped; a stop waits for all of them.
    fn visit(self: &Arc<Self>) -> Visit {
        self.visitors.send_modify(|count| *count += 1);
        Visit { server: self.clone() }
    }

    fn sweep(&self) {
        self.hub.sweep();
        let now = Instant::now();
        for limiter in [&self.sends, &self.asks].into_iter().flatten() {
            limiter.sweep(now);
        }
        if let Some(posts) = &self.posts {
            posts.sweep(now);
        }
    }
}

struct Visit {
    server: Arc<Server>,
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.server.visitors.send_modify(|count| *count -= 1);
    }
}
