//! Keys that no widget took, and where the caret is.

use iced::{
    Task,
    keyboard::{self, Key, key::Named},
    widget::operation,
};

use super::{App, Message};
use crate::{
    screen::{self, AskRoom, Landing, Screen, SearchPanel, Switcher, room},
    shortcut::shortcut,
};

impl App {
    /// A key that no widget took is the shown screen's.
    pub(super) fn key(&mut self, event: keyboard::Event) -> Task<Message> {
        let keyboard::Event::KeyPressed { key, modifiers, physical_key, .. } = &event else {
            return Task::none();
        };
        if let Some(shortcut) = shortcut(key, *physical_key, *modifiers) {
            return self.shortcut(shortcut);
        }
        if self.switcher.is_some() {
            return Switcher::key(key).map_or_else(Task::none, |message| self.update_switcher(message));
        }
        if self.searching.is_some()
            && let Some(message) = SearchPanel::key(key).filter(|_| modifiers.is_empty())
        {
            return self.update_search(message);
        }
        let message = match &self.screen {
            _ if self.sidebar.is_open() && *key == Key::Named(Named::Escape) => {
                self.sidebar.set_open(false);
                return Task::none();
            }
            _ if *key == Key::Named(Named::Tab) => return self.tab(modifiers.shift()),
            Screen::Landing(_) => Landing::key(key).map(screen::Message::Landing),
            Screen::AskRoom(_) => AskRoom::key(key).map(screen::Message::AskRoom),
            Screen::Room(_) => Some(screen::Message::Room(room::Message::Key(event))),
        };
        message.map_or_else(Task::none, |message| self.update_screen(message))
    }

    /// A room has one field, so Tab leads to it from wherever one is.
    fn tab(&self, back: bool) -> Task<Message> {
        match (&self.screen, back) {
            (Screen::Room(_), _) => self.focus_composer(),
            (_, true) => operation::focus_previous(),
            (_, false) => operation::focus_next(),
        }
    }

    /// A click takes the caret out of the composer, wherever it goes; writing goes on there all the same, or in the field of
    /// what is open above it.
    pub(super) fn focus_composer(&self) -> Task<Message> {
        match &self.screen {
            Screen::Room(room) if self.switcher.is_none() && self.searching.is_none() => room.focus_field(),
            Screen::Room(_) | Screen::Landing(_) | Screen::AskRoom(_) => Task::none(),
        }
    }
}
