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
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut rest),
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

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Passes over what follows an escape (ECMA-48 §5.3, ECMA-35 §13.2): the kind of the sequence, and all of it.
fn skip_escape(rest: &mut Rest<'_>) {
    match rest.peek() {
        Some('[') => {
            let _ = rest.next();
            skip_control(rest);
        }
        Some('P' | 'X' | ']' | '^' | '_') => {
            let _ = rest.next();
            skip_string(rest);
        }
        // Two characters, or more with intermediate ones, as where a set of characters is chosen.
        _ => {
            skip_while(rest, ' '..='/');
            let _ = rest.next_if(|c| ('0'..='~').contains(c));
        }
    }
}

/// Passes over a control sequence: parameters, intermediate characters, and the one that ends it. One that breaks off ends
/// before what does not belong to it.
fn skip_control(rest: &mut Rest<'_>) {
    skip_while(rest, '0'..='?');
    skip_while(rest, ' '..='/');
    let _ = rest.next_if(|c| ('@'..='~').contains(c));
}

/// Passes over a title, a link or a device's own commands, up to its terminator, but never over the end of its line.
fn skip_string(rest: &mut Rest<'_>) {
    while let Some(c) = rest.next_if(|c| !matches!(c, '\n' | '\r')) {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if rest.next_if_eq(&'\\').is_some() => return,
            _ => {}
        }
    }
}

fn skip_while(rest: &mut Rest<'_>, range: std::ops::RangeInclusive<char>) {
    while rest.next_if(|c| range.contains(c)).is_some() {}
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

    #[test]
    fn no_terminal_code_leaves_anything_behind() {
        for code in [
            // `tput sgr0` of many terminals: ASCII again, then no attributes.
            "\u{1b}(B\u{1b}[m",
            "\u{1b})0",
            "\u{1b}%G",
            "\u{1b}#8",
            "\u{1b} F",
            "\u{1b}$(C",
            "\u{1b}7",
            "\u{1b}c",
            "\u{1b}=",
            "\u{1b}[?2004h",
            "\u{1b}[>4;2m",
            "\u{1b}[38:2::255:0:0m",
            "\u{1b}[!p",
            "\u{1b}[2 q",
            "\u{9b}31m",
            "\u{1b}]0;a \\ in a title\u{7}",
            "\u{1b}]8;;http://x/\u{1b}\\",
            "\u{1b}]8;;http://x/\u{9c}",
            "\u{9d}0;title\u{9c}",
            "\u{1b}P1$r0m\u{1b}\\",
            "\u{90}q#0\u{9c}",
            "\u{1b}_G;AAAA\u{1b}\\",
            "\u{1b}^x\u{1b}\\",
            "\u{1b}Xx\u{1b}\\",
        ] {
            assert_eq!(cut_up(&format!("te{code}a")), ["tea"], "{code:?}");
        }
        // What breaks off takes nothing with it that is not its own.
        assert_eq!(cut_up("\u{1b}[31é"), ["é"]);
        assert_eq!(cut_up("\u{1b}é\u{1b}"), ["é"]);
        assert_eq!(cut_up("\u{1b}]0;title\r\nstays"), ["\nstays"]);
    }
}
