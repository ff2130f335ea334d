//! The rule of every search, with an index or without: when a message contains some words.
//!
//! Texts are compared folded: case, compatibility forms (full width) and marks above and below letters do not count.

use unicode_normalization::{UNICODE_VERSION, UnicodeNormalization, char::canonical_combining_class};

/// Characters a word needs for an index of trigrams to know it.
const TRIGRAM: usize = 3;

/// Marks of a lower class are part of the letter: か is not が, and Indic scripts would fall apart.
const FIRST_LOOSE_MARK: u8 = 10;

/// The words of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SearchTerms(Vec<String>);

impl SearchTerms {
    /// Splits at white space.
    pub(super) fn new(words: &str) -> Self {
        let mut words: Vec<String> =
            words.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words.dedup();
        Self(words)
    }

    /// Whether a text contains every one of the words.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let text = fold(text);
        self.0.iter().all(|word| text.contains(word))
    }

    /// The words that an index of trigrams knows.
    pub(super) fn indexed(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|word| word.chars().nth(TRIGRAM - 1).is_some())
    }
}

/// A text as it is compared.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare: String = text.nfkd().filter(|c| canonical_combining_class(*c) < FIRST_LOOSE_MARK).collect();
    caseless::default_case_fold_str(&bare).nfkc().collect()
}

/// The name of this way of folding; texts folded under another have to be folded again.
pub(super) fn folding() -> String {
    format!("1 {UNICODE_VERSION:?} {:?}", caseless::UNICODE_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(SearchTerms::new(words).are_in(text), "{words} in {text}");
        }
    }

    #[test]
    fn every_word_counts_and_each_is_a_substring() {
        let words = SearchTerms::new("  tower \n tea ");
        assert!(words.are_in("The teatowers"));
        assert!(!words.are_in("the tower"));
        assert!(SearchTerms::new(" \t").are_in("anything: there is nothing to miss"));
    }

    #[test]
    fn voiced_kana_are_other_letters() {
        assert!(!SearchTerms::new("は").are_in("ば"));
        assert!(SearchTerms::new("ガ").are_in("ｶﾞ"));
    }

    #[test]
    fn an_index_knows_words_of_three_characters() {
        let words = SearchTerms::new("東京 タワー it cafe");
        assert_eq!(words.indexed().collect::<Vec<_>>(), ["cafe", "タワー"]);
    }
}
