//! Selecting over rows: the pointer as gestures at places in rows, and scrolling while it is held at an edge.
//!
//! The list keeps only what the pointer is doing. What is selected is the app's, by rows' ids, since rows come and go here.

use std::{hash::Hash, time::Instant};

use iced::{
    Event, Point, Rectangle, Renderer,
    advanced::{
        Layout, Shell,
        mouse::{self, click},
        widget::{Operation, Tree},
    },
    keyboard, window,
};

use super::{VirtualList, state::State};
use crate::widget::selectable::Piece;

/// This close to an edge, a held pointer scrolls.
const EDGE: f32 = 24.0;
/// Pixels a second for each pixel beyond that, and at most.
const SPEED: f32 = 14.0;
const FASTEST: f32 = 3_000.0;

/// What the pointer, or a key, does to rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gesture<Id> {
    /// Pressed at a place: a row and bytes into its words.
    Press {
        /// Which one.
        at: (Id, usize),
        /// Whether it was the second or third in a row.
        clicks: click::Kind,
        /// Whether Shift was held.
        extends: bool,
    },
    /// Held, and over another place by now.
    Drag((Id, usize)),
    /// Let go of.
    Release,
    /// Asked what can be done with a row.
    Menu {
        /// Which one.
        row: Id,
        /// Where in the window.
        at: Point,
        /// Whether by a key.
        by_key: bool,
    },
}

/// Finds the place nearest to a point among the texts of rows: in the last one that begins above it, or else in the first.
struct Nearest {
    to: Point,
    row: usize,
    found: Option<(usize, usize)>,
}

impl Operation for Nearest {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn custom(&mut self, _: Option<&iced::widget::Id>, bounds: Rectangle, state: &mut dyn std::any::Any) {
        if let Some(piece) = state.downcast_ref::<Piece>()
            && (self.found.is_none() || bounds.y <= self.to.y)
        {
            self.found = Some((self.row, piece.at(self.to, bounds)));
        }
    }
}

