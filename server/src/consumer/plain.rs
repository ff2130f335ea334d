//! The way in for clients that never heard of Snug: no hello, no questions, a name that is made to fit.

use std::{iter, sync::Arc};

use snug_shared::{CloseReason, Entry, ErrorCode, ErrorFrame, Nickname, Seq};

use super::{
    Wish,
    join::{self, Path, Plan, Seated, Turned, turned},
    replay::BLOCK_BYTES,
};
use crate::{
    Server,
    fanout::Outbound,
    hub::{EnterError, Entered, JoinError, Joined},
    log::{LogError, Span},
};

/// Names tried before somebody is turned away.
const TRIES: usize = 1_000;
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
    let take = |name: &Nickname| room.join(server.hub.next_id(), outbound, &seat.author, name);
    let (Joined { member, .. }, nickname) = match wanted {
        Some(wanted) => first_free(numbered(wanted), take),
        None => first_free(guests(server), take),
    }?;
    // From here on every way out gives the place up.
    let seated = Seated { room, author: seat.author, nickname, member, connection: outbound.id, named };
    outbound.send(outbound.dialect.greeting());
    let after = start(server, &seated.room, &wish).await.map_err(|error| turned(&EnterError::Log(error)))?;
    Ok((seated, Plan { after }))
}

/// Gives a guest the name of their first frame; one that is taken gets a number. A name that is not allowed is an error, and
/// the end.
pub(super) fn name(
    server: &Server,
    seated: &mut Seated,
    outbound: &Outbound,
    wanted: &str,
) -> Result<(), Turned> {
    let wanted = join::nickname(wanted)?;
    let take = |name: &Nickname| seated.room.rename(server.hub.next_id(), outbound, &seated.author, name);
    let (joined, nickname) = first_free(numbered(wanted), take)?;
    seated.member = joined.member;
    seated.nickname = nickname;
    Ok(())
}

/// `maya`, `maya-2`, `maya-3` and so on.
fn numbered(wanted: Nickname) -> impl Iterator<Item = Nickname> {
    let others = wanted.clone();
    iter::once(wanted).chain((2..).map(move |number: u32| others.with_suffix(&format!("-{number}"))))
}

/// Names for who has none. Numbers are not used again: two who came one after the other are not taken for one.
fn guests(server: &Server) -> impl Iterator<Item = Nickname> {
    iter::repeat_with(|| server.next_guest())
        .filter_map(|number| Nickname::parse(&format!("guest-{number}")).ok())
}

fn first_free(
    names: impl Iterator<Item = Nickname>,
    mut take: impl FnMut(&Nickname) -> Result<Joined, JoinError>,
) -> Result<(Joined, Nickname), Turned> {
    for name in names.take(TRIES) {
        match take(&name) {
            Ok(joined) => return Ok((joined, name)),
            Err(JoinError::NicknameTaken { .. }) => {}
            Err(JoinError::Full) => return Err((CloseReason::Full, None)),
        }
    }
    let error = ErrorFrame::new(ErrorCode::NicknameTaken, "That name is in use in this room.");
    Err((CloseReason::NicknameTaken, Some(error)))
}

/// The entry after which the visitor wants to hear everything.
async fn start(server: &Server, room: &Entered, wish: &Wish) -> Result<Seq, LogError> {
    if wish.history == 0 && wish.after.is_none() {
        return Ok(room.last());
    }
    let log = server.hub.log();
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
