//! The entries that wait to be written, within bounds.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use snug_shared::{Body, Entry, Line};

use super::RoomHistory;

/// Batches that may wait; as many again of changes alone.
const BATCHES: usize = 4_096;
/// Bytes of texts that may wait, about; as many again of changes alone.
const BYTES: usize = 32 << 20;
/// What an entry counts for besides its text.
const AROUND: usize = 256;
/// Bytes that are written in one go.
const AT_ONCE: usize = 1 << 20;

/// Entries of one room, ascending.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub room: RoomHistory,
    pub lines: Vec<Line>,
    bytes: usize,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something is to be written, or the queue is closed.
    filled: Condvar,
    /// Nothing waits and nothing is being written.
    empty: Condvar,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<Batch>,
    bytes: usize,
    is_writing: bool,
    is_closed: bool,
    /// The thread that writes has let go of the file.
    is_over: bool,
    dropped: u64,
}

impl State {
    /// Takes entries in, unless more than `times` the bounds would wait.
    fn take_in(&mut self, room: &RoomHistory, lines: &[Line], times: usize) -> bool {
        let bytes = lines.iter().map(line_bytes).sum::<usize>();
        if self.batches.len() >= times * BATCHES || self.bytes + bytes > times * BYTES {
            return false;
        }
        self.bytes += bytes;
        self.batches.push_back(Batch { room: room.clone(), lines: lines.to_vec(), bytes });
        true
    }
}

/// What [`Queue::take`] gives.
pub(super) enum Taken {
    Batches(Vec<Batch>),
    /// Nothing came in the meantime.
    Nothing,
    Closed,
}

impl Queue {
    /// Puts entries at the end. When too much waits they are dropped, but for changes to messages that the file may have already:
    /// it would say what was edited or deleted. Up to as much again may wait of these.
    pub fn push(&self, room: &RoomHistory, lines: &[Line]) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        if state.take_in(room, lines, 1) {
            drop(state);
            return self.filled.notify_one();
        }
        state.dropped += 1;
        let is_change = |line: &&Line| line.entry().is_some_and(|entry| entry.body.target().is_some());
        let changes: Vec<Line> = lines.iter().filter(is_change).cloned().collect();
        if !changes.is_empty() && state.take_in(room, &changes, 2) {
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Waits for something to write; at most so long, where that is given. What is taken counts as being written until the next call.
    pub fn take(&self, patience: Option<Duration>) -> Taken {
        let until = patience.map(|patience| Instant::now() + patience);
        let mut state = self.lock();
        state.is_writing = false;
        if state.batches.is_empty() {
            self.empty.notify_all();
        }
        loop {
            if !state.batches.is_empty() {
                let (mut taken, mut bytes) = (Vec::new(), 0);
                while bytes < AT_ONCE
                    && let Some(batch) = state.batches.pop_front()
                {
                    bytes += batch.bytes;
                    taken.push(batch);
                }
                state.bytes -= bytes;
                state.is_writing = true;
                return Taken::Batches(taken);
            }
            if state.is_closed {
                return Taken::Closed;
            }
            state = match until {
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Taken::Nothing;
                    }
                    self.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Takes nothing more.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_all();
    }

    /// The file is let go of: whatever waits is dropped, and nothing will be written any more.
    pub fn end(&self) {
        let mut state = self.lock();
        (state.is_closed, state.is_over) = (true, true);
        state.is_writing = false;
        state.batches.clear();
        state.bytes = 0;
        self.empty.notify_all();
    }

    /// Waits until everything is written, at most so long.
    pub fn drained(&self, patience: Duration) {
        self.wait(patience, |state| !state.is_writing && state.batches.is_empty());
    }

    /// Waits until the file is let go of, at most so long.
    pub fn ended(&self, patience: Duration) {
        self.wait(patience, |state| state.is_over);
    }

    fn wait(&self, patience: Duration, is_so: impl Fn(&State) -> bool) {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        while !is_so(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.empty.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under this lock, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line_bytes(line: &Line) -> usize {
    AROUND + line.entry().map_or(0, entry_bytes)
}

fn entry_bytes(entry: &Entry) -> usize {
    match &entry.body {
        Body::Message(message) => {
            let reactions = message.present.as_ref().map_or(0, |present| {
                present.reactions.iter().map(|reaction| 64 + 32 * reaction.by.len()).sum()
            });
            message.text.as_ref().map_or(0, |text| text.as_str().len()) + reactions
        }
        Body::Edited { text, .. } => text.as_ref().map_or(0, |text| text.as_str().len()),
        Body::Topic { topic } => topic.as_str().len(),
        Body::Act(act) => act.bytes(),
        Body::Reacted { .. } | Body::Deleted { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use snug_shared::{Author, Nickname, RoomName, ServerAddress};

    use super::*;

    fn tea() -> RoomHistory {
        RoomHistory {
            server: ServerAddress::parse("lab.local").unwrap(),
            room: RoomName::parse("tea").unwrap(),
            epoch: "0".repeat(32),
        }
    }

    #[test]
    fn changes_among_what_does_not_fit_are_kept_within_bounds() {
        let (queue, room) = (Queue::default(), tea());
        for seq in 0..BATCHES as u64 {
            queue.push(&room, &[Line::Damaged(seq)]);
        }
        let nickname = Nickname::parse("tom").unwrap();
        let change = |seq: u64| {
            let by = Author::http(&nickname);
            let body = Body::Deleted { target: 1 };
            Line::from(Entry { seq, id: uuid::Uuid::nil(), at: 0, user: nickname.clone(), by, body })
        };
        let before = BATCHES as u64;
        queue.push(&room, &[Line::Damaged(before), change(before + 1), Line::Damaged(before + 2)]);
        let seqs = |batch: &Batch| batch.lines.iter().map(Line::seq).collect::<Vec<_>>();
        assert_eq!(queue.lock().batches.back().map(seqs), Some(vec![before + 1]));
        for seq in 0..2 * before {
            queue.push(&room, &[change(seq)]);
        }
        assert_eq!(queue.lock().batches.len(), 2 * BATCHES);
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_nobody_waits() {
        let (queue, room) = (Queue::default(), tea());
        for seq in 0..BATCHES as u64 + 10 {
            queue.push(&room, &[Line::Damaged(seq)]);
        }
        let state = |queue: &Queue| {
            let state = queue.lock();
            (state.batches.len(), state.bytes, state.dropped)
        };
        assert_eq!(state(&queue), (BATCHES, BATCHES * AROUND, 10));
        let mut taken = 0;
        queue.close();
        while let Taken::Batches(batches) = queue.take(None) {
            assert!(batches.iter().map(|batch| batch.bytes).sum::<usize>() < AT_ONCE + AROUND + 1);
            taken += batches.len();
        }
        assert_eq!((taken, state(&queue)), (BATCHES, (0, 0, 10)));
        queue.push(&room, &[Line::Damaged(1)]);
        assert!(matches!(queue.take(None), Taken::Closed));
    }
}
