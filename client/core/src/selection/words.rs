//! Places in the words of one message: characters, words, lines, columns.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// The place itself, or the nearest before it that is between two characters.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The word around a place, or the spaces or the mark. At the end of a word, that word.
pub(super) fn word_around(text: &str, at: usize) -> Range<usize> {
    let at = floor(text, at);
    let mut before = 0..0;
    for (start, word) in text.split_word_bound_indices() {
        let here = start..start + word.len();
        if here.contains(&at) {
            let is_gap = word.starts_with(char::is_whitespace);
            let ends_here = before.end == at && !before.is_empty();
            return if is_gap && ends_here { before } else { here };
        }
        before = here;
    }
    before
}

/// The end of the character after a place.
pub(super) fn next(text: &str, at: usize) -> Option<usize> {
    GraphemeCursor::new(floor(text, at), text.len(), true).next_boundary(text, 0).ok().flatten()
}

/// The start of the character before a place.
pub(super) fn previous(text: &str, at: usize) -> Option<usize> {
    GraphemeCursor::new(floor(text, at), text.len(), true).prev_boundary(text, 0).ok().flatten()
}

/// The end of the next word.
pub(super) fn next_word(text: &str, at: usize) -> Option<usize> {
    let at = floor(text, at);
    let ends = text.unicode_word_indices().map(|(start, word)| start + word.len());
    ends.into_iter().find(|end| *end > at).or((at < text.len()).then_some(text.len()))
}

/// The start of the word before.
pub(super) fn previous_word(text: &str, at: usize) -> Option<usize> {
    let at = floor(text, at);
    let starts = text.unicode_word_indices().map(|(start, _)| start);
    starts.take_while(|start| *start < at).last().or((at > 0).then_some(0))
}

/// The line around a place, without its break.
pub(super) fn line_around(text: &str, at: usize) -> Range<usize> {
    let at = floor(text, at);
    let start = text[..at].rfind('\n').map_or(0, |break_at| break_at + 1);
    let end = text[at..].find('\n').map_or(text.len(), |len| at + len);
    start..end
}

/// How many characters into its line a place is.
pub(super) fn column(text: &str, at: usize) -> usize {
    let at = floor(text, at);
    text[line_around(text, at).start..at].graphemes(true).count()
}

/// The place so many characters into a line, or its end.
pub(super) fn at_column(text: &str, line: Range<usize>, column: usize) -> usize {
    let found = text[line.clone()].grapheme_indices(true).nth(column).map(|(at, _)| line.start + at);
    found.unwrap_or(line.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, at: usize) -> &str {
        &text[word_around(text, at)]
    }

    #[test]
    fn a_word_is_taken_whole_and_without_what_is_around_it() {
        let text = "don’t stop, tea-time: 3.14 🫖 日本語";
        for (inside, whole) in
            [("on’", "don’t"), ("op", "stop"), ("tim", "time"), (".1", "3.14"), ("🫖", "🫖"), (", ", ",")]
        {
            let at = text.find(inside).unwrap();
            assert_eq!(word(text, at), whole, "at {inside}");
        }
        let end = text.find(" stop").unwrap();
        assert_eq!(word(text, end), "don’t", "at its end, it is still that word");
        assert_eq!(word(text, text.len()), word(text, text.len() - 3));
        assert_eq!((word("", 0), word("a", 7)), ("", "a"));
    }

    #[test]
    fn characters_are_what_people_take_for_one() {
        let text = "a👩‍🚀e\u{301}";
        assert_eq!(next(text, 0), Some(1));
        assert_eq!(next(text, 1), Some(text.len() - 3));
        assert_eq!(previous(text, text.len()), Some(text.len() - 3));
        assert_eq!((previous(text, 0), next(text, text.len())), (None, None));
    }

    #[test]
    fn words_are_passed_one_by_one_and_then_the_rest() {
        let text = "one, two!";
        assert_eq!([0, 3, 8].map(|at| next_word(text, at)), [Some(3), Some(8), Some(9)]);
        assert_eq!(next_word(text, 9), None);
        assert_eq!([9, 5, 3].map(|at| previous_word(text, at)), [Some(5), Some(0), Some(0)]);
        assert_eq!(previous_word(text, 0), None);
    }

    #[test]
    fn a_column_is_kept_from_line_to_line() {
        let text = "first\né\nthird";
        let at = text.find("st").unwrap();
        assert_eq!(column(text, at), 3);
        let second = line_around(text, 6);
        assert_eq!(&text[second.clone()], "é");
        assert_eq!(at_column(text, second, 3), 8, "a short line ends sooner");
        assert_eq!(&text[at_column(text, line_around(text, text.len()), 3)..], "rd");
    }
}
