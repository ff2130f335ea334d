//! Which room: the rooms of one server as they are now, a new one, and the name to be known by there.
//!
//! One field finds a room and names a new one. It stays in view above the list, however many rooms there are.

use std::time::Duration;

use iced::{
    Center, Element, Fill, Padding, Subscription, Task,
    alignment::Horizontal,
    clipboard,
    keyboard::{Key, key::Named},
    widget::{Column, Container, button, center_x, column, container, operation, row},
};
use snug_core::{
    api::{self, ApiError, Invitation},
    format,
    rooms::RoomId,
};
use snug_shared::{
    NameError, Nickname, RoomName, ServerAddress, Topic,
    api::{RoomInfo, RoomList},
};

use crate::{
    icon::{Icon, icon},
    theme,
    widget::{
        Look, Type, action, clipped, ellipsis, field, icon_button, idle_caret, inherited, label, reason,
        scroll, small,
    },
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
    /// Join a room on this server.
    Enter {
        /// Which one.
        room: RoomName,
        /// As whom.
        nickname: Nickname,
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
                    Ok(nickname) => Action::Enter { room, nickname },
                    Err(_) => Action::Run(operation::focus(NICKNAME)),
                };
            }
            // The primary button then is the one with the free name.
            Message::Submit if self.is_taken() => return self.update(Message::Suggested),
            Message::Submit if self.room.is_empty() => return Action::Run(operation::focus(ROOM)),
            Message::Submit => {
                return match (RoomName::parse(&self.room), self.nickname()) {
                    (Ok(room), Ok(nickname)) => Action::Enter { room, nickname },
                    (Ok(_), Err(_)) => Action::Run(operation::focus(NICKNAME)),
                    (Err(_), _) => Action::None,
                };
            }
            Message::Suggested => {
                if let Some(Refused { room, suggestion: Some(nickname), .. }) = self.refused.take() {
                    return Action::Enter { room, nickname };
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

    /// The screen.
    pub fn view(&self, look: &Look) -> Element<'_, Message> {
        let is_low = look.size.height < LOW;
        let above =
            column![self.head(), self.name_part(), self.room_part()].spacing(if is_low { 16 } else { 24 });
        let list = column![].push(self.hosting_part()).push(self.list_part(look)).spacing(16);
        let padding =
            Padding { top: if is_low { 16.0 } else { 32.0 }, right: 24.0, bottom: 12.0, left: 24.0 };
        let list = container(centred(list)).padding(Padding { top: 0.0, bottom: 24.0, ..padding });
        let page = column![container(centred(above)).padding(padding), scroll(list).height(Fill)];
        container(page).style(theme::page).into()
    }

    fn head(&self) -> Element<'_, Message> {
        let (title, below) = match self.hosting {
            Some(_) => (
                "Your server is running",
                "It stops when you close Snug. Messages are stored on this computer.".into(),
            ),
            None => (self.name.as_deref().unwrap_or("Pick a room"), self.server.to_string()),
        };
        let names =
            column![ellipsis(title, Type::Heading, inherited), ellipsis(below, Type::Meta, theme::muted)];
        let other = small("Another server", theme::quiet).on_press(Message::AnotherServer);
        let other = (!self.joined.is_empty()).then_some(other);
        row![icon_button(Icon::ArrowLeft).on_press(Message::Back), clipped(names, Fill)]
            .push(other)
            .spacing(8)
            .align_y(Center)
            .into()
    }

    fn hosting_part(&self) -> Option<Element<'_, Message>> {
        let addresses = self.hosting.as_ref()?;
        let lines = addresses.iter().enumerate().map(|(place, address)| {
            let copy = if self.copied == Some(place) { "Copied" } else { "Copy" };
            row![
                clipped(label(address.to_string(), Type::Code), Fill),
                small(copy, theme::secondary).on_press(Message::Copy(place)),
            ]
            .spacing(8)
            .align_y(Center)
            .into()
        });
        let sentence =
            if addresses.is_empty() { NO_NETWORK } else { "Others on your network type this address" };
        let card = column![
            label(sentence, Type::Label).style(theme::muted),
            Column::with_children(lines).spacing(6),
        ]
        .spacing(8);
        Some(container(card).padding([12, 14]).width(Fill).style(theme::card).into())
    }

    fn name_part(&self) -> Element<'_, Message> {
        let wrong = self.nickname().err();
        let field = field("Your name here", &self.nickname, wrong.is_some() || self.is_taken())
            .id(NICKNAME)
            .on_input(Message::Nickname)
            .on_submit(Message::Submit);
        let refused = self.refused.as_ref().map(|refused| {
            let join_as = refused
                .suggestion
                .as_ref()
                .map(|free| small(format!("Join as {free}"), theme::primary).on_press(Message::Suggested));
            column![reason(refused.reason.as_str())].push(join_as).spacing(8)
        });
        column![label("Your name in the room", Type::Label).style(theme::muted), idle_caret(field)]
            .push(wrong.map(|wrong| reason(wrong.to_string())))
            .push(refused)
            .spacing(8)
            .into()
    }

    fn room_part(&self) -> Element<'_, Message> {
        let parsed = RoomName::parse(&self.room);
        let exists = parsed.as_ref().is_ok_and(|typed| {
            let key = typed.key();
            matches!(&self.rooms, Some(Ok(rooms)) if rooms.iter().any(|info| info.room.key() == key))
        });
        let wrong = parsed.as_ref().err().filter(|_| !self.room.is_empty());
        let is_joined = parsed.as_ref().is_ok_and(|typed| self.is_joined(typed));
        let word = if is_joined {
            "Show"
        } else if exists {
            "Join"
        } else {
            "Open room"
        };
        let ready = parsed.is_ok() && self.nickname().is_ok();
        let field = field("Find a room, or name a new one", &self.room, wrong.is_some())
            .id(ROOM)
            .on_input(Message::Room)
            .on_submit(Message::Submit);
        let go = action(None, word, theme::primary).on_press_maybe(ready.then_some(Message::Submit));
        column![
            label("Room", Type::Label).style(theme::muted),
            row![idle_caret(field), go].spacing(8).align_y(Center)
        ]
        .push(wrong.map(|wrong| reason(wrong.to_string())))
        .spacing(8)
        .into()
    }

    fn list_part(&self, look: &Look) -> Element<'_, Message> {
        let say = |sentence| label(sentence, Type::Body).style(theme::muted).into();
        match &self.rooms {
            None => say("Loading the rooms…"),
            Some(Err(error)) => column![
                reason(error.to_string()),
                small("Try again", theme::secondary).on_press(Message::Refresh)
            ]
            .spacing(8)
            .into(),
            Some(Ok(rooms)) if rooms.is_empty() => say("No rooms yet. Type a name to create a room."),
            Some(Ok(rooms)) => {
                let wanted = self.room.trim().to_lowercase();
                let mut found = rooms.iter().filter(|info| is_like(info, &wanted)).peekable();
                if found.peek().is_none() {
                    return say("No room here is called that.");
                }
                // What one may join comes before where one is.
                let mut found: Vec<_> = found.map(|info| (self.is_joined(&info.room), info)).collect();
                found.sort_by_key(|(is_joined, _)| *is_joined);
                let cards = found.into_iter().map(|(is_joined, info)| room_card(info, is_joined, look));
                Column::with_children(cards).spacing(6).into()
            }
        }
    }
}

