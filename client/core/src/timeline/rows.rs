//! The rows of the log in their order, day lines among them. Found by identity in O(log n), by index in O(1); rows come
//! and go cheaply at both ends.

use std::collections::VecDeque;

use jiff::civil::Date;
use snug_shared::{Millis, Seq, Topic};

use super::{
    post::{Person, Post},
    row::{HoleReason, Rank, RowId},
};

#[derive(Debug)]
pub(super) struct Slot {
    pub id: RowId,
    pub content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Beginning,
    Day(Date),
    Unread,
    Hole(HoleReason),
    // Boxed, so that rows are small enough to be moved about in bulk.
    Post(Box<Post>),
    Topic(Box<TopicChange>),
    Damaged,
}

#[derive(Debug)]
pub(super) struct TopicChange {
    pub person: std::sync::Arc<Person>,
    pub at: Millis,
    pub day: Date,
    pub topic: Topic,
}

impl Slot {
    pub fn post(&self) -> Option<&Post> {
        match &self.content {
            Content::Post(post) => Some(post),
            _ => None,
        }
    }

    /// The size of its text and reactions.
    pub fn bytes(&self) -> usize {
        match &self.content {
            Content::Post(post) => post.bytes(),
            Content::Topic(change) => change.topic.as_str().len(),
            _ => 0,
        }
    }

    /// The day of a row that has one of its own.
    pub fn day(&self) -> Option<Date> {
        match &self.content {
            Content::Post(post) => Some(post.day),
            Content::Topic(change) => Some(change.day),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Rows(pub VecDeque<Slot>);

impl Rows {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, index: usize) -> Option<&Slot> {
        self.0.get(index)
    }

    /// The first row at or after `id`.
    pub fn nearest(&self, id: RowId) -> usize {
        self.0.partition_point(|slot| slot.id < id)
    }

    pub fn position(&self, id: RowId) -> Option<usize> {
        let index = self.nearest(id);
        self.0.get(index).is_some_and(|slot| slot.id == id).then_some(index)
    }

    pub fn post(&self, era: u32, seq: Seq) -> Option<&Post> {
        self.0.get(self.position(RowId { era, seq, rank: Rank::Entry })?)?.post()
    }

    pub fn post_mut(&mut self, era: u32, seq: Seq) -> Option<&mut Post> {
        let index = self.position(RowId { era, seq, rank: Rank::Entry })?;
        match &mut self.0.get_mut(index)?.content {
            Content::Post(post) => Some(post),
            _ => None,
        }
    }

    /// Puts a row in its place, unless it is there.
    pub fn insert(&mut self, id: RowId, content: Content) {
        let index = self.nearest(id);
        if self.0.get(index).is_none_or(|slot| slot.id != id) {
            self.0.insert(index, Slot { id, content });
        }
    }

    pub fn remove(&mut self, id: RowId) {
        if let Some(index) = self.position(id) {
            let _ = self.0.remove(index);
        }
    }

    /// Puts rows of entries in at `index`, with the day lines they need, and corrects the one that follows.
    pub fn splice(&mut self, index: usize, entries: Vec<Slot>) {
        let mut day = self.day_before(index);
        let mut fresh = Vec::with_capacity(entries.len() + 1);
        for slot in entries {
            if slot.day().is_some() && slot.day() != day {
                day = slot.day();
                fresh.extend(day.map(|day| day_line(slot.id, day)));
            }
            fresh.push(slot);
        }
        let after = index + fresh.len();
        if index == self.0.len() {
            self.0.extend(fresh);
        } else if index <= self.0.len() / 2 {
            let above: Vec<Slot> = self.0.drain(..index).collect();
            for slot in fresh.into_iter().rev() {
                self.0.push_front(slot);
            }
            for slot in above.into_iter().rev() {
                self.0.push_front(slot);
            }
        } else {
            let below = self.0.split_off(index);
            self.0.extend(fresh);
            self.0.extend(below);
        }
        self.correct_day(after);
    }

    /// Sets or takes away the day line of the first dated row at or after `index`.
    pub fn correct_day(&mut self, index: usize) {
        let Some((id, day)) = self.0.iter().skip(index).find_map(|slot| slot.day().map(|day| (slot.id, day)))
        else {
            return;
        };
        let line = day_line(id, day);
        let before = self.day_before(self.nearest(line.id));
        if before == Some(day) {
            self.remove(line.id);
        } else {
            self.insert(line.id, line.content);
        }
    }

    fn day_before(&self, index: usize) -> Option<Date> {
        // Between two dated rows stand few undated ones: day, unread, hole, a mark for each history, damaged entries.
        self.0.range(..index).rev().find_map(Slot::day)
    }
}

fn day_line(id: RowId, day: Date) -> Slot {
    Slot { id: RowId { rank: Rank::Day, ..id }, content: Content::Day(day) }
}
