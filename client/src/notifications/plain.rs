//! Notifications of systems that don’t say what became of them.

use snug_core::notifications::Notification;
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};

use super::{End, PATIENCE};

/// The desktop.
#[derive(Debug, Clone, Default)]
pub(super) struct Service;

impl Service {
    /// Shows a notification, and each that comes in its place, until it is taken back by dropping the other end of `changes`.
    pub(super) async fn tend(
        self,
        notification: Notification,
        mut changes: mpsc::Receiver<Notification>,
    ) -> End {
        let mut next = Some(notification);
        while let Some(notification) = next {
            let show = spawn_blocking(move || {
                let mut described = notify_rust::Notification::new();
                described.appname("Snug").summary(&notification.title).body(&notification.body);
                described.show().map(drop)
            });
            if !matches!(timeout(PATIENCE, show).await, Ok(Ok(Ok(())))) {
                return End::Closed;
            }
            next = changes.recv().await;
        }
        End::TakenBack
    }
}
