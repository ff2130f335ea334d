//! How a room is laid out: sidebar, conversation, members; strip, composer and who is writing at the foot.

use iced::{
    Bottom, Center, Element, Fill, Padding,
    widget::{column, container, row, rule, space, stack},
};
use snug_core::{format, session::Link, timeline::Row};
use snug_shared::Nickname;

use super::{
    Message, Room,
    rows::{self, Context},
    sides,
};
use crate::{
    theme,
    widget::{Look, Type, label, nothing, virtual_list::virtual_list},
};

/// Below this the sidebar is gone.
const SIDEBAR_FROM: f32 = 640.0;
/// Below this the members are gone.
const MEMBERS_FROM: f32 = 900.0;

impl Room {
    /// The screen.
    pub fn view<'a>(&'a self, look: &Look) -> Element<'a, Message> {
        let has_sidebar = look.size.width >= SIDEBAR_FROM;
        let has_members = look.size.width >= MEMBERS_FROM;
        let edge = |shown: bool| -> Element<'_, Message> {
            if shown { rule::vertical(1).style(theme::hairline).into() } else { nothing() }
        };
        let middle = column![
            sides::header(self, has_sidebar, has_members),
            crate::widget::hairline(),
            self.conversation(look),
            self.foot(),
        ]
        .width(Fill);
        // Always the same children in the same order: what they hold, such as the reader's place, goes by it.
        let screen = row![
            if has_sidebar { sides::sidebar(self) } else { nothing() },
            edge(has_sidebar),
            middle,
            edge(has_members),
            if has_members { sides::members(self) } else { nothing() },
        ];
        container(screen).style(theme::page).into()
    }

    fn conversation<'a>(&'a self, look: &Look) -> Element<'a, Message> {
        let timeline = self.session.timeline();
        if !timeline.has_messages() {
            return match self.session.link() {
                // A room that only looks empty yet would show its invitation for the blink of an eye.
                _ if self.session.expects_entries() => space::vertical().height(Fill).into(),
                _ if self.was_online => container(sides::silence(self, look)).center(Fill).into(),
                Link::Connecting if self.is_slow() => sides::joining(self),
                _ => space::vertical().height(Fill).into(),
            };
        }
        let context = Context {
            look: look.clone(),
            room: self.session.room().as_str(),
            me: sides::me(self),
            deleting: self.deleting,
        };
        let (rows_context, actions_context) = (context.clone(), context);
        let list = virtual_list(
            timeline.len(),
            timeline.revision(),
            move |index| timeline.id(index),
            move |index| match timeline.row(index) {
                Some(row) => rows::view(row, &rows_context),
                None => nothing(),
            },
            theme::scroll_thumb,
        )
        .hovered(theme::hovered_row)
        .actions(move |index| match timeline.row(index) {
            Some(Row::Message(message)) => rows::actions(message, &actions_context),
            _ => None,
        })
        .jump(self.jump.0, self.jump.1)
        .on_shown(Message::Shown);
        let away = self.shown.is_some_and(|shown| !shown.at_end);
        let pill = away.then(|| {
            container(sides::pill(self.new))
                .padding(Padding::ZERO.bottom(12))
                .align_x(Center)
                .align_y(Bottom)
                .width(Fill)
                .height(Fill)
        });
        stack![list].push(pill).width(Fill).height(Fill).into()
    }

    fn foot(&self) -> Element<'_, Message> {
        let names: Vec<&str> = self.session.writing().into_iter().map(Nickname::as_str).collect();
        let writing = format::writing(&names).unwrap_or_default();
        // Always there, so that nothing moves when somebody begins to write.
        let writing = container(label(writing, Type::Meta).style(theme::muted)).height(20).padding([1, 14]);
        let placeholder = format!("Write to {}", self.session.room());
        let strip = match sides::strip(self) {
            Some(strip) => container(strip).padding(Padding::ZERO.bottom(8)).into(),
            None => nothing(),
        };
        column![strip, self.composer.view(placeholder), space::vertical().height(4), writing]
            .padding(Padding { top: 8.0, right: 16.0, bottom: 4.0, left: 16.0 })
            .into()
    }
}
