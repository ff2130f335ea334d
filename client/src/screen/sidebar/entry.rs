//! One room of the list: its name, and what is to be seen of it from outside.

use iced::{
    Center, Element, Fill, Padding,
    advanced::widget::Id,
    widget::{Row, button, container, hover, row, space},
};
use snug_core::{
    rooms::{Joined, SessionId},
    session::{Link, Unread},
};

use super::Message;
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{Type, clipped, ellipsis, icon_button, inherited, label, menu_area, menu_button},
};

/// By what a room of the list is found.
pub(super) fn id(room: SessionId) -> Id {
    Id::from(format!("room {room:?}"))
}

/// See the [module](self).
pub(super) fn view<'a>(joined: &'a Joined) -> Element<'a, Message> {
    let (room, session, marks) = (joined.id(), joined.session(), joined.marks());
    let is_calling = joined.is_calling();
    let glyph = if marks.is_pinned { Icon::Pin } else { Icon::Hash };
    let kind = if is_calling { Type::Name } else { Type::Body };
    let name = clipped(ellipsis(session.room().as_str(), kind, inherited), Fill);
    let line = row![icon(glyph, 16).style(theme::muted), name];
    let line = line.extend(self::marks(joined)).spacing(8).align_y(Center);
    let entry = button(line)
        .padding([5, 10])
        .width(Fill)
        .style(theme::room(joined.is_shown(), is_calling, marks.rule.is_muted()))
        .on_press(Message::Show(room));
    let more =
        menu_button(icon_button(Icon::Ellipsis).style(theme::over_room), move |at| Message::Ask(room, at));
    let entry = hover(entry, container(more).align_right(Fill));
    container(menu_area(entry, move |at| Message::Ask(room, at))).id(id(room)).into()
}

/// What stands at the right of a room's name.
fn marks<'a>(joined: &Joined) -> Vec<Element<'a, Message>> {
    let mut marks = Vec::new();
    let mut mark = |glyph, style: fn(&iced::Theme) -> iced::widget::text::Style| {
        marks.push(icon(glyph, 14).style(style).into());
    };
    if matches!(joined.session().link(), Link::Stopped { .. }) {
        mark(Icon::CircleAlert, theme::bad);
    }
    if joined.session().waiting() > 0 {
        mark(Icon::Clock, theme::muted);
    }
    if !joined.is_shown() && !joined.place().draft.is_empty() {
        mark(Icon::Pencil, theme::muted);
    }
    if joined.marks().rule.is_muted() {
        mark(Icon::BellOff, theme::muted);
    }
    marks.extend(news(joined.counted(), joined.is_calling()));
    marks
}

/// A number for who speaks to the reader, a dot for everything else that is new.
pub fn news<'a, M: 'a>(unread: Unread, is_calling: bool) -> Option<Element<'a, M>> {
    match unread.mentions {
        0 if is_calling => Some(container(space()).width(8).height(8).style(theme::dot).into()),
        0 => None,
        mentions => {
            let count = if mentions > 99 { "99+".to_owned() } else { mentions.to_string() };
            Some(container(label(count, Type::Label)).padding([0, 7]).style(theme::badge).into())
        }
    }
}

/// The same of several rooms together.
pub(super) fn sum<'a>(rooms: &[&Joined]) -> Option<Element<'a, Message>> {
    let mentions = rooms.iter().map(|joined| joined.counted().mentions).sum();
    news(Unread { mentions, ..Unread::default() }, rooms.iter().any(|joined| joined.is_calling()))
}

/// A way to what is not in the list.
pub(super) fn way(glyph: Icon, words: &str, is_open: bool, message: Message) -> Element<'_, Message> {
    let line: Row<'_, Message> = row![icon(glyph, 16), clipped(ellipsis(words, Type::Body, inherited), Fill)];
    button(line.spacing(8).align_y(Center))
        .padding(Padding { top: 5.0, right: 10.0, bottom: 5.0, left: 10.0 })
        .width(Fill)
        .style(if is_open { theme::chosen } else { theme::quiet })
        .on_press(message)
        .into()
}
