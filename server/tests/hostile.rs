//! Bytes that no client should send, over real sockets: each ends as `docs/protocol.md` says, and two members of a room who are
//! there all the time notice nothing of it.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::time::Duration;

use common::{http::TestServer, peer::Peer};
use snug_server::Config;
use tokio::time::timeout;

mod hostile {
    pub mod wire;

    mod flow;
    mod frames;
    mod requests;
    #[cfg(target_os = "linux")]
    mod system;
}

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server, and two members who talk whatever a third connection does.
struct World {
    server: TestServer,
    maya: Peer,
    jon: Peer,
}

impl World {
    async fn new() -> Self {
        Self::with(Config { rate_limit: false, ..Config::default() }).await
    }

    async fn with(config: Config) -> Self {
        let server = TestServer::start(config).await;
        let maya = Peer::join(server.address, "tea", "maya").await;
        let jon = Peer::join(server.address, "tea", "jon").await;
        Self { server, maya, jon }
    }

    /// The two still hear each other, and nothing that was not said by them.
    async fn is_unharmed(&mut self) {
        let talk = async {
            let said = self.maya.say("Do you hear me?").await;
            assert_eq!(self.jon.entry().await, said);
        };
        timeout(PATIENCE, talk).await.expect("the two talk on");
    }
}
