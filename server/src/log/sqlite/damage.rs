//! What the disk changed, told once: by the room and the entry it is in, never by what was said.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use snug_shared::{RoomKey, Seq};

/// Places told, at most; a file with more of them needs its backup, not more lines.
const TOLD: usize = 1_000;

/// Where damage was met since the start.
#[derive(Debug, Default)]
pub(super) struct Damage(Mutex<HashSet<(String, Seq)>>);

impl Damage {
    /// An entry cannot be read.
    pub(super) fn entry(&self, room: &RoomKey, seq: Seq) {
        if self.is_news(room.as_str(), seq) {
            tracing::error!(%room, seq, "the disk changed this entry; it is left out and shown as damaged");
        }
    }

    /// What is known of a whole room cannot be read.
    pub(super) fn room(&self, room: &str) {
        if self.is_news(room, 0) {
            tracing::error!(%room, "the disk changed what is known of this room; it cannot be used");
        }
    }

    /// Marks on the messages of a page cannot be read; the entries that set them were read instead.
    pub(super) fn marks(&self, room: &RoomKey, seq: Seq) {
        if self.is_news(room.as_str(), seq) {
            tracing::error!(%room, seq, "the disk changed reactions to this entry; they were counted anew");
        }
    }

    /// What stands beside the entries cannot be kept; nobody is stopped from talking by that.
    pub(super) fn beside(&self, what: &str, error: &rusqlite::Error) {
        if self.is_news(what, 0) {
            tracing::error!(%error, "the disk changed {what}; it is not kept up any more");
        }
    }

    fn is_news(&self, room: &str, seq: Seq) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD {
            return false;
        }
        let is_news = told.insert((room.to_owned(), seq));
        if told.len() == TOLD {
            tracing::error!("the room log has more damage than is told; restore it from a backup");
        }
        is_news
    }
}
