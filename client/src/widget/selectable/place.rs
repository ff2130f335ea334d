//! Places in a laid out text: which one is under a point, and where a stretch of it is.
//!
//! iced 0.14 tells a place within a line, but not in which line. So this reads cosmic-text's own layout.

use std::ops::Range;

use iced::{
    Point, Rectangle,
    advanced::{graphics::text::cosmic_text::LayoutRun, text::Paragraph as _},
};
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::Paragraph;

/// How far a selected line break reaches beyond its line.
const BREAK: f32 = 6.0;

/// One laid out piece of a message.
#[derive(Default)]
pub struct Piece {
    pub(super) paragraph: Paragraph,
    /// The text as it was laid out.
    pub(super) text: String,
    /// Bytes of the message before it.
    pub(super) before: usize,
    /// What of the text is no part of the message.
    pub(super) asides: Vec<Range<usize>>,
}

impl Piece {
    /// The place in the message that is nearest to a point. Above the text it is its start, below it its end.
    pub fn at(&self, point: Point, bounds: Rectangle) -> usize {
        let origin = self.origin(bounds);
        let (x, y) = (point.x - origin.x, point.y - origin.y);
        self.before + if point.y < bounds.y { 0 } else { self.word_at(self.nearest(x, y)) }
    }

    /// How many bytes of the message's words come before a place in the text.
    fn word_at(&self, shown: usize) -> usize {
        let asides = self.asides.iter().map(|aside| aside.end.min(shown).saturating_sub(aside.start));
        shown.saturating_sub(asides.sum())
    }

    /// The place in the text that has so many bytes of words before it: the first one, or the last.
    fn shown_at(&self, word: usize, last: bool) -> usize {
        let mut shown = word;
        for aside in &self.asides {
            if aside.start < shown || (last && aside.start == shown) {
                shown += aside.len();
            }
        }
        shown.min(self.text.len())
    }

    /// Where the text begins in its bounds.
    pub(super) fn origin(&self, bounds: Rectangle) -> Point {
        let paragraph = &self.paragraph;
        bounds.anchor(paragraph.min_bounds(), paragraph.align_x(), paragraph.align_y())
    }

    /// The stretches that part of the message takes, from the text's own origin on.
    pub(super) fn marked(&self, part: &Range<usize>) -> Vec<Rectangle> {
        let start = self.shown_at(part.start.saturating_sub(self.before), true);
        let end = self.shown_at(part.end.saturating_sub(self.before), false);
        let mut marked = Vec::new();
        if start >= end {
            return marked;
        }
        let starts = self.line_starts();
        let mut runs = self.paragraph.buffer().layout_runs().peekable();
        while let Some(run) = runs.next() {
            let line = starts.get(run.line_i).copied().unwrap_or(self.text.len());
            mark_run(&run, line, start..end, &mut marked);
            let is_end = runs.peek().is_none_or(|next| next.line_i != run.line_i);
            let line_break = line + run.text.len();
            if is_end && start <= line_break && line_break < end {
                mark_break(&run, &mut marked);
            }
        }
        marked
    }

    /// Where each span is, from the text's own origin on: a stretch for each line, and for each change of direction.
    ///
    /// iced 0.14 has `span_bounds` for this, which takes all words as standing from left to right.
    pub(super) fn stretches(&self) -> Vec<(usize, Rectangle)> {
        let mut stretches: Vec<(usize, Rectangle)> = Vec::new();
        for run in self.paragraph.buffer().layout_runs() {
            let first = stretches.len();
            for glyph in run.glyphs {
                let height = glyph.line_height_opt.unwrap_or(run.line_height);
                let bounds = Rectangle { x: glyph.x, y: run.line_top + glyph.y, width: glyph.w, height };
                let last = stretches.get_mut(first..).and_then(<[_]>::last_mut);
                match last.filter(|(span, _)| *span == glyph.metadata) {
                    Some((_, last)) if beside(last, &bounds) => *last = last.union(&bounds),
                    _ => stretches.push((glyph.metadata, bounds)),
                }
            }
        }
        stretches
    }

    fn nearest(&self, x: f32, y: f32) -> usize {
        for run in self.paragraph.buffer().layout_runs() {
            if y < run.line_top + run.line_height {
                let line = self.line_starts().get(run.line_i).copied().unwrap_or(self.text.len());
                return self.between_characters(line + in_run(&run, x));
            }
        }
        self.text.len()
    }

    /// The place itself, or the one before the character that it is inside of.
    fn between_characters(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        match cursor.is_boundary(&self.text, 0) {
            Ok(false) => cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0),
            _ => at,
        }
    }

    /// Where the lines begin. What breaks lines is one character, or two of them.
    fn line_starts(&self) -> Vec<usize> {
        let mut starts: Vec<usize> = Vec::new();
        let mut end = None;
        for line in &self.paragraph.buffer().lines {
            let start = end.map_or(0, |end: usize| {
                let rest = self.text.get(end..).unwrap_or_default();
                let after = |count| rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at);
                let is_here = |count: &usize| rest[after(*count)..].starts_with(line.text());
                end + after([1, 2].into_iter().find(is_here).unwrap_or(1))
            });
            starts.push(start);
            end = Some(start + line.text().len());
        }
        starts
    }
}

