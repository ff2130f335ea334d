//! Above the composer: what is wrong with the connection, in words, and what to press.

use std::time::Instant;

use iced::{
    Center, Element, Fill,
    widget::{container, row},
};
use snug_core::session::Link;
use snug_shared::Nickname;

use super::{Message, Part, is_joining, is_slow};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{Type, icon_button, label, small},
};

/// See the [module](self). None when there is nothing to say.
pub(super) fn view<'a>(part: Part<'a>) -> Option<Element<'a, Message>> {
    let session = part.room.session();
    if let Some(notice) = session.notice() {
        return Some(self::notice(notice));
    }
    match session.link() {
        Link::Online => None,
        Link::Connecting if !is_slow(part.room) => None,
        // The middle of the room says it.
        Link::Connecting if is_joining(part.room) => None,
        Link::Connecting => Some(waits(Icon::RefreshCw, "Connecting…".to_owned(), None)),
        Link::Offline { reason, retry_at } => Some(offline(part, reason, *retry_at)),
        Link::Stopped { reason, suggestion } => Some(stopped(reason, suggestion.as_ref())),
    }
}

fn notice(sentence: &str) -> Element<'_, Message> {
    let line = row![
        icon(Icon::CircleAlert, 16).style(theme::wait),
        label(sentence, Type::Meta).width(Fill),
        icon_button(Icon::X).on_press(Message::Dismiss),
    ];
    container(line.spacing(10).align_y(Center)).padding([4, 12]).style(theme::strip).into()
}

fn offline<'a>(part: Part<'a>, reason: &str, retry_at: Instant) -> Element<'a, Message> {
    let waiting = match part.room.session().waiting() {
        0 => "Messages you send now will be sent when you reconnect.".to_owned(),
        1 => "1 message is waiting and will be sent when you reconnect.".to_owned(),
        count => format!("{count} messages are waiting and will be sent when you reconnect."),
    };
    let known =
        if part.room.session().shows_history() { "You see what this computer has seen. " } else { "" };
    let seconds = retry_at.saturating_duration_since(Instant::now()).as_secs_f32().ceil();
    let next = if seconds > 0.0 { format!("Next try in {seconds} s.") } else { "Trying…".to_owned() };
    waits(Icon::WifiOff, format!("{reason} {known}{waiting} {next}"), Some(Message::TryNow))
}

fn waits<'a>(glyph: Icon, sentence: String, press: Option<Message>) -> Element<'a, Message> {
    let press = press.map(|message| small("Try now", theme::secondary).on_press(message));
    let line = row![icon(glyph, 16).style(theme::wait), label(sentence, Type::Meta).width(Fill)].push(press);
    container(line.spacing(10).align_y(Center)).padding([6, 12]).style(theme::strip).into()
}

fn stopped<'a>(reason: &'a str, suggestion: Option<&Nickname>) -> Element<'a, Message> {
    let press = match suggestion {
        Some(free) => {
            small(format!("Join as {free}"), theme::primary).on_press(Message::Rename(free.clone()))
        }
        None => small("Try again", theme::secondary).on_press(Message::TryNow),
    };
    let line = row![icon(Icon::CircleAlert, 16).style(theme::bad), label(reason, Type::Meta).width(Fill)];
    container(line.push(press).spacing(10).align_y(Center)).padding([6, 12]).style(theme::bad_strip).into()
}
