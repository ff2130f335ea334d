//! The frames of one member, and their answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use snug_shared::{
    Author, ClientFrame, CloseReason, ErrorCode, ErrorFrame, Intent, MessageText, Seq, ServerFrame,
};
use uuid::Uuid;

use super::{membership::Membership, plain, replay};
use crate::{
    Server,
    dialect::{self, Dialect, PlainFrame},
    event::Event,
    fanout::{self, Outbound},
    hub::Claim,
    log::{Actor, Appended, Callback, Denial, Later, LogError, Slice, Span},
    rates::Allowance,
    websocket::Frame,
};

/// Unreadable frames in a row before the connection closes.
const STRIKES: u32 = 3;
/// Rate-limit refusals in a row before the connection closes.
const WARNINGS: u32 = 40;
/// The least time between two signs of typing that are passed on: clients send one in 3 s, and may be early.
const TYPING: Duration = Duration::from_millis(2_500);
/// How long a client that was closed for flooding shall stay away.
const FLOOD_PAUSE: Duration = Duration::from_secs(10);

/// The answer to a frame.
pub(super) enum Answer {
    /// No frame for its sender alone.
    Nothing,
    /// A frame, at once.
    Now(Frame),
    /// A page that has to be read from the log.
    Later(Later<Option<Frame>>),
    /// No answer before the name is taken, which has to be awaited.
    Introduce(Introduction),
    /// A frame, and the end.
    Last { frame: Option<Frame>, close: CloseReason },
}

/// A guest's first frame with a name in it.
pub(super) struct Introduction {
    user: String,
    text: MessageText,
    id: Uuid,
}

/// One member's side of the conversation.
pub(super) struct Handler<'a> {
    server: Arc<Server>,
    membership: &'a mut Membership,
    outbound: Arc<Outbound>,
    /// Whether messages come back to their sender, also those sent with a `user`.
    echo: bool,
    /// What its member may still send and ask for.
    allowance: Allowance,
    strikes: u32,
    warnings: u32,
    /// When a sign of typing was last passed on.
    typed_at: Option<Instant>,
}

impl<'a> Handler<'a> {
    pub fn new(
        server: Arc<Server>,
        membership: &'a mut Membership,
        outbound: Arc<Outbound>,
        allowance: Allowance,
        echo: bool,
    ) -> Self {
        Self { server, membership, outbound, echo, allowance, strikes: 0, warnings: 0, typed_at: None }
    }

    /// Takes one text frame.
    pub fn handle(&mut self, text: &str) -> Answer {
        match self.outbound.dialect {
            Dialect::Native => match ClientFrame::decode(text) {
                Ok(frame) => self.handle_native(frame),
                Err(refused) => self.refuse(refused.into()),
            },
            Dialect::Plain | Dialect::Lobby => match PlainFrame::decode(text) {
                Ok(frame) => self.handle_plain(frame),
                Err(refused) => self.refuse(refused.into()),
            },
        }
    }

    /// Takes one binary frame: a broken native client, and a clumsy one of the others.
    pub fn handle_binary(&mut self) -> Answer {
        match self.outbound.dialect {
            Dialect::Native => Answer::Last { frame: None, close: CloseReason::Binary },
            Dialect::Plain | Dialect::Lobby => {
                self.refuse(ErrorFrame::new(ErrorCode::BadRequest, "Send text frames, not binary ones."))
            }
        }
    }

    /// Answers a frame that makes no sense.
    fn refuse(&mut self, refused: ErrorFrame) -> Answer {
        let nonsense = refused.code == ErrorCode::BadRequest;
        self.strikes = if nonsense { self.strikes + 1 } else { 0 };
        if let Err(slow_down) = self.may_ask(refused.id) {
            return slow_down;
        }
        let frame = self.error(&refused);
        match self.strikes >= STRIKES {
            true => Answer::Last { frame: Some(frame), close: CloseReason::Flood },
            false => Answer::Now(frame),
        }
    }

