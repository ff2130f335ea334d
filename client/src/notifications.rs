//! The desktop's notifications, as iced subscribes to them: requests go in, clicks come out.
//!
//! Each room's notification has a task of its own that shows it, changes it, and waits for a click. All of them speak to the
//! desktop over one connection. A desktop without a notification service, or one that doesn't answer, costs nothing but that
//! task: nobody waits for it.
//!
//! Bounds: `QUEUE` requests, a task for each room that has a notification ([`snug_core::notifications::OPEN`]), and
//! `PATIENCE` for each answer of the desktop.

use std::{collections::HashMap, time::Duration};

use futures_util::{SinkExt, Stream};
use iced::{Subscription, futures::channel::mpsc as ui};
use snug_core::{
    notifications::{Notification, Request},
    rooms::SessionId,
};
use tokio::{sync::mpsc, task::JoinSet};

#[cfg_attr(all(unix, not(target_os = "macos")), path = "notifications/freedesktop.rs")]
#[cfg_attr(not(all(unix, not(target_os = "macos"))), path = "notifications/plain.rs")]
mod platform;

use platform::Service;

/// Requests that wait for the desktop. Beyond it they are dropped: what is new shows in the window as well.
const QUEUE: usize = 64;

/// How long the desktop may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the desktop says.
#[derive(Debug, Clone)]
pub enum Event {
    /// Notifications can be asked for.
    Ready(Desktop),
    /// A person clicked on the notification of this room.
    Opened(SessionId),
    /// The notification of this room is gone: a person closed it, or the desktop has none.
    Closed(SessionId),
}

/// Takes requests, never blocking.
#[derive(Debug, Clone)]
pub struct Desktop(mpsc::Sender<Request>);

impl Desktop {
    /// Asks for a notification, or takes one back.
    pub fn ask(&self, request: Request) {
        if self.0.try_send(request).is_err() {
            tracing::debug!("the desktop doesn’t keep up with notifications");
        }
    }
}

/// The end of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Its click. Windows and macOS tell of none.
    #[cfg_attr(any(windows, target_os = "macos"), allow(dead_code))]
    Opened,
    Closed,
    /// It was taken back, so nobody asks.
    TakenBack,
}

/// The desktop, for as long as it is subscribed to.
pub fn events() -> Subscription<Event> {
    Subscription::run(stream)
}

fn stream() -> impl Stream<Item = Event> {
    iced::stream::channel(QUEUE, async |events: ui::Sender<Event>| serve(events, Service::default()).await)
}

async fn serve(mut events: ui::Sender<Event>, service: Service) {
    let (sender, mut requests) = mpsc::channel(QUEUE);
    if events.send(Event::Ready(Desktop(sender))).await.is_err() {
        return;
    }
    let mut shown: HashMap<SessionId, mpsc::Sender<Notification>> = HashMap::new();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            request = requests.recv() => match request {
                Some(Request::Show(notification)) => show(notification, &service, &mut shown, &mut tasks),
                // A task ends when nobody speaks to it any more.
                Some(Request::Close(session)) => drop(shown.remove(&session)),
                None => return,
            },
            Some(ended) = tasks.join_next() => {
                // A task that failed has no notification any more.
                let Ok((session, end)) = ended else { continue };
                shown.retain(|_, changes| !changes.is_closed());
                let event = match end {
                    End::Opened => Event::Opened(session),
                    End::Closed => Event::Closed(session),
                    End::TakenBack => continue,
                };
                if events.send(event).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn show(
    notification: Notification,
    service: &Service,
    shown: &mut HashMap<SessionId, mpsc::Sender<Notification>>,
    tasks: &mut JoinSet<(SessionId, End)>,
) {
    let session = notification.session;
    let unsent = match shown.get(&session) {
        Some(changes) => match changes.try_send(notification) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Closed(notification)) => notification,
            // The desktop is slow. A later message brings the right number.
            Err(mpsc::error::TrySendError::Full(_)) => return,
        },
        None => notification,
    };
    let (changes, changed) = mpsc::channel(4);
    let _ = shown.insert(session, changes);
    let service = service.clone();
    let _ = tasks.spawn(async move { (session, service.tend(unsent, changed).await) });
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
