//! “What is wrong?”: a panel that finds out why a server can't be reached, step by step, and says what to do. It opens where an
//! address was refused.

use iced::{
    Center, Element, Fill, Task, clipboard,
    task::Handle,
    widget::{Column, column, container, row, space, text::Wrapping},
};
use snug_core::doctor::{self, Event, Remedy, Step, Verdict};
use snug_shared::ServerAddress;

use crate::{
    icon::{self, Icon},
    theme,
    widget::{Type, hint, icon_button, label, small},
};

/// See the [module](self).
#[derive(Debug)]
pub struct Doctor {
    server: ServerAddress,
    /// What was found so far, in its order. The verdict is the last.
    found: Vec<Event>,
    copied: bool,
    /// How often it has looked: what is late from the time before counts no more.
    round: u32,
    /// Ends the looking when the panel closes.
    _looking: Handle,
}

/// Acts of a person on this panel, and news of the looking.
#[derive(Debug, Clone)]
pub enum Message {
    /// Something was found, in this round.
    Found(u32, Event),
    /// Copy all of it, for somebody who can help.
    Copy,
    /// Look again.
    Again,
    /// Enough of it.
    Close,
}

/// A request to the screen it is on.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Run this.
    Run(Task<Message>),
    /// Close the panel.
    Close,
}

impl Doctor {
    /// Begins to look for what is wrong with the way to a server.
    pub fn new(server: ServerAddress) -> (Self, Task<Message>) {
        let (task, looking) = look(&server, 0);
        (Self { server, found: Vec::new(), copied: false, round: 0, _looking: looking }, task)
    }

    /// A message of this panel.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Found(round, event) => {
                if round == self.round {
                    self.found.push(event);
                }
                Action::None
            }
            Message::Copy => {
                self.copied = true;
                Action::Run(clipboard::write(doctor::report(&self.server.to_string(), &self.found)))
            }
            Message::Again => {
                let round = self.round.wrapping_add(1);
                let (task, looking) = look(&self.server, round);
                *self = Self {
                    server: self.server.clone(),
                    found: Vec::new(),
                    copied: false,
                    round,
                    _looking: looking,
                };
                Action::Run(task)
            }
            Message::Close => Action::Close,
        }
    }

    fn verdict(&self) -> Option<&Verdict> {
        self.found.last().and_then(|event| match event {
            Event::Verdict(verdict) => Some(verdict),
            Event::Step(_) => None,
        })
    }

    /// The panel.
    pub fn view(&self) -> Element<'_, Message> {
        let close = hint(icon_button(Icon::X).on_press(Message::Close), "Close");
        let head = row![label("What is wrong?", Type::Name), space::horizontal(), close].align_y(Center);
        let steps = self.found.iter().filter_map(|event| match event {
            Event::Step(step) => Some(step_line(step)),
            Event::Verdict(_) => None,
        });
        let content = column![head, Column::with_children(steps).spacing(6)].spacing(12).width(Fill);
        let content = match self.verdict() {
            None => content.push(label("Looking…", Type::Meta).style(theme::muted)),
            Some(verdict) => {
                let copy = if self.copied { "Copied" } else { "Copy all of it" };
                let buttons = row![
                    small("Look again", theme::secondary).on_press(Message::Again),
                    small(copy, theme::plain).on_press(Message::Copy),
                ];
                content.push(verdict_part(verdict)).push(buttons.spacing(8))
            }
        };
        container(content).padding([10, 14]).width(Fill).style(theme::card).into()
    }
}

fn look(server: &ServerAddress, round: u32) -> (Task<Message>, Handle) {
    let found = doctor::examine(Some(server.clone()));
    let (task, looking) = Task::run(found, move |event| Message::Found(round, event)).abortable();
    (task, looking.abort_on_drop())
}

fn step_line<'a>(step: &Step) -> Element<'a, Message> {
    let mark = match step.is_good() {
        Some(true) => icon::icon(Icon::Check, 14).style(theme::good),
        Some(false) => icon::icon(Icon::X, 14).style(theme::bad),
        None => icon::icon(Icon::Ellipsis, 14).style(theme::muted),
    };
    row![
        mark.line_height(18.0 / 14.0),
        label(step.sentence(), Type::Meta).width(Fill).wrapping(Wrapping::WordOrGlyph)
    ]
    .spacing(8)
    .into()
}

fn verdict_part<'a>(verdict: &Verdict) -> Element<'a, Message> {
    let style = if verdict.is_well() { theme::good } else { theme::bad };
    let sentence = label(verdict.sentence(), Type::Name).style(style).width(Fill);
    let remedies = verdict.remedies().into_iter().map(|Remedy { says, command }| {
        let command = command.map(|command| {
            let command = label(command, Type::Code).wrapping(Wrapping::WordOrGlyph);
            container(command).padding([6, 10]).width(Fill).style(theme::code_card)
        });
        column![label(says, Type::Meta).width(Fill)].push(command).spacing(6).into()
    });
    column![sentence, Column::with_children(remedies).spacing(10)].spacing(10).into()
}
