//! What the pointer is doing over rows, from one event to the next.

use std::time::Instant;

use iced::{Point, advanced::mouse, keyboard};

use crate::widget::selectable::DRAG;

/// What a frame that comes late counts for at most, in seconds.
const FRAME: f32 = 0.05;

/// What the pointer is doing.
pub struct Pointer<Id> {
    /// The keys that are held with it.
    pub modifiers: keyboard::Modifiers,
    /// The last click, to count the next by.
    pub click: Option<mouse::Click>,
    /// Where it moved last. iced hands over several events with the pointer where it is after all of them.
    pub at: Option<Point>,
    /// Where it was pressed, while it is held.
    pub held: Option<Point>,
    /// Whether it moved far enough since.
    pub is_dragging: bool,
    /// The place that was told last.
    pub told: Option<(Id, usize)>,
    /// The last frame in which it scrolled.
    pub scrolled: Option<Instant>,
}

impl<Id> Default for Pointer<Id> {
    fn default() -> Self {
        Self {
            modifiers: keyboard::Modifiers::empty(),
            click: None,
            at: None,
            held: None,
            is_dragging: false,
            told: None,
            scrolled: None,
        }
    }
}

impl<Id> Pointer<Id> {
    /// Whether something is being selected.
    pub fn is_selecting(&self) -> bool {
        self.held.is_some() && self.is_dragging
    }

    /// Takes note of where it is. Whether it selects by now.
    pub fn moved(&mut self, at: Point) -> bool {
        let Some(from) = self.held else { return false };
        self.is_dragging |= from.distance(at) > DRAG;
        self.is_dragging
    }

    /// How many seconds have passed since the last frame in which this was asked.
    pub fn passed(&mut self, now: Instant) -> f32 {
        let before = self.scrolled.replace(now).unwrap_or(now);
        now.saturating_duration_since(before).as_secs_f32().min(FRAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_that_trembles_selects_nothing() {
        let mut pointer = Pointer::<u32>::default();
        assert!(!pointer.moved(Point::new(100.0, 0.0)), "it is not held");
        pointer.held = Some(Point::ORIGIN);
        assert!(!pointer.moved(Point::new(2.0, 2.0)) && !pointer.is_selecting());
        assert!(pointer.moved(Point::new(9.0, 0.0)) && pointer.is_selecting());
        assert!(pointer.moved(Point::new(1.0, 0.0)), "on the way back it still selects");
    }
}
