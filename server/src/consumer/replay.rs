//! The entries that a newcomer missed, sent in blocks until it follows the room.

use std::sync::Arc;

use snug_shared::Seq;

use crate::{
    Server,
    fanout::{Missed, Outbound},
    hub::Entered,
    log::{LogError, Span},
};

/// Entries read from the log at once. What is around their texts is at most about half a kilobyte each.
const BLOCK_ENTRIES: usize = 250;
/// Bytes of texts and reactions read from the log at once; their JSON is at most about twice that.
pub(super) const BLOCK_BYTES: usize = 96 * 1024;
/// Bytes that may still wait for the socket when the next block is read.
const BACKLOG: usize = 64 * 1024;

/// Sends every entry after `after`, block by block as fast as the socket takes them, and lets the member follow the room
/// from the last of them: nothing is missed or doubled between.
pub(super) async fn replay(
    server: &Arc<Server>,
    room: &Entered,
    outbound: &Outbound,
    mut after: Seq,
) -> Result<(), LogError> {
    // Nothing was missed, as far as the room knows; what is not in its tail yet will be. The log need not be asked.
    if after >= room.last() && room.go_live(outbound, &Missed::default().frames(outbound, true), after) {
        return Ok(());
    }
    outbound.replayed(after);
    loop {
        outbound.has_room(BACKLOG).await;
        let read = async {
            let span = Span::After(after);
            let slice = server.backend.log.read(&room.key, span, BLOCK_ENTRIES, BLOCK_BYTES).await?;
            Ok::<_, LogError>(Arc::new(
                slice.map_or_else(Missed::default, |slice| Missed::new(slice.entries, slice.more)),
            ))
        };
        let missed = room.missed.answer((after, room.last()), read).await?;
        let seen = missed.last().unwrap_or(after);
        if !missed.more() && room.go_live(outbound, &missed.frames(outbound, true), seen) {
            return Ok(());
        }
        outbound.send(missed.frames(outbound, false).iter().cloned());
        after = seen;
        outbound.replayed(after);
    }
}
