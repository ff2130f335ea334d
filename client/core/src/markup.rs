//! What a message says, read once when it arrives: paragraphs, quotes, list items and code, made of runs that are drawn alike.
//!
//! It is the part of Markdown that chats share. `assets/markup.json` has what it makes of which text; the web page reads messages
//! by the same table. Everything else stays as it was typed: headings, tables, HTML, images, backslashes, `__init__`, `2*3*4`.
//!
//! A markup holds places in its text, not copies of it. Plain words hold nothing at all.
//!
//! Bounds: at most [`NODES`] blocks, runs and links, quotes and lists [`DEPTH`] deep; a text that would need more is shown as
//! typed. Reading takes time linear in the text's length.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::mention;

mod block;
mod build;
mod inline;
mod link;
mod plain;
mod tidy;

use build::{Built, Lines};

/// Blocks, runs and links of one message, at most.
pub const NODES: usize = 2_000;

/// How deep quotes and lists go.
pub const DEPTH: u8 = 4;

/// A message’s text, read. It belongs to the text it was made from: every question takes that text again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(Option<Box<Built>>);

/// A part of a message that stands on lines of its own.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// How many quotes it is inside of.
    pub quote: u8,
    /// What it is.
    pub kind: BlockKind<'a>,
    /// Whether it is read from right to left.
    pub is_rtl: bool,
    text: &'a str,
    built: Option<&'a Built>,
    runs: (u32, u32),
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind<'a> {
    /// Lines of words.
    Paragraph,
    /// An item of a list.
    Item {
        /// How many lists its list is inside of.
        indent: u8,
        /// Its number as typed; none when it has a bullet.
        number: Option<u32>,
    },
    /// Code between fences.
    Code {
        /// The language, as typed; may be empty.
        language: &'a str,
    },
}

/// A piece of a text that is drawn alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// Its text; line breaks are in it as `\n`.
    pub text: &'a str,
    /// What it is.
    pub kind: RunKind,
    /// How it is emphasised.
    pub style: Style,
    /// Where it leads.
    pub link: Option<Link<'a>>,
}

/// What a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// Words.
    Words,
    /// Emoji, for the emoji font.
    Emoji,
    /// Code. Its words are told apart later, see [`crate::highlight`].
    Code,
    /// A name after `@`.
    Mention,
}

/// How a run is emphasised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// `**bold**`
    pub bold: bool,
    /// `*italic*`
    pub italic: bool,
    /// `~~strike~~`
    pub strike: bool,
}

/// Where a run leads: `http` and `https` only, nothing else is ever opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// The address as typed; [`address`] is what to open.
    pub to: &'a str,
    /// The host it really leads to, where a reader could take it for another one.
    pub leads: Option<&'a str>,
    /// Tells links of one message apart: runs of one link follow each other.
    pub index: usize,
}

/// An address as it is opened, in the one spelling that all browsers understand alike. None for what is no address of the web.
pub fn address(typed: &str) -> Option<String> {
    link::parse(typed).map(String::from)
}

impl Markup {
    /// Reads a text.
    pub fn parse(text: &str) -> Self {
        if plain::is_plain(text) {
            return Self(None);
        }
        let tidy = tidy::tidy(text);
        let text = tidy.as_deref().unwrap_or(text);
        let mut built = Built::default();
        block::blocks(&Lines::of(text), &mut built);
        if built.is_full() {
            built = Built::as_typed(text);
        }
        built.finish(text);
        let says_nothing = built.says_nothing(text);
        built.tidy = tidy.map(String::into_boxed_str);
        Self((!says_nothing || built.tidy.is_some()).then(|| Box::new(built)))
    }

