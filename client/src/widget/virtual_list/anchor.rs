//! What holds still while rows come, go and change their height: the end of the list, or one row.

use std::collections::VecDeque;

use super::heights::Heights;

/// Rows are kept laid out this far beyond the edges, so that a turn of the wheel finds them ready.
const MARGIN: f32 = 160.0;

/// The end of the list, or one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor<Id> {
    /// The newest row stays in view, at the bottom.
    End,
    /// This row stays where it is.
    Row {
        /// Which one.
        id: Id,
        /// Its upper edge, in pixels below the viewport's.
        top: f32,
    },
}

/// A stretch of rows and where they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The index of the first of them.
    pub first: usize,
    /// Upper edge and height of each, relative to the viewport.
    pub rows: VecDeque<(f32, f32)>,
    /// Whether the end of the list is in view.
    pub at_end: bool,
}

impl Placed {
    /// The rows of which something can be seen.
    pub fn visible(&self, viewport: f32) -> std::ops::Range<usize> {
        let shown = |(top, height): &(f32, f32)| top + height > 0.0 && *top < viewport;
        let start = self.rows.iter().position(shown).unwrap_or(0);
        let count = self.rows.iter().skip(start).take_while(|row| shown(row)).count();
        self.first + start..self.first + start + count
    }
}

/// Finds the rows to show. `measure` lays a row out and says how tall it is; it is asked only about rows near the viewport.
///
/// Returns the anchor to keep for next time: it moves to a row well inside the viewport, so that a row changing its height
/// above the text being read moves nothing.
pub fn place<Id: Ord + Copy>(
    anchor: Anchor<Id>,
    heights: &Heights<Id>,
    viewport: f32,
    mut measure: impl FnMut(usize) -> f32,
) -> (Placed, Anchor<Id>) {
    let len = heights.len();
    if len == 0 {
        return (Placed { first: 0, rows: VecDeque::new(), at_end: true }, Anchor::End);
    }
    let mut placed = match anchor {
        Anchor::End => from_end(len, viewport, &mut measure),
        Anchor::Row { id, top } => {
            let start = heights.position(id).min(len - 1);
            let mut placed = around(start, top, len, viewport, &mut measure);
            // Above the first row there is nothing to show; then the first row is the one that holds still.
            if placed.first == 0 && placed.rows.front().is_none_or(|(top, _)| *top > 0.0) {
                placed = around(0, 0.0, len, viewport, &mut measure);
            }
            if placed.at_end { from_end(len, viewport, &mut measure) } else { placed }
        }
    };
    let anchor = if placed.at_end {
        Anchor::End
    } else {
        let inside = placed.rows.iter().position(|(top, _)| (0.0..viewport).contains(top));
        let row =
            inside.or_else(|| placed.rows.iter().position(|(top, height)| top + height > 0.0)).unwrap_or(0);
        match (heights.id(placed.first + row), placed.rows.get(row)) {
            (Some(id), Some((top, _))) => Anchor::Row { id, top: *top },
            _ => Anchor::End,
        }
    };
    placed.at_end = anchor == Anchor::End;
    (placed, anchor)
}

fn from_end(len: usize, viewport: f32, measure: &mut impl FnMut(usize) -> f32) -> Placed {
    let mut placed = Placed { first: len, rows: VecDeque::new(), at_end: true };
    upwards(&mut placed, viewport, measure);
    placed
}

fn around(
    start: usize,
    top: f32,
    len: usize,
    viewport: f32,
    measure: &mut impl FnMut(usize) -> f32,
) -> Placed {
    // A row kept far outside by a big jump of the wheel: its neighbours are laid out on the way back.
    let mut placed = Placed { first: start, rows: VecDeque::new(), at_end: false };
    let mut bottom = top;
    let mut next = start;
    while next < len && bottom < viewport + MARGIN {
        let height = measure(next);
        placed.rows.push_back((bottom, height));
        bottom += height;
        next += 1;
    }
    placed.at_end = next == len && bottom <= viewport + 0.5;
    upwards(&mut placed, top, measure);
    trim(&mut placed, viewport);
    placed
}

/// Adds the rows above the first one, whose upper edge is `top`.
fn upwards(placed: &mut Placed, mut top: f32, measure: &mut impl FnMut(usize) -> f32) {
    while placed.first > 0 && top > -MARGIN {
        placed.first -= 1;
        let height = measure(placed.first);
        top -= height;
        placed.rows.push_front((top, height));
    }
}

