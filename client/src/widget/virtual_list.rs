//! A list of any length that builds, lays out and draws only the rows near the viewport.
//!
//! It owns where the reader is (the end, or a row that holds still), never what the rows say. Rows are asked for
//! by index while laying out, and known by an id that ascends from row to row, so that a row keeps its widget state and the
//! reader their place while others come before and after it.

mod anchor;
mod bar;
mod beside;
mod events;
mod float;
mod heights;
mod layout;
mod options;
mod pointer;
mod select;
mod state;

use std::{collections::HashMap, hash::Hash};

use iced::{
    Border, Color, Element, Event, Length, Rectangle, Renderer, Size, Theme, Vector,
    advanced::{
        Clipboard, Layout, Renderer as _, Shell, Widget,
        layout::{Limits, Node},
        mouse, overlay, renderer,
        widget::{Operation, Tree, tree},
    },
    border, window,
};

pub use beside::Beside;
pub use float::Floating;
pub use iced::advanced::mouse::click;
pub use select::Gesture;
pub use state::Jump;
use state::State;

/// One notch of a mouse wheel.
const NOTCH: f32 = 66.0;
/// The bar at the edge of the row that the keyboard is at.
const FOCUS: f32 = 3.0;
/// The CPU renderer of iced 0.14 compares frames piece by piece, and draws every stretch that differs by itself, with a pass
/// over the whole window's mask for each: 30 ms for rows that have all moved, 2 ms for the list as a whole. A layer of another
/// size it draws as a whole. So whenever rows move, their layer becomes taller by parts of a pixel, too small to show, in turn.
const TURNS: u8 = 8;

/// The rows in view; told whenever they change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The index of the first row in view.
    pub first: usize,
    /// The index after the last row in view.
    pub end: usize,
    /// Whether the newest row is in view and stays so.
    pub at_end: bool,
}

/// A colour of the theme.
type Ink = fn(&Theme) -> Color;
/// Builds something for the row at an index.
type View<'a, Built> = Box<dyn Fn(usize) -> Built + 'a>;

/// See the [module](self).
pub struct VirtualList<'a, Id, Message> {
    len: usize,
    revision: u64,
    id: View<'a, Option<Id>>,
    view: View<'a, Element<'a, Message>>,
    jump: Option<(u64, Jump<Id>)>,
    key: u64,
    start: Option<Id>,
    on_shown: Option<Box<dyn Fn(Shown) -> Message + 'a>>,
    hovered: Option<(Ink, View<'a, bool>)>,
    focused: Option<(Id, Ink)>,
    on_gesture: Option<Box<dyn Fn(Gesture<Id>) -> Message + 'a>>,
    ask: Option<(u64, Id)>,
    actions: Option<View<'a, Option<Floating<'a, Message>>>>,
    thumb: fn(&Theme, bool) -> Color,
    inset: f32,
    beside: Option<View<'a, Option<Beside>>>,
    built: HashMap<Id, Element<'a, Message>>,
    /// The rows of the last layout, in the order of its nodes and of the tree's children.
    order: Vec<Id>,
    width: f32,
    /// The widget over the hovered row. Its node and its tree come after those of the rows.
    floating: Option<Element<'a, Message>>,
}

/// A list of `len` rows. `revision` changes whenever the ids do.
pub fn virtual_list<'a, Id, Message>(
    len: usize,
    revision: u64,
    id: impl Fn(usize) -> Option<Id> + 'a,
    view: impl Fn(usize) -> Element<'a, Message> + 'a,
    thumb: fn(&Theme, bool) -> Color,
) -> VirtualList<'a, Id, Message> {
    VirtualList {
        len,
        revision,
        id: Box::new(id),
        view: Box::new(view),
        jump: None,
        key: 0,
        start: None,
        on_shown: None,
        hovered: None,
        focused: None,
        on_gesture: None,
        ask: None,
        actions: None,
        thumb,
        inset: 0.0,
        beside: None,
        built: HashMap::new(),
        order: Vec::new(),
        width: 0.0,
        floating: None,
    }
}

