//! What others said after what was read: how much of it there is, who of them spoke to the reader, and the unread line. The line
//! stands above the first message of somebody else after what was read, in the present history, and nowhere else.

use snug_shared::{MessageText, Millis, Nickname, Seq};

use super::{
    Timeline,
    post::Post,
    row::{Rank, RowId},
    rows::{Content, Slot},
};
use crate::mention::is_mentioned;

/// Unread messages counted, at most: nobody needs to know more exactly, and counting goes on while they come.
pub const COUNTED: usize = 1_000;

/// A message of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard<'a> {
    /// Its place in the room.
    pub seq: Seq,
    /// When.
    pub at: Millis,
    /// The name it was sent under.
    pub user: &'a Nickname,
    /// Its text.
    pub text: &'a str,
    /// Whether it speaks to the reader.
    pub is_mention: bool,
}

impl Timeline {
    /// How many messages of others there are after this entry; at most [`COUNTED`].
    pub fn others_after(&self, seq: Seq) -> usize {
        self.heard_after(seq).take(COUNTED).count()
    }

    /// How many messages of others after this entry speak to the reader.
    pub fn mentions_after(&self, seq: Seq) -> usize {
        self.mentions.range(seq.saturating_add(1)..).count()
    }

    /// Whether all entries after this one are here, up to the newest.
    pub fn is_whole_after(&self, seq: Seq) -> bool {
        let newest = self.spans.all().last();
        newest.is_none_or(|span| span.first <= seq.saturating_add(1) || span.end)
    }

    /// Messages of others after this entry, the newest first.
    pub fn heard_after(&self, seq: Seq) -> impl Iterator<Item = Heard<'_>> {
        let from = RowId { era: self.era, seq: seq.saturating_add(1), rank: Rank::Beginning };
        let rows = self.rows.0.range(self.rows.nearest(from)..).rev();
        rows.filter_map(|slot| {
            let post = slot.post().filter(|post| self.is_others(post))?;
            let (seq, text) = (slot.id.seq, post.text.as_ref().map(MessageText::as_str)?);
            let is_mention = self.mentions.contains(&seq);
            Some(Heard { seq, at: post.at, user: &post.person.user, text, is_mention })
        })
    }

    /// The unread line is to stand above what others said after this entry.
    pub fn unread_after(&self) -> Option<Seq> {
        self.unread_after
    }

    /// Puts the unread line above the first message of somebody else after this entry; `None` takes it away.
    pub fn set_unread(&mut self, after: Option<Seq>) {
        if self.unread_after != after {
            self.unread_after = after;
            self.correct_unread();
            self.revision += 1;
        }
    }

    /// Finds the line's place anew.
    pub(super) fn correct_unread(&mut self) {
        if let Some(line) = self.unread.take() {
            self.rows.remove(line);
        }
        if let Some(after) = self.unread_after {
            let seq = after.saturating_add(1);
            self.place_unread(self.rows.nearest(RowId { era: self.era, seq, rank: Rank::Beginning }));
        }
    }

    /// Puts the unread line in, if it is wanted and somebody else's message stands at or after this row.
    pub(super) fn place_unread(&mut self, from: usize) {
        let Some(after) = self.unread_after else { return };
        let unread = self.rows.0.range(from..).find(|slot| {
            slot.id.era == self.era
                && slot.id.seq > after
                && slot.post().is_some_and(|post| self.is_others(post))
        });
        if let Some(slot) = unread {
            let line = RowId { rank: Rank::Unread, ..slot.id };
            self.rows.insert(line, Content::Unread);
            self.unread = Some(line);
        }
    }

    /// Takes note of whether a message of the present history speaks to the reader, as it is now.
    pub(super) fn note_mention(&mut self, seq: Seq) {
        let is_mention = self.rows.post(self.era, seq).is_some_and(|post| self.is_mention(post));
        if is_mention {
            let _ = self.mentions.insert(seq);
        } else {
            let _ = self.mentions.remove(&seq);
        }
    }

    /// Looks at all messages anew, since the reader has another name.
    pub(super) fn note_mentions(&mut self) {
        let present = self.rows.0.iter().filter(|slot| slot.id.era == self.era);
        let mentions = |slot: &&Slot| slot.post().is_some_and(|post| self.is_mention(post));
        self.mentions = present.filter(mentions).map(|slot| slot.id.seq).collect();
    }

    fn is_mention(&self, post: &Post) -> bool {
        self.is_others(post)
            && post.text.as_ref().is_some_and(|text| is_mentioned(text.as_str(), self.me.user.as_str()))
    }
}
