//! What surrounds the timeline: sidebar, header, members, the connection strip, the empty room.

use std::time::Instant;

use iced::{
    Center, Element, Fill, Padding,
    advanced::text::Wrapping,
    widget::{Column, button, center, column, container, qr_code, row, space, tooltip},
};
use snug_core::{format, session::Link};
use snug_shared::{MemberInfo, RoomName};

use super::{Message, Room};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{
        Look, Type, action, clipped, ellipsis, hairline, hint, icon_button, inherited, label, scroll, small,
        tile,
    },
};

const SIDEBAR: f32 = 232.0;
const MEMBERS: f32 = 200.0;
/// A window less tall has no room for the QR code.
const CODE_FROM: f32 = 600.0;
/// The height of everything at the top.
const HEADER: f32 = 56.0;

/// Server, rooms, oneself.
pub fn sidebar(room: &Room) -> Element<'_, Message> {
    let session = &room.session;
    let address = if room.hosting { "Hosted here".to_owned() } else { session.server().to_string() };
    let head = match session.server_name() {
        Some(name) => {
            column![ellipsis(name, Type::Name, inherited), ellipsis(address, Type::Meta, theme::muted)]
        }
        None => column![ellipsis(address, Type::Name, inherited)],
    };
    let head = container(clipped(head, Fill)).padding([0, 16]).center_y(HEADER);

    let open = entry(session.room(), true);
    let others = room.others.iter().map(|name| entry(name, false));
    let rooms = column![open].extend(others).spacing(2);
    let more =
        button(row![icon(Icon::Plus, 16), label("Other rooms", Type::Body)].spacing(10).align_y(Center))
            .padding([5, 10])
            .width(Fill)
            .style(theme::quiet)
            .on_press(Message::Leave);
    let label = container(label("Rooms", Type::Label).style(theme::muted)).padding([6, 10]);
    let list = scroll(column![label, rooms, more].spacing(2).padding([8, 8])).height(Fill);

    let own = session.nickname().as_str();
    let who = me(room).map_or(own, |me| me.as_str());
    let foot = row![
        tile(own, who, 28.0),
        clipped(ellipsis(own, Type::Name, inherited), Fill),
        hint_up(icon_button(Icon::LogOut).on_press(Message::Home), "Leave the room"),
    ]
    .spacing(10)
    .align_y(Center)
    .padding(Padding { top: 8.0, right: 8.0, bottom: 8.0, left: 14.0 });
    container(column![head, hairline(), list, hairline(), foot])
        .width(SIDEBAR)
        .height(Fill)
        .style(theme::side)
        .into()
}

fn entry(name: &RoomName, is_open: bool) -> Element<'_, Message> {
    let kind = if is_open { Type::Name } else { Type::Body };
    let label = row![
        icon(Icon::Hash, 16).style(theme::muted),
        clipped(ellipsis(name.as_str(), kind, inherited), Fill)
    ];
    button(label.spacing(10).align_y(Center))
        .padding([5, 10])
        .width(Fill)
        .style(if is_open { theme::chosen } else { theme::quiet })
        .on_press_maybe((!is_open).then(|| Message::Switch(name.clone())))
        .into()
}

