//! What a room's reader sees, as a pure value: entries folded by `seq` into rows, own sends that wait, the unread line, the
//! holes. It knows no sockets, widgets, disks or clocks; times come in with the entries.

use std::collections::VecDeque;

use jiff::tz::TimeZone;
use snug_shared::{Author, Body, Entry, Established, Intent, Line, Millis, Nickname, Seq, Topic};
use uuid::Uuid;

mod row;

use row::Rank;
pub use row::{Delivery, HoleReason, MessageRow, Quote, Row, RowId};

/// The rows of one room.
#[derive(Debug)]
pub struct Timeline {
    zone: TimeZone,
    entries: VecDeque<Entry>,
    first: Seq,
    me: Author,
    revision: u64,
    topic: Topic,
}

impl Timeline {
    /// An empty timeline for a reader of this name, in this time zone.
    pub fn new(nickname: Nickname, zone: TimeZone) -> Self {
        let me = Author::http(&nickname);
        Self { zone, entries: VecDeque::new(), first: 0, me, revision: 0, topic: Topic::default() }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no rows at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether anybody has said anything, as far as is known here.
    pub fn has_messages(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The row at an index below [`Self::len`].
    pub fn row(&self, index: usize) -> Option<Row<'_>> {
        let entry = self.entries.get(index)?;
        let message = entry.message()?;
        Some(Row::Message(MessageRow {
            seq: Some(entry.seq),
            id: entry.id,
            user: &entry.user,
            by: &entry.by,
            at: entry.at,
            text: message.text.as_ref().map(snug_shared::MessageText::as_str),
            edited: false,
            reactions: &[],
            reply: None,
            starts_group: true,
            own: entry.by == self.me,
            delivery: Delivery::Sent,
        }))
    }

    /// The identity of the row at an index.
    pub fn id(&self, index: usize) -> Option<RowId> {
        let entry = self.entries.get(index)?;
        Some(RowId { era: 0, seq: entry.seq, rank: Rank::Entry })
    }

    /// Where a row is now; `None` when it is gone.
    pub fn position(&self, id: RowId) -> Option<usize> {
        let index = self.nearest(id);
        (self.id(index) == Some(id)).then_some(index)
    }

    /// Where a row is now, or the one that follows where it was.
    pub fn nearest(&self, id: RowId) -> usize {
        self.entries.partition_point(|entry| entry.seq < id.seq)
    }

    /// Changes whenever the row's height may have changed.
    pub fn row_revision(&self, _index: usize) -> u32 {
        0
    }

    /// Changes whenever any row changes, comes or goes.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The oldest entry known of the present history.
    pub fn oldest(&self) -> Option<Seq> {
        self.entries.front().map(|entry| entry.seq)
    }

    /// The newest entry known; 0 when none is.
    pub fn newest(&self) -> Seq {
        self.entries.back().map_or(0, |entry| entry.seq)
    }

    /// Whether older entries can be loaded above the first row.
    pub fn has_more_above(&self) -> bool {
        self.oldest().is_some_and(|oldest| oldest > self.first)
    }

    /// What the room is about.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// How many messages of others there are after this entry.
    pub fn others_after(&self, seq: Seq) -> usize {
        self.entries.iter().filter(|entry| entry.seq > seq && entry.by != self.me).count()
    }

    /// The index of the unread line.
    pub fn unread_row(&self) -> Option<usize> {
        None
    }

    /// Puts the unread line above the first message of somebody else after this entry; `None` takes it away.
    pub fn set_unread(&mut self, _after: Option<Seq>) {
        self.revision += 1;
    }

    /// A connection was established: who we are, which history this is and how far it reaches back.
    pub fn established(&mut self, established: &Established) {
        self.me = established.by.clone();
        self.first = established.first;
        if let Some(topic) = &established.topic {
            self.topic = topic.clone();
        }
        self.revision += 1;
    }

    /// Entries of a replay or live ones, ascending.
    pub fn receive(&mut self, lines: &[Line]) {
        for line in lines {
            if let Line::Entry(entry) = line {
                if line.seq() > self.newest() && matches!(entry.body, Body::Message(_)) {
                    self.entries.push_back(entry.clone());
                }
            }
        }
        self.revision += 1;
    }

    /// A page of history: the entries just below `before`, ascending.
    pub fn receive_history(&mut self, _before: Seq, lines: &[Line], _more: bool) {
        for line in lines.iter().rev() {
            if let Line::Entry(entry) = line {
                if self.oldest().is_none_or(|oldest| line.seq() < oldest)
                    && matches!(entry.body, Body::Message(_))
                {
                    self.entries.push_front(entry.clone());
                }
            }
        }
        self.revision += 1;
    }

    /// Which page of history to ask for: the hole nearest to these rows, or what is above the first row.
    pub fn history_wanted(&self, _visible: std::ops::Range<usize>) -> Option<Seq> {
        None
    }

    /// An own send that is on its way.
    pub fn sending(&mut self, _id: Uuid, _intent: &Intent, _at: Millis) {
        self.revision += 1;
    }

    /// An own send that failed.
    pub fn failed(&mut self, _id: Uuid, _reason: &str, _can_retry: bool) {
        self.revision += 1;
    }

    /// An own send that is settled, or was discarded.
    pub fn settled(&mut self, _id: Uuid) {
        self.revision += 1;
    }

    /// The reader's time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}
