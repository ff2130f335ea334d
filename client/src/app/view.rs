//! What the window shows: a screen, the list of rooms beside it, and what lies above both.

use iced::{
    Element,
    widget::{row, rule},
};

use super::{App, Message};
use crate::{
    screen::{self, Screen, sidebar},
    theme,
    widget::{nothing, over},
};

impl App {
    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let screen = match &self.screen {
            Screen::Landing(landing) => landing.view(&self.look).map(screen::Message::Landing),
            Screen::AskRoom(ask_room) => ask_room.view(&self.look).map(screen::Message::AskRoom),
            Screen::Room(room) => match self.shown() {
                Some(joined) => room.view(joined, &self.look, &self.highlighter).map(screen::Message::Room),
                None => nothing(),
            },
        };
        let visit = self.visit;
        let screen = screen.map(move |message| Message::Screen(visit, message));
        self.with_rooms(screen)
    }

    /// The list of rooms beside a screen, and what lies above both. Always the same children in the same order: what they
    /// hold, such as the reader's place, goes by it.
    fn with_rooms<'a>(&'a self, screen: Element<'a, Message>) -> Element<'a, Message> {
        let list = self.sidebar().map(|sidebar| {
            let asked = match &self.screen {
                Screen::AskRoom(ask_room) => Some(ask_room.server()),
                Screen::Landing(_) | Screen::Room(_) => None,
            };
            sidebar.view(&self.rooms, asked, self.settings.notifications)
        });
        let is_wide = self.look.size.width >= sidebar::FROM;
        let (beside, above) = match list {
            Some(list) if is_wide => (Some(list), None),
            Some(list) if self.sidebar.is_open() => (None, Some(sidebar::over(list))),
            Some(_) => {
                let has_button = matches!(self.screen, Screen::Room(_));
                (None, Some(self.sidebar.closed(&self.rooms, self.settings.notifications, has_button)))
            }
            None => (None, None),
        };
        let edge = beside.is_some().then(|| rule::vertical(1).style(theme::hairline).into());
        let switcher = self.switcher.as_ref();
        let switcher = switcher.map(|it| it.view(&self.rooms, &self.look).map(Message::Switcher));
        let (beside, above) = (beside.map(of_list), above.map(of_list));
        let base =
            row![beside.unwrap_or_else(nothing), edge.unwrap_or_else(nothing), self.with_search(screen)];
        over(over(base.into(), above), switcher)
    }
}

fn of_list(list: Element<'_, sidebar::Message>) -> Element<'_, Message> {
    list.map(Message::Sidebar)
}
