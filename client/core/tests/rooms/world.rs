//! The joined rooms, with everything around them late by a random time: disks, sockets, and what was on its way when a room was
//! left. Outboxes are real and on a real disk; servers are in memory; time is a count of steps.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    path::PathBuf,
    sync::mpsc as std_mpsc,
    time::Instant,
};

use jiff::tz::TimeZone;
use snug_core::{
    connection::{Event, Handle, Target},
    frame::Frame,
    rooms::{ConnectionId, Draft, Joined, Place, Report, RoomId, Rooms, SessionId, Work},
    session::{Joining, Session},
    timeline::Row,
};
use snug_shared::{Nickname, RoomName, ServerAddress};
use tokio::{runtime::Runtime, sync::mpsc};

use super::lobby::Lobby;
use crate::common::{Random, app::PATIENCE};

/// The longest delay, in steps.
const LATE: u64 = 60;

/// A connection as the world plays it.
struct Line {
    room: RoomId,
    target: Target,
    handle: Handle,
    frames: mpsc::Receiver<Frame>,
    is_in: bool,
    /// When the last of its events is due: events of one connection keep their order.
    due: u64,
}

pub struct World {
    pub rooms: Rooms,
    pub lobby: Lobby,
    pub random: Random,
    pub shown: Option<(SessionId, usize)>,
    /// The rooms there are, each with what all its texts begin with.
    pub places: Vec<(ServerAddress, RoomName, String)>,
    /// How much was said in each of them.
    pub said: Vec<Vec<String>>,
    data: PathBuf,
    now: u64,
    /// Events and finished work on their way, the next one first.
    reports: HashMap<u64, Report>,
    due: BinaryHeap<Reverse<(u64, u64)>>,
    number: u64,
    lines: HashMap<ConnectionId, Line>,
    runtime: Runtime,
    done: (std_mpsc::Sender<Report>, std_mpsc::Receiver<Report>),
    working: usize,
}

/// What all texts of a room begin with.
fn prefix(server: &ServerAddress, room: &RoomName) -> String {
    format!("{server}/{room}: ")
}

impl World {
    pub fn new(random: Random, data: PathBuf) -> Self {
        let mut places = Vec::new();
        for server in ["one.local", "two.local"] {
            for room in ["tea", "garden", "attic", "ops"] {
                let (server, room) = (ServerAddress::parse(server).unwrap(), RoomName::parse(room).unwrap());
                places.push((server.clone(), room.clone(), prefix(&server, &room)));
            }
        }
        Self {
            rooms: Rooms::default(),
            lobby: Lobby::default(),
            random,
            shown: None,
            said: vec![Vec::new(); places.len()],
            places,
            data,
            now: 0,
            reports: HashMap::new(),
            due: BinaryHeap::new(),
            number: 0,
            lines: HashMap::new(),
            runtime: Runtime::new().unwrap(),
            done: std_mpsc::channel(),
            working: 0,
        }
    }

    // -- what a person does --

    /// Goes to a room, as the app does.
    pub fn switch(&mut self, place: usize) {
        self.leave();
        let (server, room, prefix) = self.places[place].clone();
        let session = self.rooms.enter(Joining {
            server,
            room,
            nickname: Nickname::parse("maya").unwrap(),
            data: self.data.clone(),
            zone: TimeZone::UTC,
        });
        self.shown = Some((session, place));
        let draft = &self.shown_room().place().draft.text;
        assert!(draft.is_empty() || draft.starts_with(&prefix), "“{draft}” was written elsewhere");
        self.start_work();
    }

    /// Leaves the shown room with a draft in it.
    pub fn leave(&mut self) {
        let Some((session, place)) = self.shown.take() else { return };
        let text = format!("{}draft", self.places[place].2);
        let draft = Draft { text, ..Draft::default() };
        self.rooms.leave(session, Place { draft, scroll: None });
        self.start_work();
    }

    /// Says something in the shown room.
    pub fn say(&mut self) {
        let (session, place) = self.shown.expect("a room is shown");
        let text = format!("{}{}", self.places[place].2, self.said[place].len());
        let joined = self.rooms.get_mut(session).expect("the shown room is joined");
        let effects = joined.session_mut().say(&text, None).unwrap();
        joined.run(effects);
        self.said[place].push(text);
        self.start_work();
    }

    fn shown_room(&self) -> &Joined {
        let (session, _) = self.shown.expect("a room is shown");
        self.rooms.get(session).expect("the shown room is joined")
    }

    // -- what happens around --

