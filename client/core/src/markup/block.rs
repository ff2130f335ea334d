//! Lines into blocks: fences, quotes, list items, paragraphs. A line is what it begins with; nothing continues by itself on a line
//! that does not say so, unlike in CommonMark: in a chat what follows a quote is the answer to it.

use std::ops::Range;

use super::{
    DEPTH, RunKind, Style,
    build::{Built, KeptKind, Lines},
    inline,
};

/// Spaces that a tab stands for at the beginning of a line.
const TAB: usize = 4;
/// Spaces before a fence, at most; as many are taken off its lines.
const FENCE_INDENT: usize = 8;
/// Backticks of a fence.
const TICKS: std::ops::RangeInclusive<usize> = 3..=8;
/// The longest name of a language.
const LANGUAGE: usize = 32;

/// Reads all lines of a text.
pub(super) fn blocks(lines: &Lines<'_>, built: &mut Built) {
    read(lines, 0, built);
}

/// A paragraph or an item whose lines are being gathered.
#[derive(Debug, Default)]
struct Open {
    lines: Vec<Range<usize>>,
    item: Option<(u8, Option<u32>)>,
}

impl Open {
    fn close_item(&mut self, text: &str, quote: u8, built: &mut Built) {
        if self.item.is_some() {
            self.close(text, quote, built);
        }
    }

    fn close(&mut self, text: &str, quote: u8, built: &mut Built) {
        let lines = std::mem::take(&mut self.lines);
        let kind = match self.item.take() {
            Some((indent, number)) => KeptKind::Item { indent, number },
            None => KeptKind::Paragraph,
        };
        if !lines.is_empty() {
            let from = built.begin();
            inline::read(text, &lines, built);
            built.end(from, quote, kind, text);
        }
    }
}

fn read(all: &Lines<'_>, quote: u8, built: &mut Built) {
    let (text, lines) = (all.text, &all.lines);
    let mut open = Open::default();
    let mut columns: Vec<usize> = Vec::new();
    // Fences with as many backticks, or more, have no end: none is looked for again.
    let mut endless = usize::MAX;
    let mut at = 0;
    while let Some(line) = lines.get(at).filter(|_| !built.is_full()) {
        let words = &text[line.clone()];
        if words.trim().is_empty() {
            open.close(text, quote, built);
            at += 1;
        } else if let Some(fence) = Fence::at(words, line.start).filter(|fence| fence.ticks < endless)
            && let Some(end) = fence.end(all, at, &mut endless)
        {
            open.close(text, quote, built);
            columns.clear();
            fence.code(all, at, &end, quote, built);
            at = end.line + 1;
        } else if quote < DEPTH && is_quoted(words) {
            open.close_item(text, quote, built);
            columns.clear();
            let quoted = Quoted::at(all, at);
            at += quoted.0.lines.len();
            if quoted.says_something() {
                open.close(text, quote, built);
                read(&quoted.0, quote + 1, built);
            } else {
                open.lines.extend_from_slice(&lines[at - quoted.0.lines.len()..at]);
            }
        } else if let Some(item) = Item::at(words, line.start) {
            open.close(text, quote, built);
            let indent = nest(&mut columns, item.column);
            open.item = Some((indent, item.number));
            open.lines.push(item.start..line.end);
            at += 1;
        } else {
            if indent(words).1 < 2 {
                open.close_item(text, quote, built);
            }
            let mut line = line.clone();
            if open.item.is_some() {
                line.start += indent(words).0;
            } else {
                columns.clear();
            }
            open.lines.push(line);
            at += 1;
        }
    }
    open.close(text, quote, built);
}

/// How deep an item at this column is. `columns`: those of the lists it may be inside of.
fn nest(columns: &mut Vec<usize>, column: usize) -> u8 {
    while columns.last().is_some_and(|outer| *outer > column) {
        let _ = columns.pop();
    }
    if columns.last().is_none_or(|outer| outer + 2 <= column) {
        columns.push(column);
    }
    u8::try_from(columns.len() - 1).unwrap_or(DEPTH).min(DEPTH)
}

/// The blank bytes at the beginning of a line, and the columns they take.
fn indent(line: &str) -> (usize, usize) {
    let blank = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t'));
    blank.fold((0, 0), |(bytes, columns), byte| (bytes + 1, columns + if byte == b'\t' { TAB } else { 1 }))
}

/// Whether a line is quoted. There is a space after its `>`s, or nothing: `>:(` is a face, `>5` a number.
fn is_quoted(line: &str) -> bool {
    let after = line.trim_start_matches('>');
    after.len() < line.len() && (after.is_empty() || after.starts_with([' ', '\t']))
}

