//! Keeps the caret of a text field in view, where the field is taller than what is seen of it.
//!
//! iced 0.14 has no scroll bar for its text editor, and its `scrollable` does not know about carets. A field tells where its caret
//! stands when it asks for an input method; [`follow_caret`] listens to that.

use iced::{
    Element, Event, Length, Rectangle, Renderer, Size, Theme, Vector,
    advanced::{
        Clipboard, InputMethod, Layout, Shell, Widget, layout, mouse, overlay, renderer,
        widget::{
            Operation, Tree,
            tree::{self, Tag},
        },
    },
    window,
};

/// Publishes how far to scroll, in pixels from the top, when the caret of the field in `content` moved out of the part that its
/// scrollable shows.
pub fn follow_caret<'a, Message: 'a>(
    content: impl Into<Element<'a, Message>>,
    on_leave: impl Fn(f32) -> Message + 'a,
) -> Element<'a, Message> {
    Element::new(FollowCaret { content: content.into(), on_leave: Box::new(on_leave) })
}

struct FollowCaret<'a, Message> {
    content: Element<'a, Message>,
    on_leave: Box<dyn Fn(f32) -> Message + 'a>,
}

/// Where the caret stood last, within the field. Who scrolls away from it is left alone until it moves.
#[derive(Debug, Default)]
struct Caret(Option<(f32, f32)>);

/// How far to scroll so that the caret is in view; none when it is.
fn scroll_to(caret: Rectangle, field_top: f32, seen: &Rectangle) -> Option<f32> {
    if caret.y < seen.y {
        Some(caret.y - field_top)
    } else if caret.y + caret.height > seen.y + seen.height {
        Some(caret.y + caret.height - seen.height - field_top)
    } else {
        None
    }
}

impl<Message> Widget<Message, Theme, Renderer> for FollowCaret<'_, Message> {
    fn tag(&self) -> Tag {
        Tag::of::<Caret>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(Caret::default())
    }

    fn children(&self) -> Vec<Tree> {
        vec![Tree::new(&self.content)]
    }

    fn diff(&self, tree: &mut Tree) {
        tree.diff_children(&[&self.content]);
    }

    fn size(&self) -> Size<Length> {
        self.content.as_widget().size()
    }

    fn size_hint(&self) -> Size<Length> {
        self.content.as_widget().size_hint()
    }

    fn layout(&mut self, tree: &mut Tree, renderer: &Renderer, limits: &layout::Limits) -> layout::Node {
        self.content.as_widget_mut().layout(&mut tree.children[0], renderer, limits)
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut Renderer,
        theme: &Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        let content = self.content.as_widget();
        content.draw(&tree.children[0], renderer, theme, style, layout, cursor, viewport);
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        operation: &mut dyn Operation,
    ) {
        self.content.as_widget_mut().operate(&mut tree.children[0], layout, renderer, operation);
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        renderer: &Renderer,
        clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        viewport: &Rectangle,
    ) {
        let content = self.content.as_widget_mut();
        content.update(&mut tree.children[0], event, layout, cursor, renderer, clipboard, shell, viewport);
        let Event::Window(window::Event::RedrawRequested(_)) = event else { return };
        let InputMethod::Enabled { cursor: caret, .. } = shell.input_method() else { return };
        let (caret, top) = (*caret, layout.bounds().y);
        let place = Some((caret.x, caret.y - top));
        let last = tree.state.downcast_mut::<Caret>();
        if last.0 == place {
            return;
        }
        last.0 = place;
        if let Some(offset) = scroll_to(caret, top, viewport) {
            shell.publish((self.on_leave)(offset));
        }
    }

    fn mouse_interaction(
        &self,
        tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
        renderer: &Renderer,
    ) -> mouse::Interaction {
        let content = self.content.as_widget();
        content.mouse_interaction(&tree.children[0], layout, cursor, viewport, renderer)
    }

    fn overlay<'b>(
        &'b mut self,
        tree: &'b mut Tree,
        layout: Layout<'b>,
        renderer: &Renderer,
        viewport: &Rectangle,
        translation: Vector,
    ) -> Option<overlay::Element<'b, Message, Theme, Renderer>> {
        let content = self.content.as_widget_mut();
        content.overlay(&mut tree.children[0], layout, renderer, viewport, translation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(y: f32, height: f32) -> Rectangle {
        Rectangle { x: 0.0, y, width: 1.0, height }
    }

    #[test]
    fn a_caret_outside_of_what_is_seen_brings_whole_lines_into_view() {
        // Lines of 22 pixels; eight of them are seen, from the third on.
        let seen = at(100.0 + 44.0, 176.0);
        assert_eq!(scroll_to(at(100.0 + 66.0, 22.0), 100.0, &seen), None);
        assert_eq!(scroll_to(at(100.0 + 22.0, 22.0), 100.0, &seen), Some(22.0));
        assert_eq!(scroll_to(at(100.0 + 220.0, 22.0), 100.0, &seen), Some(66.0));
    }
}
