//! [`Server`]: everything a connection or a request is served with, and how it is made.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use snug_shared::{Author, Durability, Limits};
use tokio::sync::watch;

use crate::{
    config::{self, Config},
    hub::{self, Hub},
    layer::{ChannelLayer, memory::MemoryLayer},
    limiter::{Limiter, Rate},
    log::{self, Log, memory::MemoryLog, sqlite::SqliteLog},
    seat::Seats,
    shard::Shards,
};

/// What clients are told of a rate that nobody counts.
const UNLIMITED: u32 = 1_000_000;
/// What may be asked for besides sending: history, pings, signs of typing. Far above what a busy client needs.
const ASKS: Rate = Rate { burst: 200, per_second: 20 };

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
    /// Connections that are being served.
    pub(crate) visits: watch::Sender<usize>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The settings ask for what this build does not serve.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// The log could not be opened.
    #[error(transparent)]
    Log(#[from] log::OpenError),
    /// The system failed in a way that has nothing to do with rooms.
    #[error("the system failed: {0}")]
    System(String),
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
            Durability::None => Arc::new(MemoryLog::new(commits)?),
            Durability::Full => {
                let (folder, dispatch) = (config.data_dir.clone(), shards.dispatch(commits));
                let opened =
                    tokio::task::spawn_blocking(move || SqliteLog::open_with(&folder, dispatch)).await;
                let opened = opened.map_err(|error| RunError::System(error.to_string()))?;
                Arc::new(opened.map_err(log::OpenError::new)?)
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
            visits: watch::Sender::new(0),
            config,
        }))
    }

    /// The number of the next guest.
    pub(crate) fn next_guest(&self) -> u64 {
        self.guests.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts a connection until the guard is dropped; a stop waits for all of them.
    pub(crate) fn visit(self: &Arc<Self>) -> Visit {
        self.visits.send_modify(|count| *count += 1);
        Visit { server: self.clone() }
    }
}

/// Counts one connection as being served.
pub(crate) struct Visit {
    server: Arc<Server>,
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.server.visits.send_modify(|count| *count -= 1);
    }
}
