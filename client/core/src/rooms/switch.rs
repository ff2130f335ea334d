//! Finding a joined room by a few letters of its name.

use std::cmp::Reverse;

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::{Joined, Rooms};

impl Rooms {
    /// The joined rooms that a few letters of their name, or of their server's, may mean: the likeliest first. Without letters all
    /// of them: where somebody speaks to the reader, where there is something to read, then those shown last; the one that is shown
    /// comes at the end.
    pub fn matching(&self, letters: &str) -> Vec<&Joined> {
        let mut rooms = self.recent();
        rooms.sort_by_key(|joined| {
            let mentions = joined.attention().unread().mentions > 0;
            (joined.is_shown(), Reverse(mentions), Reverse(joined.is_calling()))
        });
        if letters.trim().is_empty() {
            return rooms;
        }
        let pattern = Pattern::new(letters, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |joined: &Joined| {
            let session = joined.session();
            let both = format!("{} {}", session.room(), session.server_label());
            pattern.score(Utf32Str::new(&both, &mut buffer), &mut matcher)
        };
        let mut found: Vec<_> =
            rooms.into_iter().filter_map(|joined| Some((score(joined)?, joined))).collect();
        found.sort_by_key(|(score, _)| Reverse(*score));
        found.into_iter().map(|(_, joined)| joined).collect()
    }
}
