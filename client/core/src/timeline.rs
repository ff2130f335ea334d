//! What a room's reader sees: entries folded by `seq` into rows, own sends that wait, the unread line, the holes. It knows no
//! sockets, widgets or clocks; times come in with the entries.
//!
//! Own sends are those of the [`Outbox`]. Messages stand below the log in the order they were typed; a change to a message shows
//! on that message. An entry that comes in strikes off the send it settles.
//!
//! Order comes from `seq` alone, so entries may arrive in any order: replays, pages of history and live ones. What is known
//! already is passed over. Messages from replays carry the state `as_of` some entry, and only later entries are folded into
//! them. A page of history can arrive after a live change to a message in it which the page does not know yet (it was read a
//! moment before); such changes are kept for a while, the latest [`CHANGES_KEPT`] of them. Changes from pages need no
//! keeping: whatever is asked for later is at least as new.
//!
//! Bounds: at most [`ROWS`] rows and [`BYTES`] of what is said in them (then the oldest tenth is let go, to be loaded again as
//! history), 32 holes, and the own sends the outbox allows.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    sync::Arc,
};

use jiff::{civil::Date, tz::TimeZone};
use snug_shared::{Author, Body, Entry, Established, Line, Millis, Nickname, Resume, Seq, Topic};
use uuid::Uuid;

mod bounds;
mod holes;
mod ignored;
mod post;
mod row;
mod rows;
mod spans;
mod unread;
mod view;

pub use bounds::{BYTES, OUT_OF_SIGHT, ROWS};
use post::{Person, PersonCache, Post};
pub use row::{Delivery, HoleReason, MessageRow, OwnMessage, Quote, Row, RowId};
use row::{ERA_OF_SENDS, Rank};
use rows::{Content, Rows, Slot, TopicChange};
use spans::Spans;
pub use unread::{COUNTED, Heard};

use crate::{format, history::Recalled, outbox::Outbox};

/// Live changes kept for messages that are not loaded.
pub const CHANGES_KEPT: usize = 512;

/// The rows of one room.
#[derive(Debug)]
pub struct Timeline {
    zone: TimeZone,
    me: Person,
    rows: Rows,
    /// The size of their texts and reactions, in bytes.
    bytes: usize,
    outbox: Outbox,
    people: PersonCache,
    /// Histories above the present one.
    era: u32,
    epoch: Option<String>,
    /// The oldest entry the server keeps.
    first: Seq,
    spans: Spans,
    /// Holes as the rows show them.
    holes: Vec<(RowId, HoleReason)>,
    /// The newest entry and its id, for coming back.
    newest_id: (Seq, Option<Uuid>),
    topic: (Seq, Topic),
    unread_after: Option<Seq>,
    unread: Option<RowId>,
    /// Messages of others in the present history that speak to the reader.
    mentions: BTreeSet<Seq>,
    /// Whose messages are hidden.
    ignored: Arc<HashSet<Author>>,
    /// Live changes to messages that are not loaded.
    changes: VecDeque<Entry>,
    revision: u64,
}

impl Timeline {
    /// An empty timeline for a reader of this name, in this time zone.
    pub fn new(nickname: Nickname, zone: TimeZone, outbox: Outbox) -> Self {
        Self {
            zone,
            me: Person { by: Author::http(&nickname), user: nickname },
            rows: Rows::default(),
            bytes: 0,
            outbox,
            people: PersonCache::default(),
            era: 0,
            epoch: None,
            first: 0,
            spans: Spans::default(),
            holes: Vec::new(),
            newest_id: (0, None),
            topic: (0, Topic::default()),
            unread_after: None,
            unread: None,
            mentions: BTreeSet::new(),
            ignored: Arc::default(),
            changes: VecDeque::new(),
            revision: 0,
        }
    }

    /// A connection was established: who we are, which history this is and how far it reaches back.
    ///
    /// When the server did not resume although it could have, what it has is not what we saw: its history began anew.
    pub fn established(&mut self, established: &Established) {
        let me = Person { user: established.nickname.clone(), by: established.by.clone() };
        let is_another = std::mem::replace(&mut self.me, me) != self.me;
        let newest = self.newest();
        let same_epoch = self.epoch.as_ref().is_none_or(|epoch| *epoch == established.epoch);
        let could_resume = newest > 0
            && established.last.saturating_sub(newest) <= u64::from(established.limits.replay)
            && newest.saturating_add(1) >= established.first;
        if !same_epoch || (!established.resumed && (could_resume || established.last < newest)) {
            self.begin_anew();
        }
        self.epoch = Some(established.epoch.clone());
        self.first = established.first;
        self.topic = (established.last, established.topic.clone().unwrap_or_default());
        if is_another {
            self.note_mentions();
        }
        self.correct_unread();
        self.correct_top();
        self.revision += 1;
    }

