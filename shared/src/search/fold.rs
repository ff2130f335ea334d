//! Texts as searches compare them.

use unicode_normalization::{
    UNICODE_VERSION, UnicodeNormalization,
    char::{canonical_combining_class, decompose_compatible},
};

use crate::name::is_ignorable;

/// Marks of a lower class are part of the letter: か is not が, and Indic scripts would fall apart.
const FIRST_LOOSE_MARK: u8 = 10;

/// A character that stands for more than this many is left as it is. One Arabic ligature stands for 18, and a message of
/// nothing else would cost eleven times its size.
const LONGEST_FORM: usize = 4;

/// A text as it is compared.
pub fn fold(text: &str) -> String {
    folded(text).unwrap_or_else(|| text.to_ascii_lowercase())
}

/// A text as it is compared, where that is more than lower case. It is kept beside the text: a search that had to fold all it
/// looks at would take a hundred times as long.
pub fn folded(text: &str) -> Option<String> {
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
pub fn folding() -> String {
    format!("2 {UNICODE_VERSION:?} {:?}", caseless::UNICODE_VERSION)
}
