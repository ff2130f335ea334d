//! Notifications of the desktops of Linux and the BSDs, over D-Bus (Desktop Notifications Specification 1.2).

use notify_rust::{Hint, NotificationHandle, NotificationResponse, Urgency};
use snug_core::notifications::Notification;
use tokio::{
    sync::{OnceCell, mpsc},
    task::spawn_blocking,
    time::timeout,
};

use super::{End, PATIENCE};

/// Shows a notification until it is clicked on, closed, or taken back by dropping the other end of `changes`.
pub(super) async fn tend(notification: Notification, mut changes: mpsc::Receiver<Notification>) -> End {
    let reads_markup = reads_markup().await;
    let mut described = notify_rust::Notification::new();
    describe(&mut described, &notification, reads_markup);
    let mut handle = match timeout(PATIENCE, described.show_async()).await {
        Ok(Ok(handle)) => handle,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the desktop shows no notification");
            return End::Closed;
        }
        Err(_) => return End::Closed,
    };
    loop {
        tokio::select! {
            end = answer(&handle) => return end,
            change = changes.recv() => match change {
                Some(notification) => {
                    describe(&mut handle, &notification, reads_markup);
                    match update(handle).await {
                        Some(updated) => handle = updated,
                        None => return End::Closed,
                    }
                }
                None => {
                    let _ = timeout(PATIENCE, handle.close_async()).await;
                    return End::TakenBack;
                }
            },
        }
    }
}

async fn answer(handle: &NotificationHandle) -> End {
    let mut end = End::Closed;
    let heard = |response: &NotificationResponse| {
        if matches!(response, NotificationResponse::Default | NotificationResponse::Action(_)) {
            end = End::Opened;
        }
    };
    handle.wait_for_action_async(heard).await;
    end
}

/// Shows it anew in its place. The library blocks for that.
async fn update(mut handle: NotificationHandle) -> Option<NotificationHandle> {
    let update = spawn_blocking(move || handle.update().map(|()| handle));
    timeout(PATIENCE, update).await.ok()?.ok()?.ok()
}

fn describe(into: &mut notify_rust::Notification, notification: &Notification, reads_markup: bool) {
    let body = if reads_markup { escape(&notification.body) } else { notification.body.clone() };
    let urgency = if notification.is_mention { Urgency::Normal } else { Urgency::Low };
    into.appname("Snug").icon("chat.snug.Snug").summary(&notification.title).body(&body);
    into.actions.clear();
    into.action("default", "Open").urgency(urgency);
    into.hint(Hint::DesktopEntry("chat.snug.Snug".into())).hint(Hint::Category("im.received".into()));
}

/// Whether the desktop takes the body for markup. It is asked once.
async fn reads_markup() -> bool {
    static ANSWER: OnceCell<bool> = OnceCell::const_new();
    let ask = || async {
        let ask = spawn_blocking(notify_rust::get_capabilities);
        let capabilities = timeout(PATIENCE, ask).await.map_err(drop)?.map_err(drop)?.map_err(drop)?;
        Ok::<bool, ()>(capabilities.iter().any(|capability| capability == "body-markup"))
    };
    // Without an answer there is nobody to read it either.
    ANSWER.get_or_try_init(ask).await.copied().unwrap_or(true)
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