    fn handle_plain(&mut self, frame: PlainFrame) -> Answer {
        self.strikes = 0;
        let PlainFrame { text, user, id } = frame;
        let id = id.unwrap_or_else(Uuid::now_v7);
        if let Err(slow_down) = self.may_send(id) {
            return slow_down;
        }
        let is_plain = self.outbound.dialect == Dialect::Plain;
        let to_be_named = is_plain && !std::mem::replace(&mut self.membership.named, true);
        let keeps = user.is_some();
        if let Some(user) = user.filter(|_| to_be_named) {
            return Answer::Introduce(Introduction { user, text, id });
        }
        // A client that sends a `user` shows its own message at once. One that does not waits for it to come back.
        let keep_back = is_plain && keeps && !self.echo;
        self.send(id, Intent::Message { text, reply_to: None }, keep_back);
        Answer::Nothing
    }

    /// Gives a guest the name of its first frame, and then enters the message.
    pub async fn introduce(&mut self, Introduction { user, text, id }: Introduction) -> Answer {
        if let Err(rejection) = plain::name(self.membership, &user).await {
            let frame = rejection.error.map(|error| self.error(&error));
            return Answer::Last { frame, close: rejection.close };
        }
        self.send(id, Intent::Message { text, reply_to: None }, !self.echo);
        Answer::Nothing
    }

    fn handle_native(&mut self, frame: ClientFrame) -> Answer {
        self.strikes = 0;
        if let ClientFrame::Send { id, intent } = frame {
            return match self.may_send(id) {
                Ok(()) => {
                    self.send(id, intent, false);
                    Answer::Nothing
                }
                Err(slow_down) => slow_down,
            };
        }
        if let Err(slow_down) = self.may_ask(None) {
            return slow_down;
        }
        match frame {
            ClientFrame::Send { .. } => Answer::Nothing,
            ClientFrame::Hello(_) => Answer::Now(self.error(&ErrorFrame::new(
                ErrorCode::BadRequest,
                "You have already joined. Open another connection for another nickname.",
            ))),
            ClientFrame::Ping => {
                Answer::Now(dialect::native(&ServerFrame::Pong { last: self.membership.claim.room().last() }))
            }
            ClientFrame::Typing => {
                self.typing();
                Answer::Nothing
            }
            ClientFrame::Read { seq } => {
                let (room, author) = (self.membership.claim.room(), self.membership.claim.author());
                self.server.backend.log.keep_read_position(&room.key, author, seq.min(room.last()));
                Answer::Nothing
            }
            ClientFrame::History { before, limit } => self.history(before, limit),
        }
    }

    /// Sends something to the log. With `keep_back` the entry goes to everybody but its sender.
    fn send(&self, id: Uuid, intent: Intent, keep_back: bool) {
        let actor = Actor {
            author: self.membership.claim.author().clone(),
            nickname: self.membership.nickname.clone(),
            moderator: false,
        };
        let newly = keep_back && self.outbound.keep_back(id);
        self.outbound.expect_answer();
        let (outbound, room) = (self.outbound.clone(), self.membership.claim.room().clone());
        let callback = Callback::new(move |appended| {
            if newly && matches!(appended, Ok(Appended::Repeated(_) | Appended::Refused(_))) {
                outbound.keep_back_no_more(&id);
            }
            let dialect = outbound.dialect;
            outbound.answer(match appended {
                // It comes to its sender as to everybody else.
                Ok(Appended::New(_)) => None,
                Ok(Appended::Repeated(_) | Appended::Unchanged(_)) if keep_back => None,
                Ok(Appended::Repeated(entry) | Appended::Unchanged(entry)) => {
                    if outbound.is_past(entry.seq) {
                        dialect.entry(&entry)
                    } else {
                        // It may not overtake those before it: it comes in its place, and that is the answer.
                        room.tell(*entry);
                        None
                    }
                }
                Ok(Appended::Refused(Denial { code, reason })) => {
                    Some(dialect.error(&ErrorFrame { id: Some(id), ..ErrorFrame::new(code, reason) }))
                }
                // It is sent again when its sender comes back to the new history.
                Ok(Appended::EpochChanged) => {
                    room.outdate();
                    None
                }
                Err(failed) => {
                    Some(dialect.error(&ErrorFrame { id: Some(id), ..not_stored(dialect, &failed) }))
                }
            });
        });
        self.membership.claim.room().append(actor, id, intent, callback);
    }

