//! A member that lives through everything: it comes back, sends again what did not come back, fills its holes, and keeps a
//! [`Journal`] of it.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use snug_shared::{ClientFrame, CloseReason, Entry, Hello, Line, Resume, Seq, ServerFrame};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::{
    journal::{Journal, Store},
    peer::{End, Peer, fresh, message},
};

/// What a member says before it waits for something to come back.
const AHEAD: usize = 64;
/// After this long without its message it sends it again.
const UNANSWERED: Duration = Duration::from_secs(2);

/// What all members share with the test.
#[derive(Debug, Default)]
pub struct Orders {
    /// No more new messages; what is on its way is finished.
    pub enough: AtomicBool,
    /// The last seq of the room, once it is known; 0 before.
    pub last: AtomicU64,
    /// Messages that all of them have said.
    pub said: AtomicU64,
    /// Connections of theirs that ended.
    pub cuts: AtomicU64,
}

/// A member across all its connections.
#[derive(Debug)]
pub struct Member {
    room: String,
    name: String,
    orders: Arc<Orders>,
    pace: Duration,
    /// What it meant, had acknowledged and saw.
    pub journal: Journal,
    /// Said, but not come back yet; in order.
    outbox: VecDeque<(Uuid, String)>,
    /// Seen too early; shown once what is missing before has come.
    ahead: BTreeMap<Seq, Entry>,
    asked: Option<Seq>,
    /// Came as an answer to that. Each may come by itself once more: an answer may overtake what follows in the room.
    filled: HashSet<Seq>,
    shown: Option<(Seq, Uuid)>,
    said: u64,
    most: u64,
    past: Hello,
    /// Connections that ended.
    pub cuts: u32,
}

impl Member {
    /// One that says something every `pace`.
    pub fn new(room: &str, name: &str, pace: Duration, orders: &Arc<Orders>) -> Self {
        Self {
            room: room.to_owned(),
            name: name.to_owned(),
            orders: Arc::clone(orders),
            pace,
            journal: Journal::new(name),
            outbox: VecDeque::new(),
            ahead: BTreeMap::new(),
            asked: None,
            filled: HashSet::new(),
            shown: None,
            said: 0,
            most: u64::MAX,
            past: fresh(),
            cuts: 0,
        }
    }

    /// Says so much and no more.
    pub fn at_most(self, messages: u64) -> Self {
        Self { most: messages, ..self }
    }

    /// Takes its seat over a line that holds: without one, a name that was cut off is somebody else's for two minutes.
    pub async fn introduce(mut self, server: SocketAddr) -> Self {
        let peer = Peer::join(server, &self.room, &self.name).await;
        self.past.seat = Some(peer.established.seat.clone());
        peer.leave().await;
        self
    }

    fn finished(&self) -> bool {
        let last = self.orders.last.load(Ordering::SeqCst);
        last > 0 && self.outbox.is_empty() && self.shown.is_some_and(|(seq, _)| seq >= last)
    }

    /// Comes back until everything was said and heard.
    pub async fn live(mut self, server: SocketAddr) -> Self {
        while !self.finished() {
            match self.visit(server).await {
                End::Lost | End::Closed(CloseReason::Restart | CloseReason::TooSlow) => {
                    self.cuts += 1;
                    self.orders.cuts.fetch_add(1, Ordering::Relaxed);
                }
                End::Closed(reason) => panic!("{} was closed with {reason:?}", self.name),
            }
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.journal.acknowledged() as u64, self.said, "{}: all came back", self.name);
        self
    }

    /// One connection, until it ends or everything was said and heard.
    async fn visit(&mut self, server: SocketAddr) -> End {
        let mut peer = match Peer::hello(server, &self.room, &self.name, self.past.clone()).await {
            Ok(peer) => peer,
            Err(end) => return end,
        };
        if !peer.established.resumed && self.shown.is_some() {
            self.journal.gap();
            self.shown = None;
        }
        self.past.seat = Some(peer.established.seat.clone());
        (self.asked, self.filled, self.ahead) = (None, HashSet::new(), BTreeMap::new());
        for line in std::mem::take(&mut peer.replay) {
            self.hear(line, &mut peer).await;
        }
        // The same ids again: what was stored after all comes back as it was.
        let mut sent = self.send_again(&mut peer).await;
        let mut next = Instant::now();
        while !self.finished() {
            let may_speak = !self.orders.enough.load(Ordering::SeqCst)
                && self.said < self.most
                && self.outbox.len() < AHEAD;
            if !self.outbox.is_empty() && sent.elapsed() > UNANSWERED {
                sent = self.send_again(&mut peer).await;
            }
            tokio::select! {
                frame = peer.try_next() => match frame {
                    Ok(ServerFrame::Line(line)) => self.hear(line, &mut peer).await,
                    Ok(ServerFrame::History { entries, .. }) => {
                        self.asked = None;
                        for line in entries {
                            // What was asked for may have come by itself in the meantime.
                            if self.shown.is_none_or(|(shown, _)| line.seq() > shown) {
                                self.filled.insert(line.seq());
                                self.hear(line, &mut peer).await;
                            }
                        }
                    }
                    Ok(ServerFrame::Error(error)) => panic!("{} was refused: {error:?}", self.name),
                    Ok(_) => {}
                    Err(end) => return end,
                },
                () = sleep_until(next), if may_speak => {
                    next = Instant::now().max(next + self.pace);
                    let (id, text) = (Uuid::now_v7(), format!("{} says {}", self.name, self.said));
                    self.said += 1;
                    self.orders.said.fetch_add(1, Ordering::Relaxed);
                    self.journal.meant(id, &text);
                    if self.outbox.is_empty() {
                        sent = Instant::now();
                    }
                    peer.send(ClientFrame::Send { id, intent: message(&text) }).await;
                    self.outbox.push_back((id, text));
                }
                // Nothing else may come any more that would end the wait.
                () = sleep(Duration::from_millis(50)), if !may_speak => {}
            }
        }
        peer.leave().await;
        End::Lost
    }

