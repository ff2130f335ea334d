//! What a search shows: its hits, whether it goes on, and what was searched.

use super::{Filters, Hit, Place, Scope, Search, Source};

impl Search {
    /// What was found, newest first.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the text says.
    pub fn filters(&self) -> &Filters {
        &self.filters
    }

    /// Where it looks.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether an answer is on its way.
    pub fn is_busy(&self) -> bool {
        self.places.iter().any(|place| place.is_asked)
    }

    /// Whether it can go on.
    pub fn has_more(&self) -> bool {
        let goes_on = |place: &Place| place.cursor.is_some() && !place.is_asked;
        if self.is_cut { !self.is_busy() } else { self.places.iter().any(goes_on) }
    }

    /// What was searched and what was not, as a sentence.
    pub fn coverage(&self) -> String {
        let servers = |has_failed: bool| {
            let of = move |place: &&Place| place.failure.is_some() == has_failed;
            let name = |place: &Place| match &place.source {
                Source::Here => None,
                Source::Server(server) => Some(server.to_string()),
            };
            self.places.iter().filter(of).filter_map(name).collect::<Vec<_>>().join(", ")
        };
        let (searched, failed) = (servers(false), servers(true));
        let here = match &self.places[0].failure {
            None if searched.is_empty() => "Only what this computer has seen.".to_owned(),
            None => format!("What this computer has seen, and {searched}."),
            Some(sentence) if searched.is_empty() => sentence.clone(),
            Some(sentence) => format!("{searched}. {sentence}"),
        };
        if failed.is_empty() { here } else { format!("{here} Not searched: {failed}.") }
    }
}
