//! What is missing in a timeline: the rows that say so, and the pages to ask for.

use std::ops::Range;

use snug_shared::Seq;

use super::{HoleReason, RowId, Timeline, row::Rank, rows::Content, spans::Span};

/// Rows between the reader and a hole at which it is filled.
const NEAR: usize = 40;

impl Timeline {
    /// The hole that these rows come down to: the entries after this one are missing, and are to be filled in from here.
    pub fn page_wanted(&self, visible: &Range<usize>) -> Option<Seq> {
        let middle = visible.start.midpoint(visible.end);
        let hole = self.spans.gaps().find(|(below, above)| {
            let hole = RowId { era: self.era, seq: below.last, rank: Rank::Hole };
            let near = middle..=visible.end.saturating_add(NEAR);
            !above.end && self.rows.position(hole).is_some_and(|row| near.contains(&row))
        });
        hole.map(|(below, _)| below.last)
    }

    /// Whether this entry is here.
    pub fn knows(&self, seq: Seq) -> bool {
        self.spans.contains(seq)
    }

    /// The last entry up to which all are here, from this one on; none when this one is missing.
    pub fn known_from(&self, seq: Seq) -> Option<Seq> {
        let (is_known, last) = self.spans.run_from(seq);
        is_known.then_some(last)
    }

    /// Which page of history to ask for while these rows are seen: the entries below this one.
    pub fn history_wanted(&self, visible: Range<usize>) -> Option<Seq> {
        let near = visible.start.saturating_sub(NEAR)..=visible.end.saturating_add(NEAR);
        let is_near = |id| self.rows.position(id).is_some_and(|row| near.contains(&row));
        let gap = self.spans.gaps().rev().find(|(below, above)| {
            !above.end && is_near(RowId { era: self.era, seq: below.last, rank: Rank::Hole })
        });
        let top = if self.era == 0 { *near.start() == 0 } else { is_near(self.anew_id()) };
        gap.map(|(_, above)| above.first)
            .or_else(|| self.oldest().filter(|_| top && self.has_more_below_first()))
    }

    /// Makes the rows of holes what the spans say.
    pub(super) fn correct_holes(&mut self) {
        let holes = |(below, above): (Span, Span)| {
            let reason = if above.end { HoleReason::Lost } else { HoleReason::Missed };
            (RowId { era: self.era, seq: below.last, rank: Rank::Hole }, reason)
        };
        let holes: Vec<_> = self.spans.gaps().map(holes).collect();
        if holes == self.holes {
            return;
        }
        for (id, _) in std::mem::take(&mut self.holes) {
            self.rows.remove(id);
        }
        for (id, reason) in &holes {
            self.rows.insert(*id, Content::Hole(*reason));
        }
        self.holes = holes;
    }

    /// Shows the beginning where it is reached.
    pub(super) fn correct_top(&mut self) {
        let beginning = RowId { era: 0, seq: 0, rank: Rank::Beginning };
        if self.era > 0 || self.epoch.is_none() {
            return;
        }
        if self.is_complete_above() {
            self.rows.insert(beginning, Content::Beginning);
        } else {
            self.rows.remove(beginning);
        }
    }

    pub(super) fn is_complete_above(&self) -> bool {
        self.spans.all().first().map_or(self.first == 0, |span| span.end || span.first <= self.first.max(1))
    }
}
