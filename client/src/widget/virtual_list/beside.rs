//! Words drawn beside the row that the pointer is on, such as its time. They are no widgets: nothing is laid out anew for them.

use std::hash::Hash;

use iced::{
    Color, Font, Pixels, Point, Rectangle, Renderer, Theme,
    advanced::{
        Layout, Text,
        text::{Alignment, LineHeight, Renderer as _, Shaping, Wrapping},
    },
    alignment::Vertical,
    widget,
};

use super::{State, VirtualList};

/// Words on one line, in the middle of a place within their row.
#[derive(Debug, Clone)]
pub struct Beside {
    /// The words.
    pub words: String,
    /// Their size in pixels.
    pub size: f32,
    /// Where they stand in the row.
    pub place: Rectangle,
    /// Their font.
    pub font: Font,
    /// Their colour.
    pub color: fn(&Theme) -> widget::text::Style,
}

impl<Id, Message> VirtualList<'_, Id, Message>
where
    Id: Ord + Copy + Hash + 'static,
{
    pub(super) fn draw_beside(
        &self,
        state: &State<Id>,
        renderer: &mut Renderer,
        theme: &Theme,
        layout: Layout<'_>,
        visible: &Rectangle,
    ) {
        let place = state.hovered.and_then(|id| self.order.iter().position(|row| *row == id));
        let Some((place, row)) =
            place.and_then(|place| Some((place, layout.children().nth(place)?.bounds())))
        else {
            return;
        };
        let beside = self.beside.as_ref().and_then(|beside| beside(state.placed.first + place));
        let (Some(beside), Some(clip)) = (beside, row.intersection(visible)) else { return };
        let color = (beside.color)(theme).color.unwrap_or(Color::BLACK);
        let at = Point::new(row.x + beside.place.center_x(), row.y + beside.place.center_y());
        let words = Text {
            content: beside.words,
            bounds: beside.place.size(),
            size: Pixels(beside.size),
            line_height: LineHeight::default(),
            font: beside.font,
            align_x: Alignment::Center,
            align_y: Vertical::Center,
            shaping: Shaping::Basic,
            wrapping: Wrapping::None,
        };
        renderer.fill_text(words, at, color, clip);
    }
}
