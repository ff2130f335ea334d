//! Folding: what later entries made of a message, the same for every log.

use std::time::{SystemTime, UNIX_EPOCH};

use snug_shared::{Author, Body, Emoji, Entry, Millis, Reaction, limits};

/// Gathers the marks on one message. They come in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<Reaction>);

impl Marks {
    /// Counts one more mark.
    pub(super) fn add(&mut self, emoji: Emoji, author: Author) {
        let place = self.0.iter().position(|reaction| reaction.emoji == emoji).unwrap_or_else(|| {
            self.0.push(Reaction { emoji, count: 0, by: Vec::new() });
            self.0.len() - 1
        });
        let reaction = &mut self.0[place];
        reaction.count = reaction.count.saturating_add(1);
        if reaction.by.len() < limits::REACTION_AUTHORS {
            reaction.by.push(author);
        }
    }

    /// What was counted, the oldest mark first.
    pub(super) fn into_reactions(self) -> Vec<Reaction> {
        self.0
    }
}

/// Bytes of text a search hands out at once, about.
pub(super) const FOUND_BYTES: usize = 1024 * 1024;

/// A page being filled, from either end.
#[derive(Debug)]
pub(super) struct Page<T> {
    limit: usize,
    /// Bytes of text that still fit.
    left: usize,
    items: Vec<T>,
    more: bool,
}

impl<T> Page<T> {
    pub(super) const fn new(limit: usize, bytes: usize) -> Self {
        Self { limit, left: bytes, items: Vec::new(), more: false }
    }

    /// Takes the next entry, with so many bytes of text, if it fits; the first one always does. Whether the next may come.
    pub(super) fn take(&mut self, item: T, text: usize) -> bool {
        self.more = self.items.len() >= self.limit || !self.items.is_empty() && text > self.left;
        if !self.more {
            self.left = self.left.saturating_sub(text);
            self.items.push(item);
        }
        !self.more
    }

    /// The entries, ascending, and whether there are more in the direction they came from.
    pub(super) fn into_ascending(mut self, newest_first: bool) -> (Vec<T>, bool) {
        if newest_first {
            self.items.reverse();
        }
        (self.items, self.more)
    }
}

/// Bytes of text in an entry, for what may travel at once.
pub(super) fn text_bytes(entry: &Entry) -> usize {
    match &entry.body {
        Body::Message(message) => message.text.as_ref().map_or(0, |text| text.as_str().len()),
        Body::Edited { text, .. } => text.as_ref().map_or(0, |text| text.as_str().len()),
        Body::Reacted { emoji, .. } => emoji.as_str().len(),
        Body::Topic { topic } => topic.as_str().len(),
        Body::Deleted { .. } => 0,
    }
}

/// The server's clock.
pub(super) fn now() -> Millis {
    // A clock before 1970 is wrong anyway; nothing but what is shown depends on it.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX))
}
