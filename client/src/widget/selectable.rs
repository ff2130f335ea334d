//! A text of spans of which a part can be selected: iced's `rich_text`, with places in it that can be found and marked.
//!
//! It knows nothing of other texts. Whoever holds several of them (a [`virtual_list`](super::virtual_list) of messages) finds
//! the place under the pointer by an operation, keeps what is selected, and hands each text its part of it.
//!
//! A message may be made of several such texts, its pieces. Places are bytes into the words of the whole message, so each
//! piece knows how many come before it.

use std::{borrow::Cow, ops::Range};

use iced::{
    Color, Element, Event, Font, Length, Point, Rectangle, Renderer, Size, Theme,
    advanced::{
        self, Clipboard, Layout, Renderer as _, Shell, Text, Widget, layout, mouse, renderer,
        text::{Alignment, Difference, Paragraph as _, Shaping, Span, Wrapping},
        widget::{Operation, Tree, tree},
    },
    alignment,
    widget::text,
};

mod draw;
mod place;

use super::Type;

pub use place::Piece;

pub(super) type Paragraph = <Renderer as advanced::text::Renderer>::Paragraph;
type Spans<'a> = Vec<Span<'a, String, Font>>;

/// Pointers that move further than this between press and release meant to select, not to click.
pub(super) const DRAG: f32 = 4.0;

/// Words of a message that take part in a selection.
pub struct Selectable<'a, Message> {
    content: Content<'a>,
    kind: Type,
    font: Font,
    width: Length,
    wrapping: Wrapping,
    align_x: Alignment,
    style: Box<dyn Fn(&Theme) -> text::Style + 'a>,
    mark: fn(&Theme) -> Color,
    on_link: Option<Box<dyn Fn(String) -> Message + 'a>>,
    /// Bytes of the message before this piece.
    before: usize,
    /// The spans that are no words of the message.
    asides: Vec<usize>,
    selected: Range<usize>,
}

enum Content<'a> {
    /// Words of one kind, which are laid out quicker.
    Words(Cow<'a, str>),
    Spans(Spans<'a>),
}

/// Words that are all alike.
pub fn selectable_words<'a, Message: 'a>(
    words: impl Into<Cow<'a, str>>,
    kind: Type,
) -> Selectable<'a, Message> {
    Selectable::new(Content::Words(words.into()), kind)
}

