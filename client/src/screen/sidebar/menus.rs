//! What can be done with a room of the list, and what can be set for all of them.

use snug_core::{
    notifications::Preferences,
    rooms::{Level, Rooms, SessionId},
};

use super::{Act, Asked, Message, Of};
use crate::widget::Menu;

/// The mark of what is set.
const SET: &str = "✓";

/// The menu that is open, if what it is of is still there.
pub(super) fn menu_of<'a>(
    asked: Asked,
    rooms: &'a Rooms,
    preferences: Preferences,
) -> Option<Menu<'a, Message>> {
    let menu = Menu::new(asked.at, Message::Closed).by_key(asked.by_key);
    match asked.of {
        Of::Room(room) => of_room(menu, room, rooms),
        Of::Oneself => Some(of_oneself(menu, preferences)),
    }
}

fn of_room<'a>(mut menu: Menu<'a, Message>, room: SessionId, rooms: &'a Rooms) -> Option<Menu<'a, Message>> {
    let joined = rooms.get(room).filter(|joined| !joined.is_left())?;
    let marks = joined.marks();
    let act = |act| Message::Act(room, act);
    if joined.attention().is_unread() {
        menu =
            menu.item("Mark as read", if joined.is_shown() { "Esc" } else { "" }, act(Act::MarkRead)).line();
    }
    let pin = if marks.is_pinned { "Unpin" } else { "Pin to the top" };
    menu = menu.item(pin, "", act(Act::Pin(!marks.is_pinned))).line();
    for (level, words) in [
        (Level::All, "Notify of every message"),
        (Level::Mentions, "Notify of mentions"),
        (Level::Nothing, "Mute"),
    ] {
        let is_set = marks.rule == level.into();
        menu = menu.item(words, if is_set { SET } else { "" }, act(Act::Notify(level)));
    }
    let quiet = if marks.rule.quiet_until.is_some() { SET } else { "" };
    menu = menu.item("Quiet for an hour", quiet, act(Act::Quiet)).line();
    Some(menu.danger("Leave room", act(Act::Leave)))
}

fn of_oneself(menu: Menu<'_, Message>, preferences: Preferences) -> Menu<'_, Message> {
    let Preferences { is_quiet, hides_text } = preferences;
    let disturb = if is_quiet { "Notify again" } else { "Do not disturb" };
    let text = if hides_text { "Show texts in notifications" } else { "Hide texts in notifications" };
    menu.item(disturb, "", Message::Prefer(Preferences { is_quiet: !is_quiet, ..preferences })).item(
        text,
        "",
        Message::Prefer(Preferences { hides_text: !hides_text, ..preferences }),
    )
}
