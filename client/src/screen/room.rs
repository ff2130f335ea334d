//! In a room: what was said, who is here, and a place to write.
//!
//! The [`Session`] knows everything about the room that has no pixels. This screen shows it, turns keys and clicks into calls on
//! it, and decides what counts as seen: what is in view at the end of the timeline while the window has the focus.

mod composer;
mod rows;
mod sides;
mod watch;

use std::time::{Duration, Instant};

use iced::{
    Bottom, Center, Element, Fill, Padding, Subscription, Task, clipboard,
    keyboard::{self, Key, key::Named},
    widget::{column, container, qr_code, row, rule, space, stack, text_editor},
};
use snug_shared::{Emoji, Intent, Invite, MessageText, Nickname, RoomName, Seq, ServerAddress};
use uuid::Uuid;

use self::{
    composer::{Composer, Purpose},
    rows::Context,
};
use crate::{
    connection::{self, Event},
    format,
    session::{Done, Effect, Joining, Link, NotTaken, Session},
    theme,
    timeline::{Delivery, MessageRow, Row, RowId},
    widget::{
        Look, Type, nothing, say,
        virtual_list::{Jump, Shown, virtual_list},
    },
};

/// Below this the sidebar is gone.
const SIDEBAR_FROM: f32 = 640.0;
/// Below this the members are gone.
const MEMBERS_FROM: f32 = 900.0;
/// A connection that takes longer is worth a word.
const SLOW: Duration = Duration::from_millis(800);
const COPIED: Duration = Duration::from_secs(2);

/// See the [module](self).
#[derive(Debug)]
pub struct Room {
    session: Session,
    composer: Composer,
    /// Other rooms of this server one was in.
    others: Vec<RoomName>,
    hosting: bool,
    invite: String,
    qr: Option<qr_code::Data>,
    copied: bool,
    shown: Option<Shown>,
    jump: (u64, Jump<RowId>),
    is_focused: bool,
    /// The newest entry that was in front of the reader's eyes.
    seen: Seq,
    /// Messages of others since.
    new: usize,
    deleting: Option<Seq>,
    was_online: bool,
    /// Nothing of what was said has come yet.
    is_arriving: bool,
    trying_since: Instant,
}

/// What a person does here, and what comes of it.
#[derive(Debug, Clone)]
pub enum Message {
    /// The connection speaks.
    Connection(Event),
    /// Disk work is done.
    Done(Done),
    /// The timeline shows other rows.
    Shown(Shown),
    /// A key that nothing else wanted.
    Key(keyboard::Event),
    /// The composer.
    Write(text_editor::Action),
    /// Send what is written.
    Submit,
    /// Close what is open: a question, an answer, a change; else go to the newest.
    Escape,
    /// Change one's last message.
    EditLast,
    /// Scroll by viewports.
    Page(f32),
    /// To the first row there is.
    ToStart,
    /// To the newest.
    ToEnd,
    /// To a message.
    GoTo(Seq),
    /// Answer a message.
    Reply(Seq),
    /// Change an own message.
    Edit(Seq),
    /// Ask before deleting an own message.
    AskDelete(Seq),
    /// Delete it.
    Delete(Seq),
    /// Set a mark, or take it away.
    React(Seq, String, bool),
    /// Copy a text.
    Copy(String),
    /// Copy the link to this room.
    Invite,
    /// It was copied long enough ago.
    CopiedShown,
    /// Open a link in the browser.
    Open(String),
    /// Try a failed send again.
    Retry(Uuid),
    /// Give a failed send up.
    Discard(Uuid),
    /// Connect at once.
    TryNow,
    /// Go on under a free name.
    Rename(Nickname),
    /// The notice was read.
    Dismiss,
    /// Time passes while something counts down.
    Tick,
    /// To the rooms of this server.
    Leave,
    /// To another room of this server.
    Switch(RoomName),
    /// To the first screen.
    Home,
}

/// What the root is to do.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Run this.
    Run(Task<Message>),
    /// Show the rooms of this server.
    Leave,
    /// Join another room of this server.
    Switch(RoomName),
    /// Show the first screen.
    Home,
    /// The server did not let us in.
    Refused {
        /// A sentence for a person.
        reason: String,
        /// A name that is free.
        suggestion: Option<Nickname>,
    },
}

