//! What the app listens to.

use iced::{Event, Subscription, event, keyboard, mouse, system, window};

use super::{App, Message};
use crate::{
    notifications,
    screen::{self, Screen},
    subscription,
};

impl App {
    /// The window, the keys, the connections of all joined rooms, and what the screen waits for.
    pub fn subscription(&self) -> Subscription<Message> {
        let connections = self.rooms.connections().map(|(id, target)| subscription::connection(id, target));
        let screen = match (&self.screen, self.shown()) {
            (Screen::AskRoom(ask_room), _) => {
                ask_room.subscription(self.is_focused).map(screen::Message::AskRoom)
            }
            (Screen::Room(room), Some(joined)) => room.subscription(joined).map(screen::Message::Room),
            (Screen::Landing(landing), _) => {
                landing.subscription(self.is_focused).map(screen::Message::Landing)
            }
            (Screen::Room(_), None) => Subscription::none(),
        };
        Subscription::batch([
            Subscription::batch(connections).map(Message::Room),
            screen.with(self.visit).map(|(visit, message)| Message::Screen(visit, message)),
            self.instance
                .as_deref()
                .map_or_else(Subscription::none, subscription::launches)
                .map(Message::LaunchedAgain),
            event::listen_with(on_event),
            keyboard::listen().map(Message::Key),
            system::theme_changes().map(Message::System),
            notifications::events().map(Message::Desktop),
        ])
    }
}

fn on_event(event: Event, _status: event::Status, _window: window::Id) -> Option<Message> {
    let event = match event {
        Event::Window(event) => event,
        Event::Mouse(mouse::Event::ButtonPressed(_)) => return Some(Message::Pressed),
        _ => return None,
    };
    match event {
        window::Event::Opened { size, .. } | window::Event::Resized(size) => Some(Message::Resized(size)),
        window::Event::Focused => Some(Message::Focused(true)),
        window::Event::Unfocused => Some(Message::Focused(false)),
        window::Event::CloseRequested => Some(Message::Close),
        _ => None,
    }
}
