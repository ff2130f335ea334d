//! The keys that do something else while one writes than in a plain editor.

use iced::{
    keyboard::{Key, key::Named},
    widget::text_editor::{Binding, KeyPress, Motion, Status},
};

use super::{
    super::{
        Act, Go, Message,
        selecting::{self, Reach},
    },
    Complete, Mark,
};
use crate::shortcut::shortcut;

/// What a key does while something may be meant.
fn choosing(press: &KeyPress) -> Option<Complete> {
    match press.key.as_ref() {
        Key::Named(Named::ArrowDown) => Some(Complete::Next),
        Key::Named(Named::ArrowUp) => Some(Complete::Previous),
        Key::Named(Named::Tab) if !press.modifiers.shift() => Some(Complete::Take),
        Key::Named(Named::Enter) if !press.modifiers.shift() => Some(Complete::Take),
        _ => None,
    }
}

/// Combinations with Ctrl, Command on a Mac, by the letter on the key.
fn combination(press: &KeyPress) -> Option<Message> {
    if !press.modifiers.command() || press.modifiers.alt() {
        return None;
    }
    match press.key.to_latin(press.physical_key)? {
        'b' => Some(Message::Mark(Mark::Bold)),
        'i' => Some(Message::Mark(Mark::Italic)),
        'e' => Some(Message::Mark(Mark::Code)),
        'z' if press.modifiers.shift() => Some(Message::Redo),
        'z' => Some(Message::Undo),
        'y' => Some(Message::Redo),
        _ => None,
    }
}

/// Keys that do something else here than in a plain editor.
pub(super) fn binding(press: KeyPress, reach: Reach, has_choices: bool) -> Option<Binding<Message>> {
    if !matches!(press.status, Status::Focused { .. }) {
        return None;
    }
    if has_choices && let Some(complete) = choosing(&press) {
        return Some(Binding::Custom(Message::Complete(complete)));
    }
    if has_choices && press.key == Key::Named(Named::Escape) {
        // The caret stays.
        return Some(Binding::Custom(Message::Escape));
    }
    if let Some(message) = combination(&press) {
        return Some(Binding::Custom(message));
    }
    let modifiers = press.modifiers;
    if let Some(shortcut) = shortcut(&press.key, press.physical_key, modifiers) {
        return Some(Binding::Custom(Message::Shortcut(shortcut)));
    }
    if let Some(message) = selecting::key(press.key.as_ref(), modifiers, reach) {
        return Some(Binding::Custom(message));
    }
    match press.key.as_ref() {
        Key::Named(Named::Tab) if modifiers.is_empty() => {
            Some(Binding::Custom(Message::Complete(Complete::Name)))
        }
        Key::Named(Named::ArrowUp) if modifiers.command() && modifiers.alt() => {
            Some(Binding::Custom(Message::Recall { older: true }))
        }
        Key::Named(Named::ArrowDown) if modifiers.command() && modifiers.alt() => {
            Some(Binding::Custom(Message::Recall { older: false }))
        }
        Key::Named(Named::Enter) if !modifiers.shift() => Some(Binding::Custom(Message::Submit)),
        Key::Named(Named::ArrowUp) if reach.is_empty && modifiers.is_empty() => {
            Some(Binding::Custom(Message::Act(Act::EditLast)))
        }
        Key::Named(Named::PageUp) if modifiers.shift() => Some(Binding::Custom(Message::Go(Go::Unread))),
        Key::Named(Named::PageUp) => Some(Binding::Custom(Message::Go(Go::Page(-0.9)))),
        Key::Named(Named::PageDown) => Some(Binding::Custom(Message::Go(Go::Page(0.9)))),
        Key::Named(Named::Home) if modifiers.command() => Some(Binding::Custom(Message::Go(Go::Start))),
        Key::Named(Named::End) if modifiers.command() => Some(Binding::Custom(Message::Go(Go::End))),
        Key::Named(Named::Backspace) if modifiers.jump() => {
            Some(Binding::Sequence(vec![Binding::Select(Motion::WordLeft), Binding::Backspace]))
        }
        Key::Named(Named::Delete) if modifiers.jump() => {
            Some(Binding::Sequence(vec![Binding::Select(Motion::WordRight), Binding::Delete]))
        }
        _ => Binding::from_key_press(press),
    }
}