/// Whether one of two stretches of a line goes on where the other ends.
fn beside(one: &Rectangle, other: &Rectangle) -> bool {
    let meets = |end: f32, start: f32| (end - start).abs() < 0.5;
    one.y == other.y && (meets(one.x + one.width, other.x) || meets(other.x + other.width, one.x))
}

/// The place in a run's line that is nearest to this far from the left.
fn in_run(run: &LayoutRun<'_>, x: f32) -> usize {
    let distance = |left: f32, width: f32| (left - x).max(x - left - width).max(0.0);
    let nearest =
        run.glyphs.iter().min_by(|one, other| distance(one.x, one.w).total_cmp(&distance(other.x, other.w)));
    let Some(glyph) = nearest else { return 0 };
    let cluster = run.text.get(glyph.start..glyph.end).unwrap_or_default();
    let count = cluster.graphemes(true).count();
    let share = if glyph.w > 0.0 { ((x - glyph.x) / glyph.w).clamp(0.0, 1.0) } else { 0.0 };
    let share = if glyph.level.is_rtl() { 1.0 - share } else { share };
    let passed = (share * count as f32).round() as usize;
    let at = cluster.grapheme_indices(true).nth(passed).map_or(cluster.len(), |(at, _)| at);
    glyph.start + at
}

/// Marks what a run has of a part of the text. `line`: where the run's line begins.
fn mark_run(run: &LayoutRun<'_>, line: usize, part: Range<usize>, marked: &mut Vec<Rectangle>) {
    let first = marked.len();
    for glyph in run.glyphs {
        let (start, end) = (line + glyph.start, line + glyph.end);
        if end <= part.start || start >= part.end || glyph.w <= 0.0 {
            continue;
        }
        let cluster = run.text.get(glyph.start..glyph.end).unwrap_or_default();
        let count = cluster.graphemes(true).count().max(1) as f32;
        let passed = |at: usize| {
            let before = |(index, _): &(usize, &str)| *index < at.saturating_sub(start);
            cluster.grapheme_indices(true).take_while(before).count() as f32 / count
        };
        let (from, to) = (passed(part.start), if part.end >= end { 1.0 } else { passed(part.end) });
        let left = if glyph.level.is_rtl() { 1.0 - to } else { from };
        let (x, width) = (glyph.x + glyph.w * left, glyph.w * (to - from));
        let last = marked.get_mut(first..).and_then(<[_]>::last_mut);
        match last {
            Some(last) if (last.x + last.width - x).abs() < 0.5 => last.width = x + width - last.x,
            Some(last) if (x + width - last.x).abs() < 0.5 => {
                last.width += last.x - x;
                last.x = x;
            }
            _ => marked.push(Rectangle { x, y: run.line_top, width, height: run.line_height }),
        }
    }
}

fn mark_break(run: &LayoutRun<'_>, marked: &mut Vec<Rectangle>) {
    let right = run.glyphs.iter().map(|glyph| glyph.x + glyph.w).fold(0.0, f32::max);
    let left = run.glyphs.iter().map(|glyph| glyph.x).fold(right, f32::min);
    let x = if run.rtl { left - BREAK } else { right };
    marked.push(Rectangle { x, y: run.line_top, width: BREAK, height: run.line_height });
}

#[cfg(test)]
mod tests {
    use iced::{
        Font, Size,
        advanced::{
            Text,
            text::{Alignment, LineHeight, Shaping, Span, Wrapping},
        },
        alignment,
    };

    use super::*;
    use crate::font;

    fn piece(spans: &[&str], width: f32) -> Piece {
        for bytes in font::BUNDLED {
            iced::advanced::graphics::text::font_system().write().unwrap().load_font(bytes.into());
        }
        let words: String = spans.concat();
        let spans: Vec<Span<'_, (), Font>> = spans.iter().map(|span| Span::new(*span)).collect();
        let text = Text {
            content: spans.as_slice(),
            bounds: Size::new(width, f32::INFINITY),
            size: 15.0.into(),
            line_height: LineHeight::Absolute(22.0.into()),
            font: font::REGULAR,
            align_x: Alignment::Default,
            align_y: alignment::Vertical::Top,
            shaping: Shaping::Advanced,
            wrapping: Wrapping::WordOrGlyph,
        };
        Piece { paragraph: Paragraph::with_spans(text), text: words, before: 0, asides: Vec::new() }
    }

    fn bounds(piece: &Piece) -> Rectangle {
        Rectangle::new(Point::new(40.0, 100.0), piece.paragraph.min_bounds())
    }

    const TEXTS: [&[&str]; 7] = [
        &["Good morning, everybody"],
        &["a line\nanother\n\nand ", "the ", "last"],
        &["wrapped because there are far more words than one line of it can hold"],
        &["tea 👩‍🚀🇩🇪 and e\u{301}clair"],
        &["שלום לכולם"],
        &["mixed שלום and العربية text"],
        &["日本語のテキスト"],
    ];

