//! Where the reader is, and how that moves: by the wheel, the scroll bar and jumps. No widgets, no drawing.

use super::{
    Shown,
    anchor::{Anchor, Placed},
    heights::Heights,
    pointer::Pointer,
};

/// The assumed height of a row that was not laid out yet: two lines with their name.
const ESTIMATE: f32 = 48.0;
const THUMB_LEAST: f32 = 32.0;

/// Where to go; obeyed once for each serial number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jump<Id> {
    /// To the newest row, and stay there.
    End,
    /// To the first row.
    Start,
    /// To a row: a third of the way down.
    Row(Id),
    /// To a row, as little as it takes for all of it to be in view.
    Reveal(Id),
    /// By so many viewports, up when negative.
    Pages(f32),
}

/// The state of a list from one view to the next.
pub struct State<Id> {
    /// Whose rows these are.
    pub key: u64,
    pub anchor: Anchor<Id>,
    pub heights: Heights<Id>,
    pub revision: Option<u64>,
    pub jumped: u64,
    pub placed: Placed,
    /// The ids of the tree's children.
    pub rows: Vec<Id>,
    /// The rows that were told to be in view, and the first of them.
    pub told: Option<(Shown, Option<Id>)>,
    pub viewport: f32,
    /// Where in the thumb the pointer holds it.
    pub grip: Option<f32>,
    pub over_bar: bool,
    pub hovered: Option<Id>,
    /// The row the last of the tree's children floats over.
    pub floats_over: Option<Id>,
    /// Whether that is the small form of what floats.
    pub is_small: bool,
    /// Counts, in a small circle, how often rows have moved.
    pub turn: u8,
    /// What the pointer does to rows.
    pub pointer: Pointer<Id>,
    /// The last menu that was asked for.
    pub asked: u64,
}

impl<Id: Ord + Copy> State<Id> {
    /// At the row `start`, or else at the end, with nothing seen yet. Jumps up to this serial number are over.
    pub fn new(jumped: u64, key: u64, start: Option<Id>) -> Self {
        Self {
            key,
            anchor: start.map_or(Anchor::End, |id| Anchor::Row { id, top: 0.0 }),
            heights: Heights::new(ESTIMATE),
            revision: None,
            jumped,
            placed: Placed { first: 0, rows: Default::default(), at_end: true },
            rows: Vec::new(),
            told: None,
            viewport: 0.0,
            grip: None,
            over_bar: false,
            hovered: None,
            floats_over: None,
            is_small: false,
            turn: 0,
            pointer: Pointer::default(),
            asked: 0,
        }
    }

    /// Moves the rows up by some pixels, or down when negative.
    pub fn scroll(&mut self, by: f32) {
        let visible = self.placed.visible(self.viewport);
        let Some((top, _)) = self.placed.rows.get(visible.start - self.placed.first) else { return };
        if let Some(id) = self.heights.id(visible.start) {
            self.anchor = Anchor::Row { id, top: (top - by).round() };
        }
    }

    /// The first row in view lies this far from the top of everything.
    pub fn offset(&self) -> f64 {
        let above = self.placed.rows.front().map_or(0.0, |(top, _)| f64::from(*top));
        (self.heights.offset(self.placed.first) - above).max(0.0)
    }

    pub fn scroll_to(&mut self, offset: f64) {
        if let Some((index, inside)) = self.heights.at(offset)
            && let Some(id) = self.heights.id(index)
        {
            self.anchor = Anchor::Row { id, top: -(inside as f32).round() };
        }
    }

    pub fn apply_jump(&mut self, jump: Jump<Id>) {
        match jump {
            Jump::End => self.anchor = Anchor::End,
            Jump::Start => self.scroll_to(0.0),
            Jump::Row(id) => self.anchor = Anchor::Row { id, top: (self.viewport / 3.0).round() },
            Jump::Reveal(id) => self.reveal(id),
            Jump::Pages(pages) => self.scroll(pages * self.viewport),
        }
    }

    fn reveal(&mut self, id: Id) {
        let index = self.heights.position(id);
        let top = (self.heights.offset(index) - self.offset()) as f32;
        let height = (self.heights.offset(index + 1) - self.heights.offset(index)) as f32;
        if top < 0.0 || height > self.viewport {
            self.anchor = Anchor::Row { id, top: 0.0 };
        } else if top + height > self.viewport + 1.0 {
            self.anchor = Anchor::Row { id, top: (self.viewport - height).floor() };
        }
    }

    /// Whether there is more beyond the lower edge, or the upper one.
    pub fn can_scroll(&self, down: bool) -> bool {
        if down {
            !self.placed.at_end
        } else {
            self.placed.first > 0 || self.placed.rows.front().is_some_and(|(top, _)| *top < 0.0)
        }
    }

    /// The thumb's upper edge and height within the list, when there is more than fits.
    pub fn thumb(&self) -> Option<(f32, f32)> {
        let total = self.heights.total();
        let viewport = f64::from(self.viewport);
        if total <= viewport + 1.0 {
            return None;
        }
        let height =
            (self.viewport * (viewport / total) as f32).clamp(THUMB_LEAST.min(self.viewport), self.viewport);
        let share =
            if self.placed.at_end { 1.0 } else { (self.offset() / (total - viewport)).clamp(0.0, 1.0) };
        Some(((self.viewport - height) * share as f32, height))
    }

    /// The pointer holds the thumb so that its upper edge is here.
    pub fn drag(&mut self, top: f32) {
        let Some((_, height)) = self.thumb() else { return };
        let share = f64::from((top / (self.viewport - height).max(1.0)).clamp(0.0, 1.0));
        if share >= 1.0 {
            self.anchor = Anchor::End;
        } else {
            self.scroll_to(share * (self.heights.total() - f64::from(self.viewport)));
        }
    }
}