/// Words that differ.
pub fn selectable<'a, Message: 'a>(spans: Spans<'a>, kind: Type) -> Selectable<'a, Message> {
    Selectable::new(Content::Spans(spans), kind)
}

impl<'a, Message: 'a> Selectable<'a, Message> {
    fn new(content: Content<'a>, kind: Type) -> Self {
        Self {
            content,
            kind,
            font: kind.font(),
            width: Length::Shrink,
            wrapping: Wrapping::WordOrGlyph,
            align_x: Alignment::Default,
            style: Box::new(super::inherited),
            mark: crate::theme::selected,
            on_link: None,
            before: 0,
            asides: Vec::new(),
            selected: 0..0,
        }
    }

    /// Another font than that of its kind.
    pub fn font(mut self, font: Font) -> Self {
        self.font = font;
        self
    }

    /// The width.
    pub fn width(mut self, width: impl Into<Length>) -> Self {
        self.width = width.into();
        self
    }

    /// How lines are broken; between words, and within words that are longer than a line, unless said otherwise.
    pub fn wrapping(mut self, wrapping: Wrapping) -> Self {
        self.wrapping = wrapping;
        self
    }

    /// Where the lines begin.
    pub fn align_x(mut self, alignment: impl Into<Alignment>) -> Self {
        self.align_x = alignment.into();
        self
    }

    /// The colour of what has none of its own.
    pub fn style(mut self, style: impl Fn(&Theme) -> text::Style + 'a) -> Self {
        self.style = Box::new(style);
        self
    }

    /// What a click on a link does.
    pub fn on_link_click(mut self, on_link: impl Fn(String) -> Message + 'a) -> Self {
        self.on_link = Some(Box::new(on_link));
        self
    }

    /// Bytes of the message that come before this piece.
    pub fn after(mut self, before: usize) -> Self {
        self.before = before;
        self
    }

    /// These spans, in ascending order, are no words of the message: they are selected with what is around them, and not
    /// counted.
    pub fn asides(mut self, asides: Vec<usize>) -> Self {
        self.asides = asides;
        self
    }

    /// What is selected of the message, in bytes of its words.
    pub fn selected(mut self, selected: Option<Range<usize>>) -> Self {
        self.selected = selected.unwrap_or_default();
        self
    }

    fn text<C>(&self, content: C, bounds: Size) -> Text<C, Font> {
        Text {
            content,
            bounds,
            size: self.kind.size().into(),
            line_height: self.kind.line_height(),
            font: self.font,
            align_x: self.align_x,
            align_y: alignment::Vertical::Top,
            shaping: match self.content {
                Content::Words(_) => Shaping::default(),
                Content::Spans(_) => Shaping::Advanced,
            },
            wrapping: self.wrapping,
        }
    }

    /// Lays the words out anew, as far as anything about them changed.
    fn shape(&self, state: &mut State, bounds: Size) {
        let is_same = match &self.content {
            Content::Words(words) => state.spans.is_empty() && state.piece.text == *words,
            Content::Spans(spans) => state.spans == *spans,
        };
        let difference = state.piece.paragraph.compare(self.text((), bounds));
        if is_same && matches!(difference, Difference::Bounds) {
            state.piece.paragraph.resize(bounds);
        } else if !is_same || matches!(difference, Difference::Shape) {
            match &self.content {
                Content::Words(words) => {
                    state.piece.paragraph = Paragraph::with_text(self.text(words.as_ref(), bounds));
                    state.spans.clear();
                    words.as_ref().clone_into(&mut state.piece.text);
                }
                Content::Spans(spans) => {
                    state.piece.paragraph = Paragraph::with_spans(self.text(spans.as_slice(), bounds));
                    state.spans = spans.iter().cloned().map(Span::to_static).collect();
                    state.piece.text = spans.iter().map(|span| &*span.text).collect();
                }
            }
        }
        let is_marked = self.spans().iter().any(is_marked);
        if !is_same || !matches!(difference, Difference::None) || is_marked == state.stretches.is_empty() {
            state.stretches = if is_marked { state.piece.stretches() } else { Vec::new() };
        }
        state.piece.before = self.before;
        if state.asides != self.asides || !is_same {
            state.asides.clone_from(&self.asides);
            state.piece.asides = self.aside_ranges();
        }
    }

    /// Where the asides are among the bytes of the text.
    fn aside_ranges(&self) -> Vec<Range<usize>> {
        let mut end = 0;
        let ranges = self.spans().iter().map(|span| {
            let start = end;
            end += span.text.len();
            start..end
        });
        let is_aside = |(index, range): (usize, Range<usize>)| self.asides.contains(&index).then_some(range);
        ranges.enumerate().filter_map(is_aside).collect()
    }

    fn spans(&self) -> &[Span<'a, String, Font>] {
        match &self.content {
            Content::Words(_) => &[],
            Content::Spans(spans) => spans,
        }
    }

    fn link_at(&self, state: &State, cursor: mouse::Cursor, bounds: Rectangle) -> Option<usize> {
        let _ = self.on_link.as_ref()?;
        let at = Point::ORIGIN + (cursor.position_over(bounds)? - state.piece.origin(bounds));
        let (span, _) = state.stretches.iter().find(|(_, stretch)| stretch.contains(at))?;
        self.spans().get(*span)?.link.is_some().then_some(*span)
    }
}

/// Whether a span leads somewhere, or has lines or a ground.
fn is_marked(span: &Span<'_, String, Font>) -> bool {
    span.underline || span.strikethrough || span.highlight.is_some() || span.link.is_some()
}

