//! One joined room: its session, what its reader has seen, and where they left.

use std::time::Instant;

use snug_shared::{Nickname, Seq};

use super::{ConnectionId, Draft, Refusal, RoomId, SessionId};
use crate::{
    connection::Event,
    session::{Attention, Done, Effect, Link, Session},
};

/// The draft and the scroll position of a left room, for the next visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The text that was being written.
    pub draft: Draft,
    /// The first message in view; none when the newest was in view.
    pub scroll: Option<Seq>,
}

/// One joined room, whether or not the window shows it.
#[derive(Debug)]
pub struct Joined {
    pub(super) id: SessionId,
    pub(super) room: RoomId,
    session: Session,
    attention: Attention,
    pub(super) place: Place,
    pub(super) is_shown: bool,
    /// Counts the nicknames this session went by.
    connection: u32,
    away_since: Instant,
    pub(super) effects: Vec<Effect>,
}

impl Joined {
    pub(super) fn new(id: SessionId, room: RoomId, session: Session, place: Place) -> Self {
        Self {
            id,
            room,
            session,
            attention: Attention::new(place.scroll.is_none()),
            place,
            is_shown: true,
            connection: 0,
            away_since: Instant::now(),
            effects: Vec::new(),
        }
    }

    /// Which opening of the room this is.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Its connection as long as the nickname stays.
    pub fn connection(&self) -> ConnectionId {
        ConnectionId { session: self.id, number: self.connection }
    }

    /// The room without what its reader sees of it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// For acts that bring no effects; others go through [`Self::act`].
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The read state.
    pub fn attention(&self) -> &Attention {
        &self.attention
    }

    /// The draft and the scroll position from when the room was last left.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Since when it has not been online, while it is not: the tries to connect count together.
    pub fn away_since(&self) -> Instant {
        self.away_since
    }

    /// Does something with the session; its effects are run with the other work ([`super::Rooms::take_work`]).
    pub fn act(&mut self, act: impl FnOnce(&mut Session) -> Vec<Effect>) {
        let effects = act(&mut self.session);
        self.run(effects);
    }

    /// Puts effects to the work to be run.
    pub fn run(&mut self, effects: Vec<Effect>) {
        self.effects.extend(effects);
        self.update_read_state();
    }

    /// The newest entry came into view, or left it.
    pub fn set_at_end(&mut self, at_end: bool) {
        self.attention.set_at_end(at_end);
        self.update_read_state();
    }

    /// Takes note of what is in front of the reader's eyes, and of what came while nothing was.
    pub fn update_read_state(&mut self) {
        let effects = self.attention.update_read_state(&mut self.session);
        self.effects.extend(effects);
    }

    pub(super) fn set_watched(&mut self, is_watched: bool) {
        self.attention.set_watched(&mut self.session, is_watched);
        self.update_read_state();
    }

    pub(super) fn update(&mut self, event: Event) {
        let is_online = matches!(event, Event::Online { .. });
        let stays = is_online || matches!(event, Event::Received(_));
        if matches!(self.session.link(), Link::Online) && !stays {
            self.away_since = Instant::now();
        }
        let effects = self.session.update(event);
        self.effects.extend(effects);
        if is_online {
            self.attention.arrive(&self.session);
        }
        self.update_read_state();
    }

    pub(super) fn done(&mut self, done: Done) {
        let effects = self.session.done(done);
        self.run(effects);
    }

    /// Goes on under another nickname: another connection, with the same seat.
    pub fn rename(&mut self, nickname: Nickname) {
        if *self.session.nickname() != nickname {
            self.session.rename(nickname);
            self.connection += 1;
        }
    }

    /// The window shows it again.
    pub(super) fn come_back(&mut self, nickname: Nickname) {
        self.is_shown = true;
        self.rename(nickname);
    }

    /// Whether the server has not let it in since it was opened.
    pub(super) fn is_unwelcome(&self) -> bool {
        !self.is_shown || !self.attention.was_online()
    }

    pub(super) fn refusal(&self, reason: String, suggestion: Option<Nickname>) -> Refusal {
        Refusal {
            server: self.session.server().clone(),
            room: self.session.room().clone(),
            nickname: self.session.nickname().clone(),
            reason,
            suggestion,
        }
    }

    /// Whether it was left and nothing of it can still be sent by itself.
    pub(super) fn is_drained(&self) -> bool {
        !self.is_shown && (!self.session.has_unsent() || matches!(self.session.link(), Link::Stopped { .. }))
    }
}
