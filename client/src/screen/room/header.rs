//! At the top: the room's name, its topic, how many are here, the invitation.

use iced::{
    Center, Element, Fill, Padding,
    widget::{Button, button, column, container, row},
};
use snug_core::session::Link;

use super::{FOR_HERE, Message, Part};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{Type, clipped, ellipsis, ellipsis_beside, hint, icon_button, inherited, label},
};

/// The height of everything at the top.
pub(super) const HEIGHT: f32 = super::HEADER;

/// What a long name leaves of the line to the topic.
const TOPIC: f32 = 110.0;

/// Beside a search, a window narrower than this has no room for all words of the line: the name stays.
const WORDS_FROM: f32 = 1_100.0;

/// See the [module](self).
pub(super) fn view<'a>(part: Part<'a>, has_sidebar: bool, has_members: bool) -> Element<'a, Message> {
    let count = part.room.session().count();
    let mut line = row![];
    if !has_sidebar {
        line = line.push(hint(icon_button(Icon::Menu).on_press(Message::Rooms), "Rooms"));
    }
    let has_words = has_sidebar && (!part.screen.is_beside || part.look.size.width >= WORDS_FROM);
    line = line.push(title(part, has_words));
    let is_online = matches!(part.room.session().link(), Link::Online);
    if !has_members && count > 0 && is_online {
        let people =
            row![icon(Icon::Users, 16), label(count.to_string(), Type::Meta)].spacing(6).align_y(Center);
        line = line.push(hint(container(people).padding([0, 6]), "Here now"));
    }
    line = line.push(search(has_words)).push(invite(part));
    let left = if has_sidebar { 16.0 } else { 8.0 };
    let padding = Padding { top: 0.0, right: 12.0, bottom: 0.0, left };
    container(line.spacing(8).align_y(Center)).padding(padding).center_y(HEIGHT).width(Fill).into()
}

fn title<'a>(part: Part<'a>, has_words: bool) -> Element<'a, Message> {
    let session = part.room.session();
    let (name, topic) = (session.room().as_str(), session.timeline().topic());
    let words = match (topic.is_empty(), has_words) {
        (false, _) => topic.as_str(),
        (true, true) => "Set a topic",
        (true, false) => return clipped(ellipsis(name, Type::Heading, inherited), Fill).into(),
    };
    let topic = button(ellipsis(words, Type::Meta, inherited))
        .padding([2, 6])
        .style(theme::quiet)
        .on_press(Message::EditTopic);
    let topic = hint(topic, "Change the topic");
    if has_words {
        let heading = ellipsis_beside(name, Type::Heading, inherited, TOPIC);
        let topic = container(topic).padding(Padding::ZERO.top(4));
        clipped(row![heading, topic].spacing(6).align_y(Center), Fill).into()
    } else {
        // Its words stand below the name’s, beyond the edge of its button.
        let name = container(ellipsis(name, Type::Name, inherited)).padding(Padding::ZERO.left(6));
        clipped(column![name, topic], Fill).into()
    }
}

/// Without its word where there is little room.
fn search<'a>(has_word: bool) -> Element<'a, Message> {
    let search = if has_word { worded(Icon::Search, "Search") } else { icon_button(Icon::Search) };
    hint(search.on_press(Message::Search), "Find what was said here (Ctrl+F)")
}

fn invite<'a>(part: Part<'a>) -> Element<'a, Message> {
    let (glyph, word) = if part.screen.copied { (Icon::Check, "Copied") } else { (Icon::Copy, "Invite") };
    let invite = worded(glyph, word).on_press(Message::Invite);
    hint(invite, if part.screen.is_for_here { FOR_HERE } else { "Copy a link to this room" })
}

fn worded<'a>(glyph: Icon, word: &'a str) -> Button<'a, Message> {
    button(row![icon(glyph, 16), label(word, Type::Label)].spacing(8).align_y(Center))
        .padding([7, 10])
        .style(theme::plain)
}
