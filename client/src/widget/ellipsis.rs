//! Words somebody else chose, on one line: emoji in colour, and "…" where they do not fit. iced 0.14 has no ellipsis.

use std::borrow::Cow;

use iced::{
    Element, Font, Length, Rectangle, Renderer, Size, Theme,
    advanced::{
        self, Layout, Widget,
        layout::{Limits, Node},
        mouse, renderer,
        text::{Alignment, Paragraph as _, Shaping, Span, Wrapping},
        widget::{Operation, Tree, tree},
    },
    alignment,
    widget::text,
};
use snug_core::format::{self, Run};
use unicode_segmentation::UnicodeSegmentation;

use super::Type;
use crate::font;

type Paragraph = <Renderer as advanced::text::Renderer>::Paragraph;

/// See the [module](self).
pub struct Ellipsis<'a> {
    content: Cow<'a, str>,
    kind: Type,
    style: Box<dyn Fn(&Theme) -> text::Style + 'a>,
    /// Width left for what stands after it in the row: a row gives its first child all there is.
    beside: f32,
}

/// Words on one line, with room for what comes after them.
pub fn ellipsis_beside<'a, Message: 'a>(
    content: impl Into<Cow<'a, str>>,
    kind: Type,
    style: impl Fn(&Theme) -> text::Style + 'a,
    beside: f32,
) -> Element<'a, Message> {
    Element::new(Ellipsis { content: content.into(), kind, style: Box::new(style), beside })
}

/// Words on one line.
pub fn ellipsis<'a, Message: 'a>(
    content: impl Into<Cow<'a, str>>,
    kind: Type,
    style: impl Fn(&Theme) -> text::Style + 'a,
) -> Element<'a, Message> {
    ellipsis_beside(content, kind, style, 0.0)
}

#[derive(Default)]
struct LineState {
    content: String,
    kind: Option<Type>,
    width: f32,
    paragraph: Paragraph,
}

impl Ellipsis<'_> {
    fn paragraph(&self, content: &str) -> Paragraph {
        let spans: Vec<Span<'_, (), Font>> = format::runs(content)
            .into_iter()
            .map(|run| match run {
                Run::Words(words) => Span::new(words),
                Run::Emoji(emoji) => Span::new(emoji).font(font::EMOJI),
            })
            .collect();
        Paragraph::with_spans(advanced::Text {
            content: spans.as_slice(),
            bounds: Size::INFINITE,
            size: self.kind.size().into(),
            line_height: self.kind.line_height(),
            font: self.kind.font(),
            align_x: Alignment::Default,
            align_y: alignment::Vertical::Top,
            shaping: Shaping::Advanced,
            wrapping: Wrapping::None,
        })
    }

    /// The longest beginning that fits, found by halving: a name has few characters, and this runs only when something changed.
    fn shortened(&self, width: f32) -> Paragraph {
        let whole = self.paragraph(&format::one_line(&self.content, LONGEST));
        if whole.min_width() <= width {
            return whole;
        }
        let (mut fits, mut spills) = (0, self.content.graphemes(true).take(LONGEST).count());
        let mut best = self.paragraph("…");
        while fits + 1 < spills {
            let middle = fits.midpoint(spills);
            let tried = self.paragraph(&format::one_line(&self.content, middle));
            if tried.min_width() <= width {
                (fits, best) = (middle, tried);
            } else {
                spills = middle;
            }
        }
        best
    }
}

/// No window is wide enough for more.
const LONGEST: usize = 1_000;

impl<Message> Widget<Message, Theme, Renderer> for Ellipsis<'_> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<LineState>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(LineState::default())
    }

    fn size(&self) -> Size<Length> {
        Size::new(Length::Shrink, Length::Shrink)
    }

    fn layout(&mut self, tree: &mut Tree, _renderer: &Renderer, limits: &Limits) -> Node {
        let state = tree.state.downcast_mut::<LineState>();
        let width = (limits.max().width - self.beside).max(0.0);
        if state.content != self.content || state.kind != Some(self.kind) || state.width != width {
            state.paragraph = self.shortened(width);
            self.content.as_ref().clone_into(&mut state.content);
            state.kind = Some(self.kind);
            state.width = width;
        }
        Node::new(limits.resolve(Length::Shrink, Length::Shrink, state.paragraph.min_bounds()))
    }

    fn operate(
        &mut self,
        _tree: &mut Tree,
        layout: Layout<'_>,
        _renderer: &Renderer,
        operation: &mut dyn Operation,
    ) {
        operation.text(None, layout.bounds(), &self.content);
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut Renderer,
        theme: &Theme,
        defaults: &renderer::Style,
        layout: Layout<'_>,
        _cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        let state = tree.state.downcast_ref::<LineState>();
        text::draw(renderer, defaults, layout.bounds(), &state.paragraph, (self.style)(theme), viewport);
    }
}
