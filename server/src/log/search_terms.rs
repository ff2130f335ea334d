//! The rule of every search, with an index or without: when a message contains some words.
//!
//! Texts are compared folded: case, compatibility forms (full width), marks above and below letters, the kinds of apostrophe and
//! hyphen, and characters that show as nothing do not count (`docs/protocol.md` §2).

use snug_shared::is_ignorable;
use unicode_normalization::{
    UNICODE_VERSION, UnicodeNormalization,
    char::{canonical_combining_class, decompose_compatible},
};

/// Characters a word needs for an index of trigrams to know it.
const TRIGRAM: usize = 3;
/// Trigrams the index is asked for, at most; each hit is looked at for all words anyway.
const ASKED: usize = 24;

/// Marks of a lower class are part of the letter: か is not が, and Indic scripts would fall apart.
const FIRST_LOOSE_MARK: u8 = 10;

/// A character that stands for more than this many is left as it is. One Arabic ligature stands for 18, and a message of
/// nothing else would cost eleven times its size.
const LONGEST_FORM: usize = 4;

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

    /// Whether no message can have these words: there are none, or one has a NUL, which no message has.
    pub(super) fn find_nothing(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|word| word.contains('\0'))
    }

    /// Whether a text contains every one of the words. `folded` is what [`folded`] said of it.
    pub(super) fn are_in(&self, text: &str, folded: Option<&str>) -> bool {
        let contains = |text: &str| self.0.iter().all(|word| text.contains(word));
        match folded {
            Some(folded) => contains(folded),
            None => contains(&fold(text)),
        }
    }

    /// What an index of trigrams is asked for: a message without one of these has not all the words. Empty where every word is
    /// shorter.
    pub(super) fn trigrams(&self) -> Vec<&str> {
        let mut trigrams: Vec<&str> = self.0.iter().flat_map(|word| trigrams(word)).collect();
        trigrams.sort_unstable();
        trigrams.dedup();
        trigrams.truncate(ASKED);
        trigrams
    }
}

/// Every three characters that follow each other in a word.
fn trigrams(word: &str) -> impl Iterator<Item = &str> {
    let starts = word.char_indices().map(|(start, _)| start);
    let ends = word.char_indices().map(|(start, _)| start).chain([word.len()]).skip(TRIGRAM);
    starts.zip(ends).map(|(start, end)| &word[start..end])
}

/// A text as it is compared.
pub(super) fn fold(text: &str) -> String {
    folded(text).unwrap_or_else(|| text.to_ascii_lowercase())
}

/// A text as it is compared, where that is more than lower case. It is kept beside the text: a search that had to fold all it
/// looks at would take a hundred times as long.
pub(super) fn folded(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut bare = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_ignorable(*c)).map(plain_mark) {
        let mut form = ['\0'; LONGEST_FORM];
        let mut length = 0;
        decompose_compatible(c, |part| {
            if let Some(place) = form.get_mut(length) {
                *place = part;
            }
            length += 1;
        });
        match form.get(..length) {
            Some(form) => {
                bare.extend(form.iter().filter(|c| canonical_combining_class(**c) < FIRST_LOOSE_MARK))
            }
            None => bare.push(c),
        }
    }
    Some(caseless::default_case_fold_str(&bare).nfc().collect())
}

/// One kind of apostrophe and one kind of hyphen: people type whichever their keyboard has.
const fn plain_mark(c: char) -> char {
    match c {
        '‘' | '’' | '‛' | '′' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ˈ' | '´' | '＇' | '՚' | '׳' | 'ꞌ' => {
            '\''
        }
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '⁃' | '−' | '﹘' | '﹣' | '－' => '-',
        other => other,
    }
}

/// The name of this way of folding; texts folded under another have to be folded again.
pub(super) fn folding() -> String {
    format!("2 {UNICODE_VERSION:?} {:?}", caseless::UNICODE_VERSION)
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
}
