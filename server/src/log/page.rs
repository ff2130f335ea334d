//! A page of entries being filled, up to so many entries and so many bytes, the same for every log.

use snug_shared::{Body, Entry};

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
        Body::Act(act) => act.bytes(),
        Body::Deleted { .. } => 0,
    }
}
