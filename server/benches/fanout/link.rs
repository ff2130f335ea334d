//! One client's connection: what it still has to write, and what it has read of a frame.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
};

use mio::{Interest, Registry, Token, net::TcpStream};

use super::frame::{self, Frame};

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The answer to the upgrade is awaited.
    Upgrading,
    /// The greeting is under way.
    Greeting,
    /// It hears what is said in its room.
    Joined,
    /// It has said goodbye.
    Leaving,
    /// It is over.
    Gone,
}

/// A connection that never waits.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    pub phase: Phase,
    unsent: Vec<u8>,
    /// The beginning of a frame of which the end has not come.
    begun: Vec<u8>,
}

/// What there is to handle.
#[derive(Debug)]
pub enum Arrived<'a> {
    /// The server said yes.
    Upgraded,
    /// A frame.
    Frame(Frame<'a>),
}

impl Link {
    /// Begins to connect; `request` goes out as soon as it can.
    pub fn connect(
        registry: &Registry,
        token: Token,
        address: SocketAddr,
        request: Vec<u8>,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, phase: Phase::Upgrading, unsent: request, begun: Vec::new() })
    }

    /// Sends a frame, now or as soon as the socket takes it.
    pub fn send(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        frame::masked(&mut self.unsent, opcode, payload);
        self.flush()
    }

    /// Writes what the socket takes.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads all there is and hands it out piece by piece. `room` is where it is read to, shared by all; `ends` says that the
    /// other side has closed behind it.
    ///
    /// # Errors
    /// When the connection is over, in whatever way.
    pub fn read(
        &mut self,
        room: &mut [u8],
        ends: bool,
        mut handle: impl FnMut(&mut Self, Arrived<'_>),
    ) -> io::Result<()> {
        loop {
            let kept = self.begun.len();
            room[..kept].copy_from_slice(&self.begun);
            let read = match self.stream.read(&mut room[kept..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let whole = kept + read;
            let used = self.take_apart(&room[..whole], &mut handle)?;
            self.begun.clear();
            self.begun.extend_from_slice(&room[used..whole]);
            // A read that does not fill the room has emptied the socket, and only an end is still to be seen.
            if whole < room.len() && !ends {
                return Ok(());
            }
        }
    }

    fn take_apart(
        &mut self,
        bytes: &[u8],
        handle: &mut impl FnMut(&mut Self, Arrived<'_>),
    ) -> io::Result<usize> {
        let mut used = 0;
        if self.phase == Phase::Upgrading {
            let Some(end) = frame::head_end(bytes) else { return Ok(0) };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                let answer = String::from_utf8_lossy(&bytes[..end.min(200)]).into_owned();
                return Err(io::Error::other(format!("no upgrade: {answer}")));
            }
            used = end;
            self.phase = Phase::Greeting;
            handle(self, Arrived::Upgraded);
        }
        while let Some(frame) = Frame::first(&bytes[used..]) {
            used += frame.whole.len();
            handle(self, Arrived::Frame(frame));
        }
        Ok(used)
    }
}
