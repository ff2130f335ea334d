//! What a room promises its members, over real sockets: one order, nothing missed or doubled between replay and live, and
//! nobody waiting for anybody.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::{collections::HashSet, net::SocketAddr, sync::Arc};

use common::{
    http::TestServer,
    peer::{End, Peer, fresh, message},
    world::{KINDS, Kind, World},
};
use snug_server::Config;
use snug_shared::{
    Body, ClientFrame, CloseReason, Entry, ErrorCode, Hello, Intent, Line, MessageText, Resume, Seq,
    ServerFrame,
};
use tokio::{
    sync::{Barrier, Semaphore, oneshot},
    task::JoinSet,
};

fn seqs(lines: &[Line]) -> Vec<Seq> {
    lines.iter().map(Line::seq).collect()
}

/// An entry without what later entries made of it: one that was read from the log, because its event was lost, has that.
fn as_said(mut entry: Entry) -> Entry {
    if let Body::Message(message) = &mut entry.body {
        message.present = None;
    }
    entry
}

fn resuming(peer: &Peer, after: Seq) -> Hello {
    let resume = Resume { epoch: peer.established.epoch.clone(), after, id: None };
    Hello { resume: Some(resume), seat: Some(peer.established.seat.clone()), ..fresh() }
}

/// Members that talk at once, and how much each says.
const TALKERS: usize = 4;
const EACH: usize = 300;
/// All that they say, with a pause after every sixteenth and a last word.
const TOTAL: usize = TALKERS * (EACH + EACH / 16 + 1);

async fn talk(address: SocketAddr, talker: usize) {
    let mut peer = Peer::join(address, "tea", &format!("talker {talker}x")).await;
    for number in 0..EACH {
        // A window of its own, so that appends overlap and are still in order.
        let _ = peer.intend(message(&format!("{talker}:{number}"))).await;
        if number % 16 == 15 {
            let _ = peer.say(&format!("{talker}:pause {number}")).await;
        }
    }
    let _ = peer.say(&format!("{talker}:done")).await;
}

