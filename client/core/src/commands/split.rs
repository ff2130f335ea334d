//! The output of a program, split into messages that a room takes. Pure.

use snug_shared::{MessageText, TextError, limits};
use unicode_segmentation::UnicodeSegmentation;

/// A text as the messages it takes, in order, cut where a line ends or else between words. Nothing to see is no message.
pub(super) fn messages(text: &str) -> Vec<MessageText> {
    let text = plain(text);
    let mut rest = text.trim_end();
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest));
        match MessageText::parse(piece.trim_end()) {
            Ok(message) => messages.push(message),
            Err(error) => debug_assert_eq!(error, TextError::Empty, "it was cut to fit"),
        }
        // A break that was cut at is made by the cut.
        rest = if piece.ends_with(['\n', ' ']) { after } else { after.strip_prefix('\n').unwrap_or(after) };
    }
    messages
}

/// How many bytes of a text the next message takes: all, or up to a good place.
fn cut(text: &str) -> usize {
    let ends = text.grapheme_indices(true).map(|(at, cluster)| at + cluster.len());
    let fits = |end: &usize| *end <= limits::MESSAGE_BYTES;
    let Some(most) = ends.take(limits::MESSAGE_CLUSTERS).take_while(fits).last() else {
        // One character, with more marks on it than a message may have bytes.
        let boundaries = text.char_indices().map(|(at, _)| at);
        return boundaries.take_while(fits).last().unwrap_or_default();
    };
    if most == text.len() || text[most..].starts_with('\n') {
        return most;
    }
    let good = |at: char| text[..most].rfind(at).map(|at| at + 1);
    good('\n').or_else(|| good(' ')).unwrap_or(most)
}

/// A text without what only terminals understand: colours, titles, moves of the cursor. A returned carriage ends a line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => match rest.next() {
                Some('[') => skip(&mut rest, |c| ('@'..='~').contains(&c)),
                Some(']') => skip(&mut rest, |c| c == '\u{7}' || c == '\u{9c}' || c == '\\'),
                _ => {}
            },
            '\r' => {
                let _ = rest.next_if_eq(&'\n');
                plain.push('\n');
            }
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Passes over the rest of a terminal's code, but never over the end of its line.
fn skip(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, is_last: impl Fn(char) -> bool) {
    while let Some(c) = rest.next_if(|c| *c != '\n') {
        if is_last(c) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_up(text: &str) -> Vec<String> {
        messages(text).into_iter().map(MessageText::into_string).collect()
    }

    #[test]
    fn what_fits_is_one_message_without_the_last_line_break() {
        assert_eq!(cut_up("one\n\n  two\n"), ["one\n\n  two"]);
        assert_eq!(cut_up(&"x".repeat(4_000)), ["x".repeat(4_000)]);
        for nothing in ["", "\n", " \n\t", "\u{200b}"] {
            assert!(cut_up(nothing).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_at_lines_then_at_words_then_anywhere_and_nothing_is_lost() {
        let lines: String = (0..2_000).map(|number| format!("line {number}\n")).collect();
        let cut = cut_up(&lines);
        assert!(cut.len() > 4 && cut.iter().all(|message| message.starts_with("line ")));
        assert_eq!(cut.join("\n"), lines.trim_end());

        let words = "tea ".repeat(3_000);
        assert_eq!(cut_up(&words).join(" "), words.trim_end());
        for long in ["x".repeat(10_001), "🫖".repeat(9_000), "👩‍🚀".repeat(3_000)] {
            assert_eq!(cut_up(&long).concat(), long);
        }
        let zalgo = format!("a{}", "\u{301}".repeat(20_000));
        assert_eq!(cut_up(&zalgo).concat(), zalgo);
    }

    proptest::proptest! {
        #[test]
        fn of_any_text_nothing_but_white_space_is_lost(words in proptest::collection::vec("x\\PC{0,60}[ \n]?", 0..300)) {
            let seen = |text: &str| text.split_whitespace().collect::<String>();
            let text = words.concat();
            proptest::prop_assert_eq!(seen(&cut_up(&text).concat()), seen(&text));
        }
    }

    #[test]
    fn a_line_that_just_fits_is_cut_before_its_break() {
        let text = format!("{}\nnext", "x".repeat(4_000));
        assert_eq!(cut_up(&text), [&"x".repeat(4_000), "next"]);
    }

    #[test]
    fn terminal_codes_are_taken_out_and_text_stays() {
        assert_eq!(cut_up("\u{1b}[1;31merror\u{1b}[0m: no tea\r\n"), ["error: no tea"]);
        assert_eq!(cut_up("\u{1b}]0;title\u{7}ok \u{1b}]8;;http://x\u{1b}\\link"), ["ok link"]);
        assert_eq!(cut_up("10 %\r20 %\rdone"), ["10 %\n20 %\ndone"]);
        assert_eq!(cut_up("a\u{8}b\u{0}c\td"), ["abc\td"]);
        assert_eq!(cut_up("\u{1b}[31\nstays"), ["\nstays"]);
    }
}
