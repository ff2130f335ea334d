//! The lines of a paragraph into runs. pulldown-cmark pairs the marks; it sees the lines behind a guard and with everything masked
//! that is no mark in a chat, so that it finds no headings, tables, HTML, escapes, entities or images.

use std::ops::Range;

use icu_properties::{CodePointMapData, props::GeneralCategory};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

mod marks;

use marks::{is_after, is_before, is_spaced, mask_words, says};

use super::{
    RunKind, Style,
    build::Built,
    link::{self, Found},
};
use crate::format;

/// Before each line: blank to the marks behind it, but not to whatever makes blocks.
const GUARD: char = '\u{A0}';
/// In place of addresses, whose signs are no marks.
const ADDRESS: &str = "x";
/// The longest name after `@`, in bytes.
const MENTION: usize = 128;

/// A line as pulldown-cmark sees it: this place of the masked text is that place of the text.
struct Line {
    masked: Range<usize>,
    start: usize,
    /// The blanks before it.
    indent: Range<usize>,
}

/// Reads lines of a text into runs.
pub(super) fn read(text: &str, lines: &[Range<usize>], built: &mut Built) {
    let mut reader = Reader {
        text,
        built,
        lines: Vec::new(),
        masked: String::new(),
        links: Vec::new(),
        line: 0,
        drawn: 0,
    };
    for line in lines {
        reader.mask(line);
    }
    let masked = std::mem::take(&mut reader.masked);
    reader.runs(&masked);
}

struct Reader<'a> {
    text: &'a str,
    built: &'a mut Built,
    lines: Vec<Line>,
    masked: String,
    /// The addresses, by their places in the masked text.
    links: Vec<(Range<usize>, Found)>,
    /// The line that was reached.
    line: usize,
    /// Up to here all of the masked text was drawn, or is a mark.
    drawn: usize,
}

/// How what comes next is drawn.
#[derive(Clone, Copy, Default)]
struct Look {
    style: Style,
    link: Option<u16>,
}

