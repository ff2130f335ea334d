//! The column that messages and composer stand in.

use iced::Padding;

use super::composer;

/// Where the words of messages and of the composer stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Columns {
    /// What is free at either side of the column.
    pub inset: f32,
    /// Whether composer and messages share it.
    pub shares: bool,
}

impl Columns {
    /// The longest line, so that a wide window stays readable.
    pub const LINE: f32 = 760.0;
    /// From the column's left edge to its words: a tile, and the space around it.
    pub const GUTTER: f32 = 16.0 + 36.0 + 12.0;
    /// From the words to the column’s right edge: the place of the button for all that can be done, so that it covers none.
    pub const BUTTON: f32 = 60.0;
    /// All of it.
    pub const WIDTH: f32 = Self::GUTTER + Self::LINE + Self::BUTTON;

    /// Around the composer's box. Its words stand below those of the messages where there is room.
    pub fn composer(self) -> Padding {
        let (left, right) = if self.shares {
            (Self::GUTTER - composer::LEFT, Self::BUTTON - composer::LEFT)
        } else {
            (16.0, 16.0)
        };
        Padding { left: self.inset + left, right: self.inset + right, ..Padding::ZERO }
    }
}
