//! Which room: the rooms of one server as they are now, a new one, and the name to be known by there.
//!
//! One field finds a room and names a new one, and takes a link to a room of whatever server. It stays in view above the list,
//! however many rooms there are.

mod view;

use std::time::Duration;

use iced::{
    Subscription, Task, clipboard,
    keyboard::{Key, key::Named},
    widget::operation,
};
use snug_core::{
    api::{self, ApiError, Invitation},
    destination::Destination,
    rooms::RoomId,
};
use snug_shared::{
    NameError, Nickname, RoomName, Seq, ServerAddress,
    api::{RoomInfo, RoomList},
};

/// How often the list is asked for again.
const REFRESH: Duration = Duration::from_secs(3);
/// A window less tall has less air.
const LOW: f32 = 620.0;
const NO_NETWORK: &str = "This computer isn’t on a network, so only apps on it can join. An address to pass on appears here as soon as it is.";
const ROOM: &str = "ask-room";
const NICKNAME: &str = "ask-nickname";

/// See the [module](self).
#[derive(Debug)]
pub struct AskRoom {
    server: ServerAddress,
    /// The addresses to pass on, when this app is the server.
    hosting: Option<Vec<ServerAddress>>,
    /// The server's own name, once it has told it.
    name: Option<String>,
    rooms: Option<Result<Vec<RoomInfo>, ApiError>>,
    nickname: String,
    room: String,
    refused: Option<Refused>,
    copied: Option<usize>,
    /// Rooms of any server that one is in.
    joined: Vec<RoomId>,
}

/// A room did not let one in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which room.
    pub room: RoomName,
    /// A sentence for a person.
    pub reason: String,
    /// A name that is free there.
    pub suggestion: Option<Nickname>,
}

/// Acts of a person on this screen, and their results.
#[derive(Debug, Clone)]
pub enum Message {
    /// Back to the joined rooms, or to the first screen.
    Back,
    /// To the first screen, for another server.
    AnotherServer,
    /// Time to ask again.
    Refresh,
    /// The server's name.
    Named(Result<Invitation, ApiError>),
    /// The server's answer.
    Listed(Result<RoomList, ApiError>),
    /// The name is being typed.
    Nickname(String),
    /// A room's name is being typed.
    Room(String),
    /// Join a room of the list.
    Pick(RoomName),
    /// Join the room typed.
    Submit,
    /// Join with the name that is free.
    Suggested,
    /// Copy an address.
    Copy(usize),
}

/// A request to the root.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Run this.
    Run(Task<Message>),
    /// Back to where one came from.
    Back,
    /// To the first screen.
    AnotherServer,
    /// Join a room.
    Enter {
        /// On which server: this one, unless a link led elsewhere.
        server: ServerAddress,
        /// Which one.
        room: RoomName,
        /// As whom.
        nickname: Nickname,
        /// The message to show in it; none for where one left.
        message: Option<Seq>,
    },
}

impl AskRoom {
    /// For a server, with its rooms when they are known already.
    pub fn new(
        server: ServerAddress,
        hosting: Option<Vec<ServerAddress>>,
        rooms: Option<RoomList>,
        nickname: &Nickname,
    ) -> (Self, Task<Message>) {
        let ask = Self {
            server,
            hosting,
            name: None,
            rooms: rooms.map(|rooms| Ok(rooms.rooms)),
            nickname: nickname.to_string(),
            room: String::new(),
            refused: None,
            copied: None,
            joined: Vec::new(),
        };
        let list = if ask.rooms.is_none() { ask.list() } else { Task::none() };
        let name = Task::perform(api::invitation(ask.server.clone(), None), Message::Named);
        (ask, Task::batch([operation::focus(ROOM), list, name]))
    }

    /// Says why a room did not let one in, with the way on.
    pub fn refused(mut self, refused: Refused) -> Self {
        self.room = refused.room.to_string();
        self.refused = Some(refused);
        self
    }

    /// Which of the rooms one is in.
    pub fn joined(mut self, joined: Vec<RoomId>) -> Self {
        self.joined = joined;
        self
    }

    /// The same, when it may have changed.
    pub fn set_joined(&mut self, joined: Vec<RoomId>) {
        self.joined = joined;
    }

