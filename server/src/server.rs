//! [`Server`]: everything a connection or a request is served with, and how it is made.

use std::sync::Arc;

use snug_shared::Limits;
use tokio::sync::watch;

use crate::{
    backend::Backend,
    config::{self, Config},
    http::{Answers, HandOver},
    hub::Hub,
    identity::Identity,
    limiter::Rate,
    log,
    net::exempt::ExemptAddresses,
    rates::Rates,
    seat::Seats,
    shard::Shards,
};

/// What clients are told of a rate that nobody counts.
const UNLIMITED: u32 = 1_000_000;

/// Everything a connection or a request is served with.
pub struct Server {
    /// The effective settings.
    pub config: Config,
    /// Who this server is to those who look for one.
    pub identity: Identity,
    /// The log, the channel layer and the presence.
    pub backend: Backend,
    /// The live rooms.
    pub hub: Arc<Hub>,
    /// Makes and checks seats.
    pub seats: Seats,
    /// What members are held to.
    pub limits: Limits,
    /// Addresses that the limits of an address leave out.
    pub exempt: Arc<ExemptAddresses>,
    /// How much members, authors and addresses may do.
    pub rates: Rates,
    /// Answers over HTTP that are still to be read.
    pub answers: Arc<Answers>,
    /// The programs that are passed on.
    pub hand_over: HandOver,
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
        let backend = Backend::open(&config, &shards).await?;
        Ok(Self::over(backend, shards, config))
    }

    /// A server over a backend that is open, which it may share with other servers.
    pub fn over(backend: Backend, shards: Shards, config: Config) -> Arc<Self> {
        let mut limits = Limits::default();
        let sends = Rate { burst: limits.rate_burst, per_second: limits.rate_per_s };
        if !config.rate_limit {
            // Clients hold themselves to what they are told.
            (limits.rate_burst, limits.rate_per_s) = (UNLIMITED, UNLIMITED);
        }
        let exempt = Arc::new(ExemptAddresses::new(&config));
        Arc::new(Self {
            identity: Identity::new(&config, &backend.log.secret()),
            seats: Seats::new(backend.log.secret()),
            hub: Arc::new(Hub::new(backend.clone(), shards, config.max_members as usize)),
            backend,
            limits,
            rates: Rates::new(&config, sends, exempt.clone()),
            answers: Answers::new(&config, exempt.clone()),
            hand_over: HandOver::new(&config),
            exempt,
            visits: watch::Sender::new(0),
            config,
        })
    }

    /// Counts a connection until the guard is dropped; a stop waits for all of them.
    pub(crate) fn visit(self: &Arc<Self>) -> ConnectionGuard {
        self.visits.send_modify(|count| *count += 1);
        ConnectionGuard { server: self.clone() }
    }
}

/// Counts one connection as being served.
pub(crate) struct ConnectionGuard {
    server: Arc<Server>,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.server.visits.send_modify(|count| *count -= 1);
    }
}
