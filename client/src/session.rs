//! One joined room without pixels: link, timeline, outbox, members, who is writing, what was read.
//!
//! A screen feeds it what happens ([`Session::update`], [`Session::done`]) and runs the [`Effect`]s it returns; tests do the
//! same without a screen. Disk work is in the effects, never in `update`.

use std::{fmt, future::Future, path::PathBuf, pin::Pin, time::Instant};

use jiff::tz::TimeZone;
use snug_shared::{
    Durability, Established, Intent, Limits, MemberInfo, Nickname, RoomName, Seq, ServerAddress, TextError,
};
use uuid::Uuid;

use crate::{
    connection::{Event, Target},
    timeline::Timeline,
};

/// Which room to join, and where this device keeps what belongs to it.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// The name to be known by.
    pub nickname: Nickname,
    /// The folder of the app's data (`Settings::data_dir`).
    pub data: PathBuf,
    /// Whose days the timeline shows.
    pub zone: TimeZone,
}

/// How the connection is.
#[derive(Debug, Clone)]
pub enum Link {
    /// Trying.
    Connecting,
    /// In the room.
    Online,
    /// Out; comes back by itself.
    Offline {
        /// A sentence for a person.
        reason: String,
        /// When it tries again.
        retry_at: Instant,
    },
    /// Out until the person does something.
    Stopped {
        /// A sentence for a person.
        reason: String,
        /// A nickname that is free, where that is what stopped it.
        suggestion: Option<Nickname>,
    },
}

/// Something to run off the UI thread; its [`Done`] goes back into [`Session::done`].
#[must_use = "an effect that is not run is a message that is not kept"]
pub struct Effect(Pin<Box<dyn Future<Output = Done> + Send>>);

/// What an [`Effect`] came to.
#[derive(Debug, Clone)]
pub struct Done(());

impl Effect {
    /// Runs it. Needs a tokio runtime around it.
    pub async fn run(self) -> Done {
        self.0.await
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Effect")
    }
}

/// Why something typed is not taken. The composer keeps the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The text breaks a rule.
    #[error("{0}")]
    Text(#[from] TextError),
    /// Too much waits to be sent.
    #[error("Too many messages are waiting to be sent. Please wait until the connection is back.")]
    Full,
}

/// One joined room.
#[derive(Debug)]
pub struct Session {
    joining: Joining,
    target: Target,
    link: Link,
    timeline: Timeline,
    established: Option<Box<Established>>,
}

impl Session {
    /// Joins a room. The effects open what this device keeps for it.
    pub fn new(joining: Joining) -> (Self, Vec<Effect>) {
        let target = Target {
            server: joining.server.clone(),
            room: joining.room.clone(),
            nickname: joining.nickname.clone(),
            seat: None,
        };
        let timeline = Timeline::new(joining.nickname.clone(), joining.zone.clone());
        (Self { joining, target, link: Link::Connecting, timeline, established: None }, Vec::new())
    }

    /// What to connect to; `None` while the outbox is being opened. Subscribe to it as long as the room is open.
    pub fn target(&self) -> Option<&Target> {
        Some(&self.target)
    }

    /// Something happened on the connection.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Connecting { .. } => self.link = Link::Connecting,
            Event::Online { established, .. } => {
                self.link = Link::Online;
                self.timeline.established(&established);
                self.established = Some(established);
            }
            Event::Received(_) => {}
            Event::Offline { reason, retry_at } => self.link = Link::Offline { reason, retry_at },
            Event::Stopped { reason, suggestion } => self.link = Link::Stopped { reason, suggestion },
        }
        Vec::new()
    }

    /// An effect is done.
    pub fn done(&mut self, _done: Done) -> Vec<Effect> {
        Vec::new()
    }

    /// Says something.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was sent and the composer keeps the text.
    pub fn say(&mut self, text: &str, reply_to: Option<Seq>) -> Result<Vec<Effect>, NotTaken> {
        let text = snug_shared::MessageText::parse(text)?;
        self.submit(Intent::Message { text, reply_to })
    }

    /// Sends anything: a message, an edit, a deletion, a reaction, a topic.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was sent.
    pub fn submit(&mut self, _intent: Intent) -> Result<Vec<Effect>, NotTaken> {
        Ok(Vec::new())
    }

    /// Tries a failed send again.
    pub fn retry(&mut self, _send: Uuid) -> Vec<Effect> {
        Vec::new()
    }

    /// Gives a failed send up.
    pub fn discard(&mut self, _send: Uuid) -> Vec<Effect> {
        Vec::new()
    }

    /// The reader sees these rows: asks for history where it is near and missing.
    pub fn visible(&mut self, _rows: std::ops::Range<usize>) {}

    /// Whether older entries are on their way.
    pub fn is_loading(&self) -> bool {
        false
    }

    /// The reader has seen everything up to here.
    pub fn mark_read(&mut self, _seq: Seq) -> Vec<Effect> {
        Vec::new()
    }

    /// The person is typing; tells the others now and then.
    pub fn typing(&mut self) {}

    /// Tries to connect at once.
    pub fn retry_now(&self) {}

    /// Goes on under another nickname.
    pub fn rename(&mut self, nickname: Nickname) {
        self.target.nickname = nickname;
    }

    /// How the connection is.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// What the reader sees.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Moves the unread line ([`Timeline::set_unread`]).
    pub fn set_unread(&mut self, after: Option<Seq>) {
        self.timeline.set_unread(after);
    }

    /// Everything up to here has been read, on this device or another of the same person.
    pub fn read(&self) -> Seq {
        0
    }

    /// Who is here, in the order they came; at most 100.
    pub fn members(&self) -> &[MemberInfo] {
        self.established.as_ref().map_or(&[], |established| &established.members)
    }

    /// How many are here.
    pub fn count(&self) -> u32 {
        self.established.as_ref().map_or(0, |established| established.count)
    }

    /// Who of the others is writing right now.
    pub fn writing(&self) -> Vec<&Nickname> {
        Vec::new()
    }

    /// How many own sends are not with the server yet.
    pub fn waiting(&self) -> usize {
        0
    }

    /// The room, in its first spelling.
    pub fn room(&self) -> &RoomName {
        self.established.as_ref().map_or(&self.joining.room, |established| &established.room)
    }

    /// The server.
    pub fn server(&self) -> &ServerAddress {
        &self.joining.server
    }

    /// What the server calls itself, once it has been reached.
    pub fn server_name(&self) -> Option<&str> {
        self.established.as_ref().map(|established| established.server.name.as_str())
    }

    /// The own nickname.
    pub fn nickname(&self) -> &Nickname {
        &self.target.nickname
    }

    /// The own connection among the members.
    pub fn member(&self) -> Option<&str> {
        self.established.as_ref().map(|established| established.member.as_str())
    }

    /// What the server holds its members to.
    pub fn limits(&self) -> Limits {
        self.established.as_ref().map_or_else(Limits::default, |established| established.limits)
    }

    /// What an acknowledgement is worth here, once the server has said so.
    pub fn durability(&self) -> Option<Durability> {
        self.established.as_ref().map(|established| established.durability)
    }

    /// The last thing that went wrong without belonging to a message, as a sentence.
    pub fn notice(&self) -> Option<&str> {
        None
    }

    /// The person has seen the notice.
    pub fn dismiss_notice(&mut self) {}
}
