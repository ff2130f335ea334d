//! The load generator: all clients of a run on one thread, cheap enough that the server is what is measured.
//!
//! Sockets never wait, one buffer serves all reads, and a delivery that is as it should be costs a comparison. Open loops are
//! timed from the moment a message was due, so that a server that is late does not slow down what is asked of it.

use std::{
    io,
    net::SocketAddr,
    os::fd::{AsRawFd, OwnedFd},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, unix::SourceFd};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::{
    check::{Room, Tally},
    client::{Client, Shared},
    dialect::Dialect,
    frame::TEXT,
    histogram::Histogram,
    link::{Link, Phase},
};

const TIMER: Token = Token(usize::MAX - 1);
/// Silence after which a closed loop takes what is under way for lost and goes on.
const STALLED: Duration = Duration::from_secs(2);
/// How much longer than its silence the rest of a run may take to arrive.
const DRAIN: u32 = 4;
/// How long a join may take.
const JOIN: Duration = Duration::from_secs(30);

/// The number of the next name. Never the same twice: a nickname stays with who had it.
static NAMES: AtomicU64 = AtomicU64::new(1);

/// Who is where, and who speaks.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub rooms: u32,
    /// Members of each.
    pub members: u32,
    /// Members of each who speak.
    pub senders: u32,
}

/// When the next message is sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// So many a second in all, whatever becomes of them.
    Open { per_second: u32 },
    /// So many of each sender under way: the next goes when everybody has heard one.
    Closed { each: u32 },
}

/// How long is measured, and how long before that is not.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub warm: Duration,
    pub length: Duration,
    /// Silence after which nothing more is expected at the end.
    pub quiet: Duration,
}

/// What happened within a window.
#[derive(Debug)]
pub struct Talked<U> {
    /// What was seen at its beginning and its end.
    pub seen: (U, U),
    pub elapsed: Duration,
    pub heard: u64,
    /// Joins followed by a leave.
    pub cycles: u64,
    pub latency: Histogram,
    /// Deliveries still on their way when nobody waited any longer.
    pub late: u64,
}

/// The clients of one server.
#[derive(Debug)]
pub struct Load {
    poll: Poll,
    timer: OwnedFd,
    timer_at: u64,
    started: Instant,
    address: SocketAddr,
    host: String,
    shape: Shape,
    clients: Vec<Client>,
    /// Whether those who come and go still come.
    coming: bool,
    shared: Shared,
}

impl Load {
    /// Clients for a server; nobody is connected yet. `history` is how many entries each asks for when it joins.
    ///
    /// # Errors
    /// The system's.
    pub fn new(address: SocketAddr, dialect: Dialect, shape: Shape, history: u32) -> io::Result<Self> {
        let poll = Poll::new()?;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        poll.registry().register(&mut SourceFd(&timer.as_raw_fd()), TIMER, Interest::READABLE)?;
        let rooms = (0..shape.rooms).map(|room| Room::new(room, shape.members, shape.senders));
        Ok(Self {
            poll,
            timer,
            timer_at: 0,
            started: Instant::now(),
            address,
            host: address.to_string(),
            shape,
            clients: Vec::new(),
            coming: false,
            shared: Shared::new(dialect, history, rooms.collect()),
        })
    }

