//! Server-side WebSocket frames (RFC 6455 §5.2): unmasked, never fragmented, encoded once.

use bytes::{Buf, BufMut, Bytes};
use serde::Serialize;
use snug_shared::CloseReason;

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

/// Bytes of the longest header.
const HEADER_BYTES: usize = 10;
/// Bytes of a control frame's payload, at most (RFC 6455 §5.5).
const CONTROL_BYTES: usize = 125;

/// A whole frame: its header and its payload in one shared buffer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    bytes: Bytes,
    /// Bytes of the header, before the payload.
    header: u8,
}

impl Frame {
    /// The frame as it goes over the wire.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What the frame carries.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[usize::from(self.header)..]
    }

    /// A frame whose payload is written in place, so that it is never copied. `length` is about how long it will be.
    fn write(opcode: u8, length: usize, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut frame = Vec::with_capacity(HEADER_BYTES + length);
        frame.resize(HEADER_BYTES, 0);
        write(&mut frame);
        // The header lies right before the payload, and what is unused of its space before that.
        let payload = frame.len() - HEADER_BYTES;
        let unused = match payload {
            0..=125 => 8,
            126..=65_535 => 6,
            _ => 0,
        };
        let mut header = &mut frame[unused..HEADER_BYTES];
        header.put_u8(FINAL | opcode);
        match payload {
            short @ 0..=125 => header.put_u8(short as u8),
            middle @ 126..=65_535 => {
                header.put_u8(126);
                header.put_u16(middle as u16);
            }
            long => {
                header.put_u8(127);
                header.put_u64(long as u64);
            }
        }
        let mut bytes = Bytes::from(frame);
        bytes.advance(unused);
        Self { bytes, header: (HEADER_BYTES - unused) as u8 }
    }
}

impl From<Frame> for Bytes {
    fn from(frame: Frame) -> Self {
        frame.bytes
    }
}

/// A text frame.
pub fn text(payload: &str) -> Frame {
    Frame::write(TEXT, payload.len(), |frame| frame.extend_from_slice(payload.as_bytes()))
}

/// A text frame with a value as JSON. `length` is about how long that is.
pub fn json(value: &impl Serialize, length: usize) -> Frame {
    Frame::write(TEXT, length, |frame| {
        // Frames are checked values in structs: there is nothing that JSON could not hold, and memory takes every write.
        let _ = serde_json::to_writer(frame, value);
    })
}

/// A text frame of several pieces, one behind the other.
pub fn concat<'a>(pieces: impl Iterator<Item = &'a str> + Clone) -> Frame {
    let length = pieces.clone().map(str::len).sum();
    Frame::write(TEXT, length, |frame| pieces.for_each(|piece| frame.extend_from_slice(piece.as_bytes())))
}

/// A binary frame. No dialect has any; it serves tests of the transport alone.
pub fn binary(payload: &[u8]) -> Frame {
    Frame::write(BINARY, payload.len(), |frame| frame.extend_from_slice(payload))
}

/// A close frame with its code and the reason's name.
pub fn close(reason: CloseReason) -> Frame {
    let name = reason.name().as_bytes();
    Frame::write(CLOSE, CONTROL_BYTES, |frame| {
        frame.put_u16(reason.code());
        frame.extend_from_slice(&name[..name.len().min(CONTROL_BYTES - 2)]);
    })
}

/// An empty ping.
pub fn ping() -> Frame {
    Frame::write(PING, 0, |_| {})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_of_the_three_forms() {
        let begin = |length: usize| text(&"a".repeat(length)).bytes().clone();
        assert_eq!(text("hi").bytes().as_ref(), b"\x81\x02hi");
        assert_eq!(begin(125)[..2], [0x81, 125]);
        assert_eq!(begin(126)[..4], [0x81, 126, 0, 126]);
        assert_eq!(begin(65_535)[..4], [0x81, 126, 0xff, 0xff]);
        assert_eq!(begin(65_536)[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let frame = text(&"a".repeat(length));
            assert_eq!(frame.payload(), "a".repeat(length).as_bytes());
            assert!(frame.bytes().ends_with(frame.payload()));
        }
    }

    #[test]
    fn a_payload_is_the_same_however_it_is_written() {
        let value = ["say \"hi\"", "☕"];
        let whole = text(&serde_json::to_string(&value).unwrap());
        assert_eq!(json(&value, 0), whole);
        assert_eq!(concat(["[", r#""say \"hi\"""#, ",", "\"☕\"", "]"].into_iter()), whole);
    }

    #[test]
    fn a_close_carries_its_code_and_name() {
        assert_eq!(close(CloseReason::TooSlow).bytes().as_ref(), b"\x88\x0a\x0f\xa8too_slow");
        assert_eq!(ping().bytes().as_ref(), b"\x89\x00");
    }
}
