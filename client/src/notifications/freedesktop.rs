//! Notifications of the desktops of Linux and the BSDs, over D-Bus (Desktop Notifications Specification 1.2).
//!
//! It listens for clicks before it shows anything, so that none is missed. A library for all desktops listens only after that.

use std::collections::HashMap;

use futures_util::StreamExt;
use snug_core::notifications::Notification;
use tokio::{sync::mpsc, time::timeout};
use zbus::{Connection, proxy, zvariant::Value};

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

/// Shows a notification until it is clicked on, closed, or taken back by dropping the other end of `changes`.
pub(super) async fn tend(notification: Notification, changes: mpsc::Receiver<Notification>) -> End {
    show(notification, changes).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "the desktop shows no notification");
        End::Closed
    })
}

async fn show(notification: Notification, mut changes: mpsc::Receiver<Notification>) -> zbus::Result<End> {
    let connection = in_time(Connection::session()).await?;
    let desktop = in_time(NotificationsProxy::new(&connection)).await?;
    let mut clicks = in_time(desktop.receive_action_invoked()).await?;
    let mut closes = in_time(desktop.receive_notification_closed()).await?;
    let capabilities = in_time(desktop.get_capabilities()).await?;
    let reads_markup = capabilities.iter().any(|capability| capability == "body-markup");
    let mut id = ask(&desktop, 0, &notification, reads_markup).await?;
    loop {
        tokio::select! {
            // A desktop takes a notification away that was clicked on: the click counts.
            biased;
            Some(click) = clicks.next() => {
                if click.args().is_ok_and(|click| click.id == id) {
                    return Ok(End::Opened);
                }
            }
            Some(close) = closes.next() => {
                if close.args().is_ok_and(|close| close.id == id) {
                    return Ok(End::Closed);
                }
            }
            change = changes.recv() => match change {
                Some(notification) => id = ask(&desktop, id, &notification, reads_markup).await?,
                None => {
                    in_time(desktop.close_notification(id)).await?;
                    return Ok(End::TakenBack);
                }
            },
        }
    }
}

/// Shows a notification, in place of the one of this id.
async fn ask(
    desktop: &NotificationsProxy<'_>,
    replaces: u32,
    notification: &Notification,
    reads_markup: bool,
) -> zbus::Result<u32> {
    let body = if reads_markup { escape(&notification.body) } else { notification.body.clone() };
    let hints = HashMap::from([
        ("urgency", Value::U8(if notification.is_mention { NORMAL } else { LOW })),
        ("category", Value::from("im.received")),
        ("desktop-entry", Value::from("chat.snug.Snug")),
    ]);
    let (title, actions) = (&*notification.title, ["default", "Open"]);
    let notify = desktop.notify(
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

    #[test]
    fn words_are_never_markup() {
        assert_eq!(escape("<a href='x'>&</a>"), "&lt;a href='x'&gt;&amp;&lt;/a&gt;");
    }
}
