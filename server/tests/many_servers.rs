//! Two servers over one log and one presence, joined by a channel layer that loses, repeats, delays and re-orders events: to
//! their members they are one.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{
    http::TestServer,
    peer::{End, Peer, fresh, message},
    plain::Plain,
    unreliable::{Faults, Network},
    world::{Kind, UNRELIABLE, World},
};
use serde_json::Value;
use snug_server::{
    Config,
    backend::{Backend, commits_to},
    event::Version,
    later::Later,
    log::memory::MemoryLog,
    presence::{Join, JoinError, Joined, Presence, Snapshot, memory::MemoryPresence},
    unavailable::Unavailable,
};
use snug_shared::{
    Author, ClientFrame, CloseReason, Durability, ErrorCode, Hello, MemberInfo, Nickname, RoomKey, RoomName,
    Seq, ServerFrame,
};
use tokio::{sync::watch, task::JoinSet, time::sleep};
use uuid::Uuid;

/// Both ways to have two servers.
const TWO: [Kind; 2] = [Kind::TwoOverMemory, Kind::TwoOverSqlite];

/// The next presence that says that so many are here.
async fn counted(peer: &mut Peer, count: u32) {
    loop {
        if let ServerFrame::Presence(presence) = peer.next().await
            && presence.count == count
        {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_both_servers_see_every_entry_once_in_one_order_and_nobody_is_sent_away() {
    const EACH: usize = 150;
    for kind in TWO {
        let world = World::start(kind).await;
        let mut peers = Vec::new();
        for number in 0..4 {
            peers.push(Peer::join(world.address(number), "tea", &format!("peer {number}x")).await);
        }
        let total = EACH * peers.len();
        let mut tasks = JoinSet::new();
        for (number, mut peer) in peers.into_iter().enumerate() {
            drop(tasks.spawn(async move {
                for sent in 0..EACH {
                    let _ = peer.intend(message(&format!("{number}:{sent}"))).await;
                }
                let mut seen = Vec::new();
                for seq in 1..=total as Seq {
                    let entry = peer.entry().await;
                    assert_eq!(entry.seq, seq, "{kind}");
                    seen.push(entry.id);
                }
                // Whatever was repeated or overtaken on the way comes to nothing.
                peer.send(ClientFrame::Ping).await;
                while !matches!(peer.next().await, ServerFrame::Pong { last } if last == total as Seq) {}
                seen
            }));
        }
        let seen = tasks.join_all().await;
        assert!(seen.iter().all(|ids| *ids == seen[0]));
        assert_eq!(seen[0].iter().collect::<HashSet<_>>().len(), total);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_whose_event_is_lost_is_read_from_the_log_although_nothing_follows_it() {
    for kind in TWO {
        let nothing_arrives = common::unreliable::Faults { lost: 100, ..UNRELIABLE };
        let config = Config { rate_limit: false, ..Config::default() };
        let world = World::configured(kind, config, nothing_arrives).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let mut zoe = Peer::join(world.address(1), "tea", "zoe").await;
        counted(&mut maya, 2).await;
        for text in ["one", "two"] {
            let said = maya.say(text).await;
            assert_eq!(zoe.entry().await.id, said.id, "{kind}");
        }
        drop(zoe);
        counted(&mut maya, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nickname_in_use_on_one_server_is_taken_on_the_other() {
    for kind in TWO {
        let world = World::start(kind).await;
        let maya = Peer::join(world.address(0), "tea", "maya").await;
        for lookalike in ["maya", "MAYA", "mауа"] {
            let refused = Peer::hello(world.address(1), "tea", lookalike, fresh()).await;
            assert_eq!(refused.err(), Some(End::Closed(CloseReason::NicknameTaken)), "{kind}");
        }
        let body = serde_json::json!({ "user": "Maya", "message": "hello" });
        let posted = world.servers[1].post("/api/rooms/tea/messages", &body).await;
        assert_eq!((posted.status, posted.json()["code"].as_str()), (409, Some("nickname_taken")));
        // It stays hers for a while.
        maya.leave().await;
        let refused = Peer::hello(world.address(1), "tea", "maya", fresh()).await;
        assert_eq!(refused.err(), Some(End::Closed(CloseReason::NicknameTaken)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_taken_on_one_server_closes_the_older_connection_on_the_other() {
    for kind in TWO {
        let world = World::start(kind).await;
        let mut old = Peer::join(world.address(0), "tea", "maya").await;
        let seat = Some(old.established.seat.clone());
        for round in 1..=6 {
            let hello = Hello { seat: seat.clone(), ..fresh() };
            let new = Peer::hello(world.address(round), "tea", "maya", hello).await.unwrap();
            assert_eq!(new.established.member, old.established.member, "{kind}");
            assert_eq!(new.established.by, old.established.by);
            assert_eq!(old.end().await, End::Closed(CloseReason::Replaced));
            old = new;
        }
        assert_eq!(old.established.count, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_and_counted_over_both_servers() {
    for kind in TWO {
        let world = World::start(kind).await;
        let mut first = Peer::join(world.address(0), "tea", "n0x").await;
        let mut others = Vec::new();
        for number in 1..12 {
            others.push(Peer::join(world.address(number), "tea", &format!("n{number}x")).await);
        }
        // One's own place is always in the list that one is greeted with, and each has an id of its own.
        let ids: HashSet<_> = others.iter().map(|peer| peer.established.member.clone()).collect();
        assert_eq!(ids.len(), 11);
        for peer in &others {
            let own = |member: &&MemberInfo| member.member == peer.established.member;
            assert_eq!(peer.established.members.iter().filter(own).count(), 1, "{kind}");
        }
        counted(&mut first, 12).await;
        for server in &world.servers {
            let rooms = server.get("/api/rooms").await.json();
            assert_eq!(
                (&rooms["rooms"][0]["room"], &rooms["rooms"][0]["members"]),
                (&"tea".into(), &12.into())
            );
        }
        drop(others);
        counted(&mut first, 1).await;
        let rooms = world.servers[1].get("/api/rooms").await.json();
        assert_eq!(rooms["rooms"][0]["members"], Value::from(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_on_one_server_is_shown_on_the_other_and_never_to_oneself() {
    for kind in TWO {
        let world = World::start(kind).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let mut zoe = Peer::join(world.address(1), "tea", "zoe").await;
        let told = async {
            loop {
                if let ServerFrame::Typing { user, .. } = zoe.next().await {
                    assert_eq!(user.as_str(), "maya", "{kind}");
                    return;
                }
            }
        };
        let types = async {
            loop {
                // A sign that is lost is not repeated by the server, but by whoever types on.
                maya.send(ClientFrame::Typing).await;
                sleep(Duration::from_millis(2_600)).await;
            }
        };
        tokio::select! {
            () = told => {}
            () = types => {}
        }
        let said = maya.say("done").await;
        assert_eq!(said.seq, 1);
        maya.send(ClientFrame::Ping).await;
        loop {
            match maya.next().await {
                ServerFrame::Typing { user, .. } => panic!("{user} is told of typing in {kind}"),
                ServerFrame::Pong { .. } => break,
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_a_name_that_nobody_has_on_either_server() {
    for kind in TWO {
        let world = World::start(kind).await;
        let mut keeper = Peer::join(world.address(0), "tea", "keeper").await;
        let mut guests = Vec::new();
        for number in 0..6 {
            guests.push(Plain::open(world.address(number), "/ws/chat/tea/").await);
        }
        let mut names = HashSet::new();
        let mut count = 0;
        while names.len() < 6 || count != 7 {
            if let ServerFrame::Presence(presence) = keeper.next().await {
                names.extend(presence.joined.into_iter().map(|member| member.nickname));
                count = presence.count;
            }
        }
        drop(guests);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_hears_what_is_said_on_the_other_server() {
    for kind in TWO {
        let world = World::start(kind).await;
        let mut stream = world.servers[1].connect().await;
        stream.request("GET /api/rooms/tea/stream?after=0", &[], "").await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        for number in 1..=20 {
            let said = maya.say(&format!("number {number}")).await;
            assert_eq!(said.seq, number, "{kind}");
        }
        let heard = stream.until("\"number 20\"").await;
        let places: Vec<_> = (1..=20).map(|n| heard.find(&format!("\"number {n}\"")).unwrap()).collect();
        assert!(places.is_sorted());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_sent_again_over_the_other_server_makes_no_second_entry() {
    for kind in TWO {
        let world = World::start(kind).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let said = maya.say("once").await;
        let hello = Hello { seat: Some(maya.established.seat.clone()), ..fresh() };
        let mut again = Peer::hello(world.address(1), "tea", "maya", hello).await.unwrap();
        again.send(ClientFrame::Send { id: said.id, intent: message("once") }).await;
        assert_eq!(again.entry().await.seq, said.seq, "{kind}");
        again.send(ClientFrame::Send { id: said.id, intent: message("twice") }).await;
        assert_eq!(again.error().await.code, ErrorCode::IdConflict);
        assert_eq!(again.say("next").await.seq, said.seq + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_repeated_id_overtakes_nothing() {
    // Nothing is lost, but the repeat comes long before the entry.
    let slow = Faults { lost: 0, repeated: 0, refused: 0, delay_ms: 60 };
    for kind in TWO {
        let config = Config { rate_limit: false, ..Config::default() };
        let world = World::configured(kind, config, slow).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let mut jon = Peer::join(world.address(1), "tea", "jon").await;
        let (mut last, mut own) = (0, Vec::new());
        for number in 0..60 {
            let _ = jon.intend(message(&format!("jon {number}"))).await;
            let id = Uuid::now_v7();
            for _ in 0..2 {
                let intent = message(&format!("maya {number}"));
                maya.send(ClientFrame::Send { id, intent }).await;
            }
            own.push(id);
        }
        while last < 120 || !own.is_empty() {
            let entry = maya.entry().await;
            assert!(entry.seq <= last + 1, "{kind}: {} after {last}", entry.seq);
            last = last.max(entry.seq);
            own.retain(|id| *id != entry.id);
        }
    }
}

/// A presence that lets nobody read a list until so many have joined, and counts the whole lists that are read.
struct Held {
    presence: MemoryPresence,
    to_join: watch::Sender<usize>,
    lists: AtomicUsize,
}

impl Presence for Held {
    fn join(&self, room: &RoomName, join: Join) -> Later<Result<Joined, JoinError>> {
        let joined = self.presence.join(room, join);
        self.to_join.send_modify(|left| *left = left.saturating_sub(1));
        joined
    }

    fn people(&self) -> Later<Result<u32, Unavailable>> {
        self.presence.people()
    }

    fn leave(&self, room: &RoomKey, author: &Author, connection: u64) {
        self.presence.leave(room, author, connection);
    }

    fn expire(&self, room: &RoomKey) {
        self.presence.expire(room);
    }

    fn members(
        &self,
        room: &RoomKey,
        known: Option<Version>,
    ) -> Later<Result<Option<Snapshot>, Unavailable>> {
        let _ = self.lists.fetch_add(usize::from(known.is_none()), Ordering::SeqCst);
        // As it is now, and not as it will be when it is told.
        let (found, mut to_join) = (self.presence.members(room, known), self.to_join.subscribe());
        Box::pin(async move {
            let _ = to_join.wait_for(|left| *left == 0).await;
            found.await
        })
    }

    fn is_held(&self, room: &RoomKey, nickname: &Nickname) -> Later<Result<bool, Unavailable>> {
        self.presence.is_held(room, nickname)
    }

    fn census(&self, most: usize) -> Later<Result<Vec<(RoomName, u32)>, Unavailable>> {
        self.presence.census(most)
    }

    fn sweep(&self) {
        self.presence.sweep();
    }

    fn ready(&self) -> Result<(), Unavailable> {
        self.presence.ready()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_joins_past_a_gap_shares_the_list_that_fills_it() {
    const CROWD: usize = 80;
    // Servers do not hear of each other, so who joins on the other one leaves a gap here.
    let network = Network::new(Faults { lost: 100, ..UNRELIABLE }, 1);
    let layers = [network.connect(), network.connect()];
    let log = Arc::new(MemoryLog::new(commits_to(layers[0].clone())).unwrap());
    let presence = MemoryPresence::new(layers[0].clone());
    let held = Arc::new(Held { presence, to_join: watch::Sender::new(0), lists: AtomicUsize::new(0) });
    let mut servers = Vec::new();
    for (server, layer) in (1..).zip(layers) {
        let backend = Backend { log: log.clone(), layer, presence: held.clone(), server };
        let config = Config { rate_limit: false, durability: Durability::None, ..Config::default() };
        servers.push(TestServer::start_on(backend, config).await);
    }
    let (here, there) = (servers[0].address, servers[1].address);
    let _kept = (Peer::join(here, "tea", "here").await, Peer::join(there, "tea", "there").await);
    let _ = held.to_join.send_replace(CROWD + 1);
    let _gap = Peer::join(there, "tea", "gap").await;
    let before = held.lists.load(Ordering::SeqCst);
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        drop(crowd.spawn(async move { Peer::join(here, "tea", &format!("n{number}x")).await }));
    }
    for peer in crowd.join_all().await {
        let mine = |member: &MemberInfo| member.member == peer.established.member;
        assert!(peer.established.members.iter().any(mine), "each is in the list that it is told");
    }
    let lists = held.lists.load(Ordering::SeqCst) - before;
    assert!(lists <= 6, "{lists} whole lists were read for {CROWD} who joined");
}
