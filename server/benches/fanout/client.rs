//! One client's behaviour: greet, join, listen, answer; or, for those who come and go, leave at once.

use super::{
    check::{Outcome, Place, Room, Tally},
    dialect::{Dialect, Heard},
    frame::{CLOSE, Frame, PING, PONG, TEXT},
    histogram::Histogram,
    link::{Arrived, Link, Phase},
};

/// More than the largest frame a server sends.
const READ_BYTES: usize = 512 * 1024;
/// `1000`: goodbye for no particular reason.
const NORMAL: [u8; 2] = 1000u16.to_be_bytes();

/// A client and its place in a room.
#[derive(Debug)]
pub struct Client {
    pub link: Link,
    pub room: u32,
    pub place: Place,
    /// Leaves as soon as it has joined, and is to come again.
    pub comes_and_goes: bool,
}

/// What all clients share.
#[derive(Debug)]
pub struct Shared {
    pub dialect: Dialect,
    /// Entries asked for in a hello.
    history: u32,
    pub rooms: Vec<Room>,
    /// Where everything is read to.
    buffer: Vec<u8>,
    /// Where a message is written before it goes out.
    pub frame: Vec<u8>,
    pub tally: Tally,
    pub latency: Histogram,
    /// Members who have joined to stay.
    pub joined: usize,
    /// Joins followed by a leave.
    pub cycles: u64,
    /// Rooms and senders whose message everybody has heard.
    pub done: Vec<(u32, u32)>,
    /// The first thing that went wrong, in words.
    pub trouble: Option<String>,
}

impl Shared {
    /// Nobody has joined yet.
    pub fn new(dialect: Dialect, history: u32, rooms: Vec<Room>) -> Self {
        Self {
            dialect,
            history,
            rooms,
            buffer: vec![0; READ_BYTES],
            frame: Vec::new(),
            tally: Tally::default(),
            latency: Histogram::default(),
            joined: 0,
            cycles: 0,
            done: Vec::new(),
            trouble: None,
        }
    }

    fn note(&mut self, trouble: &[u8]) {
        let _ = self.trouble.get_or_insert_with(|| String::from_utf8_lossy(trouble).into_owned());
    }
}

impl Client {
    /// A client whose connection has begun.
    pub fn new(link: Link, room: u32, comes_and_goes: bool) -> Self {
        Self { link, room, place: Place::default(), comes_and_goes }
    }

    /// Writes what waits, reads what came, up to the end when the server `ends` it, and does what is to be done about it.
    pub fn serve(&mut self, shared: &mut Shared, ends: bool, now: u64) {
        let mut buffer = std::mem::take(&mut shared.buffer);
        let Self { link, room, place, comes_and_goes } = self;
        let mut hearing =
            Hearing { room: *room, place, comes_and_goes: *comes_and_goes, shared, closed: false, now };
        let read = link
            .flush()
            .and_then(|()| link.read(&mut buffer, ends, |link, arrived| hearing.take(link, arrived)));
        let closed = hearing.closed;
        shared.buffer = buffer;
        if let Err(error) = &read
            && link.phase != Phase::Leaving
        {
            shared.note(error.to_string().as_bytes());
        }
        if read.is_err() || closed {
            match link.phase {
                Phase::Leaving => shared.cycles += 1,
                _ => shared.tally.broken += 1,
            }
            link.phase = Phase::Gone;
        }
    }
}

/// A client while it reads.
struct Hearing<'a> {
    room: u32,
    place: &'a mut Place,
    comes_and_goes: bool,
    shared: &'a mut Shared,
    /// Whether the server has said goodbye.
    closed: bool,
    now: u64,
}

impl Hearing<'_> {
    fn take(&mut self, link: &mut Link, arrived: Arrived<'_>) {
        // What cannot be sent any more shows when the end is read.
        match arrived {
            Arrived::Upgraded => match self.shared.dialect.hello(self.shared.history) {
                Some(hello) => drop(link.send(TEXT, hello.as_bytes())),
                None => self.join(link),
            },
            Arrived::Frame(frame) => match frame.opcode {
                TEXT if link.phase == Phase::Joined => self.hear(&frame),
                TEXT if link.phase == Phase::Greeting => match self.shared.dialect.hear(frame.payload) {
                    Heard::Joined => self.join(link),
                    Heard::Refused => self.refused(&frame),
                    Heard::Message(..) | Heard::Other => {}
                },
                PING => drop(link.send(PONG, frame.payload)),
                CLOSE => {
                    self.closed = true;
                    if link.phase != Phase::Leaving {
                        self.shared.note(frame.payload.get(2..).unwrap_or_default());
                    }
                }
                _ => {}
            },
        }
    }

    fn join(&mut self, link: &mut Link) {
        if self.comes_and_goes {
            link.phase = Phase::Leaving;
            let _ = link.send(CLOSE, &NORMAL);
        } else {
            link.phase = Phase::Joined;
            self.shared.joined += 1;
        }
    }

    fn hear(&mut self, frame: &Frame<'_>) {
        let Shared { rooms, dialect, latency, tally, .. } = &mut *self.shared;
        match rooms[self.room as usize].hear(self.place, *dialect, frame, self.now, latency, tally) {
            Outcome::Message { done: Some(sender) } => self.shared.done.push((self.room, sender)),
            Outcome::Else(Heard::Refused) => self.refused(frame),
            Outcome::Message { .. } | Outcome::Else(_) => {}
        }
    }

    fn refused(&mut self, frame: &Frame<'_>) {
        self.shared.tally.refused += 1;
        self.shared.note(frame.payload);
    }
}