    /// Where to go on after a break.
    pub fn resume(&self) -> Option<Resume> {
        let (after, id) = self.newest_id;
        let epoch = self.epoch.clone()?;
        Some(Resume { epoch, after, id })
    }

    /// A live entry.
    pub fn receive_live(&mut self, line: &Line) {
        if let Some(entry) = line.entry() {
            let _ = self.outbox.seen(entry, &self.me.by, true);
        }
        self.receive(std::slice::from_ref(line));
    }

    /// Entries of a replay, ascending.
    pub fn receive(&mut self, lines: &[Line]) {
        for entry in lines.iter().filter_map(Line::entry) {
            let _ = self.outbox.seen(entry, &self.me.by, false);
        }
        let mut rest = lines;
        while let Some(first) = rest.first() {
            if first.seq() == 0 || self.spans.contains(first.seq()) {
                self.refresh(first);
                rest = &rest[1..];
                continue;
            }
            let follows = |pair: &[Line]| {
                pair[0].seq().checked_add(1) == Some(pair[1].seq()) && !self.spans.contains(pair[1].seq())
            };
            let (run, others) = rest.split_at(1 + rest.windows(2).take_while(|pair| follows(pair)).count());
            self.add(run);
            rest = others;
        }
        self.revision += 1;
    }

    /// What this computer knows of a room, until a server says more. Of another history than the one that is shown it is nothing.
    pub fn recall(&mut self, recalled: &Recalled) {
        if self.epoch.get_or_insert_with(|| recalled.epoch.clone()) != &recalled.epoch {
            return;
        }
        let mut first = recalled.first.max(1);
        while first <= recalled.last {
            let (is_known, last) = self.spans.run_from(first);
            let last = last.min(recalled.last);
            if !is_known {
                let lines = &recalled.lines;
                let from = lines.partition_point(|line| line.seq() < first);
                let to = lines.partition_point(|line| line.seq() <= last);
                self.add_known(first, last, &lines[from..to.max(from)]);
            }
            let Some(next) = last.checked_add(1) else { break };
            first = next;
        }
        self.revision += 1;
    }

    /// A page of history: the entries just below `before`, ascending. `more`: there are older ones.
    pub fn receive_history(&mut self, before: Seq, lines: &[Line], more: bool) {
        let below = lines.partition_point(|line| line.seq() < before);
        let lines = &lines[..below];
        self.receive(lines);
        if !more || lines.is_empty() {
            self.spans.close_below(lines.first().map_or(before, Line::seq));
        }
        // A page that does not reach up to `before` would be asked for again and again.
        self.spans.close_below(before);
        self.correct_holes();
        self.correct_top();
    }

    /// A page of the log: the entries after `after`, ascending.
    pub fn receive_after(&mut self, after: Seq, lines: &[Line]) {
        let above = lines.partition_point(|line| line.seq() <= after);
        self.receive(&lines[above..]);
        let next = after.saturating_add(1);
        if !self.spans.contains(next) {
            // A page that does not go on at `after` would be asked for again and again.
            self.spans.close_above(next);
        }
        self.correct_holes();
        self.correct_top();
    }

