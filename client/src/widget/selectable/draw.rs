//! What a text of spans has besides its letters: grounds behind spans, lines below and through them.

use iced::{
    Color, Rectangle, Renderer, Vector,
    advanced::{Renderer as _, renderer},
};

use super::{Selectable, State};

impl<Message> Selectable<'_, Message> {
    /// What is behind spans.
    pub(super) fn draw_highlights(
        &self,
        state: &State,
        renderer: &mut Renderer,
        origin: Vector,
        visible: &Rectangle,
    ) {
        for (span, stretch) in &state.stretches {
            let Some(span) = self.spans().get(*span) else { continue };
            let bounds = (*stretch + origin).expand(span.padding);
            if let Some(highlight) = span.highlight.filter(|_| bounds.intersects(visible)) {
                let border = highlight.border;
                let quad = renderer::Quad { bounds, border, ..renderer::Quad::default() };
                renderer.fill_quad(quad, highlight.background);
            }
        }
    }

    /// Lines below and through spans.
    pub(super) fn draw_lines(
        &self,
        state: &State,
        renderer: &mut Renderer,
        color: Color,
        origin: Vector,
        visible: &Rectangle,
    ) {
        for (index, stretch) in &state.stretches {
            let Some(span) = self.spans().get(*index) else { continue };
            let is_underlined = span.underline || state.hovered == Some(*index);
            let size = span.size.unwrap_or(self.kind.size().into());
            let line_height = span.line_height.unwrap_or(self.kind.line_height()).to_absolute(size);
            let base = size.0 + (line_height.0 - size.0) / 2.0;
            let lines = [(is_underlined, base - size.0 * 0.08), (span.strikethrough, base - size.0 / 2.0)];
            let bounds = *stretch + origin;
            for (_, y) in lines.iter().filter(|(is_drawn, _)| *is_drawn && bounds.intersects(visible)) {
                let bounds = Rectangle { y: bounds.y + y, height: 1.0, ..bounds };
                let quad = renderer::Quad { bounds, ..renderer::Quad::default() };
                renderer.fill_quad(quad, span.color.unwrap_or(color));
            }
        }
    }
}
