//! Host here: the server in this process, for as long as the app runs.

use std::path::PathBuf;

use snug_shared::ServerAddress;

/// Why hosting did not work. Each reads as a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// No port could be had.
    #[error("Snug could not open a port to listen on: {0}.")]
    Port(String),
    /// The server did not start.
    #[error("The server could not start: {0}.")]
    Server(String),
}

/// A server that runs in this process. Stops when dropped.
#[derive(Debug)]
pub struct Host {
    addresses: Vec<ServerAddress>,
}

impl Host {
    /// Starts one on port 8000, or the next that is free, with its history under `folder`.
    ///
    /// # Errors
    /// [`HostError`] says why not.
    pub async fn start(_folder: PathBuf) -> Result<Self, HostError> {
        Err(HostError::Server("it is not part of this build".into()))
    }

    /// The address for this device itself.
    pub fn local(&self) -> Option<&ServerAddress> {
        self.addresses.first()
    }

    /// The addresses to pass on to others, the likeliest first.
    pub fn addresses(&self) -> &[ServerAddress] {
        &self.addresses
    }

    /// Stops it: what was taken is written, everybody is told. Returns when it is done.
    pub async fn stop(self) {}
}
