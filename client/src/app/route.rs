//! Where a screen's action leads: to another screen, to a server in this process, into the settings.

use iced::{Task, window};
use snug_core::{
    instance::Launch,
    rooms::{Refusal, RoomId},
    session::Joining,
    settings::Recent,
};
use snug_shared::{Nickname, RoomName, ServerAddress};

use super::{App, Hosting, Message, Visit, now};
use crate::{
    host::{Host, HostError},
    screen::{self, AskRoom, Landing, Room, Screen, ask_room, landing, room},
};

impl App {
    pub(super) fn after_landing(&mut self, action: landing::Action) -> Task<Message> {
        match action {
            landing::Action::None => Task::none(),
            landing::Action::Run(task) => self.of_screen(task, screen::Message::Landing),
            landing::Action::Ask { server, rooms, nickname } => {
                self.set_nickname(&nickname);
                let (ask_room, task) = AskRoom::new(server, None, Some(rooms), &nickname);
                Task::batch([self.show_ask_room(ask_room, task), self.save()])
            }
            landing::Action::Enter { server, room, nickname } => self.enter(server, room, nickname),
            landing::Action::Host { nickname, back_to } => self.start_host(nickname, back_to),
            landing::Action::Forget(recent) => {
                self.settings.forget(&recent.server, &recent.room);
                self.save()
            }
            landing::Action::Theme(choice) => {
                self.settings.theme = choice;
                self.apply_theme();
                self.save()
            }
        }
    }

    pub(super) fn after_ask_room(&mut self, action: ask_room::Action) -> Task<Message> {
        let Screen::AskRoom(ask_room) = &self.screen else { return Task::none() };
        match action {
            ask_room::Action::None => Task::none(),
            ask_room::Action::Run(task) => self.of_screen(task, screen::Message::AskRoom),
            ask_room::Action::Back => self.show_landing(),
            ask_room::Action::Enter { room, nickname } => {
                let server = ask_room.server().clone();
                self.enter(server, room, nickname)
            }
        }
    }

    pub(super) fn after_room(&mut self, action: room::Action) -> Task<Message> {
        let Some(session) = self.session() else { return Task::none() };
        let (server, nickname) = (session.server().clone(), session.nickname().clone());
        match action {
            room::Action::Run(task) => self.of_screen(task, screen::Message::Room),
            room::Action::Leave => self.ask_room(server, &nickname),
            room::Action::Switch(room) => self.enter(server, room, nickname),
            room::Action::Home => self.show_landing(),
        }
    }

    /// The server did not let the shown room in: back to its rooms, with the reason.
    pub(super) fn refused(&mut self, refusal: Refusal) -> Task<Message> {
        let Refusal { server, room, nickname, reason, suggestion } = refusal;
        let hosting = self.addresses(&server);
        let (ask_room, task) = AskRoom::new(server, hosting, None, &nickname);
        self.show_ask_room(ask_room.refused(ask_room::Refused { room, reason, suggestion }), task)
    }

    /// Starts the server, if it does not run yet, and goes on in one of its rooms.
    fn start_host(&mut self, nickname: Nickname, back_to: Option<Recent>) -> Task<Message> {
        let port = back_to.as_ref().map(|recent| recent.server.port);
        let hosting = Hosting { nickname, room: back_to.map(|recent| recent.room) };
        if let Some(host) = &self.host {
            let server = host.local().clone();
            return self.go_on_here(server, hosting);
        }
        let visit = self.visit;
        let Some(home) = &self.home else {
            let error = HostError::Server("there is no folder to keep things in".into());
            return self.hosted(visit, hosting, Err(error));
        };
        Task::perform(Host::start(home.host_dir(), port), move |host| {
            Message::Hosted(visit, hosting.clone(), host)
        })
    }

    fn go_on_here(&mut self, server: ServerAddress, hosting: Hosting) -> Task<Message> {
        let Hosting { nickname, room } = hosting;
        match room {
            Some(room) => self.enter(server, room, nickname),
            None => {
                self.set_nickname(&nickname);
                Task::batch([self.ask_room(server, &nickname), self.save()])
            }
        }
    }

