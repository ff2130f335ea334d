//! Acts of a person in a room, and the messages they concern.

use std::sync::Arc;

use iced::{
    Task,
    keyboard::{self, Key, key::Named},
    widget::{text_editor, text_editor::Edit},
};
use snug_core::{
    markup::Markup,
    rooms::{Joined, Purpose},
    timeline::{MessageRow, OwnMessage, Row, RowId, Timeline},
};
use snug_shared::{Emoji, Intent, Seq};

use super::{
    Act, Go, Message, Room,
    command::{self, Command},
    picker::{Pick, PickFor, Picker},
    selecting::{self, Reach},
};
use crate::widget::{virtual_list::Jump, writes};

/// Own earlier messages that can be called back.
const RECALLED: usize = 50;
/// Rows of the timeline that are looked through for them.
const SEARCHED: usize = 5_000;

/// The meaning of a key that no widget took.
pub(super) fn key(event: keyboard::Event, reach: Reach) -> Option<Message> {
    let keyboard::Event::KeyPressed { key, modifiers, text, .. } = event else { return None };
    if let Some(message) = selecting::key(key.as_ref(), modifiers, reach) {
        return Some(message);
    }
    match key.as_ref() {
        Key::Named(Named::Enter) if !modifiers.shift() => Some(Message::Submit),
        Key::Named(Named::Escape) => Some(Message::Escape),
        Key::Named(Named::PageUp) if modifiers.shift() => Some(Message::Go(Go::Unread)),
        Key::Named(Named::PageUp) => Some(Message::Go(Go::Page(-0.9))),
        Key::Named(Named::PageDown) => Some(Message::Go(Go::Page(0.9))),
        Key::Named(Named::Home) if modifiers.command() => Some(Message::Go(Go::Start)),
        Key::Named(Named::End) if modifiers.command() => Some(Message::Go(Go::End)),
        _ => {
            // The caret was not in the composer; what is typed goes there all the same.
            let text: String =
                text.filter(|_| writes(modifiers))?.chars().filter(|c| !c.is_control()).collect();
            let paste = || Message::Write(text_editor::Action::Edit(Edit::Paste(Arc::new(text.clone()))));
            (!text.is_empty()).then(paste)
        }
    }
}

impl Room {
    pub(super) fn escape(&mut self, joined: &mut Joined) {
        if self.composer.close_choices()
            || self.picker.take().is_some()
            || self.marked.cancel(joined.session().timeline())
        {
            return;
        }
        let was_open = self.deleting.take().is_some() | self.acting.take().is_some();
        if was_open || self.composer.cancel() {
            return;
        }
        self.go_to_end(joined);
    }

    fn go_to_end(&mut self, joined: &mut Joined) {
        joined.mark_read();
        self.jump(Jump::End);
    }

    pub(super) fn go(&mut self, joined: &mut Joined, go: Go) {
        joined.landed();
        let timeline = joined.session().timeline();
        match go {
            Go::Unread => {
                if let Some(row) = timeline.unread_row().and_then(|row| timeline.id(row)) {
                    self.jump(Jump::Row(row));
                }
            }
            Go::Page(pages) => self.jump(Jump::Pages(pages)),
            Go::Start => self.jump(Jump::Start),
            Go::End => self.jump(Jump::End),
            Go::To(seq) => {
                if let Some(row) = timeline.find(seq).and_then(|index| timeline.id(index)) {
                    self.jump(Jump::Row(row));
                }
            }
        }
    }

    pub(super) fn jump(&mut self, jump: Jump<RowId>) {
        (self.jump, self.found) = ((self.jump.0 + 1, jump), None);
    }

    pub(super) fn submit(&mut self, joined: &mut Joined) {
        let Some(text) = self.composer.text() else { return };
        if let Some(command) = command::parse(&text) {
            return self.run(joined, command);
        }
        let session = joined.session_mut();
        let taken = match self.composer.purpose() {
            Purpose::Message => session.say(&text, None),
            Purpose::Reply { seq, .. } => session.say(&text, Some(*seq)),
            Purpose::Edit { message, .. } => session.edit(*message, &text),
        };
        match taken {
            Ok(effects) => {
                joined.run(effects);
                Markup::parse(&text).emoji(&text).for_each(|emoji| self.recent.used(emoji));
                if !matches!(self.composer.purpose(), Purpose::Edit { .. }) {
                    self.go_to_end(joined);
                }
                self.composer.sent();
            }
            Err(reason) => self.composer.refuse(reason.to_string()),
        }
    }

