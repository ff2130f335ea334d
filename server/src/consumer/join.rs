//! The native way in: challenge, names, hello, a place in a room.

use std::{sync::Arc, time::Duration};

use snug_shared::{
    ClientFrame, CloseReason, ErrorCode, ErrorFrame, Established, Hello, Nickname, Resume, Seq, ServerFrame,
    ServerInfo, VERSION, limits::CHALLENGE_BYTES,
};
use tokio::time::timeout;

use super::{
    frames::{ConnectionEnd, FrameReader},
    membership::{Admitted, Destination, Membership, Names},
    rejection::Rejection,
};
use crate::{
    Server, dialect,
    fanout::Outbound,
    hub::{Claim, Entered, Place},
    log::{Epoch, LogError, RoomRecord, Span},
    presence::{JoinError, Naming},
    random,
    seat::Seat,
};

/// How long a client may take to say hello (`docs/protocol.md` §4).
const HELLO: Duration = Duration::from_secs(5);
/// How long the server waits for a hello only to send the refusal of the names after it.
const BAD_NAME_HELLO: Duration = Duration::from_secs(1);
/// Bytes of text read to look at a single entry.
const ONE_ENTRY: usize = 1;

/// Greets a connection, and lets it in or says why not.
pub(super) async fn greet(
    server: &Arc<Server>,
    destination: Destination,
    outbound: &Arc<Outbound>,
    frames: &mut FrameReader<'_>,
) -> Result<Admitted, ConnectionEnd> {
    let mut challenge = [0; CHALLENGE_BYTES];
    if random::fill(&mut challenge).is_err() {
        return Err(ConnectionEnd::Close(CloseReason::Internal));
    }
    let challenge = data_encoding::BASE64.encode(&challenge);
    outbound.send([dialect::native(&ServerFrame::Challenge { challenge })]);

    let names = match destination.names() {
        Ok(names) => names,
        Err(rejection) => {
            // Many clients send their hello unasked. Closed before it, they would fail at that and not see why.
            let _ = timeout(BAD_NAME_HELLO, frames.next_text()).await;
            return Err(rejection.send(outbound));
        }
    };
    let hello = match timeout(HELLO, frames.next_text()).await {
        Err(_) => return Err(ConnectionEnd::Close(CloseReason::BadHello)),
        Ok(text) => match ClientFrame::decode(&text?) {
            Ok(ClientFrame::Hello(hello)) => hello,
            Ok(_) => return Err(ConnectionEnd::Close(CloseReason::BadHello)),
            Err(refused) => {
                return Err(Rejection::new(CloseReason::BadHello, refused.into()).send(outbound));
            }
        },
    };
    join(server, names, hello, outbound).await.map_err(|rejection| rejection.send(outbound))
}

/// Gives a connection a place in the room and tells it so. The replay follows.
async fn join(
    server: &Arc<Server>,
    names: Names,
    hello: Hello,
    outbound: &Arc<Outbound>,
) -> Result<Admitted, Rejection> {
    let Names { room, nickname } = names;
    if hello.version != VERSION {
        let message = format!(
            "The server has version {VERSION} of the protocol, the client version {}. Update the older one.",
            hello.version
        );
        let error = ErrorFrame::new(ErrorCode::Unsupported, message);
        return Err(Rejection::new(CloseReason::UnsupportedVersion, error));
    }
    // Nobody needs these here, so a client that brings one is told so and let in all the same.
    for (brought, what) in
        [(hello.credentials.password.is_some(), "passwords"), (hello.credentials.identity.is_some(), "keys")]
    {
        if brought {
            let message = format!("This server doesn’t support {what} yet. You join as a guest.");
            outbound.send([dialect::native(&ServerFrame::Error(ErrorFrame::new(
                ErrorCode::Unsupported,
                message,
            )))]);
        }
    }
    let key = room.key();
    let known = hello.seat.as_deref().and_then(|token| server.seats.check(&key, token));
    let returning = known.is_some();
    let seat = match known {
        Some(seat) => seat,
        None => server.seats.issue(&key)?,
    };
    let room = Arc::new(server.hub.enter(&room).await?);
    let Seat { token, author } = seat;
    // From here on every way out gives the place up.
    let claim = Claim::new(room, outbound.clone(), author, true);
    let Place { member, nickname } =
        claim.take(Naming::Exactly(nickname.clone())).await.map_err(|error| no_place(&nickname, error))?;
    let membership = Membership { claim, nickname, member, named: true };
    let replay_after = establish(server, &membership, token, &hello, returning, outbound).await?;
    Ok(Admitted { membership, replay_after })
}

