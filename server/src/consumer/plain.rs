//! The way in for clients that never heard of Snug: no hello, no questions, a name that is made to fit.

use std::sync::Arc;

use snug_shared::{CloseReason, Entry, ErrorCode, ErrorFrame, Seq};

use super::{
    Wish,
    join::{self, Path, Plan, Seated, Turned, turned},
    replay::BLOCK_BYTES,
};
use crate::{
    Server,
    fanout::Outbound,
    hub::{Claim, EnterError, Entered, Place},
    log::{LogError, Span},
    presence::{JoinError, Naming},
};

/// Entries looked through at once for the newest messages.
const BLOCK_ENTRIES: usize = 500;

/// Gives a visitor a place. Without a nickname in the path they are a guest, who hears the room like everybody, until their
/// first frame says otherwise.
pub(super) async fn join(
    server: &Arc<Server>,
    path: Path,
    wish: Wish,
    outbound: &Arc<Outbound>,
) -> Result<(Seated, Plan), Turned> {
    let room = path.room()?;
    let wanted = path.nickname.as_deref().map(join::nickname).transpose()?;
    let named = wanted.is_some();
    let seat = server.seats.issue(&room.key()).map_err(|_| (CloseReason::Internal, None))?;
    let room = Arc::new(server.hub.enter(&room).await.map_err(|error| turned(&error))?);
    // From here on every way out gives the place up.
    let claim = Claim::new(room, outbound.clone(), seat.author);
    let naming = wanted.map_or(Naming::Guest, Naming::Numbered);
    let Place { member, nickname } = claim.take(naming).await.map_err(no_place)?;
    let seated = Seated { claim, nickname, member, named };
    outbound.send(outbound.dialect.greeting());
    let after =
        start(server, seated.claim.room(), &wish).await.map_err(|error| turned(&EnterError::Log(error)))?;
    Ok((seated, Plan { after }))
}

/// Gives a guest the name of their first frame; one that is taken gets a number. A name that is not allowed is an error, and
/// the end.
pub(super) async fn name(seated: &mut Seated, wanted: &str) -> Result<(), Turned> {
    let wanted = join::nickname(wanted)?;
    let place = seated.claim.take(Naming::Numbered(wanted)).await.map_err(no_place)?;
    Place { member: seated.member, nickname: seated.nickname } = place;
    Ok(())
}

/// Why there is no place, for a client that cannot be asked for another name.
fn no_place(error: JoinError) -> Turned {
    match error {
        JoinError::Full => (CloseReason::Full, None),
        JoinError::NicknameTaken { .. } => {
            let error = ErrorFrame::new(ErrorCode::NicknameTaken, "That name is in use in this room.");
            (CloseReason::NicknameTaken, Some(error))
        }
        JoinError::Unavailable(error) => turned(&error.into()),
    }
}

/// The entry after which the visitor wants to hear everything.
async fn start(server: &Server, room: &Entered, wish: &Wish) -> Result<Seq, LogError> {
    if wish.history == 0 && wish.after.is_none() {
        return Ok(room.last());
    }
    let log = &server.backend.log;
    let after = match wish.after {
        None => 0,
        // Whoever knows more than there is has it from a log that is gone.
        Some(after) => after.min(log.room(&room.name).await?.last),
    };
    if wish.history == 0 {
        return Ok(after);
    }
    let mut wanted = wish.history as usize;
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
