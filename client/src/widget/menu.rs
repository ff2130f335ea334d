//! A menu above everything else: what can be done with the thing under the pointer, or with the one that is focused.
//!
//! [`menu_area`] tells where it was asked for, [`menu`] shows it there. While it is open it takes all keys and clicks: the
//! arrows, Home and End go from item to item, Enter and Space choose, Esc and Tab close it, as a click outside does. Whoever
//! has the caret keeps it.

use std::borrow::Cow;

use iced::{
    Center, Element, Event, Fill, Point, Rectangle, Renderer, Size, Theme,
    advanced::{
        Clipboard, Layout, Overlay, Renderer as _, Shell,
        layout::{Limits, Node},
        mouse, overlay, renderer,
        widget::{Operation, Tree},
    },
    border,
    keyboard::{self, Key, key::Named},
    widget::{container, row},
    window,
};

use super::{
    Type, ellipsis, inherited, label,
    wrapped::{Inner, Wrap, wrapped},
};
use crate::theme;

const WIDTH: f32 = 236.0;
const ITEM: f32 = 32.0;
const LINE: f32 = 9.0;
const PADDING: f32 = 5.0;
/// From the edges of the window.
const EDGE: f32 = 4.0;

/// What can be chosen, and where.
pub struct Menu<'a, Message> {
    at: Point,
    by_key: bool,
    items: Vec<Item<'a, Message>>,
    on_close: Message,
}

enum Item<'a, Message> {
    Choice(Element<'a, Message>, Message),
    Line,
}

impl<'a, Message: Clone + 'a> Menu<'a, Message> {
    /// A menu without items yet, at a point of the window. `on_close` says that it is to be shown no more; it is published
    /// before what was chosen.
    pub fn new(at: Point, on_close: Message) -> Self {
        Self { at, by_key: false, items: Vec::new(), on_close }
    }

    /// Marks the first item from the start, as a menu that was asked for by a key does.
    pub fn by_key(mut self, by_key: bool) -> Self {
        self.by_key = by_key;
        self
    }

    /// One more item, with the key that does the same elsewhere.
    pub fn item(self, words: impl Into<Cow<'a, str>>, keys: &'a str, message: Message) -> Self {
        self.push(ellipsis(words, Type::Body, inherited), keys, message)
    }

    /// One more item, for something that can't be taken back.
    pub fn danger(self, words: impl Into<Cow<'a, str>>, message: Message) -> Self {
        self.push(ellipsis(words, Type::Body, theme::bad), "", message)
    }

    /// A line between what stands above and below it.
    pub fn line(mut self) -> Self {
        if matches!(self.items.last(), Some(Item::Choice(..))) {
            self.items.push(Item::Line);
        }
        self
    }

    /// Whether there is nothing to choose.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn push(mut self, words: Element<'a, Message>, keys: &'a str, message: Message) -> Self {
        let keys = label(keys, Type::Meta).style(theme::muted);
        let line = row![container(words).width(Fill), keys].spacing(12).align_y(Center);
        let content = container(line).padding([0, 10]).center_y(ITEM);
        self.items.push(Item::Choice(content.into(), message));
        self
    }

    /// The choices, by their place among all items.
    fn choices(&self) -> impl DoubleEndedIterator<Item = usize> {
        let is_choice =
            |(at, item): (usize, &Item<'a, Message>)| matches!(item, Item::Choice(..)).then_some(at);
        self.items.iter().enumerate().filter_map(is_choice)
    }
}

/// Shows a menu above `content`, when there is one.
pub fn menu<'a, Message: Clone + 'a>(
    content: impl Into<Element<'a, Message>>,
    menu: Option<Menu<'a, Message>>,
) -> Element<'a, Message> {
    wrapped(content, Shows(menu.filter(|menu| !menu.is_empty())))
}

/// Says where in the window `content` was clicked with the right button.
pub fn menu_area<'a, Message: 'a>(
    content: impl Into<Element<'a, Message>>,
    on_ask: impl Fn(Point) -> Message + 'a,
) -> Element<'a, Message> {
    wrapped(content, Asks(on_ask))
}

/// Says where in the window a menu is to open that a click on `content` asks for: right below it.
pub fn menu_button<'a, Message: 'a>(
    content: impl Into<Element<'a, Message>>,
    on_ask: impl Fn(Point) -> Message + 'a,
) -> Element<'a, Message> {
    wrapped(content, Opens(on_ask))
}

struct Opens<F>(F);

impl<Message, F: Fn(Point) -> Message> Wrap<Message> for Opens<F> {
    type State = ();

    fn update(&mut self, _state: &mut (), event: &Event, inner: &mut Inner<'_, '_, '_, Message>) {
        inner.update(event);
        let bounds = inner.layout.bounds();
        if let Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left)) = event
            && inner.cursor.is_over(bounds)
        {
            inner.shell.publish((self.0)(Point::new(bounds.x, bounds.y + bounds.height)));
            inner.shell.capture_event();
        }
    }
}

struct Asks<F>(F);

impl<Message, F: Fn(Point) -> Message> Wrap<Message> for Asks<F> {
    type State = ();

