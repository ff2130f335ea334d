//! The joined rooms, with everything around them late by a random time: disks, sockets, and what was on its way when a room was
//! left. Outboxes are real and on a real disk; servers are in memory; time is a count of steps.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
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
use snug_shared::{Nickname, Resume, RoomName, ServerAddress};
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
    /// The newest entry that was handed out, which a real connection remembers.
    handed_out: u64,
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
    /// What was told of each room: each message once.
    pub told: HashSet<(RoomId, u64)>,
    /// How much others said.
    heard: usize,
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
            told: HashSet::new(),
            heard: 0,
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

    /// Goes to a room, as the app does. The one before stays joined, with a draft in it.
    pub fn switch(&mut self, place: usize) {
        self.keep_draft();
        let (server, room, prefix) = self.places[place].clone();
        let joining = Joining {
            server,
            room,
            nickname: Nickname::parse("maya").unwrap(),
            data: self.data.clone(),
            zone: TimeZone::UTC,
        };
        let session = self.rooms.enter(joining).expect("there are fewer than may be");
        self.shown = Some((session, place));
        let draft = &self.shown_room().place().draft.text;
        assert!(draft.is_empty() || draft.starts_with(&prefix), "“{draft}” was written elsewhere");
        self.start_work();
    }

    fn keep_draft(&mut self) {
        let Some((session, place)) = self.shown else { return };
        let text = format!("{}draft", self.places[place].2);
        let draft = Draft { text, ..Draft::default() };
        let joined = self.rooms.get_mut(session).expect("the shown room is joined");
        joined.set_place(Place { draft, scroll: None });
    }

    /// Leaves a room, if it is joined.
    pub fn leave(&mut self, place: usize) {
        let (server, room, _) = &self.places[place];
        let Some(joined) = self.rooms.find(&RoomId::new(server, room)) else { return };
        let session = joined.id();
        self.keep_draft();
        self.rooms.leave(session);
        self.shown = self.shown.filter(|(shown, _)| *shown != session);
        self.start_work();
    }

    /// Somebody else says something in any of the rooms.
    pub fn others_speak(&mut self) {
        let place = self.random.below(self.places.len() as u64) as usize;
        let (server, room, prefix) = self.places[place].clone();
        let room = RoomId::new(&server, &room);
        self.heard += 1;
        let event = self.lobby.speak(&room, &format!("{prefix}heard {}", self.heard));
        for (id, mut line) in std::mem::take(&mut self.lines) {
            if line.is_in && line.room == room {
                self.tell(id, &mut line, |_| event.clone());
            }
            let _ = self.lines.insert(id, line);
        }
    }

    /// The app ends, whatever is on its way, and begins again with what it remembers.
    pub fn restart(&mut self) {
        self.until("all outboxes are open", |world| {
            world.rooms.open_sessions().all(|joined| joined.session().target().is_some())
        });
        self.keep_draft();
        let stored = self.rooms.stored();
        self.rooms = Rooms::default();
        self.lines.clear();
        self.reports.clear();
        self.due.clear();
        (self.working, self.done) = (0, std_mpsc::channel());
        let shown = self.rooms.restore(stored, &self.data, &TimeZone::UTC);
        self.rooms.show(shown);
        self.shown = shown.and_then(|session| {
            let room = self.rooms.get(session)?.room().clone();
            let is_it =
                |(server, name, _): &(ServerAddress, RoomName, String)| RoomId::new(server, name) == room;
            Some((session, self.places.iter().position(is_it)?))
        });
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
            self.check_news();
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
                let mut line =
                    Line { room, target, handle, frames, is_in: false, handed_out: 0, due: self.now };
                self.tell(id, &mut line, |handle| Event::Connecting { handle });
                let _ = self.lines.insert(id, line);
            }
        }
    }

    fn tell(&mut self, id: ConnectionId, line: &mut Line, event: impl FnOnce(Handle) -> Event) {
        if line.is_in {
            line.handed_out = self.lobby.last(&line.room);
        }
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
        let handed_out = Resume { epoch: "a".repeat(32), after: line.handed_out, id: None };
        let resume = if line.handed_out > 0 { Some(handed_out) } else { resume };
        let Target { server, room, nickname, .. } = line.target.clone();
        let (established, entries) = self.lobby.greet(&server, &room, &nickname, resume.as_ref());
        let established = Box::new(established);
        self.tell(id, line, |handle| Event::Online { handle, established });
        self.tell(id, line, |_| Event::Received(vec![entries]));
    }

    // -- what must hold --

    /// What is told is of others, in the room they said it in, and told once.
    fn check_news(&mut self) {
        for news in self.rooms.take_news() {
            let own = prefix(&news.server, &news.room);
            assert!(news.text.starts_with(&own) && news.user.as_str() == "tom", "{own} told {news:?}");
            let is_first = self.told.insert((RoomId::new(&news.server, &news.room), news.seq));
            assert!(is_first, "told twice: {news:?}");
        }
    }

    /// Each room shows and keeps its own messages only.
    fn check(&self) {
        for joined in self.rooms.open_sessions() {
            let session = joined.session();
            let own = prefix(session.server(), session.room());
            let last = texts(session, 6);
            assert!(last.iter().all(|text| text.starts_with(&own)), "{own} shows {last:?}");
        }
    }

    /// All that is in any room is its own, from the first row to the last.
    pub fn check_all(&self) {
        for joined in self.rooms.open_sessions() {
            let own = prefix(joined.session().server(), joined.session().room());
            let all = texts(joined.session(), usize::MAX);
            assert!(all.iter().all(|text| text.starts_with(&own)), "{own} has {all:?}");
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
