//! What a member says, and what is answered.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use snug_shared::{ClientFrame, ErrorCode, ErrorFrame, Intent, Seq, ServerFrame};
use uuid::Uuid;

use super::{encode, join::Seated, refusal, replay};
use crate::{
    Server, fanout,
    layer::Event,
    log::{Actor, Appended, Later, LogError, Slice, Span},
};

/// Frames in a row that make no sense before the connection closes.
const STRIKES: u32 = 3;
/// Refusals for haste, without a pause between, before the connection closes.
const WARNINGS: u32 = 40;
/// How long who was closed for flooding shall stay away.
const FLOOD_PAUSE: Duration = Duration::from_secs(10);

/// What a frame is answered with.
pub(super) enum Answer {
    /// Nothing, or nothing to its sender alone.
    Nothing,
    /// This, at once.
    Now(Bytes),
    /// Whatever the log makes of it.
    Later(Later<Option<Bytes>>),
    /// This, and the end.
    Enough(Bytes),
}

/// One member's side of the conversation.
pub(super) struct Talker<'a> {
    server: Arc<Server>,
    seated: &'a Seated,
    strikes: u32,
    warnings: u32,
}

impl<'a> Talker<'a> {
    pub fn new(server: Arc<Server>, seated: &'a Seated) -> Self {
        Self { server, seated, strikes: 0, warnings: 0 }
    }

    /// Takes one text frame.
    pub fn hear(&mut self, text: &str) -> Answer {
        let frame = match ClientFrame::decode(text) {
            Ok(frame) => {
                self.strikes = 0;
                frame
            }
            Err(refused) => {
                let nonsense = refused.code == ErrorCode::BadRequest;
                self.strikes = if nonsense { self.strikes + 1 } else { 0 };
                let id = refused.id;
                if let Err(slow_down) = self.may_ask(id) {
                    return slow_down;
                }
                let frame = error(refused.into());
                return if self.strikes >= STRIKES { Answer::Enough(frame) } else { Answer::Now(frame) };
            }
        };
        if let ClientFrame::Send { id, intent } = frame {
            return match self.may_send(id) {
                Ok(()) => self.send(id, intent),
                Err(slow_down) => slow_down,
            };
        }
        if let Err(slow_down) = self.may_ask(None) {
            return slow_down;
        }
        match frame {
            ClientFrame::Send { .. } => Answer::Nothing,
            ClientFrame::Hello(_) => Answer::Now(error(refusal(
                ErrorCode::BadRequest,
                "You are in already. Open another connection for another name.",
            ))),
            ClientFrame::Ping => Answer::Now(encode(&ServerFrame::Pong { last: self.seated.room.last() })),
            ClientFrame::Typing => {
                self.typing();
                Answer::Nothing
            }
            ClientFrame::Read { seq } => {
                let (room, author) = (&self.seated.room, &self.seated.seat.author);
                self.server.hub.log().keep_read_mark(&room.key, author, seq.min(room.last()));
                Answer::Nothing
            }
            ClientFrame::History { before, limit } => self.history(before, limit),
        }
    }

    fn send(&self, id: Uuid, intent: Intent) -> Answer {
        let actor = Actor {
            author: self.seated.seat.author.clone(),
            nickname: self.seated.nickname.clone(),
            moderator: false,
        };
        // Called now, so that the log takes one sender's messages in the order they came in.
        let appended = self.seated.room.append(actor, id, intent);
        Answer::Later(Box::pin(async move {
            match appended.await {
                // It comes to its sender as to everybody else.
                Ok(Appended::New(_)) => None,
                Ok(Appended::Repeated(entry) | Appended::Unchanged(entry)) => {
                    Some(fanout::text(&serde_json::to_string(&*entry).unwrap_or_default()))
                }
                Ok(Appended::Refused(code, message)) => {
                    Some(error(ErrorFrame { id: Some(id), ..ErrorFrame::new(code, message) }))
                }
                Err(failed) => Some(error(ErrorFrame { id: Some(id), ..not_stored(&failed) })),
            }
        }))
    }

    fn history(&self, before: Seq, limit: u32) -> Answer {
        let room = &self.seated.room;
        let slice =
            self.server.hub.log().read(&room.key, Span::Before(before), limit as usize, replay::BLOCK_BYTES);
        Answer::Later(Box::pin(async move {
            Some(match slice.await {
                Ok(Some(Slice { entries, more, .. })) => replay::history(before, &entries, more),
                Ok(None) => replay::history(before, &[], false),
                Err(failed) => error(not_read(&failed)),
            })
        }))
    }

    fn typing(&self) {
        let room = &self.seated.room;
        if room.types(self.seated.member) {
            let event = Event::Typing {
                connection: self.seated.connection,
                user: self.seated.nickname.clone(),
                by: self.seated.seat.author.clone(),
            };
            self.server.hub.layer().group_send(&room.key, event);
        }
    }

    fn may_send(&mut self, id: Uuid) -> Result<(), Answer> {
        let taken = match &self.server.sends {
            Some(sends) => sends.take(Instant::now(), &self.seated.seat.author),
            None => Ok(()),
        };
        self.warned(taken, Some(id))
    }

    fn may_ask(&mut self, id: Option<Uuid>) -> Result<(), Answer> {
        let taken = match &self.server.asks {
            Some(asks) => asks.take(Instant::now(), &self.seated.seat.author),
            None => Ok(()),
        };
        self.warned(taken, id)
    }

    fn warned(&mut self, taken: Result<(), Duration>, id: Option<Uuid>) -> Result<(), Answer> {
        let Err(wait) = taken else {
            self.warnings = 0;
            return Ok(());
        };
        self.warnings += 1;
        let enough = self.warnings >= WARNINGS;
        let wait = if enough { FLOOD_PAUSE } else { wait };
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) + 1;
        let seconds = wait_ms.div_ceil(1_000);
        let frame = error(ErrorFrame {
            id,
            retry_after_ms: Some(wait_ms),
            ..ErrorFrame::new(
                ErrorCode::RateLimited,
                format!("Slow down a little: you can send again in {seconds} s."),
            )
        });
        Err(if enough { Answer::Enough(frame) } else { Answer::Now(frame) })
    }
}

/// A send the log could not confirm.
fn not_stored(failed: &LogError) -> ErrorFrame {
    match failed {
        LogError::Full => ErrorFrame::new(
            ErrorCode::StorageFull,
            "The server's disk is full. Your message is kept here and tried again; reading goes on.",
        ),
        LogError::Unavailable(_) => ErrorFrame::new(
            ErrorCode::Unavailable,
            "The server could not store that right now. Your message is kept here and tried again.",
        ),
    }
}

fn not_read(failed: &LogError) -> ErrorFrame {
    tracing::warn!(%failed, "history could not be read");
    refusal(ErrorCode::Unavailable, "The server cannot read older messages right now. Please try again.")
}

fn error(frame: ErrorFrame) -> Bytes {
    encode(&ServerFrame::Error(frame))
}