impl Room {
    /// Joins. `public` is the address others reach the server under, where that is not the one used here.
    pub fn new(
        joining: Joining,
        public: Option<ServerAddress>,
        others: Vec<RoomName>,
    ) -> (Self, Task<Message>) {
        let hosting = public.is_some();
        let server = public.unwrap_or_else(|| joining.server.clone());
        let invite = Invite { server, room: Some(joining.room.clone()) }.link();
        let (session, effects) = Session::new(joining);
        let room = Self {
            session,
            composer: Composer::default(),
            others,
            hosting,
            qr: qr_code::Data::new(&invite).ok(),
            invite,
            copied: false,
            shown: None,
            jump: (0, Jump::End),
            is_focused: true,
            seen: 0,
            new: 0,
            deleting: None,
            was_online: false,
            is_arriving: true,
            trying_since: Instant::now(),
        };
        (room, Task::batch([run(effects), Composer::focus()]))
    }

    /// For the window's title: the room, and how much is new in it.
    pub fn title(&self) -> String {
        let room = self.session.room();
        if self.new > 0 { format!("({}) {room}", self.new) } else { room.to_string() }
    }

    /// The room without its pixels.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The window came to the front, or left it.
    pub fn focused(&mut self, is_focused: bool) -> Task<Message> {
        if self.is_focused && !is_focused && self.new == 0 {
            // What is read is read: the next line is drawn where the reader left.
            self.session.set_unread(None);
        }
        self.is_focused = is_focused;
        self.attend()
    }

    /// A message of this screen.
    pub fn update(&mut self, message: Message) -> Action {
        // A click takes the caret out of the composer; whatever it was for, writing goes on there.
        let is_click = !matches!(
            message,
            Message::Connection(_)
                | Message::Done(_)
                | Message::Shown(_)
                | Message::Write(_)
                | Message::CopiedShown
                | Message::Tick
        );
        let task = match message {
            Message::Connection(event) => return self.connection(event),
            Message::Done(done) => run(self.session.done(done)),
            Message::Shown(shown) => {
                self.shown = Some(shown);
                self.session.visible(shown.first..shown.end);
                Task::none()
            }
            Message::Key(event) => return self.key(event),
            Message::Write(action) => {
                if self.composer.perform(action) && !self.composer.is_empty() {
                    self.session.typing();
                }
                Task::none()
            }
            Message::Submit => self.submit(),
            Message::Escape => {
                self.escape();
                Task::none()
            }
            Message::EditLast => match self.last_own() {
                Some(seq) => self.edit(seq),
                None => Task::none(),
            },
            Message::Page(pages) => self.go(Jump::Pages(pages)),
            Message::ToStart => self.go(Jump::Start),
            Message::ToEnd => self.go(Jump::End),
            Message::GoTo(seq) => match self.row_of(seq) {
                Some(row) => self.go(Jump::Row(row)),
                None => Task::none(),
            },
            Message::Reply(seq) => {
                if let Some(message) = self.message(seq) {
                    let (user, text) = (message.user.clone(), message.text.unwrap_or_default().to_owned());
                    self.composer.reply(seq, user, &text);
                }
                Task::none()
            }
            Message::Edit(seq) => self.edit(seq),
            Message::AskDelete(seq) => {
                self.deleting = Some(seq);
                Task::none()
            }
            Message::Delete(target) => {
                self.deleting = None;
                self.send(Intent::Delete { target })
            }
            Message::React(target, emoji, on) => match Emoji::parse(emoji) {
                Ok(emoji) => self.send(Intent::React { target, emoji, on }),
                Err(_) => Task::none(),
            },
            Message::Copy(text) => clipboard::write(text),
            Message::Invite => {
                self.copied = true;
                let shown = Task::perform(tokio::time::sleep(COPIED), |()| Message::CopiedShown);
                Task::batch([clipboard::write(self.invite.clone()), shown])
            }
            Message::CopiedShown => {
                self.copied = false;
                Task::none()
            }
            Message::Open(url) => {
                // Links come from others: only what a browser opens, and never by way of a shell.
                if (url.starts_with("https://") || url.starts_with("http://"))
                    && let Err(error) = open::that_detached(&url)
                {
                    tracing::warn!(%error, "no browser could be started");
                }
                Task::none()
            }
            Message::Retry(send) => run(self.session.retry(send)),
            Message::Discard(send) => run(self.session.discard(send)),
            Message::TryNow => {
                self.session.retry_now();
                Task::none()
            }
            Message::Rename(nickname) => {
                self.session.rename(nickname);
                Task::none()
            }
            Message::Dismiss => {
                self.session.dismiss_notice();
                Task::none()
            }
            Message::Tick => Task::none(),
            Message::Leave => return Action::Leave,
            Message::Switch(room) => return Action::Switch(room),
            Message::Home => return Action::Home,
        };
        let caret = if is_click { Composer::focus() } else { Task::none() };
        Action::Run(Task::batch([task, caret, self.attend()]))
    }

