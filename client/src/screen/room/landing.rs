//! Where a reader is taken: to where they left, to a message a link or a search led to, and back.

use snug_core::{rooms::Joined, timeline::RowId};
use snug_shared::Seq;

use super::Room;
use crate::widget::virtual_list::Jump;

const NO_SUCH_MESSAGE: &str = "This room has no message with that number.";

impl Room {
    /// Takes the reader to where they left, once that is known and here: the row they left at, or where what is new begins.
    pub fn land(&mut self, joined: &mut Joined) {
        if !joined.attention().is_landing() || joined.session().is_fetching() || !joined.session().is_live() {
            return;
        }
        joined.landed();
        let timeline = joined.session().timeline();
        let row = self.scroll.and_then(|seq| timeline.position_of(seq)).or(timeline.unread_row());
        let is_in_view = |row| self.shown.is_some_and(|shown| shown.at_end && row >= shown.first);
        match (row.filter(|row| !is_in_view(*row)).and_then(|row| timeline.id(row)), self.shown) {
            (Some(row), _) => self.jump(Jump::Row(row)),
            (None, Some(shown)) => joined.set_at_end(shown.at_end),
            (None, None) => {}
        }
    }

    /// Shows a message that is here, with what is around it, and marks it.
    pub fn show_message(&mut self, joined: &mut Joined, seq: Seq) {
        self.found = self.go_to_message(joined, seq);
    }

    fn go_to_message(&mut self, joined: &mut Joined, seq: Seq) -> Option<RowId> {
        joined.landed();
        let timeline = joined.session().timeline();
        let row = timeline.position_of(seq).and_then(|row| timeline.id(row))?;
        self.jump(Jump::Row(row));
        Some(row)
    }

    /// A link led to a message that never was.
    pub fn no_such_message(&mut self) {
        self.composer.hint(NO_SUCH_MESSAGE);
    }

    /// A message that was asked for can’t be had.
    pub fn cannot_show(&mut self) {
        self.composer.hint("That message can’t be loaded right now.");
    }

    /// Goes back to what was in view before.
    pub fn return_to(&mut self, joined: &mut Joined, scroll: Option<Seq>) {
        match scroll {
            Some(seq) => {
                let _ = self.go_to_message(joined, seq);
            }
            None => self.jump(Jump::End),
        }
    }
}
