//! The first screen: a name, the places one knows, a room of one's own, or an address.

mod found;
pub mod nearby;
mod view;

use iced::{
    Task,
    keyboard::{Key, key::Named},
    widget::operation,
};
use snug_core::{
    api::{self, ApiError},
    destination::Destination,
    settings::{Recent, Settings, ThemeChoice},
};
use snug_shared::{NameError, Nickname, RoomName, Seq, ServerAddress, api::RoomList};

use super::{Doctor, doctor};
use nearby::Nearby;

/// Places shown; more are remembered.
const RECENT_SHOWN: usize = 4;
const NICKNAME: &str = "landing-nickname";
const ADDRESS: &str = "landing-address";
const PAGE: &str = "landing";

/// See the [module](self).
#[derive(Debug)]
pub struct Landing {
    nickname: String,
    address: String,
    recent: Vec<Recent>,
    theme: ThemeChoice,
    busy: Busy,
    refusal: Option<Refusal>,
    /// The server that could not be asked, and what is found out about it.
    unreached: Option<ServerAddress>,
    doctor: Option<Doctor>,
    /// How many rooms one is in.
    joined: usize,
    nearby: Nearby,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Busy {
    No,
    /// The server is asked what rooms it has.
    Asking {
        server: ServerAddress,
    },
    Hosting,
}

/// Why it did not go on, shown where the person pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Address(String),
    Host(String),
    General(String),
}

/// Acts of a person on this screen, and their results.
#[derive(Debug, Clone)]
pub enum Message {
    /// The name is being typed.
    Nickname(String),
    /// The address is being typed.
    Address(String),
    /// Go to the address.
    Join,
    /// The server's answer.
    Asked(ServerAddress, Result<RoomList, ApiError>),
    /// Never mind: ask no longer, and away with what went wrong. Else back to the joined rooms.
    Cancel,
    /// Back to the joined rooms.
    Back,
    /// Enter after the name: on to the address.
    Enter,
    /// Back to a place one knows.
    Rejoin(usize),
    /// Take a place off the list.
    Forget(usize),
    /// Be the server.
    Host,
    /// The next theme.
    Theme,
    /// Find out why the server can't be reached.
    Examine,
    /// What is found out about it.
    Doctor(doctor::Message),
    /// The servers on the network.
    Nearby(nearby::Message),
}

/// A request to the root.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Run this.
    Run(Task<Message>),
    /// Start the server in this process, then go on there.
    Host {
        /// As whom.
        nickname: Nickname,
        /// Back to a room that was hosted here; none to choose one.
        back_to: Option<Recent>,
    },
    /// Show the rooms of a server.
    Ask {
        /// Which one.
        server: ServerAddress,
        /// Its answer.
        rooms: RoomList,
        /// The name typed.
        nickname: Nickname,
    },
    /// Join a room.
    Enter {
        /// Where.
        server: ServerAddress,
        /// Which one.
        room: RoomName,
        /// As whom.
        nickname: Nickname,
        /// The message to show in it; none for where one left.
        message: Option<Seq>,
    },
    /// Go to a server that was found.
    Found {
        /// Where it answers, the best first.
        addresses: Vec<ServerAddress>,
        /// Its rooms, as far as it has told them.
        rooms: Option<RoomList>,
        /// The room to join; none to choose one.
        room: Option<RoomName>,
        /// As whom.
        nickname: Nickname,
    },
    /// Back to the joined rooms.
    Back,
    /// Forget a place.
    Forget(Recent),
    /// Use this theme.
    Theme(ThemeChoice),
}

impl Landing {
    /// With what is remembered, and perhaps a sentence about what went wrong before.
    pub fn new(settings: &Settings, refusal: Option<String>) -> (Self, Task<Message>) {
        let nickname = settings.suggested_nickname().map(|name| name.to_string()).unwrap_or_default();
        let landing = Self {
            nickname,
            address: String::new(),
            recent: settings.recent.clone(),
            theme: settings.theme,
            busy: Busy::No,
            refusal: refusal.map(Refusal::General),
            unreached: None,
            doctor: None,
            joined: 0,
            nearby: Nearby::default(),
        };
        (landing, operation::focus(NICKNAME))
    }

    /// How many rooms one is in, to go back to.
    pub fn joined(mut self, joined: usize) -> Self {
        self.joined = joined;
        self
    }

    /// For the window's title.
    pub fn title(&self) -> String {
        String::new()
    }

    /// Goes to an address as if it had been typed; to this room there, when one is given.
    pub fn open(&mut self, address: &str, room: Option<&RoomName>) -> Action {
        self.address = address.to_owned();
        match (Destination::parse(address), self.name(), room) {
            (Ok(to), Ok(nickname), Some(room)) => {
                Action::Enter { server: to.server, room: room.clone(), nickname, message: None }
            }
            _ => self.join(),
        }
    }

    /// Hosting did not work.
    pub fn host_failed(&mut self, reason: String) {
        self.busy = Busy::No;
        self.refusal = Some(Refusal::Host(reason));
    }

    /// The meaning of a key that no field took.
    pub fn key(key: &Key) -> Option<Message> {
        matches!(key, Key::Named(Named::Escape)).then_some(Message::Cancel)
    }

    fn shown(&self) -> usize {
        self.recent.len().min(RECENT_SHOWN)
    }

