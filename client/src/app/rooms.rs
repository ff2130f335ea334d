//! From room to room: by the list, by keys, by a few letters of a name.

use std::path::Path;

use iced::Task;
use snug_core::{
    rooms::{Joined, RoomId, SessionId, StoredRooms},
    session::Joining,
    settings::Recent,
};
use snug_shared::{Nickname, RoomName, ServerAddress};

use super::{App, Message};
use crate::{
    screen::{self, AskRoom, Room, Screen, Sidebar, Switcher, ask_room, sidebar, switcher},
    shortcut::Shortcut,
};

/// How long a room is quiet that was told to be, in milliseconds.
const QUIET: snug_shared::Millis = 60 * 60 * 1_000;

impl App {
    /// Joins the rooms of the last start again, in the background, and shows the one that was shown last.
    pub fn restore(&mut self, stored: StoredRooms) -> Task<Message> {
        let Some(data) = self.home.as_ref().map(|home| home.data_dir().to_owned()) else {
            return Task::none();
        };
        let zone = self.look.zone.clone();
        let last = self.rooms.restore(stored, Path::new(&data), &zone);
        let show = last.map_or_else(Task::none, |room| self.show_room(room));
        let host = self.host_again();
        Task::batch([show, host, self.work()])
    }

    /// Joins a room, unless it is joined, and shows it.
    pub(super) fn enter(
        &mut self,
        server: ServerAddress,
        room: RoomName,
        nickname: Nickname,
    ) -> Task<Message> {
        let Some(home) = &self.home else { return Task::none() };
        let joining = Joining {
            server: server.clone(),
            room: room.clone(),
            nickname: nickname.clone(),
            data: home.data_dir().to_owned(),
            zone: self.look.zone.clone(),
        };
        let id = match self.rooms.join(joining) {
            Ok(id) => id,
            Err(error) => {
                let refused = ask_room::Refused { room, reason: error.to_string(), suggestion: None };
                return self.ask_again(server, &nickname, refused);
            }
        };
        let is_hosted = self.addresses(&server).is_some();
        if let Some(joined) = self.rooms.get_mut(id) {
            joined.marks_mut().is_hosted = is_hosted;
        }
        self.set_nickname(&nickname);
        self.settings.remember(Recent { server, room, nickname, at: self.look.now, is_hosted });
        Task::batch([self.show_room(id), self.save()])
    }

    /// Shows a joined room. The one that was shown before stays joined.
    pub(super) fn show_room(&mut self, id: SessionId) -> Task<Message> {
        self.sidebar.set_open(false);
        if self.shown().is_some_and(|joined| joined.id() == id) {
            return Room::focus();
        }
        self.sync_place();
        self.rooms.show(Some(id));
        let Some(joined) = self.rooms.get(id) else { return Task::none() };
        let server = joined.session().server();
        let addresses = self.addresses(server);
        let public = addresses.map(|addresses| addresses.first().unwrap_or(server).clone());
        let (room, task) = Room::new(joined, public, self.settings.emoji.clone());
        self.show(Screen::Room(Box::new(room)));
        self.of_screen(task, screen::Message::Room)
    }

    /// Leaves a room. The one that was shown before is shown instead, or else the rooms of the server.
    pub(super) fn leave(&mut self, id: SessionId) -> Task<Message> {
        let Some(joined) = self.rooms.get(id) else { return Task::none() };
        let (was_shown, is_new) = (joined.is_shown(), joined.is_new());
        let (server, nickname) = (joined.session().server().clone(), joined.session().nickname().clone());
        self.sync_place();
        self.rooms.leave(id);
        if !was_shown {
            return Task::none();
        }
        match self.rooms.recent().first().map(|joined| joined.id()).filter(|_| !is_new) {
            Some(before) => self.show_room(before),
            None => self.ask_room(server, &nickname),
        }
    }

    /// Back to the joined rooms from a screen that shows none of them.
    pub(super) fn back_to_rooms(&mut self) -> Task<Message> {
        match self.rooms.recent().first().map(|joined| joined.id()) {
            Some(last) => self.show_room(last),
            None => self.show_landing(),
        }
    }

    /// Shows the rooms of a server that one may join.
    pub(super) fn ask_room(&mut self, server: ServerAddress, nickname: &Nickname) -> Task<Message> {
        let hosting = self.addresses(&server);
        let (ask_room, task) = AskRoom::new(server, hosting, None, nickname);
        self.show_ask_room(ask_room, task)
    }

    pub(super) fn ask_again(
        &mut self,
        server: ServerAddress,
        nickname: &Nickname,
        refused: ask_room::Refused,
    ) -> Task<Message> {
        let hosting = self.addresses(&server);
        let (ask_room, task) = AskRoom::new(server, hosting, None, nickname);
        self.show_ask_room(ask_room.refused(refused), task)
    }