    fn update(&mut self, _state: &mut (), event: &Event, inner: &mut Inner<'_, '_, '_, Message>) {
        inner.update(event);
        if let Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Right)) = event
            && !inner.shell.is_event_captured()
            && inner.cursor.is_over(inner.layout.bounds())
            && let Some(at) = inner.cursor.position()
        {
            inner.shell.publish((self.0)(at));
            inner.shell.capture_event();
        }
    }
}

struct Shows<'a, Message>(Option<Menu<'a, Message>>);

/// What an open menu remembers.
#[derive(Default)]
struct Open {
    at: Option<Point>,
    marked: Option<usize>,
    /// The item that a mouse button went down on.
    pressed: Option<usize>,
    trees: Vec<Tree>,
}

impl<'a, Message: Clone + 'a> Wrap<Message> for Shows<'a, Message> {
    type State = Open;

    fn update(&mut self, state: &mut Open, event: &Event, inner: &mut Inner<'_, '_, '_, Message>) {
        if self.0.is_none() && state.at.is_some() {
            *state = Open::default();
        }
        inner.update(event);
    }

    fn overlay<'b>(
        &'b mut self,
        state: &'b mut Open,
    ) -> Option<overlay::Element<'b, Message, Theme, Renderer>> {
        let menu = self.0.as_mut()?;
        if state.at != Some(menu.at) {
            let marked = menu.by_key.then(|| menu.choices().next()).flatten();
            *state = Open { at: Some(menu.at), marked, ..Open::default() };
        }
        Some(overlay::Element::new(Box::new(Shown { menu, state })))
    }
}

/// The menu as it is on the screen.
struct Shown<'b, 'a, Message> {
    menu: &'b mut Menu<'a, Message>,
    state: &'b mut Open,
}

impl<'a, Message: Clone + 'a> Shown<'_, 'a, Message> {
    fn close(&self, shell: &mut Shell<'_, Message>) {
        shell.publish(self.menu.on_close.clone());
    }

    fn choose(&self, item: Option<usize>, shell: &mut Shell<'_, Message>) {
        if let Some(Item::Choice(_, message)) = item.and_then(|item| self.menu.items.get(item)) {
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
        let (first, last) = (self.menu.choices().next(), self.menu.choices().next_back());
        let next = match key.as_ref() {
            Key::Named(Named::ArrowDown) => {
                self.menu.choices().find(|item| marked.is_none_or(|marked| *item > marked)).or(first)
            }
            Key::Named(Named::ArrowUp) => {
                self.menu.choices().rfind(|item| marked.is_none_or(|marked| *item < marked)).or(last)
            }
            Key::Named(Named::Home) => first,
            Key::Named(Named::End) => last,
            Key::Named(Named::Enter | Named::Space) => return self.choose(marked, shell),
            Key::Named(Named::Escape | Named::Tab) => return self.close(shell),
            _ => return,
        };
        self.mark(next, shell);
    }

    fn item_under(&self, cursor: mouse::Cursor, layout: Layout<'_>) -> Option<usize> {
        let at = cursor.position()?;
        let under = layout.children().position(|item| item.bounds().contains(at))?;
        matches!(self.menu.items.get(under), Some(Item::Choice(..))).then_some(under)
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
        let limits = Limits::new(Size::ZERO, Size::new(width, ITEM));
        let (mut nodes, mut y) = (Vec::with_capacity(self.menu.items.len()), PADDING);
        self.state.trees.resize_with(self.menu.items.len(), Tree::empty);
        for (item, tree) in self.menu.items.iter_mut().zip(&mut self.state.trees) {
            let node = match item {
                Item::Choice(content, _) => {
                    tree.diff(&*content);
                    let node = content.as_widget_mut().layout(tree, renderer, &limits);
                    Node::with_children(Size::new(width, ITEM), vec![node])
                }
                Item::Line => Node::new(Size::new(width, LINE)),
            };
            let height = node.size().height;
            nodes.push(node.move_to(Point::new(PADDING, y)));
            y += height;
        }
        let size = Size::new(WIDTH, y + PADDING);
        Node::with_children(size, nodes).move_to(place(self.menu.at, size, bounds))
    }

    fn operate(&mut self, layout: Layout<'_>, renderer: &Renderer, operation: &mut dyn Operation) {
        operation.container(Some(&"menu".into()), layout.bounds());
        operation.traverse(&mut |operation| {
            let items = self.menu.items.iter_mut().zip(&mut self.state.trees).zip(layout.children());
            for ((item, tree), layout) in items {
                if let (Item::Choice(content, _), Some(layout)) = (item, layout.children().next()) {
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
                (Item::Choice(content, _), Some(inside)) => {
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

    #[test]
    fn lines_stand_only_between_items() {
        let menu = Menu::new(Point::ORIGIN, 0).line().item("Copy", "", 1).line().line().item("Reply", "", 2);
        assert_eq!(menu.items.len(), 3);
        assert_eq!(menu.choices().collect::<Vec<_>>(), [0, 2]);
    }
}
