//! What nobody sees in a name: blanks, several spaces, and the sentence that says which character is in the way.

use super::{NameError, is_white};

/// Characters that are drawn as nothing, or as a gap, and that Unicode counts among symbols and letters.
const BLANKS: [char; 7] =
    ['\u{2800}', '\u{1d159}', '\u{13441}', '\u{13442}', '\u{16fe4}', '\u{1680}', '\u{303f}'];

/// Refuses characters that pass for a space, or for none.
pub(super) fn not_blank(name: &str) -> Result<(), NameError> {
    match name.chars().find(|c| BLANKS.contains(c)) {
        Some(blank) => Err(NameError::Forbidden(blank)),
        None => Ok(()),
    }
}

/// One space where there are several: nobody sees how many there are.
pub(super) fn one_space(name: String) -> String {
    let words = name.split(is_white).filter(|word| !word.is_empty());
    if name.chars().any(is_white) { words.collect::<Vec<_>>().join(" ") } else { name }
}

/// Says which character a name can't have, because nobody can see it.
pub(super) fn forbidden(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    match c {
        '\u{200d}' => format!(
            "Emoji made of several, such as a family, can’t be in names: an invisible character ({code}) joins them. Use a single emoji."
        ),
        '\u{fe0e}' | '\u{fe0f}' => format!(
            "That name contains {code}, an invisible character that changes how the emoji before it is drawn. Use another emoji."
        ),
        _ if BLANKS.contains(&c) => {
            format!("That name contains a blank character ({code}). Use a space instead.")
        }
        _ => format!("That name contains an invisible character ({code}). Remove it."),
    }
}
