//! In a room: the messages, the people, and a place to write.
//!
//! The screen shows a [`Joined`] room. It turns keys and clicks into calls on the room's session and keeps only what has to do
//! with the window. Each part of the view is a file of its own: it borrows the screen and the room as a `Part`.

mod actions;
mod banner;
mod columns;
mod command;
mod composer;
mod empty;
mod header;
mod landing;
mod layout;
mod members;
mod message;
mod picker;
mod selecting;
mod timeline;
mod trace;

use std::time::Duration;

use iced::{
    Subscription, Task, clipboard,
    widget::{qr_code, text_editor},
};
use snug_core::{
    api::{self, Invitation},
    destination::message_link,
    emoji::Recent,
    highlight::Highlighter,
    rooms::{Draft, Joined, Place, SessionId},
    session::Link,
    timeline::{Row, RowId},
};
use snug_shared::{Invite, Nickname, Seq, ServerAddress};
use url::Host;

use self::{composer::Composer, picker::Picker, selecting::Marked};
pub use self::{
    composer::{Complete, Mark},
    message::{Act, Action, Go, Message},
    picker::{Pick, PickFor},
    selecting::{Asked, Select, Walk},
};
use crate::widget::{
    Look,
    virtual_list::{Jump, Shown},
};

/// A connection that takes longer is worth a word.
const SLOW: Duration = Duration::from_millis(800);
/// The height of everything at the top of the window.
pub const HEADER: f32 = 56.0;
const FOR_HERE: &str = "This link works only on this computer: other machines can’t reach the server.";
/// How long “Copied” is shown.
const COPIED: Duration = Duration::from_secs(2);

/// See the [module](self).
#[derive(Debug)]
pub struct Room {
    session: SessionId,
    composer: Composer,
    invite: String,
    /// Nobody on another machine can use the link.
    is_for_here: bool,
    qr: Option<qr_code::Data>,
    copied: bool,
    shown: Option<Shown>,
    /// Where the timeline begins, when its reader left it above the newest message.
    scroll: Option<Seq>,
    jump: (u64, Jump<RowId>),
    /// The message that a search or a link led to, until one goes elsewhere or writes.
    found: Option<RowId>,
    /// The own message that waits for a yes before it is deleted.
    deleting: Option<Seq>,
    /// The message whose buttons were asked for, and are shown although they cover words.
    acting: Option<Seq>,
    /// What is selected and focused of the messages.
    marked: Marked,
    picker: Option<Picker>,
    /// The emoji used lately, in whatever room.
    recent: Recent,
    /// Something beside the room takes the place of the people.
    is_beside: bool,
    /// The rows that were last looked through for code.
    looked: Option<(u64, Shown)>,
}

/// The screen and the room, as a part of the view borrows them.
#[derive(Debug, Clone, Copy)]
struct Part<'a> {
    screen: &'a Room,
    room: &'a Joined,
    look: &'a Look,
    highlighter: &'a Highlighter,
}

impl Room {
    /// Shows a joined room. `public` is the address others reach the server under, where that is not the one used here; `recent`
    /// are the emoji used lately.
    pub fn new(joined: &Joined, public: Option<ServerAddress>, recent: Recent) -> (Self, Task<Message>) {
        let session = joined.session();
        let server = public.unwrap_or_else(|| session.server().clone());
        let invite = Invite { server, room: Some(session.room().clone()) };
        // Others can't use this machine's own name for itself. The server knows how they reach it, if they do.
        let ask = if is_this_machine(&invite.server) {
            let asked = api::invitation(session.server().clone(), invite.room.clone());
            Task::perform(asked, Message::Invited)
        } else {
            Task::none()
        };
        let room = Self {
            session: joined.id(),
            composer: Composer::new(&joined.place().draft),
            qr: qr_code::Data::new(invite.link()).ok(),
            is_for_here: is_this_machine(&invite.server),
            invite: invite.link(),
            copied: false,
            shown: None,
            scroll: joined.place().scroll,
            jump: (0, Jump::End),
            found: None,
            deleting: None,
            acting: None,
            marked: Marked::default(),
            picker: None,
            recent,
            is_beside: false,
            looked: None,
        };
        (room, Task::batch([Self::focus(), ask]))
    }

