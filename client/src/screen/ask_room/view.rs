//! How the choice of a room looks.

use iced::{
    Center, Element, Fill, Padding,
    alignment::Horizontal,
    widget::{Column, Container, button, center_x, column, container, row},
};
use snug_core::format;
use snug_shared::{Topic, api::RoomInfo};

use super::{AskRoom, LOW, Message, NICKNAME, NO_NETWORK, ROOM};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{
        Look, Type, action, clipped, ellipsis, field, icon_button, idle_caret, inherited, label, reason,
        scroll, small,
    },
};

const RUNNING: &str = "It stops when you close Snug. Messages are stored on this computer.";

impl AskRoom {
    /// The screen.
    pub fn view(&self, look: &Look) -> Element<'_, Message> {
        let is_low = look.size.height < LOW;
        let above =
            column![self.head(), self.name_part(), self.room_part()].spacing(if is_low { 16 } else { 24 });
        let list = column![].push(self.hosting_part()).push(self.list_part(look)).spacing(16);
        let padding =
            Padding { top: if is_low { 16.0 } else { 32.0 }, right: 24.0, bottom: 12.0, left: 24.0 };
        let list = container(centred(list)).padding(Padding { top: 0.0, bottom: 24.0, ..padding });
        column![container(centred(above)).padding(padding), scroll(list).height(Fill)].into()
    }

    fn head(&self) -> Element<'_, Message> {
        let (title, below) = match self.hosting {
            Some(_) => ("Your server is running", label(RUNNING, Type::Meta).style(theme::muted).into()),
            None => {
                let server = ellipsis(self.server.to_string(), Type::Meta, theme::muted);
                (self.name.as_deref().unwrap_or("Pick a room"), server)
            }
        };
        let names = column![ellipsis(title, Type::Heading, inherited), below];
        let other = small("Another server", theme::quiet).on_press(Message::AnotherServer);
        let other = (!self.joined.is_empty()).then_some(other);
        row![icon_button(Icon::ArrowLeft).on_press(Message::Back), clipped(names, Fill)]
            .push(other)
            .spacing(8)
            .align_y(Center)
            .into()
    }

    fn hosting_part(&self) -> Option<Element<'_, Message>> {
        let addresses = self.hosting.as_ref()?;
        let lines = addresses.iter().enumerate().map(|(place, address)| {
            let copy = if self.copied == Some(place) { "Copied" } else { "Copy" };
            row![
                clipped(label(address.to_string(), Type::Code), Fill),
                small(copy, theme::secondary).on_press(Message::Copy(place)),
            ]
            .spacing(8)
            .align_y(Center)
            .into()
        });
        let sentence =
            if addresses.is_empty() { NO_NETWORK } else { "Others on your network type this address" };
        let card = column![
            label(sentence, Type::Label).style(theme::muted),
            Column::with_children(lines).spacing(6),
        ]
        .spacing(8);
        Some(container(card).padding([12, 14]).width(Fill).style(theme::card).into())
    }

    fn name_part(&self) -> Element<'_, Message> {
        let wrong = self.nickname().err();
        let field = field("Your name here", &self.nickname, wrong.is_some() || self.is_taken())
            .id(NICKNAME)
            .on_input(Message::Nickname)
            .on_submit(Message::Submit);
        let refused = self.refused.as_ref().and_then(|refused| {
            let free = refused.suggestion.as_ref()?;
            let join_as = small(format!("Join as {free}"), theme::primary).on_press(Message::Suggested);
            Some(column![reason(refused.reason.as_str()), join_as].spacing(8))
        });
        column![label("Your name in the room", Type::Label).style(theme::muted), idle_caret(field)]
            .push(wrong.map(|wrong| reason(wrong.to_string())))
            .push(refused)
            .spacing(8)
            .into()
    }

    fn room_part(&self) -> Element<'_, Message> {
        let parsed = self.typed();
        let here = parsed.as_ref().ok().filter(|(server, ..)| *server == self.server);
        let exists = here.is_some_and(|(_, typed, _)| {
            let key = typed.key();
            matches!(&self.rooms, Some(Ok(rooms)) if rooms.iter().any(|info| info.room.key() == key))
        });
        let wrong = parsed.as_ref().err().filter(|_| !self.room.is_empty());
        let is_joined = here.is_some_and(|(_, typed, _)| self.is_joined(typed));
        let word = if is_joined {
            "Show"
        } else if exists || self.is_link() {
            "Join"
        } else {
            "Open room"
        };
        let ready = parsed.is_ok() && self.nickname().is_ok();
        let field = field("Find a room, or name a new one", &self.room, wrong.is_some())
            .id(ROOM)
            .on_input(Message::Room)
            .on_submit(Message::Submit);
        let go = action(None, word, theme::primary).on_press_maybe(ready.then_some(Message::Submit));
        column![
            label("Room", Type::Label).style(theme::muted),
            row![idle_caret(field), go].spacing(8).align_y(Center)
        ]
        .push(wrong.map(|wrong| reason(wrong.to_string())))
        // What another name would not help with.
        .push(
            self.refused.as_ref().filter(|_| !self.is_taken()).map(|refused| reason(refused.reason.as_str())),
        )
        .spacing(8)
        .into()
    }

    fn list_part(&self, look: &Look) -> Element<'_, Message> {
        let say = |sentence| label(sentence, Type::Body).style(theme::muted).into();
        match &self.rooms {
            None => say("Loading the rooms…"),
            Some(Err(error)) => column![
                reason(error.to_string()),
                small("Try again", theme::secondary).on_press(Message::Refresh)
            ]
            .spacing(8)
            .into(),
            Some(Ok(rooms)) if rooms.is_empty() => say("No rooms yet. Type a name to create a room."),
            Some(Ok(rooms)) => {
                let wanted = if self.is_link() { String::new() } else { self.room.trim().to_lowercase() };
                let mut found = rooms.iter().filter(|info| is_like(info, &wanted)).peekable();
                if found.peek().is_none() {
                    return say("No room here is called that.");
                }
                // What one may join comes before where one is.
                let mut found: Vec<_> = found.map(|info| (self.is_joined(&info.room), info)).collect();
                found.sort_by_key(|(is_joined, _)| *is_joined);
                let cards = found.into_iter().map(|(is_joined, info)| room_card(info, is_joined, look));
                Column::with_children(cards).spacing(6).into()
            }
        }
    }
}

