//! How much of a room is kept, and what is let go when there is more: always the oldest, to be loaded again as history.

use snug_shared::{Seq, limits};

use super::{
    Timeline,
    row::{Rank, RowId},
    spans::GAPS,
};

/// Rows of the log kept, at most.
pub const ROWS: usize = 200_000;

/// Bytes of texts and marks kept, at most: twice what so many usual messages have. So many of the longest would be 3 GB.
pub const BYTES: usize = 32 << 20;

/// Rows of the log kept of a room that nobody looks at: enough to go on reading. What is above is loaded again as history.
pub const OUT_OF_SIGHT: usize = 5_000;

impl Timeline {
    /// Lets old rows go of a room that nobody looks at, once there are twice as many as are kept.
    pub fn shrink(&mut self) {
        if self.rows.len() > 2 * OUT_OF_SIGHT {
            self.drop_above(self.rows.len() - OUT_OF_SIGHT);
            self.rows.0.shrink_to_fit();
            self.revision += 1;
        }
    }

    /// Whether older entries can be had, and there is room for a page of them.
    pub(super) fn has_more_below_first(&self) -> bool {
        !self.is_complete_above()
            && self.rows.len() + limits::HISTORY_MAX as usize <= ROWS
            && self.bytes + limits::SERVER_FRAME_BYTES <= BYTES
    }

    /// Lets the part above the oldest hole go when there are too many holes, and the oldest tenth when there is too much, again
    /// and again.
    pub(super) fn trim(&mut self) {
        if self.spans.all().len() > GAPS + 1 {
            self.let_go(self.spans.all()[1].first);
        }
        while self.rows.len() > ROWS || self.bytes > BYTES {
            let before = self.rows.len();
            self.drop_oldest();
            if self.rows.len() >= before {
                return;
            }
        }
    }

    fn drop_oldest(&mut self) {
        self.drop_above((self.rows.len() / 10).max(1));
    }

    /// Lets the rows above this one go, up to the next that has a day of its own.
    fn drop_above(&mut self, row: usize) {
        let kept = self.rows.0.range(row..).find(|slot| slot.day().is_some()).map(|slot| slot.id);
        match kept {
            Some(id) if id.era == self.era => self.let_go(id.seq),
            Some(id) => self.drop_rows_above(id),
            None => {}
        }
    }

    /// Lets everything below an entry of the present history go.
    fn let_go(&mut self, seq: Seq) {
        self.spans.forget_below(seq);
        self.mentions = self.mentions.split_off(&seq);
        self.drop_rows_above(RowId { era: self.era, seq, rank: Rank::Day });
    }

    fn drop_rows_above(&mut self, id: RowId) {
        let index = self.rows.nearest(RowId { rank: Rank::Day, ..id });
        self.bytes -= self.rows.0.drain(..index).map(|slot| slot.bytes()).sum::<usize>();
        self.holes.retain(|(hole, _)| *hole > id);
        self.rows.correct_day(0);
        // What stood right below a line that went has one now; a line that stays is found where it was.
        self.correct_unread();
        self.correct_holes();
        self.correct_top();
    }
}
