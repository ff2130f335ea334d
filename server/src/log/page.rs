//! A page of entries being filled, up to so many entries and so many bytes, the same for every log.

use snug_shared::{Body, Entry, Reaction};

/// Bytes of JSON around an author, and around a reaction.
const AROUND_AUTHOR: usize = 3;
const AROUND_REACTION: usize = 40;

/// A page being filled, from either end.
#[derive(Debug)]
pub(super) struct Page<T> {
    limit: usize,
    /// Bytes that still fit.
    left: usize,
    items: Vec<T>,
    more: bool,
}

impl<T> Page<T> {
    pub(super) const fn new(limit: usize, bytes: usize) -> Self {
        Self { limit, left: bytes, items: Vec::new(), more: false }
    }

    /// Takes the next entry, with so many bytes of content, if it fits; the first one always does. Whether the next may come.
    pub(super) fn take(&mut self, item: T, size: usize) -> bool {
        self.more = self.items.len() >= self.limit || !self.items.is_empty() && size > self.left;
        if !self.more {
            self.left = self.left.saturating_sub(size);
            self.items.push(item);
        }
        !self.more
    }

    /// The entries as they were taken, and whether there are more.
    pub(super) fn into_taken(self) -> (Vec<T>, bool) {
        (self.items, self.more)
    }

    /// The entries, ascending, and whether there are more in the direction they came from.
    pub(super) fn into_ascending(mut self, newest_first: bool) -> (Vec<T>, bool) {
        if newest_first {
            self.items.reverse();
        }
        (self.items, self.more)
    }
}

/// Bytes of text and reactions in an entry, for what may travel at once.
pub(super) fn content_bytes(entry: &Entry) -> usize {
    match &entry.body {
        Body::Message(message) => {
            let present = message.present.as_ref();
            let reactions = present.map_or(0, |present| present.reactions.iter().map(reaction_bytes).sum());
            text_bytes(entry) + reactions
        }
        _ => text_bytes(entry),
    }
}

/// Bytes of a reaction with those who set it, about as they travel.
fn reaction_bytes(reaction: &Reaction) -> usize {
    let authors: usize = reaction.by.iter().map(|author| author.as_str().len() + AROUND_AUTHOR).sum();
    reaction.emoji.as_str().len() + AROUND_REACTION + authors
}

/// Bytes of text in an entry.
pub(super) fn text_bytes(entry: &Entry) -> usize {
    match &entry.body {
        Body::Message(message) => message.text.as_ref().map_or(0, |text| text.as_str().len()),
        Body::Edited { text, .. } => text.as_ref().map_or(0, |text| text.as_str().len()),
        Body::Reacted { emoji, .. } => emoji.as_str().len(),
        Body::Topic { topic } => topic.as_str().len(),
        Body::Act(act) => act.bytes(),
        Body::Deleted { .. } => 0,
    }
}
