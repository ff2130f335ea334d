//! Whether every member heard every message of its room once, and all in the same order.
//!
//! A room's order is that in which its messages are first heard by anybody. A member is a place in that order, and in nearly
//! every case its next frame is, byte for byte, the one that stands there: one comparison checks the whole of it. Only what
//! differs is looked into.

use std::collections::VecDeque;

use serde::Serialize;

use super::{
    dialect::{Dialect, Heard, Said},
    frame::Frame,
    histogram::Histogram,
};

/// What was heard, and what was wrong with it. Counted in deliveries: a message that reaches nobody of a thousand members is
/// lost a thousand times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub heard: u64,
    /// Never came.
    pub lost: u64,
    /// Came again.
    pub doubled: u64,
    /// Came after a later one.
    pub reordered: u64,
    /// Belongs to another room, or was never said.
    pub misrouted: u64,
    /// Not taken by the server, which said so.
    pub refused: u64,
    /// Connections that ended unasked.
    pub broken: u64,
}

impl Tally {
    /// How much was not as it should be.
    pub fn faults(&self) -> u64 {
        let Self { heard: _, lost, doubled, reordered, misrouted, refused, broken } = self;
        lost + doubled + reordered + misrouted + refused + broken
    }
}

/// What was said in one room, as far as not everybody has heard it.
#[derive(Debug)]
pub struct Room {
    number: u32,
    /// Members who are to hear all of it.
    members: u32,
    /// The place of `messages[0]`.
    from: u64,
    messages: VecDeque<Message>,
    /// Places at which a message was put in later: whoever was heard first had missed it.
    inserted: Vec<u64>,
    senders: Vec<Sender>,
    last_seq: Option<u64>,
}

#[derive(Debug)]
struct Message {
    frame: Box<[u8]>,
    said: Said,
    /// Members who have not heard it.
    waiting: u32,
}

#[derive(Debug, Default, Clone)]
struct Sender {
    said: u64,
    /// The newest of them that anybody heard.
    heard: u64,
    /// Older ones that nobody heard.
    skipped: Vec<u64>,
    /// The newest of them that everybody heard.
    heard_by_all: u64,
}

/// How far a member has come in its room's order.
#[derive(Debug, Default, Clone)]
pub struct Place {
    next: u64,
    /// Earlier ones it has not heard.
    missing: Vec<u64>,
    /// How many of the room's [`inserted`](Room::inserted) it knows.
    inserted: usize,
}

impl Place {
    /// Takes in what was put into the order since: it missed what was put in before it.
    fn catch_up(&mut self, inserted: &[u64]) {
        for at in &inserted[self.inserted..] {
            for missing in self.missing.iter_mut().filter(|missing| **missing >= *at) {
                *missing += 1;
            }
            if *at < self.next {
                self.next += 1;
                self.missing.push(*at);
            }
        }
        self.inserted = inserted.len();
    }
}

/// What came of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A message; with its sender, when this member was the last to hear it.
    Message { done: Option<u32> },
    /// Not a message.
    Else(Heard),
}

impl Room {
    /// A room in which nothing was said yet.
    pub fn new(number: u32, members: u32, senders: u32) -> Self {
        let senders = vec![Sender::default(); senders as usize];
        let (messages, inserted) = (VecDeque::new(), Vec::new());
        Self { number, members, from: 0, messages, inserted, senders, last_seq: None }
    }

    /// The next message of a sender.
    pub fn say(&mut self, sender: u32, due: u64) -> Said {
        let state = &mut self.senders[sender as usize];
        state.said += 1;
        Said { room: self.number, sender, number: state.said, due }
    }

    /// Messages that were said and that somebody has not heard.
    pub fn under_way(&self) -> u64 {
        let said: u64 = self.senders.iter().map(|sender| sender.said - sender.heard).sum();
        said + self.messages.len() as u64
    }

    /// Looks at what a member got.
    pub fn hear(
        &mut self,
        place: &mut Place,
        dialect: Dialect,
        frame: &Frame<'_>,
        now: u64,
        latency: &mut Histogram,
        tally: &mut Tally,
    ) -> Outcome {
        place.catch_up(&self.inserted);
        let index = (place.next - self.from) as usize;
        if self.messages.get(index).is_some_and(|message| *message.frame == *frame.whole) {
            place.next += 1;
            return self.count(index, now, latency, tally);
        }
        match dialect.hear(frame.payload) {
            Heard::Message(said, seq) => match self.find(place, said) {
                Some(index) => self.count(index, now, latency, tally),
                None => self.look_into(place, frame, said, seq, now, latency, tally),
            },
            other => Outcome::Else(other),
        }
    }

