//! The rows of a timeline as a list shows them: one [`Row`] at a time, borrowed from the timeline.

use std::borrow::Cow;

use jiff::civil::Date;
use snug_shared::{Author, AuthorKind, Millis, Nickname, Reaction, Seq, Topic};
use uuid::Uuid;

use crate::{format, markup::Markup};

/// A row's identity: stays the same while rows come and go around it, and orders as the rows do.
///
/// A message that was pending gets another identity when it takes its place in the log, since its place is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    /// Counts the histories shown one below the other; pending sends come after all of them.
    pub(super) era: u32,
    /// The entry it stands at; for a hole, the entry it comes after.
    pub(super) seq: Seq,
    /// Tells rows at the same entry apart.
    pub(super) rank: Rank,
}

impl RowId {
    /// Whether it is an own message that the server does not have yet.
    pub fn is_pending(&self) -> bool {
        self.era == ERA_OF_SENDS
    }
}

/// The era of own sends that are not in a log yet.
pub(super) const ERA_OF_SENDS: u32 = u32::MAX;

/// The order of rows that stand at the same entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rank {
    Beginning,
    Day,
    Unread,
    Entry,
    Hole,
}

/// One row of the timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row<'a> {
    /// Nothing was said before this.
    Beginning,
    /// The rows below are of this day, where the reader is.
    Day(Date),
    /// The rows below have not been read.
    Unread,
    /// Something is missing here.
    Hole {
        /// Why.
        reason: HoleReason,
    },
    /// The server's disk changed this entry.
    Damaged,
    /// Somebody said something.
    Message(MessageRow<'a>),
    /// From here on the room is about something else.
    Topic {
        /// The nickname of the member who set it.
        user: &'a Nickname,
        /// The author who set it.
        by: &'a Author,
        /// When.
        at: Millis,
        /// Empty when the room has no topic any more.
        topic: &'a Topic,
    },
}

/// Why something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoleReason {
    /// More was said than the server replays at once; it is loaded when the reader comes near.
    Missed,
    /// The server does not have it any more.
    Lost,
    /// The server's history began anew: what stands above is from before, and only here.
    Anew,
}

/// A message, as it is now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MessageRow<'a> {
    /// Its place in the room; `None` until the server has it.
    pub seq: Option<Seq>,
    /// The sender's id for it.
    pub id: Uuid,
    /// The name it was sent under.
    pub user: &'a Nickname,
    /// Who sent it. For an own message before the server has said who we are, what a bare name is.
    pub by: &'a Author,
    /// When.
    pub at: Millis,
    /// Its text; `None` when it was deleted.
    pub text: Option<&'a str>,
    /// The same, read.
    pub markup: &'a Markup,
    /// Whether it was edited.
    pub edited: bool,
    /// When, where that is known.
    pub edited_at: Option<Millis>,
    /// Marks on it, the oldest first.
    pub reactions: &'a [Reaction],
    /// The message it replies to.
    pub reply: Option<Quote<'a>>,
    /// Whether name and time are shown: `false` right under a message of the same author, day and five minutes.
    pub starts_group: bool,
    /// Whether it is one's own.
    pub own: bool,
    /// Whether its author is ignored, so that it is not shown.
    pub is_ignored: bool,
    /// The state of its delivery, or of an own change to it.
    pub delivery: Delivery<'a>,
}

impl MessageRow<'_> {
    /// Whether a script said it, over HTTP. What is one's own may only look so, before the server has said who we are.
    pub fn is_automated(&self) -> bool {
        !self.own && self.by.kind() == AuthorKind::Http
    }
}

/// The message a reply answers. Lists show it in one line, so that its state never changes a row's height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote<'a> {
    /// Which message.
    pub seq: Seq,
    /// Its author's nickname; `None` when it is not loaded.
    pub user: Option<&'a Nickname>,
    /// Its text; `None` when it is not loaded or was deleted.
    pub text: Option<&'a str>,
    /// The same, read.
    pub markup: Option<&'a Markup>,
}

impl Quote<'_> {
    /// How its text begins, on one line and without marks.
    pub fn beginning(&self, most: usize) -> Option<String> {
        let text = self.text?;
        let seen = match self.markup.filter(|markup| !markup.is_plain()) {
            Some(markup) => Cow::Owned(markup.seen(text)),
            None => Cow::Borrowed(text),
        };
        Some(format::one_line(&seen, most))
    }
}

/// An own message, to be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnMessage {
    /// The server has it.
    Logged(Seq),
    /// It is on its way, under this id.
    Pending(Uuid),
}

/// The state of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// The server has it.
    Sent,
    /// It is kept on disk and goes out by itself.
    Sending,
    /// It went nowhere and will not by itself.
    Failed {
        /// The send to retry or discard.
        send: Uuid,
        /// A sentence for a person.
        reason: &'a str,
        /// Whether trying again can help.
        can_retry: bool,
    },
}
