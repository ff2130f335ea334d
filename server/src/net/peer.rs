//! The other end of a connection, and what this server holds for it.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::limits::{ConnectionLimits, Refusal, Slot};
use crate::{
    config::Config,
    sync::{Ranked, rank},
};

/// How long the other side may take nothing of a response that has no end.
const STALLED: Duration = Duration::from_secs(60);

/// Silence after which a heartbeat is sent, so that both sides and everything between know that the connection works.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The same for a side that has finished sending.
const PROBE: Duration = Duration::from_secs(1);

/// The other end of a connection: an extension of every request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Counts its connection for as long as it is kept.
    pub permit: Arc<Permit>,
    /// Counts it for its address as well, where a proxy brought it.
    for_client: Option<Arc<Slot>>,
}

impl Peer {
    pub(super) fn new(address: IpAddr, slot: Slot) -> Self {
        Self { address, permit: Arc::new(Permit::new(slot)), for_client: None }
    }

    /// The same connection, when a proxy makes a request for a client at this address.
    pub fn for_client(&self, address: IpAddr) -> Self {
        Self { address, permit: self.permit.clone(), for_client: None }
    }

    /// Counts a connection that is about to last: one that a proxy brought is its client's from now on.
    ///
    /// # Errors
    /// The client's address has as many as it may.
    pub fn stays(mut self) -> Result<Self, Refusal> {
        if self.address != self.permit.slot.address() {
            self.for_client = Some(Arc::new(self.permit.slot.for_client(self.address)?));
        }
        Ok(self)
    }

    /// A peer that the accept loop does not know, for callers that bring a connection of their own. It counts against nobody's
    /// limit.
    pub fn alone(address: IpAddr) -> Self {
        let limits = ConnectionLimits::new(&Config::default(), Arc::default());
        let (slot, _) = limits.admit(address).expect("the first one is admitted");
        Self::new(address, slot)
    }
}

/// A connection that is counted for as long as this lives.
#[derive(Debug)]
pub struct Permit {
    slot: Slot,
    handed_over: AtomicBool,
    /// When the response without an end last went on; none when there is no such response.
    streamed_at: Ranked<Option<Instant>, rank::Leaf>,
    aborted: AtomicBool,
    /// Whether the other side sends nothing any more.
    other_side_finished: AtomicBool,
    changed: Notify,
}

/// A response without an end, for as long as this lives.
#[derive(Debug)]
pub struct Streaming {
    permit: Arc<Permit>,
}

impl Permit {
    fn new(slot: Slot) -> Self {
        Self {
            slot,
            other_side_finished: AtomicBool::new(false),
            handed_over: AtomicBool::new(false),
            streamed_at: Ranked::default(),
            aborted: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// Says that the connection is no longer HTTP, and belongs to the task that holds this now.
    pub fn hand_over(&self) {
        self.handed_over.store(true, Ordering::Relaxed);
    }

    /// Whether the connection is no longer HTTP.
    pub fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Relaxed)
    }

    /// Says that the other side sends nothing any more: it waits for its response, or is gone.
    pub fn finish_other_side(&self) {
        self.other_side_finished.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Waits until the other side sends nothing any more.
    async fn other_side_finished(&self) {
        loop {
            let changed = self.changed.notified();
            if self.other_side_finished.load(Ordering::Relaxed) {
                return;
            }
            changed.await;
        }
    }

    /// Says that a response begins which has no end, and may take longer than others.
    pub fn stream(self: &Arc<Self>) -> Streaming {
        self.set_streamed_at(Some(Instant::now()));
        Streaming { permit: self.clone() }
    }

    /// Breaks the connection off: the other side does not read.
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Waits until there is a response without an end.
    pub async fn streams(&self) {
        loop {
            let changed = self.changed.notified();
            if self.streamed_at.lock().is_some() {
                return;
            }
            changed.await;
        }
    }

    /// Waits until there is no response without an end.
    pub async fn streams_nothing(&self) {
        loop {
            let changed = self.changed.notified();
            if self.streamed_at.lock().is_none() {
                return;
            }
            changed.await;
        }
    }

    /// Waits until the connection is to be broken off.
    pub async fn aborted(&self) {
        loop {
            let changed = self.changed.notified();
            if self.aborted.load(Ordering::Relaxed) {
                return;
            }
            let streamed_at = *self.streamed_at.lock();
            match streamed_at {
                None => changed.await,
                // It goes on at every heartbeat, unless the other side takes nothing.
                Some(at) if at.elapsed() >= STALLED => return,
                Some(at) => {
                    let _ = timeout(STALLED.saturating_sub(at.elapsed()), changed).await;
                }
            }
        }
    }

    fn set_streamed_at(&self, at: Option<Instant>) {
        *self.streamed_at.lock() = at;
        self.changed.notify_waiters();
    }
}

impl Streaming {
    /// Waits until a quiet response is to say something. Whether a side that has finished sending still listens shows only when
    /// it is written to, so it is written to more often.
    pub async fn heartbeat_due(&self) {
        tokio::select! {
            () = sleep(HEARTBEAT) => {}
            () = self.permit.other_side_finished() => sleep(PROBE).await,
        }
    }

    /// Notes that the other side takes what it is sent.
    pub fn goes_on(&self) {
        *self.permit.streamed_at.lock() = Some(Instant::now());
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.permit.set_streamed_at(None);
    }
}
