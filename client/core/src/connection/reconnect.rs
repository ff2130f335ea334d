//! The life of a connection: try, be in the room, wait, try again, until nobody listens any more.

use std::time::{Duration, Instant};

use tokio::{sync::mpsc, time::sleep_until};

use super::{
    Event, Handle, Target,
    dial::dial,
    ended::Ended,
    link::LinkMemory,
    suspend::{SuspendDetector, ticks},
};
use crate::frame::Frame;

/// A link that lasted this long was a good one: the next delay is a short one again.
const GOOD: Duration = Duration::from_secs(10);

/// Connects and comes back until `events` is closed.
pub(super) async fn run(
    target: Target,
    handle: Handle,
    mut outgoing: mpsc::Receiver<Frame>,
    events: mpsc::Sender<Event>,
) {
    let mut link = LinkMemory::new(target);
    let mut tries = 0;
    loop {
        if events.send(Event::Connecting { handle: handle.clone() }).await.is_err() {
            return;
        }
        let begun = Instant::now();
        let ended = tokio::select! {
            socket = dial(&link.target, link.was_in) => match socket {
                Err(ended) => ended,
                // Frames for an earlier link are dropped; their sender still has them.
                Ok(socket) => {
                    while outgoing.try_recv().is_ok() {}
                    link.live(socket, &handle, &mut outgoing, &events).await
                }
            },
            () = events.closed() => return,
        };
        let was_online = handle.set_online(false);
        tries = if was_online && begun.elapsed() > GOOD { 0 } else { tries + 1 };
        let retry_at = match ended {
            Ended::Dropped => return,
            Ended::Stop { reason, suggestion } => {
                tracing::info!(server = %link.target.server, reason, "stopped");
                if events.send(Event::Stopped { reason, suggestion }).await.is_err() {
                    return;
                }
                None
            }
            Ended::Retry { reason, delay } => {
                tracing::info!(server = %link.target.server, reason, "offline");
                let retry_at = Instant::now() + delay.length(tries, &link.target.server);
                if events.send(Event::Offline { reason, retry_at }).await.is_err() {
                    return;
                }
                Some(retry_at)
            }
        };
        if !wait(retry_at, &handle, &events).await {
            return;
        }
    }
}

/// Waits until the next try is due: its time has come, somebody asks for it, or the computer woke up. `false`: nobody
/// listens any more.
async fn wait(retry_at: Option<Instant>, handle: &Handle, events: &mpsc::Sender<Event>) -> bool {
    let (mut clock, mut ticks) = (SuspendDetector::new(), ticks());
    loop {
        let due = async {
            match retry_at {
                Some(retry_at) => sleep_until(retry_at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => return true,
            () = handle.retry.notified() => return true,
            _ = ticks.tick() => if clock.was_suspended() && retry_at.is_some() { return true },
            () = events.closed() => return false,
        }
    }
}
