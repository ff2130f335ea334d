//! The read state: entries count as seen up to the newest, while it is in view and the window has the focus.

use snug_shared::Seq;

use super::{Effect, Session};

/// How far the reader of a room has seen it.
#[derive(Debug)]
pub struct Attention {
    /// Whether the window shows the room and has the keyboard.
    is_watched: bool,
    /// Whether the newest entry is in view.
    at_end: bool,
    /// The newest entry that was in front of the reader's eyes.
    seen: Seq,
    /// Messages of others since.
    new: usize,
    was_online: bool,
    /// Nothing of what was said has come yet.
    is_arriving: bool,
}

impl Attention {
    /// For a room that was just opened.
    pub fn new(at_end: bool) -> Self {
        Self { is_watched: true, at_end, seen: 0, new: 0, was_online: false, is_arriving: true }
    }

    /// Messages of others that the reader has not seen.
    pub fn new_messages(&self) -> usize {
        self.new
    }

    /// Whether the server has let this session in before.
    pub fn was_online(&self) -> bool {
        self.was_online
    }

    /// The server let the session in: what was read on other devices counts as seen.
    pub(crate) fn arrive(&mut self, session: &Session) {
        if !std::mem::replace(&mut self.was_online, true) {
            self.seen = session.read();
        }
    }

    /// The newest entry came into view, or left it.
    pub(crate) fn set_at_end(&mut self, at_end: bool) {
        self.at_end = at_end;
    }

    /// The reader looks at the room, or away from it.
    pub(crate) fn set_watched(&mut self, session: &mut Session, is_watched: bool) {
        if self.is_watched && !is_watched && self.new == 0 {
            // Everything was read: the next unread line is drawn where the reader left.
            session.set_unread(None);
        }
        self.is_watched = is_watched;
    }

    /// Takes note of what is in front of the reader's eyes, and of what came while nothing was.
    pub(crate) fn update_read_state(&mut self, session: &mut Session) -> Vec<Effect> {
        if !self.was_online {
            return Vec::new();
        }
        let timeline = session.timeline();
        let (newest, unseen) = (timeline.newest(), timeline.others_after(self.seen));
        let is_attended = self.is_watched && self.at_end;
        // Somebody who comes back wants to see where they left as well.
        let comes_back = std::mem::take(&mut self.is_arriving) && self.seen > 0;
        self.is_arriving |= newest == 0;
        if unseen > 0 && (comes_back || !is_attended) && timeline.unread_row().is_none() {
            session.set_unread(Some(self.seen));
        }
        self.new = if is_attended { 0 } else { unseen };
        if !is_attended || newest <= self.seen {
            return Vec::new();
        }
        self.seen = newest;
        session.mark_read(newest)
    }
}