/// Why there is no place for `nickname`.
fn no_place(nickname: &Nickname, error: JoinError) -> Rejection {
    match error {
        JoinError::Full => CloseReason::Full.into(),
        JoinError::NicknameTaken { suggestion } => {
            let message = format!("“{nickname}” is in use in this room. “{suggestion}” is free.");
            let mut error = ErrorFrame::new(ErrorCode::NicknameTaken, message);
            error.suggestion = Some(suggestion);
            Rejection::new(CloseReason::NicknameTaken, error)
        }
        JoinError::Unavailable(error) => error.into(),
    }
}

async fn establish(
    server: &Arc<Server>,
    membership: &Membership,
    token: String,
    hello: &Hello,
    returning: bool,
    outbound: &Outbound,
) -> Result<Seq, LogError> {
    let (room, author) = (membership.claim.room(), membership.claim.author());
    let log = &server.backend.log;
    let read = match returning {
        true => log.read_position(&room.key, author).await?,
        false => None,
    };
    let resumed = match &hello.resume {
        Some(resume) => {
            let question = (resume.clone(), room.last());
            room.resumable.answer(question, can_resume(server, room, resume)).await?
        }
        None => false,
    };
    let facts = room.facts();
    let last = room.last();
    let after = match &hello.resume {
        Some(resume) if resumed => resume.after,
        _ => last.saturating_sub(hello.history.into()).max(facts.first.saturating_sub(1)),
    };
    let (members, count) = room.members();
    let established = Established {
        message: "You are now connected!".to_owned(),
        version: VERSION,
        server: ServerInfo {
            name: server.config.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        durability: server.config.durability,
        room: room.name.clone(),
        nickname: membership.nickname.clone(),
        member: membership.member.to_string(),
        by: author.clone(),
        seat: token,
        epoch: room.epoch.to_string(),
        first: facts.first,
        last,
        resumed,
        limits: server.limits,
        members,
        count,
        topic: Some(facts.topic).filter(|topic| !topic.is_empty()),
        read,
    };
    // Goes out with the replay's first frame.
    outbound.queue(dialect::native(&ServerFrame::ConnectionEstablished(Box::new(established))));
    Ok(after)
}

/// Whether the log still holds everything after what a returning client has, and is the log it had it from.
async fn can_resume(server: &Server, room: &Entered, resume: &Resume) -> Result<bool, LogError> {
    if Epoch::parse(&resume.epoch) != Ok(room.epoch) {
        return Ok(false);
    }
    let log = &server.backend.log;
    let RoomRecord { epoch, first, last, .. } = log.room(&room.name).await?;
    if epoch != room.epoch
        || resume.after > last
        || resume.after + 1 < first
        || last - resume.after > u64::from(server.limits.replay)
    {
        return Ok(false);
    }
    let (Some(id), Some(before)) = (resume.id, resume.after.checked_sub(1)) else {
        return Ok(true);
    };
    let slice = log.read(&room.key, Span::After(before), 1, ONE_ENTRY).await?;
    let line = slice.and_then(|slice| slice.entries.into_iter().next());
    // Where that very entry has just been let go, or is damaged, nothing can be compared and nothing is missing.
    Ok(line.is_none_or(|line| line.entry().is_none_or(|entry| entry.seq != resume.after || entry.id == id)))
}
