//! Markup in the making, and as it is kept: flat lists of blocks, runs and links by their places in the text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::{Block, BlockKind, Link, NODES, Place, Run, RunKind, Style, tidy};

/// The kept form of a [`Markup`](super::Markup).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Built {
    pub blocks: Vec<KeptBlock>,
    pub runs: Vec<KeptRun>,
    pub links: Vec<KeptLink>,
    /// The text that places are in, where it is not the message's own.
    pub tidy: Option<Box<str>>,
    pub is_jumbo: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptBlock {
    pub quote: u8,
    pub kind: KeptKind,
    pub is_rtl: bool,
    pub runs: (u32, u32),
}

impl KeptBlock {
    pub fn is_code(&self) -> bool {
        matches!(self.kind, KeptKind::Code(_))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeptKind {
    Paragraph,
    Item { indent: u8, number: Option<u32> },
    Code(Place),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptRun {
    pub place: Place,
    pub kind: RunKind,
    pub style: Style,
    pub link: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptLink {
    pub to: Place,
    pub leads: Option<Box<str>>,
}

/// The lines of a text, without their ends.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub text: &'a str,
    pub lines: Vec<Range<usize>>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Self {
        let mut from = 0;
        let lines = text
            .split('\n')
            .map(|line| {
                let start = from;
                from += line.len() + 1;
                start..start + line.len()
            })
            .collect();
        Self { text, lines }
    }
}

pub(super) fn place(range: &Range<usize>) -> Place {
    // Saturates only for texts of 4 GB, which no limit lets through; they would read as empty.
    let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
    place(range.start)..place(range.end)
}

impl Built {
    /// Whether there is more than a markup may have.
    pub fn is_full(&self) -> bool {
        self.blocks.len() + self.runs.len() + self.links.len() > NODES
    }

    /// The whole text as one paragraph of words.
    pub fn as_typed(text: &str) -> Self {
        let mut built = Self::default();
        let from = built.begin();
        built.push(&(0..text.len()), RunKind::Words, Style::default(), None);
        built.end(from, 0, KeptKind::Paragraph, text);
        built
    }

    /// Where the runs of a block begin.
    pub fn begin(&self) -> u32 {
        u32::try_from(self.runs.len()).unwrap_or(u32::MAX)
    }

    /// Ends a block that began there; one without runs is none.
    pub fn end(&mut self, from: u32, quote: u8, kind: KeptKind, text: &str) {
        let runs = (from, self.begin());
        if runs.0 < runs.1 {
            let places = self.runs[runs.0 as usize..].iter().map(|run| &run.place);
            let is_rtl = !matches!(kind, KeptKind::Code(_))
                && !text.is_ascii()
                && tidy::is_rtl(places.filter_map(|place| slice(text, place)));
            self.blocks.push(KeptBlock { quote, kind, is_rtl, runs });
        }
    }

    /// Adds a run, or makes the one before longer.
    pub fn push(&mut self, range: &Range<usize>, kind: RunKind, style: Style, link: Option<u16>) {
        if range.is_empty() || self.runs.len() > NODES {
            return;
        }
        let place = place(range);
        let begins_block = self.blocks.last().map_or(0, |block| block.runs.1) as usize == self.runs.len();
        if let Some(last) = self.runs.last_mut().filter(|_| !begins_block)
            && (last.place.end, last.kind, last.style, last.link) == (place.start, kind, style, link)
        {
            last.place.end = place.end;
            return;
        }
        self.runs.push(KeptRun { place, kind, style, link });
    }

    pub fn link(&mut self, to: &Range<usize>, leads: Option<String>) -> Option<u16> {
        let index = u16::try_from(self.links.len()).ok().filter(|_| !self.is_full())?;
        self.links.push(KeptLink { to: place(to), leads: leads.map(String::into_boxed_str) });
        Some(index)
    }

    /// `text` is what its places are in.
    pub fn finish(&mut self, text: &str) {
        self.is_jumbo = self.is_few_emoji(text);
        self.blocks.shrink_to_fit();
        self.runs.shrink_to_fit();
        self.links.shrink_to_fit();
    }

    /// One to three emoji and nothing else.
    fn is_few_emoji(&self, text: &str) -> bool {
        const FEW: usize = 3;
        let [KeptBlock { quote: 0, kind: KeptKind::Paragraph, .. }] = &self.blocks[..] else { return false };
        let mut count = 0;
        self.runs.iter().all(|run| {
            let words = slice(text, &run.place).unwrap_or_default();
            match run.kind {
                RunKind::Emoji => count += words.graphemes(true).take(FEW + 1).count(),
                RunKind::Words if words.trim().is_empty() => {}
                _ => return false,
            }
            count <= FEW
        }) && count > 0
    }

    /// Whether it says no more than the text alone does.
    pub fn says_nothing(&self, text: &str) -> bool {
        let is_words = |run: &KeptRun| {
            let whole = run.place == place(&(0..text.len()));
            whole && run.kind == RunKind::Words && run.style == Style::default() && run.link.is_none()
        };
        match (&self.blocks[..], &self.runs[..]) {
            ([block], [run]) => {
                self.tidy.is_none()
                    && !block.is_rtl
                    && (block.quote, &block.kind) == (0, &KeptKind::Paragraph)
                    && is_words(run)
            }
            (blocks, _) => blocks.is_empty(),
        }
    }

    pub fn block<'a>(&'a self, index: usize, text: &'a str) -> Block<'a> {
        let block = &self.blocks[index];
        let kind = match &block.kind {
            KeptKind::Paragraph => BlockKind::Paragraph,
            KeptKind::Item { indent, number } => BlockKind::Item { indent: *indent, number: *number },
            KeptKind::Code(language) => {
                BlockKind::Code { language: slice(text, language).unwrap_or_default() }
            }
        };
        Block { quote: block.quote, kind, is_rtl: block.is_rtl, text, built: Some(self), runs: block.runs }
    }

    pub fn run<'a>(&'a self, index: u32, text: &'a str) -> Run<'a> {
        let run = &self.runs[index as usize];
        let link = run.link.map(usize::from).and_then(|index| {
            let link = self.links.get(index)?;
            Some(Link { to: slice(text, &link.to)?, leads: link.leads.as_deref(), index })
        });
        Run { text: slice(text, &run.place).unwrap_or_default(), kind: run.kind, style: run.style, link }
    }

    /// Where a run is.
    pub fn place(&self, index: u32) -> Range<usize> {
        let place = &self.runs[index as usize].place;
        place.start as usize..place.end as usize
    }

    /// Where the words end that follow each other from the first of these runs on and look alike but for being mentions.
    pub fn alike(&self, runs: Range<u32>) -> usize {
        let runs = &self.runs[runs.start as usize..runs.end as usize];
        let Some(first) = runs.first() else { return 0 };
        let is_alike = |run: &&KeptRun| {
            matches!(run.kind, RunKind::Words | RunKind::Mention)
                && (run.style, run.link) == (first.style, first.link)
        };
        let end = runs.iter().take_while(is_alike).try_fold(first.place.start, |end, run| {
            if run.place.start == end { Ok(run.place.end) } else { Err(end) }
        });
        end.unwrap_or_else(|end| end) as usize
    }

    pub fn bytes(&self) -> usize {
        let hosts: usize =
            self.links.iter().filter_map(|link| link.leads.as_ref()).map(|host| host.len()).sum();
        size_of::<Self>()
            + self.blocks.capacity() * size_of::<KeptBlock>()
            + self.runs.capacity() * size_of::<KeptRun>()
            + self.links.capacity() * size_of::<KeptLink>()
            + self.tidy.as_ref().map_or(0, |text| text.len())
            + hosts
    }
}

/// The text at a place; none where a markup meets a text it was not made from.
fn slice<'a>(text: &'a str, place: &Place) -> Option<&'a str> {
    text.get(place.start as usize..place.end as usize)
}
