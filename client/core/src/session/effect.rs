//! Work that a session wants done elsewhere, and its result.

use std::{
    fmt,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use snug_shared::{RoomName, Seq, ServerAddress, api::Page};

use super::pages::PAGE;
use crate::api::{Api, ApiError, LogRange};
use crate::history::{History, Recalled};
use crate::outbox::{CannotOpen, KeepResult, Keeping, Opened, Opening};

/// Something to run off the UI thread; its [`Done`] goes back into [`Session::done`](super::Session::done).
#[must_use = "an effect that is not run is a message that is not sent"]
pub struct Effect(Pin<Box<dyn Future<Output = Done> + Send>>);

/// The result of an [`Effect`].
#[derive(Debug, Clone)]
// Messages of a screen can be copied, an open outbox can't: the first taker has it.
pub struct Done(Arc<Mutex<Outcome>>);

#[derive(Debug)]
pub(super) enum Outcome {
    Opened(Result<Box<Opened>, CannotOpen>),
    Kept(KeepResult),
    Page(Seq, Result<Page, ApiError>),
    Recalled(Option<Seq>, Option<Recalled>),
    Woke(Instant),
    Nothing,
}

impl Effect {
    /// Runs it. Needs a tokio runtime around it.
    pub async fn run(self) -> Done {
        self.0.await
    }

    fn new(work: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self(Box::pin(async { Done(Arc::new(Mutex::new(work.await))) }))
    }

    pub(super) fn open(opening: Opening, data: PathBuf, server: ServerAddress, room: RoomName) -> Self {
        Self::new(async move {
            let opened = tokio::task::spawn_blocking(move || opening.open(&data, &server, &room)).await;
            match opened {
                Ok(opened) => Outcome::Opened(opened.map(Box::new)),
                // Only when the app is being closed.
                Err(_) => Outcome::Nothing,
            }
        })
    }

    pub(super) fn keep(keeping: Keeping) -> Self {
        Self::new(async { Outcome::Kept(keeping.wait().await) })
    }

    /// A page of a room's log: what follows an entry.
    pub(super) fn page(server: ServerAddress, room: RoomName, after: Seq) -> Self {
        Self::new(async move {
            let page =
                async { Api::open(&server).await?.messages(&room, LogRange::After(after), PAGE).await };
            Outcome::Page(after, page.await)
        })
    }

    /// What this computer knows of a room: the newest of it, or what is below an entry.
    pub(super) fn recall(
        history: History,
        server: ServerAddress,
        room: RoomName,
        before: Option<Seq>,
        limit: usize,
    ) -> Self {
        Self::new(async move {
            let recall = move || history.recall(&server, &room, before, limit);
            let recalled = tokio::task::spawn_blocking(recall).await;
            // An error says that the app is being closed.
            Outcome::Recalled(before, recalled.ok().flatten())
        })
    }

    pub(super) fn wake(at: Instant) -> Self {
        Self::new(async move {
            tokio::time::sleep_until(at.into()).await;
            Outcome::Woke(at)
        })
    }
}

impl Done {
    pub(super) fn outcome(self) -> Outcome {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), Outcome::Nothing)
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Effect")
    }
}
