//! The read state: what the reader of a room has seen, what is new to them, and who speaks to them in it.
//!
//! Entries count as seen up to the newest, while it is in view and the window has the focus. What was read on other devices
//! counts as well: the server tells it. A room that its reader marked as unread stays so until it is shown again.

use snug_shared::{Millis, Nickname, Seq};

use super::{Effect, Session};
use crate::timeline::{COUNTED, Heard};

/// New messages of one room that are told at once, at most: the newest, and as many older ones that speak to the reader.
const TOLD: usize = 16;

/// How far the reader of a room has seen it.
#[derive(Debug, Default)]
pub struct Attention {
    /// Whether the window shows the room and has the keyboard.
    is_watched: bool,
    /// Whether the newest entry is in view.
    at_end: bool,
    /// The newest entry that was in front of the reader's eyes, or before what they marked as unread.
    seen: Seq,
    is_marked: bool,
    /// The history that `seen` is of.
    era: u32,
    unread: Unread,
    was_online: bool,
    /// This is the first connection.
    is_first: bool,
    /// What was said before is still to come, on this connection.
    is_arriving: bool,
    /// The reader is still to be taken to where they left.
    is_landing: bool,
    /// Up to here news were told.
    told: Option<Seq>,
}

/// How much of a room is new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unread {
    /// Messages of others; at most [`crate::timeline::COUNTED`].
    pub messages: usize,
    /// Those of them that speak to the reader.
    pub mentions: usize,
    /// More was said than is loaded.
    pub is_more: bool,
}

/// What is remembered of the read state between starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ReadState {
    /// The history it is of; of another one it says nothing.
    pub epoch: Option<String>,
    /// The newest entry that was seen.
    pub seen: Seq,
    /// The reader marked what follows as unread.
    pub is_marked: bool,
    /// The unread line stands after this entry.
    pub line: Option<Seq>,
    /// Up to here news were told.
    pub told: Option<Seq>,
}

/// A new message that is worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub seq: Seq,
    pub at: Millis,
    pub user: Nickname,
    pub text: String,
    pub is_mention: bool,
}

impl Attention {
    /// For a room that was just opened.
    pub(crate) fn new(at_end: bool) -> Self {
        Self { at_end, ..Self::default() }
    }

    /// How much is new.
    pub fn unread(&self) -> Unread {
        self.unread
    }

    /// Messages of others that the reader has not seen.
    pub fn new_messages(&self) -> usize {
        self.unread.messages
    }

    /// Whether there is something to read, or the reader said so.
    pub fn is_unread(&self) -> bool {
        self.unread.messages > 0 || self.is_marked
    }

    pub(crate) fn has_seen(&self, seq: Seq) -> bool {
        seq <= self.seen
    }

    /// Whether the server has let this session in before.
    pub fn was_online(&self) -> bool {
        self.was_online
    }

    /// Whether the reader is still to be taken to where they left: until then, what is in view was not chosen by them.
    pub fn is_landing(&self) -> bool {
        self.is_landing
    }

    /// The reader is where they left, or went elsewhere.
    pub(crate) fn landed(&mut self) {
        self.is_landing = false;
    }

    /// What to remember until the next start.
    pub(crate) fn read_state(&self, session: &Session) -> ReadState {
        let timeline = session.timeline();
        let epoch = timeline.epoch().map(str::to_owned);
        ReadState {
            epoch,
            seen: self.seen,
            is_marked: self.is_marked,
            line: timeline.unread_after(),
            told: self.told,
        }
    }

    /// The server let the session in: what was read on other devices counts as seen, and what is remembered of this history.
    pub(crate) fn arrive(&mut self, session: &mut Session, remembered: Option<ReadState>) {
        if self.era != session.timeline().era() {
            (self.era, self.seen, self.is_marked) = (session.timeline().era(), 0, false);
            self.told = Some(0);
        }
        self.is_arriving = true;
        self.is_first = !self.was_online;
        if !std::mem::replace(&mut self.was_online, true) {
            let remembered = remembered.filter(|state| state.epoch.as_deref() == session.timeline().epoch());
            if let Some(ReadState { seen, is_marked, line, told, .. }) = remembered {
                (self.seen, self.is_marked, self.told) = (seen, is_marked, told);
                session.set_unread(line);
            }
        }
        self.catch_up(session);
    }

    /// What was read elsewhere is read.
    fn catch_up(&mut self, session: &Session) {
        if !self.is_marked {
            self.seen = self.seen.max(session.read());
        }
    }

    /// The newest entry came into view, or left it.
    pub(crate) fn set_at_end(&mut self, at_end: bool) {
        self.at_end = at_end;
    }

