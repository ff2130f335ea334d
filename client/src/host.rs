//! Host here: the server in this process, for as long as the app runs.
//!
//! It has a runtime and threads of its own, so that a busy room never makes the window wait, nor the other way round.

pub mod alone;

use std::{
    env,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use snug_core::api;
use snug_server::{
    Config,
    net::{accept, addresses::reachable},
    run,
};
use snug_shared::{DEFAULT_PORT, ServerAddress};
use tokio::{
    runtime::Builder,
    sync::oneshot,
    time::{sleep, timeout},
};
use url::Host as HostName;

/// Ports tried one after the other before any that is free.
const PORTS: u16 = 10;

/// How long starting may take: an old log is looked through first.
const STARTS: Duration = Duration::from_secs(20);

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

/// Where a server is to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// On this one if it is free, else on 8000 or the next that is.
    Rather(Option<u16>),
    /// On this one, or not at all.
    Exactly(u16),
}

/// A server that runs in this process. Stops when dropped.
#[derive(Debug)]
pub struct Host {
    local: ServerAddress,
    /// Where it listens.
    bound: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<Result<(), String>>,
}

impl Host {
    /// Starts one with its history in `folder`: on the port it had last, on 8000, or on the next that is free. Returns when it
    /// can be joined.
    ///
    /// # Errors
    /// [`HostError`] says why not.
    pub async fn start(folder: PathBuf, port: Option<u16>) -> Result<Self, HostError> {
        Self::start_as(folder, Port::Rather(port), None).await
    }

    /// The same on a given port and under a given name; by default it has this computer's.
    ///
    /// # Errors
    /// [`HostError`] says why not.
    pub async fn start_as(folder: PathBuf, port: Port, name: Option<String>) -> Result<Self, HostError> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, listening) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        // The one setting that a person may need and the app does not show: whether the network is told.
        let announce = env::var_os("SNUG_ANNOUNCE").is_none_or(|switch| switch != "off");
        let mut config = Config { data_dir: folder, announce, ..Config::default() };
        config.name = name.unwrap_or(config.name);
        let serve = async move {
            // Bound inside, since a listener belongs to the runtime it was made in.
            let listener = match bind(port) {
                Ok(listener) => listener,
                Err(error) => return drop(bound.send(Err(error))),
            };
            let address = listener.local_addr().map_err(|error| HostError::Port(error.to_string()));
            let _ = bound.send(address);
            let stopped = async { drop(stopped.await) };
            let _ = end.send(run(listener, config, stopped).await.map_err(|error| error.to_string()));
        };
        let thread = std::thread::Builder::new().name("host".into());
        let spawned = thread.spawn(move || match Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(serve),
            Err(error) => tracing::error!(%error, "no runtime for the server"),
        });
        let _ = spawned.map_err(|error| HostError::Server(error.to_string()))?;
        let bound = listening.await.map_err(|_| HostError::Server("it ended at once".into()))??;
        let mut host = Self { local: address(Ipv4Addr::LOCALHOST.into(), bound.port()), bound, stop, ended };
        host.ready().await?;
        Ok(host)
    }

    /// Waits until it answers, or has failed.
    async fn ready(&mut self) -> Result<(), HostError> {
        let answers = async {
            while api::rooms(self.local.clone()).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let reason = tokio::select! {
            answered = timeout(STARTS, answers) => match answered {
                Ok(()) => return Ok(()),
                Err(_) => "it takes too long".into(),
            },
            ended = &mut self.ended => match ended {
                Ok(Err(reason)) => reason,
                Ok(Ok(())) | Err(_) => "it ended at once".into(),
            },
        };
        Err(HostError::Server(reason))
    }

    /// The address for this device itself.
    pub fn local(&self) -> &ServerAddress {
        &self.local
    }

    /// The addresses to pass on to others now, the likeliest first; none without a network.
    pub fn addresses(&self) -> Vec<ServerAddress> {
        reachable(self.bound).into_iter().map(|ip| address(ip, self.bound.port())).collect()
    }

    /// Waits until it ends by itself, which it should not.
    pub async fn ended(&mut self) -> HostError {
        match (&mut self.ended).await {
            Ok(Err(reason)) => HostError::Server(reason),
            Ok(Ok(())) | Err(_) => HostError::Server("it ended".into()),
        }
    }

    /// Stops it: what was taken is written, everybody is told. Returns when it is done.
    pub async fn stop(self) {
        drop(self.stop);
        let _ = self.ended.await;
    }
}

fn address(ip: IpAddr, port: u16) -> ServerAddress {
    let host = match ip {
        IpAddr::V4(ip) => HostName::Ipv4(ip),
        IpAddr::V6(ip) => HostName::Ipv6(ip),
    };
    ServerAddress { host, port, secure: false, zone: None }
}

fn bind(port: Port) -> Result<tokio::net::TcpListener, HostError> {
    let at = |port| accept::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    let first = match port {
        Port::Exactly(port) => return at(port).map_err(|error| HostError::Port(error.to_string())),
        Port::Rather(port) => port,
    };
    first
        .into_iter()
        .chain(DEFAULT_PORT..DEFAULT_PORT + PORTS)
        .find_map(|port| at(port).ok())
        .map_or_else(|| at(0), Ok)
        .map_err(|error| HostError::Port(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Held while a test has a server: the next server takes the port that the last one gave up.
    static PORT: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    #[tokio::test]
    async fn a_hosted_server_answers_and_is_gone_when_it_was_stopped() {
        let _port = PORT.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let host = Host::start(folder.path().join("server"), None).await.unwrap();
        let local = host.local().clone();
        assert_eq!(api::rooms(local.clone()).await.unwrap().rooms.len(), 0);
        assert!(host.addresses().iter().all(|address| address.port == local.port));
        host.stop().await;
        assert!(matches!(api::rooms(local).await, Err(api::ApiError::Unreachable(..))));
    }

    #[tokio::test]
    async fn a_server_comes_back_on_the_port_it_had_so_that_its_links_hold() {
        let _port = PORT.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind(("0.0.0.0", 0)).and_then(|listener| listener.local_addr());
        let port = free.unwrap().port();
        let host = Host::start(folder.path().to_owned(), Some(port)).await.unwrap();
        assert_eq!(host.local().port, port);
        host.stop().await;
    }

    #[tokio::test]
    async fn a_port_that_was_asked_for_is_had_or_there_is_no_server() {
        let folder = tempfile::tempdir().unwrap();
        let taken = std::net::TcpListener::bind(("0.0.0.0", 0)).unwrap();
        let port = Port::Exactly(taken.local_addr().unwrap().port());
        let refused = Host::start_as(folder.path().to_owned(), port, None).await;
        assert!(matches!(refused, Err(HostError::Port(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn two_servers_cannot_share_one_history() {
        let _port = PORT.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let first = Host::start(folder.path().to_owned(), None).await.unwrap();
        assert!(matches!(Host::start(folder.path().to_owned(), None).await, Err(HostError::Server(_))));
        first.stop().await;
    }
}