    /// The same message in other bytes: servers may tell each member in other words.
    fn find(&self, place: &mut Place, said: Said) -> Option<usize> {
        let index = (place.next - self.from) as usize;
        let _ = self.messages.get(index).filter(|message| message.said == said)?;
        place.next += 1;
        Some(index)
    }

    fn count(&mut self, index: usize, now: u64, latency: &mut Histogram, tally: &mut Tally) -> Outcome {
        let message = &mut self.messages[index];
        tally.heard += 1;
        latency.record(now.saturating_sub(message.said.due));
        message.waiting -= 1;
        let done = (message.waiting == 0).then_some(message.said.sender);
        while let Some(Message { said, waiting: 0, .. }) = self.messages.front() {
            let sender = &mut self.senders[said.sender as usize];
            sender.heard_by_all = sender.heard_by_all.max(said.number);
            let _ = self.messages.pop_front();
            self.from += 1;
        }
        Outcome::Message { done }
    }

    #[expect(clippy::too_many_arguments, reason = "one step of hear")]
    fn look_into(
        &mut self,
        place: &mut Place,
        frame: &Frame<'_>,
        said: Said,
        seq: Option<u64>,
        now: u64,
        latency: &mut Histogram,
        tally: &mut Tally,
    ) -> Outcome {
        let sender = self.senders.get_mut(said.sender as usize);
        let Some(sender) = sender.filter(|sender| said.room == self.number && said.number <= sender.said)
        else {
            tally.misrouted += 1;
            return Outcome::Message { done: None };
        };
        let skipped = sender.skipped.iter().position(|number| *number == said.number);
        let message = Message { frame: frame.whole.into(), said, waiting: self.members };
        if let Some(at) = skipped {
            let _ = sender.skipped.swap_remove(at);
            if self.has_heard_later(place, said) {
                tally.reordered += 1;
                self.messages.push_back(message);
            } else {
                // Lost by those who were heard before: here it is in its place.
                self.messages.insert((place.next - self.from) as usize, message);
                self.inserted.push(place.next);
                place.catch_up(&self.inserted);
            }
        } else if said.number > sender.heard {
            sender.skipped.extend(sender.heard + 1..said.number);
            sender.heard = said.number;
            if self.last_seq.is_some() && seq != self.last_seq.map(|last| last + 1) {
                tally.reordered += 1;
            }
            self.last_seq = seq;
            self.messages.push_back(message);
        }
        let Some(index) = self.messages.iter().position(|message| message.said == said) else {
            // Everybody has heard it, and so has this member.
            tally.doubled += 1;
            return Outcome::Message { done: None };
        };
        let at = self.from + index as u64;
        if at >= place.next {
            place.missing.extend(place.next..at);
            place.next = at + 1;
        } else if let Some(missing) = place.missing.iter().position(|missing| *missing == at) {
            let _ = place.missing.swap_remove(missing);
            tally.reordered += 1;
        } else {
            tally.doubled += 1;
            return Outcome::Message { done: None };
        }
        self.count(index, now, latency, tally)
    }

    /// Whether a member has heard a later message of the same sender.
    fn has_heard_later(&self, place: &Place, said: Said) -> bool {
        let before = self.messages.iter().enumerate().take((place.next - self.from) as usize);
        let heard = before.filter(|(index, _)| !place.missing.contains(&(self.from + *index as u64)));
        let mut of_sender = heard.filter(|(_, message)| message.said.sender == said.sender);
        self.senders[said.sender as usize].heard_by_all > said.number
            || of_sender.any(|(_, message)| message.said.number > said.number)
    }

    /// What a member never heard of all that others did.
    pub fn missed(&self, place: &Place) -> u64 {
        let mut place = place.clone();
        place.catch_up(&self.inserted);
        self.from + self.messages.len() as u64 - place.next + place.missing.len() as u64
    }

    /// What nobody heard, in deliveries.
    pub fn unheard(&self) -> u64 {
        let unheard =
            self.senders.iter().map(|sender| sender.said - sender.heard + sender.skipped.len() as u64);
        unheard.sum::<u64>() * u64::from(self.members)
    }
}
