//! Laying a list out: only the rows near the viewport are built and measured.

use std::{collections::HashMap, hash::Hash};

use iced::{
    Element, Point, Renderer, Size,
    advanced::{
        layout::{Limits, Node},
        widget::Tree,
    },
};

use super::{TURNS, VirtualList, anchor, state::State};

impl<Id, Message> VirtualList<'_, Id, Message>
where
    Id: Ord + Copy + Hash + 'static,
{
    pub(super) fn lay_out(&mut self, tree: &mut Tree, renderer: &Renderer, size: Size) -> Node {
        self.width = size.width;
        let state = tree.state.downcast_mut::<State<Id>>();
        self.sync(state, size.height);
        // Trees move with their rows' ids; rows built in an earlier pass of the same view are kept.
        let waiting = state.floats_over.take().zip(if tree.children.len() > state.rows.len() {
            tree.children.pop()
        } else {
            None
        });
        let before = state.rows.clone();
        let mut trees: HashMap<Id, Tree> = state.rows.drain(..).zip(tree.children.drain(..)).collect();
        let mut built = std::mem::take(&mut self.built);
        let mut laid_out: HashMap<usize, (Id, Element<'_, Message>, Tree, Node)> = HashMap::new();
        let row_limits = Limits::new(Size::new(size.width, 0.0), Size::new(size.width, f32::INFINITY));
        let heights = &state.heights;
        let (placed, anchor) = anchor::place(state.anchor, heights, size.height, |index| {
            if let Some((.., node)) = laid_out.get(&index) {
                return node.size().height;
            }
            let Some(id) = heights.id(index) else { return 0.0 };
            let (mut element, mut tree) = match (built.remove(&id), trees.remove(&id)) {
                (Some(element), Some(tree)) => (element, tree),
                (built, tree) => {
                    let element = built.unwrap_or_else(|| (self.view)(index));
                    let mut tree = tree.unwrap_or_else(|| Tree::new(&element));
                    tree.diff(&element);
                    (element, tree)
                }
            };
            let node = element.as_widget_mut().layout(&mut tree, renderer, &row_limits);
            let height = node.size().height;
            let _ = laid_out.insert(index, (id, element, tree, node));
            height
        });
        state.anchor = anchor;

        self.order.clear();
        let mut nodes = Vec::with_capacity(placed.rows.len());
        for (index, (top, height)) in (placed.first..).zip(&placed.rows) {
            state.heights.measure(index, *height);
            if let Some((id, element, row, node)) = laid_out.remove(&index) {
                nodes.push(node.move_to(Point::new(0.0, *top)));
                tree.children.push(row);
                state.rows.push(id);
                self.order.push(id);
                let _ = self.built.insert(id, element);
            }
        }
        if state.placed.rows != placed.rows || state.rows != before {
            state.turn = (state.turn + 1) % TURNS;
        }
        state.placed = placed;
        self.float(tree, waiting, renderer, &mut nodes);
        Node::with_children(size, nodes)
    }

    /// Takes over what the app says of the list: its rows, and where to go.
    fn sync(&self, state: &mut State<Id>, viewport: f32) {
        if state.revision != Some(self.revision) || state.heights.len() != self.len {
            state.heights.sync(self.len, &self.id);
            state.revision = Some(self.revision);
        }
        state.viewport = viewport;
        if let Some((serial, jump)) = self.jump
            && serial != state.jumped
        {
            state.jumped = serial;
            state.apply_jump(jump);
        }
    }
}
