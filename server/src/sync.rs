//! Locks with ranks: a thread that holds one may only take another of a higher rank.
//!
//! Two threads that take the same two locks in different orders can wait for each other for ever. The rank in a lock's type
//! fixes the order where the lock is declared, and debug builds panic where a thread breaks it, so every test checks it. A
//! release build has neither ranks nor checks: a [`Ranked`] is a [`std::sync::Mutex`] there.
//!
//! The ranks, lowest first, and what may be taken while a lock of that rank is held, are the table in [`rank`].

use std::{
    any::type_name,
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The order of the locks. Each is declared as `Ranked<T, rank::…>`.
pub mod rank {
    use super::Rank;

    macro_rules! ranks {
        ($($(#[$doc:meta])* $name:ident = $order:literal;)*) => {$(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl Rank for $name {
                const ORDER: u32 = $order;
            }
        )*};
    }

    ranks! {
        /// The hub's table of live rooms. Held while a room that is over is taken out.
        Rooms = 0;
        /// The table of rooms in presence. Held while a room's places are looked at or let go of.
        Presence = 1;
        /// One room's places. Held while a change is sent to the layer, so that changes keep their order.
        Places = 2;
        /// One room's log in memory. Held while its commit is sent to the layer, so that entries keep their order.
        RoomLog = 3;
        /// The channel layer's groups. Held while an event is handed to its receiver.
        Groups = 4;
        /// A room's members, sockets and readers. Held while a frame is written to some of them.
        People = 5;
        /// What one member's connection has still to write. Held while its frames are taken from the tail.
        Outbound = 6;
        /// Where one reader is. Held while its entries are taken from the tail.
        Follower = 7;
        /// A room's newest frames.
        Tail = 8;
        /// Every lock under which no other is taken.
        Leaf = 9;
    }
}

/// A place in the order in which locks are taken.
pub trait Rank {
    /// Locks of a higher order may be taken while one of this order is held. Below 32.
    const ORDER: u32;
}

/// A mutex with a rank. It is never poisoned.
pub struct Ranked<T: ?Sized, R> {
    rank: PhantomData<fn() -> R>,
    mutex: Mutex<T>,
}

/// What a [`Ranked`] guards, for as long as this lives. The lock is never held across an `.await`.
#[must_use]
pub struct Guard<'a, T: ?Sized> {
    // Fields are dropped in this order: the lock is free before it counts as free.
    value: MutexGuard<'a, T>,
    _held: held::Held,
}

impl<T, R> Ranked<T, R> {
    /// A free lock around a value.
    pub const fn new(value: T) -> Self {
        Self { rank: PhantomData, mutex: Mutex::new(value) }
    }
}

impl<T: ?Sized, R: Rank> Ranked<T, R> {
    /// Waits for the lock and takes it.
    ///
    /// # Panics
    /// In debug builds, when this thread holds a lock of the same or a higher rank.
    #[track_caller]
    pub fn lock(&self) -> Guard<'_, T> {
        let held = held::Held::new(R::ORDER, type_name::<R>());
        // Every change under these locks is whole before anything can panic, so what a panic leaves behind is whole as well.
        let value = self.mutex.lock().unwrap_or_else(PoisonError::into_inner);
        Guard { value, _held: held }
    }
}

impl<T: Default, R> Default for Ranked<T, R> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug, R> fmt::Debug for Ranked<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mutex.fmt(f)
    }
}

impl<T: ?Sized> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Which ranks this thread holds, in debug builds.
#[cfg(debug_assertions)]
mod held {
    use std::cell::Cell;

    thread_local! {
        /// A bit for each rank that is held. Ranks only rise, so none is held twice.
        static RANKS: Cell<u32> = const { Cell::new(0) };
    }

    /// One rank that this thread holds.
    pub(super) struct Held {
        bit: u32,
    }

    impl Held {
        #[track_caller]
        pub(super) fn new(order: u32, name: &str) -> Self {
            let bit = 1 << order;
            let ranks = RANKS.get();
            assert!(ranks < bit, "{name} (rank {order}) is taken while rank {} is held", ranks.ilog2());
            RANKS.set(ranks | bit);
            Self { bit }
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            RANKS.set(RANKS.get() & !self.bit);
        }
    }
}

/// A release build counts nothing.
#[cfg(not(debug_assertions))]
mod held {
    pub(super) struct Held;

    impl Held {
        pub(super) const fn new(_: u32, _: &str) -> Self {
            Self
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::Arc,
        thread,
    };

    use super::*;

    #[cfg(debug_assertions)]
    #[test]
    fn a_lock_of_the_same_or_a_lower_rank_is_not_taken() {
        let tail = Ranked::<u32, rank::Tail>::default();
        let other = Ranked::<u32, rank::Tail>::default();
        let roster = Ranked::<u32, rank::People>::default();
        let held = tail.lock();
        for wrong in [
            catch_unwind(AssertUnwindSafe(|| drop(roster.lock()))),
            catch_unwind(AssertUnwindSafe(|| drop(other.lock()))),
        ] {
            assert!(wrong.is_err());
        }
        drop(held);
        let _roster = roster.lock();
        let _tail = tail.lock();
    }

    #[test]
    fn guards_may_be_dropped_in_any_order() {
        let roster = Ranked::<u32, rank::People>::default();
        let tail = Ranked::<u32, rank::Tail>::default();
        let (first, second) = (roster.lock(), tail.lock());
        drop(first);
        drop(second);
        let _again = (roster.lock(), tail.lock());
    }

    #[test]
    fn a_panic_under_a_lock_does_not_close_it() {
        let lock = Arc::new(Ranked::<u32, rank::Leaf>::new(1));
        let theirs = lock.clone();
        let panicked = thread::spawn(move || {
            let mut value = theirs.lock();
            *value = 2;
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        assert_eq!(*lock.lock(), 2);
    }
}
