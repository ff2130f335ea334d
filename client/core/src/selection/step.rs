//! A selection that grows or shrinks by the keyboard.

use super::{Position, Selection, Unit, len_of, words, words_at};
use crate::timeline::{Row, Timeline};

/// Where a key moves a selection's end to. What is read from the right goes on to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A character to the left.
    Left,
    /// A character to the right.
    Right,
    /// A word to the left.
    WordLeft,
    /// A word to the right.
    WordRight,
    /// A line up, in the same column.
    Up,
    /// A line down, in the same column.
    Down,
    /// To the start of the line.
    LineStart,
    /// To the end of the line.
    LineEnd,
    /// So many messages up, or down when positive.
    Messages(i32),
    /// To the first message.
    Start,
    /// To the end of the newest message.
    End,
}

impl Step {
    const fn mirrored(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
            Self::WordLeft => Self::WordRight,
            Self::WordRight => Self::WordLeft,
            other => other,
        }
    }
}

impl Selection {
    /// Moves the end that was made last, from where it is seen.
    pub fn step(&mut self, timeline: &Timeline, step: Step) {
        let range = self.range(timeline);
        let is_forward = self.unit_at(timeline, self.head).1 >= self.origin.1;
        let (origin, head) = if is_forward { (range.start, range.end) } else { (range.end, range.start) };
        self.unit = Unit::Character;
        self.origin = (origin, origin);
        let text =
            timeline.position(head.row).and_then(|index| words_at(timeline, index)).unwrap_or_default();
        let column = self.column.unwrap_or_else(|| words::column(&text, head.at));
        self.column = matches!(step, Step::Up | Step::Down).then_some(column);
        let step = if is_rtl(timeline, head) { step.mirrored() } else { step };
        self.head = moved(timeline, head, step, &text, column).unwrap_or(head);
        self.note_pending(timeline);
    }
}

/// None when there is nothing in that direction.
fn moved(timeline: &Timeline, from: Position, step: Step, text: &str, column: usize) -> Option<Position> {
    let index = timeline.nearest(from.row);
    let here = |at| Some(Position { at, ..from });
    let line = words::line_around(text, from.at);
    match step {
        Step::Left => words::previous(text, from.at).and_then(here).or_else(|| end_above(timeline, index)),
        Step::Right => words::next(text, from.at).and_then(here).or_else(|| start_below(timeline, index)),
        Step::WordLeft => {
            words::previous_word(text, from.at).and_then(here).or_else(|| end_above(timeline, index))
        }
        Step::WordRight => {
            words::next_word(text, from.at).and_then(here).or_else(|| start_below(timeline, index))
        }
        Step::LineStart => here(line.start),
        Step::LineEnd => here(line.end),
        Step::Up if line.start > 0 => {
            here(words::at_column(text, words::line_around(text, line.start - 1), column))
        }
        Step::Up => in_last_line(timeline, index, column).or_else(|| here(0)),
        Step::Down if line.end < text.len() => {
            here(words::at_column(text, words::line_around(text, line.end + 1), column))
        }
        Step::Down => in_first_line(timeline, index, column).or_else(|| here(text.len())),
        Step::Messages(by) => by_messages(timeline, index, by),
        Step::Start => start_below(timeline, usize::MAX),
        Step::End => end_above(timeline, timeline.len()),
    }
}

/// Whether a place is in a paragraph that is read from the right.
fn is_rtl(timeline: &Timeline, at: Position) -> bool {
    let row = timeline.position(at.row).and_then(|index| timeline.row(index));
    let Some(Row::Message(message)) = row else { return false };
    let mut end = 0;
    let mut blocks = message.markup.blocks(message.text.unwrap_or_default());
    let here = blocks.find(|block| {
        end += len_of(block) + 1;
        at.at < end
    });
    here.is_some_and(|block| block.is_rtl)
}

fn above(timeline: &Timeline, index: usize) -> Option<usize> {
    (0..index.min(timeline.len())).rev().find(|index| words_at(timeline, *index).is_some())
}

/// `usize::MAX` counts as the place above the first row.
fn below(timeline: &Timeline, index: usize) -> Option<usize> {
    (index.wrapping_add(1)..timeline.len()).find(|index| words_at(timeline, *index).is_some())
}

fn end_above(timeline: &Timeline, index: usize) -> Option<Position> {
    let index = above(timeline, index)?;
    Some(Position { row: timeline.id(index)?, at: words_at(timeline, index)?.len() })
}

fn start_below(timeline: &Timeline, index: usize) -> Option<Position> {
    Some(Position { row: timeline.id(below(timeline, index)?)?, at: 0 })
}

fn in_last_line(timeline: &Timeline, index: usize, column: usize) -> Option<Position> {
    let index = above(timeline, index)?;
    let text = words_at(timeline, index)?;
    let line = words::line_around(&text, text.len());
    Some(Position { row: timeline.id(index)?, at: words::at_column(&text, line, column) })
}

fn in_first_line(timeline: &Timeline, index: usize, column: usize) -> Option<Position> {
    let index = below(timeline, index)?;
    let text = words_at(timeline, index)?;
    let line = words::line_around(&text, 0);
    Some(Position { row: timeline.id(index)?, at: words::at_column(&text, line, column) })
}

/// To the start of a message further up, or to the end of one further down; as far as there are any.
fn by_messages(timeline: &Timeline, from: usize, by: i32) -> Option<Position> {
    let mut index = from;
    for _ in 0..by.unsigned_abs() {
        let next = if by < 0 { above(timeline, index) } else { below(timeline, index) };
        let Some(next) = next else { break };
        index = next;
    }
    let row = timeline.id(index)?;
    Some(Position { row, at: if by < 0 { 0 } else { words_at(timeline, index)?.len() } })
}
