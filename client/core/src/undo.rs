//! Undo and redo of a text being written: a bounded list of what it was before. iced 0.14 has none.

use std::collections::VecDeque;

/// Steps that can be taken back, at most.
pub const STEPS: usize = 100;

/// All texts kept together, in bytes.
pub const BYTES: usize = 512 * 1024;

/// What changes a text. Changes of one kind after each other are one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A character of a word.
    Typed,
    /// A character was taken away.
    Deleted,
    /// Anything else: a step by itself.
    Other,
}

/// A text, and where its caret was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot<Place> {
    /// The text.
    pub text: String,
    /// The caret.
    pub place: Place,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Undo<Place> {
    past: VecDeque<Snapshot<Place>>,
    future: Vec<Snapshot<Place>>,
    last: Option<Change>,
}

impl<Place> Default for Undo<Place> {
    fn default() -> Self {
        Self { past: VecDeque::new(), future: Vec::new(), last: None }
    }
}

impl<Place> Undo<Place> {
    /// The text is about to change. `now` is asked only where a step begins.
    pub fn before(&mut self, change: Change, now: impl FnOnce() -> Snapshot<Place>) {
        if change == Change::Other || self.last != Some(change) {
            self.past.push_back(now());
            self.trim();
        }
        self.future.clear();
        self.last = Some(change);
    }

    /// The caret was moved: what is typed there is another step.
    pub fn moved(&mut self) {
        self.last = None;
    }

    /// The text as it was before, given how it is now.
    pub fn undo(&mut self, now: Snapshot<Place>) -> Option<Snapshot<Place>> {
        self.last = None;
        let before = self.past.pop_back()?;
        self.future.push(now);
        Some(before)
    }

    /// The text as it was before the last undo.
    pub fn redo(&mut self, now: Snapshot<Place>) -> Option<Snapshot<Place>> {
        self.last = None;
        let after = self.future.pop()?;
        self.past.push_back(now);
        self.trim();
        Some(after)
    }

    fn trim(&mut self) {
        let mut bytes: usize = self.past.iter().map(|step| step.text.len()).sum();
        while self.past.len() > STEPS || bytes > BYTES {
            let Some(oldest) = self.past.pop_front() else { return };
            bytes -= oldest.text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Snapshot<usize> {
        Snapshot { text: text.into(), place: text.len() }
    }

    #[test]
    fn a_word_is_one_step_and_both_ways_are_open() {
        let mut undo = Undo::default();
        undo.before(Change::Typed, || at(""));
        undo.before(Change::Typed, || unreachable!("in the middle of a word"));
        undo.before(Change::Other, || at("hi"));
        assert_eq!(undo.undo(at("hi ")), Some(at("hi")));
        assert_eq!(undo.undo(at("hi")), Some(at("")));
        assert_eq!(undo.undo(at("")), None);
        assert_eq!(undo.redo(at("")), Some(at("hi")));
        assert_eq!(undo.redo(at("hi")), Some(at("hi ")));
        assert_eq!(undo.redo(at("hi ")), None);
    }

    #[test]
    fn what_is_typed_after_an_undo_ends_the_way_back() {
        let mut undo = Undo::default();
        undo.before(Change::Other, || at("a"));
        assert_eq!(undo.undo(at("ab")), Some(at("a")));
        undo.before(Change::Typed, || at("a"));
        assert_eq!(undo.redo(at("ac")), None);
    }

    #[test]
    fn steps_are_bounded_in_number_and_size() {
        let mut undo = Undo::default();
        (0..1_000).for_each(|n| undo.before(Change::Other, || at(&n.to_string())));
        assert_eq!(undo.past.len(), STEPS);
        let long = "x".repeat(16 * 1024);
        (0..100).for_each(|_| undo.before(Change::Other, || at(&long)));
        assert!(undo.past.iter().map(|step| step.text.len()).sum::<usize>() <= BYTES);
        let mut steps = 0;
        while undo.undo(at("")).is_some() {
            steps += 1;
        }
        assert!(steps <= STEPS && undo.future.len() <= STEPS);
    }
}
