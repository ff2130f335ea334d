//! A widget around another one. Everything goes on to the widget within, apart from what a [`Wrap`] does otherwise.
//!
//! iced's `Widget` has a dozen methods, and a wrapper that forgets to pass one on breaks what is inside: its layout, its
//! focus, its pop-ups. Here all of them are passed on once.

use iced::{
    Element, Event, Length, Rectangle, Renderer, Size, Theme, Vector,
    advanced::{
        Clipboard, Layout, Shell, Widget, layout, mouse, overlay, renderer,
        widget::{Operation, Tree, tree},
    },
};

/// What a wrapper does around the widget within.
pub trait Wrap<Message> {
    /// What it remembers from one view to the next.
    type State: Default + 'static;

    /// An event. It reaches the widget within by [`Inner::update`], or not at all.
    fn update(&mut self, state: &mut Self::State, event: &Event, inner: &mut Inner<'_, '_, '_, Message>) {
        let _ = state;
        inner.update(event);
    }

    /// An operation. `inner` passes one on to the widget within.
    fn operate(
        &mut self,
        state: &mut Self::State,
        operation: &mut dyn Operation,
        inner: &mut dyn FnMut(&mut dyn Operation),
    ) {
        let _ = state;
        inner(operation);
    }

    /// What it shows above everything else, beside the pop-ups of the widget within.
    fn overlay<'b>(
        &'b mut self,
        state: &'b mut Self::State,
    ) -> Option<overlay::Element<'b, Message, Theme, Renderer>> {
        let _ = state;
        None
    }
}

/// The widget within, and all that its `update` needs.
pub struct Inner<'b, 'a, 's, Message> {
    content: &'b mut Element<'a, Message>,
    tree: &'b mut Tree,
    renderer: &'b Renderer,
    clipboard: &'b mut dyn Clipboard,
    /// Where it is.
    pub layout: Layout<'b>,
    /// Where the pointer is.
    pub cursor: mouse::Cursor,
    /// To publish messages, and to ask for frames.
    pub shell: &'b mut Shell<'s, Message>,
    /// The part of the window in which it can be seen.
    pub viewport: &'b Rectangle,
}

impl<Message> Inner<'_, '_, '_, Message> {
    /// Runs an operation on the widget within.
    pub fn operate(&mut self, operation: &mut dyn Operation) {
        self.content.as_widget_mut().operate(self.tree, self.layout, self.renderer, operation);
    }

    /// Passes an event on.
    pub fn update(&mut self, event: &Event) {
        self.content.as_widget_mut().update(
            self.tree,
            event,
            self.layout,
            self.cursor,
            self.renderer,
            self.clipboard,
            self.shell,
            self.viewport,
        );
    }
}

struct Wrapped<'a, Message, W> {
    content: Element<'a, Message>,
    wrap: W,
}

/// Puts a wrapper around a widget.
pub fn wrapped<'a, Message: 'a, W: Wrap<Message> + 'a>(
    content: impl Into<Element<'a, Message>>,
    wrap: W,
) -> Element<'a, Message> {
    Element::new(Wrapped { content: content.into(), wrap })
}

impl<Message, W: Wrap<Message>> Widget<Message, Theme, Renderer> for Wrapped<'_, Message, W> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<W::State>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(W::State::default())
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
        let (content, child) = (&mut self.content, &mut tree.children[0]);
        let mut inner = |operation: &mut dyn Operation| {
            content.as_widget_mut().operate(child, layout, renderer, operation);
        };
        self.wrap.operate(tree.state.downcast_mut(), operation, &mut inner);
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
        let content = &mut self.content;
        let tree_of_content = &mut tree.children[0];
        let mut inner =
            Inner { content, tree: tree_of_content, renderer, clipboard, layout, cursor, shell, viewport };
        self.wrap.update(tree.state.downcast_mut(), event, &mut inner);
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
        let own = self.wrap.overlay(tree.state.downcast_mut());
        let content = self.content.as_widget_mut();
        let inner = content.overlay(&mut tree.children[0], layout, renderer, viewport, translation);
        match (inner, own) {
            (Some(inner), Some(own)) => Some(overlay::Group::with_children(vec![inner, own]).overlay()),
            (inner, own) => inner.or(own),
        }
    }
}