    /// The emoji used lately, with those that were used here.
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// Which opening of which room this shows.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The draft and the scroll position, for the next visit.
    pub fn place(&self, joined: &Joined) -> Place {
        let timeline = joined.session().timeline();
        let scroll = match self.shown {
            // What is in view was not chosen by the reader.
            _ if joined.attention().is_landing() => self.scroll,
            Some(shown) if shown.at_end => None,
            Some(shown) => (shown.first..timeline.len()).find_map(|index| timeline.seq(index)),
            None => self.scroll,
        };
        Place { draft: self.draft(), scroll }
    }

    fn draft(&self) -> Draft {
        self.composer.draft()
    }

    /// A message of this screen.
    pub fn update(&mut self, joined: &mut Joined, message: Message) -> Action {
        let task = match message {
            Message::Key(event) => {
                let reach = self.reach(joined.session().timeline());
                return match actions::key(event, reach).map(|message| self.update(joined, message)) {
                    Some(Action::Run(task)) => Action::Run(Task::batch([task, Self::focus()])),
                    Some(action) => action,
                    None => Action::Run(Task::none()),
                };
            }
            Message::Escape if joined.is_new() && is_joining(joined) => return Action::Leave,
            Message::TryNow if joined.is_held() => return Action::Host,
            Message::Caret(offset) => Composer::scroll(offset),
            Message::Rooms => return Action::Rooms,
            Message::Ignore(by, nickname, on) => return Action::Ignore { by, nickname, on },
            Message::Shortcut(shortcut) => return Action::Shortcut(shortcut),
            Message::Pick(pick) => self.pick(joined, pick),
            Message::Search => return Action::Search,
            Message::Open(url) => return Action::Open(url),
            Message::Leave => return Action::Leave,
            Message::Copy(text) => clipboard::write(text),
            Message::CopyLink(seq) => {
                if self.is_for_here {
                    self.composer.hint(FOR_HERE);
                }
                clipboard::write(message_link(&self.invite, seq))
            }
            Message::Select(select) => self.select(joined.session().timeline(), select),
            Message::Invite => {
                self.copied = true;
                if self.is_for_here {
                    self.composer.hint(FOR_HERE);
                }
                let shown = Task::perform(tokio::time::sleep(COPIED), |()| Message::CopiedShown);
                Task::batch([clipboard::write(self.invite.clone()), shown])
            }
            other => {
                self.apply(joined, other);
                Task::none()
            }
        };
        joined.update_read_state();
        Action::Run(task)
    }