    /// The server runs, or does not. Only who still waits for it is taken to its rooms.
    pub(super) fn hosted(
        &mut self,
        visit: Visit,
        hosting: Hosting,
        hosted: Result<Host, HostError>,
    ) -> Task<Message> {
        let is_awaited = visit == self.visit;
        match hosted {
            Ok(host) => {
                let server = host.local().clone();
                self.host = Some(host);
                if is_awaited { self.go_on_here(server, hosting) } else { Task::none() }
            }
            Err(error) => {
                if let Screen::Landing(landing) = &mut self.screen
                    && is_awaited
                {
                    landing.host_failed(error.to_string());
                }
                Task::none()
            }
        }
    }

    /// Another app was started on the same data: this window comes to the front, and goes where that one was to go.
    pub(super) fn launched_again(&mut self, launch: Launch) -> Task<Message> {
        let show = window::latest().and_then(|window| {
            let attention = Some(window::UserAttention::Informational);
            Task::batch([
                window::minimize(window, false),
                window::gain_focus(window),
                window::request_user_attention(window, attention),
            ])
        });
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

    /// Shows the rooms of a server.
    fn ask_room(&mut self, server: ServerAddress, nickname: &Nickname) -> Task<Message> {
        let hosting = self.addresses(&server);
        let (ask_room, task) = AskRoom::new(server, hosting, None, nickname);
        self.show_ask_room(ask_room, task)
    }

    fn show_ask_room(&mut self, ask_room: AskRoom, task: Task<ask_room::Message>) -> Task<Message> {
        self.show(Screen::AskRoom(ask_room));
        self.of_screen(task, screen::Message::AskRoom)
    }

    fn show_landing(&mut self) -> Task<Message> {
        let (landing, task) = Landing::new(&self.settings, None);
        self.show(Screen::Landing(landing));
        self.of_screen(task, screen::Message::Landing)
    }

    fn enter(&mut self, server: ServerAddress, room: RoomName, nickname: Nickname) -> Task<Message> {
        let Some(home) = &self.home else { return Task::none() };
        let joining = Joining {
            server: server.clone(),
            room: room.clone(),
            nickname: nickname.clone(),
            data: home.data_dir().to_owned(),
            zone: self.look.zone.clone(),
        };
        self.set_nickname(&nickname);
        let addresses = self.addresses(&server);
        let is_hosted = addresses.is_some();
        self.settings.remember(Recent {
            server: server.clone(),
            room: room.clone(),
            nickname,
            at: now(),
            is_hosted,
        });
        let public = addresses.map(|addresses| addresses.first().unwrap_or(&server).clone());
        let id = RoomId::new(&server, &room);
        let others = self.settings.recent.iter().filter(|recent| recent.server == server);
        let others = others.map(|recent| recent.room.clone());
        let others = others.filter(|other| RoomId::new(&server, other) != id).collect();
        self.leave_room();
        let Ok(session) = self.rooms.enter(joining) else { return Task::none() };
        let Some(joined) = self.rooms.get(session) else { return Task::none() };
        let (room, task) = Room::new(joined, public, others);
        self.show(Screen::Room(Box::new(room)));
        Task::batch([self.of_screen(task, screen::Message::Room), self.save()])
    }

    /// Shows another screen. What was on its way to the one before is late from here on.
    fn show(&mut self, screen: Screen) {
        if !matches!(screen, Screen::Room(_)) {
            self.leave_room();
        }
        self.screen = screen;
        self.visit = Visit(self.visit.0 + 1);
    }

    /// Leaves the shown room, and remembers what it looked like.
    fn leave_room(&mut self) {
        if let (Screen::Room(room), Some(joined)) = (&self.screen, self.shown()) {
            let (session, place) = (joined.id(), room.place(joined.session().timeline()));
            if let Some(joined) = self.rooms.get_mut(session) {
                joined.set_place(place);
            }
            self.rooms.leave(session);
        }
    }

    /// The addresses to pass on to others, when this server is hosted here.
    fn addresses(&self, server: &ServerAddress) -> Option<Vec<ServerAddress>> {
        let host = self.host.as_ref().filter(|host| host.local() == server)?;
        Some(host.addresses())
    }

    fn set_nickname(&mut self, nickname: &Nickname) {
        self.settings.nickname = Some(nickname.clone());
    }
}