#[derive(Default)]
struct State {
    piece: Piece,
    spans: Spans<'static>,
    asides: Vec<usize>,
    /// Where the spans are ([`Piece::stretches`]), if one of them is marked.
    stretches: Vec<(usize, Rectangle)>,
    /// The link under the pointer.
    hovered: Option<usize>,
    /// The link that was pressed, and where.
    pressed: Option<(usize, Point)>,
}

impl<'a, Message: 'a> Widget<Message, Theme, Renderer> for Selectable<'a, Message> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<State>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(State::default())
    }

    fn size(&self) -> Size<Length> {
        Size::new(self.width, Length::Shrink)
    }

    fn layout(&mut self, tree: &mut Tree, _renderer: &Renderer, limits: &layout::Limits) -> layout::Node {
        layout::sized(limits, self.width, Length::Shrink, |limits| {
            let state = tree.state.downcast_mut::<State>();
            self.shape(state, limits.max());
            state.piece.paragraph.min_bounds()
        })
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        _renderer: &Renderer,
        operation: &mut dyn Operation,
    ) {
        let state = tree.state.downcast_mut::<State>();
        operation.custom(None, layout.bounds(), &mut state.piece);
        operation.text(None, layout.bounds(), &state.piece.text);
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _renderer: &Renderer,
        _clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        _viewport: &Rectangle,
    ) {
        let Some(on_link) = &self.on_link else { return };
        let Event::Mouse(event) = event else { return };
        let state = tree.state.downcast_mut::<State>();
        let hovered = self.link_at(state, cursor, layout.bounds());
        if state.hovered != hovered {
            state.hovered = hovered;
            shell.request_redraw();
        }
        match event {
            // Not captured: a press on a link may be the beginning of a selection.
            mouse::Event::ButtonPressed(mouse::Button::Left) => {
                state.pressed = hovered.zip(cursor.position());
            }
            mouse::Event::ButtonReleased(mouse::Button::Left) => {
                if let Some((link, from)) = state.pressed.take()
                    && Some(link) == hovered
                    && cursor.position().is_some_and(|to| to.distance(from) <= DRAG)
                    && let Some(link) = self.spans().get(link).and_then(|span| span.link.clone())
                {
                    shell.publish(on_link(link));
                }
            }
            _ => {}
        }
    }

    fn mouse_interaction(
        &self,
        tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _viewport: &Rectangle,
        _renderer: &Renderer,
    ) -> mouse::Interaction {
        if tree.state.downcast_ref::<State>().hovered.is_some() {
            mouse::Interaction::Pointer
        } else if cursor.is_over(layout.bounds()) {
            mouse::Interaction::Text
        } else {
            mouse::Interaction::None
        }
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
        let bounds = layout.bounds();
        if !bounds.intersects(viewport) {
            return;
        }
        let state = tree.state.downcast_ref::<State>();
        let style = (self.style)(theme);
        let origin = state.piece.origin(bounds) - Point::ORIGIN;
        self.draw_highlights(state, renderer, origin, viewport);
        if !self.selected.is_empty() {
            for marked in state.piece.marked(&self.selected) {
                let bounds = marked + origin;
                if bounds.intersects(viewport) {
                    let quad = renderer::Quad { bounds, ..renderer::Quad::default() };
                    renderer.fill_quad(quad, (self.mark)(theme));
                }
            }
        }
        let color = style.color.unwrap_or(defaults.text_color);
        self.draw_lines(state, renderer, color, origin, viewport);
        text::draw(renderer, defaults, bounds, &state.piece.paragraph, style, viewport);
    }
}

impl<'a, Message: 'a> From<Selectable<'a, Message>> for Element<'a, Message> {
    fn from(text: Selectable<'a, Message>) -> Self {
        Element::new(text)
    }
}

#[cfg(test)]
mod tests;