    fn is_joined(&self, room: &RoomName) -> bool {
        self.joined.contains(&RoomId::new(&self.server, room))
    }

    /// Whether what was typed is a link: no room's name has a slash.
    fn is_link(&self) -> bool {
        self.room.contains("://")
    }

    /// The room that was typed, or that a link leads to; else what is wrong with it, as a sentence.
    fn typed(&self) -> Result<(ServerAddress, RoomName, Option<Seq>), String> {
        if !self.is_link() {
            let room = RoomName::parse(&self.room).map_err(|error| error.to_string())?;
            return Ok((self.server.clone(), room, None));
        }
        let to = Destination::parse(&self.room).map_err(|error| error.to_string())?;
        let room = to.room.ok_or("That link leads to no room.")?;
        Ok((to.server, room, to.message))
    }

    fn enter(&self, room: RoomName, nickname: Nickname) -> Action {
        Action::Enter { server: self.server.clone(), room, nickname, message: None }
    }

    /// For the window's title.
    pub fn title(&self) -> String {
        if self.hosting.is_some() {
            return "Your server".to_owned();
        }
        self.name.clone().unwrap_or_else(|| self.server.to_string())
    }

    /// The addresses to pass on, which change with the network this computer is on.
    pub fn set_addresses(&mut self, addresses: Option<Vec<ServerAddress>>) {
        if self.hosting != addresses {
            (self.hosting, self.copied) = (addresses, None);
        }
    }

    /// The meaning of a key that no field took.
    pub fn key(key: &Key) -> Option<Message> {
        matches!(key, Key::Named(Named::Escape)).then_some(Message::Back)
    }

    /// The server whose rooms these are.
    pub fn server(&self) -> &ServerAddress {
        &self.server
    }

    fn list(&self) -> Task<Message> {
        Task::perform(api::rooms(self.server.clone()), Message::Listed)
    }

    fn nickname(&self) -> Result<Nickname, NameError> {
        Nickname::parse(&self.nickname)
    }

    /// Whether the nickname is in use there and another is free.
    fn is_taken(&self) -> bool {
        self.refused.as_ref().is_some_and(|refused| refused.suggestion.is_some())
    }

    /// A message of this screen.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Back => return Action::Back,
            Message::AnotherServer => return Action::AnotherServer,
            Message::Refresh => return Action::Run(self.list()),
            Message::Named(Ok(invitation)) if !invitation.server.is_empty() => {
                self.name = Some(invitation.server);
            }
            Message::Named(_) => {}
            Message::Listed(answer) => self.rooms = Some(answer.map(|rooms| rooms.rooms)),
            Message::Nickname(typed) => {
                self.nickname = typed;
                self.refused = None;
            }
            Message::Room(typed) => {
                self.room = typed;
                self.refused = None;
            }
            Message::Pick(room) => {
                return match self.nickname() {
                    Ok(nickname) => self.enter(room, nickname),
                    Err(_) => Action::Run(operation::focus(NICKNAME)),
                };
            }
            // The primary button then is the one with the free name.
            Message::Submit if self.is_taken() => return self.update(Message::Suggested),
            Message::Submit if self.room.is_empty() => return Action::Run(operation::focus(ROOM)),
            Message::Submit => {
                return match (self.typed(), self.nickname()) {
                    (Ok((server, room, message)), Ok(nickname)) => {
                        Action::Enter { server, room, nickname, message }
                    }
                    (Ok(_), Err(_)) => Action::Run(operation::focus(NICKNAME)),
                    (Err(_), _) => Action::None,
                };
            }
            Message::Suggested => {
                if let Some(Refused { room, suggestion: Some(nickname), .. }) = self.refused.take() {
                    return self.enter(room, nickname);
                }
            }
            Message::Copy(place) => {
                if let Some(address) = self.hosting.as_ref().and_then(|addresses| addresses.get(place)) {
                    self.copied = Some(place);
                    return Action::Run(clipboard::write(address.to_string()));
                }
            }
        }
        Action::None
    }

    /// Asks for the list again and again, while somebody looks.
    pub fn subscription(&self, is_focused: bool) -> Subscription<Message> {
        if is_focused { iced::time::every(REFRESH).map(|_| Message::Refresh) } else { Subscription::none() }
    }
}
