//! The widget that floats over the hovered row.

use std::hash::Hash;

use iced::{
    Point, Renderer, Size,
    advanced::{
        Layout,
        layout::{Limits, Node},
        widget::Tree,
    },
};

use super::{State, VirtualList, bar};

/// How far the actions reach above their row.
const RISE: f32 = 16.0;
const INSET: f32 = 6.0;

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
        let Some(mut element) = self.actions.as_ref().and_then(|actions| actions(index)) else { return };
        let mut child =
            waiting.filter(|(over, _)| *over == id).map_or_else(|| Tree::new(&element), |(_, tree)| tree);
        child.diff(&element);
        let width = self.width - bar::GRIP - INSET;
        let limits = Limits::new(Size::ZERO, Size::new(width.max(0.0), f32::INFINITY));
        let node = element.as_widget_mut().layout(&mut child, renderer, &limits);
        let size = node.size();
        let top = state.placed.rows.get(place).map_or(0.0, |(top, _)| *top);
        let y = (top - RISE).min(state.viewport - size.height - 4.0).max(4.0);
        nodes.push(node.move_to(Point::new((width - size.width).max(0.0), y)));
        tree.children.push(child);
        state.floats_over = Some(id);
        self.floating = Some(element);
    }
}
