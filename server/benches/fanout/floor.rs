//! The floor: a server that does nothing but the upgrade and hand every message to everybody in the room it was sent to. No
//! JSON, no names, no history, no limits. What it costs is what the kernel takes; the rest of any server is its own.
//!
//! Single-threaded, on the library the load generator uses.

use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
};

use clap::ValueEnum;
use mio::{
    Events, Interest, Poll, Registry, Token,
    net::{TcpListener, TcpStream},
};
use socket2::{Domain, Socket, Type};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::frame::{self, CLOSE, Frame};

const LISTENER: Token = Token(usize::MAX - 1);
const BACKLOG: i32 = 4096;
const READ_BYTES: usize = 64 * 1024;

/// How frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Each to each member by itself, at once.
    OneWrite,
    /// Those of one round of the poll together, once to each member.
    Joined,
}

/// What a floor does wrong, to every fiftieth message of a member, so that it can be seen to be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    Drop,
    Double,
    Reorder,
    Misroute,
}

/// Messages of a room from one fault to the next.
const FAULTY: u64 = 50;

/// The server.
#[derive(Debug)]
pub struct Floor {
    poll: Poll,
    listener: TcpListener,
    form: Form,
    fault: Option<Fault>,
    members: Vec<Option<Member>>,
    free: Vec<usize>,
    rooms: Vec<Room>,
    names: HashMap<Vec<u8>, usize>,
    /// Rooms with frames to be written at the end of the round.
    waiting: Vec<usize>,
}

#[derive(Debug)]
struct Member {
    stream: TcpStream,
    /// Its room, and its index there; none before the upgrade.
    place: Option<(usize, usize)>,
    begun: Vec<u8>,
    /// What the socket did not take.
    unsent: Vec<u8>,
}

#[derive(Debug, Default)]
struct Room {
    members: Vec<usize>,
    frames: Vec<u8>,
    said: u64,
    /// Of the member to whom things happen in another order.
    withheld: Vec<u8>,
}