    fn name(&self) -> Result<Nickname, NameError> {
        Nickname::parse(&self.nickname)
    }

    /// A message of this screen.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Nickname(typed) => self.nickname = typed,
            Message::Address(typed) => {
                self.address = typed;
                self.busy = Busy::No;
                self.forget_refusal();
            }
            Message::Join => return self.join(),
            Message::Asked(server, answer) => return self.asked(server, answer),
            Message::Back => return Action::Back,
            Message::Cancel if self.busy == Busy::No && self.refusal.is_none() && self.joined > 0 => {
                return Action::Back;
            }
            Message::Cancel => {
                if matches!(self.busy, Busy::Asking { .. }) {
                    self.busy = Busy::No;
                }
                self.forget_refusal();
            }
            Message::Enter if self.address.trim().is_empty() => return Action::Run(to_address()),
            Message::Enter => return self.join(),
            Message::Rejoin(place) => return self.rejoin(place),
            Message::Forget(place) => {
                if place < self.recent.len() {
                    return Action::Forget(self.recent.remove(place));
                }
            }
            Message::Host => {
                if let Ok(nickname) = self.name() {
                    return self.host(nickname, None);
                }
            }
            Message::Theme => {
                self.theme = next_theme(self.theme);
                return Action::Theme(self.theme);
            }
            Message::Examine => return self.examine(),
            Message::Doctor(message) => return self.update_doctor(message),
            Message::Nearby(message) => return self.update_nearby(message),
        }
        Action::None
    }

    fn forget_refusal(&mut self) {
        (self.refusal, self.unreached, self.doctor) = (None, None, None);
    }

    /// Opens the panel that finds out why the server can't be reached.
    fn examine(&mut self) -> Action {
        let Some(server) = self.unreached.clone() else { return Action::None };
        let (doctor, task) = Doctor::new(server);
        self.doctor = Some(doctor);
        Action::Run(Task::batch([task.map(Message::Doctor), operation::snap_to_end(PAGE)]))
    }

    fn update_doctor(&mut self, message: doctor::Message) -> Action {
        let Some(doctor) = &mut self.doctor else { return Action::None };
        let has_found = matches!(message, doctor::Message::Found(..));
        match doctor.update(message) {
            // What is new is at the end.
            doctor::Action::None if has_found => Action::Run(operation::snap_to_end(PAGE)),
            doctor::Action::None => Action::None,
            doctor::Action::Run(task) => Action::Run(task.map(Message::Doctor)),
            doctor::Action::Close => {
                self.doctor = None;
                Action::None
            }
        }
    }

    /// The server told its rooms, or did not. What was asked before another address was typed counts no more.
    fn asked(&mut self, server: ServerAddress, answer: Result<RoomList, ApiError>) -> Action {
        if self.busy != (Busy::Asking { server: server.clone() }) {
            return Action::None;
        }
        self.busy = Busy::No;
        match (answer, self.name()) {
            (Ok(rooms), Ok(nickname)) => Action::Ask { server, rooms, nickname },
            (Err(error), _) => {
                self.refusal = Some(Refusal::Address(error.to_string()));
                self.unreached = Some(server);
                Action::Run(to_address())
            }
            (Ok(_), Err(_)) => Action::None,
        }
    }

    /// Goes to a room of before, which was perhaps on the server in this app.
    fn rejoin(&mut self, place: usize) -> Action {
        match (self.recent.get(place), self.name()) {
            (Some(recent), Ok(nickname)) if recent.is_hosted => {
                let back_to = Some(recent.clone());
                self.host(nickname, back_to)
            }
            (Some(recent), Ok(nickname)) => {
                let (server, room) = (recent.server.clone(), recent.room.clone());
                Action::Enter { server, room, nickname, message: None }
            }
            _ => Action::None,
        }
    }

    fn host(&mut self, nickname: Nickname, back_to: Option<Recent>) -> Action {
        if self.busy == Busy::Hosting {
            return Action::None;
        }
        self.busy = Busy::Hosting;
        self.forget_refusal();
        Action::Host { nickname, back_to }
    }

    fn join(&mut self) -> Action {
        let Destination { server, room, message } = match Destination::parse(&self.address) {
            Ok(to) => to,
            Err(error) => {
                self.forget_refusal();
                self.refusal = Some(Refusal::Address(error.to_string()));
                return Action::Run(to_address());
            }
        };
        let Ok(nickname) = self.name() else { return Action::Run(operation::focus(NICKNAME)) };
        if let Some(room) = room {
            return Action::Enter { server, room, nickname, message };
        }
        self.forget_refusal();
        self.busy = Busy::Asking { server: server.clone() };
        let asked = server.clone();
        Action::Run(Task::perform(api::rooms(server), move |answer| Message::Asked(asked.clone(), answer)))
    }
}

/// To the address and what is wrong with it, in a window too small to show it.
fn to_address() -> Task<Message> {
    Task::batch([operation::focus(ADDRESS), operation::snap_to_end(PAGE)])
}

fn next_theme(theme: ThemeChoice) -> ThemeChoice {
    match theme {
        ThemeChoice::System => ThemeChoice::Light,
        ThemeChoice::Light => ThemeChoice::Dark,
        ThemeChoice::Dark => ThemeChoice::System,
    }
}
