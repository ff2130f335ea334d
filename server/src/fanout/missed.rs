//! Entries read from the log, in frames within their limit.

use std::{borrow::Cow, iter, sync::OnceLock};

use bytes::Bytes;
use snug_shared::{Line, Seq, limits::SERVER_FRAME_BYTES};

use super::Outbound;
use crate::{
    dialect::Dialect,
    websocket::{self, Frame},
};

/// Bytes that an `entries` or `history` frame needs around its entries.
const ENVELOPE: usize = 128;

/// A block of entries that a member missed. Its frames are made once for all native clients that missed the same block.
#[derive(Debug, Default)]
pub struct Missed {
    entries: Vec<Line>,
    more: bool,
    /// Without and with the flag that ends the replay.
    native: [OnceLock<Vec<Bytes>>; 2],
}

impl Missed {
    /// A block of consecutive entries. `more`: later entries are in the log.
    pub fn new(entries: Vec<Line>, more: bool) -> Self {
        Self { entries, more, native: Default::default() }
    }

    /// The newest entry in the block.
    pub fn last(&self) -> Option<Seq> {
        self.entries.last().map(Line::seq)
    }

    /// Whether later entries are in the log.
    pub fn more(&self) -> bool {
        self.more
    }

    /// The block in the dialect of a connection. `live`: it is the last one.
    pub fn frames(&self, outbound: &Outbound, live: bool) -> Cow<'_, [Bytes]> {
        match outbound.dialect {
            Dialect::Native => {
                let frames = || frames(&encode_all(&self.entries), live);
                Cow::Borrowed(self.native[usize::from(live)].get_or_init(frames))
            }
            dialect @ (Dialect::Plain | Dialect::Lobby) => self
                .entries
                .iter()
                .filter_map(Line::entry)
                .filter(|entry| !outbound.keeps_back(&entry.id))
                .filter_map(|entry| dialect.entry(entry))
                .map(Bytes::from)
                .collect(),
        }
    }
}

/// The answer to `history`: the newest of these entries that fit into one frame.
pub fn history(before: Seq, entries: &[Line], more: bool) -> Frame {
    let encoded = encode_all(entries);
    let mut room = SERVER_FRAME_BYTES - ENVELOPE;
    let mut from = encoded.len();
    while let Some(entry) = from.checked_sub(1).map(|at| &encoded[at]) {
        match room.checked_sub(entry.len() + 1) {
            Some(left) => room = left,
            None => break,
        }
        from -= 1;
    }
    let more = more || from > 0;
    let (begin, end) =
        (format!(r#"{{"type":"history","before":{before},"entries":["#), format!(r#"],"more":{more}}}"#));
    websocket::concat(iter::once(&*begin).chain(list(&encoded[from..])).chain([&*end]))
}

fn encode_all(entries: &[Line]) -> Vec<String> {
    entries.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default()).collect()
}

/// `entries` frames within their limit, at least one when the last of them says `live`.
fn frames(encoded: &[String], live: bool) -> Vec<Bytes> {
    let mut groups: Vec<&[String]> = Vec::new();
    let (mut start, mut size) = (0, ENVELOPE);
    for (at, entry) in encoded.iter().enumerate() {
        if size + entry.len() + 1 > SERVER_FRAME_BYTES && at > start {
            groups.push(&encoded[start..at]);
            (start, size) = (at, ENVELOPE);
        }
        size += entry.len() + 1;
    }
    if start < encoded.len() || live {
        groups.push(&encoded[start..]);
    }
    let last = groups.len().saturating_sub(1);
    let frame = |(at, group): (usize, &[String])| {
        let end = if live && at == last { r#"],"live":true}"# } else { "]}" };
        let begin = r#"{"type":"entries","entries":["#;
        websocket::concat(iter::once(begin).chain(list(group)).chain([end])).into()
    };
    groups.into_iter().enumerate().map(frame).collect()
}

/// The pieces of a JSON list, without its brackets.
fn list(items: &[String]) -> impl Iterator<Item = &str> + Clone {
    items.iter().enumerate().flat_map(|(at, item)| [if at == 0 { "" } else { "," }, item])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(frames: &[Bytes]) -> Vec<String> {
        let text = |frame: &Bytes| {
            let header = match frame[1] {
                126 => 4,
                127 => 10,
                _ => 2,
            };
            String::from_utf8(frame[header..].to_vec()).unwrap()
        };
        frames.iter().map(text).collect()
    }

    #[test]
    fn frames_are_cut_before_their_limit_and_only_the_last_is_live() {
        let encoded = vec![format!("\"{}\"", "x".repeat(100 * 1024)); 5];
        let frames = payloads(&frames(&encoded, true));
        assert_eq!(frames.len(), 3);
        assert!(frames.iter().all(|frame| frame.len() <= SERVER_FRAME_BYTES));
        let live: Vec<bool> = frames.iter().map(|frame| frame.ends_with(r#""live":true}"#)).collect();
        assert_eq!(live, [false, false, true]);
    }

    #[test]
    fn nothing_missed_is_still_told_to_be_live() {
        assert_eq!(payloads(&frames(&[], true)), [r#"{"type":"entries","entries":[],"live":true}"#]);
        assert!(frames(&[], false).is_empty());
    }
}
