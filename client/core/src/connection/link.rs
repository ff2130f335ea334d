//! One link, from its `hello` to its end.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use snug_shared::{
    ClientFrame, CloseReason, ComeBack, ErrorFrame, Established, Hello, Limits, Line, Resume, ServerFrame,
    VERSION,
};
use tokio::{sync::mpsc, time::sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};

use super::{
    Event, Handle, Target,
    backoff::{self, Delay},
    ended::Ended,
    messages,
    suspend::{SuspendDetector, ticks},
    transport::{self, Socket},
};
use crate::{format::server_sentence, frame::Frame};

/// How long `connection_established` may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How long a ping's answer may take before the line counts as dead.
const PONG: Duration = Duration::from_secs(10);

/// The same after sleep, when the line most likely is dead.
const PONG_AFTER_SLEEP: Duration = Duration::from_secs(2);

/// Frames are handed over this far apart, so that a screen is drawn once for all of them. Each time leads to two updates of the
/// app, the second of which says what is in view by then: 50 in a second, and a few of the app's own. What comes after a pause is
/// handed over at once, and so is the first that comes.
const GATHER: Duration = Duration::from_millis(40);

/// Frames handed over at once, at most.
const BATCH: usize = 500;

/// How long to stay away, in milliseconds, where a server does not say it.
const RETRY_AFTER: u64 = 5_000;

/// Entries wanted on a fresh join.
const HISTORY: u32 = 100;

/// Frames without sense that are passed over before the link is given up.
const NONSENSE: u32 = 16;

/// The state that outlives a link.
#[derive(Debug)]
pub(super) struct LinkMemory {
    pub target: Target,
    /// The last entry handed out.
    seen: Option<Resume>,
    /// Whether the server has let it in before.
    pub was_in: bool,
}

impl LinkMemory {
    pub fn new(target: Target) -> Self {
        Self { seen: target.resume.clone(), target, was_in: false }
    }

    /// Greets, then receives and sends until the link ends.
    pub async fn live(
        &mut self,
        mut socket: Socket,
        handle: &Handle,
        outgoing: &mut mpsc::Receiver<Frame>,
        events: &mpsc::Sender<Event>,
    ) -> Ended {
        let mut link = OpenLink::new(events);
        let hello = Hello {
            version: VERSION,
            client: Some(concat!("snug/", env!("CARGO_PKG_VERSION")).into()),
            resume: self.seen.clone(),
            history: HISTORY,
            seat: self.target.seat.clone(),
            ..Hello::default()
        };
        if let Err(ended) = write(&mut socket, ClientFrame::Hello(hello)).await {
            return ended;
        }
        let (mut clock, mut ticks) = (SuspendDetector::new(), ticks());
        loop {
            let handover = link.handed_over + GATHER;
            let ended = tokio::select! {
                message = socket.next() => match link.read(message) {
                    Ok(None) => Ok(()),
                    Ok(Some(frame)) => self.take(frame, &mut link, handle).await,
                    Err(ended) => Err(ended),
                },
                Some(frame) = outgoing.recv(), if link.is_in => write(&mut socket, frame).await,
                () = sleep_until(handover.into()), if !link.gathered.is_empty() => link.hand_over().await,
                _ = ticks.tick() => match link.heartbeat(Instant::now(), clock.was_suspended()) {
                    Ok(true) => write(&mut socket, ClientFrame::Ping).await,
                    Ok(false) => Ok(()),
                    Err(ended) => Err(ended),
                },
                () = events.closed() => Err(Ended::Dropped),
            };
            if let Err(ended) = ended {
                let _ = handle.set_online(false);
                let goodbye =
                    if matches!(ended, Ended::Dropped) { CloseReason::Normal } else { link.goodbye };
                transport::close(&mut socket, goodbye).await;
                return match link.hand_over().await {
                    Ok(()) => ended,
                    Err(dropped) => dropped,
                };
            }
        }
    }

    async fn take(
        &mut self,
        frame: ServerFrame,
        link: &mut OpenLink<'_>,
        handle: &Handle,
    ) -> Result<(), Ended> {
        link.last_error = match &frame {
            ServerFrame::Error(error) if error.id.is_none() => Some(error.clone()),
            _ => None,
        };
        match frame {
            ServerFrame::Challenge { .. } => return Ok(()),
            ServerFrame::ConnectionEstablished(established) if !link.is_in => {
                return self.arrive(established, link, handle).await;
            }
            // Nothing else has a meaning before, and a second greeting has none.
            ServerFrame::ConnectionEstablished(_) => return Ok(()),
            _ if !link.is_in => return Ok(()),
            ServerFrame::Line(ref line) => self.remember(std::slice::from_ref(line), link),
            ServerFrame::Entries { ref entries, live } => {
                self.remember(entries, link);
                if live && link.is_fresh {
                    link.is_fresh = false;
                    self.seen = Some(Resume { epoch: link.epoch.clone(), after: 0, id: None });
                }
            }
            _ => {}
        }
        link.gathered.push(frame);
        if link.gathered.len() >= BATCH || link.handed_over.elapsed() >= GATHER {
            link.hand_over().await?;
        }
        Ok(())
    }