/// Comes, stays for some entries, is cut off and resumes at the next address, until everything was said.
async fn come_and_go(addresses: [SocketAddr; 2], visitor: usize) {
    let name = format!("visitor {visitor}x");
    let mut hello = Hello { history: 0, ..fresh() };
    let mut newest = None;
    let mut stays = 3;
    for address in addresses.into_iter().cycle() {
        let mut peer = Peer::hello(address, "tea", &name, hello.clone()).await.unwrap();
        assert_eq!(peer.established.resumed, newest.is_some());
        let mut expect = newest.unwrap_or(peer.established.last) + 1;
        for line in &peer.replay {
            assert_eq!(line.seq(), expect, "in the replay");
            expect += 1;
        }
        for _ in 0..stays {
            if expect as usize > TOTAL {
                break;
            }
            assert_eq!(peer.entry().await.seq, expect, "after going live");
            expect += 1;
        }
        newest = Some(expect - 1);
        hello = resuming(&peer, expect - 1);
        stays = stays % 40 + 7;
        if expect as usize > TOTAL {
            return;
        }
        // Cut off, not closed.
        drop(peer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_come_and_go_under_load_see_one_log_without_holes() {
    const VISITORS: usize = 8;
    for kind in KINDS {
        let world = World::start(kind).await;
        let mut keeper = Peer::join(world.address(0), "tea", "keeper").await;
        let mut tasks = JoinSet::new();
        for talker in 0..TALKERS {
            drop(tasks.spawn(talk(world.address(talker), talker)));
        }
        for visitor in 0..VISITORS {
            let addresses = [world.address(visitor), world.address(visitor + 1)];
            drop(tasks.spawn(come_and_go(addresses, visitor)));
        }
        let mut texts = HashSet::new();
        let mut of_talker = [-1; TALKERS];
        for seq in 1..=TOTAL as Seq {
            let entry = keeper.entry().await;
            assert_eq!(entry.seq, seq);
            let text = entry.message().unwrap().text.clone().unwrap().into_string();
            let (talker, number) = text.split_once(':').unwrap();
            if let Ok(number) = number.parse::<i32>() {
                let last = &mut of_talker[talker.parse::<usize>().unwrap()];
                assert_eq!(number, *last + 1, "one sender's messages keep their order");
                *last = number;
            }
            assert!(texts.insert(text));
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_closed_and_the_others_get_everything() {
    let world = World::start(Kind::Memory).await;
    let mut slow = Peer::join(world.address(0), "tea", "slow").await;
    let mut zoe = Peer::join(world.address(1), "tea", "zoe").await;
    let mut maya = Peer::join(world.address(2), "tea", "maya").await;
    let text = "x".repeat(12_000 / 4);
    let count = 6_000;
    let (gone, left) = oneshot::channel();
    let reader = tokio::spawn(async move {
        let (mut seen, mut gone) = (0, Some(gone));
        while seen < count || gone.is_some() {
            match zoe.next().await {
                ServerFrame::Line(Line::Entry(entry)) => {
                    seen += 1;
                    assert_eq!(entry.seq, seen);
                }
                ServerFrame::Presence(presence) if !presence.left.is_empty() => {
                    let _ = gone.take().map(|gone| gone.send(()));
                }
                ServerFrame::Error(error) => panic!("{error:?}"),
                _ => {}
            }
        }
    });
    // The server gives a slow reader half a minute for the rest. All the messages may take longer than that, so that it begins to
    // read as soon as the others hear that it is gone.
    let slow = tokio::spawn(async move {
        left.await.unwrap();
        let mut expect = 1;
        loop {
            match slow.try_next().await {
                Ok(ServerFrame::Line(line)) => {
                    assert_eq!(line.seq(), expect);
                    expect += 1;
                }
                Ok(_) => {}
                Err(end) => return (slow, expect, end),
            }
        }
    });
    for _ in 0..count / 20 {
        for _ in 0..19 {
            let _ = maya.intend(message(&text)).await;
        }
        let _ = maya.say(&text).await;
    }
    reader.await.unwrap();
    // What it had been sent is whole and in order, and then it learns why.
    let (slow, expect, end) = slow.await.unwrap();
    assert_eq!(end, End::Closed(CloseReason::TooSlow));
    assert!(expect < count, "it missed something");
    // It comes back by resume, or learns that more is gone than it can be told.
    let back = Peer::hello(world.address(3), "tea", "slow", resuming(&slow, expect - 1)).await.unwrap();
    let first = back.replay.first().map(Line::seq);
    match back.established.resumed {
        true => assert_eq!(first, Some(expect)),
        false => assert!(first > Some(expect)),
    }
}

#[tokio::test]
async fn a_long_absence_is_replayed_whole_up_to_the_limit_and_no_further() {
    for kind in [Kind::Sqlite, Kind::TwoOverSqlite] {
        let world = World::start(kind).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let away = Peer::join(world.address(1), "tea", "away").await;
        let hello = resuming(&away, 0);
        away.leave().await;
        let limit = maya.established.limits.replay as usize;
        for number in 1..=limit {
            let _ = maya.intend(message("x")).await;
            if number % 50 == 0 {
                while maya.entry().await.seq < number as Seq {}
            }
        }
        let back = Peer::hello(world.address(2), "tea", "away", hello.clone()).await.unwrap();
        assert!(back.established.resumed);
        assert_eq!(seqs(&back.replay), (1..=limit as Seq).collect::<Vec<_>>());
        back.leave().await;
        let _ = maya.say("one more").await;
        let back = Peer::hello(world.address(3), "tea", "away", hello).await.unwrap();
        assert!(!back.established.resumed);
        // The newest fifty of those that its server has heard of, and what came meanwhile.
        let first = back.established.last - 49;
        assert_eq!(seqs(&back.replay), (first..=limit as Seq + 1).collect::<Vec<_>>(), "{kind}");
    }
}

#[tokio::test]
async fn what_was_done_to_a_message_meanwhile_is_in_its_replay_and_not_told_twice() {
    for kind in KINDS {
        let world = World::start(kind).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let first = maya.say("teh first").await;
        let edit = Intent::Edit { target: first.seq, text: MessageText::parse("the first").unwrap() };
        let _ = maya.intend(edit).await;
        let _ = maya.entry().await;
        let secret = maya.say("a secret").await;
        let _ = maya.intend(Intent::Delete { target: secret.seq }).await;
        let _ = maya.entry().await;

        let zoe = Peer::join(world.address(1), "tea", "zoe").await;
        let replay = serde_json::to_string(&zoe.replay).unwrap();
        assert!(!replay.contains("teh first") && !replay.contains("a secret"), "{replay}");
        let lines: Vec<_> = zoe.replay.iter().filter_map(Line::entry).collect();
        let message = lines[0].message().unwrap();
        assert_eq!(message.text.as_ref().unwrap().as_str(), "the first");
        assert_eq!(
            message.present.as_ref().map(|present| (present.edited, present.as_of)),
            Some((Some(2), 4))
        );
        assert!(matches!(&lines[2].body, Body::Message(gone) if gone.text.is_none()));
    }
}

#[tokio::test]
async fn somebody_elses_message_is_not_ones_to_change() {
    for kind in KINDS {
        let world = World::start(kind).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let mut zoe = Peer::join(world.address(1), "tea", "zoe").await;
        let said = maya.say("mine").await;
        for intent in [
            Intent::Edit { target: said.seq, text: MessageText::parse("yours").unwrap() },
            Intent::Delete { target: said.seq },
        ] {
            let id = zoe.intend(intent).await;
            let error = zoe.error().await;
            assert_eq!((error.code, error.id), (ErrorCode::NotAllowed, Some(id)));
        }
        assert_eq!(zoe.say("fine").await.seq, said.seq + 1, "a refused send leaves no hole");
    }
}

#[tokio::test]
async fn the_same_id_again_is_answered_to_its_sender_alone() {
    for kind in KINDS {
        let world = World::start(kind).await;
        let mut maya = Peer::join(world.address(0), "tea", "maya").await;
        let mut zoe = Peer::join(world.address(1), "tea", "zoe").await;
        let said = maya.say("once").await;
        assert_eq!(as_said(zoe.entry().await), as_said(said.clone()));
        let again = ClientFrame::Send { id: said.id, intent: message("once") };
        maya.send(again).await;
        assert_eq!(maya.entry().await.seq, said.seq);
        let changed = ClientFrame::Send { id: said.id, intent: message("twice") };
        maya.send(changed).await;
        assert_eq!(maya.error().await.code, ErrorCode::IdConflict);
        let next = maya.say("next").await;
        assert_eq!(as_said(zoe.entry().await), as_said(next.clone()));
        assert_eq!(next.seq, said.seq + 1);
    }
}

#[tokio::test]
async fn a_room_nobody_said_anything_in_ends_with_its_last_member() {
    for kind in KINDS {
        let world = World::start(kind).await;
        let maya = Peer::join(world.address(0), "tea", "maya").await;
        let rooms = world.servers[world.servers.len() - 1].get("/api/rooms").await.json();
        assert_eq!(rooms["rooms"][0]["room"], "tea");
        assert_eq!(rooms["rooms"][0]["members"], 1);
        maya.leave().await;
        loop {
            let rooms = world.servers[world.servers.len() - 1].get("/api/rooms").await.json();
            if rooms["rooms"].as_array().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_members_hear_the_same_in_the_same_order() {
    const MEMBERS: usize = 1_000;
    for kind in KINDS {
        let world = World::start(kind).await;
        let mut crowd = JoinSet::new();
        let ready = Arc::new(Barrier::new(MEMBERS + 1));
        // A server waits five seconds for a hello, which a busy machine can't have of a thousand at once.
        let door = Arc::new(Semaphore::new(50));
        for member in 0..MEMBERS {
            let (ready, door) = (Arc::clone(&ready), Arc::clone(&door));
            let address = world.address(member);
            drop(crowd.spawn(async move {
                let mut peer = {
                    let _entered = door.acquire().await.unwrap();
                    Peer::join(address, "plaza", &format!("n{member}x")).await
                };
                let _ = ready.wait().await;
                for seq in 1..=20 {
                    assert_eq!(peer.entry().await.seq, seq);
                }
            }));
        }
        tokio::select! {
            _ = ready.wait() => {}
            // Nobody is done before all are in, so this one failed.
            Some(done) = crowd.join_next() => done.unwrap(),
        }
        let mut maya = Peer::join(world.address(1), "plaza", "maya").await;
        assert_eq!((maya.established.count, maya.established.members.len()), (1_001, 100));
        for number in 0..20 {
            let _ = maya.say(&format!("{number}")).await;
        }
        while let Some(done) = crowd.join_next().await {
            done.unwrap();
        }
    }
}

#[tokio::test]
async fn clients_are_not_held_to_a_rate_that_is_off() {
    let server = TestServer::start(Config { rate_limit: false, ..Config::default() }).await;
    let maya = Peer::join(server.address, "tea", "maya").await;
    assert!(maya.established.limits.rate_per_s >= 100_000);
    let server = TestServer::start(Config::default()).await;
    let maya = Peer::join(server.address, "tea", "maya").await;
    assert_eq!((maya.established.limits.rate_burst, maya.established.limits.rate_per_s), (20, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_to_very_many_reactions_gets_all_of_them() {
    const MESSAGES: Seq = 100;
    const KINDS_EACH: u32 = 64;
    let world = World::start(Kind::Sqlite).await;
    let mut maya = Peer::join(world.address(0), "tea", "maya").await;
    let away = Peer::join(world.address(0), "tea", "away").await;
    let hello = resuming(&away, 0);
    away.leave().await;
    let mut sent = 0;
    for target in 1..=MESSAGES {
        let _ = maya.intend(message("look")).await;
        sent += 1;
        if target == MESSAGES {
            while maya.entry().await.seq < sent {}
        }
    }
    for target in 1..=MESSAGES {
        for kind in 0..KINDS_EACH {
            let emoji = char::from_u32(0x1f400 + kind).unwrap().to_string();
            let emoji = snug_shared::Emoji::parse(emoji).unwrap();
            let _ = maya.intend(Intent::React { target, emoji, on: true }).await;
            sent += 1;
        }
        while maya.entry().await.seq < sent {}
    }
    let back = Peer::hello(world.address(0), "tea", "away", hello).await.unwrap();
    assert!(back.established.resumed);
    assert_eq!(seqs(&back.replay), (1..=sent).collect::<Vec<_>>());
    let reactions = |line: &Line| match &line.entry().unwrap().body {
        Body::Message(message) => message.present.as_ref().unwrap().reactions.len(),
        other => panic!("{other:?}"),
    };
    assert!(back.replay[..100].iter().all(|line| reactions(line) == KINDS_EACH as usize));
}
