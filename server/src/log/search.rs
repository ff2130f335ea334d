//! How far one search goes, the same for every log: so many messages, so many bytes and so long, then a cursor.

use std::time::{Duration, Instant};

use snug_shared::{Seq, search::SearchTerms};

/// How long a search may take (`docs/protocol.md` §2).
const LONGEST: Duration = Duration::from_secs(2);
/// Messages looked at between two looks at the clock.
const GLANCE: usize = 64;
/// Messages looked at, at most. More than most rooms have.
const MESSAGES: usize = 20_000;
/// Bytes of text looked at, at most: what a slow processor compares in 20 ms.
const BYTES: usize = 4 * 1024 * 1024;
/// How many times as long it takes to fold a text first. Only messages that the index does not know yet need it.
const FOLDING: usize = 12;
/// Bytes of text and reactions a search hands out at once, about.
pub(super) const FOUND_BYTES: usize = 256 * 1024;

/// A search under way. Candidates are looked at newest first, until there are enough hits or enough was looked at.
pub(super) struct Search<'s> {
    terms: &'s SearchTerms,
    limit: usize,
    began: Instant,
    /// Whether nobody waits for the answer any more.
    is_abandoned: &'s dyn Fn() -> bool,
    looked_at: usize,
    bytes: usize,
    found: usize,
    found_bytes: usize,
    cursor: Option<Seq>,
}

impl<'s> Search<'s> {
    pub(super) fn new(terms: &'s SearchTerms, limit: usize, is_abandoned: &'s dyn Fn() -> bool) -> Self {
        let began = Instant::now();
        Self {
            terms,
            limit,
            began,
            is_abandoned,
            looked_at: 0,
            bytes: 0,
            found: 0,
            found_bytes: 0,
            cursor: None,
        }
    }

    /// Looks at the next message, unless it is enough. Whether it is a hit.
    pub(super) fn is_hit(&mut self, seq: Seq, text: &str, folded: Option<&str>) -> bool {
        if !self.may_go_on(seq) {
            return false;
        }
        self.looked_at += 1;
        self.bytes += match folded {
            // Both are read from the disk, one is looked through.
            Some(folded) => text.len() + folded.len(),
            None if text.is_ascii() => text.len(),
            None => FOLDING * text.len(),
        };
        if !self.terms.are_in(text, folded) {
            return false;
        }
        if self.found >= self.limit || self.found > 0 && self.found_bytes + text.len() > FOUND_BYTES {
            self.stop_before(seq);
            return false;
        }
        self.found += 1;
        self.found_bytes += text.len();
        true
    }

    /// Whether the search goes on with the messages up to this one; otherwise it is over. At least one message is looked at.
    pub(super) fn may_go_on(&mut self, seq: Seq) -> bool {
        let is_time = self.looked_at.is_multiple_of(GLANCE);
        let is_late = || is_time && (self.began.elapsed() >= LONGEST || (self.is_abandoned)());
        let is_enough = self.looked_at >= MESSAGES || self.bytes >= BYTES || is_late();
        if self.cursor.is_none() && self.looked_at > 0 && is_enough {
            self.stop_before(seq);
        }
        self.cursor.is_none()
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.cursor.is_some()
    }

    /// Where the next search goes on; none when this one is through.
    pub(super) fn cursor(&self) -> Option<Seq> {
        self.cursor
    }

    /// Leaves this message and those before it to the next search.
    pub(super) fn stop_before(&mut self, seq: Seq) {
        self.cursor = Some(seq.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_at_so_much_and_says_where_it_stopped() {
        let terms = SearchTerms::new("zz");
        let text = "x".repeat(100_000);
        let mut search = Search::new(&terms, 10, &|| false);
        let mut seq = 1_000;
        while !search.is_over() {
            assert!(!search.is_hit(seq, &text, None), "there are none");
            seq -= 1;
        }
        assert!((BYTES / 100_000..=BYTES / 100_000 + 1).contains(&search.looked_at));
        // The last one was not looked at any more.
        assert_eq!(search.cursor(), Some(seq + 2));
    }

    #[test]
    fn what_nobody_waits_for_stops_and_the_first_message_is_always_looked_at() {
        let terms = SearchTerms::new("tea");
        let mut search = Search::new(&terms, 10, &|| true);
        assert!(search.is_hit(500, "tea", None), "otherwise a search could not get on");
        let looked_at = (1..500).rev().take_while(|seq| {
            let _ = search.is_hit(*seq, "coffee", None);
            !search.is_over()
        });
        assert_eq!(looked_at.count(), GLANCE - 1);
    }
}
