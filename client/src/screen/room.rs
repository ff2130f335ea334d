//! In a room: what was said, who is here, and a place to write.
//!
//! The [`Session`] knows everything about the room that has no pixels. This screen shows it, turns keys and clicks into calls on
//! it, and decides what counts as seen: what is in view at the end of the timeline while the window has the focus.

mod acts;
mod composer;
mod rows;
mod sides;
mod view;
mod watch;

use std::time::{Duration, Instant};

use iced::{
    Subscription, Task, clipboard,
    keyboard::{self, Key, key::Named},
    widget::{qr_code, text_editor},
};
use snug_core::{
    connection::Event,
    session::{Done, Effect, Joining, Link, Session},
    timeline::RowId,
};
use snug_shared::{Emoji, Intent, Invite, Nickname, RoomName, Seq, ServerAddress};
use uuid::Uuid;

use self::composer::Composer;
use crate::{
    subscription,
    widget::virtual_list::{Jump, Shown},
};

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

    /// Whether connecting takes long enough to say so.
    fn is_slow(&self) -> bool {
        self.trying_since.elapsed() >= SLOW
    }

    /// The socket, and the clock while something counts down.
    pub fn subscription(&self) -> Subscription<Message> {
        let socket = self.session.target().map_or_else(Subscription::none, |target| {
            subscription::connection(target.clone()).map(Message::Connection)
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
}

fn run(effects: Vec<Effect>) -> Task<Message> {
    Task::batch(effects.into_iter().map(|effect| Task::perform(effect.run(), Message::Done)))
}
