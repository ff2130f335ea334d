//! Changing the text as a whole: undo, marks around what is selected, choices taken, one's own earlier messages.

use std::sync::Arc;

use iced::widget::text_editor::{self, Action, Content, Cursor, Edit, Motion, Position};
use snug_core::undo::{Change, Snapshot};

use super::Composer;

/// A mark to set around what is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `**bold**`
    Bold,
    /// `*italic*`
    Italic,
    /// `` `code` ``
    Code,
}

impl Mark {
    const fn text(self) -> &'static str {
        match self {
            Self::Bold => "**",
            Self::Italic => "*",
            Self::Code => "`",
        }
    }
}

/// An own earlier message that was called back, and what was being written before.
#[derive(Debug)]
pub(super) struct Recalled {
    /// Which of them: 0 is the newest.
    pub index: usize,
    before: String,
}

impl Composer {
    pub(super) fn snapshot(&self) -> Snapshot<Cursor> {
        Snapshot { text: self.content.text(), place: self.content.cursor() }
    }

    /// Remembers the text before an action changes it.
    pub(super) fn remember(&mut self, action: &Action) {
        let change = match action {
            Action::Edit(Edit::Insert(c)) if !c.is_whitespace() => Change::Typed,
            Action::Edit(Edit::Backspace | Edit::Delete) if self.content.selection().is_none() => {
                Change::Deleted
            }
            Action::Edit(_) => Change::Other,
            Action::Scroll { .. } => return,
            _ => return self.undo.moved(),
        };
        let content = &self.content;
        self.undo.before(change, || Snapshot { text: content.text(), place: content.cursor() });
    }

    /// Takes the last step back.
    pub fn undo(&mut self) {
        let now = self.snapshot();
        if let Some(before) = self.undo.undo(now) {
            self.restore(before);
        }
    }

    /// Takes the last step again.
    pub fn redo(&mut self) {
        let now = self.snapshot();
        if let Some(after) = self.undo.redo(now) {
            self.restore(after);
        }
    }

    fn restore(&mut self, snapshot: Snapshot<Cursor>) {
        self.content = Content::with_text(&snapshot.text);
        self.content.move_to(Cursor { selection: None, ..snapshot.place });
        self.changed();
    }

    /// Sets a mark around what is selected, or takes it away; with nothing selected, the caret stands between two marks.
    pub fn mark(&mut self, mark: Mark) {
        let mark = mark.text();
        let selected = self.content.selection().unwrap_or_default();
        let inner = selected.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        let text = match inner {
            Some(inner) if !inner.is_empty() => inner.to_owned(),
            _ => format!("{mark}{selected}{mark}"),
        };
        let back = if selected.is_empty() { mark.len() } else { 0 };
        let _ = self.perform(Action::Edit(Edit::Paste(Arc::new(text))));
        for _ in 0..back {
            self.content.perform(Action::Move(Motion::Left));
        }
    }

    /// Writes something at the caret.
    pub fn insert(&mut self, text: &str) {
        let _ = self.perform(Action::Edit(Edit::Paste(Arc::new(text.to_owned()))));
    }

    /// Takes a choice in place of the word it completes.
    pub fn choose(&mut self, index: Option<usize>) {
        let Some(completion) = self.completion.take() else { return };
        let Some(choice) = completion.choices.get(index.unwrap_or(completion.chosen)) else { return };
        let Cursor { position, .. } = self.content.cursor();
        let from = Position { column: completion.from.min(position.column), ..position };
        self.content.move_to(Cursor { position, selection: Some(from) });
        self.insert(&choice.text);
        self.completion = None;
    }

    /// An own earlier message in place of the text; what was written before comes back after the newest.
    pub fn recall(&mut self, index: usize, text: &str) {
        let before = self.recalled.take().map_or_else(|| self.content.text(), |recalled| recalled.before);
        self.replace(text);
        self.recalled = Some(Recalled { index, before });
    }

    /// Back to what was written before.
    pub fn forget_recalled(&mut self) {
        if let Some(recalled) = self.recalled.take() {
            self.replace(&recalled.before);
        }
    }

    /// Another text in place of all of it, as a step that can be taken back.
    fn replace(&mut self, text: &str) {
        let now = self.snapshot();
        self.undo.before(Change::Other, || now);
        self.set(text);
        self.changed();
    }

    /// Another text to begin with.
    pub(super) fn set(&mut self, text: &str) {
        self.content = text_editor::Content::with_text(&snug_core::format::expand_tabs(text));
        self.content.perform(Action::Move(Motion::DocumentEnd));
    }
}
