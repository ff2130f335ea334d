//! How a session applies the frames it gets.

use std::time::Instant;

use snug_shared::{ErrorCode, Line, ServerFrame};

use super::{Session, Store};
use crate::format::server_sentence;

impl Session {
    pub(super) fn receive(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Line(line) => {
                let newest = self.timeline.newest();
                if newest > 0 && line.seq() > newest.saturating_add(1) {
                    self.hole = Some(line.seq());
                }
                self.enter(std::slice::from_ref(&line), true);
                self.timeline.receive(std::slice::from_ref(&line));
            }
            ServerFrame::Entries { entries, live } => {
                self.enter(&entries, false);
                self.timeline.receive(&entries);
                self.is_live |= live;
            }
            ServerFrame::History { before, entries, more } if self.loading == Some(before) => {
                self.loading = None;
                self.enter(&entries, false);
                self.timeline.receive_history(before, &entries, more);
            }
            ServerFrame::Presence(presence) => self.people.change(presence),
            ServerFrame::Typing { user, by } => {
                if self.established.as_ref().is_none_or(|established| established.by != by) {
                    self.people.writes(user, by, Instant::now());
                }
            }
            ServerFrame::Read { seq } => {
                self.read = self.read.max(seq);
                self.read_told.0 = self.read_told.0.max(seq);
            }
            ServerFrame::Error(error) => {
                if let Store::Open(outbox) = &mut self.store
                    && error.id.is_some()
                {
                    if let Some((id, reason, can_retry)) = outbox.refused(&error, Instant::now()) {
                        self.fail(id, reason, can_retry);
                    }
                    return;
                }
                // It may have answered the question for history, which is asked again when the reader moves.
                self.loading = None;
                if error.code != ErrorCode::RateLimited {
                    self.notice = Some(server_sentence(&error.message));
                }
            }
            ServerFrame::History { .. }
            | ServerFrame::Pong { .. }
            | ServerFrame::Challenge { .. }
            | ServerFrame::ConnectionEstablished(_) => {}
        }
    }

    /// Strikes off what came back.
    fn enter(&mut self, lines: &[Line], live: bool) {
        let (Store::Open(outbox), Some(established)) = (&mut self.store, &self.established) else { return };
        for entry in lines.iter().filter_map(Line::entry) {
            if let Some(id) = outbox.seen(entry, &established.by, live) {
                self.timeline.settled(id);
            }
            self.people.said(&entry.by);
        }
    }
}
