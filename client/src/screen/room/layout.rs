//! How a room is laid out: conversation and people; at the foot the banner and the composer.

use iced::{
    Element, Fill, Padding,
    widget::{column, container, row, rule},
};
use snug_core::{format, rooms::Joined};
use snug_shared::{Author, Nickname};

use super::{Message, Part, Room, banner, header, members, timeline};
use crate::{
    screen::sidebar,
    theme,
    widget::{Look, hairline, nothing},
};

/// Below this the people are gone.
const MEMBERS_FROM: f32 = 900.0;

impl<'a> Part<'a> {
    /// The reader, once the server has said who that is.
    pub(super) fn me(self) -> Option<&'a Author> {
        self.room.session().author()
    }
}

impl Room {
    /// The screen.
    pub fn view<'a>(&'a self, room: &'a Joined, look: &'a Look) -> Element<'a, Message> {
        let part = Part { screen: self, room, look };
        let has_sidebar = look.size.width >= sidebar::FROM;
        let has_members = look.size.width >= MEMBERS_FROM;
        let edge = |shown: bool| -> Element<'_, Message> {
            if shown { rule::vertical(1).style(theme::hairline).into() } else { nothing() }
        };
        let middle = column![
            header::view(part, has_sidebar, has_members),
            hairline(),
            timeline::view(part),
            foot(part),
        ]
        .width(Fill);
        // Always the same children in the same order: what they hold, such as the reader's place, goes by it.
        let screen =
            row![middle, edge(has_members), if has_members { members::view(part) } else { nothing() },];
        container(screen).style(theme::page).into()
    }
}

fn foot<'a>(part: Part<'a>) -> Element<'a, Message> {
    let session = part.room.session();
    let names: Vec<&str> = session.typing_now().into_iter().map(Nickname::as_str).collect();
    let typing = format::typing(&names).unwrap_or_default();
    let reach = part.screen.reach(session.timeline());
    let placeholder = format!("Write to {}", session.room());
    let banner = match banner::view(part) {
        Some(banner) => container(banner).padding(Padding::ZERO.bottom(8)).into(),
        None => nothing(),
    };
    column![banner, part.screen.composer.view(placeholder, typing, reach)]
        .padding(Padding { top: 4.0, right: 16.0, bottom: 14.0, left: 16.0 })
        .into()
}