    /// The window shows the room. Its reader begins where they left, which may have to be fetched, or at what is new.
    pub(crate) fn show(&mut self, session: &mut Session, scroll: Option<Seq>) -> Vec<Effect> {
        self.at_end = scroll.is_none() && !self.is_unread();
        self.is_marked = false;
        let lost = scroll.filter(|seq| session.is_live() && !session.timeline().knows(*seq));
        lost.map_or_else(Vec::new, |seq| {
            self.is_landing = true;
            session.fetch_after(seq.saturating_sub(1))
        })
    }

    /// The reader looks at the room, or away from it.
    pub(crate) fn set_watched(&mut self, session: &mut Session, is_watched: bool) {
        if self.is_watched && !is_watched && self.unread.messages == 0 && !self.is_marked {
            // Everything was read: the next unread line is drawn where the reader left.
            session.set_unread(None);
        }
        self.is_watched = is_watched;
    }

    /// What follows this entry is new, although it was seen.
    pub(crate) fn mark_unread(&mut self, session: &mut Session, after: Seq) {
        (self.seen, self.is_marked) = (after.min(session.timeline().newest()), true);
        session.set_unread(Some(self.seen));
    }

    /// Everything was read, wherever the reader is.
    pub(crate) fn mark_read(&mut self, session: &mut Session) -> Vec<Effect> {
        (self.is_marked, self.is_landing) = (false, false);
        session.set_unread(None);
        self.seen = self.seen.max(session.timeline().newest());
        session.mark_read(self.seen)
    }

    /// Takes note of what is in front of the reader's eyes, and of what came while nothing was. `scroll`: the row they left at.
    pub(crate) fn update_read_state(&mut self, session: &mut Session, scroll: Option<Seq>) -> Vec<Effect> {
        if !self.was_online {
            return Vec::new();
        }
        self.catch_up(session);
        let mut effects = Vec::new();
        let unseen = session.timeline().others_after(self.seen);
        let is_whole = session.timeline().is_whole_after(self.seen);
        if session.is_live() && std::mem::take(&mut self.is_arriving) {
            let has_new = unseen > 0 || !is_whole;
            if self.is_first {
                effects = self.find_place(session, has_new, scroll);
            } else if !is_whole {
                // More was missed than the server replays at once.
                effects = self.find_place(session, has_new, None);
            }
        }
        let is_attended = self.is_attended();
        if unseen > 0 && !is_attended && session.timeline().unread_row().is_none() {
            session.set_unread(Some(self.seen));
        }
        let newest = session.timeline().newest();
        if is_attended && session.is_live() {
            self.unread = Unread::default();
            if newest > self.seen {
                self.seen = newest;
                effects.extend(session.mark_read(newest));
            }
        } else {
            let mentions = session.timeline().mentions_after(self.seen);
            self.unread = Unread { messages: unseen, mentions, is_more: !is_whole && self.seen > 0 };
        }
        effects
    }

    /// Finds where the reader left, which may be far above what has come: at a row, or where what is new begins.
    fn find_place(&mut self, session: &mut Session, has_new: bool, scroll: Option<Seq>) -> Vec<Effect> {
        if self.seen > 0 && has_new {
            session.set_unread(Some(self.seen));
        }
        match scroll.map(|seq| seq.saturating_sub(1)).or((self.seen > 0 && has_new).then_some(self.seen)) {
            Some(after) => {
                (self.is_landing, self.at_end) = (true, false);
                session.fetch_after(after)
            }
            None => Vec::new(),
        }
    }

    fn is_attended(&self) -> bool {
        self.is_watched && self.at_end && !self.is_marked && !self.is_landing
    }

    /// What others said since this was last asked, unless it was seen; the oldest first. What was there when one came the first
    /// time is no news.
    pub(crate) fn take_told(&mut self, session: &Session) -> Vec<Told> {
        if !self.was_online || !session.is_live() {
            return Vec::new();
        }
        let newest = session.timeline().newest();
        let told = self.told.replace(newest).unwrap_or(if self.seen > 0 { self.seen } else { newest });
        if newest <= told {
            return Vec::new();
        }
        let heard = session.timeline().heard_after(told.max(self.seen)).take(COUNTED).enumerate();
        let worth = |(place, heard): &(usize, Heard<'_>)| *place < TOLD || heard.is_mention;
        let mut heard: Vec<Told> = heard
            .filter(worth)
            .take(2 * TOLD)
            .map(|(_, heard)| Told {
                seq: heard.seq,
                at: heard.at,
                user: heard.user.clone(),
                text: heard.text.to_owned(),
                is_mention: heard.is_mention,
            })
            .collect();
        heard.reverse();
        heard
    }
}