    /// What was typed and has not come back.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The same, to send from it.
    pub fn outbox_mut(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// Begins another history below the rows that are shown.
    fn begin_anew(&mut self) {
        self.spans.clear();
        self.changes.clear();
        self.mentions.clear();
        self.newest_id = (0, None);
        (self.unread_after, self.topic) = (None, (0, Topic::default()));
        self.correct_unread();
        for (hole, _) in std::mem::take(&mut self.holes) {
            self.rows.remove(hole);
            self.rows.insert(hole, Content::Hole(HoleReason::Lost));
        }
        // A server that begins anew over and over while nothing is said leaves one mark.
        let newest = self.rows.0.back().map(|slot| &slot.content);
        if !matches!(newest, None | Some(Content::Beginning | Content::Hole(HoleReason::Anew))) {
            self.era = self.era.saturating_add(1).min(ERA_OF_SENDS - 1);
            self.rows.insert(self.anew_id(), Content::Hole(HoleReason::Anew));
        }
    }

    fn anew_id(&self) -> RowId {
        RowId { era: self.era, seq: 0, rank: Rank::Hole }
    }

    /// An entry that is known already: its later state is taken over where nothing newer was folded in.
    fn refresh(&mut self, line: &Line) {
        let Some(entry) = line.entry() else { return };
        if let Some(message) = entry.message()
            && message.present.as_ref().is_some_and(|present| present.as_of >= self.newest())
            && let Some(post) = self.rows.post_mut(self.era, entry.seq)
        {
            self.bytes -= post.bytes();
            post.refresh(message);
            self.bytes += post.bytes();
            self.note_mention(entry.seq);
        }
    }

    /// Adds entries without holes among them, none of which is known.
    fn add(&mut self, run: &[Line]) {
        if let (Some(first), Some(last)) = (run.first().map(Line::seq), run.last().map(Line::seq)) {
            self.add_known(first, last, run);
        }
    }

    /// Adds `first` to `last`, of which nothing is known, with those of them that have rows.
    fn add_known(&mut self, first: Seq, last: Seq, run: &[Line]) {
        let newest = self.newest();
        self.spans.add(first, last);
        let entries: Vec<Slot> = run.iter().filter_map(|line| self.slot(line)).collect();
        let index = self.rows.nearest(RowId { era: self.era, seq: first, rank: Rank::Beginning });
        let is_append = index == self.rows.len();
        self.bytes += entries.iter().map(Slot::bytes).sum::<usize>();
        self.rows.splice(index, entries);
        for entry in run.iter().filter_map(Line::entry) {
            self.fold(entry, newest);
            if entry.message().is_some() {
                self.note_mention(entry.seq);
            }
        }
        if last > newest {
            let entry = run.last().and_then(Line::entry).filter(|entry| entry.seq == last);
            self.newest_id = (last, entry.map(|entry| entry.id));
        }
        if is_append && self.unread.is_none() {
            self.place_unread(index);
        } else if !is_append {
            self.correct_unread();
        }
        self.correct_holes();
        self.correct_top();
        // Last: from here on no index into the rows holds.
        self.trim();
    }

    fn slot(&mut self, line: &Line) -> Option<Slot> {
        let id = RowId { era: self.era, seq: line.seq(), rank: Rank::Entry };
        let entry = match line {
            Line::Entry(entry) => entry,
            Line::Damaged(_) => return Some(Slot { id, content: Content::Damaged }),
            Line::Opaque(_) => return None,
        };
        let day = self.day(entry.at);
        let content = match &entry.body {
            Body::Message(message) => {
                let mut post = Post::new(entry, message, day, self.people.get(entry));
                for change in self.changes.iter().filter(|change| change.body.target() == Some(entry.seq)) {
                    post.fold(change, true);
                }
                Content::Post(Box::new(post))
            }
            Body::Topic { topic } => Content::Topic(Box::new(TopicChange {
                person: self.people.get(entry),
                at: entry.at,
                day,
                topic: topic.clone(),
            })),
            _ => return None,
        };
        Some(Slot { id, content })
    }

    /// Folds an entry into the rows. `newest`: the newest entry before it came.
    fn fold(&mut self, entry: &Entry, newest: Seq) {
        match &entry.body {
            Body::Topic { topic } if entry.seq > self.topic.0 => self.topic = (entry.seq, topic.clone()),
            Body::Message(_) | Body::Topic { .. } | Body::Act(_) => {}
            change => {
                let ahead = self.spans.all().len() > 1;
                let target = change.target().unwrap_or(0);
                match self.rows.post_mut(self.era, target) {
                    Some(post) => {
                        self.bytes -= post.bytes();
                        post.fold(entry, ahead);
                        self.bytes += post.bytes();
                        if !matches!(change, Body::Reacted { .. }) {
                            self.note_mention(target);
                        }
                    }
                    None if entry.seq > newest => {
                        if self.changes.len() == CHANGES_KEPT {
                            let _ = self.changes.pop_front();
                        }
                        self.changes.push_back(entry.clone());
                    }
                    None => {}
                }
            }
        }
    }

    fn day(&self, at: Millis) -> Date {
        format::moment(at).map_or(format::UNKNOWN_DAY, |at| self.zone.to_datetime(at).date())
    }
}
