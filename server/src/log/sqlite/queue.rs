//! A bounded queue between callers that never wait and threads that do.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Why the queue did not take something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// As many as it holds are waiting already.
    Full,
    /// It takes nothing any more.
    Closed,
}

/// Why a waiting thread wakes up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn<T> {
    /// Items that were waiting, the oldest first. Never empty.
    Items(Vec<T>),
    /// No items: somebody nudged the queue, or the time is up.
    Nudged,
    /// No items, and none will come any more.
    Closed,
}

/// First in, first out; many on each side.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    /// Threads asleep. A push that finds none saves the system call that wakes one.
    asleep: usize,
    nudged: bool,
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), asleep: 0, nudged: false, closed: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), capacity }
    }

    /// Puts something at the end, without waiting; gives it back when it is not taken.
    pub(super) fn push(&self, item: T) -> Result<(), (Refusal, T)> {
        let mut state = self.lock();
        if state.closed {
            return Err((Refusal::Closed, item));
        }
        if state.items.len() >= self.capacity {
            return Err((Refusal::Full, item));
        }
        state.items.push_back(item);
        self.wake_one(state);
        Ok(())
    }

    /// Wakes a sleeping thread although there is nothing to take.
    pub(super) fn nudge(&self) {
        let mut state = self.lock();
        state.nudged = true;
        self.wake_one(state);
    }

    /// Takes nothing more. What is waiting can still be taken out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_all();
    }

    /// Drops whatever is waiting.
    pub(super) fn clear(&self) {
        let dropped = std::mem::take(&mut self.lock().items);
        // Outside the lock: what is dropped may wake others up.
        drop(dropped);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits until something is there, then takes at most `most` at once.
    pub(super) fn take(&self, most: usize, until: Option<Instant>) -> Turn<T> {
        let mut state = self.lock();
        loop {
            if !state.items.is_empty() {
                let count = state.items.len().min(most);
                return Turn::Items(state.items.drain(..count).collect());
            }
            if state.closed {
                return Turn::Closed;
            }
            if std::mem::take(&mut state.nudged) {
                return Turn::Nudged;
            }
            state.asleep += 1;
            match until {
                None => state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    let (woken, timeout) =
                        self.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
                    state = woken;
                    if timeout.timed_out() {
                        state.nudged = true;
                    }
                }
            }
            state.asleep -= 1;
        }
    }

    fn wake_one(&self, state: MutexGuard<'_, State<T>>) {
        let asleep = state.asleep > 0;
        drop(state);
        if asleep {
            self.wake.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code of others runs under this lock, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hands_out_in_order_and_no_more_than_asked_for() {
        let queue = Queue::new(4);
        (0..4).for_each(|n| queue.push(n).expect("room for it"));
        assert_eq!(queue.push(4), Err((Refusal::Full, 4)));
        assert_eq!(queue.take(3, None), Turn::Items(vec![0, 1, 2]));
        queue.close();
        assert_eq!(queue.push(5), Err((Refusal::Closed, 5)));
        assert_eq!(queue.take(3, None), Turn::Items(vec![3]));
        assert_eq!(queue.take(3, None), Turn::Closed);
    }

    #[test]
    fn a_nudge_and_the_end_of_patience_wake_without_anything() {
        let queue = Queue::<u8>::new(1);
        queue.nudge();
        assert_eq!(queue.take(1, None), Turn::Nudged);
        assert_eq!(queue.take(1, Some(Instant::now())), Turn::Nudged);
    }
}
