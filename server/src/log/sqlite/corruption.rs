//! Reports of what the disk changed. Each place is reported once, by its room and entry, never by its text.

use std::{collections::HashSet, error::Error as StdError, fmt};

use rusqlite::{Error, ErrorCode, types::Type};
use snug_shared::{RoomKey, Seq};

use crate::sync::{Ranked, rank};

/// Places reported, at most. A file with more of them needs its backup, not more lines.
const TOLD: usize = 1_000;

/// The places where damage was met since the start.
#[derive(Debug, Default)]
pub(super) struct Reports(Ranked<HashSet<(String, Seq)>, rank::Leaf>);

impl Reports {
    /// An entry cannot be read.
    pub(super) fn entry(&self, room: &RoomKey, seq: Seq) {
        if self.is_news(room.as_str(), seq) {
            tracing::error!(%room, seq, "the disk changed this entry; it is left out and shown as damaged");
        }
    }

    /// A room's row cannot be read.
    pub(super) fn room(&self, room: &str) {
        if self.is_news(room, 0) {
            tracing::error!(%room, "the disk changed what is known of this room; it cannot be used");
        }
    }

    /// Reactions to the messages of a page cannot be read; the entries that set them were read instead.
    pub(super) fn reactions(&self, room: &RoomKey, seq: Seq) {
        if self.is_news(room.as_str(), seq) {
            tracing::error!(%room, seq, "the disk changed reactions to this entry; they were counted anew");
        }
    }

    /// Something beside the entries cannot be kept. That stops nobody from talking.
    pub(super) fn beside(&self, what: &str, error: &Error) {
        if self.is_news(what, 0) {
            tracing::error!(%error, "the disk changed {what}; it is not kept up any more");
        }
    }

    fn is_news(&self, room: &str, seq: Seq) -> bool {
        let mut told = self.0.lock();
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

/// The error that says so: the file is not as it was written.
pub(super) fn error() -> Error {
    Error::FromSqlConversionFailure(0, Type::Null, Box::new(Corrupt))
}

/// Whether an error says that: by a checksum, by a value that cannot be, or by SQLite's own look at its pages.
pub(super) fn is_corruption(error: &Error) -> bool {
    error.sqlite_error_code().is_none_or(|code| code == ErrorCode::DatabaseCorrupt)
}

#[derive(Debug)]
struct Corrupt;

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the file is damaged")
    }
}

impl StdError for Corrupt {}