impl Reader<'_> {
    fn mask(&mut self, line: &Range<usize>) {
        let words = &self.text[line.clone()];
        let trimmed = words.trim_start_matches([' ', '\t']);
        let start = line.end - trimmed.len();
        let words = trimmed.trim_end_matches([' ', '\t']);
        if !self.masked.is_empty() {
            self.masked.push('\n');
        }
        self.masked.push(GUARD);
        let from = self.masked.len();
        let mut after = 0;
        for found in link::find(words) {
            mask_words(&words[after..found.place.start], &mut self.masked);
            let begins = self.masked.len();
            self.masked.extend(std::iter::repeat_n(ADDRESS, found.place.len()));
            after = found.place.end;
            self.links.push((begins..self.masked.len(), found.moved(start)));
        }
        mask_words(&words[after..], &mut self.masked);
        self.lines.push(Line { masked: from..self.masked.len(), start, indent: line.start..start });
    }

    fn runs(&mut self, masked: &str) {
        self.indent();
        let mut looks = vec![Look::default()];
        // Where a mark closes that is none: from there, or from what was drawn, it is drawn as typed.
        let mut closes: Vec<Option<usize>> = Vec::new();
        for (event, range) in Parser::new_ext(masked, Options::ENABLE_STRIKETHROUGH).into_offset_iter() {
            let look = looks.last().copied().unwrap_or_default();
            match event {
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                Event::Start(tag) => {
                    let (next, close) = self.opened(masked, &tag, &range, look);
                    looks.push(next);
                    closes.push(close);
                }
                Event::End(_) => {
                    if looks.len() > 1 {
                        let _ = looks.pop();
                    }
                    if let Some(close) = closes.pop().flatten() {
                        let rest = close.max(self.drawn)..range.end;
                        self.words(rest, looks.last().copied().unwrap_or_default());
                    }
                    self.drawn = self.drawn.max(range.end);
                }
                Event::Code(_) => self.code(masked, range, look),
                Event::SoftBreak | Event::HardBreak => {
                    if self.line + 1 < self.lines.len() {
                        self.next_line(look, RunKind::Words);
                    }
                }
                _ => self.words(range, look),
            }
        }
    }

    /// How what stands between marks is drawn, or what to draw where the marks are none.
    fn opened(
        &mut self,
        masked: &str,
        tag: &Tag<'_>,
        range: &Range<usize>,
        look: Look,
    ) -> (Look, Option<usize>) {
        let mut next = look;
        let mark = match tag {
            Tag::Emphasis => 1,
            Tag::Strong | Tag::Strikethrough => 2,
            Tag::Link { dest_url, .. } => return self.labelled(masked, dest_url.len(), range, look),
            _ => return (look, None),
        };
        let before = masked[..range.start].chars().next_back();
        let after = masked[range.end..].chars().next();
        let is_within_word = before.is_some_and(is_spaced) || after.is_some_and(is_spaced);
        let is_mark = match mark {
            1 => {
                *tag == Tag::Emphasis && is_before(before) && is_after(after) && says(&masked[range.clone()])
            }
            _ => true,
        };
        let is_mark = is_mark && !is_within_word;
        if !is_mark {
            self.words(range.start..range.start + mark, look);
            return (look, Some(range.end - mark));
        }
        match tag {
            Tag::Emphasis => next.style.italic = true,
            Tag::Strong => next.style.bold = true,
            _ => next.style.strike = true,
        }
        (next, None)
    }

    /// A link with a text of its own: only around an address that would be a link by itself.
    fn labelled(
        &mut self,
        masked: &str,
        length: usize,
        range: &Range<usize>,
        look: Look,
    ) -> (Look, Option<usize>) {
        let to = range.end.saturating_sub(1 + length)..range.end.saturating_sub(1);
        let label = range.start + 1..to.start.saturating_sub(2);
        let found = self.links.partition_point(|(place, _)| place.start < to.start);
        let found = self.links.get(found).filter(|(place, _)| *place == to).map(|(_, found)| found.clone());
        if let Some(found) = found
            && masked.get(label.end..to.start) == Some("](")
            && masked.get(label.clone()).is_some_and(|label| !label.trim().is_empty())
        {
            let says_so = self.source(&label) == self.text.get(found.place.clone());
            let leads = if says_so { found.leads } else { Some(found.host) };
            if let Some(link) = self.built.link(&found.place, leads) {
                return (Look { link: Some(link), ..look }, None);
            }
        }
        self.words(range.start..range.start + 1, look);
        (look, Some(0))
    }

    /// The text at a place of the masked text, within one line.
    fn source(&self, masked: &Range<usize>) -> Option<&str> {
        let line = self.lines.partition_point(|line| line.masked.end <= masked.start);
        let line = self.lines.get(line).filter(|line| line.masked.start <= masked.start)?;
        let start = line.start + masked.start - line.masked.start;
        (masked.end <= line.masked.end).then(|| self.text.get(start..start + masked.len()))?
    }

    fn code(&mut self, masked: &str, range: Range<usize>, look: Look) {
        let span = &masked[range.clone()];
        let end = range.end;
        let ticks = span.bytes().take_while(|byte| *byte == b'`').count();
        let inner = span.get(ticks..span.len().saturating_sub(ticks)).unwrap_or_default();
        if inner.trim().is_empty() {
            return self.words(range, look);
        }
        let padded = inner.len() > 2 && inner.starts_with(' ') && inner.ends_with(' ');
        let edge = ticks + usize::from(padded);
        self.each_piece(range.start + edge..range.end - edge, look, RunKind::Code);
        self.drawn = end;
    }

    fn words(&mut self, range: Range<usize>, look: Look) {
        self.each_piece(range, look, RunKind::Words);
    }

    /// Draws a place of the masked text, line by line.
    fn each_piece(&mut self, range: Range<usize>, look: Look, kind: RunKind) {
        self.drawn = self.drawn.max(range.end);
        let mut at = range.start;
        while let Some(line) = self.lines.get(self.line).map(|line| line.masked.clone()) {
            let piece = at.max(line.start)..range.end.min(line.end);
            if piece.start < piece.end {
                self.piece(piece, look, kind);
            }
            if range.end <= line.end || self.line + 1 >= self.lines.len() {
                return;
            }
            at = line.end;
            self.next_line(look, kind);
        }
    }

    fn piece(&mut self, masked: Range<usize>, look: Look, kind: RunKind) {
        let Some(line) = self.lines.get(self.line) else { return };
        let source = |at: usize| line.start + at - line.masked.start;
        let place = source(masked.start)..source(masked.end);
        if kind == RunKind::Code {
            return self.built.push(&place, kind, look.style, look.link);
        }
        if look.link.is_some() {
            return emoji(self.text, place, look, self.built);
        }
        let from = self.links.partition_point(|(link, _)| link.end <= masked.start);
        let within: Vec<Found> = self.links[from..]
            .iter()
            .take_while(|(link, _)| link.end <= masked.end)
            .filter(|(link, _)| link.start >= masked.start)
            .map(|(_, found)| found.clone())
            .collect();
        let mut after = place.start;
        for found in within {
            mentions(self.text, after..found.place.start, look, self.built);
            after = found.place.end;
            let link = self.built.link(&found.place, found.leads);
            self.built.push(&found.place, RunKind::Words, look.style, link);
        }
        mentions(self.text, after..place.end, look, self.built);
    }

    fn next_line(&mut self, look: Look, kind: RunKind) {
        self.line += 1;
        if let Some(line) = self.lines.get(self.line) {
            // A line ends with one byte, wherever the next one begins.
            let before = &self.lines[self.line - 1];
            let words_end = before.start + before.masked.len();
            let end = self.text[words_end..].find('\n').map_or(line.indent.start, |at| words_end + at);
            self.built.push(&(end..end + 1), kind, look.style, look.link);
        }
        self.indent();
    }

    fn indent(&mut self) {
        if let Some(line) = self.lines.get(self.line) {
            self.built.push(&line.indent.clone(), RunKind::Words, Style::default(), None);
        }
    }
}