impl<Id, Message> VirtualList<'_, Id, Message>
where
    Id: Ord + Copy + Hash + 'static,
{
    /// The pointer as the rows see it: nowhere while it is outside of the list or on the scroll bar.
    fn inner_cursor(cursor: mouse::Cursor, bounds: Rectangle, on_bar: bool) -> mouse::Cursor {
        if cursor.is_over(bounds) && !on_bar { cursor } else { mouse::Cursor::Unavailable }
    }

    fn row_under(&self, state: &State<Id>, cursor: mouse::Cursor, layout: Layout<'_>) -> Option<Id> {
        let at = cursor.position()?;
        if state.pointer.is_selecting() {
            return None;
        }
        if self.floating_layout(layout).is_some_and(|floating| floating.bounds().contains(at)) {
            return state.hovered;
        }
        layout.children().zip(&self.order).find(|(row, _)| row.bounds().contains(at)).map(|(_, id)| *id)
    }
}

impl<Id, Message> Widget<Message, Theme, Renderer> for VirtualList<'_, Id, Message>
where
    Id: Ord + Copy + Hash + 'static,
{
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<State<Id>>()
    }

    fn state(&self) -> tree::State {
        // Jumps from before this list was on screen are over.
        let jumped = self.jump.map_or(0, |(serial, _)| serial);
        let mut state = State::new(jumped, self.key, self.start);
        state.asked = self.ask.map_or(0, |(serial, _)| serial);
        tree::State::new(state)
    }

    fn diff(&self, tree: &mut Tree) {
        // Rows are known only while laying out; their trees wait there.
        if tree.state.downcast_ref::<State<Id>>().key != self.key {
            tree.state = self.state();
            tree.children.clear();
        }
    }

    fn size(&self) -> Size<Length> {
        Size::new(Length::Fill, Length::Fill)
    }

    fn layout(&mut self, tree: &mut Tree, renderer: &Renderer, limits: &Limits) -> Node {
        self.lay_out(tree, renderer, limits.max())
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        operation: &mut dyn Operation,
    ) {
        operation.container(None, layout.bounds());
        operation.traverse(&mut |operation| {
            for ((id, tree), layout) in self.order.iter().zip(&mut tree.children).zip(layout.children()) {
                if let Some(row) = self.built.get_mut(id) {
                    row.as_widget_mut().operate(tree, layout, renderer, operation);
                }
            }
            let place = self.order.len();
            if let (Some(floating), Some(tree), Some(layout)) =
                (&mut self.floating, tree.children.get_mut(place), layout.children().nth(place))
            {
                floating.as_widget_mut().operate(tree, layout, renderer, operation);
            }
        });
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
        let bounds = layout.bounds();
        let Some(visible) = bounds.intersection(viewport) else { return };
        let state = tree.state.downcast_mut::<State<Id>>();
        let on_bar = bar::is_under(state, cursor, bounds);

        if bar::update(state, event, bounds, cursor, on_bar, shell) {
            return;
        }

        let mut inner = Self::inner_cursor(cursor, bounds, on_bar);
        let before = inner;
        let place = self.order.len();
        if let (Some(floating), Some(child), Some(layout)) =
            (&mut self.floating, tree.children.get_mut(place), layout.children().nth(place))
        {
            floating
                .as_widget_mut()
                .update(child, event, layout, inner, renderer, clipboard, shell, &visible);
            if inner.is_over(layout.bounds()) {
                inner = inner.levitate();
            }
        }
        for ((id, tree), layout) in self.order.iter().zip(&mut tree.children).zip(layout.children()) {
            if let Some(row) = self.built.get_mut(id) {
                row.as_widget_mut().update(tree, event, layout, inner, renderer, clipboard, shell, &visible);
            }
        }

        self.select(tree, event, layout, cursor, renderer, shell);
        let state = tree.state.downcast_mut::<State<Id>>();
        let hovered = self.row_under(state, before, layout);
        if state.over_bar != on_bar || state.hovered != hovered {
            state.over_bar = on_bar;
            state.hovered = hovered;
            shell.invalidate_layout();
            // While a frame is being made, the new layout is part of it already; another frame would show the same.
            if !matches!(event, Event::Window(window::Event::RedrawRequested(_))) {
                shell.request_redraw();
            }
        }
        self.scroll_or_tell(state, event, cursor.is_over(bounds), shell);
    }

    fn mouse_interaction(
        &self,
        tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
        renderer: &Renderer,
    ) -> mouse::Interaction {
        let bounds = layout.bounds();
        let state = tree.state.downcast_ref::<State<Id>>();
        if state.pointer.is_selecting() {
            return mouse::Interaction::Text;
        }
        let inner = Self::inner_cursor(cursor, bounds, bar::is_under(state, cursor, bounds));
        if let (Some(floating), Some(layout)) = (&self.floating, self.floating_layout(layout))
            && inner.is_over(layout.bounds())
            && let Some(tree) = tree.children.get(self.order.len())
        {
            return floating.as_widget().mouse_interaction(tree, layout, inner, viewport, renderer);
        }
        self.order
            .iter()
            .zip(&tree.children)
            .zip(layout.children())
            .filter_map(|((id, tree), layout)| {
                let row = self.built.get(id)?;
                Some(row.as_widget().mouse_interaction(tree, layout, inner, viewport, renderer))
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
        let bounds = layout.bounds();
        let Some(visible) = bounds.intersection(viewport) else { return };
        let state = tree.state.downcast_ref::<State<Id>>();
        let on_bar = bar::is_under(state, cursor, bounds);
        let inner = Self::inner_cursor(cursor, bounds, on_bar);
        let height = visible.height + f32::from(state.turn) / 128.0;
        renderer.with_layer(Rectangle { height, ..visible }, |renderer| {
            for ((id, tree), layout) in self.order.iter().zip(&tree.children).zip(layout.children()) {
                // Letters may tower above their line and hang below it, but not over other people's.
                let (Some(row), Some(own)) = (self.built.get(id), layout.bounds().intersection(&visible))
                else {
                    continue;
                };
                let focused = self.focused.filter(|(row, _)| row == id);
                if let Some((color, answers)) = &self.hovered
                    && (focused.is_some()
                        || state.hovered == Some(*id) && answers(state.heights.position(*id)))
                {
                    fill(renderer, layout.bounds(), Border::default(), color(theme));
                }
                if let Some((_, bar)) = focused {
                    let bounds = Rectangle { width: FOCUS, ..layout.bounds() };
                    fill(renderer, bounds, Border::default(), bar(theme));
                }
                row.as_widget().draw(tree, renderer, theme, style, layout, inner, &own);
            }
            self.draw_beside(state, renderer, theme, layout, &visible);
            // No words lie below the bar, so it needs no layer of its own: each costs a pass over the whole window's mask.
            if let Some(thumb) = bar::thumb(state, bounds) {
                fill(renderer, thumb, border::rounded(99), (self.thumb)(theme, on_bar));
            }
        });
        if let (Some(floating), Some(layout)) = (&self.floating, self.floating_layout(layout))
            && let Some(tree) = tree.children.get(self.order.len())
        {
            renderer.with_layer(visible, |renderer| {
                floating.as_widget().draw(tree, renderer, theme, style, layout, inner, &visible);
            });
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
        let mut children = tree.children.iter_mut().zip(layout.children());
        let mut places: HashMap<Id, _> = self.order.iter().copied().zip(children.by_ref()).collect();
        let floating = self.floating.as_mut().zip(children.next()).and_then(|(floating, (tree, layout))| {
            floating.as_widget_mut().overlay(tree, layout, renderer, viewport, translation)
        });
        let rows = self.built.iter_mut().filter_map(|(id, row)| {
            let (tree, layout) = places.remove(id)?;
            row.as_widget_mut().overlay(tree, layout, renderer, viewport, translation)
        });
        let overlays: Vec<_> = rows.chain(floating).collect();
        (!overlays.is_empty()).then(|| overlay::Group::with_children(overlays).overlay())
    }
}

fn fill(renderer: &mut Renderer, bounds: Rectangle, border: Border, color: Color) {
    renderer.fill_quad(renderer::Quad { bounds, border, ..renderer::Quad::default() }, color);
}

impl<'a, Id, Message> From<VirtualList<'a, Id, Message>> for Element<'a, Message>
where
    Id: Ord + Copy + Hash + 'static,
    Message: 'a,
{
    fn from(list: VirtualList<'a, Id, Message>) -> Self {
        Element::new(list)
    }
}
