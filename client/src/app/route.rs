//! Where a screen's action leads: to another screen, to a server in this process, into the settings.

use iced::Task;
use snug_core::{session::Joining, settings::Recent};
use snug_shared::{Nickname, RoomName, ServerAddress};

use super::{App, Message, now};
use crate::{
    host::{Host, HostError},
    screen::{
        AskRoom, Landing, Room, Screen,
        ask_room::{self, Refused},
        landing, room,
    },
};

impl App {
    pub(super) fn after_landing(&mut self, action: landing::Action) -> Task<Message> {
        match action {
            landing::Action::None => Task::none(),
            landing::Action::Run(task) => task.map(Message::Landing),
            landing::Action::Ask { server, rooms, nickname } => {
                self.call_me(&nickname);
                let (ask_room, task) = AskRoom::new(server, None, Some(rooms), &nickname);
                self.screen = Screen::AskRoom(ask_room);
                Task::batch([task.map(Message::AskRoom), self.save()])
            }
            landing::Action::Enter { server, room, nickname } => self.enter(server, room, nickname),
            landing::Action::Host(nickname) => {
                if self.host.is_some() {
                    return self.ask_room(None, nickname);
                }
                let Some(home) = &self.home else {
                    return self.hosted(
                        nickname,
                        Err(HostError::Server("there is no folder to keep things in".into())),
                    );
                };
                Task::perform(Host::start(home.host_dir()), move |host| {
                    Message::Hosted(nickname.clone(), host)
                })
            }
            landing::Action::Forget(recent) => {
                self.settings.forget(&recent.server, &recent.room);
                self.save()
            }
            landing::Action::Theme(choice) => {
                self.settings.theme = choice;
                self.dress();
                self.save()
            }
        }
    }

    pub(super) fn after_ask_room(&mut self, action: ask_room::Action) -> Task<Message> {
        let Screen::AskRoom(ask_room) = &self.screen else { return Task::none() };
        match action {
            ask_room::Action::None => Task::none(),
            ask_room::Action::Run(task) => task.map(Message::AskRoom),
            ask_room::Action::Back => self.land(),
            ask_room::Action::Enter { room, nickname } => {
                let server = ask_room.server().clone();
                self.enter(server, room, nickname)
            }
        }
    }

    pub(super) fn after_room(&mut self, action: room::Action) -> Task<Message> {
        let Screen::Room(room) = &self.screen else { return Task::none() };
        let session = room.session();
        let (server, nickname) = (session.server().clone(), session.nickname().clone());
        match action {
            room::Action::None => Task::none(),
            room::Action::Run(task) => task.map(Message::Room),
            room::Action::Leave => self.ask_room(Some(server), nickname),
            room::Action::Switch(room) => self.enter(server, room, nickname),
            room::Action::Home => self.land(),
            room::Action::Refused { reason, suggestion } => {
                let room = session.room().clone();
                let hosting = self.addresses(&server);
                let (ask_room, task) = AskRoom::new(server, hosting, None, &nickname);
                self.screen = Screen::AskRoom(ask_room.refused(Refused { room, reason, suggestion }));
                task.map(Message::AskRoom)
            }
        }
    }

    pub(super) fn hosted(&mut self, nickname: Nickname, hosted: Result<Host, HostError>) -> Task<Message> {
        match hosted {
            Ok(host) => {
                self.host = Some(host);
                self.call_me(&nickname);
                Task::batch([self.ask_room(None, nickname), self.save()])
            }
            Err(error) => {
                if let Screen::Landing(landing) = &mut self.screen {
                    landing.host_failed(error.to_string());
                }
                Task::none()
            }
        }
    }

    /// Shows the rooms of a server, or of the one hosted here.
    fn ask_room(&mut self, server: Option<ServerAddress>, nickname: Nickname) -> Task<Message> {
        let Some(server) = server.or_else(|| Some(self.host.as_ref()?.local().clone())) else {
            return self.land();
        };
        let hosting = self.addresses(&server);
        let (ask_room, task) = AskRoom::new(server, hosting, None, &nickname);
        self.screen = Screen::AskRoom(ask_room);
        task.map(Message::AskRoom)
    }

    fn enter(&mut self, server: ServerAddress, room: RoomName, nickname: Nickname) -> Task<Message> {
        let Some(home) = &self.home else { return Task::none() };
        let joining = Joining {
            server: server.clone(),
            room: room.clone(),
            nickname: nickname.clone(),
            data: home.data_dir().to_owned(),
            zone: self.zone.clone(),
        };
        let public = self.addresses(&server).map(|addresses| addresses.first().unwrap_or(&server).clone());
        self.call_me(&nickname);
        self.settings.remember(Recent { server: server.clone(), room: room.clone(), nickname, at: now() });
        let key = room.key();
        let recent = self.settings.recent.iter().filter(|recent| recent.server == server);
        let others = recent.map(|recent| recent.room.clone()).filter(|other| other.key() != key).collect();
        let (mut room, task) = Room::new(joining, public, others);
        let focused = room.focused(self.is_focused);
        self.screen = Screen::Room(Box::new(room));
        Task::batch([task.map(Message::Room), focused.map(Message::Room), self.save()])
    }

    fn land(&mut self) -> Task<Message> {
        let (landing, task) = Landing::new(&self.settings, None);
        self.screen = Screen::Landing(landing);
        task.map(Message::Landing)
    }

    /// What to pass on to others, when this server is the one hosted here.
    fn addresses(&self, server: &ServerAddress) -> Option<Vec<ServerAddress>> {
        let host = self.host.as_ref().filter(|host| host.local() == server)?;
        Some(host.addresses().to_vec())
    }

    fn call_me(&mut self, nickname: &Nickname) {
        self.settings.nickname = Some(nickname.clone());
    }
}
