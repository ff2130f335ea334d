//! How a session applies the frames it gets.

use std::time::Instant;

use snug_shared::{ErrorCode, Line, ServerFrame};

use super::Session;
use crate::format::server_sentence;

impl Session {
    pub(super) fn receive(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Line(line) => {
                let newest = self.timeline.newest();
                if newest > 0 && line.seq() > newest.saturating_add(1) {
                    self.hole = Some(line.seq());
                }
                self.said(std::slice::from_ref(&line));
                self.keep(std::slice::from_ref(&line));
                self.timeline.receive_live(&line);
            }
            ServerFrame::Entries { entries, live } => {
                self.said(&entries);
                self.keep(&entries);
                self.timeline.receive(&entries);
                self.is_live |= live;
            }
            ServerFrame::History { before, entries, more } if self.loading == Some(before) => {
                self.loading = None;
                self.said(&entries);
                self.keep(&entries);
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
                if error.id.is_some() {
                    if let Some(id) = self.timeline.outbox_mut().refused(&error, Instant::now()) {
                        self.failed(id);
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

    /// Whoever said something has stopped typing it.
    fn said(&mut self, lines: &[Line]) {
        for entry in lines.iter().filter_map(Line::entry) {
            self.people.said(&entry.by);
        }
    }
}