    /// Time passes: whatever is due reaches the rooms.
    pub fn step(&mut self) {
        self.now += 1;
        self.connect();
        for report in self.done.1.try_iter().collect::<Vec<_>>() {
            self.working -= 1;
            let late = self.random.below(LATE);
            self.later(self.now + late, report);
        }
        self.serve();
        while let Some(Reverse((due, number))) = self.due.peek().copied()
            && due <= self.now
        {
            let _ = self.due.pop();
            let report = self.reports.remove(&number).expect("it is on its way");
            assert_eq!(self.rooms.update(report), None, "nobody is refused here");
            self.start_work();
            self.check();
        }
    }

    /// Steps until something holds, and lets real disks catch up.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "never: {what}");
            if self.due.is_empty() {
                std::thread::yield_now();
            }
            self.step();
        }
    }

    fn later(&mut self, due: u64, report: Report) {
        self.number += 1;
        let _ = self.reports.insert(self.number, report);
        self.due.push(Reverse((due, self.number)));
    }

    fn start_work(&mut self) {
        for work in self.rooms.take_work() {
            self.working += 1;
            self.run(work);
        }
    }

    fn run(&self, work: Work) {
        let done = self.done.0.clone();
        drop(self.runtime.spawn(async move {
            // Nobody listens any more when the test is over.
            let _ = done.send(work.run().await);
        }));
    }

    /// Opens the connections that the rooms want, and closes those they no longer want. What a closed one had on its way still
    /// arrives, as late as it is.
    fn connect(&mut self) {
        let wanted: Vec<(ConnectionId, Target)> =
            self.rooms.connections().map(|(id, target)| (id, target.clone())).collect();
        self.lines.retain(|id, _| wanted.iter().any(|(other, _)| other == id));
        for (id, target) in wanted {
            if !self.lines.contains_key(&id) {
                let (handle, frames) = Handle::channel();
                let room = RoomId::new(&target.server, &target.room);
                let mut line = Line { room, target, handle, frames, is_in: false, due: self.now };
                self.tell(id, &mut line, |handle| Event::Connecting { handle });
                let _ = self.lines.insert(id, line);
            }
        }
    }

    fn tell(&mut self, id: ConnectionId, line: &mut Line, event: impl FnOnce(Handle) -> Event) {
        line.due = line.due.max(self.now + self.random.below(LATE));
        self.later(line.due, Report::Connection(id, event(line.handle.clone())));
    }

    /// Lets clients in, takes what they send, and now and then breaks a line.
    fn serve(&mut self) {
        for (id, mut line) in std::mem::take(&mut self.lines) {
            match self.random.below(400) {
                0 if line.is_in => {
                    line.is_in = false;
                    let _ = line.handle.set_online(false);
                    let reason = "The connection was lost.".to_owned();
                    self.tell(id, &mut line, |_| Event::Offline { reason, retry_at: Instant::now() });
                }
                chance if !line.is_in && chance < 40 => self.let_in(id, &mut line),
                _ => {}
            }
            while let Ok(frame) = line.frames.try_recv() {
                if line.is_in
                    && let Some(event) = self.lobby.hear(&line.room, frame.decode().unwrap())
                {
                    self.tell(id, &mut line, |_| event);
                }
            }
            let _ = self.lines.insert(id, line);
        }
    }

    fn let_in(&mut self, id: ConnectionId, line: &mut Line) {
        line.is_in = true;
        let _ = line.handle.set_online(true);
        // What the room had seen when it connected may be old by now, as for a real connection.
        let resume = self.rooms.connections().find(|(other, _)| *other == id);
        let resume = resume.and_then(|(_, target)| target.resume.clone());
        let Target { server, room, nickname, .. } = line.target.clone();
        let (established, entries) = self.lobby.greet(&server, &room, &nickname, resume.as_ref());
        let established = Box::new(established);
        self.tell(id, line, |handle| Event::Online { handle, established });
        self.tell(id, line, |_| Event::Received(vec![entries]));
    }

    // -- what must hold --

    /// Each room shows and keeps its own messages only.
    fn check(&self) {
        for joined in self.rooms.iter() {
            let session = joined.session();
            let own = prefix(session.server(), session.room());
            let last = texts(session, 6);
            assert!(last.iter().all(|text| text.starts_with(&own)), "{own} shows {last:?}");
        }
    }

    /// All that is shown is the shown room's, from the first row to the last.
    pub fn check_shown(&self) {
        let Some((_, place)) = self.shown else { return };
        let session = self.shown_room().session();
        let own = &self.places[place].2;
        assert_eq!(*own, prefix(session.server(), session.room()), "another room is shown");
        let all = texts(session, usize::MAX);
        assert!(all.iter().all(|text| text.starts_with(own)), "{own} shows {all:?}");
    }
}

/// The newest texts of a room.
fn texts(session: &Session, most: usize) -> Vec<String> {
    let timeline = session.timeline();
    let text = |index| match timeline.row(index) {
        Some(Row::Message(message)) => message.text.map(str::to_owned),
        _ => None,
    };
    (0..timeline.len()).rev().take(most).filter_map(text).collect()
}
