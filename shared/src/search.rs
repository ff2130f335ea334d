//! The rule of every search, at the server and on a client's own disk: when a message contains some words.
//!
//! Texts are compared folded: case, compatibility forms (full width), marks above and below letters, the kinds of apostrophe and
//! hyphen, and characters that show as nothing do not count (`docs/protocol.md` §2). An index of trigrams of folded texts
//! narrows a search down; whether a message is a hit is decided on its text alone.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

mod fold;

pub use fold::{fold, folded, folding};

/// Characters a word needs for an index of trigrams to know it.
const TRIGRAM: usize = 3;
/// Trigrams the index is asked for, at most; each hit is looked at for all words anyway.
const ASKED: usize = 24;

/// Places marked in one text, at most.
const MARKS: usize = 256;

/// The words of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerms(Vec<String>);

impl SearchTerms {
    /// Splits at white space.
    pub fn new(words: &str) -> Self {
        let mut words: Vec<String> =
            words.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words.dedup();
        Self(words)
    }

    /// Whether no message can have these words: there are none, or one has a NUL, which no message has.
    pub fn find_nothing(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|word| word.contains('\0'))
    }

    /// Whether a text contains every one of the words. `folded` is what [`folded`] said of it.
    pub fn are_in(&self, text: &str, folded: Option<&str>) -> bool {
        let contains = |text: &str| self.0.iter().all(|word| text.contains(word));
        match folded {
            Some(folded) => contains(folded),
            None => contains(&fold(text)),
        }
    }

    /// What an index of trigrams is asked for: a message without one of these has not all the words. Empty where every word is
    /// shorter.
    pub fn trigrams(&self) -> Vec<&str> {
        let mut trigrams: Vec<&str> = self.0.iter().flat_map(|word| trigrams(word)).collect();
        trigrams.sort_unstable();
        trigrams.dedup();
        trigrams.truncate(ASKED);
        trigrams
    }
}

impl SearchTerms {
    /// Where the words are in a text: byte ranges, ascending, none touching the next. At most 256 of them.
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        // A cluster is folded as a whole, so a hit begins and ends at clusters: nobody can mark half a letter.
        let (mut bare, mut starts) = (String::with_capacity(text.len()), Vec::new());
        for (start, cluster) in text.grapheme_indices(true) {
            let before = bare.len();
            bare.push_str(&fold(cluster));
            if bare.len() > before {
                starts.push((before, start, start + cluster.len()));
            }
        }
        let cluster_at = |at: usize| starts.partition_point(|(bare, ..)| *bare <= at).checked_sub(1);
        let mut marks: Vec<Range<usize>> = Vec::new();
        for word in self.0.iter().filter(|word| !word.is_empty()) {
            for (at, _) in bare.match_indices(word.as_str()).take(MARKS) {
                let (first, last) = (cluster_at(at), cluster_at(at + word.len() - 1));
                if let (Some(first), Some(last)) = (first, last) {
                    marks.push(starts[first].1..starts[last].2);
                }
            }
        }
        marks.sort_unstable_by_key(|mark| (mark.start, mark.end));
        let mut joined: Vec<Range<usize>> = Vec::new();
        for mark in marks {
            match joined.last_mut() {
                Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
                _ => joined.push(mark),
            }
        }
        joined.truncate(MARKS);
        joined
    }
}

/// Something that a message can have besides words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Has {
    /// A file. Messages have none yet.
    File,
    /// A picture. Messages have none yet.
    Image,
    /// A link that a browser opens.
    Link,
}

impl Has {
    /// The kind of this name on the wire; none for any other name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "file" => Some(Self::File),
            "image" => Some(Self::Image),
            "link" => Some(Self::Link),
            _ => None,
        }
    }

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Image => "image",
            Self::Link => "link",
        }
    }

    /// Whether a text has it.
    pub fn is_in(self, text: &str) -> bool {
        self == Self::Link && has_link(text)
    }

    /// What an index of trigrams is asked for: a message without one of these has it not.
    pub const fn trigrams(self) -> &'static [&'static str] {
        match self {
            Self::Link => &["://", "htt", "ttp"],
            Self::File | Self::Image => &[],
        }
    }
}

/// Whether a text has a link that a browser opens, in whatever case.
fn has_link(text: &str) -> bool {
    let schemes = ["http", "https"];
    text.match_indices("://").any(|(at, _)| {
        let before = &text.as_bytes()[..at];
        schemes.iter().any(|scheme| {
            before.len() >= scheme.len()
                && before[before.len() - scheme.len()..].eq_ignore_ascii_case(scheme.as_bytes())
        })
    })
}