    #[test]
    fn a_place_that_is_pointed_at_is_marked_from_there_on() {
        for spans in TEXTS {
            let piece = piece(spans, 180.0);
            let bounds = bounds(&piece);
            for (start, character) in piece.text.grapheme_indices(true) {
                if character == "\n" {
                    continue;
                }
                let end = start + character.len();
                let marked = piece.marked(&(start..end));
                let Some(place) = marked.first() else {
                    assert_eq!(character, " ", "only a space where a line is broken takes no room");
                    continue;
                };
                let middle = place.center() + (piece.origin(bounds) - Point::ORIGIN);
                for by in [-0.3, 0.3] {
                    let at = piece.at(Point::new(middle.x + by * place.width, middle.y), bounds);
                    assert!(
                        at == start || at == end,
                        "{character:?} of {spans:?}: {at}, not {start} or {end}"
                    );
                }
            }
        }
    }

    #[test]
    fn from_right_to_left_the_right_half_of_a_letter_is_its_start() {
        let piece = piece(&["שלום"], 400.0);
        let bounds = bounds(&piece);
        let first = piece.marked(&(0..2))[0] + (piece.origin(bounds) - Point::ORIGIN);
        let y = first.center_y();
        assert_eq!(piece.at(Point::new(first.x + first.width * 0.9, y), bounds), 0);
        assert_eq!(piece.at(Point::new(first.x + first.width * 0.1, y), bounds), 2);
    }

    #[test]
    fn every_place_in_and_around_a_text_is_between_two_characters_of_it() {
        for spans in TEXTS {
            let piece = piece(spans, 180.0);
            let bounds = bounds(&piece);
            let mut last = 0;
            for y in 90..200 {
                for x in (0..260).step_by(3) {
                    let at = piece.at(Point::new(x as f32, y as f32), bounds);
                    let is_between = piece.text.grapheme_indices(true).any(|(start, _)| start == at);
                    assert!(is_between || at == piece.text.len(), "{at} in {spans:?}");
                }
                let start = piece.at(Point::new(bounds.x, y as f32), bounds);
                assert!(y != 90 || start == 0, "above it is the start");
                last = start;
            }
            assert_eq!(last, piece.text.len(), "below it is the end");
        }
    }

    #[test]
    fn all_of_a_text_is_marked_line_by_line_and_its_breaks_too() {
        let piece = piece(&["one\n\nthree"], 400.0);
        let marked = piece.marked(&(0..piece.text.len()));
        let lines: Vec<f32> = marked.iter().map(|line| line.y).collect();
        assert_eq!(lines, [0.0, 0.0, 22.0, 44.0], "a line, its break, an empty line, a line");
        assert!(piece.marked(&(2..2)).is_empty());
    }

    #[test]
    fn each_span_is_where_its_letters_are_in_either_direction() {
        for spans in [
            ["see ", "https://example.com/", " there"],
            ["ראו ", "https://example.com/", " שם"],
            ["ראו ", "את הקישור הארוך הזה", " שם"],
            ["see ", "שלום", " there"],
            ["wrapped because ", "of far more words than one line", " can hold"],
        ] {
            let piece = piece(&spans, 180.0);
            let stretches = piece.stretches();
            let mut start = 0;
            for (index, span) in spans.iter().enumerate() {
                let area = |all: Vec<Rectangle>| all.iter().map(|one| one.width * one.height).sum::<f32>();
                let own = stretches.iter().filter(|(span, _)| *span == index).map(|(_, bounds)| *bounds);
                let own: Vec<Rectangle> = own.collect();
                let marked = piece.marked(&(start..start + span.len()));
                for letter in &marked {
                    assert!(own.iter().any(|one| one.contains(letter.center())), "{span:?} of {spans:?}");
                }
                assert!((area(own) - area(marked)).abs() < 22.0, "{span:?} of {spans:?}");
                start += span.len();
            }
        }
    }

    #[test]
    fn asides_are_marked_with_what_is_around_them_and_not_counted() {
        let mut piece = piece(&["a link", " (leads there)", " and on"], 400.0);
        piece.asides.push(6..20);
        piece.before = 100;
        let bounds = bounds(&piece);
        let all = piece.marked(&(100..113));
        assert_eq!(all.len(), 1);
        assert!((all[0].width - bounds.width).abs() < 1.0, "all of it is marked");
        let (link, rest) = (piece.marked(&(100..106)), piece.marked(&(106..113)));
        assert!(link[0].x + link[0].width < rest[0].x - 30.0, "alone, the words around it are");
        let at = |x: f32| piece.at(Point::new(bounds.x + x, bounds.center_y()), bounds);
        assert_eq!(at(bounds.width), 113);
        assert_eq!(at(link[0].width + 20.0), 106, "within it is where it stands");
        assert!(piece.marked(&(0..100)).is_empty() && piece.marked(&(113..200)).is_empty());
    }
}
