//! The promise of `docs/protocol.md` §4: what came back to its sender survives `kill -9`.
//!
//! Eight members talk through the real program while it is killed at random moments and started again, twenty times. They
//! send again under the same id what did not come back, and resume where they left off. In the end nothing that was
//! acknowledged is lost, nothing is there twice, and all have heard the same in the same order.

mod common;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{
    peer::{End, Peer, fresh, message},
    process::Process,
};
use snug_shared::{Body, ClientFrame, CloseReason, Entry, Hello, Intent, Line, Resume, Seq, ServerFrame};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

const ROUNDS: u32 = 20;
const MEMBERS: usize = 8;
const ROOM: &str = "under fire";
/// What a member says before it waits for something to come back.
const AHEAD: usize = 16;
/// The pause between two messages of one member: enough load that a kill always meets some on their way.
const PACE: Duration = Duration::from_millis(4);

/// A small generator (splitmix64), so that a seed is a whole test run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What all members share with the test.
#[derive(Default)]
struct Orders {
    /// No more new messages; what is on its way is finished.
    enough: AtomicBool,
    /// The last seq of the room, once it is known; 0 before.
    last: AtomicU64,
}

/// A member across all its connections.
struct Member {
    name: String,
    orders: Arc<Orders>,
    /// The room as this member has heard it; `log[n]` has the seq n + 1.
    log: Vec<Entry>,
    /// Said, but not come back yet; in order.
    outbox: VecDeque<(Uuid, Intent)>,
    /// Every id that came back, which is the promise.
    acknowledged: Vec<Uuid>,
    said: u64,
    past: Hello,
    /// Connections that were cut.
    cuts: u32,
}

impl Member {
    fn new(number: usize, orders: Arc<Orders>) -> Self {
        Self {
            name: format!("load {number}"),
            orders,
            log: Vec::new(),
            outbox: VecDeque::new(),
            acknowledged: Vec::new(),
            said: 0,
            past: fresh(),
            cuts: 0,
        }
    }

    fn finished(&self) -> bool {
        let last = self.orders.last.load(Ordering::SeqCst);
        last > 0 && self.outbox.is_empty() && self.log.len() as u64 >= last
    }

    /// Comes back until everything was said and heard.
    async fn live(mut self, server: SocketAddr) -> Self {
        while !self.finished() {
            match self.visit(server).await {
                End::Lost | End::Closed(CloseReason::Restart | CloseReason::TooSlow) => self.cuts += 1,
                End::Closed(reason) => panic!("{} was closed with {reason:?}", self.name),
            }
            sleep(Duration::from_millis(10)).await;
        }
        self
    }

    /// One connection, until it ends or everything was said and heard.
    async fn visit(&mut self, server: SocketAddr) -> End {
        let mut peer = match Peer::hello(server, ROOM, &self.name, self.past.clone()).await {
            Ok(peer) => peer,
            Err(end) => return end,
        };
        if !self.log.is_empty() {
            assert!(peer.established.resumed, "{}: the log is the same one, so it is resumed", self.name);
        }
        self.past.seat = Some(peer.established.seat.clone());
        for line in std::mem::take(&mut peer.replay) {
            self.hear(line);
        }
        self.remember(&peer);
        // The same ids again: what was stored after all comes back as it was.
        for (id, intent) in self.outbox.clone() {
            peer.send(ClientFrame::Send { id, intent }).await;
        }
        let mut next = Instant::now();
        while !self.finished() {
            let may_speak = !self.orders.enough.load(Ordering::SeqCst) && self.outbox.len() < AHEAD;
            tokio::select! {
                frame = peer.try_next() => match frame {
                    Ok(ServerFrame::Line(line)) => {
                        self.hear(line);
                        self.remember(&peer);
                    }
                    Ok(ServerFrame::Error(error)) => panic!("{} was refused: {error:?}", self.name),
                    Ok(_) => {}
                    Err(end) => return end,
                },
                () = sleep_until(next), if may_speak => {
                    next = Instant::now() + PACE;
                    let send = (Uuid::now_v7(), message(&format!("{} says {}", self.name, self.said)));
                    self.said += 1;
                    self.outbox.push_back(send.clone());
                    peer.send(ClientFrame::Send { id: send.0, intent: send.1 }).await;
                }
                // Nothing else may come any more that would end the wait.
                () = sleep(Duration::from_millis(50)), if !may_speak => {}
            }
        }
        peer.leave().await;
        End::Lost
    }

    /// Takes an entry, which follows the last one or is one of those known.
    fn hear(&mut self, line: Line) {
        let Line::Entry(mut entry) = line else { panic!("this server says only what this test knows") };
        if let Body::Message(message) = &mut entry.body {
            // Replays carry it, live entries do not.
            message.present = None;
        }
        if let Some(at) = self.outbox.iter().position(|(id, _)| *id == entry.id) {
            let _ = self.outbox.remove(at);
            self.acknowledged.push(entry.id);
        }
        let next = self.log.len() as Seq + 1;
        if entry.seq < next {
            assert_eq!(
                self.log[entry.seq as usize - 1],
                entry,
                "{}: a repeated entry is the first one",
                self.name
            );
        } else {
            assert_eq!(entry.seq, next, "{}: no holes", self.name);
            self.log.push(entry);
        }
    }

