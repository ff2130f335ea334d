//! A selection over the messages of a room: where it begins and ends, how it grows, and what is copied of it.
//!
//! A place in it is a row's identity and a byte in that message's words, never a row's index. So a selection survives rows
//! that come, go or leave the screen, and what is copied is taken from the timeline, drawn or not. An edit may make a message
//! shorter than a place in it; then the place is the message's end.
//!
//! Bounds: at most [`COPIED`] bytes are copied.

use std::ops::Range;

use uuid::Uuid;

mod copied;
mod seen;
mod step;
mod words;

pub use copied::{COPIED, Copied};
pub use seen::{len_of, words};
pub use step::Step;

use crate::timeline::{Row, RowId, Timeline};

/// A place between two characters of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The message.
    pub row: RowId,
    /// Bytes into its [`words`](fn@words).
    pub at: usize,
}

/// What a selection grows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Character by character.
    Character,
    /// Word by word.
    Word,
    /// Message by message.
    Message,
}

/// See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// What was pressed first, as one unit. It stays selected.
    origin: (Position, Position),
    /// What the selection reaches to.
    head: Position,
    unit: Unit,
    /// The column that the keyboard keeps from line to line.
    column: Option<usize>,
    /// Own messages among these places that the server does not have yet. They get another identity once it has them.
    pending: Vec<(RowId, Uuid)>,
}

impl Selection {
    /// Begins with what is at a place.
    pub fn begin(timeline: &Timeline, at: Position, unit: Unit) -> Self {
        let mut selection = Self { origin: (at, at), head: at, unit, column: None, pending: Vec::new() };
        selection.origin = selection.unit_at(timeline, at);
        selection.note_pending(timeline);
        selection
    }

    /// All messages there are; none without any.
    pub fn all(timeline: &Timeline) -> Option<Self> {
        let messages = || (0..timeline.len()).filter(|index| words_at(timeline, *index).is_some());
        let first = messages().next()?;
        let last = messages().next_back()?;
        let start = Position { row: timeline.id(first)?, at: 0 };
        let end = Position { row: timeline.id(last)?, at: words_at(timeline, last)?.len() };
        let mut selection = Self {
            origin: (start, start),
            head: end,
            unit: Unit::Character,
            column: None,
            pending: Vec::new(),
        };
        selection.note_pending(timeline);
        Some(selection)
    }

    /// Reaches to another place from where it began.
    pub fn reach(&mut self, timeline: &Timeline, to: Position) {
        (self.head, self.column) = (to, None);
        self.note_pending(timeline);
    }

    /// From here up to there.
    pub fn range(&self, timeline: &Timeline) -> Range<Position> {
        let head = self.unit_at(timeline, self.head);
        self.origin.0.min(head.0)..self.origin.1.max(head.1)
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self, timeline: &Timeline) -> bool {
        self.range(timeline).is_empty()
    }

    /// Where it reaches to: what is to be in view.
    pub fn head(&self) -> Position {
        self.head
    }

    /// Follows own messages that took their place in the log. To be called after the timeline changed.
    pub fn follow(&mut self, timeline: &Timeline) {
        let gone = |(row, _): &(RowId, Uuid)| timeline.position(*row).is_none();
        let gone: Vec<_> = self.pending.extract_if(.., |pending| gone(pending)).collect();
        for (row, id) in gone {
            let is_it =
                |index: &usize| matches!(timeline.row(*index), Some(Row::Message(row)) if row.id == id);
            let index = (0..timeline.len()).rev().find(is_it);
            // What was given up is gone: the selection ends where the log does.
            let index = index.or_else(|| timeline.nearest(row).checked_sub(1));
            let Some(now) = index.and_then(|index| timeline.id(index)) else { continue };
            for place in [&mut self.origin.0, &mut self.origin.1, &mut self.head] {
                if place.row == row {
                    place.row = now;
                }
            }
        }
        self.note_pending(timeline);
    }

    fn note_pending(&mut self, timeline: &Timeline) {
        self.pending.clear();
        for row in [self.origin.0.row, self.origin.1.row, self.head.row] {
            if row.is_pending()
                && let Some(Row::Message(message)) =
                    timeline.position(row).and_then(|index| timeline.row(index))
            {
                self.pending.push((row, message.id));
            }
        }
    }

    /// The word or the message around a place.
    fn unit_at(&self, timeline: &Timeline, at: Position) -> (Position, Position) {
        let text = timeline.position(at.row).and_then(|index| words_at(timeline, index));
        let text = text.as_deref().unwrap_or_default();
        let around = match self.unit {
            Unit::Character => return (at, at),
            Unit::Word => words::word_around(text, at.at),
            Unit::Message => 0..text.len(),
        };
        (Position { at: around.start, ..at }, Position { at: around.end, ..at })
    }
}

/// The part of a message that lies in a selection's range: bytes of its words, whole characters. None when nothing of it does.
pub fn part(range: &Range<Position>, row: RowId, words: &str) -> Option<Range<usize>> {
    if row < range.start.row || row > range.end.row {
        return None;
    }
    let start = if row == range.start.row { words::floor(words, range.start.at) } else { 0 };
    let end = if row == range.end.row { words::floor(words, range.end.at) } else { words.len() };
    (start < end).then_some(start..end)
}

/// The words of the message at an index; none where there is no message, or where it was deleted.
fn words_at(timeline: &Timeline, index: usize) -> Option<std::borrow::Cow<'_, str>> {
    match timeline.row(index)? {
        Row::Message(message) => words(&message),
        _ => None,
    }
}
