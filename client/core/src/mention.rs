//! Whether a text speaks to somebody: `@name` anywhere, `name:` or `name,` at its beginning. Case does not count.
//!
//! The web page has the same rule (`mentions` in `assets/page/rows.js`).

use std::ops::Range;

/// Where a text mentions somebody of this nickname, in ascending order.
pub fn mentions<'a>(text: &'a str, nickname: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let begins = spelled(text, nickname).filter(|end| text[*end..].starts_with([':', ',']));
    let anywhere = text.match_indices('@').filter_map(move |(start, at)| {
        let from = start + at.len();
        let end = from + spelled(&text[from..], nickname)?;
        let joins = |c: Option<char>| c.is_some_and(is_word);
        let is_alone = !joins(text[..start].chars().next_back()) && !joins(text[end..].chars().next());
        is_alone.then_some(start..end)
    });
    begins.map(|end| 0..end).into_iter().chain(anywhere)
}

/// Whether a text mentions somebody of this nickname.
pub fn is_mentioned(text: &str, nickname: &str) -> bool {
    mentions(text, nickname).next().is_some()
}

/// Where the longest of these names ends that a text spells after the `@` it begins with; none if it spells none of them.
pub fn longest(text: &str, names: &[&str]) -> Option<usize> {
    let after = text.strip_prefix('@')?;
    let ends = names.iter().filter_map(|name| spelled(after, name));
    let whole = ends.filter(|end| !after[*end..].chars().next().is_some_and(is_word));
    whole.max().map(|end| end + 1)
}

/// Whether a name is more than one word, so that nobody sees where it ends who doesn't know it.
pub fn is_several_words(nickname: &str) -> bool {
    !nickname.chars().all(is_word)
}

/// How many bytes of a text spell a name at its beginning.
fn spelled(text: &str, name: &str) -> Option<usize> {
    let mut rest = text.chars();
    for c in name.chars() {
        if fold(rest.next()?) != fold(c) {
            return None;
        }
    }
    (!name.is_empty()).then(|| text.len() - rest.as_str().len())
}

/// Letters that differ in case only are one. As in the page, only what folds to a single character folds.
fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let upper = single(c.to_uppercase()).unwrap_or(c);
    single(upper.to_lowercase()).unwrap_or(upper)
}

fn single(mut folded: impl Iterator<Item = char>) -> Option<char> {
    folded.next().filter(|_| folded.next().is_none())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_after_an_at_sign_or_at_the_beginning_is_a_mention() {
        for (text, name, mentioned) in [
            ("@maya look", "maya", vec!["@maya"]),
            ("look, @Maya!", "maya", vec!["@Maya"]),
            ("(@maya) and @MAYA", "maya", vec!["@maya", "@MAYA"]),
            ("maya: look", "maya", vec!["maya"]),
            ("Maya, look: @maya", "maya", vec!["Maya", "@maya"]),
            ("I told maya: look", "maya", vec![]),
            ("maya look", "maya", vec![]),
            ("mail@maya.org", "maya", vec![]),
            ("_@maya", "maya", vec![]),
            ("@mayas", "maya", vec![]),
            ("@maya_", "maya", vec![]),
            ("@@maya", "maya", vec!["@maya"]),
            ("@Jürgen, ja", "jÜRGEN", vec!["@Jürgen"]),
            ("@Straße", "strasse", vec![]),
            ("@Σίσυφος", "σίσυφοσ", vec!["@Σίσυφος"]),
            ("@tea time!", "Tea Time", vec!["@tea time"]),
            ("@日本さん", "日本", vec![]),
            ("@日本、", "日本", vec!["@日本"]),
            ("@", "maya", vec![]),
            ("", "maya", vec![]),
            ("@ :", "", vec![]),
        ] {
            let found: Vec<_> = mentions(text, name).map(|range| &text[range]).collect();
            assert_eq!(found, mentioned, "“{text}” of {name}");
        }
    }

    #[test]
    fn the_longest_name_that_is_spelled_whole_counts() {
        let names = ["Tea", "tea time", "Tea Time Tom", "J. R."];
        for (text, found) in [
            ("@tea time, please", Some("@tea time")),
            ("@Tea Time Tom!", Some("@Tea Time Tom")),
            ("@tea times", Some("@tea")),
            ("@teas", None),
            ("@J. R. is here", Some("@J. R.")),
            ("tea time", None),
            ("@", None),
        ] {
            assert_eq!(longest(text, &names).map(|end| &text[..end]), found, "“{text}”");
        }
        assert!(is_several_words("tea time") && is_several_words("J.") && !is_several_words("Zoë_2"));
    }

    proptest! {
        #[test]
        fn what_is_found_lies_in_the_text_and_spells_the_name(text in "[@a:, _é]{0,24}", name in "[aé]{1,2}") {
            for range in mentions(&text, &name) {
                let found = text[range].trim_start_matches('@');
                prop_assert_eq!(found.to_lowercase(), name.to_lowercase());
            }
        }
    }
}
