//! The widget that floats over the hovered row.

use std::hash::Hash;

use iced::{
    Element, Point, Rectangle, Renderer, Size, Vector,
    advanced::{
        Layout,
        layout::{Limits, Node},
        widget::Tree,
    },
};

use super::{State, VirtualList, bar};

/// What floats at the right edge of the row that the pointer is on.
pub struct Floating<'a, Message> {
    /// All of it.
    pub whole: Element<'a, Message>,
    /// Shown instead where the whole would cover words; none when it may.
    pub small: Option<Element<'a, Message>>,
}

/// How far the actions reach above their row.
const RISE: f32 = 16.0;
const INSET: f32 = 6.0;
/// From the edges of the list.
const EDGE: f32 = 4.0;

impl<Id, Message> VirtualList<'_, Id, Message>
where
    Id: Ord + Copy + Hash + 'static,
{
    /// Where it is, among the list's own nodes.
    pub(super) fn floating_layout<'b>(&self, layout: Layout<'b>) -> Option<Layout<'b>> {
        self.floating.as_ref().and_then(|_| layout.children().nth(self.order.len()))
    }

    /// Builds and lays out what floats over the hovered row.
    pub(super) fn float(
        &mut self,
        tree: &mut Tree,
        waiting: Option<(Id, Tree)>,
        renderer: &Renderer,
        nodes: &mut Vec<Node>,
    ) {
        let state = tree.state.downcast_mut::<State<Id>>();
        self.floating = None;
        state.floats_over = None;
        let Some((id, place)) =
            state.hovered.and_then(|id| Some((id, self.order.iter().position(|row| *row == id)?)))
        else {
            return;
        };
        let index = state.placed.first + place;
        let Some(Floating { mut whole, small }) = self.actions.as_ref().and_then(|actions| actions(index))
        else {
            return;
        };
        let right = self.width - bar::GRIP.max(self.inset) - INSET;
        let limits = Limits::new(Size::ZERO, Size::new(right.max(0.0), f32::INFINITY));
        let (top, _) = state.placed.rows.get(place).copied().unwrap_or_default();
        let lowest = |size: Size| (state.viewport - size.height - EDGE).max(EDGE);
        let at =
            |size: Size, y: f32| Point::new((right - size.width).max(0.0), y.min(lowest(size)).max(EDGE));

        let known = waiting.filter(|(over, _)| *over == id).map(|(_, tree)| tree);
        let (was_whole, was_small) = if state.is_small { (None, known) } else { (known, None) };
        let mut child = was_whole.unwrap_or_else(|| Tree::new(&whole));
        child.diff(&whole);
        let node = whole.as_widget_mut().layout(&mut child, renderer, &limits);
        let size = node.size();
        let free = [top - RISE, top + EDGE].into_iter().map(|y| at(size, y)).find(|at| {
            let area = Rectangle::new(*at, size);
            !nodes.iter().any(|row| has_words(row, Vector::ZERO, &area))
        });
        state.is_small = free.is_none() && small.is_some();
        let (element, node) = match (free, small) {
            (Some(at), _) => (whole, node.move_to(at)),
            // Where it must cover words, those of its own row.
            (None, None) => (whole, node.move_to(at(size, top + EDGE))),
            (None, Some(mut small)) => {
                child = was_small.unwrap_or_else(|| Tree::new(&small));
                child.diff(&small);
                let node = small.as_widget_mut().layout(&mut child, renderer, &limits);
                let place = at(node.size(), top);
                (small, node.move_to(place))
            }
        };
        nodes.push(node);
        tree.children.push(child);
        state.floats_over = Some(id);
        self.floating = Some(element);
    }
}

/// Whether anything is drawn within this area, as far as the layout shows it: lines of a pixel or two may be crossed.
fn has_words(node: &Node, origin: Vector, area: &Rectangle) -> bool {
    const LINE: f32 = 2.0;
    let bounds = node.bounds() + origin;
    if !bounds.intersects(area) {
        return false;
    }
    let inside = Vector::new(bounds.x, bounds.y);
    match node.children() {
        [] => bounds.width > 0.0 && bounds.height > LINE,
        children => children.iter().any(|child| has_words(child, inside, area)),
    }
}
