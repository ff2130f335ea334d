//! Where a screen's action leads: to another screen, into the settings.

use iced::Task;
use snug_core::{destination::Destination, instance::Launch, markup, rooms::Refusal};
use snug_shared::{Nickname, RoomName, Seq, ServerAddress, api::RoomList};

use super::{App, Message, Visit, notify};
use crate::screen::{self, AskRoom, Landing, Screen, ask_room, landing, room};

impl App {
    pub(super) fn after_landing(&mut self, action: landing::Action) -> Task<Message> {
        match action {
            landing::Action::None => Task::none(),
            landing::Action::Run(task) => self.of_screen(task, screen::Message::Landing),
            landing::Action::Ask { server, rooms, nickname } => {
                self.pick_room(server, Some(rooms), &nickname)
            }
            landing::Action::Enter { server, room, nickname, message } => {
                self.enter_at(server, room, nickname, message)
            }
            landing::Action::Found { addresses, rooms, room, nickname } => {
                let Some(server) = self.preferred(addresses) else { return Task::none() };
                match room {
                    Some(room) => self.enter_at(server, room, nickname, None),
                    None => self.pick_room(server, rooms, &nickname),
                }
            }
            landing::Action::Host { nickname, back_to } => self.start_host(nickname, back_to),
            landing::Action::Forget(recent) => {
                self.settings.forget(&recent.server, &recent.room);
                self.save()
            }
            landing::Action::Back => self.back_to_rooms(),
            landing::Action::Theme(choice) => {
                self.settings.theme = choice;
                self.apply_theme();
                self.save()
            }
        }
    }

    pub(super) fn after_ask_room(&mut self, action: ask_room::Action) -> Task<Message> {
        match action {
            ask_room::Action::None => Task::none(),
            ask_room::Action::Run(task) => self.of_screen(task, screen::Message::AskRoom),
            ask_room::Action::Back => self.back_to_rooms(),
            ask_room::Action::AnotherServer => self.show_landing(),
            ask_room::Action::Enter { server, room, nickname, message } => {
                self.enter_at(server, room, nickname, message)
            }
        }
    }

    pub(super) fn after_room(&mut self, action: room::Action) -> Task<Message> {
        match action {
            room::Action::Run(task) => self.of_screen(task, screen::Message::Room),
            room::Action::Rooms => {
                self.sidebar.set_open(true);
                Task::none()
            }
            room::Action::Search => self.open_search(false),
            room::Action::Open(url) => self.open_link(&url),
            room::Action::Leave => {
                let shown = self.shown().map(|joined| joined.id());
                shown.map_or_else(Task::none, |room| self.leave(room))
            }
            room::Action::Host => self.host_again(),
            room::Action::Ignore { by, nickname, on } => {
                self.settings.ignore(by, nickname, on);
                self.apply_ignored();
                self.save()
            }
            room::Action::Shortcut(shortcut) => self.shortcut(shortcut),
        }
    }

    /// Shows the rooms of a server, as far as it has told them.
    fn pick_room(
        &mut self,
        server: ServerAddress,
        rooms: Option<RoomList>,
        nickname: &Nickname,
    ) -> Task<Message> {
        self.set_nickname(nickname);
        let addresses = self.addresses(&server);
        let (ask_room, task) = AskRoom::new(server, addresses, rooms, nickname);
        Task::batch([self.show_ask_room(ask_room, task), self.save()])
    }

    /// Joins a room, unless it is joined, and shows it; at this message, if there is one.
    fn enter_at(
        &mut self,
        server: ServerAddress,
        room: RoomName,
        nickname: Nickname,
        message: Option<Seq>,
    ) -> Task<Message> {
        let enter = self.enter(server, room, nickname);
        self.seek_message(message);
        enter
    }

