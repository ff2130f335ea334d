//! What a server is built on: the log that keeps entries, the channel layer that carries events, the presence that knows who is
//! where. All three are made here, in one place, and handed to [`Server`](crate::Server).
//!
//! Servers over one backend are one system: members of all of them share rooms, nicknames and counts.

use std::sync::Arc;

use snug_shared::Durability;
use tokio::task::spawn_blocking;

use crate::{
    Config,
    event::Event,
    layer::{ChannelLayer, memory::MemoryLayer},
    log::{Commits, Committed, Log, OpenError, memory::MemoryLog, sqlite::SqliteLog},
    policy::may_do,
    presence::{Presence, memory::MemoryPresence},
    shard::Shards,
};

/// The log, the channel layer and the presence of one server.
#[derive(Clone)]
pub struct Backend {
    /// Keeps the entries of every room.
    pub log: Arc<dyn Log>,
    /// Carries events between all servers with members of a room.
    pub layer: Arc<dyn ChannelLayer>,
    /// Knows who is in which room.
    pub presence: Arc<dyn Presence>,
    /// This server's number among those over the same log. It makes ids of connections and members unique over all of them.
    pub server: u16,
}

impl Backend {
    /// The backend that the settings ask for: everything in this process, and the log in the data folder or in memory.
    ///
    /// # Errors
    /// [`OpenError`] says why the log cannot be used.
    pub async fn open(config: &Config, shards: &Shards) -> Result<Self, OpenError> {
        let layer: Arc<dyn ChannelLayer> = Arc::new(MemoryLayer::default());
        let commits = commits_to(layer.clone());
        let log: Arc<dyn Log> = match config.durability {
            Durability::None => Arc::new(MemoryLog::new(commits)?),
            Durability::Full => {
                let (folder, dispatch) = (config.data_dir.clone(), shards.dispatch(commits));
                let opened = spawn_blocking(move || SqliteLog::open_with(&folder, dispatch, may_do)).await;
                Arc::new(opened.map_err(OpenError::new)?.map_err(OpenError::new)?)
            }
        };
        let presence = Arc::new(MemoryPresence::new(layer.clone()));
        Ok(Self { log, layer, presence, server: 0 })
    }
}

/// What a log's commits are wired to: every server with members of the room is told of the entry.
pub fn commits_to(layer: Arc<dyn ChannelLayer>) -> Commits {
    Box::new(move |committed: &Arc<Committed>| {
        // A server that is not told finds the hole, and reads the entry from the log.
        let _ = layer.group_send(&committed.room, Event::Entry(Arc::clone(committed)));
    })
}
