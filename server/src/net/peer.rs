//! The other end of a connection, and what this server holds for it.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use super::limits::{ConnectionLimits, Slot};
use crate::{
    config::Config,
    sync::{Ranked, rank},
};

/// How long the other side may take nothing of a response that has no end.
const STALLED: Duration = Duration::from_secs(60);

/// The other end of a connection: an extension of every request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Counts its connection for as long as it is kept.
    pub permit: Arc<Permit>,
}

impl Peer {
    pub(super) fn new(address: IpAddr, slot: Slot) -> Self {
        Self { address, permit: Arc::new(Permit::new(slot)) }
    }

    /// A peer that the accept loop does not know, for callers that bring a connection of their own. It counts against nobody's
    /// limit.
    pub fn alone(address: IpAddr) -> Self {
        let (slot, _) =
            ConnectionLimits::new(&Config::default()).admit(address).expect("the first one is admitted");
        Self::new(address, slot)
    }
}

/// A connection that is counted for as long as this lives.
#[derive(Debug)]
pub struct Permit {
    _slot: Slot,
    handed_over: AtomicBool,
    /// When the response without an end last went on; none when there is no such response.
    streamed_at: Ranked<Option<Instant>, rank::Leaf>,
    aborted: AtomicBool,
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
            _slot: slot,
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