    /// Opens a link of a message: here if it leads to a room of a server one is on, else in the browser.
    fn open_link(&mut self, url: &str) -> Task<Message> {
        // Links come from others: only what a browser opens.
        let Some(url) = markup::address(url) else { return Task::none() };
        if let Ok(Destination { server, room: Some(room), message }) = Destination::parse(&url)
            && let Some(server) = self.server_known_as(server)
        {
            return self.show_in_room(server, room, message);
        }
        // Never by way of a shell.
        if let Err(error) = open::that_detached(url) {
            tracing::warn!(%error, "no browser could be started");
        }
        Task::none()
    }

    /// The address to use for a server that has all of these: the one of a room one is in there, since a room is known by it; else
    /// the best.
    fn preferred(&self, addresses: Vec<ServerAddress>) -> Option<ServerAddress> {
        let hosted = self.host.as_ref();
        let hosted = hosted.filter(|host| host.addresses().iter().any(|own| addresses.contains(own)));
        let joined = || addresses.iter().find_map(|address| self.server_known_as(address.clone()));
        hosted.map(|host| host.local().clone()).or_else(joined).or_else(|| addresses.first().cloned())
    }

    /// The server of joined rooms that has this address, for oneself or for others.
    fn server_known_as(&self, address: ServerAddress) -> Option<ServerAddress> {
        let hosted = self.host.as_ref().filter(|host| host.addresses().contains(&address));
        let server = hosted.map_or(address, |host| host.local().clone());
        self.rooms.iter().any(|joined| *joined.session().server() == server).then_some(server)
    }

    /// The server did not let the shown room in: back to its rooms, with the reason.
    pub(super) fn refused(&mut self, refusal: Refusal) -> Task<Message> {
        let Refusal { server, room, nickname, reason, suggestion } = refusal;
        self.ask_again(server, &nickname, ask_room::Refused { room, reason, suggestion })
    }

    /// Another app was started on the same data: this window comes to the front, and goes where that one was to go.
    pub(super) fn launched_again(&mut self, launch: Launch) -> Task<Message> {
        let show = notify::to_front();
        let Some(address) = launch.join else { return show };
        if let Some(nickname) = launch.nickname.and_then(|name| Nickname::parse(&name).ok()) {
            self.set_nickname(&nickname);
        }
        let room = launch.room.and_then(|name| RoomName::parse(&name).ok());
        let landing = self.show_landing();
        Task::batch([show, landing, self.open(&address, room.as_ref())])
    }

    /// Opens an address as if it had been typed on the first screen.
    pub(super) fn open(&mut self, address: &str, room: Option<&RoomName>) -> Task<Message> {
        let Screen::Landing(landing) = &mut self.screen else { return Task::none() };
        let action = landing.open(address, room);
        self.after_landing(action)
    }

    pub(super) fn show_ask_room(
        &mut self,
        ask_room: AskRoom,
        task: Task<ask_room::Message>,
    ) -> Task<Message> {
        let joined = self.joined_at(ask_room.server());
        self.show(Screen::AskRoom(ask_room.joined(joined)));
        self.of_screen(task, screen::Message::AskRoom)
    }

    pub(super) fn show_landing(&mut self) -> Task<Message> {
        let (landing, task) = Landing::new(&self.settings, None);
        self.show(Screen::Landing(landing.joined(self.rooms.iter().count())));
        self.of_screen(task, screen::Message::Landing)
    }

    /// Shows another screen. What was on its way to the one before is late from here on.
    pub(super) fn show(&mut self, screen: Screen) {
        if !matches!(screen, Screen::Room(_)) {
            (self.searching, self.seeking) = (None, None);
            self.sync_place();
            self.rooms.show(None);
        }
        self.screen = screen;
        self.switcher = None;
        self.sidebar.set_open(false);
        let _ = self.sidebar.close();
        self.visit = Visit(self.visit.0 + 1);
    }

    pub(super) fn set_nickname(&mut self, nickname: &Nickname) {
        self.settings.nickname = Some(nickname.clone());
    }
}
