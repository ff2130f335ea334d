//! Which room: the rooms of one server as they are now, a new one, and the name to be known by there.

use std::time::Duration;

use iced::{
    Center, Element, Fill, Subscription, Task, clipboard,
    widget::{Column, button, center_x, column, container, operation, row, space},
};
use snug_core::{
    api::{self, ApiError},
    format,
};
use snug_shared::{
    NameError, Nickname, RoomName, ServerAddress,
    api::{RoomInfo, Rooms},
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
const ROOM: &str = "ask-room";
const NICKNAME: &str = "ask-nickname";

/// See the [module](self).
#[derive(Debug)]
pub struct AskRoom {
    server: ServerAddress,
    /// The addresses to pass on, when this app is the server.
    hosting: Option<Vec<ServerAddress>>,
    rooms: Option<Result<Vec<RoomInfo>, ApiError>>,
    nickname: String,
    room: String,
    refused: Option<Refused>,
    copied: Option<usize>,
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
    /// Back to the first screen.
    Back,
    /// Time to ask again.
    Refresh,
    /// The server's answer.
    Listed(Result<Rooms, ApiError>),
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
    /// Back to the first screen.
    Back,
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
        rooms: Option<Rooms>,
        nickname: &Nickname,
    ) -> (Self, Task<Message>) {
        let ask = Self {
            server,
            hosting,
            rooms: rooms.map(|rooms| Ok(rooms.rooms)),
            nickname: nickname.to_string(),
            room: String::new(),
            refused: None,
            copied: None,
        };
        let list = if ask.rooms.is_none() { ask.list() } else { Task::none() };
        (ask, Task::batch([operation::focus(ROOM), list]))
    }

    /// Says why a room did not let one in, with the way on.
    pub fn refused(mut self, refused: Refused) -> Self {
        self.room = refused.room.to_string();
        self.refused = Some(refused);
        self
    }

    /// For the window's title.
    pub fn title(&self) -> String {
        if self.hosting.is_some() { "Your server".to_owned() } else { self.server.to_string() }
    }

    /// The server whose rooms these are.
    pub fn server(&self) -> &ServerAddress {
        &self.server
    }

    fn list(&self) -> Task<Message> {
        Task::perform(api::rooms(self.server.clone()), Message::Listed)
    }

    fn name(&self) -> Result<Nickname, NameError> {
        Nickname::parse(&self.nickname)
    }

    /// A message of this screen.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Back => return Action::Back,
            Message::Refresh => return Action::Run(self.list()),
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
                return match self.name() {
                    Ok(nickname) => Action::Enter { room, nickname },
                    Err(_) => Action::Run(operation::focus(NICKNAME)),
                };
            }
            Message::Submit => {
                return match (RoomName::parse(&self.room), self.name()) {
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
    pub fn view(&self, _look: &Look) -> Element<'_, Message> {
        let content =
            column![self.head(), self.hosting_part(), self.name_part(), self.list_part(), self.new_part()]
                .spacing(24)
                .max_width(480)
                .width(Fill);
        let page = container(center_x(content)).padding([32, 24]);
        container(scroll(page).height(Fill)).style(theme::page).into()
    }

    fn head(&self) -> Element<'_, Message> {
        let (title, below) = match self.hosting {
            Some(_) => (
                "Your server is running",
                "It stops when you close Snug. Messages are stored on this computer.".into(),
            ),
            None => ("Pick a room", self.server.to_string()),
        };
        let names = column![label(title, Type::Heading), ellipsis(below, Type::Meta, theme::muted)];
        row![icon_button(Icon::ArrowLeft).on_press(Message::Back), clipped(names, Fill)]
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
        let card = column![
            label("Others on your network type this address", Type::Label).style(theme::muted),
            Column::with_children(lines).spacing(6),
        ]
        .spacing(8);
        Some(container(card).padding([12, 14]).width(Fill).style(theme::card).into())
    }

    fn name_part(&self) -> Element<'_, Message> {
        let wrong = self.name().err();
        let taken = self.refused.as_ref().is_some_and(|refused| refused.suggestion.is_some());
        let field = field("Your name here", &self.nickname, wrong.is_some() || taken)
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

    fn list_part(&self) -> Element<'_, Message> {
        let list: Element<'_, Message> = match &self.rooms {
            None => label("Loading the rooms…", Type::Body).style(theme::muted).into(),
            Some(Err(error)) => column![
                reason(error.to_string()),
                small("Try again", theme::secondary).on_press(Message::Refresh)
            ]
            .spacing(8)
            .into(),
            Some(Ok(rooms)) if rooms.is_empty() => {
                label("No rooms yet. Type a name below to create a room.", Type::Body)
                    .style(theme::muted)
                    .into()
            }
            Some(Ok(rooms)) => Column::with_children(rooms.iter().map(room_card)).spacing(6).into(),
        };
        column![label("Rooms", Type::Label).style(theme::muted), list].spacing(8).into()
    }

    fn new_part(&self) -> Element<'_, Message> {
        let parsed = RoomName::parse(&self.room);
        let exists = parsed.as_ref().is_ok_and(|typed| {
            let key = typed.key();
            matches!(&self.rooms, Some(Ok(rooms)) if rooms.iter().any(|info| info.room.key() == key))
        });
        let wrong = parsed.as_ref().err().filter(|_| !self.room.is_empty());
        let label = if exists { "Join" } else { "Open room" };
        let ready = parsed.is_ok() && self.name().is_ok();
        let field = field("A new room, for example tea", &self.room, wrong.is_some())
            .id(ROOM)
            .on_input(Message::Room)
            .on_submit(Message::Submit);
        let go = action(None, label, theme::primary).on_press_maybe(ready.then_some(Message::Submit));
        column![row![idle_caret(field), go].spacing(8).align_y(Center)]
            .push(wrong.map(|wrong| reason(wrong.to_string())))
            .spacing(8)
            .into()
    }
}

fn room_card(info: &RoomInfo) -> Element<'_, Message> {
    let topic = info.topic.as_ref().filter(|topic| !topic.is_empty());
    let names = column![ellipsis(info.room.as_str(), Type::Name, inherited)]
        .push(topic.map(|topic| ellipsis(topic.as_str(), Type::Meta, theme::muted)));
    let count = match info.members {
        0 => "Nobody here".to_owned(),
        count => format::people(count),
    };
    let content = row![
        icon(if info.locked { Icon::Lock } else { Icon::Hash }, 18).style(theme::muted),
        clipped(names, Fill),
        label(count, Type::Meta).style(theme::muted),
        space::horizontal().width(0),
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
