//! What is selected and focused of the messages, and the menu of one of them.
//!
//! One message, or none, is focused by the keyboard: its acts are its menu's. A selection and a focus end when one writes.

use std::ops::Range;

use iced::{
    Point, Task, clipboard,
    keyboard::{Key, Modifiers, key::Named},
    widget::text_editor,
};
use snug_core::{
    rooms::Joined,
    selection::{COPIED, Position, Selection, Step, Unit},
    timeline::{Row, RowId, Timeline},
};

use super::{Message, Room};
use crate::widget::virtual_list::{Gesture, Jump, click};

/// What is selected, focused and asked about.
#[derive(Debug, Default)]
pub(super) struct Marked {
    selection: Option<Selection>,
    focus: Option<RowId>,
    menu: Option<Asked>,
    /// The row whose menu a key asked for. The list says where it is.
    ask: Option<(u64, RowId)>,
}

/// A menu that is open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// The message.
    pub row: RowId,
    /// Where in the window.
    pub at: Point,
    /// Whether by a key.
    pub by_key: bool,
    /// Whether it only asks if the message is really to be deleted.
    pub confirms: bool,
}

/// Something done to the selection or the focus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Select {
    /// By the pointer.
    Gesture(Gesture<RowId>),
    /// Select all messages that are loaded, or what is being written.
    All,
    /// Move the selection's end.
    Step(Step),
    /// Move the selection's end by so many views.
    Pages(i8),
    /// Copy the messages that are selected, the focused one, or what is selected of what is being written.
    Copy,
    /// Focus a message, or the next one up or down.
    Focus(Walk),
    /// Show what can be done with the focused message, or the one where the selection ends.
    Ask,
    /// Close the menu.
    CloseMenu,
    /// Ask in the menu before something is deleted.
    Confirm(Asked),
}

/// From message to message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// To the newest in view, or back to writing.
    Toggle,
    /// To the one above.
    Up,
    /// To the one below.
    Down,
}

/// What keys mean depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reach {
    /// Messages are selected.
    pub is_selecting: bool,
    /// A message is focused.
    pub is_focused: bool,
    /// Nothing is written.
    pub is_empty: bool,
}

/// The meaning of a key for the messages, wherever the caret is. None when it has none.
pub(super) fn key(key: Key<&str>, modifiers: Modifiers, reach: Reach) -> Option<Message> {
    let step = match key {
        Key::Named(Named::F6) => return Some(Message::Select(Select::Focus(Walk::Toggle))),
        Key::Named(Named::ContextMenu) => return Some(Message::Select(Select::Ask)),
        Key::Named(Named::F10) if modifiers.shift() => return Some(Message::Select(Select::Ask)),
        Key::Named(Named::ArrowUp) if reach.is_focused && modifiers.is_empty() => {
            return Some(Message::Select(Select::Focus(Walk::Up)));
        }
        Key::Named(Named::ArrowDown) if reach.is_focused && modifiers.is_empty() => {
            return Some(Message::Select(Select::Focus(Walk::Down)));
        }
        Key::Named(Named::Enter) if reach.is_focused && reach.is_empty && modifiers.is_empty() => {
            return Some(Message::Select(Select::Ask));
        }
        // What they are for is known when their turn comes: keys may come faster than what they do is shown.
        Key::Character("c") if modifiers.command() => return Some(Message::Select(Select::Copy)),
        Key::Character("a") if modifiers.command() => return Some(Message::Select(Select::All)),
        _ if !modifiers.shift() || !reach.is_selecting => return None,
        Key::Named(Named::PageUp) => return Some(Message::Select(Select::Pages(-1))),
        Key::Named(Named::PageDown) => return Some(Message::Select(Select::Pages(1))),
        Key::Named(Named::ArrowLeft) if modifiers.jump() => Step::WordLeft,
        Key::Named(Named::ArrowRight) if modifiers.jump() => Step::WordRight,
        Key::Named(Named::ArrowLeft) => Step::Left,
        Key::Named(Named::ArrowRight) => Step::Right,
        Key::Named(Named::ArrowUp) => Step::Up,
        Key::Named(Named::ArrowDown) => Step::Down,
        Key::Named(Named::Home) if modifiers.command() => Step::Start,
        Key::Named(Named::End) if modifiers.command() => Step::End,
        Key::Named(Named::Home) => Step::LineStart,
        Key::Named(Named::End) => Step::LineEnd,
        _ => return None,
    };
    Some(Message::Select(Select::Step(step)))
}

