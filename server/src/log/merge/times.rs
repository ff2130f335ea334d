//! The times of a room's entries that a search goes by: whatever the clock did, they never fall.

use snug_shared::{Millis, Seq};

use super::RoomHead;

/// Bits of a seq that count for the order.
const BITS: u32 = 40;

/// The times of a room's entries, made so that they never fall from an entry to the next.
///
/// Searching a sorted list halves it again and again; here it is the halving that defines the order. Its answer for a later time is
/// never an earlier entry, whatever the clock did.
pub(super) struct Times<'a, F> {
    pub(super) head: &'a RoomHead,
    /// The time of an entry, as its clock had it.
    pub(super) at: F,
}

impl<E, F: FnMut(Seq) -> Result<Millis, E>> Times<'_, F> {
    /// The newest entry whose time is not after this one; 0 when there is none.
    pub(super) fn last_before(&mut self, time: Millis) -> Result<Seq, E> {
        if time >= self.head.last_at {
            return Ok(self.head.last);
        }
        let mut last = 0;
        for bit in (0..BITS).rev() {
            let probe = last + (1 << bit);
            if probe <= self.head.last && (self.at)(probe)? <= time {
                last = probe;
            }
        }
        Ok(last)
    }

    /// The first time at which [`last_before`](Self::last_before) has come to this entry.
    pub(super) fn time_of(&mut self, seq: Seq) -> Result<Millis, E> {
        if seq >= self.head.last {
            return Ok(self.head.last_at);
        }
        let mut time = Millis::MIN;
        for bit in 0..BITS {
            let probe = (seq >> (bit + 1) << (bit + 1)) + (1 << bit);
            if seq & (1 << bit) != 0 {
                time = time.max((self.at)(probe)?);
            } else if probe <= self.head.last {
                time = time.min((self.at)(probe)?);
            }
        }
        Ok(time.min(self.head.last_at))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use snug_shared::RoomName;

    use super::*;

    fn head(times: &[Millis]) -> RoomHead {
        let name = RoomName::parse("tea").unwrap();
        let last_at = times.last().copied().unwrap_or(0);
        RoomHead { key: name.key(), name, last: times.len() as Seq, last_at }
    }

    proptest! {
        #[test]
        fn however_the_clock_jumped_times_never_fall_and_a_search_by_them_is_exact(
            times in proptest::collection::vec(0i64..40, 1..80),
        ) {
            let head = head(&times);
            let mut of = Times { head: &head, at: |seq: Seq| Ok::<_, Infallible>(times[seq as usize - 1]) };
            let all: Vec<Millis> = (1..=head.last).map(|seq| of.time_of(seq).unwrap()).collect();
            prop_assert!(all.is_sorted());
            for time in -1..41 {
                let last = of.last_before(time).unwrap();
                prop_assert_eq!(last, all.iter().filter(|at| **at <= time).count() as Seq, "{}", time);
            }
        }

        #[test]
        fn a_clock_that_behaved_is_what_the_order_goes_by(
            mut times in proptest::collection::vec(0i64..40, 1..80),
        ) {
            times.sort_unstable();
            let head = head(&times);
            let mut of = Times { head: &head, at: |seq: Seq| Ok::<_, Infallible>(times[seq as usize - 1]) };
            for (place, at) in times.iter().enumerate() {
                prop_assert_eq!(of.time_of(place as Seq + 1).unwrap(), *at);
            }
        }
    }
}
