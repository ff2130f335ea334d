//! The unread line: it stands above the first message of somebody else after what was read, in the present history, and
//! nowhere else.

use snug_shared::Seq;

use super::{
    Timeline,
    row::{Rank, RowId},
    rows::Content,
};

impl Timeline {
    /// Puts the unread line above the first message of somebody else after this entry; `None` takes it away.
    pub fn set_unread(&mut self, after: Option<Seq>) {
        self.unread_after = after;
        self.correct_unread();
        self.revision += 1;
    }

    /// Finds the line's place anew.
    pub(super) fn correct_unread(&mut self) {
        if let Some(line) = self.unread.take() {
            self.rows.remove(line);
        }
        if let Some(after) = self.unread_after {
            let seq = after.saturating_add(1);
            self.place_unread(self.rows.nearest(RowId { era: self.era, seq, rank: Rank::Beginning }));
        }
    }

    /// Puts the unread line in, if it is wanted and somebody else's message stands at or after this row.
    pub(super) fn place_unread(&mut self, from: usize) {
        let Some(after) = self.unread_after else { return };
        let unread = self.rows.0.range(from..).find(|slot| {
            slot.id.era == self.era
                && slot.id.seq > after
                && slot.post().is_some_and(|post| post.person.by != self.me.by)
        });
        if let Some(slot) = unread {
            let line = RowId { rank: Rank::Unread, ..slot.id };
            self.rows.insert(line, Content::Unread);
            self.unread = Some(line);
        }
    }
}