impl Marked {
    /// From where to where messages are selected.
    pub fn range(&self, timeline: &Timeline) -> Option<Range<Position>> {
        let range = self.selection.as_ref()?.range(timeline);
        (!range.is_empty()).then_some(range)
    }

    /// The focused message.
    pub fn focus(&self) -> Option<RowId> {
        self.focus
    }

    /// The menu that is open.
    pub fn menu(&self) -> Option<Asked> {
        self.menu
    }

    /// The menu that a key asked for.
    pub fn ask(&self) -> Option<(u64, RowId)> {
        self.ask
    }

    /// Whether something is selected or focused.
    pub fn reach(&self, timeline: &Timeline) -> Reach {
        let is_selecting = self.range(timeline).is_some();
        Reach { is_selecting, is_focused: self.focus.is_some(), is_empty: false }
    }

    /// Ends what is open, selected or focused, one at a time. Says whether there was something.
    pub fn cancel(&mut self, timeline: &Timeline) -> bool {
        let had_selection = self.range(timeline).is_some();
        self.menu.take().is_some()
            || {
                self.selection = None;
                had_selection
            }
            || self.focus.take().is_some()
    }

    /// Ends all of it: one writes.
    pub fn clear(&mut self) {
        (self.selection, self.focus, self.menu) = (None, None, None);
    }

    /// Goes on with rows that changed their identity or are gone.
    pub fn follow(&mut self, timeline: &Timeline) {
        if let Some(selection) = &mut self.selection {
            selection.follow(timeline);
        }
        if self.menu.is_some_and(|menu| timeline.position(menu.row).is_none()) {
            self.menu = None;
        }
        if let Some(focus) = self.focus.filter(|focus| timeline.position(*focus).is_none()) {
            let index = nearest_message(timeline, timeline.nearest(focus));
            self.focus = index.and_then(|index| timeline.id(index));
        }
    }
}

impl Room {
    /// Goes on after the room changed.
    pub fn follow(&mut self, joined: &Joined) {
        self.marked.follow(joined.session().timeline());
    }

    /// Whether a message's menu is open.
    pub fn has_menu(&self) -> bool {
        self.marked.menu().is_some()
    }

    /// What keys mean at present.
    pub(super) fn reach(&self, timeline: &Timeline) -> Reach {
        Reach { is_empty: self.composer.is_empty(), ..self.marked.reach(timeline) }
    }

    pub(super) fn select(&mut self, timeline: &Timeline, select: Select) -> Task<Message> {
        match select {
            Select::Gesture(gesture) => return self.gesture(timeline, gesture),
            Select::All => {
                let reach = self.reach(timeline);
                if reach.is_selecting || reach.is_empty {
                    self.marked.selection = Selection::all(timeline);
                } else {
                    let _ = self.composer.perform(text_editor::Action::SelectAll);
                }
            }
            Select::Step(step) => self.step(timeline, step),
            Select::Pages(pages) => {
                let rows = self.shown.map_or(1, |shown| (shown.end - shown.first).max(1));
                let rows = i32::try_from(rows).unwrap_or(i32::MAX);
                self.step(timeline, Step::Messages(rows.saturating_mul(i32::from(pages))));
            }
            Select::Copy => return self.copy(timeline),
            Select::Focus(walk) => self.walk(timeline, walk),
            Select::Ask => self.ask(timeline),
            Select::CloseMenu => self.marked.menu = None,
            Select::Confirm(asked) => self.marked.menu = Some(Asked { confirms: true, ..asked }),
        }
        Task::none()
    }

