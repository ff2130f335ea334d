//! Which entries of a history are known: ascending spans of seqs with gaps between them. Most of the time there is one.

use snug_shared::Seq;

/// Gaps kept at once. A server that jumps more often than this gets its oldest part forgotten, to be loaded again.
pub(super) const GAPS: usize = 32;

/// Entries `first` to `last`, all known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub first: Seq,
    pub last: Seq,
    /// Whether the server has nothing more to give of what lies right below.
    pub end: bool,
}

#[derive(Debug, Default)]
pub(super) struct Spans(Vec<Span>);

impl Spans {
    pub fn contains(&self, seq: Seq) -> bool {
        let after = self.0.partition_point(|span| span.first <= seq);
        after > 0 && self.0[after - 1].last >= seq
    }

    /// Whether `seq` is known, and the last entry up to which that is so.
    pub fn run_from(&self, seq: Seq) -> (bool, Seq) {
        let after = self.0.partition_point(|span| span.first <= seq);
        match after.checked_sub(1).map(|below| self.0[below]).filter(|below| below.last >= seq) {
            Some(span) => (true, span.last),
            None => (false, self.0.get(after).map_or(Seq::MAX, |above| above.first - 1)),
        }
    }

    /// Adds `first..=last`, none of which is known yet, and joins what touches.
    pub fn add(&mut self, first: Seq, last: Seq) {
        let index = self.0.partition_point(|span| span.first < first);
        let touches_next = self.0.get(index).is_some_and(|next| last.checked_add(1) == Some(next.first));
        let touches_previous =
            index > 0 && self.0.get(index - 1).is_some_and(|span| span.last.checked_add(1) == Some(first));
        match (touches_previous, touches_next) {
            (true, true) => {
                self.0[index - 1].last = self.0[index].last;
                let _ = self.0.remove(index);
            }
            (true, false) => self.0[index - 1].last = last,
            // The gap right below is not empty after all.
            (false, true) => (self.0[index].first, self.0[index].end) = (first, false),
            (false, false) => self.0.insert(index, Span { first, last, end: false }),
        }
    }

    /// Takes note that nothing is to be had right below the span that begins at `first`.
    pub fn close_below(&mut self, first: Seq) {
        if let Some(span) = self.0.iter_mut().find(|span| span.first == first) {
            span.end = true;
        }
    }

    /// Takes note that nothing is to be had of the gap that begins at `next`.
    pub fn close_above(&mut self, next: Seq) {
        if let Some(span) = self.0.iter_mut().find(|span| span.first > next) {
            span.end = true;
        }
    }

    /// Forgets everything below `seq`, as if it had never been loaded.
    pub fn forget_below(&mut self, seq: Seq) {
        self.0.retain(|span| span.last >= seq);
        if let Some(span) = self.0.first_mut().filter(|span| span.first < seq) {
            (span.first, span.end) = (seq, false);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn oldest(&self) -> Option<Seq> {
        self.0.first().map(|span| span.first)
    }

    pub fn newest(&self) -> Seq {
        self.0.last().map_or(0, |span| span.last)
    }

    /// Each gap between two spans: what is below it and what is above.
    pub fn gaps(&self) -> impl DoubleEndedIterator<Item = (Span, Span)> + '_ {
        self.0.windows(2).map(|pair| (pair[0], pair[1]))
    }

    pub fn all(&self) -> &[Span] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn spans_know_exactly_what_was_added(seqs in proptest::collection::vec(1u64..60, 0..80)) {
            let (mut spans, mut known) = (Spans::default(), BTreeSet::new());
            for seq in seqs {
                if !spans.contains(seq) {
                    spans.add(seq, seq);
                }
                let _ = known.insert(seq);
                for probe in 0..61 {
                    prop_assert_eq!(spans.contains(probe), known.contains(&probe));
                    let (is_known, last) = spans.run_from(probe);
                    prop_assert_eq!(is_known, known.contains(&probe));
                    prop_assert!((probe..=last.min(61)).all(|seq| known.contains(&seq) == is_known));
                    prop_assert!(last > 61 || known.contains(&(last + 1)) != is_known);
                }
                for (below, above) in spans.gaps() {
                    prop_assert!(below.last + 1 < above.first, "two spans that touch are one");
                }
            }
        }
    }

    #[test]
    fn the_largest_seq_there_is_does_no_harm() {
        let mut spans = Spans::default();
        spans.add(u64::MAX, u64::MAX);
        spans.add(1, 1);
        assert!(spans.contains(u64::MAX) && !spans.contains(2));
        assert_eq!(spans.gaps().count(), 1);
    }
}