/// One column in the middle.
fn centred<'a>(parts: Column<'a, Message>) -> Container<'a, Message> {
    center_x(parts.max_width(480).width(Fill))
}

/// Whether a room is one that somebody who typed this looks for.
fn is_like(info: &RoomInfo, wanted: &str) -> bool {
    let topic = info.topic.as_ref().map(Topic::as_str).unwrap_or_default();
    [info.room.as_str(), topic].iter().any(|text| text.to_lowercase().contains(wanted))
}

fn room_card<'a>(info: &'a RoomInfo, is_joined: bool, look: &Look) -> Element<'a, Message> {
    let topic = info.topic.as_ref().filter(|topic| !topic.is_empty());
    let names = column![ellipsis(info.room.as_str(), Type::Name, inherited)]
        .push(topic.map(|topic| ellipsis(topic.as_str(), Type::Meta, theme::muted)));
    let count = match info.members {
        0 => "Nobody here".to_owned(),
        count => format::people(count),
    };
    let last = (info.last > 0).then(|| format::ago(info.last_at, look.now));
    let beside = column![label(count, Type::Meta).style(theme::muted)]
        .push(last.map(|last| label(last, Type::Meta).style(theme::muted)))
        .align_x(Horizontal::Right);
    let glyph = match (is_joined, info.locked) {
        (true, _) => Icon::Check,
        (false, true) => Icon::Lock,
        (false, false) => Icon::Hash,
    };
    let content = row![
        icon(glyph, 18).style(if is_joined { theme::accented } else { theme::muted }),
        clipped(names, Fill),
        beside,
    ]
    .spacing(12)
    .align_y(Center);
    button(content)
        .padding([9, 14])
        .width(Fill)
        .style(theme::secondary)
        .on_press(Message::Pick(info.room.clone()))
        .into()
}
