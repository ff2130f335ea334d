//! What a newcomer missed, in frames that fit, until they follow the room.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use snug_shared::{Line, Seq, limits::SERVER_FRAME_BYTES};

use super::join::Plan;
use crate::{
    Server,
    dialect::Dialect,
    fanout::{self, Outbound},
    hub::Entered,
    log::{LogError, Slice, Span},
};

/// Entries read from the log at once.
const BLOCK_ENTRIES: usize = 500;
/// Bytes of text read from the log at once; their JSON is at most about twice that.
pub(super) const BLOCK_BYTES: usize = 96 * 1024;
/// Bytes that may still wait for the socket when the next block is read.
const BACKLOG: usize = 64 * 1024;
/// What an `entries` or `history` frame needs around its entries.
const ENVELOPE: usize = 128;

/// Sends every entry after the plan's, block by block as fast as the socket takes them, and lets the member follow the room
/// from the last of them: nothing is missed or doubled between.
pub(super) async fn replay(
    server: &Arc<Server>,
    room: &Entered,
    outbound: &Outbound,
    plan: Plan,
) -> Result<(), LogError> {
    let mut after = plan.after;
    // Nothing was missed, as far as the room knows; what is not in its tail yet will be. The log need not be asked.
    if after >= room.last() && room.go_live(outbound, &Missed::default().frames(outbound, true), after) {
        return Ok(());
    }
    loop {
        outbound.has_room(BACKLOG).await;
        let read = async {
            let span = Span::After(after);
            let slice = server.hub.log().read(&room.key, span, BLOCK_ENTRIES, BLOCK_BYTES).await?;
            Ok::<_, LogError>(Arc::new(slice.map_or_else(Missed::default, Missed::from)))
        };
        let missed = room.missed.answer((after, room.last()), read).await?;
        let seen = missed.entries.last().map_or(after, Line::seq);
        if !missed.more && room.go_live(outbound, &missed.frames(outbound, true), seen) {
            return Ok(());
        }
        outbound.send(missed.frames(outbound, false).iter().cloned());
        after = seen;
    }
}

/// A block of the log that somebody missed. Its frames are made once for all native clients who missed the same.
#[derive(Debug, Default)]
pub struct Missed {
    entries: Vec<Line>,
    /// Whether there are later ones.
    more: bool,
    /// Without and with the sign that the replay is over.
    native: [OnceLock<Vec<Bytes>>; 2],
}

impl From<Slice> for Missed {
    fn from(Slice { entries, more, .. }: Slice) -> Self {
        Self { entries, more, native: Default::default() }
    }
}

impl Missed {
    /// The block in the words of who gets it. `live`: it is the last one.
    fn frames(&self, outbound: &Outbound, live: bool) -> Cow<'_, [Bytes]> {
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
                .collect(),
        }
    }
}

/// The answer to `history`: the newest of these entries that fit into one frame.
pub(super) fn history(before: Seq, entries: &[Line], more: bool) -> Bytes {
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
    let entries = encoded[from..].join(",");
    fanout::text(&format!(r#"{{"type":"history","before":{before},"entries":[{entries}],"more":{more}}}"#))
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
    groups
        .into_iter()
        .enumerate()
        .map(|(at, group)| {
            let live = if live && at == last { r#","live":true"# } else { "" };
            fanout::text(&format!(r#"{{"type":"entries","entries":[{}]{live}}}"#, group.join(",")))
        })
        .collect()
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