    fn connection(&mut self, event: Event) -> Action {
        if let Event::Stopped { reason, suggestion } = &event
            && !self.was_online
        {
            return Action::Refused { reason: reason.clone(), suggestion: suggestion.clone() };
        }
        let tries = matches!(event, Event::Connecting { .. });
        let first = matches!(event, Event::Online { .. }) && !self.was_online;
        if tries {
            self.trying_since = Instant::now();
        }
        let effects = run(self.session.update(event));
        if first {
            self.was_online = true;
            self.seen = self.session.read();
        }
        Action::Run(Task::batch([effects, self.attend()]))
    }

    /// Takes note of what is in front of the reader's eyes, and of what came while nothing was.
    fn attend(&mut self) -> Task<Message> {
        if !self.was_online {
            return Task::none();
        }
        let timeline = self.session.timeline();
        watch::tell(timeline, self.shown);
        let (newest, unseen) = (timeline.newest(), timeline.others_after(self.seen));
        let is_attended = self.is_focused && self.shown.is_none_or(|shown| shown.at_end);
        // Somebody who comes back wants to see where they left as well.
        let comes_back = std::mem::take(&mut self.is_arriving) && self.seen > 0;
        self.is_arriving |= newest == 0;
        if unseen > 0 && (comes_back || !is_attended) && timeline.unread_row().is_none() {
            self.session.set_unread(Some(self.seen));
        }
        self.new = if is_attended { 0 } else { unseen };
        if !is_attended || newest <= self.seen {
            return Task::none();
        }
        self.seen = newest;
        run(self.session.mark_read(newest))
    }

    fn key(&mut self, event: keyboard::Event) -> Action {
        let keyboard::Event::KeyPressed { key, modifiers, .. } = event else { return Action::None };
        let message = match key.as_ref() {
            Key::Named(Named::Escape) => Message::Escape,
            Key::Named(Named::PageUp) => Message::Page(-0.9),
            Key::Named(Named::PageDown) => Message::Page(0.9),
            Key::Named(Named::Home) if modifiers.command() => Message::ToStart,
            Key::Named(Named::End) if modifiers.command() => Message::ToEnd,
            _ => return Action::None,
        };
        self.update(message)
    }

    fn escape(&mut self) {
        if self.deleting.take().is_some() || self.composer.cancel() {
            return;
        }
        self.session.set_unread(None);
        let _: Task<Message> = self.go(Jump::End);
    }

    fn go(&mut self, jump: Jump<RowId>) -> Task<Message> {
        self.jump = (self.jump.0 + 1, jump);
        Task::none()
    }

