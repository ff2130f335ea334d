//! An open menu: where it is, and what keys and clicks do to it.

use iced::{
    Event, Point, Rectangle, Renderer, Size, Theme,
    advanced::{
        Clipboard, Layout, Overlay, Renderer as _, Shell,
        layout::{Limits, Node},
        mouse, renderer,
        widget::{Operation, Tree},
    },
    border,
    keyboard::{self, Key, key::Named},
    window,
};

use super::{ITEM, Item, Menu, Open};
use crate::theme;

const WIDTH: f32 = 236.0;
const LINE: f32 = 9.0;
const PADDING: f32 = 5.0;
/// From the edges of the window.
const EDGE: f32 = 4.0;

/// The menu as it is on the screen.
pub(super) struct Shown<'b, 'a, Message> {
    pub menu: &'b mut Menu<'a, Message>,
    pub state: &'b mut Open,
}

impl<'a, Message: Clone + 'a> Shown<'_, 'a, Message> {
    fn close(&self, shell: &mut Shell<'_, Message>) {
        shell.publish(self.menu.on_close.clone());
    }

    fn choose(&self, item: Option<usize>, shell: &mut Shell<'_, Message>) {
        if let Some(Item::Choice { message, .. }) = item.and_then(|item| self.menu.items.get(item)) {
            self.close(shell);
            shell.publish(message.clone());
        }
    }

    fn mark(&mut self, item: Option<usize>, shell: &mut Shell<'_, Message>) {
        if self.state.marked != item {
            self.state.marked = item;
            shell.request_redraw();
        }
    }

    fn key(&mut self, key: &Key, shell: &mut Shell<'_, Message>) {
        let marked = self.state.marked;
        let next = match key.as_ref() {
            Key::Named(Named::ArrowDown) => self.menu.next_row(marked, true),
            Key::Named(Named::ArrowUp) => self.menu.next_row(marked, false),
            Key::Named(Named::ArrowLeft) => self.menu.beside(marked, -1),
            Key::Named(Named::ArrowRight) => self.menu.beside(marked, 1),
            Key::Named(Named::Home) => self.menu.choices().next(),
            Key::Named(Named::End) => self.menu.choices().next_back(),
            Key::Named(Named::Enter | Named::Space) => return self.choose(marked, shell),
            Key::Named(Named::Escape | Named::Tab) => return self.close(shell),
            _ => return,
        };
        self.mark(next, shell);
    }

    fn item_under(&self, cursor: mouse::Cursor, layout: Layout<'_>) -> Option<usize> {
        let at = cursor.position()?;
        let under = layout.children().position(|item| item.bounds().contains(at))?;
        self.menu.column(under).map(|_| under)
    }

    fn mouse(
        &mut self,
        event: mouse::Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        shell: &mut Shell<'_, Message>,
    ) {
        match event {
            mouse::Event::CursorMoved { .. } => self.mark(self.item_under(cursor, layout), shell),
            mouse::Event::ButtonPressed(_) if !cursor.is_over(layout.bounds()) => self.close(shell),
            mouse::Event::ButtonPressed(_) => self.state.pressed = self.item_under(cursor, layout),
            mouse::Event::ButtonReleased(_) => {
                let pressed = self.state.pressed.take();
                if pressed == self.item_under(cursor, layout) {
                    self.choose(pressed, shell);
                }
            }
            _ => {}
        }
    }
}

impl<'a, Message: Clone + 'a> Overlay<Message, Theme, Renderer> for Shown<'_, 'a, Message> {
    fn layout(&mut self, renderer: &Renderer, bounds: Size) -> Node {
        let width = WIDTH - 2.0 * PADDING;
        let (mut nodes, mut y) = (Vec::with_capacity(self.menu.items.len()), PADDING);
        self.state.trees.resize_with(self.menu.items.len(), Tree::empty);
        for (item, tree) in self.menu.items.iter_mut().zip(&mut self.state.trees) {
            let (size, x, ends_row, inside) = match item {
                Item::Choice { content, column: (place, count), .. } => {
                    let width = width / *count as f32;
                    tree.diff(&*content);
                    let limits = Limits::new(Size::ZERO, Size::new(width, ITEM));
                    let node = content.as_widget_mut().layout(tree, renderer, &limits);
                    (Size::new(width, ITEM), width * *place as f32, *place + 1 == *count, vec![node])
                }
                Item::Line => (Size::new(width, LINE), 0.0, true, Vec::new()),
            };
            nodes.push(Node::with_children(size, inside).move_to(Point::new(PADDING + x, y)));
            y += if ends_row { size.height } else { 0.0 };
        }
        let size = Size::new(WIDTH, y + PADDING);
        Node::with_children(size, nodes).move_to(place(self.menu.at, size, bounds))
    }