/// One column in the middle.
fn centred<'a>(parts: Column<'a, Message>) -> Container<'a, Message> {
    center_x(parts.max_width(480).width(Fill))
}

/// Whether a room is one that somebody who typed this looks for.
fn is_like(info: &RoomInfo, wanted: &str) -> bool {
    let topic = info.topic.as_ref().map(Topic::as_str).unwrap_or_default();
    [info.room.as_str(), topic].iter().any(|text| text.to_lowercase().contains(wanted))
}

fn room_card<'a>(info: &'a RoomInfo, is_joined: bool, look: &Look) -> Element<'a, Message> {
    let topic = info.topic.as_ref().filter(|topic| !topic.is_empty());
    let names = column![ellipsis(info.room.as_str(), Type::Name, inherited)]
        .push(topic.map(|topic| ellipsis(topic.as_str(), Type::Meta, theme::muted)));
    let count = match info.members {
        0 => "Nobody here".to_owned(),
        count => format::people(count),
    };
    let last = (info.last > 0).then(|| format::ago(info.last_at, look.now));
    let beside = column![label(count, Type::Meta).style(theme::muted)]
        .push(last.map(|last| label(last, Type::Meta).style(theme::muted)))
        .align_x(Horizontal::Right);
    let glyph = match (is_joined, info.locked) {
        (true, _) => Icon::Check,
        (false, true) => Icon::Lock,
        (false, false) => Icon::Hash,
    };
    let content = row![
        icon(glyph, 18).style(if is_joined { theme::accented } else { theme::muted }),
        clipped(names, Fill),
        beside,
    ]
    .spacing(12)
    .align_y(Center);
    button(content)
        .padding([9, 14])
        .width(Fill)
        .style(theme::secondary)
        .on_press(Message::Pick(info.room.clone()))
        .into()
}