/// Every three characters that follow each other in a word.
fn trigrams(word: &str) -> impl Iterator<Item = &str> {
    let starts = word.char_indices().map(|(start, _)| start);
    let ends = word.char_indices().map(|(start, _)| start).chain([word.len()]).skip(TRIGRAM);
    starts.zip(ends).map(|(start, end)| &word[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(words: &str, text: &str) -> bool {
        let words = SearchTerms::new(words);
        let is_in = words.are_in(text, folded(text).as_deref());
        assert_eq!(is_in, words.are_in(text, None), "folded before or now");
        is_in
    }

    #[test]
    fn case_width_and_accents_do_not_count() {
        for (words, text) in [
            ("CREME", "Crème brûlée"),
            ("brulee crème", "cre\u{300}me bru\u{302}lée"),
            ("strasse", "Große STRAẞE"),
            ("snug", "Ｓｎｕｇ"),
            ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
            ("京タワ", "東京タワー"),
            ("東京", "東京タワー"),
            ("ё", "Ёлка"),
        ] {
            assert!(is_in(words, text), "{words} in {text}");
        }
    }

    #[test]
    fn every_word_counts_and_each_is_a_substring() {
        assert!(is_in("  tower \n tea ", "The teatowers"));
        assert!(!is_in("  tower \n tea ", "the tower"));
    }

    #[test]
    fn a_nul_or_nothing_to_look_for_finds_nothing() {
        for words in ["", " \t", "\u{200b}", "\u{fe0f} \u{ad}", "\0", "tea \0", "te\0a"] {
            assert!(SearchTerms::new(words).find_nothing(), "{words:?}");
        }
        assert!(!SearchTerms::new("tea").find_nothing());
    }

    #[test]
    fn the_kinds_of_apostrophe_and_hyphen_and_what_shows_as_nothing_do_not_count() {
        for (words, text) in [
            ("don't", "I don’t know"),
            ("don’t", "I don't know"),
            ("donʼt", "I don´t know"),
            ("e-mail", "an e‑mail, or an e–mail"),
            ("1−2", "1-2"),
            ("❤", "I ❤\u{fe0f} tea"),
            ("❤\u{fe0f}", "I ❤ tea"),
            ("co\u{ad}operate", "cooperate"),
            ("tea", "t\u{200b}e\u{2060}a"),
            ("👨👩👧", "👨\u{200d}👩\u{200d}👧"),
        ] {
            assert!(is_in(words, text), "{words} in {text}");
        }
        assert!(!is_in("don't", "dont"));
        assert!(!is_in("e-mail", "email"));
    }

    #[test]
    fn a_text_is_at_most_four_times_as_long_when_folded() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let text = c.to_string();
            let length = folded(&text).map_or(0, |folded| folded.len());
            assert!(length <= 4 * text.len().max(3), "U+{:04X} becomes {length} bytes", u32::from(c));
        }
        assert!(is_in("ﷺ", "ﷺ"));
    }

    #[test]
    fn voiced_kana_are_other_letters() {
        assert!(!is_in("は", "ば"));
        assert!(is_in("ガ", "ｶﾞ"));
    }

    #[test]
    fn an_index_is_asked_for_all_trigrams_of_the_longer_words() {
        assert_eq!(SearchTerms::new("東京 タワー it cafe").trigrams(), ["afe", "caf", "タワー"]);
        assert_eq!(SearchTerms::new("it 東京").trigrams(), [""; 0]);
    }

    #[test]
    fn marks_are_where_the_words_are_and_cut_no_letter() {
        for (words, text, marked) in [
            ("tea", "Tea and more tea", vec!["Tea", "tea"]),
            ("creme", "une cre\u{300}me", vec!["cre\u{300}me"]),
            ("strasse", "Große STRAẞE!", vec!["STRAẞE"]),
            ("東京 京タ", "東京タワー", vec!["東京タ"]),
            ("don't", "I don’t", vec!["don’t"]),
            ("aa", "aaaa", vec!["aaaa"]),
            ("f", "ﬁne", vec!["ﬁ"]),
            ("nothing", "here", vec![]),
            ("", "here", vec![]),
        ] {
            let marks = SearchTerms::new(words).marks(text);
            assert_eq!(marks.iter().map(|mark| &text[mark.clone()]).collect::<Vec<_>>(), marked, "{words}");
        }
        assert!(SearchTerms::new("a").marks(&"a b ".repeat(4_000)).len() <= MARKS);
    }

    #[test]
    fn a_link_is_one_that_a_browser_opens() {
        for text in ["http://a", "see HTTPS://b.", "xhttp://c", "日本http://d"] {
            assert!(Has::Link.is_in(text), "{text}");
            let folded = fold(text);
            assert!(Has::Link.trigrams().iter().all(|trigram| folded.contains(trigram)), "{text}");
        }
        for text in ["", "://", "ftp://a", "http:/a", "ttp://", "snug://lab"] {
            assert!(!Has::Link.is_in(text), "{text}");
        }
        assert!(!Has::File.is_in("http://a") && !Has::Image.is_in("http://a"));
        for has in [Has::File, Has::Image, Has::Link] {
            assert_eq!(Has::parse(has.as_str()), Some(has));
        }
        assert_eq!(Has::parse("Link"), None);
    }
}
