//! How a room is laid out: conversation and people; at the foot the banner and the composer.

use iced::{
    Element, Fill, Padding,
    widget::{column, container, opaque, row, rule, stack},
};
use snug_core::{format, highlight::Highlighter, rooms::Joined};
use snug_shared::{Author, Nickname};

use super::{Message, Part, Room, banner, columns::Columns, header, members, timeline};
use crate::{
    screen::{search, sidebar},
    theme,
    widget::{Look, hairline, nothing},
};

/// Below this the people are gone.
const MEMBERS_FROM: f32 = 900.0;
/// How much of the room's name the empty composer shows: it has no “…” of its own.
const NAMED: usize = 28;
/// From here on composer and messages share one column.
const SHARED_FROM: f32 = 1_100.0;

impl<'a> Part<'a> {
    /// The reader, once the server has said who that is.
    pub(super) fn me(self) -> Option<&'a Author> {
        self.room.session().author()
    }

    /// The column that messages and composer stand in.
    pub(super) fn column(self) -> Columns {
        let width = self.look.size.width;
        let beside = |from: f32, beside: f32| if width >= from { beside + 1.0 } else { 0.0 };
        let right = match self.screen.is_beside {
            true => beside(search::FROM, search::WIDTH),
            false => beside(MEMBERS_FROM, members::WIDTH),
        };
        let middle = width - beside(sidebar::FROM, sidebar::WIDTH) - right;
        Columns { inset: ((middle - Columns::WIDTH) / 2.0).max(0.0).floor(), shares: width >= SHARED_FROM }
    }
}

impl Room {
    /// The screen.
    pub fn view<'a>(
        &'a self,
        room: &'a Joined,
        look: &'a Look,
        highlighter: &'a Highlighter,
    ) -> Element<'a, Message> {
        let part = Part { screen: self, room, look, highlighter };
        let has_sidebar = look.size.width >= sidebar::FROM;
        let has_members = look.size.width >= MEMBERS_FROM && !self.is_beside;
        let edge = |shown: bool| -> Element<'_, Message> {
            if shown { rule::vertical(1).style(theme::hairline).into() } else { nothing() }
        };
        let middle = column![
            header::view(part, has_sidebar, has_members),
            hairline(),
            stack![timeline::view(part)].push(choices(part)).push(picker(part)).width(Fill).height(Fill),
            foot(part),
        ]
        .width(Fill);
        // Always the same children in the same order: what they hold, such as the reader's place, goes by it.
        let screen =
            row![middle, edge(has_members), if has_members { members::view(part) } else { nothing() },];
        screen.into()
    }
}

/// What may be meant, right above the composer.
fn choices<'a>(part: Part<'a>) -> Option<Element<'a, Message>> {
    let choices = part.screen.composer.choices()?;
    Some(above_the_foot(part, choices, iced::Left))
}

/// Emoji to choose from, right above the button that asks for them.
fn picker<'a>(part: Part<'a>) -> Option<Element<'a, Message>> {
    let picker = part.screen.picker.as_ref()?;
    Some(above_the_foot(part, picker.view(), iced::Right))
}

fn above_the_foot<'a>(
    part: Part<'a>,
    pop_up: Element<'a, Message>,
    side: iced::alignment::Horizontal,
) -> Element<'a, Message> {
    container(opaque(pop_up))
        .padding(Padding { top: 4.0, bottom: 4.0, ..part.column().composer() })
        .align_x(side)
        .align_y(iced::Bottom)
        .width(Fill)
        .height(Fill)
        .into()
}

fn foot<'a>(part: Part<'a>) -> Element<'a, Message> {
    let session = part.room.session();
    let names: Vec<&str> = session.typing_now().into_iter().map(Nickname::as_str).collect();
    let typing = format::typing(&names).unwrap_or_default();
    let reach = part.screen.reach(session.timeline());
    let placeholder = format!("Write to {}", format::one_line(session.room().as_str(), NAMED));
    let banner = match banner::view(part) {
        Some(banner) => container(banner).padding(Padding::ZERO.bottom(8)).into(),
        None => nothing(),
    };
    column![banner, part.screen.composer.view(placeholder, typing, reach)]
        .padding(Padding { top: 4.0, bottom: 14.0, ..part.column().composer() })
        .into()
}