impl Floor {
    /// Listens.
    ///
    /// # Errors
    /// The system's.
    pub fn bind(address: SocketAddr, form: Form, fault: Option<Fault>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let mut listener = TcpListener::from_std(socket.into());
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            form,
            fault,
            members: Vec::new(),
            free: Vec::new(),
            rooms: Vec::new(),
            names: HashMap::new(),
            waiting: Vec::new(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// The system's.
    pub fn serve(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(at) => self.look_after(at, event.is_read_closed(), &mut buffer),
                }
            }
            for room in std::mem::take(&mut self.waiting) {
                self.write_out(room);
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // That one has gone again.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            let at = self.free.pop().unwrap_or_else(|| {
                self.members.push(None);
                self.members.len() - 1
            });
            self.members[at] = Some(Member::new(stream, at, self.poll.registry())?);
        }
    }

    /// Reads what a member sent, up to its end if it has closed behind it, and writes on what it was owed.
    fn look_after(&mut self, at: usize, ends: bool, buffer: &mut [u8]) {
        loop {
            let Some(member) = &mut self.members[at] else { return };
            let kept = member.begun.len();
            buffer[..kept].copy_from_slice(&member.begun);
            let read = match member.flush().and_then(|()| member.stream.read(&mut buffer[kept..])) {
                Ok(read @ 1..) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => return self.leave(at),
            };
            let whole = kept + read;
            let Some(used) = self.take_apart(at, &buffer[..whole]) else { return self.leave(at) };
            if let Some(member) = &mut self.members[at] {
                member.begun.clear();
                member.begun.extend_from_slice(&buffer[used..whole]);
            }
            if whole < buffer.len() && !ends {
                return;
            }
        }
    }

    /// Serves what is whole of what was read, and says how much that was; nothing when the connection is over.
    fn take_apart(&mut self, at: usize, bytes: &[u8]) -> Option<usize> {
        let mut used = 0;
        let room = match self.members[at].as_ref()?.place {
            Some((room, _)) => room,
            None => {
                let Some(end) = frame::head_end(bytes) else { return Some(0) };
                used = end;
                self.upgrade(at, &bytes[..end])?
            }
        };
        while let Some(frame) = Frame::first(&bytes[used..]) {
            used += frame.whole.len();
            if frame.opcode == CLOSE {
                let mut goodbye = Vec::new();
                frame.relay_into(&mut goodbye);
                let _ = self.members[at].as_mut()?.write(&goodbye);
                return None;
            }
            self.hand_out(room, &frame);
        }
        Some(used)
    }

    fn upgrade(&mut self, at: usize, head: &[u8]) -> Option<usize> {
        let path = head.strip_prefix(b"GET ")?.split(|byte| *byte == b' ').next()?;
        let name = b"Sec-WebSocket-Key: ";
        let key = &head[frame::find(head, name)? + name.len()..];
        let accept = derive_accept_key(key.split(|byte| *byte == b'\r').next()?);
        let room = *self.names.entry(path.to_vec()).or_insert_with(|| {
            self.rooms.push(Room::default());
            self.rooms.len() - 1
        });
        let member = self.members[at].as_mut()?;
        member.place = Some((room, self.rooms[room].members.len()));
        self.rooms[room].members.push(at);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        member.write(answer.as_bytes()).ok().map(|()| room)
    }

    fn hand_out(&mut self, room: usize, frame: &Frame<'_>) {
        if let Some(fault) = self.fault {
            return self.hand_out_wrongly(room, frame, fault);
        }
        let frames = &mut self.rooms[room].frames;
        let is_first = frames.is_empty();
        frame.relay_into(frames);
        match self.form {
            Form::OneWrite => self.write_out(room),
            Form::Joined if is_first => self.waiting.push(room),
            Form::Joined => {}
        }
    }

    fn hand_out_wrongly(&mut self, room: usize, frame: &Frame<'_>, fault: Fault) {
        let mut bytes = Vec::new();
        frame.relay_into(&mut bytes);
        let count = self.rooms.len();
        let state = &mut self.rooms[room];
        state.said += 1;
        let Some((victim, others)) = state.members.split_last() else { return };
        for other in others {
            if let Some(member) = &mut self.members[*other] {
                let _ = member.write(&bytes);
            }
        }
        let mut target = *victim;
        let withheld = std::mem::take(&mut state.withheld);
        let faulty = state.said.is_multiple_of(FAULTY);
        let sent = match (faulty, fault) {
            (false, _) | (true, Fault::Misroute) => bytes,
            (true, Fault::Drop) => Vec::new(),
            (true, Fault::Double) => bytes.repeat(2),
            (true, Fault::Reorder) => {
                state.withheld = bytes;
                Vec::new()
            }
        };
        if faulty && fault == Fault::Misroute {
            target = self.rooms[(room + 1) % count].members[0];
        }
        if let Some(member) = &mut self.members[target] {
            let _ = member.write(&[sent, withheld].concat());
        }
    }

    fn write_out(&mut self, room: usize) {
        let room = &mut self.rooms[room];
        for at in &room.members {
            if let Some(member) = &mut self.members[*at] {
                // A connection that is over says so when it is read.
                let _ = member.write(&room.frames);
            }
        }
        room.frames.clear();
    }

    fn leave(&mut self, at: usize) {
        let Some(member) = self.members[at].take() else { return };
        self.free.push(at);
        if let Some((room, index)) = member.place {
            let room = &mut self.rooms[room].members;
            let _ = room.swap_remove(index);
            if let Some(moved) = room.get(index).and_then(|at| self.members[*at].as_mut()) {
                moved.place = moved.place.map(|(room, _)| (room, index));
            }
        }
    }
}

impl Member {
    fn new(mut stream: TcpStream, at: usize, registry: &Registry) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        registry.register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, place: None, begun: Vec::new(), unsent: Vec::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = 0;
        if self.unsent.is_empty() {
            written = match self.stream.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                written => written?,
            };
        }
        self.unsent.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            self.write(&unsent)?;
        }
        Ok(())
    }
}