/// The room's name, its topic, who is here.
pub fn header(room: &Room, has_sidebar: bool, has_members: bool) -> Element<'_, Message> {
    let session = &room.session;
    let topic = session.timeline().topic();
    let name = ellipsis(session.room().as_str(), Type::Heading, inherited);
    let mut line = row![];
    if !has_sidebar {
        line = line.push(hint(icon_button(Icon::ArrowLeft).on_press(Message::Leave), "Other rooms"));
    }
    let title: Element<'_, Message> = if topic.is_empty() {
        clipped(name, Fill).into()
    } else if has_sidebar {
        let topic =
            container(ellipsis(topic.as_str(), Type::Meta, theme::muted)).padding(Padding::ZERO.top(4));
        clipped(row![name, topic].spacing(12).align_y(Center), Fill).into()
    } else {
        let name = ellipsis(session.room().as_str(), Type::Name, inherited);
        clipped(column![name, ellipsis(topic.as_str(), Type::Meta, theme::muted)], Fill).into()
    };
    line = line.push(title);
    if !has_members && session.count() > 0 {
        let count = row![icon(Icon::Users, 16), label(session.count().to_string(), Type::Meta)]
            .spacing(6)
            .align_y(Center);
        line = line.push(hint(container(count).padding([0, 6]), "Here now"));
    }
    let (glyph, word) = if room.copied { (Icon::Check, "Copied") } else { (Icon::Copy, "Invite") };
    let invite = button(row![icon(glyph, 16), label(word, Type::Label)].spacing(8).align_y(Center))
        .padding([7, 10])
        .style(theme::plain)
        .on_press(Message::Invite);
    line = line.push(hint(invite, "Copy a link to this room"));
    let left = if has_sidebar { 16.0 } else { 8.0 };
    let padding = Padding { top: 0.0, right: 12.0, bottom: 0.0, left };
    container(line.spacing(8).align_y(Center)).padding(padding).center_y(HEADER).width(Fill).into()
}

/// Who is here.
pub fn members(room: &Room) -> Element<'_, Message> {
    let session = &room.session;
    let own = session.member();
    let list = session.members().iter().map(|member| one(member, own == Some(member.member.as_str())));
    let unlisted = session.count().saturating_sub(u32::try_from(session.members().len()).unwrap_or(u32::MAX));
    let rest = (unlisted > 0).then(|| {
        let sentence = if session.members().is_empty() {
            format::people(unlisted)
        } else {
            format!("and {unlisted} more")
        };
        container(label(sentence, Type::Meta).style(theme::muted)).padding([4, 8])
    });
    let title = match session.count() {
        0 => "Here now".to_owned(),
        count => format!("Here now — {count}"),
    };
    let head = container(label(title, Type::Label).style(theme::muted)).padding([0, 16]).center_y(HEADER);
    let list = Column::with_children(list).push(rest).spacing(2).padding([8, 8]);
    container(column![head, hairline(), scroll(list).height(Fill)])
        .width(MEMBERS)
        .height(Fill)
        .style(theme::side)
        .into()
}

fn one(member: &MemberInfo, is_me: bool) -> Element<'_, Message> {
    let name = ellipsis(member.nickname.as_str(), Type::Body, inherited);
    row![tile(member.nickname.as_str(), member.by.as_str(), 26.0), clipped(name, Fill)]
        .push(is_me.then(|| label("you", Type::Meta).style(theme::muted)))
        .spacing(10)
        .align_y(Center)
        .padding([3, 8])
        .into()
}

/// Who the reader is, once the server has said so.
pub fn me(room: &Room) -> Option<&snug_shared::Author> {
    let own = room.session.member()?;
    room.session.members().iter().find(|member| member.member == own).map(|member| &member.by)
}

