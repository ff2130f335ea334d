//! Servers over every kind of backend, so that one body of tests runs over all of them.

use std::{fmt, net::SocketAddr, sync::Arc};

use snug_server::{
    Config,
    backend::{Backend, commits_to},
    log::{Log, memory::MemoryLog, sqlite::SqliteLog},
    presence::memory::MemoryPresence,
};
use snug_shared::Durability;
use tempfile::TempDir;

use super::{
    http::TestServer,
    unreliable::{Faults, Network},
};

/// A kind of backend, and how many servers are on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One server; everything in its memory.
    Memory,
    /// One server with its log on disk.
    Sqlite,
    /// Two servers over one log in memory, joined by a layer that loses, repeats, delays and re-orders events.
    TwoOverMemory,
    /// The same over one log on disk.
    TwoOverSqlite,
}

/// Every kind there is.
pub const KINDS: [Kind; 4] = [Kind::Memory, Kind::Sqlite, Kind::TwoOverMemory, Kind::TwoOverSqlite];

/// One in ten events is lost on its way to a server, and one in ten comes twice.
pub const UNRELIABLE: Faults = Faults { lost: 10, repeated: 10, refused: 2, delay_ms: 30 };

/// The servers of one backend.
pub struct World {
    pub servers: Vec<TestServer>,
    _folder: TempDir,
}

impl World {
    /// Starts the servers of a kind of backend. Limits on haste are off.
    pub async fn start(kind: Kind) -> Self {
        let config = Config { rate_limit: false, ..Config::default() };
        Self::configured(kind, config, UNRELIABLE).await
    }

    /// The same with these settings and faults.
    pub async fn configured(kind: Kind, config: Config, faults: Faults) -> Self {
        let folder = TempDir::new().expect("a folder");
        let durability = match kind {
            Kind::Memory | Kind::TwoOverMemory => Durability::None,
            Kind::Sqlite | Kind::TwoOverSqlite => Durability::Full,
        };
        let config = Config { durability, data_dir: folder.path().to_owned(), ..config };
        let servers = match kind {
            Kind::Memory | Kind::Sqlite => vec![TestServer::start(config).await],
            Kind::TwoOverMemory | Kind::TwoOverSqlite => {
                let mut servers = Vec::new();
                for backend in two_backends(&config, faults) {
                    servers.push(TestServer::start_on(backend, config.clone()).await);
                }
                servers
            }
        };
        Self { servers, _folder: folder }
    }

    /// The address for the visitor of this number: they go to the servers in turn.
    pub fn address(&self, visitor: usize) -> SocketAddr {
        self.servers[visitor % self.servers.len()].address
    }
}

/// The backends of two servers over one log and one presence.
fn two_backends(config: &Config, faults: Faults) -> [Backend; 2] {
    let seed = u64::from(std::process::id());
    println!("what happens to events is decided by the seed {seed}");
    let network = Network::new(faults, seed);
    let layers = [network.connect(), network.connect()];
    let commits = commits_to(layers[0].clone());
    let log: Arc<dyn Log> = match config.durability {
        Durability::None => Arc::new(MemoryLog::new(commits).expect("random bytes")),
        Durability::Full => Arc::new(SqliteLog::open(&config.data_dir, commits).expect("a log")),
    };
    let presence = Arc::new(MemoryPresence::new(layers[0].clone()));
    let mut number = 0;
    layers.map(|layer| {
        number += 1;
        Backend { log: log.clone(), layer, presence: presence.clone(), server: number }
    })
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
