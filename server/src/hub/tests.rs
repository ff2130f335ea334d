//! What the hub does when the log begins a room anew.

use std::sync::Arc;

use snug_shared::{MessageText, Nickname, RoomName};
use uuid::Uuid;

use super::{Hub, LIVE_ROOMS, Look, look};
use crate::{
    backend::{Backend, commits_to},
    fanout::FollowEnd,
    layer::memory::MemoryLayer,
    log::{Appended, Committed, memory::MemoryLog},
    presence::memory::MemoryPresence,
    shard::Shards,
};

fn hub() -> (Arc<Hub>, Arc<MemoryLog>) {
    let layer = Arc::new(MemoryLayer::default());
    let log = Arc::new(MemoryLog::new(commits_to(layer.clone())).unwrap());
    let presence = Arc::new(MemoryPresence::new(layer.clone()));
    let backend = Backend { log: log.clone(), layer, presence, server: 0 };
    (Arc::new(Hub::new(backend, Shards::here(), 100)), log)
}

async fn post(hub: &Arc<Hub>, room: &RoomName) -> Arc<Committed> {
    let (nickname, text) = (Nickname::parse("maya").unwrap(), MessageText::parse("hello").unwrap());
    match hub.post(room, nickname, Uuid::now_v7(), text).await.unwrap() {
        Appended::New(committed) => committed,
        other => panic!("expected a new entry, got {other:?}"),
    }
}

#[tokio::test]
async fn a_room_whose_history_began_anew_is_opened_anew_and_those_in_it_are_sent_back() {
    let (hub, log) = hub();
    let tea = RoomName::parse("tea").unwrap();
    let room = hub.enter(&tea).await.unwrap();
    let follower = room.follow(1, || {});
    assert_eq!(post(&hub, &tea).await.epoch, room.epoch);
    assert_eq!(post(&hub, &tea).await.entry.seq, 2);
    log.forget_all();
    let first = post(&hub, &tea).await;
    assert_eq!(first.entry.seq, 1, "nothing is entered into the new history by way of the old one");
    assert_ne!(first.epoch, room.epoch);
    assert!(room.is_outdated());
    assert_eq!(follower.end(), Some(FollowEnd::TooSlow));
    let anew = hub.enter(&tea).await.unwrap();
    assert_eq!(anew.epoch, first.epoch);
    assert!(!anew.is_outdated());
    assert_eq!(post(&hub, &tea).await.entry.seq, 2);
}

#[tokio::test]
async fn a_room_nobody_spoke_in_keeps_its_epoch_while_it_comes_and_goes() {
    let (hub, _) = hub();
    let tea = RoomName::parse("tea").unwrap();
    let epoch = hub.enter(&tea).await.unwrap().epoch;
    hub.sweep();
    assert!(hub.live_rooms().is_empty());
    assert_eq!(hub.enter(&tea).await.unwrap().epoch, epoch);
    assert_eq!(post(&hub, &tea).await.epoch, epoch);
}

#[test]
fn a_server_that_stood_still_takes_nobody_for_dead_before_it_has_asked() {
    let at = |seconds: u64| seconds * 1_000;
    // Sweeps as usual: asked after 15 s, dead after 30.
    assert_eq!(look(at(100), at(95), at(90)), Look::Alive);
    assert_eq!(look(at(100), at(95), at(84)), Look::Ask);
    assert_eq!(look(at(100), at(95), at(70)), Look::Dead);
    // Stopped for 40 s: nobody could be heard.
    assert_eq!(look(at(140), at(100), at(99)), Look::AskAgain);
    assert_eq!(look(at(140), at(100), at(71)), Look::AskAgain);
    // From then on as usual.
    assert_eq!(look(at(145), at(140), at(125)), Look::Ask);
    assert_eq!(look(at(155), at(150), at(125)), Look::Dead);
}

#[tokio::test]
async fn a_room_without_entries_ends_with_its_last_member_and_others_at_the_next_look() {
    let (hub, _) = hub();
    let tea = RoomName::parse("tea").unwrap();
    let (first, second) = (hub.enter(&tea).await.unwrap(), hub.enter(&tea).await.unwrap());
    drop(first);
    assert_eq!(hub.live_rooms().len(), 1);
    drop(second);
    assert!(hub.live_rooms().is_empty(), "nothing of it is left to keep");
    let room = hub.enter(&tea).await.unwrap();
    let _ = post(&hub, &tea).await;
    while room.last() == 0 {
        tokio::task::yield_now().await;
    }
    drop(room);
    assert_eq!(hub.live_rooms().len(), 1, "it may be entered again at once");
    hub.sweep();
    assert!(hub.live_rooms().is_empty());
}

#[tokio::test]
async fn rooms_that_nobody_is_in_make_way_when_the_table_is_full() {
    let (hub, _) = hub();
    let held = hub.enter(&RoomName::parse("held").unwrap()).await.unwrap();
    for number in 0..LIVE_ROOMS {
        let name = RoomName::parse(&format!("room {number}")).unwrap();
        let room = hub.enter(&name).await.expect("there is always room for one more");
        let _ = post(&hub, &name).await;
        while room.last() == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(hub.live_rooms().len() <= LIVE_ROOMS);
    assert!(!held.is_outdated() && hub.rooms.lock().contains_key(&held.key), "who is in a room stays in it");
}
