//! From a path and a hello to a place in a room.

use std::sync::Arc;

use snug_shared::{
    CloseReason, ErrorCode, ErrorFrame, Established, Hello, NameError, Nickname, Resume, RoomName, Seq,
    ServerFrame, ServerInfo, VERSION,
};

use crate::{
    Server, dialect,
    fanout::Outbound,
    hub::{Claim, EnterError, Entered, Place},
    log::{Epoch, LogError, RoomRecord, Span},
    presence::{JoinError, Naming},
    seat::Seat,
};

/// Bytes of text read to look at a single entry.
const ONE_ENTRY: usize = 1;

/// What the connection's path asked for.
pub(super) struct Path {
    pub room: Result<RoomName, NameError>,
    pub nickname: Option<String>,
}

/// Names that were checked.
pub(super) struct Names {
    room: RoomName,
    nickname: Nickname,
}

/// A place in a room, given up when it is dropped.
pub(super) struct Seated {
    pub claim: Claim,
    pub nickname: Nickname,
    pub member: u64,
    /// Whether the nickname is settled.
    pub named: bool,
}

/// What a newcomer is sent before it follows the room: every entry after this one.
pub(super) struct Plan {
    pub after: Seq,
}

/// A close and the words that go before it.
pub(super) type Turned = (CloseReason, Option<ErrorFrame>);

impl Path {
    /// Checks the names; the reason goes out before the close, so that a browser sees it too.
    pub fn names(&self) -> Result<Names, Turned> {
        Ok(Names { room: self.room()?, nickname: nickname(self.nickname.as_deref().unwrap_or_default())? })
    }

    /// Checks the room's name.
    pub fn room(&self) -> Result<RoomName, Turned> {
        self.room.clone().map_err(|error| bad_name("The room's name", error))
    }
}

/// Checks a nickname.
pub(super) fn nickname(name: &str) -> Result<Nickname, Turned> {
    Nickname::parse(name).map_err(|error| bad_name("The nickname", error))
}

fn bad_name(what: &str, error: NameError) -> Turned {
    (CloseReason::BadName, Some(ErrorFrame::new(ErrorCode::BadName, format!("{what}: {error}"))))
}

/// Gives a visitor a place and tells them so. What they missed follows by the plan.
pub(super) async fn join(
    server: &Arc<Server>,
    names: Names,
    hello: Hello,
    outbound: &Arc<Outbound>,
) -> Result<(Seated, Plan), Turned> {
    let Names { room, nickname } = names;
    if hello.version != VERSION {
        let message = format!(
            "This server speaks version {VERSION} of the wire, this client version {}. Please update the older one.",
            hello.version
        );
        return Err((
            CloseReason::UnsupportedVersion,
            Some(ErrorFrame::new(ErrorCode::Unsupported, message)),
        ));
    }
    // Everybody may come in without these here, so who brings one is told and let in all the same.
    for (brought, what) in
        [(hello.credentials.password.is_some(), "passwords"), (hello.credentials.identity.is_some(), "keys")]
    {
        if brought {
            let message = format!("This server does not serve {what} yet. You join as a guest.");
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
        None => server.seats.issue(&key).map_err(|_| (CloseReason::Internal, None))?,
    };
    let room = Arc::new(server.hub.enter(&room).await.map_err(|error| turned(&error))?);
    let Seat { token, author } = seat;
    // From here on every way out gives the place up.
    let claim = Claim::new(room, outbound.clone(), author);
    let Place { member, nickname } =
        claim.take(Naming::Exactly(nickname.clone())).await.map_err(|error| no_place(&nickname, error))?;
    let seated = Seated { claim, nickname, member, named: true };
    let plan = establish(server, &seated, token, &hello, returning, outbound)
        .await
        .map_err(|error| turned(&EnterError::Log(error)))?;
    Ok((seated, plan))
}

/// Why there is no place for `nickname`.
fn no_place(nickname: &Nickname, error: JoinError) -> Turned {
    match error {
        JoinError::Full => (CloseReason::Full, None),
        JoinError::NicknameTaken { suggestion } => {
            let message = format!("“{nickname}” is in use in this room. “{suggestion}” is free.");
            let mut error = ErrorFrame::new(ErrorCode::NicknameTaken, message);
            error.suggestion = Some(suggestion);
            (CloseReason::NicknameTaken, Some(error))
        }
        JoinError::Unavailable(error) => turned(&error.into()),
    }
}

async fn establish(
    server: &Arc<Server>,
    seated: &Seated,
    token: String,
    hello: &Hello,
    returning: bool,
    outbound: &Outbound,
) -> Result<Plan, LogError> {
    let (room, author) = (seated.claim.room(), seated.claim.author());
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
        nickname: seated.nickname.clone(),
        member: seated.member.to_string(),
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
    Ok(Plan { after })
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

pub(super) fn turned(error: &EnterError) -> Turned {
    match error {
        EnterError::Full => (CloseReason::Full, None),
        EnterError::Draining | EnterError::Changing => (CloseReason::Restart, None),
        EnterError::Log(LogError::Full | LogError::Unavailable(_)) | EnterError::Unavailable(_) => {
            let message = "The server cannot read its log right now. It will be tried again.";
            (CloseReason::Internal, Some(ErrorFrame::new(ErrorCode::Unavailable, message)))
        }
    }
}