    fn remember(&mut self, peer: &Peer) {
        let after = self.log.len() as Seq;
        let id = self.log.last().map(|entry| entry.id);
        self.past.resume = Some(Resume { epoch: peer.established.epoch.clone(), after, id });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing_double_nothing_and_keep_one_order() {
    let seed = match std::env::var("KILL_SEED") {
        Ok(seed) => seed.parse().expect("KILL_SEED is a number"),
        Err(_) => Uuid::now_v7().as_u64_pair().1,
    };
    println!("seed: KILL_SEED={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Process::start(folder.path(), &["--rate-limit", "off"]);
    let orders = Arc::new(Orders::default());
    let members: Vec<_> = (0..MEMBERS)
        .map(|number| tokio::spawn(Member::new(number, Arc::clone(&orders)).live(server.address)))
        .collect();

    for _ in 0..ROUNDS {
        sleep(Duration::from_millis(200 + random.below(1_300))).await;
        server.kill();
        // Sometimes it is away long enough that members knock at a closed door.
        sleep(Duration::from_millis(random.below(100))).await;
        server.restart();
        assert!(members.iter().all(|member| !member.is_finished()), "nobody gave up");
    }

    sleep(Duration::from_millis(500)).await;
    orders.enough.store(true, Ordering::SeqCst);
    // Whoever comes last says what the last seq is; members finish once they have heard that far and all is said.
    let mut watcher = Peer::join(server.address, ROOM, "watcher").await;
    let mut last = watcher.established.last;
    while let Ok(Ok(frame)) = tokio::time::timeout(Duration::from_secs(3), watcher.try_next()).await {
        if let ServerFrame::Line(line) = frame {
            last = line.seq();
        }
    }
    orders.last.store(last, Ordering::SeqCst);

    let mut logs = Vec::new();
    let mut acknowledged = Vec::new();
    for member in members {
        let member = tokio::time::timeout(Duration::from_secs(60), member).await;
        let member = member.expect("everything comes back in the end").expect("no member panicked");
        assert!(member.cuts >= ROUNDS, "{} lived through every kill", member.name);
        assert_eq!(member.acknowledged.len() as u64, member.said, "{}: all came back once", member.name);
        acknowledged.extend(member.acknowledged);
        logs.push(member.log);
    }

    let whole = stored(server.address, last).await;
    for log in &logs {
        assert_eq!(log, &whole, "one order for all");
    }
    let mut places: HashMap<Uuid, Seq> = HashMap::new();
    for entry in &whole {
        assert_eq!(places.insert(entry.id, entry.seq), None, "nothing is there twice");
    }
    for id in &acknowledged {
        assert!(places.contains_key(id), "nothing acknowledged is lost");
    }
    assert_eq!(places.len(), acknowledged.len(), "nothing is there that nobody said");
    assert!(whole.len() > ROUNDS as usize * MEMBERS, "there was something to lose");
    in_each_senders_order(&whole);
    println!("{} entries, {} kills, 0 lost, 0 doubled", whole.len(), ROUNDS);
}

/// The room as the server has it, read backwards to its beginning.
async fn stored(server: SocketAddr, last: Seq) -> Vec<Entry> {
    let mut reader = Peer::join(server, ROOM, "reader").await;
    let mut whole: VecDeque<Entry> = VecDeque::new();
    let mut before = last + 1;
    while before > 1 {
        reader.send(ClientFrame::History { before, limit: 500 }).await;
        let (entries, more) = loop {
            if let ServerFrame::History { entries, more, .. } = reader.next().await {
                break (entries, more);
            }
        };
        before = entries.first().expect("there are entries before the last").seq();
        for line in entries.into_iter().rev() {
            let Line::Entry(mut entry) = line else { panic!("this server says only what this test knows") };
            if let Body::Message(message) = &mut entry.body {
                message.present = None;
            }
            whole.push_front(entry);
        }
        assert_eq!(more, before > 1);
    }
    whole.into()
}

/// What one member said stands in the order it was said in, without gaps.
fn in_each_senders_order(whole: &[Entry]) {
    let mut said: HashMap<String, u64> = HashMap::new();
    for entry in whole {
        let text = entry.message().and_then(|message| message.text.as_ref()).expect("only messages");
        let (name, number) = text.as_str().split_once(" says ").expect("as they were said");
        let count = said.entry(name.to_owned()).or_default();
        assert_eq!(number.parse(), Ok(*count), "{name}");
        *count += 1;
    }
}