    async fn send_again(&mut self, peer: &mut Peer) -> Instant {
        for (id, text) in &self.outbox {
            peer.send(ClientFrame::Send { id: *id, intent: message(text) }).await;
        }
        Instant::now()
    }

    /// Takes an entry: shows it, keeps it until what is missing before has come, or knows it as its own sent again.
    async fn hear(&mut self, line: Line, peer: &mut Peer) {
        let Line::Entry(entry) = line else { panic!("this server says only what this test knows") };
        let epoch = &peer.established.epoch;
        if let Some(at) = self.outbox.iter().position(|(id, _)| *id == entry.id) {
            let _ = self.outbox.remove(at);
            self.journal.acked(epoch, &entry);
        }
        match self.shown {
            Some((shown, _)) if entry.seq > shown + 1 => {
                let before = entry.seq;
                self.ahead.entry(before).or_insert(entry);
                if self.asked.is_none() {
                    let before = *self.ahead.keys().next().expect("it is there");
                    let limit = u32::try_from((before - shown - 1).min(500)).expect("at most 500");
                    self.asked = Some(before);
                    peer.send(ClientFrame::History { before, limit }).await;
                }
                return;
            }
            Some((shown, _)) if entry.seq <= shown && self.filled.remove(&entry.seq) => return,
            // An answer to something sent again.
            Some((shown, _)) if entry.seq <= shown && entry.user.as_str() == self.name => return,
            _ => self.show(epoch, &entry),
        }
        while let Some(next) = self.ahead.first_entry()
            && self.shown.is_some_and(|(shown, _)| *next.key() <= shown + 1)
        {
            let entry = next.remove();
            if self.shown.is_some_and(|(shown, _)| entry.seq > shown) {
                self.show(epoch, &entry);
            }
        }
    }

    fn show(&mut self, epoch: &str, entry: &Entry) {
        self.journal.saw(epoch, entry);
        self.shown = Some((entry.seq, entry.id));
        self.past.resume = Some(Resume { epoch: epoch.to_owned(), after: entry.seq, id: Some(entry.id) });
    }
}

/// A name that is nobody's, since names stay reserved for a while.
fn another(kind: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{kind} {}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Waits until nothing new comes any more, and lets everybody finish. The last seq of the room.
pub async fn finish(server: SocketAddr, room: &str, orders: &Orders) -> Seq {
    orders.enough.store(true, Ordering::SeqCst);
    let mut watcher = Peer::join(server, room, &another("watcher")).await;
    // What was on its way while the watcher came in is in its replay.
    let mut last = watcher.replay.last().map_or(0, Line::seq).max(watcher.established.last);
    while let Ok(Ok(frame)) = tokio::time::timeout(Duration::from_millis(2_500), watcher.try_next()).await {
        if let ServerFrame::Line(line) = frame {
            last = line.seq();
        }
    }
    orders.last.store(last, Ordering::SeqCst);
    last
}

/// The room as the server has it, read backwards to its beginning.
pub async fn stored(server: SocketAddr, room: &str) -> Store {
    let mut reader = Peer::join(server, room, &another("reader")).await;
    let epoch = reader.established.epoch.clone();
    let mut whole: VecDeque<Entry> = VecDeque::new();
    let mut before = reader.established.last + 1;
    while before > 1 {
        reader.send(ClientFrame::History { before, limit: 500 }).await;
        let (entries, more) = loop {
            if let ServerFrame::History { entries, more, .. } = reader.next().await {
                break (entries, more);
            }
        };
        before = entries.first().expect("there are entries before the last").seq();
        for line in entries.into_iter().rev() {
            let Line::Entry(entry) = line else { panic!("this server says only what this test knows") };
            whole.push_front(entry);
        }
        assert_eq!(more, before > 1);
    }
    Store { epoch, entries: whole.into() }
}
