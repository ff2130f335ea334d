//! How the servers found on the network look, and whether the places one knows are there.

use iced::{
    Center, Element, Fill, Padding,
    alignment::Horizontal,
    widget::{Column, button, column, container, row},
};
use snug_core::{discovery::Found, format, settings::Recent};
use snug_shared::api::RoomInfo;

use super::{
    Landing, Message,
    nearby::{self, Presence},
};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{Look, Type, clipped, ellipsis, inherited, label},
};

/// The heights of what is drawn here, in pixels.
const HEAD: f32 = 26.0;
const SENTENCE: f32 = 44.0;
const SERVER: f32 = 50.0;
const ROOM: f32 = 38.0;

impl Landing {
    /// The servers on the network.
    pub(super) fn nearby_part(&self, _look: &Look) -> Element<'_, Message> {
        let head = label("On this network", Type::Label).style(theme::muted);
        let found = self.nearby.found();
        if found.is_empty() {
            return column![head, self.looking_part()].spacing(8).into();
        }
        let servers = found.iter().map(|server| self.server_card(server));
        column![head, Column::with_children(servers).spacing(8)].spacing(8).into()
    }

    /// About how high that is.
    pub(super) fn nearby_height(&self) -> f32 {
        let found = self.nearby.found();
        let server = |server: &Found| SERVER + ROOM * self.nearby.shown(server).len() as f32;
        if found.is_empty() { HEAD + SENTENCE } else { HEAD + found.iter().map(server).sum::<f32>() }
    }

    fn looking_part(&self) -> Element<'_, Message> {
        let sentence = if self.nearby.is_looking() {
            format!("Looking for servers on your network{}", self.nearby.dots())
        } else {
            "None found yet. Snug keeps looking.".to_owned()
        };
        let sentence =
            row![icon(Icon::Search, 18).style(theme::muted), label(sentence, Type::Body).style(theme::muted)];
        container(sentence.spacing(12).align_y(Center)).padding([9, 14]).width(Fill).into()
    }

    /// A server, and the first of its rooms.
    fn server_card<'a>(&'a self, server: &'a Found) -> Element<'a, Message> {
        let shown = self.nearby.shown(server);
        let address = self.nearby.is_ambiguous(server).then(|| server.addresses.first()).flatten();
        let name = column![ellipsis(server.name.as_str(), Type::Name, inherited)]
            .push(address.map(|address| ellipsis(address.to_string(), Type::Meta, theme::muted)));
        let head = row![
            icon(Icon::Server, 18).style(theme::muted),
            clipped(name, Fill),
            label(counts(server), Type::Meta).style(theme::muted),
            icon(Icon::ChevronRight, 16).style(theme::muted),
        ];
        let head = button(head.spacing(12).align_y(Center))
            .padding([10, 14])
            .width(Fill)
            .style(theme::plain)
            .on_press(Message::Nearby(nearby::Message::Server(server.id.clone())));
        let rooms = shown.iter().map(|room| room_row(server, room));
        let card = column![head].push((!shown.is_empty()).then(|| Column::with_children(rooms)));
        container(card.padding(Padding::ZERO.bottom(if shown.is_empty() { 0 } else { 6 })))
            .width(Fill)
            .style(theme::card)
            .into()
    }

    /// Whether a place one knows is there; when one was, as long as that is not known.
    pub(super) fn presence_part(&self, recent: &Recent, look: &Look) -> Element<'_, Message> {
        let ago = label(format::ago(recent.at, look.now), Type::Meta).style(theme::muted);
        let is_there = match self.nearby.presence(&recent.server, &recent.room) {
            Presence::Unknown => return ago.into(),
            Presence::Here(0) => label("Nobody here", Type::Meta).style(theme::muted),
            Presence::Here(people) => label(format!("{people} here"), Type::Meta).style(theme::good),
            Presence::Away => label("Not reachable", Type::Meta).style(theme::wait),
        };
        column![is_there, ago].align_x(Horizontal::Right).into()
    }
}

/// "3 rooms · 12 people", or what there is of it.
fn counts(server: &Found) -> String {
    let rooms = match server.rooms {
        0 => return "No rooms yet".to_owned(),
        1 => "1 room".to_owned(),
        rooms => format!("{rooms} rooms"),
    };
    match server.people {
        0 => format!("{rooms} · nobody here"),
        people => format!("{rooms} · {}", format::people(people)),
    }
}

fn room_row<'a>(server: &Found, room: &'a RoomInfo) -> Element<'a, Message> {
    let count = match room.members {
        0 => String::new(),
        members => format!("{members} here"),
    };
    let glyph = if room.locked { Icon::Lock } else { Icon::Hash };
    let content = row![
        icon(glyph, 16).style(theme::muted),
        clipped(ellipsis(room.room.as_str(), Type::Body, inherited), Fill),
        label(count, Type::Meta).style(theme::muted),
    ];
    button(content.spacing(12).align_y(Center))
        .padding(Padding { top: 7.0, right: 14.0, bottom: 7.0, left: 16.0 })
        .width(Fill)
        .style(theme::plain)
        .on_press(Message::Nearby(nearby::Message::Room(server.id.clone(), room.room.clone())))
        .into()
}
