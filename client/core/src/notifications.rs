//! What the desktop tells a person who looks elsewhere: at most one notification a room, taken back once the room was read.
//!
//! This part decides; it shows nothing. [`Notifications::update`] takes the news of the joined rooms and answers with what is to
//! be shown or closed. A room's [`crate::rooms::Rule`] and the person's [`Preferences`] say what is worth telling.

use serde::{Deserialize, Serialize};
use snug_shared::{Millis, Nickname};

use crate::{
    format,
    rooms::{Joined, News, NewsKind, Rooms, SessionId},
};

/// Rooms with a notification at the same time. Beyond it, the notification that was shown first is taken back.
pub const OPEN: usize = 16;

/// How much of a message a notification quotes, in grapheme clusters.
const TEXT: usize = 200;

/// What a person set for all rooms together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Do not disturb: nothing is told.
    pub is_quiet: bool,
    /// Notifications say who wrote and where, and not what.
    pub hides_text: bool,
}

/// A notification of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The room it is of. A click on it opens the room; a later notification of the same room takes its place.
    pub session: SessionId,
    /// One line: who wrote, or how much is new, and where.
    pub title: String,
    /// What was written, in one line, as plain text.
    pub body: String,
    /// Somebody spoke to the person.
    pub is_mention: bool,
}

/// An act of the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Show this, in place of what the same room has.
    Show(Notification),
    /// Take the notification of this room back.
    Close(SessionId),
}

/// The notifications that stand on the desktop; see the [module](self).
#[derive(Debug, Default)]
pub struct Notifications {
    /// The one that was shown last is the last.
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    session: SessionId,
    messages: usize,
    user: Nickname,
    text: String,
    is_mention: bool,
}

impl Notifications {
    /// Takes the news of the rooms, and says what the desktop is to do about them.
    pub fn update(&mut self, rooms: &mut Rooms, preferences: Preferences, now: Millis) -> Vec<Request> {
        let news = rooms.take_news();
        if news.is_empty() && self.open.is_empty() {
            return Vec::new();
        }
        let mut requests = self.close_read(rooms);
        let mut changed: Vec<SessionId> = Vec::new();
        for news in news {
            let is_worth =
                rooms.get(news.session).is_some_and(|joined| joined.marks().rule.tells(news.kind, now));
            if preferences.is_quiet || !is_worth {
                continue;
            }
            changed.retain(|session| *session != news.session);
            changed.push(news.session);
            requests.extend(self.add(news));
        }
        requests.extend(changed.into_iter().filter_map(|session| self.show(session, rooms, preferences)));
        requests
    }

    /// A person closed the notification of this room, or opened it.
    pub fn closed(&mut self, session: SessionId) {
        self.open.retain(|open| open.session != session);
    }

    /// What was read, here or elsewhere, needs no notification any more, nor does a room that was left.
    fn close_read(&mut self, rooms: &Rooms) -> Vec<Request> {
        let is_read =
            |open: &mut Open| rooms.get(open.session).is_none_or(|joined| !joined.attention().is_unread());
        self.open.extract_if(.., is_read).map(|open| Request::Close(open.session)).collect()
    }

    /// Counts a message. Answers with the notification that has to go for it, if one has.
    fn add(&mut self, news: News) -> Option<Request> {
        let News { session, user, text, kind, .. } = news;
        let before = self.open.iter().position(|open| open.session == session);
        let before = before.map(|index| self.open.remove(index));
        let (messages, mentioned) = before.map_or((0, false), |open| (open.messages, open.is_mention));
        let surplus = (self.open.len() >= OPEN).then(|| self.open.remove(0));
        let is_mention = mentioned || kind == NewsKind::Mention;
        self.open.push(Open { session, messages: messages + 1, user, text, is_mention });
        surplus.map(|open| Request::Close(open.session))
    }

    fn show(&self, session: SessionId, rooms: &Rooms, preferences: Preferences) -> Option<Request> {
        let open = self.open.iter().find(|open| open.session == session)?;
        let place = place(rooms.get(session)?, rooms);
        let (user, text) = (&open.user, format::one_line(&open.text, TEXT));
        let title = match (open.messages, open.is_mention) {
            (1, true) => format!("{user} mentioned you in {place}"),
            (1, false) => format!("{user} in {place}"),
            (messages, _) => format!("{messages} new messages in {place}"),
        };
        let body = match open.messages {
            _ if preferences.hides_text => "Open Snug to read it.".to_owned(),
            1 => text,
            _ => format!("{user}: {text}"),
        };
        Some(Request::Show(Notification { session, title, body, is_mention: open.is_mention }))
    }
}

/// The room's name, with the server's where a person is on several.
fn place(joined: &Joined, rooms: &Rooms) -> String {
    let session = joined.session();
    let is_alone = rooms.iter().all(|other| other.session().server() == session.server());
    if is_alone {
        session.room().to_string()
    } else {
        format!("{} on {}", session.room(), session.server_label())
    }
}
