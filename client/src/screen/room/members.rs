//! At the right: the people who are here.

use iced::{
    Center, Element, Fill,
    widget::{Column, column, container, row},
};
use snug_core::{format, session::Link};
use snug_shared::MemberInfo;

use super::{Message, Part, header::HEIGHT};
use crate::{
    theme,
    widget::{Type, clipped, ellipsis, hairline, hint, inherited, label, scroll, small, tile},
};

pub(super) const WIDTH: f32 = 200.0;

/// See the [module](self).
pub(super) fn view<'a>(part: Part<'a>) -> Element<'a, Message> {
    let session = part.room.session();
    let own = session.member();
    let is_ignored = |member: &MemberInfo| session.timeline().is_ignored(&member.by);
    let list = session
        .members()
        .iter()
        .map(|member| one(member, own == Some(member.member.as_str()), is_ignored(member)));
    let unlisted = session.count().saturating_sub(u32::try_from(session.members().len()).unwrap_or(u32::MAX));
    let rest = (unlisted > 0).then(|| {
        let sentence = if session.members().is_empty() {
            format::people(unlisted)
        } else {
            format!("and {unlisted} more")
        };
        container(label(sentence, Type::Meta).style(theme::muted)).padding([4, 8])
    });
    let title = match (session.link(), session.count()) {
        (Link::Online, 0) => "Here now".to_owned(),
        (Link::Online, count) => format!("Here now — {count}"),
        // Who has come and gone since the connection was lost nobody can say.
        _ => "Last seen here".to_owned(),
    };
    let head = container(label(title, Type::Label).style(theme::muted)).padding([0, 16]).center_y(HEIGHT);
    let list = Column::with_children(list).push(rest).spacing(2).padding([8, 8]);
    container(column![head, hairline(), scroll(list).height(Fill)])
        .width(WIDTH)
        .height(Fill)
        .style(theme::side)
        .into()
}

fn one(member: &MemberInfo, is_me: bool, is_ignored: bool) -> Element<'_, Message> {
    let undo = || Message::Ignore(member.by.clone(), member.nickname.clone(), false);
    let ignored = is_ignored
        .then(|| hint(small("Ignored", theme::quiet).on_press(undo()), "Show their messages again"));
    let name = ellipsis(member.nickname.as_str(), Type::Body, inherited);
    row![tile(member.nickname.as_str(), 26.0), clipped(name, Fill)]
        .push(is_me.then(|| label("you", Type::Meta).style(theme::muted)))
        .push(ignored)
        .spacing(10)
        .align_y(Center)
        .padding([3, 8])
        .into()
}