    fn run(&mut self, joined: &mut Joined, command: Command) {
        match command {
            Command::Help => {
                self.composer.sent();
                self.composer.hint(command::HELP);
            }
            Command::Nick(nickname) => {
                self.composer.sent();
                joined.rename(nickname);
            }
            Command::Topic(topic) => {
                self.composer.sent();
                self.send(joined, Intent::Topic { topic });
            }
            Command::Wrong(sentence) => self.composer.refuse(sentence),
        }
    }

    /// An own earlier message in place of the text, at most [`RECALLED`] of them back.
    pub(super) fn recall(&mut self, timeline: &Timeline, older: bool) {
        if !matches!(self.composer.purpose(), Purpose::Message) {
            return;
        }
        let index = match (self.composer.recalled(), older) {
            (None, true) => 0,
            (Some(last), true) => last + 1,
            (None, false) => return,
            (Some(0), false) => return self.composer.forget_recalled(),
            (Some(last), false) => last - 1,
        };
        let rows = (timeline.len().saturating_sub(SEARCHED)..timeline.len()).rev();
        let own = rows.filter_map(|row| match timeline.row(row) {
            Some(Row::Message(message)) if message.own => message.text,
            _ => None,
        });
        if let Some(text) = own.take(RECALLED).nth(index) {
            self.composer.recall(index, text);
        }
    }

    pub(super) fn pick(&mut self, joined: &mut Joined, pick: Pick) -> Task<Message> {
        match pick {
            Pick::Toggle(purpose) => {
                let was_open = self.picker.take().is_some_and(|picker| picker.purpose() == purpose);
                if was_open {
                    return Self::focus();
                }
                self.picker = Some(Picker::new(purpose, self.recent.clone()));
                self.acting = None;
                return Picker::focus();
            }
            Pick::Search(words) => self.picker.iter_mut().for_each(|picker| picker.search(&words)),
            Pick::First => {
                if let Some(emoji) = self.picker.as_ref().and_then(Picker::first) {
                    return self.pick(joined, Pick::Take(emoji));
                }
            }
            Pick::Take(emoji) => {
                match self.picker.take().map(|picker| picker.purpose()) {
                    Some(PickFor::Reaction(seq)) => {
                        self.act(joined, Act::React(seq, emoji.to_owned(), true));
                    }
                    Some(PickFor::Text) => self.composer.insert(emoji),
                    None => {}
                }
                return Self::focus();
            }
        }
        Task::none()
    }

    pub(super) fn act(&mut self, joined: &mut Joined, act: Act) {
        let timeline = joined.session().timeline();
        self.acting = None;
        match act {
            Act::More(seq) => self.acting = Some(seq),
            Act::Reply(seq) => {
                if let Some(message) = message(timeline, seq) {
                    let seen = message.text.map(|text| message.markup.seen(text)).unwrap_or_default();
                    self.composer.reply(seq, message.user.clone(), &seen);
                }
            }
            Act::Edit(seq) => self.edit(timeline, OwnMessage::Logged(seq)),
            Act::EditLast => {
                if let Some(last) = timeline.last_own() {
                    self.edit(timeline, last);
                }
            }
            Act::AskDelete(seq) => self.deleting = Some(seq),
            Act::Delete(target) => {
                self.deleting = None;
                self.send(joined, Intent::Delete { target });
            }
            Act::React(target, emoji, on) => {
                if let Ok(emoji) = Emoji::parse(emoji) {
                    if on {
                        self.recent.used(emoji.as_str());
                    }
                    self.send(joined, Intent::React { target, emoji, on });
                }
            }
            Act::MarkUnread(seq) => joined.mark_unread(seq.saturating_sub(1)),
            Act::Retry(send) => joined.act(|session| session.retry(send)),
            Act::Discard(send) => joined.act(|session| session.discard(send)),
        }
    }

    fn send(&mut self, joined: &mut Joined, intent: Intent) {
        match joined.session_mut().submit(intent) {
            Ok(effects) => joined.run(effects),
            Err(reason) => self.composer.refuse(reason.to_string()),
        }
    }

    fn edit(&mut self, timeline: &Timeline, own: OwnMessage) {
        if let Some(text) = timeline.own(own).and_then(|row| row.text) {
            self.composer.edit(own, text);
        }
    }
}

/// The message of this number.
fn message(timeline: &Timeline, seq: Seq) -> Option<MessageRow<'_>> {
    match timeline.row(timeline.find(seq)?)? {
        Row::Message(message) => Some(message),
        _ => None,
    }
}
