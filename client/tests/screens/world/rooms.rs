//! From room to room, and from one run of the app to the next.

use snug::{
    app::{App, Message},
    screen::{ask_room, sidebar},
};
use snug_core::{
    connection::{Event, Handle},
    rooms::{Joined, Report, RoomsFile, SessionId},
    settings::{Home, Settings},
};
use snug_shared::{Established, Line, ServerFrame};

use super::{World, address, entry, made::established, room_name};

impl World {
    /// Shows the rooms of the server.
    pub fn other_rooms(&mut self) {
        let server = address("127.0.0.1:1");
        self.send(Message::Sidebar(sidebar::Message::OtherRooms(server)));
    }

    /// Joins another room of the server, and shows it.
    pub fn join(&mut self, room: &str) {
        self.other_rooms();
        self.ask_room(ask_room::Message::Pick(room_name(room)));
        self.until("the outbox is open", |world| world.target().is_some());
    }

    /// Which opening of a joined room of this name there is.
    pub fn session_of(&self, room: &str) -> SessionId {
        let is_it = |joined: &&Joined| joined.session().room() == &room_name(room);
        self.app.rooms().iter().find(is_it).unwrap_or_else(|| panic!("{room} is joined")).id()
    }

    /// Shows a joined room.
    pub fn show(&mut self, room: &str) {
        let session = self.session_of(room);
        self.send(Message::Sidebar(sidebar::Message::Show(session)));
    }

    /// The server lets us into a room, and tells what was said there.
    pub fn online_in(&mut self, room: &str, read: Option<u64>, messages: &[(&str, &str)]) {
        let last = messages.len() as u64;
        let established = Established { room: room_name(room), read, ..established(last) };
        let (handle, _) = Handle::channel();
        let _ = handle.set_online(true);
        self.connection_of(room, Event::Online { handle, established: Box::new(established) });
        let entries: Vec<Line> =
            (1..).zip(messages).map(|(seq, (user, text))| entry(seq, user, text).into()).collect();
        self.connection_of(room, Event::Received(vec![ServerFrame::Entries { entries, live: true }]));
    }

    /// Somebody says something in a room, shown or not.
    pub fn hear_in(&mut self, room: &str, seq: u64, user: &str, text: &str) {
        let line = ServerFrame::Line(entry(seq, user, text).into());
        self.connection_of(room, Event::Received(vec![line]));
    }

    /// The connection of a room says something.
    pub fn connection_of(&mut self, room: &str, event: Event) {
        let session = self.session_of(room);
        let id = self.app.rooms().get(session).expect("it is joined").connection();
        self.send(Message::Room(Report::Connection(id, event)));
    }

    /// The app ends, and begins again on the same data.
    pub fn restart(&mut self) {
        self.send(Message::Close);
        let home = Home::at(self.folder.path());
        let file = RoomsFile::in_folder(home.data_dir());
        self.until("what changed is on the disk", |world| file.load().0 == world.app.rooms().stored());
        let (rooms, _) = file.load();
        let (settings, _) = Settings::load(&home);
        self.outputs = std::sync::mpsc::channel();
        let (app, task) = {
            let _inside = self.runtime.enter();
            let (mut app, task) = App::with(Some(home), settings, None);
            let restored = app.restore(rooms);
            (app, iced::Task::batch([task, restored]))
        };
        self.app = app;
        self.start(task);
        self.until("the outboxes are open", |world| {
            world.app.rooms().open_sessions().all(|joined| joined.session().target().is_some())
        });
    }
}
