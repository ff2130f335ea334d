//! The first screen: a name, the places one knows, a room of one's own, or an address.

use iced::{
    Center, Element, Fill, Padding, Task,
    widget::{Column, button, center_x, column, container, operation, row, space, stack},
};
use snug_core::{
    api::{self, ApiError},
    format,
    settings::{Recent, Settings, ThemeChoice},
};
use snug_shared::{Invite, NameError, Nickname, RoomName, ServerAddress, api::Rooms};

use crate::{
    icon::{self, Icon},
    theme,
    widget::{
        Look, Type, action, clipped, ellipsis, field, hairline, icon_button, idle_caret, inherited, label,
        reason, scroll,
    },
};

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
    Asked(ServerAddress, Result<Rooms, ApiError>),
    /// Never mind.
    Cancel,
    /// Back to a place one knows.
    Rejoin(usize),
    /// Take a place off the list.
    Forget(usize),
    /// Be the server.
    Host,
    /// The next theme.
    Theme,
}

/// A request to the root.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Run this.
    Run(Task<Message>),
    /// Start the server in this process, then go on there.
    Host(Nickname),
    /// Show the rooms of a server.
    Ask {
        /// Which one.
        server: ServerAddress,
        /// Its answer.
        rooms: Rooms,
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
    },
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
        };
        (landing, operation::focus(NICKNAME))
    }

    /// For the window's title.
    pub fn title(&self) -> String {
        String::new()
    }

    /// Goes to an address as if it had been typed; to this room there, when one is given.
    pub fn open(&mut self, address: &str, room: Option<&RoomName>) -> Action {
        self.address = address.to_owned();
        match (Invite::parse(address), self.name(), room) {
            (Ok(invite), Ok(nickname), Some(room)) => {
                Action::Enter { server: invite.server, room: room.clone(), nickname }
            }
            _ => self.join(),
        }
    }

    /// Hosting did not work.
    pub fn host_failed(&mut self, reason: String) {
        self.busy = Busy::No;
        self.refusal = Some(Refusal::Host(reason));
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
                self.refusal = None;
                self.busy = Busy::No;
            }
            Message::Join => return self.join(),
            Message::Asked(server, answer) => {
                if self.busy != (Busy::Asking { server: server.clone() }) {
                    return Action::None;
                }
                self.busy = Busy::No;
                match (answer, self.name()) {
                    (Ok(rooms), Ok(nickname)) => return Action::Ask { server, rooms, nickname },
                    (Err(error), _) => {
                        self.refusal = Some(Refusal::Address(error.to_string()));
                        return Action::Run(to_address());
                    }
                    (Ok(_), Err(_)) => {}
                }
            }
            Message::Cancel => self.busy = Busy::No,
            Message::Rejoin(place) => {
                if let (Some(recent), Ok(nickname)) = (self.recent.get(place), self.name()) {
                    return Action::Enter {
                        server: recent.server.clone(),
                        room: recent.room.clone(),
                        nickname,
                    };
                }
            }
            Message::Forget(place) => {
                if place < self.recent.len() {
                    return Action::Forget(self.recent.remove(place));
                }
            }
            Message::Host => {
                if let Ok(nickname) = self.name() {
                    self.busy = Busy::Hosting;
                    self.refusal = None;
                    return Action::Host(nickname);
                }
            }
            Message::Theme => {
                self.theme = next_theme(self.theme);
                return Action::Theme(self.theme);
            }
        }
        Action::None
    }

    fn join(&mut self) -> Action {
        let invite = match Invite::parse(&self.address) {
            Ok(invite) => invite,
            Err(error) => {
                self.refusal = Some(Refusal::Address(error.to_string()));
                return Action::Run(to_address());
            }
        };
        let Ok(nickname) = self.name() else { return Action::Run(operation::focus(NICKNAME)) };
        let server = invite.server;
        if let Some(room) = invite.room {
            return Action::Enter { server, room, nickname };
        }
        self.refusal = None;
        self.busy = Busy::Asking { server: server.clone() };
        let asked = server.clone();
        Action::Run(Task::perform(api::rooms(server), move |answer| Message::Asked(asked.clone(), answer)))
    }

    /// The screen.
    pub fn view(&self, look: &Look) -> Element<'_, Message> {
        let content = column![
            self.head(),
            self.name_part(),
            self.recent_part(look),
            self.host_part(),
            self.address_part(),
        ]
        .spacing(if look.size.height < 600.0 { 20 } else { 28 })
        .max_width(480)
        .width(Fill);
        // A little above the middle, as far as the height can be known here.
        let height = 400.0 + 62.0 * self.shown() as f32;
        let above = ((look.size.height - height) * 0.4).max(24.0);
        let page = container(center_x(content)).padding([above, 24.0]);
        container(scroll(page).id(PAGE).height(Fill)).style(theme::page).into()
    }

    fn head(&self) -> Element<'_, Message> {
        let mark = icon::mark();
        let word = column![
            label("Snug", Type::Title),
            label("Chat rooms for your own network.", Type::Meta).style(theme::muted),
        ];
        let theme = icon_button(theme_icon(self.theme)).on_press(Message::Theme);
        row![mark, word, space::horizontal(), crate::widget::hint(theme, theme_hint(self.theme))]
            .spacing(14)
            .align_y(Center)
            .into()
    }

    fn name_part(&self) -> Element<'_, Message> {
        let wrong = self.name().err().filter(|_| !self.nickname.is_empty());
        let field = field("For example, Maya", &self.nickname, wrong.is_some())
            .id(NICKNAME)
            .on_input(Message::Nickname);
        column![label("What should people call you?", Type::Name), idle_caret(field)]
            .push(wrong.map(|wrong| reason(wrong.to_string())))
            .push(match &self.refusal {
                Some(Refusal::General(sentence)) => Some(reason(sentence.as_str())),
                _ => None,
            })
            .spacing(8)
            .into()
    }

    fn recent_part(&self, look: &Look) -> Option<Element<'_, Message>> {
        if self.recent.is_empty() {
            return None;
        }
        let cards = self.recent.iter().take(self.shown()).enumerate().map(|(place, recent)| {
            let ready = self.name().is_ok();
            let names = column![
                ellipsis(recent.room.as_str(), Type::Name, inherited),
                ellipsis(recent.server.to_string(), Type::Meta, theme::muted),
            ];
            let content = row![
                icon::icon(Icon::Hash, 18).style(theme::muted),
                clipped(names, Fill),
                label(format::ago(recent.at, look.now), Type::Meta).style(theme::muted),
            ]
            .spacing(12)
            .align_y(Center);
            let card = button(content)
                .padding(Padding { top: 8.0, right: 48.0, bottom: 8.0, left: 14.0 })
                .width(Fill)
                .style(theme::secondary)
                .on_press_maybe(ready.then_some(Message::Rejoin(place)));
            let forget = crate::widget::hint(
                icon_button(Icon::X).on_press(Message::Forget(place)),
                "Remove from recent",
            );
            // Within the card, over its right edge.
            let forget = container(forget).align_right(Fill).center_y(Fill).padding(Padding::ZERO.right(8));
            stack![card, forget].into()
        });
        Some(
            column![
                label("Recent", Type::Label).style(theme::muted),
                Column::with_children(cards).spacing(6)
            ]
            .spacing(8)
            .into(),
        )
    }

    fn host_part(&self) -> Element<'_, Message> {
        let hosting = self.busy == Busy::Hosting;
        let ready = self.name().is_ok() && self.busy == Busy::No;
        let word = if hosting { "Starting…" } else { "Host a room here" };
        let start =
            action(Some(Icon::House), word, theme::primary).on_press_maybe(ready.then_some(Message::Host));
        let hint = label(
            "Others on your network can join while Snug is open. Messages are stored on this computer.",
            Type::Meta,
        );
        column![start, hint.style(theme::muted)]
            .push(match &self.refusal {
                Some(Refusal::Host(sentence)) => Some(reason(sentence.as_str())),
                _ => None,
            })
            .spacing(8)
            .into()
    }

    fn address_part(&self) -> Element<'_, Message> {
        let wrong = match &self.refusal {
            Some(Refusal::Address(sentence)) => Some(sentence.as_str()),
            _ => None,
        };
        let ready = self.name().is_ok() && !self.address.trim().is_empty();
        let field = field("Invite link or address, for example 192.168.1.20", &self.address, wrong.is_some())
            .id(ADDRESS)
            .on_input(Message::Address)
            .on_submit(Message::Join);
        let (hint, button) = match &self.busy {
            Busy::Asking { server } => (
                Some(label(format!("Looking for {server}…"), Type::Meta).style(theme::muted)),
                action(None, "Cancel", theme::secondary).on_press(Message::Cancel),
            ),
            _ => {
                (None, action(None, "Join", theme::secondary).on_press_maybe(ready.then_some(Message::Join)))
            }
        };
        column![
            hairline(),
            space::vertical().height(4),
            label("Or join by link or address", Type::Name),
            row![idle_caret(field), button].spacing(8).align_y(Center),
        ]
        .push(hint)
        .push(wrong.map(reason))
        .spacing(8)
        .into()
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

fn theme_icon(theme: ThemeChoice) -> Icon {
    match theme {
        ThemeChoice::System => Icon::Monitor,
        ThemeChoice::Light => Icon::Sun,
        ThemeChoice::Dark => Icon::Moon,
    }
}

fn theme_hint(theme: ThemeChoice) -> &'static str {
    match theme {
        ThemeChoice::System => "Light or dark, like the system",
        ThemeChoice::Light => "Always light",
        ThemeChoice::Dark => "Always dark",
    }
}
