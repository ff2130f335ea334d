//! A server at work: it takes connections until it is told to stop, looks after them, and says goodbye.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use snug_shared::CloseReason;
use tokio::{net::TcpListener, task::JoinSet, time::timeout};

use crate::{Server, announce::Announcer, http::HttpService, hub, net::accept};

/// How long the goodbyes of a stop may take, all together.
const DRAIN: Duration = Duration::from_secs(6);

impl Server {
    /// Serves `listener` until `shutdown` is done. Then: a goodbye to the network, not ready any more, no new connections, everybody
    /// is told to come back (1012), what was said is on disk, and only then it returns.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let service = HttpService::new(self.clone());
        // Where it is asked for is known of a listener that listens.
        let announcer = listener.local_addr().ok().map(|address| Announcer::start(&self, address));
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
            let (server, announcer) = (self.clone(), announcer.as_ref());
            async move {
                shutdown.await;
                announcer.inspect(|announcer| announcer.goodbye());
                server.hub.close_all(CloseReason::Restart);
            }
        };
        accept::serve(listener, &self.config, self.exempt.clone(), service, stopped).await;
        // Who was let in while the others were told.
        self.hub.close_all(CloseReason::Restart);
        let mut visits = self.visits.subscribe();
        if timeout(DRAIN, visits.wait_for(|count| *count == 0)).await.is_err() {
            tracing::info!(left = *visits.borrow(), "some connections did not answer the goodbye");
        }
        sweeping.abort_all();
        if let Some(announcer) = announcer {
            announcer.ended().await;
        }
        self.backend.log.close().await;
    }

    fn sweep(&self) {
        self.hub.sweep();
        // A log looks whether its files are still there, and says so where they are not.
        let _ = self.backend.log.ready();
        self.rates.sweep(Instant::now());
    }
}
