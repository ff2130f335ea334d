//! At the left: the server, its rooms, oneself.

use iced::{
    Center, Element, Fill, Padding,
    widget::{Column, button, column, container, row, tooltip},
};
use snug_shared::RoomName;

use super::{Message, Part, header::HEIGHT};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{Type, clipped, ellipsis, hairline, icon_button, inherited, label, scroll, tile},
};

const WIDTH: f32 = 232.0;

/// See the [module](self).
pub(super) fn view<'a>(part: Part<'a>) -> Element<'a, Message> {
    container(column![server(part), hairline(), rooms(part), hairline(), oneself(part)])
        .width(WIDTH)
        .height(Fill)
        .style(theme::side)
        .into()
}

fn server<'a>(part: Part<'a>) -> Element<'a, Message> {
    let session = part.room.session();
    let address =
        if part.screen.is_hosted_here { "Hosted here".to_owned() } else { session.server().to_string() };
    let names = match session.server_name() {
        Some(name) => {
            column![ellipsis(name, Type::Name, inherited), ellipsis(address, Type::Meta, theme::muted)]
        }
        None => column![ellipsis(address, Type::Name, inherited)],
    };
    container(clipped(names, Fill)).padding([0, 16]).center_y(HEIGHT).into()
}

fn rooms<'a>(part: Part<'a>) -> Element<'a, Message> {
    let open = part.room.session().room();
    let mut names: Vec<_> = part.screen.others.iter().chain([open]).collect();
    // By name, so that a room keeps its place whichever is open.
    names.sort_by_cached_key(|name| name.as_str().to_lowercase());
    let rooms = names.into_iter().map(|name| entry(name, name == open));
    let rooms = Column::with_children(rooms).spacing(2);
    let more =
        button(row![icon(Icon::Plus, 16), label("Other rooms", Type::Body)].spacing(10).align_y(Center))
            .padding([5, 10])
            .width(Fill)
            .style(theme::quiet)
            .on_press(Message::Leave);
    let head = container(label("Rooms", Type::Label).style(theme::muted)).padding([6, 10]);
    scroll(column![head, rooms, more].spacing(2).padding([8, 8])).height(Fill).into()
}

fn entry(name: &RoomName, is_open: bool) -> Element<'_, Message> {
    let kind = if is_open { Type::Name } else { Type::Body };
    let line = row![
        icon(Icon::Hash, 16).style(theme::muted),
        clipped(ellipsis(name.as_str(), kind, inherited), Fill)
    ];
    button(line.spacing(10).align_y(Center))
        .padding([5, 10])
        .width(Fill)
        .style(if is_open { theme::chosen } else { theme::quiet })
        .on_press_maybe((!is_open).then(|| Message::Switch(name.clone())))
        .into()
}

fn oneself<'a>(part: Part<'a>) -> Element<'a, Message> {
    let own = part.room.session().nickname().as_str();
    let home = icon_button(Icon::LogOut).on_press(Message::Home);
    row![
        tile(own, 28.0),
        clipped(ellipsis(own, Type::Name, inherited), Fill),
        hint_above(home, "Back to start")
    ]
    .spacing(10)
    .align_y(Center)
    .padding(Padding { top: 8.0, right: 8.0, bottom: 8.0, left: 14.0 })
    .into()
}

fn hint_above<'a>(on: impl Into<Element<'a, Message>>, sentence: &'a str) -> Element<'a, Message> {
    let words = container(label(sentence, Type::Meta)).padding([4, 8]).style(theme::card);
    tooltip(on, words, tooltip::Position::Top).gap(4).into()
}