    fn submit(&mut self) -> Task<Message> {
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

    fn send(&mut self, intent: Intent) -> Task<Message> {
        match self.session.submit(intent) {
            Ok(effects) => run(effects),
            Err(reason) => {
                self.composer.refuse(reason.to_string());
                Task::none()
            }
        }
    }

    fn edit(&mut self, seq: Seq) -> Task<Message> {
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

    fn message(&self, seq: Seq) -> Option<MessageRow<'_>> {
        self.messages().rev().find(|(_, message)| message.seq == Some(seq)).map(|(_, message)| message)
    }

    fn row_of(&self, seq: Seq) -> Option<RowId> {
        let (index, _) = self.messages().rev().find(|(_, message)| message.seq == Some(seq))?;
        self.session.timeline().id(index)
    }

    fn last_own(&self) -> Option<Seq> {
        let (_, message) = self.messages().rev().find(|(_, message)| {
            message.own
                && message.text.is_some()
                && message.seq.is_some()
                && message.delivery == Delivery::Sent
        })?;
        message.seq
    }

    /// Whether connecting takes long enough to say so.
    fn is_slow(&self) -> bool {
        self.trying_since.elapsed() >= SLOW
    }

    /// The socket, and the clock while something counts down.
    pub fn subscription(&self) -> Subscription<Message> {
        let socket = self.session.target().map_or_else(Subscription::none, |target| {
            connection::subscription(target.clone()).map(Message::Connection)
        });
        let counts = match self.session.link() {
            Link::Connecting => !self.is_slow(),
            Link::Offline { .. } => true,
            Link::Online | Link::Stopped { .. } => !self.session.writing().is_empty(),
        };
        let clock = if counts {
            iced::time::every(Duration::from_secs(1)).map(|_| Message::Tick)
        } else {
            Subscription::none()
        };
        Subscription::batch([socket, clock])
    }

    /// The screen.
    pub fn view<'a>(&'a self, look: &Look) -> Element<'a, Message> {
        let has_sidebar = look.size.width >= SIDEBAR_FROM;
        let has_members = look.size.width >= MEMBERS_FROM;
        let edge = |shown: bool| -> Element<'_, Message> {
            if shown { rule::vertical(1).style(theme::hairline).into() } else { nothing() }
        };
        let middle = column![
            sides::header(self, has_sidebar, has_members),
            crate::widget::hairline(),
            self.conversation(look),
            self.foot(),
        ]
        .width(Fill);
        // Always the same children in the same order: what they hold, such as the reader's place, goes by it.
        let screen = row![
            if has_sidebar { sides::sidebar(self) } else { nothing() },
            edge(has_sidebar),
            middle,
            edge(has_members),
            if has_members { sides::members(self) } else { nothing() },
        ];
        container(screen).style(theme::page).into()
    }

    fn conversation<'a>(&'a self, look: &Look) -> Element<'a, Message> {
        let timeline = self.session.timeline();
        if !timeline.has_messages() {
            return match self.session.link() {
                _ if self.was_online => container(sides::silence(self, look)).center(Fill).into(),
                Link::Connecting if self.is_slow() => sides::joining(self),
                _ => space::vertical().height(Fill).into(),
            };
        }
        let context = Context {
            look: look.clone(),
            room: self.session.room().as_str(),
            me: sides::me(self),
            deleting: self.deleting,
        };
        let (rows_context, actions_context) = (context.clone(), context);
        let list = virtual_list(
            timeline.len(),
            timeline.revision(),
            move |index| timeline.id(index),
            move |index| match timeline.row(index) {
                Some(row) => rows::view(row, &rows_context),
                None => nothing(),
            },
            theme::scroll_thumb,
        )
        .hovered(theme::hovered_row)
        .actions(move |index| match timeline.row(index) {
            Some(Row::Message(message)) => rows::actions(message, &actions_context),
            _ => None,
        })
        .jump(self.jump.0, some(self.jump.1))
        .on_shown(Message::Shown);
        let away = self.shown.is_some_and(|shown| !shown.at_end);
        let pill = away.then(|| {
            container(sides::pill(self.new))
                .padding(Padding::ZERO.bottom(12))
                .align_x(Center)
                .align_y(Bottom)
                .width(Fill)
                .height(Fill)
        });
        stack![list].push(pill).width(Fill).height(Fill).into()
    }

    fn foot(&self) -> Element<'_, Message> {
        let names: Vec<&str> = self.session.writing().into_iter().map(Nickname::as_str).collect();
        let writing = format::writing(&names).unwrap_or_default();
        // Always there, so that nothing moves when somebody begins to write.
        let writing = container(say(writing, Type::Meta).style(theme::muted)).height(20).padding([1, 14]);
        let placeholder = format!("Write to {}", self.session.room());
        let strip = match sides::strip(self) {
            Some(strip) => container(strip).padding(Padding::ZERO.bottom(8)).into(),
            None => nothing(),
        };
        column![strip, self.composer.view(placeholder), space::vertical().height(4), writing]
            .padding(Padding { top: 8.0, right: 16.0, bottom: 4.0, left: 16.0 })
            .into()
    }
}

/// The list counts rows it has no id for as rows before all others.
fn some(jump: Jump<RowId>) -> Jump<Option<RowId>> {
    match jump {
        Jump::End => Jump::End,
        Jump::Start => Jump::Start,
        Jump::Row(id) => Jump::Row(Some(id)),
        Jump::Pages(pages) => Jump::Pages(pages),
    }
}

fn run(effects: Vec<Effect>) -> Task<Message> {
    Task::batch(effects.into_iter().map(|effect| Task::perform(effect.run(), Message::Done)))
}
