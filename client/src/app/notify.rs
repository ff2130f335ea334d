//! What reaches a person who looks elsewhere: notifications, and the window’s call for attention.

use iced::{Task, window};
use snug_core::notifications::Request;

use super::{App, Message};
use crate::notifications::Event;

impl App {
    /// Hands the desktop what is new in rooms nobody looks at.
    pub(super) fn notify(&mut self) -> Task<Message> {
        let requests = self.notifications.update(&mut self.rooms, self.settings.notifications, self.look.now);
        let is_mention =
            |request: &Request| matches!(request, Request::Show(notification) if notification.is_mention);
        let calls = !self.is_focused && requests.iter().any(is_mention);
        if let Some(desktop) = &self.desktop {
            requests.into_iter().for_each(|request| desktop.ask(request));
        }
        if calls { ask(Some(window::UserAttention::Informational)) } else { Task::none() }
    }

    /// The desktop can be asked, or a person did something with a notification.
    pub(super) fn on_desktop(&mut self, event: Event) -> Task<Message> {
        match event {
            Event::Ready(desktop) => self.desktop = Some(desktop),
            Event::Closed(room) => self.notifications.closed(room),
            Event::Opened(room) => {
                self.notifications.closed(room);
                return Task::batch([self.show_room(room), to_front()]);
            }
        }
        Task::none()
    }
}

/// Brings the window before all others, where the desktop allows that.
pub(super) fn to_front() -> Task<Message> {
    window::latest().and_then(|window| {
        let attention = Some(window::UserAttention::Informational);
        Task::batch([
            window::minimize(window, false),
            window::gain_focus(window),
            window::request_user_attention(window, attention),
        ])
    })
}

/// The person is here.
pub(super) fn stop_asking() -> Task<Message> {
    ask(None)
}

fn ask(attention: Option<window::UserAttention>) -> Task<Message> {
    window::latest().and_then(move |window| window::request_user_attention(window, attention))
}
