//! What a list can do beyond showing its rows, each asked for by a call.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Beside, Floating, Gesture, Ink, Jump, Shown, VirtualList};

impl<'a, Id, Message> VirtualList<'a, Id, Message> {
    /// Whose rows these are. Under another key the list is another one: it begins at the row `start`, or else at the end.
    pub fn of(mut self, key: impl Hash, start: Option<Id>) -> Self {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        (self.key, self.start) = (hasher.finish(), start);
        self
    }

    /// Goes somewhere, once for each serial number.
    pub fn jump(mut self, serial: u64, jump: Jump<Id>) -> Self {
        self.jump = Some((serial, jump));
        self
    }

    /// Says which rows are in view, whenever that changes.
    pub fn on_shown(mut self, message: impl Fn(Shown) -> Message + 'a) -> Self {
        self.on_shown = Some(Box::new(message));
        self
    }

    /// The colour behind the row the pointer is on, of those rows that answer to it.
    pub fn hovered(mut self, color: Ink, answers: impl Fn(usize) -> bool + 'a) -> Self {
        self.hovered = Some((color, Box::new(answers)));
        self
    }

    /// The row that the keyboard is at, and the colour of the bar at its edge.
    pub fn focused(mut self, row: Option<Id>, bar: Ink) -> Self {
        self.focused = row.map(|row| (row, bar));
        self
    }

    /// What the pointer does to rows: places in their texts are pressed and dragged over, menus asked for.
    pub fn on_gesture(mut self, message: impl Fn(Gesture<Id>) -> Message + 'a) -> Self {
        self.on_gesture = Some(Box::new(message));
        self
    }

    /// Asks for the menu of a row where that is, once for each serial number.
    pub fn ask(mut self, ask: Option<(u64, Id)>) -> Self {
        self.ask = ask;
        self
    }

    /// How far from the list's right edge that edge is which things float at.
    pub fn inset(mut self, inset: f32) -> Self {
        self.inset = inset;
        self
    }

    /// Words that are drawn beside those of the row the pointer is on.
    pub fn beside(mut self, words: impl Fn(usize) -> Option<Beside> + 'a) -> Self {
        self.beside = Some(Box::new(words));
        self
    }

    /// What floats at the right edge of the row the pointer is on, so that nothing moves: beside the words or a little above
    /// them, where that covers none.
    pub fn actions(mut self, view: impl Fn(usize) -> Option<Floating<'a, Message>> + 'a) -> Self {
        self.actions = Some(Box::new(view));
        self
    }
}