    async fn arrive(
        &mut self,
        established: Box<Established>,
        link: &mut OpenLink<'_>,
        handle: &Handle,
    ) -> Result<(), Ended> {
        if established.version != VERSION {
            return Err(Ended::stop(messages::version_gap(established.version)));
        }
        self.target.seat = Some(established.seat.clone());
        self.was_in = true;
        link.is_fresh = !established.resumed;
        (link.is_in, link.limits, link.epoch) = (true, established.limits, established.epoch.clone());
        let _ = handle.set_online(true);
        link.send(Event::Online { handle: handle.clone(), established }).await
    }

    /// Takes note of entries that are about to be handed out. What was seen of another history counts until the first of
    /// this one comes, so that a link which ends before that is told apart from it again.
    fn remember(&mut self, lines: &[Line], link: &mut OpenLink<'_>) {
        for line in lines {
            let seq = line.seq();
            if link.is_fresh || self.seen.as_ref().is_none_or(|seen| seq > seen.after) {
                link.is_fresh = false;
                let id = line.entry().map(|entry| entry.id);
                self.seen = Some(Resume { epoch: link.epoch.clone(), after: seq, id });
            }
        }
    }
}

/// The state of one link.
struct OpenLink<'a> {
    events: &'a mpsc::Sender<Event>,
    is_in: bool,
    /// Nothing of a history that was not resumed has come yet.
    is_fresh: bool,
    begun: Instant,
    epoch: String,
    limits: Limits,
    gathered: Vec<ServerFrame>,
    handed_over: Instant,
    /// When the server last answered a ping, or greeted. What else comes proves only that its own direction of the line works.
    answered: Instant,
    /// Until when a ping is to be answered.
    probe: Option<Instant>,
    nonsense: u32,
    /// The last error that answers no send: it says why a close follows.
    last_error: Option<ErrorFrame>,
    /// The code to close with.
    goodbye: CloseReason,
}

impl<'a> OpenLink<'a> {
    fn new(events: &'a mpsc::Sender<Event>) -> Self {
        let now = Instant::now();
        Self {
            events,
            is_in: false,
            is_fresh: false,
            begun: now,
            epoch: String::new(),
            limits: Limits::default(),
            gathered: Vec::new(),
            handed_over: now.checked_sub(GATHER).unwrap_or(now),
            answered: now,
            probe: None,
            nonsense: 0,
            last_error: None,
            goodbye: CloseReason::GoingAway,
        }
    }

    async fn send(&self, event: Event) -> Result<(), Ended> {
        self.events.send(event).await.map_err(|_| Ended::Dropped)
    }

    async fn hand_over(&mut self) -> Result<(), Ended> {
        self.handed_over = Instant::now();
        if self.gathered.is_empty() {
            return Ok(());
        }
        let frames = std::mem::take(&mut self.gathered);
        self.send(Event::Received(frames)).await
    }

