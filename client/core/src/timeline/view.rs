//! How lists look at a timeline: by index, by identity, without changing anything.

use jiff::tz::TimeZone;
use snug_shared::{Author, Intent, MessageText, Millis, Nickname, Seq, Topic};

use super::{
    Timeline,
    post::{Person, Post},
    row::{Delivery, ERA_OF_SENDS, MessageRow, OwnMessage, Quote, Rank, Row, RowId},
    rows::{Content, Slot},
};
use crate::outbox::{Failure, PendingSend, SendState};

/// Messages of one person this close together stand under one name.
const TOGETHER_MS: u64 = 5 * 60 * 1_000;

impl Timeline {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len() + self.outbox.sends().messages()
    }

    /// Whether there are no rows at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether anybody has said anything, as far as is known here.
    pub fn has_messages(&self) -> bool {
        self.outbox.sends().messages() > 0 || self.rows.0.iter().any(|slot| slot.post().is_some())
    }

    /// The row at an index, below [`Self::len`].
    pub fn row(&self, index: usize) -> Option<Row<'_>> {
        let Some(slot) = self.rows.get(index) else {
            return self.pending_row(index, self.pending(index)?).map(Row::Message);
        };
        Some(match &slot.content {
            Content::Beginning => Row::Beginning,
            Content::Day(day) => Row::Day(*day),
            Content::Unread => Row::Unread,
            Content::Hole(reason) => Row::Hole { reason: *reason },
            Content::Damaged => Row::Damaged,
            Content::Post(post) => Row::Message(self.message_row(index, slot, post)),
            Content::Topic(change) => Row::Topic {
                user: &change.person.user,
                by: &change.person.by,
                at: change.at,
                topic: &change.topic,
            },
        })
    }

    /// The identity of the row at an index.
    pub fn id(&self, index: usize) -> Option<RowId> {
        match self.rows.get(index) {
            Some(slot) => Some(slot.id),
            None => {
                let seq = self.pending(index)?.order;
                Some(RowId { era: ERA_OF_SENDS, seq, rank: Rank::Entry })
            }
        }
    }

    /// Where a row is now; `None` when it is gone.
    pub fn position(&self, id: RowId) -> Option<usize> {
        let index = self.nearest(id);
        (self.id(index) == Some(id)).then_some(index)
    }

    /// Where a row is now, or what follows where it was; [`Self::len`] when nothing does.
    pub fn nearest(&self, id: RowId) -> usize {
        if id.era == ERA_OF_SENDS {
            return self.rows.len() + self.outbox.sends().nearest_message(id.seq);
        }
        self.rows.nearest(id)
    }

    /// Where a message of the present history is now.
    pub fn position_of(&self, seq: Seq) -> Option<usize> {
        self.position(RowId { era: self.era, seq, rank: Rank::Entry })
    }

    /// Where the message of this number is: in the present history, or else in the latest one before that has it.
    pub fn find(&self, seq: Seq) -> Option<usize> {
        let has_it = |index: &usize| {
            self.rows.get(*index).is_some_and(|slot| slot.id.seq == seq && slot.post().is_some())
        };
        self.position_of(seq).or_else(|| (0..self.rows.len()).rev().find(has_it))
    }

    /// The number of the message at an index, when the server has it.
    pub fn seq(&self, index: usize) -> Option<Seq> {
        self.rows.get(index).filter(|slot| slot.post().is_some()).map(|slot| slot.id.seq)
    }

    /// The newest own message that says something and is not about to change: with the server, or on its way there.
    pub fn last_own(&self) -> Option<OwnMessage> {
        (0..self.len()).rev().find_map(|index| match self.row(index) {
            Some(Row::Message(message)) if message.own && message.text.is_some() => {
                match (message.seq, message.delivery) {
                    (Some(seq), Delivery::Sent) => Some(OwnMessage::Logged(seq)),
                    (None, Delivery::Sending) => Some(OwnMessage::Pending(message.id)),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// What an own message says, and its number once the server has it.
    pub fn own(&self, message: OwnMessage) -> Option<MessageRow<'_>> {
        let is_it = |row: &MessageRow<'_>| match message {
            OwnMessage::Logged(seq) => row.seq == Some(seq),
            OwnMessage::Pending(id) => row.id == id,
        };
        (0..self.len()).rev().find_map(|index| match self.row(index) {
            Some(Row::Message(row)) if row.own && is_it(&row) => Some(row),
            _ => None,
        })
    }

    /// Changes whenever any row changes, comes or goes.
    pub fn revision(&self) -> u64 {
        self.revision + self.outbox.sends().revision()
    }

    /// The oldest entry known of the present history.
    pub fn oldest(&self) -> Option<Seq> {
        self.spans.oldest()
    }

    /// The newest entry known; 0 when none is.
    pub fn newest(&self) -> Seq {
        self.spans.newest()
    }

    /// Whether older entries can be loaded above the first row.
    pub fn has_more_above(&self) -> bool {
        self.era == 0 && self.oldest().is_some() && self.has_more_below_first()
    }

    /// The nickname an author was last seen under here.
    pub fn nickname(&self, by: &Author) -> Option<&Nickname> {
        self.people.nickname(by)
    }

    /// Names of several words that authors have here: the latest 128.
    pub fn names_of_several_words(&self) -> impl Iterator<Item = &Nickname> {
        self.people.of_several_words()
    }

    /// The room's topic.
    pub fn topic(&self) -> &Topic {
        &self.topic.1
    }

    /// Counts the histories that were shown one below the other.
    pub fn era(&self) -> u32 {
        self.era
    }

    /// The name of the present history, once the server has told it.
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// The index of the unread line.
    pub fn unread_row(&self) -> Option<usize> {
        self.rows.position(self.unread?)
    }

    /// The reader's time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn pending(&self, index: usize) -> Option<&PendingSend> {
        self.outbox.sends().message(index.checked_sub(self.rows.len())?)
    }

    /// The own change to a message that is not in the log yet. Nothing can change what is of an earlier history.
    fn change_to(&self, slot: &Slot) -> Option<&PendingSend> {
        self.outbox.sends().change_to(slot.id.seq).filter(|_| slot.id.era == self.era)
    }

    fn message_row<'a>(&'a self, index: usize, slot: &Slot, post: &'a Post) -> MessageRow<'a> {
        MessageRow {
            seq: Some(slot.id.seq),
            id: post.id,
            user: &post.person.user,
            by: &post.person.by,
            at: post.at,
            text: post.text.as_ref().map(MessageText::as_str),
            markup: &post.markup,
            edited: post.edited > 0,
            edited_at: post.edited_at,
            reactions: &post.reactions,
            reply: post.reply_to.map(|seq| self.quote(slot.id.era, seq)),
            starts_group: self.starts_group(index, &post.person, post.at),
            own: slot.id.era == self.era && post.person.by == self.me.by,
            is_ignored: self.is_ignored(&post.person.by),
            delivery: self.change_to(slot).map_or(Delivery::Sent, delivery),
        }
    }

    fn pending_row<'a>(&'a self, index: usize, pending: &'a PendingSend) -> Option<MessageRow<'a>> {
        let Intent::Message { text, reply_to } = &pending.intent else { return None };
        Some(MessageRow {
            seq: None,
            id: pending.id,
            user: &self.me.user,
            by: &self.me.by,
            at: pending.at,
            text: Some(pending.edit.as_ref().unwrap_or(text).as_str()),
            markup: &pending.markup,
            edited: pending.edit.is_some(),
            edited_at: None,
            reactions: &[],
            reply: reply_to.map(|seq| self.quote(self.era, seq)),
            starts_group: self.starts_group(index, &self.me, pending.at),
            own: true,
            is_ignored: false,
            delivery: delivery(pending),
        })
    }

    fn quote(&self, era: u32, seq: Seq) -> Quote<'_> {
        let post = self.rows.post(era, seq).filter(|post| !self.is_ignored(&post.person.by));
        Quote {
            seq,
            user: post.map(|post| &post.person.user),
            text: post.and_then(|post| post.text.as_ref()).map(MessageText::as_str),
            markup: post.map(|post| &post.markup),
        }
    }

    fn starts_group(&self, index: usize, person: &Person, at: Millis) -> bool {
        let above = index.checked_sub(1).and_then(|above| match self.rows.get(above) {
            Some(slot) => slot.post().map(|post| (&*post.person, post.at)),
            None => self.pending(above).map(|pending| (&self.me, pending.at)),
        });
        above.is_none_or(|(author, before)| author != person || at.abs_diff(before) > TOGETHER_MS)
    }
}

fn delivery(send: &PendingSend) -> Delivery<'_> {
    match &send.state {
        SendState::Failed(Failure { reason, can_retry }) => {
            Delivery::Failed { send: send.id, reason, can_retry: *can_retry }
        }
        SendState::Keeping | SendState::Waiting | SendState::OnTheWire { .. } => Delivery::Sending,
    }
}
