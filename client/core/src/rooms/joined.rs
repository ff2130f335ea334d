//! One joined room: its session, what its reader has seen, and how they left it.

use std::{collections::VecDeque, time::Instant};

use serde::{Deserialize, Serialize};
use snug_shared::{Nickname, Seq};
use uuid::Uuid;

use super::{ConnectionId, Draft, Marks, News, NewsKind, Refusal, RoomId, SessionId};
use crate::{
    connection::Event,
    session::{Attention, Done, Effect, Link, ReadState, Session},
};

/// Long messages of a room that are shown whole at once.
const UNFOLDED: usize = 64;

/// The draft and the scroll position of a room that is not on the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// What the last start remembered of the read state; taken when the server lets the session in.
    remembered: Option<ReadState>,
    pub(super) place: Place,
    pub(super) marks: Marks,
    /// Long messages that are shown whole, the latest first, for as long as the app runs.
    unfolded: VecDeque<Uuid>,
    pub(super) is_shown: bool,
    /// It was left, and goes on until nothing of it waits to be sent.
    pub(super) is_left: bool,
    /// A person has just joined it, and the server has not let them in yet.
    pub(super) is_new: bool,
    /// Its server runs in this app and has not started yet.
    pub(super) is_held: bool,
    /// When it was last shown, as a count of such times.
    pub(super) shown_at: u64,
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
            remembered: None,
            place,
            marks: Marks::default(),
            unfolded: VecDeque::new(),
            is_shown: false,
            is_left: false,
            is_new: false,
            is_held: false,
            shown_at: 0,
            connection: 0,
            away_since: Instant::now(),
            effects: Vec::new(),
        }
    }

    /// Which opening of the room this is.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Which room of which server.
    pub fn room(&self) -> &RoomId {
        &self.room
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

    /// Whether a message was seen, here or elsewhere.
    pub(super) fn has_seen(&self, seq: Seq) -> bool {
        self.attention.has_seen(seq)
    }

    /// The read state.
    pub fn attention(&self) -> &Attention {
        &self.attention
    }

    /// The draft and the scroll position from when the room was last on the screen.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The draft and the scroll position as they are now.
    pub fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// What a person set for it.
    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// For a person to set.
    pub fn marks_mut(&mut self) -> &mut Marks {
        &mut self.marks
    }

    /// Shows a long message whole, or folds it again.
    pub fn fold(&mut self, message: Uuid) {
        let open = self.unfolded.len();
        self.unfolded.retain(|known| *known != message);
        if self.unfolded.len() == open {
            self.unfolded.push_front(message);
            self.unfolded.truncate(UNFOLDED);
        }
    }

    /// Whether a long message is shown whole.
    pub fn is_unfolded(&self, message: Uuid) -> bool {
        self.unfolded.contains(&message)
    }

    /// Whether the window shows it.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Whether it was left and only sends what waits.
    pub fn is_left(&self) -> bool {
        self.is_left
    }

    /// Whether a person has just joined it, and the server has not let them in yet.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether it waits for a server in this app that has not started yet.
    pub fn is_held(&self) -> bool {
        self.is_held
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

    /// The reader is where they left, or went elsewhere.
    pub fn landed(&mut self) {
        self.attention.landed();
    }

    /// Everything in it was read.
    pub fn mark_read(&mut self) {
        let effects = self.attention.mark_read(&mut self.session);
        self.run(effects);
    }

    /// What follows this entry is new, although it was seen. It stays so until the room is shown again, or marked as read.
    pub fn mark_unread(&mut self, after: Seq) {
        self.attention.mark_unread(&mut self.session, after);
        self.update_read_state();
    }

    /// Takes note of what is in front of the reader's eyes, and of what came while nothing was.
    pub fn update_read_state(&mut self) {
        let effects = self.attention.update_read_state(&mut self.session, self.place.scroll);
        self.effects.extend(effects);
    }

    pub(super) fn set_watched(&mut self, is_watched: bool) {
        self.attention.set_watched(&mut self.session, is_watched);
        self.update_read_state();
    }

    /// Something happened on its connection; what of it is worth telling.
    pub(super) fn update(&mut self, event: Event) -> Vec<News> {
        let is_online = matches!(event, Event::Online { .. });
        let stays = is_online || matches!(event, Event::Received(_));
        if matches!(self.session.link(), Link::Online) && !stays {
            self.away_since = Instant::now();
        }
        let effects = self.session.update(event);
        self.effects.extend(effects);
        if is_online {
            let remembered = self.remembered.take();
            self.attention.arrive(&mut self.session, remembered);
            self.is_new = false;
        }
        self.update_read_state();
        self.take_news()
    }

    pub(super) fn done(&mut self, done: Done) {
        let effects = self.session.done(done);
        self.run(effects);
    }

    fn take_news(&mut self) -> Vec<News> {
        let told = self.attention.take_told(&self.session);
        if self.is_left {
            return Vec::new();
        }
        let news = told.into_iter().map(|told| News {
            session: self.id,
            server: self.session.server().clone(),
            room: self.session.room().clone(),
            seq: told.seq,
            at: told.at,
            user: told.user,
            text: told.text,
            kind: if told.is_mention { NewsKind::Mention } else { NewsKind::Message },
        });
        news.collect()
    }

    /// What is remembered of the read state between starts.
    pub(super) fn read_state(&self) -> ReadState {
        self.remembered.clone().unwrap_or_else(|| self.attention.read_state(&self.session))
    }

    pub(super) fn remember(&mut self, read: ReadState) {
        if read.epoch.is_some() {
            self.remembered = Some(read);
        }
    }

    /// Goes on under another nickname: another connection, with the same seat.
    pub fn rename(&mut self, nickname: Nickname) {
        if *self.session.nickname() != nickname {
            self.session.rename(nickname);
            self.connection += 1;
        }
    }

    /// It comes on the screen.
    pub(super) fn show(&mut self, time: u64) {
        (self.is_shown, self.shown_at) = (true, time);
        let effects = self.attention.show(&mut self.session, self.place.scroll);
        self.effects.extend(effects);
    }

    /// Whether a person has asked to be let in, and was refused.
    pub(super) fn is_unwelcome(&self) -> bool {
        self.is_left || self.is_new && self.is_shown
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
        self.is_left && (!self.session.has_unsent() || matches!(self.session.link(), Link::Stopped { .. }))
    }
}
