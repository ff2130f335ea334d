//! Notifications of the desktops of Linux and the BSDs, over D-Bus (Desktop Notifications Specification 1.2).
//!
//! It listens for clicks before it shows anything, so that none is missed. A library for all desktops listens only after that.

use std::{collections::HashMap, sync::Arc};

use futures_util::StreamExt;
use snug_core::notifications::Notification;
use tokio::{
    sync::{Mutex, mpsc, watch},
    time::timeout,
};
use zbus::{Address, Connection, connection::Builder, proxy, zvariant::Value};

use super::{End, PATIENCE};

/// How urgent a notification is.
const LOW: u8 = 0;
const NORMAL: u8 = 1;
/// The desktop decides how long it shows one.
const AS_LONG_AS_IT_LIKES: i32 = -1;

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
trait Notifications {
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[allow(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action: String) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;
}

/// The desktop, over one connection for all notifications. It is made when the first one is shown, and again when it is lost.
#[derive(Debug, Clone, Default)]
pub(super) struct Service {
    /// Where the bus is, if not where the session says.
    address: Option<Address>,
    link: Arc<Mutex<Option<Link>>>,
}

/// A connection to a desktop that answers.
#[derive(Debug, Clone)]
struct Link {
    desktop: NotificationsProxy<'static>,
    reads_markup: bool,
    /// Closed once the bus is lost, or another service has taken the place of the one that was asked.
    alive: watch::Receiver<()>,
}

/// A notification that stands on the desktop.
struct Shown {
    link: Link,
    id: u32,
    clicks: ActionInvokedStream,
    closes: NotificationClosedStream,
}

impl Service {
    /// Shows a notification until it is clicked on, closed, or taken back by dropping the other end of `changes`.
    pub(super) async fn tend(self, notification: Notification, changes: mpsc::Receiver<Notification>) -> End {
        let end = match self.show(&notification).await {
            Ok(shown) => shown.tend(changes).await,
            Err(error) => Err(error),
        };
        end.unwrap_or_else(|error| {
            tracing::debug!(%error, "the desktop shows no notification");
            End::Closed
        })
    }

    /// Shows a notification. A connection that was lost unnoticed is made anew, once.
    async fn show(&self, notification: &Notification) -> zbus::Result<Shown> {
        let link = self.link().await?;
        let shown = Shown::new(&link, notification).await;
        if shown.is_ok() || link.is_alive() {
            return shown;
        }
        Shown::new(&self.link().await?, notification).await
    }

    /// The connection, made if there is none. Who asks meanwhile waits for the same one.
    async fn link(&self) -> zbus::Result<Link> {
        let mut known = self.link.lock().await;
        if let Some(link) = known.as_ref().filter(|link| link.is_alive()) {
            return Ok(link.clone());
        }
        *known = None;
        let connection = in_time(self.connect()).await?;
        let desktop = in_time(NotificationsProxy::new(&connection)).await?;
        let capabilities = in_time(desktop.get_capabilities()).await?;
        let mut owners = in_time(desktop.inner().receive_owner_changed()).await?;
        let (sender, alive) = watch::channel(());
        drop(tokio::spawn(async move {
            tokio::select! {
                () = connection.closed() => {}
                _ = owners.next() => {}
                () = sender.closed() => {}
            }
        }));
        let reads_markup = capabilities.iter().any(|capability| capability == "body-markup");
        Ok(known.insert(Link { desktop, reads_markup, alive }).clone())
    }

    async fn connect(&self) -> zbus::Result<Connection> {
        match &self.address {
            Some(address) => Builder::address(address.clone())?.build().await,
            None => Connection::session().await,
        }
    }
}

impl Link {
    fn is_alive(&self) -> bool {
        self.alive.has_changed().is_ok() && !self.desktop.inner().connection().is_closed()
    }

    /// Shows a notification, in place of the one of this id.
    async fn ask(&self, replaces: u32, notification: &Notification) -> zbus::Result<u32> {
        let body = if self.reads_markup { escape(&notification.body) } else { notification.body.clone() };
        let hints = HashMap::from([
            ("urgency", Value::U8(if notification.is_mention { NORMAL } else { LOW })),
            ("category", Value::from("im.received")),
            ("desktop-entry", Value::from("chat.snug.Snug")),
        ]);
        let (title, actions) = (&*notification.title, ["default", "Open"]);
        let notify = self.desktop.notify(
            "Snug",
            replaces,
            "chat.snug.Snug",
            title,
            &body,
            &actions,
            hints,
            AS_LONG_AS_IT_LIKES,
        );
        in_time(notify).await
    }
}

impl Shown {
    async fn new(link: &Link, notification: &Notification) -> zbus::Result<Self> {
        let clicks = in_time(link.desktop.receive_action_invoked()).await?;
        let closes = in_time(link.desktop.receive_notification_closed()).await?;
        let id = link.ask(0, notification).await?;
        Ok(Self { link: link.clone(), id, clicks, closes })
    }

    /// Waits for its end. A desktop that is gone has taken it along.
    async fn tend(mut self, mut changes: mpsc::Receiver<Notification>) -> zbus::Result<End> {
        loop {
            tokio::select! {
                // A desktop takes a notification away that was clicked on: the click counts.
                biased;
                Some(click) = self.clicks.next() => {
                    if click.args().is_ok_and(|click| click.id == self.id) {
                        return Ok(End::Opened);
                    }
                }
                Some(close) = self.closes.next() => {
                    if close.args().is_ok_and(|close| close.id == self.id) {
                        return Ok(End::Closed);
                    }
                }
                _ = self.link.alive.changed() => return Ok(End::Closed),
                change = changes.recv() => match change {
                    Some(notification) => self.id = self.link.ask(self.id, &notification).await?,
                    None => {
                        in_time(self.link.desktop.close_notification(self.id)).await?;
                        return Ok(End::TakenBack);
                    }
                },
            }
        }
    }
}

/// A desktop that doesn’t answer is none.
async fn in_time<T>(answer: impl Future<Output = zbus::Result<T>>) -> zbus::Result<T> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(zbus::Error::Failure("no answer in time".into())))
}

/// People’s words are words, whatever they look like.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Service {
        /// The desktop at a bus of a test.
        pub(in super::super) fn at(address: &str) -> Self {
            Self { address: Some(address.parse().unwrap()), ..Self::default() }
        }
    }

    #[test]
    fn words_are_never_markup() {
        assert_eq!(escape("<a href='x'>&</a>"), "&lt;a href='x'&gt;&amp;&lt;/a&gt;");
    }
}
