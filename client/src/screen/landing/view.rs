//! How the first screen looks.

use iced::{
    Center, Element, Fill, Padding,
    widget::{Column, button, center_x, column, container, row, space, stack},
};
use snug_core::settings::ThemeChoice;

use super::{ADDRESS, Busy, Landing, Message, NICKNAME, PAGE, Refusal};
use crate::{
    icon::{self, Icon},
    theme,
    widget::{
        Look, Type, action, clipped, ellipsis, field, hairline, icon_button, idle_caret, inherited, label,
        reason, scroll, small,
    },
};

/// A window of this height has room for everything with all its air.
const TALL: f32 = 900.0;

impl Landing {
    /// The screen.
    pub fn view(&self, look: &Look) -> Element<'_, Message> {
        let content = column![]
            .push(self.back_part())
            .push(self.head())
            .push(self.name_part())
            .push(self.nearby_part(look))
            .push(self.recent_part(look))
            .push(self.host_part())
            .push(self.address_part())
            .spacing(if look.size.height < TALL && self.shown() + self.nearby.found().len() > 0 {
                20
            } else {
                28
            })
            .max_width(480)
            .width(Fill);
        // A little above the middle, as far as the height can be known here.
        let back = if self.joined > 0 { 60.0 } else { 0.0 };
        let height = 400.0 + 62.0 * self.shown() as f32 + self.nearby_height() + back;
        let above = ((look.size.height - height) * 0.4).max(24.0);
        let padding = Padding { top: above, right: 24.0, bottom: 24.0, left: 24.0 };
        let page = container(center_x(content)).padding(padding);
        scroll(page).id(PAGE).height(Fill).into()
    }

    /// The way back to the rooms one is in.
    fn back_part(&self) -> Option<Element<'_, Message>> {
        let words = match self.joined {
            0 => return None,
            1 => "Back to your room".to_owned(),
            joined => format!("Back to your {joined} rooms"),
        };
        Some(action(Some(Icon::ArrowLeft), words, theme::secondary).on_press(Message::Back).into())
    }

    fn head(&self) -> Element<'_, Message> {
        let mark = icon::mark();
        let word = column![
            label("Snug", Type::Title),
            label("Chat rooms for your own network.", Type::Meta).style(theme::muted),
        ];
        let theme = icon_button(theme_icon(self.theme)).on_press(Message::Theme);
        row![mark, word, space::horizontal(), crate::widget::hint(theme, theme_hint(self.theme))]
            .spacing(14)
            .align_y(Center)
            .into()
    }

    fn name_part(&self) -> Element<'_, Message> {
        let wrong = self.name().err().filter(|_| !self.nickname.is_empty());
        let field = field("For example, Maya", &self.nickname, wrong.is_some())
            .id(NICKNAME)
            .on_input(Message::Nickname)
            .on_submit(Message::Enter);
        column![label("What should people call you?", Type::Name), idle_caret(field)]
            .push(wrong.map(|wrong| reason(wrong.to_string())))
            .push(match &self.refusal {
                Some(Refusal::General(sentence)) => Some(reason(sentence.as_str())),
                _ => None,
            })
            .spacing(8)
            .into()
    }

    fn recent_part(&self, look: &Look) -> Option<Element<'_, Message>> {
        if self.recent.is_empty() {
            return None;
        }
        let cards = self.recent.iter().take(self.shown()).enumerate().map(|(place, recent)| {
            let ready = self.name().is_ok();
            let server = if recent.is_hosted { "Hosted here".to_owned() } else { recent.server.to_string() };
            let names = column![
                ellipsis(recent.room.as_str(), Type::Name, inherited),
                ellipsis(server, Type::Meta, theme::muted),
            ];
            let content = row![
                icon::icon(Icon::Hash, 18).style(theme::muted),
                clipped(names, Fill),
                self.presence_part(recent, look),
            ]
            .spacing(12)
            .align_y(Center);
            let card = button(content)
                .padding(Padding { top: 8.0, right: 48.0, bottom: 8.0, left: 14.0 })
                .width(Fill)
                .style(theme::secondary)
                .on_press_maybe(ready.then_some(Message::Rejoin(place)));
            let forget = crate::widget::hint(
                icon_button(Icon::X).on_press(Message::Forget(place)),
                "Remove from recent",
            );
            // Within the card, over its right edge.
            let forget = container(forget).align_right(Fill).center_y(Fill).padding(Padding::ZERO.right(8));
            stack![card, forget].into()
        });
        Some(
            column![
                label("Recent", Type::Label).style(theme::muted),
                Column::with_children(cards).spacing(6)
            ]
            .spacing(8)
            .into(),
        )
    }

    fn host_part(&self) -> Element<'_, Message> {
        let hosting = self.busy == Busy::Hosting;
        let ready = self.name().is_ok() && self.busy == Busy::No;
        let word = if hosting { "Starting…" } else { "Host a room here" };
        let start =
            action(Some(Icon::House), word, theme::primary).on_press_maybe(ready.then_some(Message::Host));
        let hint = label(
            "Others on your network can join while Snug is open. Messages are stored on this computer.",
            Type::Meta,
        );
        column![start, hint.style(theme::muted)]
            .push(match &self.refusal {
                Some(Refusal::Host(sentence)) => Some(reason(sentence.as_str())),
                _ => None,
            })
            .spacing(8)
            .into()
    }

    fn address_part(&self) -> Element<'_, Message> {
        let wrong = match &self.refusal {
            Some(Refusal::Address(sentence)) => Some(sentence.as_str()),
            _ => None,
        };
        let ready = self.name().is_ok() && !self.address.trim().is_empty();
        let field = field("Invite link or address, for example 192.168.1.20", &self.address, wrong.is_some())
            .id(ADDRESS)
            .on_input(Message::Address)
            .on_submit(Message::Join);
        let (hint, button) = match &self.busy {
            Busy::Asking { server } => (
                Some(label(format!("Looking for {server}…"), Type::Meta).style(theme::muted)),
                action(None, "Cancel", theme::secondary).on_press(Message::Cancel),
            ),
            _ => {
                (None, action(None, "Join", theme::secondary).on_press_maybe(ready.then_some(Message::Join)))
            }
        };
        column![
            hairline(),
            space::vertical().height(4),
            label("Or join by link or address", Type::Name),
            row![idle_caret(field), button].spacing(8).align_y(Center),
        ]
        .push(hint)
        .push(wrong.map(reason))
        .push(self.doctor_part())
        .spacing(8)
        .into()
    }

    /// What is wrong with a server that could not be asked, or the way to find out.
    fn doctor_part(&self) -> Option<Element<'_, Message>> {
        match (&self.doctor, &self.unreached) {
            (Some(doctor), _) => Some(doctor.view().map(Message::Doctor)),
            (None, Some(_)) => {
                Some(small("What is wrong?", theme::secondary).on_press(Message::Examine).into())
            }
            (None, None) => None,
        }
    }
}

fn theme_icon(theme: ThemeChoice) -> Icon {
    match theme {
        ThemeChoice::System => Icon::Monitor,
        ThemeChoice::Light => Icon::Sun,
        ThemeChoice::Dark => Icon::Moon,
    }
}

fn theme_hint(theme: ThemeChoice) -> &'static str {
    match theme {
        ThemeChoice::System => "Light or dark, like the system",
        ThemeChoice::Light => "Always light",
        ThemeChoice::Dark => "Always dark",
    }
}
