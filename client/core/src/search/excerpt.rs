//! A hit as it is shown: one line of the message, around the words that were looked for.

use std::ops::Range;

use snug_shared::search::SearchTerms;

use crate::{format::one_line, markup::Markup};

/// Characters of a hit's text that are shown, about.
const EXCERPT: usize = 160;
/// Characters before the first mark.
const BEFORE: usize = 40;

/// A part of a text on one line, with the words that were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// Where the words are in it: byte ranges, ascending.
    pub marks: Vec<Range<usize>>,
}

impl Excerpt {
    /// The part of a message around the first of the words.
    pub fn new(message: &str, words: &str) -> Self {
        let (line, marks) = line_of(message, &SearchTerms::new(words));
        let first = marks.first().map_or(0, |mark| mark.start);
        let before = line[..first].char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
        let begin = line[before..first]
            .char_indices()
            .find(|(_, c)| before > 0 && c.is_whitespace())
            .map_or(before, |(at, c)| before + at + c.len_utf8());
        let end = line[begin..].char_indices().nth(EXCERPT).map_or(line.len(), |(at, _)| begin + at);
        let (lead, tail) = (if begin > 0 { "…" } else { "" }, if end < line.len() { "…" } else { "" });
        let text = format!("{lead}{}{tail}", &line[begin..end]);
        let shift = |at: usize| at.min(end) - begin + lead.len();
        let marks = marks.into_iter().filter(|mark| mark.start < end && mark.start >= begin);
        Self { text, marks: marks.map(|mark| shift(mark.start)..shift(mark.end)).collect() }
    }

    /// The text in pieces: what is marked and what is not.
    pub fn pieces(&self) -> Vec<(&str, bool)> {
        let (mut pieces, mut at) = (Vec::new(), 0);
        for mark in &self.marks {
            pieces.push((&self.text[at..mark.start], false));
            pieces.push((&self.text[mark.clone()], true));
            at = mark.end;
        }
        pieces.push((&self.text[at..], false));
        pieces.retain(|(text, _)| !text.is_empty());
        pieces
    }
}

/// A message on one line, as it is read, with the places of the words; as it was written where only that has them.
fn line_of(message: &str, terms: &SearchTerms) -> (String, Vec<Range<usize>>) {
    let marked = |text: &str| {
        let line = one_line(text, usize::MAX);
        let marks = terms.marks(&line);
        (line, marks)
    };
    let markup = Markup::parse(message);
    if markup.is_plain() {
        return marked(message);
    }
    let seen = marked(&markup.seen(message));
    let written = if seen.1.is_empty() { marked(message) } else { Default::default() };
    if written.1.is_empty() { seen } else { written }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_excerpt_is_one_line_around_the_first_word() {
        let text = format!("{}the kettle\nis on {}", "word ".repeat(50), "more ".repeat(50));
        let excerpt = Excerpt::new(&text, "KETTLE");
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…') && !excerpt.text.contains('\n'));
        let marked: Vec<&str> =
            excerpt.pieces().into_iter().filter(|(_, is)| *is).map(|(text, _)| text).collect();
        assert_eq!(marked, ["kettle"]);
        assert_eq!(Excerpt::new("tea", "coffee"), Excerpt { text: "tea".into(), marks: vec![] });
    }

    #[test]
    fn an_excerpt_is_as_one_reads_the_message_unless_only_what_was_written_has_the_words() {
        let text = |message, words| Excerpt::new(message, words).text;
        assert_eq!(text("the *long* cable:\n```sh\nls\n```", "cable"), "the long cable: ls");
        assert_eq!(text("[the shop](https://example.org/)", "shop"), "the shop (https://example.org/)");
        assert_eq!(text("```rust\nfn main\n```", "rust"), "```rust fn main ```");
        assert_eq!(text("a **bold** word", "tea"), "a bold word");
    }

    proptest! {
        #[test]
        fn any_message_has_an_excerpt(text in ".{0,80}", words in ".{0,12}") {
            let excerpt = Excerpt::new(&text, &words);
            let pieces: String = excerpt.pieces().into_iter().map(|(text, _)| text).collect();
            prop_assert_eq!(pieces, excerpt.text.clone());
            prop_assert!(excerpt.text.chars().count() <= EXCERPT + 2);
        }
    }
}
