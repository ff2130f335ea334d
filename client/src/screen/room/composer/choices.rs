//! Above the composer: what may be meant by what was begun to be written.

use iced::{
    Center, Element, Fill,
    widget::{button, column, container, row},
};
use snug_core::completion::{Choice, CommandHint, Completion};
use snug_shared::Nickname;

use super::{super::Message, Composer};
use crate::{
    theme,
    widget::{Type, clipped, ellipsis, inherited},
};

/// The commands, as they are offered.
pub(in super::super) const COMMANDS: [CommandHint; 3] = [
    CommandHint { word: "help", argument: "", does: "Shows keys and commands" },
    CommandHint { word: "nick", argument: "NAME", does: "Changes your nickname here" },
    CommandHint { word: "topic", argument: "WORDS", does: "Sets the room’s topic" },
];

/// What is done with what may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complete {
    /// Go to the next choice.
    Next,
    /// Go to the one before.
    Previous,
    /// Take the one that is chosen.
    Take,
    /// Take this one.
    TakeThis(usize),
    /// Complete the nickname before the caret.
    Name,
}

impl Composer {
    /// Looks what may be meant now. `people`: whom one may mean, the likeliest first.
    pub fn look_for_choices(&mut self, people: &[&Nickname]) {
        let cursor = self.content.cursor();
        let line = self.content.line(cursor.position.line);
        self.completion = line.filter(|_| cursor.selection.is_none()).and_then(|line| {
            let is_first = cursor.position.line == 0;
            Completion::find(&line.text, cursor.position.column, is_first, people, &COMMANDS)
        });
    }

    /// Something is done with what may be meant.
    pub fn complete(&mut self, complete: Complete, people: &[&Nickname]) {
        match complete {
            Complete::Next | Complete::Previous => {
                let forward = complete == Complete::Next;
                self.completion.iter_mut().for_each(|completion| completion.step(forward));
            }
            Complete::Take => self.choose(None),
            Complete::TakeThis(index) => self.choose(Some(index)),
            Complete::Name => self.complete_name(people),
        }
    }

    fn complete_name(&mut self, people: &[&Nickname]) {
        let cursor = self.content.cursor();
        self.completion = self.content.line(cursor.position.line).and_then(|line| {
            Completion::name(&line.text, cursor.position.column, cursor.position.line == 0, people)
        });
        if self.completion.as_ref().is_some_and(|completion| completion.choices.len() == 1) {
            self.choose(None);
        }
    }

    /// Closes the choices. Says whether there were any.
    pub fn close_choices(&mut self) -> bool {
        self.completion.take().is_some()
    }

    /// The choices, when there are any.
    pub fn choices(&self) -> Option<Element<'_, Message>> {
        let completion = self.completion.as_ref()?;
        let lines = completion.choices.iter().enumerate().map(|(index, choice)| {
            let style = if index == completion.chosen { theme::chosen } else { theme::plain };
            button(line(choice))
                .padding([5, 10])
                .width(Fill)
                .style(style)
                .on_press(Message::Complete(Complete::TakeThis(index)))
                .into()
        });
        Some(container(column(lines)).id("choices").padding(4).width(340).style(theme::pop_up).into())
    }
}

fn line(choice: &Choice) -> Element<'_, Message> {
    let detail = (!choice.detail.is_empty())
        .then(|| clipped(ellipsis(choice.detail.as_str(), Type::Meta, theme::muted), Fill));
    row![ellipsis(choice.shown.as_str(), Type::Body, inherited)]
        .push(detail)
        .spacing(10)
        .align_y(Center)
        .into()
}