    pub(super) fn update_sidebar(&mut self, message: sidebar::Message) -> Task<Message> {
        match message {
            sidebar::Message::Show(room) => return self.show_room(room),
            sidebar::Message::Fold(server) => {
                let is_folded = self.sidebar.is_folded(&self.rooms, &server);
                self.rooms.fold(&server, !is_folded);
            }
            sidebar::Message::OtherRooms(server) => {
                let nickname = self.rooms.nickname_at(&server).or(self.settings.nickname.as_ref()).cloned();
                return nickname.map_or_else(Task::none, |nickname| self.ask_room(server, &nickname));
            }
            sidebar::Message::AnotherServer => return self.show_landing(),
            sidebar::Message::Switcher => return self.open_switcher(),
            sidebar::Message::Open(is_open) => self.sidebar.set_open(is_open),
            sidebar::Message::Hover(is_hovered) => self.sidebar.set_hovered(is_hovered),
            sidebar::Message::Scrolled(scrolled) => self.sidebar.set_scrolled(scrolled),
            sidebar::Message::Ask(room, at) => self.sidebar.ask(room, at),
            sidebar::Message::AskOneself(at) => self.sidebar.ask_oneself(at),
            sidebar::Message::Prefer(preferences) => {
                self.settings.notifications = preferences;
                return self.save();
            }
            sidebar::Message::AskByKey(room, entry) => self.sidebar.ask_by_key(room, entry),
            sidebar::Message::Closed => {
                let _ = self.sidebar.close();
            }
            sidebar::Message::Act(room, sidebar::Act::Leave) => return self.leave(room),
            sidebar::Message::Act(room, act) => {
                if let Some(joined) = self.rooms.get_mut(room) {
                    act_on(joined, act, self.look.now);
                }
            }
        }
        Task::none()
    }

    pub(super) fn update_switcher(&mut self, message: switcher::Message) -> Task<Message> {
        let Some(switcher) = &mut self.switcher else { return Task::none() };
        match switcher.update(&self.rooms, message) {
            switcher::Action::None => Task::none(),
            switcher::Action::Close => self.close_switcher(),
            switcher::Action::Show(room) => Task::batch([self.close_switcher(), self.show_room(room)]),
        }
    }

    fn open_switcher(&mut self) -> Task<Message> {
        if self.switcher.is_some() || self.rooms.iter().next().is_none() {
            return self.close_switcher();
        }
        self.sidebar.set_open(false);
        let (switcher, task) = Switcher::new(&self.rooms);
        self.switcher = Some(switcher);
        task
    }

    fn close_switcher(&mut self) -> Task<Message> {
        self.switcher = None;
        self.focus_composer()
    }

    /// A key that leads to a room.
    pub(super) fn shortcut(&mut self, shortcut: Shortcut) -> Task<Message> {
        let shown = self.shown().map(Joined::id);
        // From a screen that shows no room, as from the one that was shown last.
        let from = shown.or_else(|| self.rooms.recent().first().map(|joined| joined.id()));
        let to = match shortcut {
            Shortcut::Switcher => return self.open_switcher(),
            Shortcut::Search { is_everywhere } => return self.open_search(is_everywhere),
            Shortcut::Menu => return shown.map_or_else(Task::none, ask_by_key),
            Shortcut::Beside { is_back } => {
                from.and_then(|from| self.rooms.beside(from, if is_back { -1 } else { 1 }))
            }
            Shortcut::Unread { is_back } => from.and_then(|from| self.rooms.next_unread(from, is_back)),
            Shortcut::Last => {
                self.rooms.recent().iter().map(|joined| joined.id()).find(|room| Some(*room) != shown)
            }
            Shortcut::Place(place) => self.rooms.listed().get(place).map(|joined| joined.id()),
        };
        to.map_or_else(Task::none, |room| self.show_room(room))
    }

    /// Which of the names of rooms at a server are of joined ones.
    pub(super) fn joined_at(&self, server: &ServerAddress) -> Vec<RoomId> {
        let there = self.rooms.iter().filter(|joined| joined.session().server() == server);
        there.map(|joined| joined.room().clone()).collect()
    }

    /// The list of rooms, where there is anything to list.
    pub(super) fn sidebar(&self) -> Option<&Sidebar> {
        let has_rooms = self.rooms.iter().next().is_some();
        Some(&self.sidebar).filter(|_| has_rooms && !matches!(self.screen, Screen::Landing(_)))
    }
}

fn ask_by_key(room: SessionId) -> Task<Message> {
    sidebar::ask_by_key(room).map(Message::Sidebar)
}

fn act_on(joined: &mut Joined, act: sidebar::Act, now: snug_shared::Millis) {
    match act {
        sidebar::Act::Pin(is_pinned) => joined.marks_mut().is_pinned = is_pinned,
        sidebar::Act::MarkRead => joined.mark_read(),
        sidebar::Act::Notify(level) => joined.marks_mut().rule = level.into(),
        sidebar::Act::Quiet => joined.marks_mut().rule.quiet_until = Some(now + QUIET),
        // The root's own.
        sidebar::Act::Leave => {}
    }
}