    fn gesture(&mut self, timeline: &Timeline, gesture: Gesture<RowId>) -> Task<Message> {
        let place = |(row, at): (RowId, usize)| Position { row, at };
        match gesture {
            Gesture::Press { at, extends: true, .. } if self.marked.selection.is_some() => {
                if let Some(selection) = &mut self.marked.selection {
                    selection.reach(timeline, place(at));
                }
            }
            Gesture::Press { at, clicks, .. } => {
                let unit = match clicks {
                    click::Kind::Single => Unit::Character,
                    click::Kind::Double => Unit::Word,
                    click::Kind::Triple => Unit::Message,
                };
                self.marked.focus = None;
                self.marked.selection = Some(Selection::begin(timeline, place(at), unit));
            }
            Gesture::Drag(at) => {
                if let Some(selection) = &mut self.marked.selection {
                    selection.reach(timeline, place(at));
                }
            }
            Gesture::Release => return self.primary(timeline),
            Gesture::Menu { row, at, by_key } => {
                let index = timeline.position(row);
                if matches!(index.and_then(|index| timeline.row(index)), Some(Row::Message(_))) {
                    self.marked.menu = Some(Asked { row, at, by_key, confirms: false });
                }
            }
        }
        Task::none()
    }

    fn step(&mut self, timeline: &Timeline, step: Step) {
        let Some(selection) = &mut self.marked.selection else { return };
        selection.step(timeline, step);
        let head = selection.head().row;
        self.jump(Jump::Reveal(head));
    }

    /// For a click of the middle button elsewhere.
    fn primary(&self, timeline: &Timeline) -> Task<Message> {
        match &self.marked.selection {
            Some(selection) if cfg!(target_os = "linux") && !selection.is_empty(timeline) => {
                clipboard::write_primary(selection.copied(timeline).text)
            }
            _ => Task::none(),
        }
    }

    fn copy(&mut self, timeline: &Timeline) -> Task<Message> {
        if let Some(selection) = self.marked.selection.as_ref().filter(|it| !it.is_empty(timeline)) {
            let copied = selection.copied(timeline);
            if copied.is_cut {
                self.composer.hint(&format!("Only the first {} MiB were copied.", COPIED >> 20));
            }
            return clipboard::write(copied.text);
        }
        let focused = self.marked.focus.and_then(|row| timeline.row(timeline.position(row)?));
        match focused {
            Some(Row::Message(message)) => {
                message.text.map_or_else(Task::none, |text| clipboard::write(text.to_owned()))
            }
            _ => self.composer.selected().map_or_else(Task::none, clipboard::write),
        }
    }

    fn walk(&mut self, timeline: &Timeline, walk: Walk) {
        let index = self.marked.focus.map(|focus| timeline.nearest(focus));
        let is_message = |index: &usize| matches!(timeline.row(*index), Some(Row::Message(_)));
        let next = match (walk, index) {
            (Walk::Toggle, Some(_)) => None,
            (Walk::Up, Some(index)) => (0..index).rev().find(is_message).or(Some(index)),
            (Walk::Down, Some(index)) => (index + 1..timeline.len()).find(is_message),
            (_, None) => {
                let end = self.shown.map_or(timeline.len(), |shown| shown.end.min(timeline.len()));
                nearest_message(timeline, end)
            }
        };
        self.marked.focus = next.and_then(|index| timeline.id(index));
        if let Some(focus) = self.marked.focus {
            self.jump(Jump::Reveal(focus));
        }
    }

    fn ask(&mut self, timeline: &Timeline) {
        let selected = self.marked.selection.as_ref().map(|selection| selection.head().row);
        let newest = || {
            let end = self.shown.map_or(timeline.len(), |shown| shown.end.min(timeline.len()));
            nearest_message(timeline, end).and_then(|index| timeline.id(index))
        };
        if let Some(row) = self.marked.focus.or(selected).or_else(newest) {
            let serial = self.marked.ask.map_or(1, |(serial, _)| serial + 1);
            self.marked.ask = Some((serial, row));
            self.jump(Jump::Reveal(row));
        }
    }
}

/// The last message before an index.
fn nearest_message(timeline: &Timeline, index: usize) -> Option<usize> {
    let is_message = |index: &usize| matches!(timeline.row(*index), Some(Row::Message(_)));
    (0..index.min(timeline.len())).rev().find(is_message)
}