    /// Puts the caret where one writes now: into the search for emoji while that is open, else into the composer.
    pub fn focus_field<T: Send + 'static>(&self) -> Task<T> {
        if self.picker.is_some() { Picker::focus() } else { Self::focus() }
    }

    /// Puts the caret into the composer.
    pub fn focus<T: Send + 'static>() -> Task<T> {
        Composer::focus()
    }

    /// The server told how others reach this room.
    fn invited(&mut self, joined: &Joined, invite: Invite) {
        let is_this_room =
            invite.room.as_ref().is_some_and(|room| room.key() == joined.session().room().key());
        if is_this_room && !is_this_machine(&invite.server) {
            (self.invite, self.is_for_here) = (invite.link(), false);
            self.qr = qr_code::Data::new(&self.invite).ok();
        }
    }

    /// The messages that need no task.
    fn apply(&mut self, joined: &mut Joined, message: Message) {
        match message {
            Message::Shown(shown) => self.shown(joined, shown),
            Message::Write(action) => {
                let moves = !matches!(action, text_editor::Action::Scroll { .. });
                // Whoever writes, or selects there, is done with the messages.
                if moves {
                    self.marked.clear();
                    self.found = None;
                }
                if self.composer.perform(action) && !self.composer.is_empty() {
                    joined.session_mut().typing();
                }
                if moves {
                    self.composer.look_for_choices(&people(joined));
                }
            }
            Message::Undo => self.composer.undo(),
            Message::Redo => self.composer.redo(),
            Message::Mark(mark) => self.composer.mark(mark),
            Message::Complete(complete) => self.composer.complete(complete, &people(joined)),
            Message::Recall { older } => self.recall(joined.session().timeline(), older),
            Message::EditTopic => {
                let topic = joined.session().timeline().topic();
                self.composer.begin(&format!("/topic {topic}"));
            }
            Message::Fold(id) => joined.fold(id),
            Message::Submit => self.submit(joined),
            Message::Escape => self.escape(joined),
            Message::Go(go) => self.go(joined, go),
            Message::Act(act) => self.act(joined, act),
            Message::CopiedShown => self.copied = false,
            Message::Invited(Ok(Invitation { link: Some(invite), .. })) => self.invited(joined, invite),
            Message::Invited(_) => {}
            Message::TryNow => joined.session().retry_now(),
            Message::Rename(nickname) => joined.rename(nickname),
            Message::Dismiss => joined.session_mut().dismiss_notice(),
            // A new view is all that a tick is for; the others were taken before.
            Message::Tick
            | Message::Key(_)
            | Message::Caret(_)
            | Message::Pick(_)
            | Message::Copy(_)
            | Message::CopyLink(_)
            | Message::Ignore(..)
            | Message::Select(_)
            | Message::Invite
            | Message::Rooms
            | Message::Leave
            | Message::Search
            | Message::Open(_)
            | Message::Shortcut(_) => {}
        }
    }

    /// Other rows are in view.
    fn shown(&mut self, joined: &mut Joined, shown: Shown) {
        if self.shown.is_some_and(|before| before.at_end) && !shown.at_end {
            // Scrolled by hand before it came to where they left.
            joined.landed();
        }
        (self.shown, self.acting) = (Some(shown), None);
        joined.act(|session| session.visible(shown.first..shown.end));
        joined.set_at_end(shown.at_end);
    }

    /// Something beside the room takes the place of the people, or does so no more.
    pub fn set_beside(&mut self, is_beside: bool) {
        self.is_beside = is_beside;
    }

    /// Asks for the colours of the code in view, once whenever other rows are.
    pub fn highlight(&mut self, joined: &Joined, highlighter: &mut Highlighter) {
        let timeline = joined.session().timeline();
        let Some(shown) = self.shown else { return };
        if self.looked.replace((timeline.revision(), shown)) == self.looked {
            return;
        }
        let in_view = (shown.first..shown.end).filter_map(|index| match timeline.row(index)? {
            Row::Message(message) if message.markup.has_code() && !message.is_ignored => message.text,
            _ => None,
        });
        highlighter.want(in_view);
    }

    /// Writes down which messages are in view, for tests that watch the window.
    pub fn trace(&self, joined: &Joined) {
        if joined.attention().was_online() {
            trace::tell(joined.session().timeline(), self.shown);
        }
    }

    /// The clock, while something counts down.
    pub fn subscription(&self, joined: &Joined) -> Subscription<Message> {
        let counts = match joined.session().link() {
            Link::Connecting => !is_slow(joined),
            Link::Offline { .. } => true,
            Link::Online | Link::Stopped { .. } => !joined.session().typing_now().is_empty(),
        };
        if counts {
            iced::time::every(Duration::from_secs(1)).map(|_| Message::Tick)
        } else {
            Subscription::none()
        }
    }
}

/// Whether it was never in the room, and nothing is there to show yet.
fn is_joining(joined: &Joined) -> bool {
    !joined.attention().was_online() && !joined.session().timeline().has_messages()
}

/// Whom one may mean, without oneself: members; in a crowd, of which nobody is listed, who spoke lately.
fn people(joined: &Joined) -> Vec<&Nickname> {
    const LATELY: usize = 200;
    let session = joined.session();
    let me = session.nickname();
    let members = session.members().iter().map(|member| &member.nickname);
    let mut people: Vec<&Nickname> = members.filter(|name| *name != me).collect();
    if people.is_empty() {
        let timeline = session.timeline();
        for index in (timeline.len().saturating_sub(LATELY)..timeline.len()).rev() {
            if let Some(Row::Message(message)) = timeline.row(index)
                && message.user != me
                && !people.contains(&message.user)
            {
                people.push(message.user);
            }
        }
    }
    people
}

/// Whether an address means the machine it is used on.
fn is_this_machine(server: &ServerAddress) -> bool {
    match &server.host {
        Host::Ipv4(ip) => ip.is_loopback() || ip.is_unspecified(),
        Host::Ipv6(ip) => ip.is_loopback() || ip.is_unspecified(),
        Host::Domain(name) => name == "localhost",
    }
}

/// Whether connecting takes long enough to say so.
fn is_slow(joined: &Joined) -> bool {
    joined.away_since().elapsed() >= SLOW
}