/// Words with names after `@` in them.
fn mentions(text: &str, place: Range<usize>, look: Look, built: &mut Built) {
    let words = &text[place.clone()];
    let mut after = 0;
    for (at, _) in words.match_indices('@') {
        let name = name_length(&words[at + 1..]);
        let is_mail = words[..at].chars().next_back().is_some_and(is_name);
        if at < after || name == 0 || is_mail {
            continue;
        }
        emoji(text, place.start + after..place.start + at, look, built);
        after = at + 1 + name;
        built.push(&(place.start + at..place.start + after), RunKind::Mention, look.style, look.link);
    }
    emoji(text, place.start + after..place.end, look, built);
}

/// The length of the name a text begins with: letters and digits, and signs between them.
fn name_length(text: &str) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices().take_while(|(at, _)| *at < MENTION) {
        if is_name(c) {
            end = at + c.len_utf8();
        } else if !"-.".contains(c) {
            break;
        }
    }
    end
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric()
        || c == '_'
        || !c.is_ascii()
            && matches!(
                CodePointMapData::<GeneralCategory>::new().get(c),
                GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark
            )
}

fn emoji(text: &str, place: Range<usize>, look: Look, built: &mut Built) {
    let mut at = place.start;
    for run in format::runs(&text[place]) {
        let (kind, words) = match run {
            format::Run::Words(words) => (RunKind::Words, words),
            format::Run::Emoji(emoji) => (RunKind::Emoji, emoji),
        };
        built.push(&(at..at + words.len()), kind, look.style, look.link);
        at += words.len();
    }
}
