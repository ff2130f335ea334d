//! Waiting until the disk has a send.

use tokio::sync::oneshot;
use uuid::Uuid;

/// The result of storing a send; goes into [`Outbox::kept`](super::Outbox::kept).
#[derive(Debug, Clone)]
pub struct KeepResult {
    pub(super) id: Uuid,
    pub(super) result: Result<(), String>,
}

/// Answers once the send is on the disk.
#[derive(Debug)]
pub struct Keeping {
    pub(super) id: Uuid,
    pub(super) done: oneshot::Receiver<Result<(), String>>,
}

impl Keeping {
    /// Waits for the disk.
    pub async fn wait(self) -> KeepResult {
        let result = self.done.await.unwrap_or_else(|_| Err("the app was closed".into()));
        KeepResult { id: self.id, result }
    }
}
