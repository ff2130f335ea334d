//! The history on this computer: what it knows of the room is shown until the server is reached, and what comes is kept in it.
//!
//! The connection begins only once the newest of it is known, so that the server sends what is missing and no more.

use std::ops::Range;

use snug_shared::{Line, Seq};

use super::{Effect, Link, Session};
use crate::history::{History, Recalled, RoomHistory};

/// Messages that are recalled at once.
const PAGE: usize = 200;
/// Entries above and below a message that is looked for.
const AROUND: Seq = 40;

/// Where a session is with its history.
#[derive(Debug)]
pub(super) struct Recall {
    history: History,
    /// Whether the newest of it is still to come.
    is_opening: bool,
    /// A part that is on its way: what is below this entry.
    loading: Option<Seq>,
    /// Nothing is known below this entry.
    end: Option<Seq>,
}

impl Recall {
    pub fn new(history: History) -> Self {
        Self { is_opening: history.is_some(), history, loading: None, end: None }
    }

    pub fn is_opening(&self) -> bool {
        self.is_opening
    }
}

impl Session {
    /// Asks for the newest that this computer knows.
    pub(super) fn recall_newest(&self) -> Option<Effect> {
        self.recall.is_opening.then(|| self.recall_below(None))
    }

    fn recall_below(&self, before: Option<Seq>) -> Effect {
        let (server, room) = (self.joining.server.clone(), self.room().clone());
        Effect::recall(self.recall.history.clone(), server, room, before, PAGE)
    }

    /// The reader sees these rows while no server answers: recalls what is known above them.
    pub(super) fn recall_near(&mut self, rows: Range<usize>) -> Vec<Effect> {
        let is_away = !matches!(self.link, Link::Online) && !self.recall.is_opening;
        let before = self
            .timeline
            .history_wanted(rows)
            .filter(|before| is_away && self.recall.loading.is_none() && self.recall.end != Some(*before));
        self.recall.loading = before.or(self.recall.loading);
        before.map(|before| self.recall_below(Some(before))).into_iter().collect()
    }

    /// Fetches a message and what is around it: from the server, or else from what this computer knows. Nothing when it is here, or
    /// when something is on its way.
    pub fn seek(&mut self, seq: Seq) -> Vec<Effect> {
        if self.is_seeking() || self.timeline.knows(seq) {
            return Vec::new();
        }
        if self.is_live {
            let first = seq.saturating_sub(AROUND).max(1);
            // Of what is right before it, some may be here.
            return self.fetch_after(self.timeline.known_from(first).unwrap_or(first - 1));
        }
        let is_away = !matches!(self.link, Link::Online) && !self.recall.is_opening;
        let before = seq.saturating_add(AROUND);
        self.recall.loading = is_away.then_some(before);
        self.recall.loading.map(|before| self.recall_below(Some(before))).into_iter().collect()
    }

    /// Whether it is certain that no message has this number: the room is here up to its end, and it has none there.
    pub fn has_no_message(&self, seq: Seq) -> bool {
        let is_beyond = self.is_live && seq > self.timeline.newest();
        seq == 0 || is_beyond || self.timeline.knows(seq) && self.timeline.find(seq).is_none()
    }

    /// Whether a part of the room is on its way.
    pub fn is_seeking(&self) -> bool {
        self.fetching.is_some() || self.recall.loading.is_some()
    }

    /// Whether it is settled if the server can be asked: it can, or there is none for now.
    pub fn is_settled(&self) -> bool {
        self.is_live || matches!(self.link, Link::Offline { .. } | Link::Stopped { .. })
    }

    pub(super) fn recalled(&mut self, before: Option<Seq>, recalled: Option<Recalled>) -> Vec<Effect> {
        match before {
            None => {
                self.recall.is_opening = false;
                self.notice = self.notice.take().or_else(|| self.recall.history.notice());
            }
            Some(before) if self.recall.loading == Some(before) => self.recall.loading = None,
            Some(_) => return Vec::new(),
        }
        // A server that was reached meanwhile knows better.
        if matches!(self.link, Link::Online) {
            return Vec::new();
        }
        if let Some(recalled) = &recalled {
            self.timeline.recall(recalled);
            self.target.resume = self.timeline.resume();
        }
        self.recall.end = before.filter(|before| !self.timeline.knows(before.saturating_sub(1)));
        match recalled.filter(|_| !self.timeline.has_messages()) {
            Some(recalled) => {
                // There were only changes to older messages.
                self.recall.loading = Some(recalled.first);
                vec![self.recall_below(Some(recalled.first))]
            }
            None => Vec::new(),
        }
    }

    /// Whether what is shown is only what this computer has seen: no server has been reached yet.
    pub fn shows_history(&self) -> bool {
        self.established.is_none() && self.timeline.has_messages()
    }

    /// Keeps what came.
    pub(super) fn keep(&self, lines: &[Line]) {
        if let Some(epoch) = self.timeline.epoch() {
            let (server, room) = (self.joining.server.clone(), self.room().clone());
            self.recall.history.keep(&RoomHistory { server, room, epoch: epoch.to_owned() }, lines);
        }
    }
}