/// The lines of a quote, without their `>`.
struct Quoted<'a>(Lines<'a>);

impl<'a> Quoted<'a> {
    fn at(all: &Lines<'a>, at: usize) -> Self {
        let inner = |line: &Range<usize>| {
            let words = &all.text[line.clone()];
            let space = words.as_bytes().get(1).is_some_and(|byte| matches!(byte, b' ' | b'\t'));
            is_quoted(words).then(|| line.start + 1 + usize::from(space)..line.end)
        };
        Self(Lines { text: all.text, lines: all.lines[at..].iter().map_while(inner).collect() })
    }

    fn says_something(&self) -> bool {
        let says = |line: &Range<usize>| !self.0.text[line.clone()].trim_matches(['>', ' ', '\t']).is_empty();
        self.0.lines.iter().any(says)
    }
}

/// A list item: where its text begins, and its number.
struct Item {
    column: usize,
    start: usize,
    number: Option<u32>,
}

impl Item {
    fn at(line: &str, start: usize) -> Option<Self> {
        let (blank, column) = indent(line);
        let rest = &line[blank..];
        let (mark, number) = match rest.as_bytes().first()? {
            // A line of nothing but dashes or stars is one that was drawn.
            b'-' | b'*' if rest.bytes().any(|byte| !matches!(byte, b'-' | b'*' | b'_' | b' ' | b'\t')) => {
                (1, None)
            }
            b'0'..=b'9' => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).take(10).count();
                (digits + 1, Some(rest[..digits].parse().ok().filter(|_| digits < 10)?))
            }
            _ => return None,
        };
        if number.is_some() && rest.as_bytes().get(mark - 1) != Some(&b'.') {
            return None;
        }
        let text = rest[mark..].trim_start_matches([' ', '\t']);
        let begins = line.len() - text.len();
        (begins > blank + mark && !text.trim().is_empty()).then_some(Self {
            column,
            start: start + begins,
            number,
        })
    }
}

/// The first line of code between fences.
struct Fence {
    ticks: usize,
    indent: usize,
    language: Range<usize>,
}

struct FenceEnd {
    line: usize,
    /// Code before the fence, on its line.
    code: Range<usize>,
}

impl Fence {
    fn at(line: &str, start: usize) -> Option<Self> {
        let (blank, indent) = indent(line);
        let ticks = line[blank..].bytes().take_while(|byte| *byte == b'`').count();
        let from = blank + ticks;
        let language = line[from..].trim();
        let is_name = |c: char| c.is_alphanumeric() || "+#._-".contains(c);
        let fits = indent <= FENCE_INDENT && TICKS.contains(&ticks) && language.len() <= LANGUAGE;
        let skipped = line[from..].len() - line[from..].trim_start().len();
        let from = start + from + skipped;
        (fits && language.chars().all(is_name)).then(|| Self {
            ticks,
            indent,
            language: from..from + language.len(),
        })
    }

    /// The line that ends with as many backticks or more, if there is something before them. `endless`: as many have no end.
    fn end(&self, all: &Lines<'_>, at: usize, endless: &mut usize) -> Option<FenceEnd> {
        let mut says = false;
        for (index, line) in all.lines.iter().enumerate().skip(at + 1) {
            let words = all.text[line.clone()].trim_end();
            let code = words.trim_end_matches('`');
            says |= !code.trim().is_empty();
            if words.len() - code.len() >= self.ticks {
                let code = line.start..line.start + code.len();
                return says.then_some(FenceEnd { line: index, code });
            }
        }
        *endless = self.ticks;
        None
    }

    fn code(&self, all: &Lines<'_>, at: usize, end: &FenceEnd, quote: u8, built: &mut Built) {
        let from = built.begin();
        let mut push = |range: Range<usize>| built.push(&range, RunKind::Code, Style::default(), None);
        let last = (!all.text[end.code.clone()].trim().is_empty()).then_some(&end.code);
        let mut lines = all.lines[at + 1..end.line].iter().chain(last).peekable();
        while let Some(line) = lines.next() {
            let start = line.start + self.cut(&all.text[line.clone()]);
            push(start..line.end);
            if lines.peek().is_some() {
                // What ends a line that is not the last is one byte.
                push(line.end..line.end + 1);
            }
        }
        built.end(from, quote, KeptKind::Code(super::build::place(&self.language)), all.text);
    }

    /// The blank bytes at the beginning of a line of code that belong to the fence.
    fn cut(&self, line: &str) -> usize {
        let mut columns = 0;
        let blank = line.bytes().take_while(|byte| {
            columns += if *byte == b'\t' { TAB } else { 1 };
            matches!(byte, b' ' | b'\t') && columns <= self.indent
        });
        blank.count()
    }
}
