//! Many at once: a thousand who never read, and ten thousand who come back together.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use snug_server::net::descriptors;
use snug_shared::{CloseReason, Line, Resume, ServerFrame};
use tokio::{
    net::TcpSocket,
    sync::{Barrier, Semaphore},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::common::{
    Random,
    journal::{self, Journal},
    member,
    peer::{End, Peer, fresh},
    process::Process,
    promise::{Promise, amount},
};

/// Clusters of a message, of four bytes each: long enough that who does not read falls behind soon.
const LENGTH: usize = 3_900;
/// Messages to measure by, and messages that are more than a room keeps for who is behind.
const SAID: (u32, u32) = (60, 180);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_reads_costs_little_memory_and_nobody_else_anything() {
    let promise =
        Promise::new("members that never read", "≤ 200 MiB, the others' p99 ≤ 2×, each closed with 4008");
    let members = amount(50, 1_000);
    let _ = descriptors::raise(members + 100);
    let folder = tempfile::tempdir().expect("a folder");
    let flags = ["--rate-limit", "off", "--max-members", "5000", "--max-connections", "12000"];
    let server = Process::start(folder.path(), &flags);

    let mut readers = JoinSet::new();
    for number in 0..members {
        let mut peer = Peer::join(server.address, "readers", &format!("reader {number}")).await;
        drop(readers.spawn(async move { while peer.socket_next().await.is_ok() {} }));
    }
    let (usual, _) = talk(&server, "readers", amount(20, SAID.0)).await;
    readers.shutdown().await;

    let mut deaf = Vec::new();
    for number in 0..members {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        let stream = socket.connect(server.address).await.expect("connected");
        let name = format!("deaf {number}");
        deaf.push(Peer::hello_over(stream, "deaf", &name, fresh()).await.expect("let in"));
    }
    let (beside, resident) = talk(&server, "deaf", SAID.1).await;
    let mut ends = JoinSet::new();
    for mut peer in deaf {
        drop(ends.spawn(async move { timeout(Duration::from_secs(60), peer.socket_end()).await }));
    }
    let ends = ends.join_all().await;
    assert!(ends.iter().all(Result::is_ok), "nobody who is that far behind is kept");
    let closed = ends.iter().filter(|end| **end == Ok(End::Closed(CloseReason::TooSlow))).count();
    let resident = resident / 1_024;
    assert!(resident <= 200, "{resident} MiB");
    promise.judged(
        beside <= usual * 2,
        format!(
            "{members}: {resident} MiB, p99 {:.1} ms beside as many who read, {:.1} ms beside them, {closed} told 4008",
            usual.as_secs_f64() * 1e3,
            beside.as_secs_f64() * 1e3,
        ),
    );
}

/// One talks, another listens: the p99 from saying to hearing, and the most memory the server had, in KiB.
async fn talk(server: &Process, room: &str, times: u32) -> (Duration, u64) {
    let mut maya = Peer::join(server.address, room, "maya").await;
    let mut zoe = Peer::join(server.address, room, "zoe").await;
    let (mut took, mut resident) = (Vec::new(), 0);
    for number in 0..times {
        let text = format!("{number} {}", "🎉".repeat(LENGTH));
        let started = Instant::now();
        let (said, heard) = tokio::join!(maya.say(&text), async {
            let entry = zoe.entry().await;
            took.push(started.elapsed());
            entry
        });
        assert_eq!(said, heard);
        resident = resident.max(server.resident());
        sleep(Duration::from_millis(amount(2, 20))).await;
    }
    took.sort_unstable();
    (took[took.len() * 99 / 100], resident)
}

const A_ROOM: usize = 100;
/// All knock at once, but one process has the hands of so many only: what waits longer for them is not the server's doing.
const HANDS: usize = 256;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_come_back_after_a_restart_and_miss_nothing() {
    let promise = Promise::new("all back after a restart", "all caught up ≤ 30 s, 0 refused, ≤ 200 MiB");
    come_back(promise, amount(200, 10_000), Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_are_back_before_they_notice() {
    let promise = Promise::new("a hundred back after a restart", "all caught up ≤ 2 s, 0 refused");
    come_back(promise, amount(20, 100), Duration::from_secs(2)).await;
}

async fn come_back(promise: Promise, mut clients: u32, limit: Duration) {
    if let Some(fits) = descriptors::raise(clients + 1_000) {
        clients = clients.min(u32::try_from(fits).unwrap_or(u32::MAX).saturating_sub(1_000));
    }
    let rooms = (clients as usize).div_ceil(A_ROOM);
    let folder = tempfile::tempdir().expect("a folder");
    let flags = ["--rate-limit", "off", "--max-connections", "12000"];
    let mut server = Process::start(folder.path(), &flags);
    let mut journals = said_before(&server, rooms).await;

    let empty = server.resident();
    let refused = Arc::new(AtomicU32::new(0));
    let [here, gone] = [(); 2].map(|()| Arc::new(Barrier::new(clients as usize + 1)));
    let hands = Arc::new(Semaphore::new(HANDS));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    let mut random = promise.random();
    for number in 0..clients as usize {
        let client = Client {
            number,
            address: server.address,
            refused: Arc::clone(&refused),
            hands: Arc::clone(&hands),
        };
        let (here, gone, random) = (Arc::clone(&here), Arc::clone(&gone), Random(random.below(u64::MAX)));
        drop(tasks.spawn(client.live(here, gone, random)));
    }
    timeout(Duration::from_secs(120), here.wait()).await.expect("all are here");
    assert_eq!(refused.swap(0, Ordering::Relaxed), 0, "nobody was refused before");
    let came = began.elapsed();
    let resident = server.resident();
    assert!(resident <= 200 * 1_024, "{resident} KiB for {clients} members");
    server.kill();
    timeout(Duration::from_secs(30), gone.wait()).await.expect("all noticed");
    server.restart();
    let back = Instant::now();
    say_after(&server, &mut journals).await;
    let mut last = Duration::ZERO;
    while let Some(done) = timeout(Duration::from_secs(120), tasks.join_next()).await.expect("all come back")
    {
        let (number, journal, at) = done.expect("no client panicked");
        last = last.max(at.duration_since(back));
        journals.entry(number / A_ROOM).or_default().push(journal);
    }
    for (room, journals) in &journals {
        let store = member::stored(server.address, &name(*room)).await;
        journal::assert_kept(journals, &store, &promise.replay());
    }
    assert_eq!(refused.load(Ordering::Relaxed), 0, "nobody is refused; {}", promise.replay());
    promise.within(
        last,
        limit,
        format!(
            " until {clients} were back and complete, 0 refused (they had come in {:.0} s; {} bytes a member)",
            came.as_secs_f64(),
            resident.saturating_sub(empty) * 1_024 / u64::from(clients),
        ),
    );
}

/// What was said in each room, by whom.
type Journals = BTreeMap<usize, Vec<Journal>>;

/// Says something in each room before the crowd comes.
async fn said_before(server: &Process, rooms: usize) -> Journals {
    let mut journals = Journals::new();
    for room in 0..rooms {
        let mut speaker = Peer::join(server.address, &name(room), "speaker").await;
        let mut journal = Journal::new("speaker");
        for number in 0..3 {
            assert_eq!(speaker.insist(&mut journal, &format!("before {number}")).await, []);
        }
        speaker.leave().await;
        journals.insert(room, vec![journal]);
    }
    journals
}

/// Says something in each room after the restart.
async fn say_after(server: &Process, journals: &mut Journals) {
    for (room, journals) in journals {
        let mut speaker = Peer::join(server.address, &name(*room), "speaker").await;
        let mut journal = Journal::new("speaker again");
        assert_eq!(speaker.insist(&mut journal, "after").await, []);
        journals.push(journal);
    }
}

fn name(room: usize) -> String {
    format!("room {room}")
}

struct Client {
    number: usize,
    address: SocketAddr,
    refused: Arc<AtomicU32>,
    hands: Arc<Semaphore>,
}

impl Client {
    /// In, out when the server dies, and in again until it knows what was said after; when that was.
    async fn live(
        self,
        here: Arc<Barrier>,
        gone: Arc<Barrier>,
        mut random: Random,
    ) -> (usize, Journal, Instant) {
        let (room, nickname) = (name(self.number / A_ROOM), format!("client {}", self.number));
        let mut journal = Journal::new(&nickname);
        let mut peer = self.join(&room, &nickname, fresh(), &mut random).await;
        let mut seen = self.hear(&mut journal, &mut peer);
        let resume = |peer: &Peer, seen: (u64, uuid::Uuid)| {
            let (epoch, seat) = (peer.established.epoch.clone(), peer.established.seat.clone());
            let resume = Resume { epoch, after: seen.0, id: Some(seen.1) };
            snug_shared::Hello { resume: Some(resume), seat: Some(seat), ..fresh() }
        };
        here.wait().await;
        let hello = resume(&peer, seen.expect("something was said before"));
        assert_eq!(End::Lost, until_lost(&mut peer).await);
        gone.wait().await;
        let mut peer = self.join(&room, &nickname, hello, &mut random).await;
        assert!(peer.established.resumed, "{nickname}: it is the same log");
        seen = self.hear(&mut journal, &mut peer).or(seen);
        while seen.is_none_or(|(seq, _)| seq < 4) {
            let entry = peer.entry().await;
            journal.saw(&peer.established.epoch, &entry);
            seen = Some((entry.seq, entry.id));
        }
        (self.number, journal, Instant::now())
    }

    fn hear(&self, journal: &mut Journal, peer: &mut Peer) -> Option<(u64, uuid::Uuid)> {
        let mut seen = None;
        for line in std::mem::take(&mut peer.replay) {
            let Line::Entry(entry) = line else { panic!("this server says only what this test knows") };
            journal.saw(&peer.established.epoch, &entry);
            seen = Some((entry.seq, entry.id));
        }
        seen
    }

    /// Knocks as the app does: again and again, a random while apart.
    async fn join(&self, room: &str, nickname: &str, hello: snug_shared::Hello, random: &mut Random) -> Peer {
        let mut pause = 500;
        loop {
            let hand = self.hands.acquire().await;
            match Peer::hello(self.address, room, nickname, hello.clone()).await {
                Ok(peer) => return peer,
                Err(End::Closed(reason)) => {
                    if self.refused.fetch_add(1, Ordering::Relaxed) < 5 {
                        println!("{nickname} was refused: {reason:?}");
                    }
                }
                Err(End::Lost) => {}
            }
            drop(hand);
            sleep(Duration::from_millis(random.below(pause))).await;
            pause = (pause * 2).min(5_000);
        }
    }
}

async fn until_lost(peer: &mut Peer) -> End {
    loop {
        match peer.socket_next().await {
            Ok(ServerFrame::Line(line)) => panic!("nobody spoke: {line:?}"),
            Ok(_) => {}
            Err(end) => return end,
        }
    }
}
