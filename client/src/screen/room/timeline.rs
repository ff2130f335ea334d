//! In the middle: the messages, and the way back to the newest of them.

mod body;
mod menu;
mod reaction;
mod row;
mod toolbar;

use std::{ops::Range, rc::Rc};

use iced::{
    Bottom, Center, Element, Fill, Padding,
    alignment::Horizontal,
    widget::{button, container, row as line, space, stack},
};
use snug_core::{
    format,
    highlight::Highlighter,
    mention,
    rooms::Joined,
    selection,
    session::{Link, Session},
    timeline::{COUNTED, Row, RowId, Timeline},
};
use snug_shared::{Author, Seq};

use super::{Go, Message, Part, Room, Select, columns::Columns, empty, is_slow};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{self, Look, Type, label, nothing, virtual_list::virtual_list},
};

/// The side of the button that leads down.
const DOWN: f32 = 36.0;

/// The context that a row is drawn in.
#[derive(Debug, Clone)]
struct Context<'a> {
    look: &'a Look,
    /// The room's name.
    room: &'a str,
    /// The reader, once the server has said who that is.
    me: Option<&'a Author>,
    /// The own message that waits for a yes before it is deleted.
    deleting: Option<Seq>,
    /// The message whose buttons were asked for.
    acting: Option<Seq>,
    /// What is selected of the message, in bytes of its words.
    selected: Option<Range<usize>>,
    /// The reader's nickname.
    nickname: &'a str,
    /// Names of people here that are several words.
    names: Rc<[&'a str]>,
    timeline: &'a Timeline,
    column: Columns,
    /// The room, which knows what of it is shown whole.
    joined: &'a Joined,
    /// The colours of code.
    highlighter: &'a Highlighter,
}

/// See the [module](self).
pub(super) fn view<'a>(part: Part<'a>) -> Element<'a, Message> {
    let session = part.room.session();
    if session.timeline().has_messages() {
        return stack![list(part)].push(pill(part)).width(Fill).height(Fill).into();
    }
    match session.link() {
        // A room that only looks empty yet would show its invitation for the blink of an eye.
        _ if session.expects_entries() => space::vertical().height(Fill).into(),
        _ if part.room.attention().was_online() => container(empty::silence(part)).center(Fill).into(),
        Link::Connecting | Link::Offline { .. } if is_slow(part.room) => empty::joining(part),
        _ => space::vertical().height(Fill).into(),
    }
}

fn list<'a>(part: Part<'a>) -> Element<'a, Message> {
    let (screen, session) = (part.screen, part.room.session());
    let timeline = session.timeline();
    let context = Context {
        look: part.look,
        room: session.room().as_str(),
        me: part.me(),
        deleting: screen.deleting,
        acting: screen.acting,
        selected: None,
        nickname: session.nickname().as_str(),
        names: names(session),
        timeline,
        column: part.column(),
        joined: part.room,
        highlighter: part.highlighter,
    };
    let toolbar_context = context.clone();
    let range = screen.marked.range(timeline);
    let asked = screen.marked.menu().and_then(|asked| match timeline.row(timeline.position(asked.row)?)? {
        Row::Message(message) => Some(menu::view(asked, message, range.is_some(), &context)),
        _ => None,
    });
    let selected = move |index| {
        let (range, id) = (range.as_ref()?, timeline.id(index)?);
        let Some(Row::Message(message)) = timeline.row(index) else { return None };
        selection::part(range, id, &selection::words(&message)?)
    };
    let list = virtual_list(
        timeline.len(),
        timeline.revision(),
        move |index| timeline.id(index),
        move |index| match timeline.row(index) {
            Some(row) => match selected(index) {
                None => row::view(row, &context),
                selected => row::view(row, &Context { selected, ..context.clone() }),
            },
            None => nothing(),
        },
        theme::scroll_thumb,
    )
    .of(screen.session, left_at(screen, timeline))
    .hovered(theme::hovered_row, move |index| matches!(timeline.row(index), Some(Row::Message(_))))
    .inset(part.column().inset)
    .beside(move |index| match timeline.row(index) {
        Some(Row::Message(message)) if !message.starts_group => Some(row::time_beside(message.at, part)),
        _ => None,
    })
    .actions(move |index| match timeline.row(index) {
        Some(Row::Message(message)) => toolbar::view(message, &toolbar_context),
        _ => None,
    })
    .focused(screen.marked.focus().or(screen.found), theme::focus)
    .jump(screen.jump.0, screen.jump.1)
    .ask(screen.marked.ask())
    .on_gesture(|gesture| Message::Select(Select::Gesture(gesture)))
    .on_shown(Message::Shown);
    widget::menu(list, asked)
}

/// The row at which the reader left, or else the first one that is new.
fn left_at(screen: &Room, timeline: &Timeline) -> Option<RowId> {
    let row = screen.scroll.and_then(|seq| timeline.position_of(seq)).or(timeline.unread_row())?;
    timeline.id(row)
}

/// The names of members and authors that are several words, and the reader's own if it is.
fn names(session: &Session) -> Rc<[&str]> {
    let members = session.members().iter().map(|member| &member.nickname);
    let others = members.chain(session.timeline().names_of_several_words());
    let all = others.chain([session.nickname()]).map(|name| name.as_str());
    all.filter(|name| mention::is_several_words(name)).collect()
}

/// The way to the messages that came meanwhile.
fn pill<'a>(part: Part<'a>) -> Option<Element<'a, Message>> {
    if part.screen.shown.is_none_or(|shown| shown.at_end) {
        return None;
    }
    let unread = part.room.attention().unread();
    let (pill, side, right) = match unread.messages {
        // Beside the words, where no message has any: in the middle it would stand on “New messages”.
        0 => {
            let down = container(icon(Icon::ArrowDown, 16)).center(Fill);
            let down = button(down).padding(0).width(DOWN).height(DOWN).style(theme::floating);
            (down, Horizontal::Right, part.column().inset + (Columns::BUTTON - DOWN) / 2.0)
        }
        new => {
            let words = format!("{} new", format::at_least(new, unread.is_more || new >= COUNTED));
            let words = line![label(words, Type::Label), icon(Icon::ArrowDown, 14)];
            let new = button(words.spacing(6).align_y(Center)).padding([8, 14]).style(theme::pill);
            (new, Horizontal::Center, 0.0)
        }
    };
    let pill = container(pill.on_press(Message::Go(Go::End))).padding(Padding::ZERO.bottom(12).right(right));
    Some(pill.align_x(side).align_y(Bottom).width(Fill).height(Fill).into())
}