    /// Lets members join, spread over the rooms in turn, until there are `members` in all; `at_once` of them at a time.
    ///
    /// # Errors
    /// When one does not get in.
    pub fn join(&mut self, members: usize, at_once: usize) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut last = (Instant::now(), self.shared.joined);
        while self.shared.joined < members {
            while self.clients.len() < members && self.clients.len() - self.shared.joined < at_once {
                let room = self.clients.len() as u32 % self.shape.rooms;
                self.connect(self.clients.len(), room, false)?;
            }
            self.turn(&mut events, JOIN)?;
            if self.shared.joined > last.1 {
                last = (Instant::now(), self.shared.joined);
            }
            if self.shared.tally.broken > 0 || last.0.elapsed() > JOIN {
                let why = self.trouble().unwrap_or("no answer in time");
                return Err(io::Error::other(format!("{} of {members} joined: {why}", last.1)));
            }
        }
        Ok(())
    }

    /// Speaks, and listens, while so many `comers` join the first room and leave it again, all the time. `observe` is called
    /// at either end of the window.
    ///
    /// # Errors
    /// The system's. What the server does wrong is in the [`tally`](Self::tally).
    pub fn talk<U>(
        &mut self,
        pace: Pace,
        window: Window,
        comers: usize,
        mut observe: impl FnMut() -> io::Result<U>,
    ) -> io::Result<Talked<U>> {
        let mut events = Events::with_capacity(1024);
        self.shared.done.clear();
        self.coming = true;
        for comer in 0..comers {
            self.connect((self.shape.rooms * self.shape.members) as usize + comer, 0, true)?;
        }
        let begin = self.now() + nanos(window.warm);
        let end = begin + nanos(window.length);
        let mut before = None;
        let mut turn = Turn { due: self.now(), sent: 0, last_heard: (0, self.now()) };
        self.speak_first(pace, &mut turn);
        loop {
            let now = self.now();
            if before.is_none() && now >= begin {
                self.shared.latency.clear();
                before = Some((observe()?, now, self.shared.tally.heard, self.shared.cycles));
            }
            // Also at the end: all that was due is said, however long a busy machine kept this thread from it.
            self.speak(pace, now.min(end), &mut turn);
            if now >= end {
                break;
            }
            let mark = if before.is_none() { begin } else { end };
            self.wake_at(if matches!(pace, Pace::Open { .. }) { mark.min(turn.due) } else { mark })?;
            self.turn(&mut events, STALLED)?;
        }
        let after = observe()?;
        let (before, begun, heard, cycles) = before.expect("the window begins before it ends");
        let latency = self.shared.latency.clone();
        let talked = (self.shared.tally.heard - heard, self.shared.cycles - cycles);
        let elapsed = Duration::from_nanos(self.now() - begun);
        let late = self.drain(&mut events, window.quiet)?;
        Ok(Talked { seen: (before, after), elapsed, heard: talked.0, cycles: talked.1, latency, late })
    }

    /// What was heard so far, and what was wrong.
    pub fn tally(&self) -> Tally {
        self.shared.tally
    }

    /// The first thing that went wrong, in words.
    pub fn trouble(&self) -> Option<&str> {
        self.shared.trouble.as_deref()
    }

    fn now(&self) -> u64 {
        nanos(self.started.elapsed())
    }

    fn connect(&mut self, at: usize, room: u32, comes_and_goes: bool) -> io::Result<()> {
        let name = format!("m{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let request = self.shared.dialect.request(&self.host, room, &name);
        let link = Link::connect(self.poll.registry(), Token(at), self.address, request)?;
        let client = Client::new(link, room, comes_and_goes);
        match self.clients.get_mut(at) {
            Some(place) => *place = client,
            None => self.clients.push(client),
        }
        Ok(())
    }

    fn turn(&mut self, events: &mut Events, at_most: Duration) -> io::Result<()> {
        match self.poll.poll(events, Some(at_most)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in events.iter().filter(|event| event.token() != TIMER) {
            let now = self.now();
            let at = event.token().0;
            let client = &mut self.clients[at];
            if client.link.phase == Phase::Gone {
                continue;
            }
            client.serve(&mut self.shared, event.is_read_closed(), now);
            if client.link.phase == Phase::Gone && client.comes_and_goes && self.coming {
                let room = client.room;
                self.connect(at, room, true)?;
            }
        }
        Ok(())
    }

    fn speak_first(&mut self, pace: Pace, turn: &mut Turn) {
        if let Pace::Closed { each } = pace {
            for sender in 0..self.shape.senders {
                for room in 0..self.shape.rooms {
                    (0..each).for_each(|_| self.say(room, sender, turn.due));
                }
            }
        }
    }

    fn speak(&mut self, pace: Pace, now: u64, turn: &mut Turn) {
        match pace {
            Pace::Open { per_second } => {
                let senders = u64::from(self.shape.rooms * self.shape.senders);
                while turn.due <= now {
                    let at = turn.sent % senders;
                    let rooms = u64::from(self.shape.rooms);
                    self.say((at % rooms) as u32, (at / rooms) as u32, turn.due);
                    turn.sent += 1;
                    turn.due += 1_000_000_000 / u64::from(per_second);
                }
            }
            Pace::Closed { .. } => {
                let mut done = std::mem::take(&mut self.shared.done);
                for (room, sender) in done.drain(..) {
                    self.say(room, sender, now);
                }
                self.shared.done = done;
                if self.shared.tally.heard != turn.last_heard.0 {
                    turn.last_heard = (self.shared.tally.heard, now);
                } else if now.saturating_sub(turn.last_heard.1) > nanos(STALLED) {
                    turn.last_heard.1 = now;
                    turn.due = now;
                    self.speak_first(pace, turn);
                }
            }
        }
    }

    fn say(&mut self, room: u32, sender: u32, due: u64) {
        let Shared { rooms, frame, dialect, .. } = &mut self.shared;
        dialect.say(frame, rooms[room as usize].say(sender, due));
        // A connection that is over says so when it is read.
        let _ = self.clients[(sender * self.shape.rooms + room) as usize].link.send(TEXT, frame);
    }

    /// Waits for what is under way; says how much of it was still coming when the patience ended.
    fn drain(&mut self, events: &mut Events, quiet: Duration) -> io::Result<u64> {
        self.coming = false;
        let begun = Instant::now();
        let mut last = (Instant::now(), self.shared.tally.heard);
        let flowing = loop {
            if self.shared.rooms.iter().all(|room| room.under_way() == 0) || last.0.elapsed() > quiet {
                break false;
            }
            if begun.elapsed() > quiet * DRAIN {
                break true;
            }
            self.turn(events, quiet)?;
            if self.shared.tally.heard != last.1 {
                last = (Instant::now(), self.shared.tally.heard);
            }
        };
        let Self { clients, shared, shape, .. } = self;
        let members = &clients[..(shape.rooms * shape.members) as usize];
        let missed: u64 =
            members.iter().map(|client| shared.rooms[client.room as usize].missed(&client.place)).sum();
        let missed = missed + shared.rooms.iter().map(Room::unheard).sum::<u64>();
        if !flowing {
            shared.tally.lost = missed;
        }
        Ok(if flowing { missed } else { 0 })
    }

    /// Ends the next wait at a moment; exactly, where the poll's own patience counts in milliseconds.
    fn wake_at(&mut self, at: u64) -> io::Result<()> {
        if self.timer_at == at {
            return Ok(());
        }
        self.timer_at = at;
        // Zero would disarm it.
        let wait = at.saturating_sub(self.now()).max(1);
        let (seconds, nanos) = (wait / 1_000_000_000, wait % 1_000_000_000);
        let once = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: seconds as i64, tv_nsec: nanos as i64 },
        };
        let _ = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }
}

/// Where the speaking stands.
struct Turn {
    /// When the next message of an open loop is due.
    due: u64,
    sent: u64,
    /// How many deliveries there were, and when that last changed.
    last_heard: (u64, u64),
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}
