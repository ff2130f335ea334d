//! Something long of which only the beginning is shown, with a button below it that shows the rest.

use iced::{
    Element, Event, Length, Point, Rectangle, Renderer, Size, Theme, Vector,
    advanced::{
        Clipboard, Layout, Renderer as _, Shell, Widget,
        layout::{Limits, Node},
        mouse, overlay, renderer,
        widget::{Operation, Tree},
    },
};

/// What is less than this much taller than it may be is not worth a button.
const SLACK: f32 = 1.2;

/// Shows `content`, or as many pixels of it as there are to `most`; then `button` stands below it. Once it `is_open`, all of it
/// is shown, and the button stays where it was of use.
pub fn fold<'a, Message: 'a>(
    content: impl Into<Element<'a, Message>>,
    button: impl Into<Element<'a, Message>>,
    most: f32,
    is_open: bool,
) -> Element<'a, Message> {
    Element::new(Fold { children: [content.into(), button.into()], most, is_open, is_long: false })
}

struct Fold<'a, Message> {
    /// The content and the button.
    children: [Element<'a, Message>; 2],
    most: f32,
    is_open: bool,
    /// Whether there is more than may be shown at first; known since the last layout.
    is_long: bool,
}

impl<Message> Fold<'_, Message> {
    fn is_folded(&self) -> bool {
        self.is_long && !self.is_open
    }

    /// The part of the content that is seen.
    fn seen(&self, bounds: Rectangle) -> Rectangle {
        let height = if self.is_folded() { self.most } else { bounds.height };
        Rectangle { height, ..bounds }
    }

    fn shown(&self) -> usize {
        if self.is_long { 2 } else { 1 }
    }

    /// The pointer as the content sees it: nowhere below what is shown.
    fn inner(&self, cursor: mouse::Cursor, bounds: Rectangle) -> mouse::Cursor {
        if !self.is_folded() || cursor.is_over(self.seen(bounds)) {
            cursor
        } else {
            mouse::Cursor::Unavailable
        }
    }
}

impl<Message> Widget<Message, Theme, Renderer> for Fold<'_, Message> {
    fn children(&self) -> Vec<Tree> {
        self.children.iter().map(Tree::new).collect()
    }

    fn diff(&self, tree: &mut Tree) {
        tree.diff_children(&self.children);
    }

    fn size(&self) -> Size<Length> {
        Size { width: self.children[0].as_widget().size().width, height: Length::Shrink }
    }

    fn layout(&mut self, tree: &mut Tree, renderer: &Renderer, limits: &Limits) -> Node {
        let limits = Limits::new(Size::ZERO, Size::new(limits.max().width, f32::INFINITY));
        let [content, button] = &mut self.children;
        let inside = content.as_widget_mut().layout(&mut tree.children[0], renderer, &limits);
        let size = inside.size();
        self.is_long = size.height > self.most * SLACK;
        if !self.is_long {
            return Node::with_children(size, vec![inside]);
        }
        let height = if self.is_open { size.height } else { self.most };
        let button = button.as_widget_mut().layout(&mut tree.children[1], renderer, &limits);
        let whole = Size::new(size.width.max(button.size().width), height + button.size().height);
        Node::with_children(whole, vec![inside, button.move_to(Point::new(0.0, height))])
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        operation: &mut dyn Operation,
    ) {
        operation.container(None, layout.bounds());
        let shown = self.shown();
        let children = self.children.iter_mut().take(shown);
        for ((child, tree), layout) in children.zip(&mut tree.children).zip(layout.children()) {
            child.as_widget_mut().operate(tree, layout, renderer, operation);
        }
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
        let inner = self.inner(cursor, layout.bounds());
        let shown = self.shown();
        let children = self.children.iter_mut().take(shown).zip([inner, cursor]);
        for (((child, cursor), tree), layout) in children.zip(&mut tree.children).zip(layout.children()) {
            let child = child.as_widget_mut();
            child.update(tree, event, layout, cursor, renderer, clipboard, shell, viewport);
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
        let inner = self.inner(cursor, layout.bounds());
        let children = self.children.iter().take(self.shown()).zip([inner, cursor]);
        children
            .zip(&tree.children)
            .zip(layout.children())
            .map(|(((child, cursor), tree), layout)| {
                child.as_widget().mouse_interaction(tree, layout, cursor, viewport, renderer)
            })
            .max()
            .unwrap_or_default()
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
        let mut places = layout.children();
        let (Some(content), button) = (places.next(), places.next()) else { return };
        let inner = self.inner(cursor, layout.bounds());
        if !self.is_folded() {
            let widget = self.children[0].as_widget();
            widget.draw(&tree.children[0], renderer, theme, style, content, inner, viewport);
        } else if let Some(seen) = self.seen(content.bounds()).intersection(viewport) {
            renderer.with_layer(seen, |renderer| {
                let widget = self.children[0].as_widget();
                widget.draw(&tree.children[0], renderer, theme, style, content, inner, &seen);
            });
        }
        if let Some(button) = button {
            let widget = self.children[1].as_widget();
            widget.draw(&tree.children[1], renderer, theme, style, button, cursor, viewport);
        }
    }

    fn overlay<'b>(
        &'b mut self,
        tree: &'b mut Tree,
        layout: Layout<'b>,
        renderer: &Renderer,
        viewport: &Rectangle,
        translation: Vector,
    ) -> Option<overlay::Element<'b, Message, Theme, Renderer>> {
        let shown = self.shown();
        let children = self.children.iter_mut().take(shown).zip(&mut tree.children).zip(layout.children());
        let overlays: Vec<_> = children
            .filter_map(|((child, tree), layout)| {
                child.as_widget_mut().overlay(tree, layout, renderer, viewport, translation)
            })
            .collect();
        (!overlays.is_empty()).then(|| overlay::Group::with_children(overlays).overlay())
    }
}