    /// A frame out of what came, if it is one.
    fn read(&mut self, message: Option<Result<Message, Error>>) -> Result<Option<ServerFrame>, Ended> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => return Err(self.closed(frame.as_ref())),
            Some(Ok(Message::Binary(_))) => return self.nonsense("a binary frame"),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(None),
            Some(Err(error)) => return Err(self.failed(&error)),
            None => return Err(lost()),
        };
        match ServerFrame::decode(&text) {
            Ok(frame) => {
                self.nonsense = 0;
                if matches!(frame, Some(ServerFrame::Pong { .. })) {
                    (self.answered, self.probe) = (Instant::now(), None);
                }
                Ok(frame)
            }
            Err(error) => self.nonsense(&error.to_string()),
        }
    }

    fn failed(&mut self, error: &Error) -> Ended {
        let Some(rule) = transport::broken_rule(error) else { return lost() };
        tracing::warn!(%error, "the server broke the rules");
        self.goodbye = rule;
        senseless()
    }

    fn nonsense(&mut self, what: &str) -> Result<Option<ServerFrame>, Ended> {
        self.nonsense += 1;
        tracing::warn!(what, "a frame that makes no sense");
        if self.nonsense > NONSENSE { Err(senseless()) } else { Ok(None) }
    }

    /// Whether to ask if the server is still there.
    fn heartbeat(&mut self, now: Instant, slept: bool) -> Result<bool, Ended> {
        if !self.is_in {
            let late = now.saturating_duration_since(self.begun) > ANSWER;
            let reason = "The server doesn’t answer as expected.".into();
            return if late { Err(Ended::Retry { reason, delay: Delay::Backoff }) } else { Ok(false) };
        }
        let silence = Duration::from_secs(u64::from(self.limits.ping_s.clamp(5, 300)));
        match self.probe {
            _ if slept => self.probe = Some(now + PONG_AFTER_SLEEP),
            Some(deadline) if now >= deadline => {
                let reason = messages::SILENT.into();
                return Err(Ended::Retry { reason, delay: Delay::None });
            }
            Some(_) => return Ok(false),
            None if now.saturating_duration_since(self.answered) < silence => return Ok(false),
            None => self.probe = Some(now + PONG),
        }
        Ok(true)
    }

    /// The meaning of a close frame.
    fn closed(&mut self, frame: Option<&CloseFrame>) -> Ended {
        let reason = frame.map_or(CloseReason::GoingAway, |frame| CloseReason::from_code(frame.code.into()));
        let error = self.last_error.take();
        let retry_after = error.as_ref().and_then(|error| error.retry_after_ms).unwrap_or(RETRY_AFTER);
        let retry_after = backoff::asked_for(retry_after);
        // The server's own words say more than the code, where it has any.
        let words =
            error.as_ref().map(|error| server_sentence(&error.message)).filter(|words| !words.is_empty());
        let words = words.unwrap_or_else(|| messages::closed(reason).into());
        let retry = |delay| Ended::Retry { reason: words.clone(), delay };
        match reason.come_back() {
            ComeBack::No | ComeBack::WithAnotherPassword => Ended::stop(words),
            ComeBack::WithAnotherName => {
                Ended::Stop { reason: words, suggestion: error.and_then(|error| error.suggestion) }
            }
            ComeBack::Within(most) => retry(Delay::Within(Duration::from_millis(most.into()))),
            ComeBack::WithBackoff => retry(Delay::Backoff),
            ComeBack::AfterRetry => retry(Delay::After(retry_after)),
        }
    }
}

fn lost() -> Ended {
    Ended::Retry { reason: messages::LOST.into(), delay: Delay::Backoff }
}

fn senseless() -> Ended {
    let reason = "Snug can’t understand this server. Update the app or the server.".into();
    Ended::Retry { reason, delay: Delay::Backoff }
}

async fn write(socket: &mut Socket, frame: impl Into<Frame>) -> Result<(), Ended> {
    transport::write(socket, frame.into().into())
        .await
        .map_err(|_| Ended::Retry { reason: messages::LOST.into(), delay: Delay::None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(link: &OpenLink<'_>, seconds: u64) -> Instant {
        link.answered + Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_line_is_asked_once_and_given_up_ten_seconds_later() {
        let (events, _received) = mpsc::channel(1);
        let mut link = OpenLink { is_in: true, ..OpenLink::new(&events) };
        for (second, asks) in [(19, false), (20, true), (21, false), (29, false)] {
            assert_eq!(link.heartbeat(at(&link, second), false).ok(), Some(asks), "after {second} s");
        }
        let Err(Ended::Retry { reason, delay: Delay::None }) = link.heartbeat(at(&link, 30), false) else {
            panic!("it is tried again")
        };
        assert_eq!(reason, messages::SILENT, "a silent server is told from a broken line");
    }

    #[test]
    fn any_frame_is_an_answer() {
        let (events, _received) = mpsc::channel(1);
        let mut link = OpenLink { is_in: true, ..OpenLink::new(&events) };
        assert_eq!(link.heartbeat(at(&link, 20), false).ok(), Some(true));
        assert!(matches!(link.read(Some(Ok(Message::Pong(Vec::new().into())))), Ok(None)));
        assert_eq!(link.heartbeat(at(&link, 5), false).ok(), Some(false));
    }

    #[test]
    fn after_sleep_the_line_is_asked_at_once_and_has_two_seconds() {
        let (events, _received) = mpsc::channel(1);
        let mut link = OpenLink { is_in: true, ..OpenLink::new(&events) };
        assert_eq!(link.heartbeat(at(&link, 0), true).ok(), Some(true));
        assert_eq!(link.heartbeat(at(&link, 1), false).ok(), Some(false));
        assert!(link.heartbeat(at(&link, 2), false).is_err());
    }

    #[test]
    fn a_server_that_does_not_greet_is_not_waited_for_for_ever() {
        let (events, _received) = mpsc::channel(1);
        let mut link = OpenLink::new(&events);
        assert_eq!(link.heartbeat(at(&link, 9), false).ok(), Some(false));
        assert!(link.heartbeat(at(&link, 11), false).is_err());
    }
}