    /// The blocks of the text this was made from.
    pub fn blocks<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Block<'a>> {
        let built = self.0.as_deref();
        let text = built.and_then(|built| built.tidy.as_deref()).unwrap_or(text);
        let count = built.map_or(usize::from(!text.is_empty()), |built| built.blocks.len());
        (0..count).map(move |index| match built {
            Some(built) => built.block(index, text),
            None => {
                let kind = BlockKind::Paragraph;
                Block { quote: 0, kind, is_rtl: false, text, built: None, runs: (0, 1) }
            }
        })
    }

    /// Whether the text is words from left to right and nothing else, to be drawn as they are.
    pub fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the text is nothing but a few emoji, which are then shown large.
    pub fn is_jumbo(&self) -> bool {
        self.0.as_ref().is_some_and(|built| built.is_jumbo)
    }

    /// The emoji in the text, one by one.
    pub fn emoji<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let runs = self.blocks(text).flat_map(|block| block.runs());
        runs.filter(|run| run.kind == RunKind::Emoji).flat_map(|run| run.text.graphemes(true))
    }

    /// Whether there is code between fences.
    pub fn has_code(&self) -> bool {
        let is_code = |built: &Built| built.blocks.iter().any(|block| block.is_code());
        self.0.as_deref().is_some_and(is_code)
    }

    /// The text as it is seen, without marks: what is copied from the screen. Names after `@` stay, quotes keep their `> `, items
    /// their bullets, and a link whose text is not its address has the address after it.
    pub fn seen(&self, text: &str) -> String {
        let mut seen = String::with_capacity(text.len());
        for block in self.blocks(text) {
            if !seen.is_empty() {
                seen.push('\n');
            }
            block.seen(&mut seen);
        }
        seen
    }

    /// The memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.as_deref().map_or(0, Built::bytes)
    }
}

impl<'a> Block<'a> {
    /// Its runs, in order.
    pub fn runs(&self) -> impl Iterator<Item = Run<'a>> + use<'a> {
        let (text, built) = (self.text, self.built);
        (self.runs.0..self.runs.1).map(move |index| match built {
            Some(built) => built.run(index, text),
            None => Run { text, kind: RunKind::Words, style: Style::default(), link: None },
        })
    }

    /// The same, where each of these names is one run with the `@` before it, however many words it has.
    pub fn runs_naming<'n>(&self, names: &'n [&'n str]) -> impl Iterator<Item = Run<'a>> + use<'a, 'n> {
        let block = *self;
        // Where the last name ends: what is before that was given with it.
        let mut named = 0;
        (self.runs.0..self.runs.1).filter_map(move |index| {
            let Some(built) = block.built else { return block.runs().next() };
            let (run, place) = (built.run(index, block.text), built.place(index));
            if place.start < named {
                let rest = block.text.get(named..place.end).filter(|rest| !rest.is_empty())?;
                return Some(Run { text: rest, ..run });
            }
            named = place.end;
            if run.kind == RunKind::Mention && !names.is_empty() {
                let alike = built.alike(index..block.runs.1);
                let end = mention::longest(block.text.get(place.start..alike)?, names).unwrap_or(0);
                named = named.max(place.start + end);
            }
            Some(Run { text: block.text.get(place.start..named)?, ..run })
        })
    }

    /// Its text without marks.
    pub fn words(&self) -> String {
        self.runs().map(|run| run.text).collect()
    }

    fn seen(&self, seen: &mut String) {
        let quote = "> ".repeat(usize::from(self.quote));
        seen.push_str(&quote);
        if let BlockKind::Item { indent, number } = self.kind {
            seen.push_str(&"  ".repeat(usize::from(indent)));
            seen.push_str(&number.map_or_else(|| "• ".to_owned(), |number| format!("{number}. ")));
        }
        let mut runs = self.runs().peekable();
        while let Some(run) = runs.next() {
            if quote.is_empty() {
                seen.push_str(run.text);
            } else {
                seen.push_str(&run.text.replace('\n', &format!("\n{quote}")));
            }
            let ends = runs.peek().and_then(|next| next.link).map(|link| link.index)
                != run.link.map(|link| link.index);
            if let Some(link) = run.link.filter(|link| ends && !run.text.ends_with(link.to)) {
                seen.push_str(&format!(" ({})", link.to));
            }
        }
    }
}

/// A place in a text. A message is far smaller than what 32 bits count.
type Place = Range<u32>;
