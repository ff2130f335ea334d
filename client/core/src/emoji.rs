//! Emoji to choose from: found by their names, listed by groups, the ones used lately first.

use std::collections::VecDeque;

pub use emojis::Emoji as Known;
use emojis::{Group, UnicodeVersion};
use serde::{Deserialize, Serialize};

/// Emoji remembered as used lately.
pub const RECENT: usize = 18;

/// Newer emoji are not offered: the fonts of most systems do not have them, and show nothing.
const NEWEST: UnicodeVersion = UnicodeVersion::new(15, 0);

/// The longest search, in bytes.
const QUERY: usize = 64;

/// Emoji whose name or shortcode has these words, the best first: shortcodes that are the query, begin with it, have a word that
/// begins with it, contain it; then names.
pub fn search(query: &str, most: usize) -> Vec<&'static Known> {
    let query = query.trim().trim_matches(':').to_lowercase();
    if query.is_empty() || query.len() > QUERY {
        return Vec::new();
    }
    let mut found: Vec<(u8, &Known)> = emojis::iter()
        .filter(|emoji| is_offered(emoji))
        .filter_map(|emoji| Some((rank(emoji, &query)?, emoji)))
        .collect();
    // The sort is stable: equals stay in Unicode's order, faces first.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(most).map(|(_, emoji)| emoji).collect()
}

fn is_offered(emoji: &Known) -> bool {
    emoji.unicode_version() <= NEWEST
}

fn rank(emoji: &Known, query: &str) -> Option<u8> {
    let begins_word =
        |text: &str, separator: &[char]| text.split(separator).any(|word| word.starts_with(query));
    let code = |code: &str| match code {
        code if code == query => Some(0),
        code if code.starts_with(query) => Some(1),
        code if begins_word(code, &['_', '-']) => Some(2),
        code if code.contains(query) => Some(4),
        _ => None,
    };
    let name = match emoji.name() {
        name if begins_word(name, &[' ', '-']) => Some(3),
        name if query.contains(' ') && name.contains(query) => Some(3),
        _ => None,
    };
    emoji.shortcodes().filter_map(code).chain(name).min()
}

/// The emoji of this shortcode.
pub fn by_shortcode(code: &str) -> Option<&'static Known> {
    emojis::get_by_shortcode(code)
}

/// What an emoji is called, as one writes it between colons; its name where it has no shortcode.
pub fn label(emoji: &Known) -> &str {
    emoji.shortcode().unwrap_or(emoji.name())
}

/// All groups in Unicode's order, each with what it is called on screens.
pub fn groups() -> impl Iterator<Item = (&'static str, Vec<&'static Known>)> {
    Group::iter().map(|group| (group_name(group), group.emojis().filter(|emoji| is_offered(emoji)).collect()))
}

const fn group_name(group: Group) -> &'static str {
    match group {
        Group::SmileysAndEmotion => "Smileys",
        Group::PeopleAndBody => "People",
        Group::AnimalsAndNature => "Animals and nature",
        Group::FoodAndDrink => "Food and drink",
        Group::TravelAndPlaces => "Travel and places",
        Group::Activities => "Activities",
        Group::Objects => "Objects",
        Group::Symbols => "Symbols",
        Group::Flags => "Flags",
    }
}

/// The emoji used lately, the latest first, each once; at most [`RECENT`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<&'static str>")]
pub struct Recent(VecDeque<&'static Known>);

impl From<Vec<String>> for Recent {
    fn from(stored: Vec<String>) -> Self {
        let mut recent = Self::default();
        stored.iter().take(RECENT).rev().for_each(|emoji| recent.used(emoji));
        recent
    }
}

impl From<Recent> for Vec<&'static str> {
    fn from(recent: Recent) -> Self {
        recent.iter().map(Known::as_str).collect()
    }
}

impl Recent {
    /// An emoji was used; anything else is passed over.
    pub fn used(&mut self, emoji: &str) {
        let Some(emoji) = emojis::get(emoji) else { return };
        self.0.retain(|known| *known != emoji);
        self.0.push_front(emoji);
        self.0.truncate(RECENT);
    }

    /// The latest first.
    pub fn iter(&self) -> impl Iterator<Item = &'static Known> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str) -> Vec<&'static str> {
        search(query, 5).into_iter().map(Known::as_str).collect()
    }

    #[test]
    fn emoji_are_found_by_the_beginning_of_their_words() {
        assert_eq!(found("tada")[0], "🎉");
        assert_eq!(found(":heart:")[0], "❤️");
        assert!(found("smil").contains(&"😄"));
        assert!(found("red heart").contains(&"❤️"));
        assert!(found("").is_empty() && found("qqqq").is_empty() && found(&"a".repeat(1_000)).is_empty());
        assert_eq!(search("a", 3).len(), 3);
    }

    #[test]
    fn the_latest_come_first_and_each_once() {
        let mut recent = Recent::default();
        for emoji in ["👍", "🎉", "no emoji", "👍"] {
            recent.used(emoji);
        }
        assert_eq!(recent.iter().map(Known::as_str).collect::<Vec<_>>(), ["👍", "🎉"]);
        emojis::iter().for_each(|emoji| recent.used(emoji.as_str()));
        assert_eq!(recent.iter().count(), RECENT);
    }

    #[test]
    fn what_was_used_is_stored_in_its_order_and_what_is_no_emoji_is_passed_over() {
        let stored = r#"["👍","no emoji","🎉","👍"]"#;
        let recent: Recent = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&recent).unwrap(), r#"["👍","🎉"]"#);
        let many: Vec<String> = emojis::iter().take(RECENT + 5).map(|emoji| emoji.to_string()).collect();
        let recent = Recent::from(many.clone());
        assert_eq!(recent.iter().map(Known::as_str).collect::<Vec<_>>(), many[..RECENT]);
    }

    #[test]
    fn every_emoji_is_in_one_group() {
        let listed: usize = groups().map(|(_, emoji)| emoji.len()).sum();
        assert_eq!(listed, emojis::iter().filter(|emoji| is_offered(emoji)).count());
        assert!(listed > 1_800);
    }
}
