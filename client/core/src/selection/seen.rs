//! The words of one message, and what is copied of them.
//!
//! Words are what is drawn of a message: its blocks, a line break between two of them. Bars of quotes and bullets are drawn
//! beside them and are no words; copied they become `> ` and `• `, as [`Markup::seen`] has them.

use std::{borrow::Cow, ops::Range};

use crate::{
    format,
    markup::{Block, BlockKind, Markup},
    timeline::MessageRow,
};

/// The words of a message, as places in it are counted. None when it was deleted, or is hidden.
pub fn words<'a>(message: &MessageRow<'a>) -> Option<Cow<'a, str>> {
    let text = message.text.filter(|_| !message.is_ignored)?;
    if message.markup.is_plain() {
        return Some(format::expand_tabs(text));
    }
    let mut words = String::with_capacity(text.len());
    for (index, block) in message.markup.blocks(text).enumerate() {
        if index > 0 {
            words.push('\n');
        }
        block.runs().for_each(|run| words.push_str(&format::expand_tabs(run.text)));
    }
    Some(Cow::Owned(words))
}

/// How many bytes of a message's words a block has.
pub fn len_of(block: &Block<'_>) -> usize {
    block.runs().map(|run| format::expand_tabs(run.text).len()).sum()
}

/// A part of a message's words as it is copied.
pub(super) fn seen(text: &str, markup: &Markup, part: &Range<usize>) -> String {
    if markup.is_plain() {
        return typed(text, part).to_owned();
    }
    let (mut seen, mut start) = (String::new(), 0);
    for block in markup.blocks(text) {
        let end = start + len_of(&block);
        let is_empty_inside = start == end && part.start <= start && part.end >= end;
        if is_empty_inside || (part.start < end && part.end > start) {
            let from = part.start.max(start) - start;
            let to = part.end.min(end).saturating_sub(start);
            if !seen.is_empty() {
                seen.push('\n');
            }
            block_seen(&block, from..to, &mut seen);
        }
        start = end + 1;
    }
    seen
}

fn block_seen(block: &Block<'_>, part: Range<usize>, seen: &mut String) {
    let quote = "> ".repeat(usize::from(block.quote));
    seen.push_str(&quote);
    if let (BlockKind::Item { indent, number }, 0) = (block.kind, part.start) {
        seen.push_str(&"  ".repeat(usize::from(indent)));
        seen.push_str(&number.map_or_else(|| "• ".to_owned(), |number| format!("{number}. ")));
    }
    let mut start = 0;
    let mut runs = block.runs().peekable();
    while let Some(run) = runs.next() {
        let end = start + format::expand_tabs(run.text).len();
        let here = part.start.clamp(start, end) - start..part.end.clamp(start, end) - start;
        let words = typed(run.text, &here);
        if quote.is_empty() {
            seen.push_str(words);
        } else {
            seen.push_str(&words.replace('\n', &format!("\n{quote}")));
        }
        let next = runs.peek().and_then(|next| next.link).map(|link| link.index);
        if let Some(link) = run.link.filter(|link| next != Some(link.index))
            && !here.is_empty()
            && part.end >= end
            && !run.text.ends_with(link.to)
        {
            seen.push_str(&format!(" ({})", link.to));
        }
        start = end;
    }
}

/// A part of a text that is counted with its tabs as spaces, with its tabs.
fn typed<'a>(text: &'a str, part: &Range<usize>) -> &'a str {
    let place = |at| format::before_tabs(text, at);
    text.get(place(part.start)..place(part.end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, part: Range<usize>) -> String {
        seen(text, &Markup::parse(text), &part)
    }

    fn len(text: &str) -> usize {
        let markup = Markup::parse(text);
        if markup.is_plain() {
            return format::expand_tabs(text).len();
        }
        let blocks: Vec<usize> = markup.blocks(text).map(|block| len_of(&block)).collect();
        blocks.iter().sum::<usize>() + blocks.len() - 1
    }

    #[test]
    fn a_whole_message_is_copied_as_it_is_seen() {
        for text in [
            "plain words",
            "**bold** and `code`",
            "> quoted\n> twice\n\nand an answer",
            "- one\n- two\n  - three\n\n1. first\n2. second",
            "```rust\nfn main() {\n\tprintln!();\n}\n```",
            "if x:\n\treturn",
            "[here](https://example.org/a) and https://example.org/b",
            "👍\n\n🎉",
        ] {
            assert_eq!(copied(text, 0..len(text)), Markup::parse(text).seen(text), "{text:?}");
        }
    }

    #[test]
    fn a_part_has_the_marks_of_what_is_whole_in_it() {
        assert_eq!(copied("some **bold** words", 5..9), "bold");
        let list = "- one\n- two";
        assert_eq!(copied(list, 1..7), "ne\n• two", "an item that is cut off has no bullet");
        assert_eq!(copied("> quoted\n\nno", 2..7), "> oted");
        let link = "see [here](https://example.org/a) now";
        assert_eq!(copied(link, 0..6), "see he");
        assert_eq!(copied(link, 4..8), "here (https://example.org/a)");
    }

    #[test]
    fn tabs_are_copied_as_tabs_although_they_are_drawn_as_spaces() {
        assert_eq!(copied("if x:\n\treturn", 6..len("if x:\n\treturn")), "\treturn");
        assert_eq!(copied("if x:\n\treturn", 10..16), "return");
    }
}
