//! A menu above everything else: what can be done with the thing under the pointer, or with the one that is focused.
//!
//! [`menu_area`] tells where it was asked for, [`menu`] shows it there. While it is open it takes all keys and clicks: the
//! arrows, Home and End go from item to item, Enter and Space choose, Esc and Tab close it, as a click outside does. Whoever
//! has the caret keeps it.

use std::borrow::Cow;

use iced::{
    Center, Element, Event, Fill, Point, Renderer, Theme,
    advanced::{mouse, overlay, widget::Tree},
    widget::{container, row},
};

mod shown;

use shown::Shown;

use super::{
    Type, ellipsis, inherited, label,
    wrapped::{Inner, Wrap, wrapped},
};
use crate::theme;

const ITEM: f32 = 32.0;

/// What can be chosen, and where.
pub struct Menu<'a, Message> {
    at: Point,
    by_key: bool,
    items: Vec<Item<'a, Message>>,
    on_close: Message,
}

enum Item<'a, Message> {
    Choice {
        content: Element<'a, Message>,
        message: Message,
        /// Its place among those beside it, and how many they are.
        column: (usize, usize),
    },
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

    /// Items side by side.
    pub fn strip<const N: usize>(mut self, items: [(&'a str, Message); N]) -> Self {
        for (place, (words, message)) in items.into_iter().enumerate() {
            let content = container(ellipsis(words, Type::Body, inherited)).center_x(Fill).center_y(ITEM);
            self.items.push(Item::Choice { content: content.into(), message, column: (place, N) });
        }
        self
    }

    /// A line between what stands above and below it.
    pub fn line(mut self) -> Self {
        if matches!(self.items.last(), Some(Item::Choice { .. })) {
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
        self.items.push(Item::Choice { content: content.into(), message, column: (0, 1) });
        self
    }

    /// The choices, by their place among all items.
    fn choices(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.items.len()).filter(|item| self.column(*item).is_some())
    }

    fn column(&self, item: usize) -> Option<(usize, usize)> {
        match self.items.get(item)? {
            Item::Choice { column, .. } => Some(*column),
            Item::Line => None,
        }
    }

    /// The first choice of the next row, or that of the row before; from one end on to the other.
    fn next_row(&self, from: Option<usize>, is_down: bool) -> Option<usize> {
        let mut starts =
            self.choices().filter(|item| self.column(*item).is_some_and(|(place, _)| place == 0));
        let start = from.and_then(|item| Some(item - self.column(item)?.0));
        let Some(start) = start else { return if is_down { starts.next() } else { starts.next_back() } };
        let next =
            if is_down { starts.find(|item| *item > start) } else { starts.rfind(|item| *item < start) };
        next.or_else(|| self.next_row(None, is_down))
    }

    /// The choice beside it, if there is one.
    fn beside(&self, from: Option<usize>, by: isize) -> Option<usize> {
        let (place, count) = self.column(from?)?;
        let to = place.checked_add_signed(by).filter(|to| *to < count);
        from.zip(to).map(|(from, to)| from - place + to).or(from)
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
        // Another menu at the same place is told by what it has.
        let is_same = state.trees.is_empty() || state.trees.len() == menu.items.len();
        if state.at != Some(menu.at) || !is_same {
            let marked = menu.by_key.then(|| menu.choices().next()).flatten();
            *state = Open { at: Some(menu.at), marked, ..Open::default() };
        }
        Some(overlay::Element::new(Box::new(Shown { menu, state })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_only_between_items() {
        let menu = Menu::new(Point::ORIGIN, 0).line().item("Copy", "", 1).line().line().item("Reply", "", 2);
        assert_eq!(menu.items.len(), 3);
        assert_eq!(menu.choices().collect::<Vec<_>>(), [0, 2]);
    }
}
