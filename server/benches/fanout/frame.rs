//! The little of RFC 6455 that a benchmark needs: single frames, masked or not, and the two halves of an upgrade.

/// A whole message of text.
pub const TEXT: u8 = 0x1;
/// Goodbye.
pub const CLOSE: u8 = 0x8;
/// Are you there?
pub const PING: u8 = 0x9;
/// Here I am.
pub const PONG: u8 = 0xA;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;

/// Any mask serves; it hides nothing from anybody here.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x96, 0x3c];

/// A frame at the beginning of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    pub opcode: u8,
    /// Header and payload.
    pub whole: &'a [u8],
    /// As it travels: still masked when it came from a client.
    pub payload: &'a [u8],
    mask: Option<[u8; 4]>,
}

impl<'a> Frame<'a> {
    /// The first frame of `bytes`, once it is there whole.
    pub fn first(bytes: &'a [u8]) -> Option<Self> {
        let (&[flags, short], rest) = bytes.split_first_chunk()?;
        let (length, rest) = match short & !MASKED {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::try_from(u64::from_be_bytes(*length)).ok()?, rest)
            }
            length => (usize::from(length), rest),
        };
        let (mask, rest) = match short & MASKED {
            0 => (None, rest),
            _ => {
                let (mask, rest) = rest.split_first_chunk()?;
                (Some(*mask), rest)
            }
        };
        let payload = rest.get(..length)?;
        let whole = &bytes[..bytes.len() - rest.len() + length];
        Some(Self { opcode: flags & 0x0f, whole, payload, mask })
    }

    /// Appends the same frame as a server sends it.
    pub fn relay_into(&self, out: &mut Vec<u8>) {
        header(out, self.opcode, self.payload.len(), None);
        let start = out.len();
        out.extend_from_slice(self.payload);
        if let Some(mask) = self.mask {
            apply(mask, &mut out[start..]);
        }
    }
}

/// Appends a client's frame.
pub fn masked(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    header(out, opcode, payload.len(), Some(MASK));
    let start = out.len();
    out.extend_from_slice(payload);
    apply(MASK, &mut out[start..]);
}

fn header(out: &mut Vec<u8>, opcode: u8, length: usize, mask: Option<[u8; 4]>) {
    let masked = if mask.is_some() { MASKED } else { 0 };
    out.push(FINAL | opcode);
    match length {
        0..=125 => out.push(masked | length as u8),
        126..=65_535 => {
            out.push(masked | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend(mask.into_iter().flatten());
}

fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    for (byte, mask) in bytes.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

/// Where an HTTP head ends, if it is there whole.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// Where `wanted` begins.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
