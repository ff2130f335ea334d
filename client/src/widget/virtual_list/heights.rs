//! How tall each row is, as far as it is known, and the sums of that.
//!
//! Only the scroll bar and jumps to a far place ask here; rows on screen are always laid out, never guessed. So a height that
//! is out of date (a row not seen since the window changed its width) is a good estimate, not an error.

/// Heights by row, with their prefix sums in a Fenwick tree.
#[derive(Debug, Clone)]
pub struct Heights<Id> {
    ids: Vec<Id>,
    rows: Vec<f32>,
    /// `sums[i]` is the sum of the `(i + 1) & -(i + 1)` rows that end at row `i`.
    sums: Vec<f64>,
    estimate: f32,
}

impl<Id: Ord + Copy> Heights<Id> {
    /// No rows yet; a row that was never seen counts as `estimate`.
    pub const fn new(estimate: f32) -> Self {
        Self { ids: Vec::new(), rows: Vec::new(), sums: Vec::new(), estimate }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The row at a place.
    pub fn id(&self, index: usize) -> Option<Id> {
        self.ids.get(index).copied()
    }

    /// Where a row is, or where it would be.
    pub fn position(&self, id: Id) -> usize {
        self.ids.partition_point(|known| *known < id)
    }

    /// Takes over the rows as they are now, in ascending order, and keeps the heights of those it knows.
    ///
    /// What stands before the first difference costs one comparison a row, so appending to a long room is cheap.
    pub fn sync(&mut self, len: usize, id: impl Fn(usize) -> Option<Id>) {
        let same = self
            .ids
            .iter()
            .take(len)
            .enumerate()
            .take_while(|(index, known)| Some(**known) == id(*index))
            .count();
        let old_ids = self.ids.split_off(same);
        let old_rows = self.rows.split_off(same);
        self.sums.truncate(same);
        let mut old = old_ids.into_iter().zip(old_rows).peekable();
        for index in same..len {
            let Some(id) = id(index) else { break };
            while old.next_if(|(known, _)| *known < id).is_some() {}
            let height = old.next_if(|(known, _)| *known == id).map_or(self.estimate, |(_, height)| height);
            self.push(id, height);
        }
    }

    /// A row was laid out.
    pub fn measure(&mut self, index: usize, height: f32) {
        let Some(row) = self.rows.get_mut(index) else { return };
        let change = f64::from(height) - f64::from(*row);
        if change == 0.0 {
            return;
        }
        *row = height;
        let mut at = index + 1;
        while at <= self.sums.len() {
            self.sums[at - 1] += change;
            at += at & at.wrapping_neg();
        }
    }

    /// The sum of all rows before this one.
    pub fn offset(&self, index: usize) -> f64 {
        let mut at = index.min(self.sums.len());
        let mut sum = 0.0;
        while at > 0 {
            sum += self.sums[at - 1];
            at &= at - 1;
        }
        sum
    }

    /// The sum of all rows.
    pub fn total(&self) -> f64 {
        self.offset(self.len())
    }

    /// The row that lies at an offset, and how far into it that is. The last row when it is beyond the end.
    pub fn at(&self, offset: f64) -> Option<(usize, f64)> {
        let last = self.len().checked_sub(1)?;
        let (mut before, mut rest) = (0, offset.max(0.0));
        let mut step = self.len().next_power_of_two();
        while step > 0 {
            let next = before + step;
            if next <= self.sums.len() && self.sums[next - 1] <= rest {
                before = next;
                rest -= self.sums[next - 1];
            }
            step /= 2;
        }
        Some(if before > last { (last, f64::from(self.rows[last])) } else { (before, rest) })
    }

    fn push(&mut self, id: Id, height: f32) {
        self.ids.push(id);
        self.rows.push(height);
        let at = self.rows.len();
        let covered = at - (at & at.wrapping_neg());
        let sum = f64::from(height) + self.offset(at - 1) - self.offset(covered);
        self.sums.push(sum);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_never_seen_counts_as_the_estimate() {
        let mut heights = Heights::new(20.0);
        heights.sync(3, Some);
        heights.measure(1, 50.0);
        assert_eq!(heights.total(), 90.0);
        assert_eq!(heights.at(19.0), Some((0, 19.0)));
        assert_eq!(heights.at(69.0), Some((1, 49.0)));
        assert_eq!(heights.at(1_000.0), Some((2, 20.0)));
    }

    #[test]
    fn an_empty_list_has_no_row_anywhere() {
        let heights = Heights::<u32>::new(20.0);
        assert_eq!(heights.at(0.0), None);
        assert_eq!(heights.total(), 0.0);
    }

    #[test]
    fn heights_stay_with_their_rows_when_older_ones_come() {
        let mut heights = Heights::new(20.0);
        heights.sync(2, |index| Some(index + 100));
        heights.measure(0, 70.0);
        heights.sync(102, Some);
        assert_eq!(heights.offset(100), 2_000.0);
        assert_eq!(heights.offset(101), 2_070.0);
        assert_eq!(heights.position(101), 101);
    }

    proptest! {
        /// Against the plain way: a list of heights added up each time.
        #[test]
        fn sums_are_those_of_a_plain_list(
            steps in proptest::collection::vec((0..4u8, 0..300usize, 1..200u16), 1..60),
        ) {
            let mut heights = Heights::new(40.0);
            let mut plain: Vec<(usize, f32)> = Vec::new();
            for (kind, at, height) in steps {
                match kind {
                    0 => {
                        let id = at;
                        if let Err(place) = plain.binary_search_by_key(&id, |row| row.0) {
                            plain.insert(place, (id, 40.0));
                        }
                    }
                    1 if !plain.is_empty() => {
                        let index = at % plain.len();
                        let _ = plain.remove(index);
                    }
                    2 => plain.extend((0..at % 9).map(|more| (1_000_000 + plain.len() * 10 + more, 40.0)).filter(|new| {
                        plain.last().is_none_or(|last| new.0 > last.0)
                    }).collect::<Vec<_>>()),
                    _ if !plain.is_empty() => {
                        let index = at % plain.len();
                        plain[index].1 = f32::from(height);
                        heights.sync(plain.len(), |index| Some(plain[index].0));
                        heights.measure(index, f32::from(height));
                    }
                    _ => {}
                }
                heights.sync(plain.len(), |index| Some(plain[index].0));
                let mut sum = 0.0;
                for (index, (id, height)) in plain.iter().enumerate() {
                    prop_assert_eq!(heights.offset(index), sum);
                    prop_assert_eq!(heights.position(*id), index);
                    prop_assert_eq!(heights.at(sum), Some((index, 0.0)));
                    sum += f64::from(*height);
                }
                prop_assert_eq!(heights.total(), sum);
            }
        }
    }
}
