//! In the middle of a room without messages: the invitation, or that it is being joined.

use iced::{
    Center, Element,
    advanced::text::Wrapping,
    widget::{center, column, container, qr_code, space},
};

use super::{FOR_HERE, Message, Part};
use crate::{
    theme,
    widget::{Type, action, label, scroll, small},
};

/// A window less tall has no room for the QR code.
const CODE_FROM: f32 = 600.0;

/// A room in which nobody has said anything.
pub(super) fn silence<'a>(part: Part<'a>) -> Element<'a, Message> {
    let screen = part.screen;
    let is_tall = part.look.size.height >= CODE_FROM;
    let code =
        screen.qr.as_ref().filter(|_| is_tall && !screen.is_for_here).map(|data| {
            container(qr_code(data).cell_size(4).style(theme::qr)).padding(6).style(theme::qr_paper)
        });
    let hint = if screen.is_for_here {
        FOR_HERE
    } else if code.is_some() {
        "Others can join with this link or by scanning the code."
    } else {
        "Others can join with this link."
    };
    let copy = if screen.copied { "Copied" } else { "Copy" };
    // One below the other: a long link would leave no room for the button.
    let link = column![
        label(screen.invite.as_str(), Type::Code).wrapping(Wrapping::Glyph),
        small(copy, theme::secondary).on_press(Message::Invite),
    ]
    .spacing(10)
    .align_x(Center);
    let words = column![
        label("Nobody has said anything yet...", Type::Heading).align_x(Center),
        label("Break the silence!", Type::Heading).style(theme::accented),
    ]
    .align_x(Center);
    let content = column![words, space().height(4), label(hint, Type::Meta).style(theme::muted), link];
    let content = content.push(code).spacing(14).align_x(Center);
    scroll(center(container(content).padding(24)).height(iced::Shrink)).into()
}

/// Before the first connection came to anything.
pub(super) fn joining<'a>(part: Part<'a>) -> Element<'a, Message> {
    let room = part.room.session().room();
    let content = if part.room.is_new() {
        column![
            label(format!("Joining {room}…"), Type::Heading),
            action(None, "Cancel", theme::secondary).on_press(Message::Leave),
        ]
    } else {
        column![label(format!("Connecting to {room}…"), Type::Heading)]
    };
    center(content.spacing(16).align_x(Center)).into()
}
