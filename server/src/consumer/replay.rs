//! What a newcomer missed, in frames that fit, until they follow the room.

use std::sync::Arc;

use bytes::Bytes;
use snug_shared::{Line, Seq, limits::SERVER_FRAME_BYTES};

use super::join::Plan;
use crate::{
    Server,
    dialect::Dialect,
    fanout::{self, Outbound},
    hub::Entered,
    log::{LogError, Span},
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
    if after >= room.last() && room.go_live(outbound, &Encoded::new(outbound, &[]).frames(true), after) {
        return Ok(());
    }
    loop {
        outbound.has_room(BACKLOG).await;
        let slice = server.hub.log().read(&room.key, Span::After(after), BLOCK_ENTRIES, BLOCK_BYTES).await?;
        let (entries, more) = slice.map_or((Vec::new(), false), |slice| (slice.entries, slice.more));
        let seen = entries.last().map_or(after, Line::seq);
        let encoded = Encoded::new(outbound, &entries);
        if !more && room.go_live(outbound, &encoded.frames(true), seen) {
            return Ok(());
        }
        outbound.send(encoded.frames(false));
        after = seen;
    }
}

/// A block of the replay in the words of who gets it.
enum Encoded {
    /// Entries, to be put into frames.
    Native(Vec<String>),
    /// A frame for each message.
    Other(Vec<Bytes>),
}

impl Encoded {
    fn new(outbound: &Outbound, entries: &[Line]) -> Self {
        match outbound.dialect {
            Dialect::Native => Self::Native(encode_all(entries)),
            dialect @ (Dialect::Plain | Dialect::Lobby) => Self::Other(
                entries
                    .iter()
                    .filter_map(Line::entry)
                    .filter(|entry| !outbound.keeps_back(&entry.id))
                    .filter_map(|entry| dialect.entry(entry))
                    .collect(),
            ),
        }
    }

    fn frames(&self, live: bool) -> Vec<Bytes> {
        match self {
            Self::Native(encoded) => frames(encoded, live),
            Self::Other(frames) => frames.clone(),
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
