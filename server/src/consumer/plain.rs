//! The way in for clients that do not know Snug: no hello, and a name that is made to fit.

use std::sync::Arc;

use snug_shared::{CloseReason, Entry, ErrorCode, ErrorFrame, Seq};

use super::{
    QueryOptions,
    membership::{self, Admitted, Destination, Membership},
    rejection::Rejection,
    replay::BLOCK_BYTES,
};
use crate::{
    Server,
    fanout::Outbound,
    hub::{Claim, Entered, Place},
    log::{LogError, Span},
    presence::{JoinError, Naming},
};

/// Entries looked through at once for the newest messages.
const BLOCK_ENTRIES: usize = 500;

/// Gives a connection a place in the room. Without a nickname in the path it is a guest, who gets everything the room does, until
/// its first frame names it.
pub(super) async fn join(
    server: &Arc<Server>,
    destination: Destination,
    options: &QueryOptions,
    outbound: &Arc<Outbound>,
) -> Result<Admitted, Rejection> {
    let room = destination.room()?;
    let wanted = destination.nickname.as_deref().map(membership::nickname).transpose()?;
    let named = wanted.is_some();
    let brought = options.seat.as_deref().and_then(|token| server.seats.adopt(&room.key(), token));
    let can_return = brought.is_some();
    let author = match brought {
        Some(author) => author,
        // Nobody is told the seat, so nobody can come back with it.
        None => server.seats.issue(&room.key())?.author,
    };
    let room = Arc::new(server.hub.enter(&room).await?);
    // From here on every way out gives the place up.
    let claim = Claim::new(room, outbound.clone(), author, can_return);
    let naming = wanted.map_or(Naming::Guest, Naming::Numbered);
    let Place { member, nickname } = claim.take(naming).await.map_err(no_place)?;
    let membership = Membership { claim, nickname, member, named };
    outbound.send(outbound.dialect.greeting());
    let replay_after = start(server, membership.claim.room(), options).await?;
    Ok(Admitted { membership, replay_after })
}

/// Gives a guest the name in its first frame. A name that is taken gets a number; one that is not allowed ends the connection.
pub(super) async fn name(membership: &mut Membership, wanted: &str) -> Result<(), Rejection> {
    let wanted = membership::nickname(wanted)?;
    let place = membership.claim.take(Naming::Numbered(wanted)).await.map_err(no_place)?;
    Place { member: membership.member, nickname: membership.nickname } = place;
    Ok(())
}

/// Why there is no place, for a client that cannot be asked for another name.
fn no_place(error: JoinError) -> Rejection {
    match error {
        JoinError::Full => CloseReason::Full.into(),
        JoinError::NicknameTaken { .. } => {
            let error = ErrorFrame::new(ErrorCode::NicknameTaken, "That nickname is in use in this room.");
            Rejection::new(CloseReason::NicknameTaken, error)
        }
        JoinError::Unavailable(error) => error.into(),
    }
}

/// The entry after which the replay begins.
async fn start(server: &Server, room: &Entered, options: &QueryOptions) -> Result<Seq, LogError> {
    if options.history == 0 && options.after.is_none() {
        return Ok(room.last());
    }
    let log = &server.backend.log;
    let after = match options.after {
        None => 0,
        // `after` past the end comes from a discarded log: clamp it.
        Some(after) => after.min(log.room(&room.name).await?.last),
    };
    if options.history == 0 {
        return Ok(after);
    }
    let mut wanted = options.history as usize;
    let mut before = Seq::MAX;
    let mut looked = 0;
    while let Some(slice) = log.read(&room.key, Span::Before(before), BLOCK_ENTRIES, BLOCK_BYTES).await? {
        for entry in slice.entries.iter().rev() {
            let message = entry.entry().and_then(Entry::message);
            wanted -= usize::from(message.is_some_and(|message| message.text.is_some()));
            before = entry.seq();
            if wanted == 0 || before <= after + 1 {
                return Ok(after.max(before - 1));
            }
        }
        looked += slice.entries.len();
        if !slice.more {
            break;
        }
        if looked >= server.limits.replay as usize {
            return Ok(after.max(before - 1));
        }
    }
    Ok(after)
}
