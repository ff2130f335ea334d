//! Which signs are marks in a chat, and which are just signs.

use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, Script},
};

/// In place of what is no mark: as wide, and as much of a sign.
const MASK: &str = ",";

/// In place of a tilde that is no mark. As beside a tilde, a mark beside it may be one.
const TILDE: &str = "-";

/// What is no mark here, masked: escapes, HTML, entities, images, underscores that are not alone, and tildes that are not two.
pub(super) fn mask_words(words: &str, masked: &mut String) {
    let mut rest = words;
    while let Some(at) = rest.find(['\\', '<', '&', '!', '_', '~', '\r']) {
        masked.push_str(&rest[..at]);
        let found = &rest[at..];
        let alike = |sign: u8| found.bytes().take_while(|byte| *byte == sign).count();
        let length = match found.as_bytes()[0] {
            b'_' => {
                let alone = alike(b'_');
                if alone == 1 {
                    masked.push('_');
                    rest = &found[1..];
                    continue;
                }
                alone
            }
            b'~' => {
                let count = alike(b'~');
                match count {
                    2 => masked.push_str("~~"),
                    _ => masked.extend(std::iter::repeat_n(TILDE, count)),
                }
                rest = &found[count..];
                continue;
            }
            b'!' if found.starts_with("![") => 2,
            // A mark after a backslash is none, and both are shown.
            b'\\' => 1 + found[1..].bytes().next().map_or(0, |mark| usize::from(mark.is_ascii_punctuation())),
            // Any other sign, or an exclamation mark that is one.
            _ => 1,
        };
        masked.extend(std::iter::repeat_n(MASK, length));
        rest = &found[length..];
    }
    masked.push_str(rest);
}

/// What a single mark may follow: faces such as `;_;` are made of the same signs.
pub(super) fn is_before(c: Option<char>) -> bool {
    c.is_none_or(|c| !c.is_ascii_punctuation() || "([{\"'*_~-/".contains(c))
}

/// What may follow a single mark.
pub(super) fn is_after(c: Option<char>) -> bool {
    c.is_none_or(|c| !c.is_ascii_punctuation() || ")]}\"'*_~-/.,:;!?".contains(c))
}

/// Whether a text is more than signs.
pub(super) fn says(text: &str) -> bool {
    text.chars().any(|c| !c.is_ascii_punctuation() && !c.is_whitespace())
}

/// Letters and digits of scripts that put spaces between words: a mark beside one of them is none, as in `2*3*4`.
pub(super) fn is_spaced(c: char) -> bool {
    let number = |c| {
        let category = CodePointMapData::<GeneralCategory>::new().get(c);
        matches!(
            category,
            GeneralCategory::DecimalNumber | GeneralCategory::LetterNumber | GeneralCategory::OtherNumber
        )
    };
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    const SPACED: [Script; 8] = [
        Script::Latin,
        Script::Greek,
        Script::Cyrillic,
        Script::Arabic,
        Script::Hebrew,
        Script::Armenian,
        Script::Georgian,
        Script::Devanagari,
    ];
    number(c) || SPACED.contains(&CodePointMapData::<Script>::new().get(c))
}
