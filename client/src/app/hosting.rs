//! The server in this process: started when somebody wants it, or when a joined room is on it.

use iced::Task;
use snug_core::settings::Recent;
use snug_shared::{Nickname, ServerAddress};

use super::{App, Hosting, Message, Visit};
use crate::{
    host::{Host, HostError},
    screen::Screen,
};

/// How far the start of the server has come.
#[derive(Debug, Default)]
pub(super) enum Starting {
    #[default]
    No,
    /// It begins, and somebody may wait for it since this visit.
    For(Option<(Visit, Hosting)>),
}

impl App {
    /// Starts the server, if it does not run yet, and goes on in one of its rooms.
    pub(super) fn start_host(&mut self, nickname: Nickname, back_to: Option<Recent>) -> Task<Message> {
        let port = back_to.as_ref().map(|recent| recent.server.port);
        let hosting = Hosting { nickname, room: back_to.map(|recent| recent.room) };
        if let Some(host) = &self.host {
            let server = host.local().clone();
            return self.go_on_here(server, hosting);
        }
        let awaited = Some((self.visit, hosting));
        if let Starting::For(before) = &mut self.starting {
            *before = awaited;
            return Task::none();
        }
        self.starting = Starting::For(awaited);
        self.run_host(port)
    }

    /// Starts the server for the joined rooms that are on it.
    pub(super) fn host_again(&mut self) -> Task<Message> {
        let held = self.rooms.open_sessions().find(|joined| joined.is_held());
        let port = held.map(|joined| joined.session().server().port);
        if port.is_none() || self.host.is_some() || matches!(self.starting, Starting::For(_)) {
            return Task::none();
        }
        self.starting = Starting::For(None);
        self.run_host(port)
    }

    fn run_host(&mut self, port: Option<u16>) -> Task<Message> {
        match &self.home {
            Some(home) => Task::perform(Host::start(home.host_dir(), port), Message::Hosted),
            None => self.hosted(Err(HostError::Server("there is no folder to keep things in".into()))),
        }
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
    pub(super) fn hosted(&mut self, hosted: Result<Host, HostError>) -> Task<Message> {
        let Starting::For(awaited) = std::mem::take(&mut self.starting) else { return Task::none() };
        let awaited = awaited.filter(|(visit, _)| *visit == self.visit).map(|(_, hosting)| hosting);
        match hosted {
            Ok(host) => {
                let server = host.local().clone();
                self.host = Some(host);
                self.sync_place();
                let moved = self.rooms.hosted(&server);
                let shown = match &self.screen {
                    Screen::Room(room) => moved.iter().find(|(old, _)| *old == room.session()),
                    _ => None,
                };
                let show = shown.map_or_else(Task::none, |(_, room)| self.show_room(*room));
                let then = awaited.map_or_else(Task::none, |hosting| self.go_on_here(server, hosting));
                Task::batch([show, then])
            }
            Err(error) => {
                self.rooms.host_failed(&error.to_string());
                if let Screen::Landing(landing) = &mut self.screen
                    && awaited.is_some()
                {
                    landing.host_failed(error.to_string());
                }
                Task::none()
            }
        }
    }

    /// The addresses to pass on to others, when this server is hosted here.
    pub(super) fn addresses(&self, server: &ServerAddress) -> Option<Vec<ServerAddress>> {
        let host = self.host.as_ref().filter(|host| host.local() == server)?;
        Some(host.addresses())
    }
}
