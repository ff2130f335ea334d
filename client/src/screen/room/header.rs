//! At the top: the room's name, its topic, how many are here, the invitation.

use iced::{
    Center, Element, Fill, Padding,
    widget::{button, column, container, row},
};

use super::{FOR_HERE, Message, Part};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{Type, clipped, ellipsis, hint, icon_button, inherited, label},
};

/// The height of everything at the top.
pub(super) const HEIGHT: f32 = super::HEADER;

/// See the [module](self).
pub(super) fn view<'a>(part: Part<'a>, has_sidebar: bool, has_members: bool) -> Element<'a, Message> {
    let count = part.room.session().count();
    let mut line = row![];
    if !has_sidebar {
        line = line.push(hint(icon_button(Icon::Menu).on_press(Message::Rooms), "Rooms"));
    }
    line = line.push(title(part, has_sidebar));
    if !has_members && count > 0 {
        let people =
            row![icon(Icon::Users, 16), label(count.to_string(), Type::Meta)].spacing(6).align_y(Center);
        line = line.push(hint(container(people).padding([0, 6]), "Here now"));
    }
    line = line.push(has_sidebar.then(search)).push(invite(part));
    let left = if has_sidebar { 16.0 } else { 8.0 };
    let padding = Padding { top: 0.0, right: 12.0, bottom: 0.0, left };
    container(line.spacing(8).align_y(Center)).padding(padding).center_y(HEIGHT).width(Fill).into()
}

fn title<'a>(part: Part<'a>, has_sidebar: bool) -> Element<'a, Message> {
    let session = part.room.session();
    let (name, topic) = (session.room().as_str(), session.timeline().topic());
    let heading = ellipsis(name, Type::Heading, inherited);
    let words = match (topic.is_empty(), has_sidebar) {
        (false, _) => topic.as_str(),
        (true, true) => "Set a topic",
        (true, false) => return clipped(heading, Fill).into(),
    };
    let topic = button(ellipsis(words, Type::Meta, inherited))
        .padding([2, 6])
        .style(theme::quiet)
        .on_press(Message::EditTopic);
    let topic = hint(topic, "Change the topic");
    if has_sidebar {
        let topic = container(topic).padding(Padding::ZERO.top(4));
        clipped(row![heading, topic].spacing(6).align_y(Center), Fill).into()
    } else {
        clipped(column![ellipsis(name, Type::Name, inherited), topic], Fill).into()
    }
}

fn search<'a>() -> Element<'a, Message> {
    let search =
        button(label("Search", Type::Label)).padding([7, 10]).style(theme::plain).on_press(Message::Search);
    hint(search, "Find what was said here (Ctrl+F)")
}

fn invite<'a>(part: Part<'a>) -> Element<'a, Message> {
    let (glyph, word) = if part.screen.copied { (Icon::Check, "Copied") } else { (Icon::Copy, "Invite") };
    let invite = button(row![icon(glyph, 16), label(word, Type::Label)].spacing(8).align_y(Center))
        .padding([7, 10])
        .style(theme::plain)
        .on_press(Message::Invite);
    hint(invite, if part.screen.is_for_here { FOR_HERE } else { "Copy a link to this room" })
}