    fn history(&self, before: Seq, limit: u32) -> Answer {
        let room = self.membership.claim.room();
        let slice = self.server.backend.log.read(
            &room.key,
            Span::Before(before),
            limit as usize,
            replay::BLOCK_BYTES,
        );
        let dialect = self.outbound.dialect;
        Answer::Later(Box::pin(async move {
            Some(match slice.await {
                Ok(Some(Slice { entries, more, .. })) => fanout::history(before, &entries, more),
                Ok(None) => fanout::history(before, &[], false),
                Err(failed) => dialect.error(&not_read(&failed)),
            })
        }))
    }

    fn typing(&mut self) {
        let now = Instant::now();
        if self.typed_at.is_some_and(|last| now.duration_since(last) < TYPING) {
            return;
        }
        self.typed_at = Some(now);
        let claim = &self.membership.claim;
        let event = Event::Typing {
            connection: self.outbound.id,
            user: self.membership.nickname.clone(),
            by: claim.author().clone(),
        };
        // A sign of typing that cannot be sent is not worth an answer.
        let _ = self.server.backend.layer.group_send(&claim.room().key, event);
    }

    fn may_send(&mut self, id: Uuid) -> Result<(), Answer> {
        let taken = self.allowance.send(known_author(&self.membership.claim));
        self.warned(taken, Some(id))
    }

    fn may_ask(&mut self, id: Option<Uuid>) -> Result<(), Answer> {
        let taken = self.allowance.ask(known_author(&self.membership.claim));
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
        let frame = self.error(&ErrorFrame {
            id,
            retry_after_ms: Some(wait_ms),
            ..ErrorFrame::new(
                ErrorCode::RateLimited,
                format!("Slow down: you can send again in {seconds} s."),
            )
        });
        Err(match enough {
            true => Answer::Last { frame: Some(frame), close: CloseReason::Flood },
            false => Answer::Now(frame),
        })
    }

    fn error(&self, error: &ErrorFrame) -> Frame {
        self.outbound.dialect.error(error)
    }
}

/// The author, where somebody can come back as it. Others are made for one connection, and count for nothing.
fn known_author(claim: &Claim) -> Option<&Author> {
    claim.can_return().then(|| claim.author())
}

/// A send the log could not confirm.
fn not_stored(dialect: Dialect, failed: &LogError) -> ErrorFrame {
    let native = dialect == Dialect::Native;
    match failed {
        // Other clients keep nothing, and could not know.
        LogError::Full if !native => {
            ErrorFrame::new(ErrorCode::StorageFull, "The server’s disk is full. You can still read.")
        }
        LogError::Unavailable(_) if !native => ErrorFrame::new(
            ErrorCode::Unavailable,
            "The server couldn’t store that. Send it again in a moment.",
        ),
        LogError::Full => ErrorFrame::new(
            ErrorCode::StorageFull,
            "The server’s disk is full. Your message is waiting and will be sent again. You can still read.",
        ),
        LogError::Unavailable(_) => ErrorFrame::new(
            ErrorCode::Unavailable,
            "The server couldn’t store that. Your message is waiting and will be sent again.",
        ),
    }
}

fn not_read(failed: &LogError) -> ErrorFrame {
    tracing::warn!(%failed, "history could not be read");
    ErrorFrame::new(ErrorCode::Unavailable, "The server can’t read older messages right now. Try again.")
}
