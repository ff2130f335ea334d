//! People whose messages are hidden here. They stay in the log, and are counted, quoted and copied no more.

use std::{collections::HashSet, sync::Arc};

use snug_shared::Author;

use super::{Timeline, post::Post};

impl Timeline {
    /// Hides what these people said and say; what others said is shown again. Nothing happens when they are the same as before.
    pub fn set_ignored(&mut self, ignored: &Arc<HashSet<Author>>) {
        if Arc::ptr_eq(&self.ignored, ignored) {
            return;
        }
        let was_empty = self.ignored.is_empty();
        self.ignored = Arc::clone(ignored);
        if was_empty && ignored.is_empty() {
            return;
        }
        self.note_mentions();
        self.correct_unread();
        self.revision += 1;
    }

    /// Whether this person's messages are hidden.
    pub fn is_ignored(&self, by: &Author) -> bool {
        !self.ignored.is_empty() && self.ignored.contains(by)
    }

    /// Whether somebody else said it who is not ignored.
    pub(super) fn is_others(&self, post: &Post) -> bool {
        post.person.by != self.me.by && !self.is_ignored(&post.person.by)
    }
}
