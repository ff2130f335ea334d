//! Server-side WebSocket frames (RFC 6455 §5.2): unmasked, never fragmented, encoded once.

use bytes::{BufMut, Bytes, BytesMut};
use snug_shared::CloseReason;

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

/// A control frame's payload in bytes, at most (RFC 6455 §5.5).
const CONTROL_BYTES: usize = 125;

/// A text frame.
pub fn text(payload: &str) -> Bytes {
    frame(TEXT, payload.as_bytes())
}

/// A binary frame. No dialect has any; it serves who tries the transport alone.
pub fn binary(payload: &[u8]) -> Bytes {
    frame(BINARY, payload)
}

/// What a frame of ours carries.
pub fn payload(frame: &Bytes) -> Bytes {
    let header = match frame.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    frame.slice(header.min(frame.len())..)
}

/// A close frame with its code and the reason's name.
pub fn close(reason: CloseReason) -> Bytes {
    let mut payload = reason.code().to_be_bytes().to_vec();
    payload.extend_from_slice(reason.name().as_bytes());
    payload.truncate(CONTROL_BYTES);
    frame(CLOSE, &payload)
}

/// An empty ping.
pub fn ping() -> Bytes {
    frame(PING, &[])
}

fn frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_u8(FINAL | opcode);
    match payload.len() {
        short @ 0..=125 => frame.put_u8(short as u8),
        middle @ 126..=65_535 => {
            frame.put_u8(126);
            frame.put_u16(middle as u16);
        }
        long => {
            frame.put_u8(127);
            frame.put_u64(long as u64);
        }
    }
    frame.put_slice(payload);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_of_the_three_forms() {
        assert_eq!(text("hi").as_ref(), b"\x81\x02hi");
        assert_eq!(text(&"a".repeat(125))[..2], [0x81, 125]);
        assert_eq!(text(&"a".repeat(126))[..4], [0x81, 126, 0, 126]);
        assert_eq!(text(&"a".repeat(65_535))[..4], [0x81, 126, 0xff, 0xff]);
        assert_eq!(text(&"a".repeat(65_536))[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            assert_eq!(payload(&text(&"a".repeat(length))), "a".repeat(length));
        }
    }

    #[test]
    fn a_close_carries_its_code_and_name() {
        assert_eq!(close(CloseReason::TooSlow).as_ref(), b"\x88\x0a\x0f\xa8too_slow");
        assert_eq!(ping().as_ref(), b"\x89\x00");
    }
}