    fn operate(&mut self, layout: Layout<'_>, renderer: &Renderer, operation: &mut dyn Operation) {
        operation.container(Some(&"menu".into()), layout.bounds());
        operation.traverse(&mut |operation| {
            let items = self.menu.items.iter_mut().zip(&mut self.state.trees).zip(layout.children());
            for ((item, tree), layout) in items {
                if let (Item::Choice { content, .. }, Some(layout)) = (item, layout.children().next()) {
                    content.as_widget_mut().operate(tree, layout, renderer, operation);
                }
            }
        });
    }

    fn update(
        &mut self,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _renderer: &Renderer,
        _clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
    ) {
        match event {
            Event::Keyboard(keyboard::Event::KeyPressed { key, .. }) => self.key(key, shell),
            Event::Mouse(event) => self.mouse(*event, layout, cursor, shell),
            Event::InputMethod(_) | Event::Touch(_) => {}
            Event::Window(window::Event::Resized(_) | window::Event::Unfocused) => {
                return self.close(shell);
            }
            _ => return,
        }
        // What is behind an open menu is out of reach.
        shell.capture_event();
    }

    fn mouse_interaction(
        &self,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _renderer: &Renderer,
    ) -> mouse::Interaction {
        match self.item_under(cursor, layout) {
            Some(_) => mouse::Interaction::Pointer,
            None => mouse::Interaction::Idle,
        }
    }

    fn draw(
        &self,
        renderer: &mut Renderer,
        theme: &Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
    ) {
        let look = theme::menu(theme);
        let bounds = layout.bounds();
        let quad =
            renderer::Quad { bounds, border: look.border, shadow: look.shadow, ..renderer::Quad::default() };
        renderer.fill_quad(quad, look.background);
        let items = self.menu.items.iter().zip(&self.state.trees).zip(layout.children());
        for (place, ((item, tree), layout)) in items.enumerate() {
            let bounds = layout.bounds();
            match (item, layout.children().next()) {
                (Item::Choice { content, .. }, Some(inside)) => {
                    if self.state.marked == Some(place) {
                        let border = border::rounded(6);
                        let quad = renderer::Quad { bounds, border, ..renderer::Quad::default() };
                        renderer.fill_quad(quad, look.marked);
                    }
                    let widget = content.as_widget();
                    widget.draw(tree, renderer, theme, style, inside, cursor, &bounds);
                }
                _ => {
                    let y = (bounds.y + LINE / 2.0).floor();
                    let bounds = Rectangle { y, height: 1.0, ..bounds };
                    let quad = renderer::Quad { bounds, ..renderer::Quad::default() };
                    renderer.fill_quad(quad, look.line);
                }
            }
        }
    }

    fn index(&self) -> f32 {
        // Above the hints of buttons.
        2.0
    }
}

/// Where a pop-up of this size goes that was asked for here: below and to the right, or to the other side where that is beyond
/// the window.
fn place(at: Point, size: Size, window: Size) -> Point {
    let along = |at: f32, size: f32, window: f32| {
        let (at, end) = (at.clamp(EDGE, (window - EDGE).max(EDGE)), window - EDGE);
        let at = if at + size <= end {
            at
        } else if at - size >= EDGE {
            at - size
        } else {
            end - size
        };
        at.max(EDGE).round()
    };
    Point::new(along(at.x, size.width, window.width), along(at.y, size.height, window.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_menu_stays_inside_the_window_wherever_it_is_asked_for() {
        let (size, window) = (Size::new(236.0, 300.0), Size::new(380.0, 420.0));
        for x in 0..=380 {
            for y in 0..=420 {
                let at = place(Point::new(x as f32, y as f32), size, window);
                assert!(at.x >= EDGE && at.x + size.width <= window.width - EDGE, "{at:?}");
                assert!(at.y >= EDGE && at.y + size.height <= window.height - EDGE, "{at:?}");
            }
        }
        let large = Size::new(1280.0, 800.0);
        assert_eq!(place(Point::new(100.0, 100.0), size, large), Point::new(100.0, 100.0));
        assert_eq!(place(Point::new(1200.0, 700.0), size, large), Point::new(964.0, 400.0));
    }
}