impl<Id, Message> VirtualList<'_, Id, Message>
where
    Id: Ord + Copy + Hash + 'static,
{
    /// The place in a row's words that is nearest to a point of the window.
    fn place(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        to: Point,
    ) -> Option<(Id, usize)> {
        let bounds = layout.bounds();
        // Rows that wait beyond the edges are out of the pointer's reach.
        let y = to.y.clamp(bounds.y + 1.0, (bounds.y + bounds.height - 1.0).max(bounds.y + 1.0));
        let mut nearest = Nearest { to: Point::new(to.x, y), row: 0, found: None };
        let rows = self.order.iter().zip(&mut tree.children).zip(layout.children());
        for (place, ((id, tree), layout)) in rows.enumerate() {
            if nearest.found.is_some() && layout.bounds().y > y {
                break;
            }
            nearest.row = place;
            if let Some(row) = self.built.get_mut(id) {
                row.as_widget_mut().operate(tree, layout, renderer, &mut nearest);
            }
        }
        nearest.found.and_then(|(row, at)| Some((*self.order.get(row)?, at)))
    }

    /// Turns events that no row wanted into gestures.
    pub(super) fn select(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        renderer: &Renderer,
        shell: &mut Shell<'_, Message>,
    ) {
        if self.on_gesture.is_none() {
            return;
        }
        let bounds = layout.bounds();
        match event {
            Event::Keyboard(keyboard::Event::ModifiersChanged(modifiers)) => {
                tree.state.downcast_mut::<State<Id>>().pointer.modifiers = *modifiers;
            }
            Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left))
                if !cursor.is_levitating() && !shell.is_event_captured() =>
            {
                let moved_to = tree.state.downcast_ref::<State<Id>>().pointer.at;
                let at = moved_to.or(cursor.position()).filter(|at| bounds.contains(*at));
                if let Some(at) = at.filter(|at| !self.is_floating(layout, *at)) {
                    self.press(tree, layout, renderer, at, shell);
                }
            }
            Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Right))
                if cursor.is_over(bounds) && !shell.is_event_captured() =>
            {
                let state = tree.state.downcast_ref::<State<Id>>();
                if let Some((row, at)) = self.row_under(state, cursor, layout).zip(cursor.position()) {
                    self.tell(Gesture::Menu { row, at, by_key: false }, shell);
                    shell.capture_event();
                }
            }
            Event::Mouse(mouse::Event::CursorLeft) => {
                tree.state.downcast_mut::<State<Id>>().pointer.at = None;
            }
            Event::Mouse(mouse::Event::CursorMoved { position }) => {
                tree.state.downcast_mut::<State<Id>>().pointer.at = Some(*position);
                self.drag(tree, layout, renderer, *position, shell);
            }
            Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left))
            | Event::Window(window::Event::Unfocused) => {
                let pointer = &mut tree.state.downcast_mut::<State<Id>>().pointer;
                if pointer.held.take().is_some() {
                    (pointer.is_dragging, pointer.scrolled) = (false, None);
                    self.tell(Gesture::Release, shell);
                }
            }
            Event::Window(window::Event::RedrawRequested(now)) => {
                self.ask_at(tree, layout, shell);
                if let Some(at) = cursor.position() {
                    self.scroll_at_edge(tree, layout, renderer, at, *now, shell);
                }
            }
            _ => {}
        }
    }

    fn tell(&self, gesture: Gesture<Id>, shell: &mut Shell<'_, Message>) {
        if let Some(on_gesture) = &self.on_gesture {
            shell.publish(on_gesture(gesture));
        }
    }

    fn is_floating(&self, layout: Layout<'_>, at: Point) -> bool {
        self.floating_layout(layout).is_some_and(|floating| floating.bounds().contains(at))
    }

    fn press(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        at: Point,
        shell: &mut Shell<'_, Message>,
    ) {
        let Some(place) = self.place(tree, layout, renderer, at) else { return };
        let pointer = &mut tree.state.downcast_mut::<State<Id>>().pointer;
        let click = mouse::Click::new(at, mouse::Button::Left, pointer.click.take());
        pointer.click = Some(click);
        (pointer.held, pointer.told, pointer.is_dragging) = (Some(at), Some(place), false);
        let extends = pointer.modifiers.shift();
        self.tell(Gesture::Press { at: place, clicks: click.kind(), extends }, shell);
    }

    /// Tells the place under the held pointer, when that is another one.
    fn drag(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        at: Point,
        shell: &mut Shell<'_, Message>,
    ) {
        if !tree.state.downcast_mut::<State<Id>>().pointer.moved(at) {
            return;
        }
        let place = self.place(tree, layout, renderer, at);
        let pointer = &mut tree.state.downcast_mut::<State<Id>>().pointer;
        if let Some(place) = place.filter(|place| pointer.told != Some(*place)) {
            pointer.told = Some(place);
            self.tell(Gesture::Drag(place), shell);
        }
        if beyond(layout.bounds(), at) != 0.0 {
            shell.request_redraw();
        }
    }

    /// Scrolls on while the pointer is held at an edge, and tells what it is over by now.
    fn scroll_at_edge(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        at: Point,
        now: Instant,
        shell: &mut Shell<'_, Message>,
    ) {
        if !tree.state.downcast_ref::<State<Id>>().pointer.is_selecting() {
            return;
        }
        self.drag(tree, layout, renderer, at, shell);
        let state = tree.state.downcast_mut::<State<Id>>();
        let beyond = beyond(layout.bounds(), at);
        if beyond == 0.0 || !state.can_scroll(beyond > 0.0) {
            state.pointer.scrolled = None;
            return;
        }
        let by = (beyond * SPEED).clamp(-FASTEST, FASTEST) * state.pointer.passed(now);
        if by.abs() >= 1.0 {
            state.scroll(by);
            shell.invalidate_layout();
        }
        shell.request_redraw();
    }

    /// Asks for the menu of a row that a key asked for.
    fn ask_at(&self, tree: &mut Tree, layout: Layout<'_>, shell: &mut Shell<'_, Message>) {
        let Some((serial, row)) = self.ask else { return };
        let state = tree.state.downcast_mut::<State<Id>>();
        if state.asked == serial {
            return;
        }
        state.asked = serial;
        let bounds = layout.bounds();
        let place = self.order.iter().position(|id| *id == row);
        let row_bounds = place.and_then(|place| layout.children().nth(place)).map(|row| row.bounds());
        let seen = row_bounds.and_then(|row| row.intersection(&bounds)).unwrap_or(bounds);
        let at = Point::new(seen.x + seen.width.min(640.0) / 2.0, seen.center_y());
        self.tell(Gesture::Menu { row, at, by_key: true }, shell);
    }
}

/// How far a point is below the part of the list in which nothing scrolls; negative above it.
fn beyond(list: Rectangle, at: Point) -> f32 {
    let (top, bottom) = (list.y + EDGE, list.y + list.height - EDGE);
    if at.y < top { at.y - top } else { (at.y - bottom).max(0.0) }
}

#[cfg(test)]
mod tests {
    use iced::Size;

    use super::*;

    #[test]
    fn only_at_the_edges_and_beyond_them_does_a_held_pointer_scroll() {
        let list = Rectangle::new(Point::new(10.0, 100.0), Size::new(300.0, 400.0));
        for (y, expected) in
            [(50.0, -74.0), (110.0, -14.0), (124.0, 0.0), (300.0, 0.0), (476.0, 0.0), (486.0, 10.0)]
        {
            assert_eq!(beyond(list, Point::new(0.0, y)), expected, "{y}");
        }
    }
}