/// Drops rows that a far scroll passed over.
fn trim(placed: &mut Placed, viewport: f32) {
    while placed.rows.len() > 1 && placed.rows.front().is_some_and(|(top, height)| top + height < -MARGIN) {
        let _ = placed.rows.pop_front();
        placed.first += 1;
    }
    while placed.rows.len() > 1 && placed.rows.back().is_some_and(|(top, _)| *top > viewport + MARGIN) {
        let _ = placed.rows.pop_back();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(ids: &[u32]) -> Heights<u32> {
        let mut heights = Heights::new(30.0);
        heights.sync(ids.len(), |index| Some(ids[index]));
        heights
    }

    fn tall(id: u32) -> f32 {
        20.0 + (id * 7 % 50) as f32
    }

    #[test]
    fn at_the_end_the_last_row_touches_the_bottom() {
        let ids: Vec<u32> = (0..1_000).collect();
        let (placed, anchor) = place(Anchor::End, &rows(&ids), 400.0, |index| tall(ids[index]));
        let (top, height) = placed.rows[placed.rows.len() - 1];
        assert_eq!(top + height, 400.0);
        assert_eq!(anchor, Anchor::End);
    }

    #[test]
    fn few_rows_lie_at_the_bottom_and_count_as_the_end() {
        let ids = [1, 2, 3];
        let (placed, anchor) = place(Anchor::Row { id: 1, top: 0.0 }, &rows(&ids), 400.0, |_| 30.0);
        assert_eq!(placed.rows[0].0, 310.0);
        assert_eq!(anchor, Anchor::End);
    }

    #[test]
    fn nothing_shows_above_the_first_row() {
        let ids: Vec<u32> = (0..100).collect();
        let (placed, anchor) = place(Anchor::Row { id: 0, top: 90.0 }, &rows(&ids), 400.0, |_| 30.0);
        assert_eq!(placed.rows[0], (0.0, 30.0));
        assert_eq!(anchor, Anchor::Row { id: 0, top: 0.0 });
    }

    #[test]
    fn only_rows_near_the_viewport_are_measured() {
        let ids: Vec<u32> = (0..100_000).collect();
        let mut measured = 0;
        let _ = place(Anchor::Row { id: 50_000, top: 0.0 }, &rows(&ids), 800.0, |_| {
            measured += 1;
            20.0
        });
        assert!(measured < 80, "{measured}");
    }

    proptest! {
        /// Reading up, the row held on to does not move, whatever comes before or after it.
        #[test]
        fn the_anchored_row_stays_put(
            before in 0..200u32, after in 1..200u32, older in 0..200u32, newer in 0..200u32, at in 0..400u32,
        ) {
            let ids: Vec<u32> = (1_000 - before..1_000 + after).collect();
            let start = ids[at as usize % ids.len()];
            let (_, anchor) =
                place(Anchor::Row { id: start, top: 0.0 }, &rows(&ids), 300.0, |index| tall(ids[index]));
            let more: Vec<u32> = (1_000 - before - older..1_000 + after + newer).collect();
            let (placed, then) = place(anchor, &rows(&more), 300.0, |index| tall(more[index]));
            if let Anchor::Row { id, top } = anchor {
                let place = more.iter().position(|other| *other == id).map(|index| index - placed.first);
                prop_assert_eq!(place.and_then(|place| placed.rows.get(place)).map(|row| row.0), Some(top));
            } else {
                prop_assert_eq!(then, Anchor::End);
            }
        }

        /// Rows follow each other without gaps and fill the viewport when there are enough of them.
        #[test]
        fn rows_are_seamless_and_fill_the_viewport(count in 1..300u32, at in 0..300u32, top in -900.0..900.0f32) {
            let ids: Vec<u32> = (0..count).collect();
            let (placed, _) = place(
                Anchor::Row { id: at.min(count - 1), top: top.round() }, &rows(&ids), 300.0, |index| tall(ids[index]),
            );
            for pair in placed.rows.iter().zip(placed.rows.iter().skip(1)) {
                prop_assert_eq!(pair.0.0 + pair.0.1, pair.1.0);
            }
            let (last_top, last_height) = placed.rows[placed.rows.len() - 1];
            prop_assert!(last_top + last_height >= 300.0);
            prop_assert!(placed.first == 0 || placed.rows[0].0 <= 0.0);
        }
    }
}