/// How the connection is, in words, when there is something to say.
pub fn strip(room: &Room) -> Option<Element<'_, Message>> {
    let session = &room.session;
    if let Some(notice) = session.notice() {
        let line = row![
            icon(Icon::CircleAlert, 16).style(theme::wait),
            label(notice, Type::Meta).width(Fill),
            icon_button(Icon::X).on_press(Message::Dismiss),
        ];
        return Some(container(line.spacing(10).align_y(Center)).padding([4, 12]).style(theme::strip).into());
    }
    let waiting = match session.waiting() {
        0 => "Messages you send now are kept and go out when it is back.".to_owned(),
        1 => "1 message is kept and goes out when it is back.".to_owned(),
        count => format!("{count} messages are kept and go out when it is back."),
    };
    let (glyph, sentence, press, is_bad) = match session.link() {
        Link::Online => return None,
        Link::Connecting if !room.is_slow() => return None,
        Link::Connecting => (Icon::RefreshCw, "Connecting …".to_owned(), None, false),
        Link::Offline { reason, retry_at } => {
            let seconds = retry_at.saturating_duration_since(Instant::now()).as_secs_f32().ceil();
            let next =
                if seconds > 0.0 { format!("Next try in {seconds} s.") } else { "Trying …".to_owned() };
            let press = small("Try now", theme::secondary).on_press(Message::TryNow);
            let reason = if room.was_online { "Connection lost." } else { reason.as_str() };
            (Icon::WifiOff, format!("{reason} {waiting} {next}"), Some(press), false)
        }
        Link::Stopped { reason, suggestion } => {
            let press = match suggestion {
                Some(free) => {
                    small(format!("Join as {free}"), theme::primary).on_press(Message::Rename(free.clone()))
                }
                None => small("Try again", theme::secondary).on_press(Message::TryNow),
            };
            (Icon::CircleAlert, reason.clone(), Some(press), true)
        }
    };
    let ink = if is_bad { theme::bad } else { theme::wait };
    let line = row![icon(glyph, 16).style(ink), label(sentence, Type::Meta).width(Fill)].push(press);
    let style = if is_bad { theme::bad_strip } else { theme::strip };
    Some(container(line.spacing(10).align_y(Center)).padding([6, 12]).style(style).into())
}

/// A room in which nobody has said anything.
pub fn silence<'a>(room: &'a Room, look: &Look) -> Element<'a, Message> {
    let is_tall = look.size.height >= CODE_FROM;
    let code =
        room.qr.as_ref().filter(|_| is_tall).map(|data| {
            container(qr_code(data).cell_size(4).style(theme::qr)).padding(6).style(theme::qr_paper)
        });
    let hint = if code.is_some() {
        "Others come in with this link, or by scanning the code."
    } else {
        "Others come in with this link."
    };
    let copy = if room.copied { "Copied" } else { "Copy" };
    let link = row![
        label(room.invite.as_str(), Type::Code).wrapping(Wrapping::Glyph),
        small(copy, theme::secondary).on_press(Message::Invite),
    ]
    .spacing(10)
    .align_y(Center);
    let words = column![
        label("Nobody has said anything yet...", Type::Heading).align_x(Center),
        label("Break the silence!", Type::Heading).style(theme::accented),
    ]
    .align_x(Center);
    let content = column![words, space().height(4), label(hint, Type::Meta).style(theme::muted), link];
    let content = content.push(code).spacing(14).align_x(Center);
    scroll(center(container(content).padding(24)).height(iced::Shrink)).into()
}

/// The way to what was said meanwhile.
pub fn pill<'a>(new: usize) -> Element<'a, Message> {
    if new == 0 {
        let down = container(icon(Icon::ArrowDown, 16)).center(Fill);
        return button(down)
            .padding(0)
            .width(36)
            .height(36)
            .style(theme::floating)
            .on_press(Message::ToEnd)
            .into();
    }
    let label =
        row![label(format!("{new} new"), Type::Label), icon(Icon::ArrowDown, 14)].spacing(6).align_y(Center);
    button(label).padding([8, 14]).style(theme::pill).on_press(Message::ToEnd).into()
}

/// Asked before the first connection came to anything.
pub fn joining(room: &Room) -> Element<'_, Message> {
    let content = column![
        label(format!("Joining {} …", room.session.room()), Type::Heading),
        action(None, "Cancel", theme::secondary).on_press(Message::Leave),
    ];
    center(content.spacing(16).align_x(Center)).into()
}

fn hint_up<'a>(on: impl Into<Element<'a, Message>>, sentence: &'a str) -> Element<'a, Message> {
    let label = container(label(sentence, Type::Meta)).padding([4, 8]).style(theme::card);
    tooltip(on, label, tooltip::Position::Top).gap(4).into()
}
