//! What a person does in a room: send, change, go somewhere; and the messages these acts are about.

use iced::Task;
use snug_core::{
    session::NotTaken,
    timeline::{Delivery, MessageRow, Row, RowId},
};
use snug_shared::{Intent, MessageText, Seq};

use super::{Message, Room, composer::Purpose, run};
use crate::widget::virtual_list::Jump;

impl Room {
    pub(super) fn escape(&mut self) {
        if self.deleting.take().is_some() || self.composer.cancel() {
            return;
        }
        self.session.set_unread(None);
        let _: Task<Message> = self.go(Jump::End);
    }

    pub(super) fn go(&mut self, jump: Jump<RowId>) -> Task<Message> {
        self.jump = (self.jump.0 + 1, jump);
        Task::none()
    }

    pub(super) fn submit(&mut self) -> Task<Message> {
        let Some(text) = self.composer.text() else { return Task::none() };
        let taken = match self.composer.purpose() {
            Purpose::Say => self.session.say(&text, None),
            Purpose::Reply { seq, .. } => {
                let seq = *seq;
                self.session.say(&text, Some(seq))
            }
            Purpose::Edit { seq } => {
                let target = *seq;
                MessageText::parse(text)
                    .map_err(NotTaken::from)
                    .and_then(|text| self.session.submit(Intent::Edit { target, text }))
            }
        };
        match taken {
            Ok(effects) => {
                if !matches!(self.composer.purpose(), Purpose::Edit { .. }) {
                    self.session.set_unread(None);
                    let _: Task<Message> = self.go(Jump::End);
                }
                self.composer.sent();
                run(effects)
            }
            Err(reason) => {
                self.composer.refuse(reason.to_string());
                Task::none()
            }
        }
    }

    pub(super) fn send(&mut self, intent: Intent) -> Task<Message> {
        match self.session.submit(intent) {
            Ok(effects) => run(effects),
            Err(reason) => {
                self.composer.refuse(reason.to_string());
                Task::none()
            }
        }
    }

    pub(super) fn edit(&mut self, seq: Seq) -> Task<Message> {
        if let Some(text) = self.message(seq).and_then(|message| message.text).map(str::to_owned) {
            self.composer.edit(seq, &text);
        }
        Task::none()
    }

    fn messages(&self) -> impl DoubleEndedIterator<Item = (usize, MessageRow<'_>)> {
        let timeline = self.session.timeline();
        (0..timeline.len()).filter_map(|index| match timeline.row(index) {
            Some(Row::Message(message)) => Some((index, message)),
            _ => None,
        })
    }

    pub(super) fn message(&self, seq: Seq) -> Option<MessageRow<'_>> {
        self.messages().rev().find(|(_, message)| message.seq == Some(seq)).map(|(_, message)| message)
    }

    pub(super) fn row_of(&self, seq: Seq) -> Option<RowId> {
        let (index, _) = self.messages().rev().find(|(_, message)| message.seq == Some(seq))?;
        self.session.timeline().id(index)
    }

    pub(super) fn last_own(&self) -> Option<Seq> {
        let (_, message) = self.messages().rev().find(|(_, message)| {
            message.own
                && message.text.is_some()
                && message.seq.is_some()
                && message.delivery == Delivery::Sent
        })?;
        message.seq
    }
}
