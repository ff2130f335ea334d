use std::{sync::Arc, time::Duration};

use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;
use crate::{
    fanout::{Item, TAIL_BYTES},
    log::{Committed, Epoch},
    websocket,
};

struct Pair {
    outbound: Arc<Outbound>,
    tail: SharedTail,
    peer: TcpStream,
}

async fn pair() -> Pair {
    pair_that_speaks(Dialect::Native).await
}

async fn pair_that_speaks(dialect: Dialect) -> Pair {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let outbound = Arc::new(Outbound::new(1, dialect, Socket::new(stream), 0));
    let tail = SharedTail::default();
    outbound.attach(&tail);
    Pair { outbound, tail, peer }
}

impl Pair {
    fn say(&self, items: Vec<Item>) {
        let from = self.tail.lock().end();
        for item in &items {
            self.tail.lock().push(item.clone());
        }
        let needed = self.outbound.follow(&Batch::new(from, items)).unwrap_or(u64::MAX);
        self.tail.lock().trim(needed);
    }

    /// Frames the tail still holds.
    fn kept(&self) -> u64 {
        let tail = self.tail.lock();
        tail.end() - tail.start()
    }

    async fn read(&mut self, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        let whole = self.peer.read_exact(&mut read);
        let _ = timeout(Duration::from_secs(10), whole).await.expect("bytes come").unwrap();
        read
    }
}

fn entry(seq: Seq, text: &str) -> Item {
    Item { frame: websocket::text(text), message: None, seq: Some(seq), except: None }
}

/// Text frames as they go over the wire.
fn wire(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| websocket::text(text).bytes().to_vec()).collect()
}

#[tokio::test]
async fn what_the_room_says_waits_for_the_replay_and_is_not_doubled() {
    let mut pair = pair().await;
    pair.say(vec![entry(1, "[1]"), entry(2, "[2]")]);
    pair.outbound.send([websocket::text("[1][2]")]);
    pair.say(vec![Item::passing(websocket::text("(joined)"), None)]);
    assert_eq!(pair.outbound.go_live(&[websocket::text("[live]").into()], 2), Attached::Live);
    pair.say(vec![entry(3, "[3]")]);
    let all = wire(&["[1][2]", "[live]", "(joined)", "[3]"]);
    assert_eq!(pair.read(all.len()).await, all);
}

#[tokio::test]
async fn a_member_is_not_told_that_it_types_itself() {
    let mut pair = pair().await;
    assert_eq!(pair.outbound.go_live(&[], 0), Attached::Live);
    pair.say(vec![
        entry(1, "[1]"),
        Item::passing(websocket::text("(typing)"), Some(1)),
        Item::passing(websocket::text("(other)"), Some(2)),
    ]);
    pair.say(vec![entry(2, "[2]")]);
    let all = wire(&["[1]", "(other)", "[2]"]);
    assert_eq!(pair.read(all.len()).await, all);
}

fn said(seq: Seq, text: &str) -> Item {
    let entry = snug_shared::Entry {
        seq,
        id: Uuid::from_u128(seq.into()),
        at: 0,
        user: snug_shared::Nickname::parse("maya").unwrap(),
        by: snug_shared::Author::parse("h:maya").unwrap(),
        body: snug_shared::Body::Message(snug_shared::Message {
            text: Some(snug_shared::MessageText::parse(text).unwrap()),
            reply_to: None,
            present: None,
        }),
    };
    let room = snug_shared::RoomName::parse("tea").unwrap().key();
    Item::entry(&Arc::new(Committed { room, epoch: Epoch::parse(&"0".repeat(32)).unwrap(), entry }))
}

#[tokio::test]
async fn another_dialect_hears_messages_and_not_its_own_nor_what_it_has_no_words_for() {
    let mut pair = pair_that_speaks(Dialect::Lobby).await;
    assert_eq!(pair.outbound.go_live(&[], 0), Attached::Live);
    let typing = || Item::passing(websocket::text("(typing)"), None);
    pair.say(vec![typing()]);
    pair.say(vec![typing(), said(1, "1"), typing(), said(2, "2"), typing()]);
    assert!(pair.outbound.keep_back(Uuid::from_u128(3)));
    assert!(!pair.outbound.keep_back(Uuid::from_u128(3)));
    pair.say(vec![typing(), said(3, "3"), said(4, "4")]);
    assert!(!pair.outbound.keeps_back(&Uuid::from_u128(3)), "it is let go when it has passed");
    pair.say(vec![entry(5, "[edit]"), said(6, "6")]);
    let frame = |text| format!(r#"{{"type":"chat","message":"{text}"}}"#);
    let all = ["1", "2", "4", "6"].map(frame);
    let all = wire(&all.each_ref().map(String::as_str));
    assert_eq!(pair.read(all.len()).await, all);
}

#[tokio::test]
async fn a_frame_is_encoded_once_for_all_who_speak_alike() {
    let item = said(1, "hi");
    let (one, other) = (item.clone(), item);
    for dialect in [Dialect::Native, Dialect::Plain, Dialect::Lobby] {
        assert_eq!(one.frame(dialect).as_ptr(), other.frame(dialect).as_ptr());
    }
}

#[tokio::test]
async fn a_replay_that_fell_behind_goes_on_and_learns_who_is_here() {
    let pair = pair().await;
    pair.say(vec![Item::passing(websocket::text("(joined)"), None)]);
    for seq in 1..=5 {
        pair.say(vec![entry(seq, &"x".repeat(TAIL_BYTES / 3))]);
    }
    assert_eq!(pair.outbound.go_live(&[], 1), Attached::Behind);
    assert_eq!(pair.outbound.go_live(&[], 5), Attached::LiveWithoutPresence);
}

#[tokio::test]
async fn a_slow_reader_gets_whole_frames_in_order_and_then_the_reason() {
    let mut pair = pair().await;
    assert_eq!(pair.outbound.go_live(&[], 0), Attached::Live);
    let frame = |seq: Seq| format!("<{seq:06}{}>", "x".repeat(32 * 1024 - 8));
    let mut said = 0;
    while pair.outbound.closing().is_none() {
        said += 1;
        assert!(said < 10_000, "the kernel cannot take all of it");
        pair.say(vec![entry(said, &frame(said))]);
    }
    assert_eq!(pair.outbound.closing(), Some(CloseReason::TooSlow));
    assert!(pair.kept() <= 1 + (TAIL_BYTES / (32 * 1024)) as u64);

    let outbound = pair.outbound.clone();
    let finish = tokio::spawn(async move { outbound.finish().await });
    let close = Bytes::from(websocket::close(CloseReason::TooSlow));
    let mut seq = 1;
    loop {
        let start = pair.read(close.len().min(7)).await;
        if start == close[..start.len()] {
            assert_eq!(pair.read(close.len() - start.len()).await, close[start.len()..]);
            break;
        }
        let expected = wire(&[&frame(seq)]);
        assert_eq!(start, expected[..start.len()], "frame {seq} comes next and whole");
        let rest = pair.read(expected.len() - start.len()).await;
        assert_eq!(rest, expected[start.len()..]);
        seq += 1;
    }
    assert!(seq > 1 && seq < said);
    finish.await.unwrap();
}

#[tokio::test]
async fn a_reader_that_pauses_and_goes_on_in_time_misses_nothing() {
    let mut pair = pair().await;
    assert_eq!(pair.outbound.go_live(&[], 0), Attached::Live);
    let outbound = pair.outbound.clone();
    let pump = tokio::spawn(async move { outbound.pump().await });
    let frame = |seq: Seq| format!("<{seq:06}{}>", "x".repeat(16 * 1024 - 8));
    let mut said = 0;
    // Until the socket is full, somewhere within a batch, and a little more.
    while pair.kept() < 8 {
        assert!(said < 10_000, "the kernel cannot take all of it");
        pair.say((said + 1..=said + 5).map(|seq| entry(seq, &frame(seq))).collect());
        said += 5;
    }
    for seq in 1..=said {
        let expected = wire(&[&frame(seq)]);
        assert_eq!(pair.read(expected.len()).await, expected, "frame {seq}");
    }
    assert_eq!(pair.outbound.closing(), None);
    pair.outbound.close(CloseReason::Normal);
    pump.await.unwrap();
}

#[tokio::test]
async fn answers_nobody_reads_end_the_connection() {
    let pair = pair().await;
    for _ in 0..100_000 {
        pair.outbound.send([Bytes::from(vec![b'x'; 1024])]);
        if pair.outbound.closing().is_some() {
            break;
        }
    }
    assert_eq!(pair.outbound.closing(), Some(CloseReason::TooSlow));
    assert!(pair.outbound.state.lock().waiting() < 1024);
}

#[tokio::test]
async fn nothing_follows_a_goodbye() {
    let mut pair = pair().await;
    assert_eq!(pair.outbound.go_live(&[], 0), Attached::Live);
    pair.outbound.close(CloseReason::Restart);
    pair.outbound.close(CloseReason::TooSlow);
    pair.say(vec![entry(1, "[1]")]);
    pair.outbound.send([Bytes::from("more")]);
    pair.outbound.finish().await;
    let close = Bytes::from(websocket::close(CloseReason::Restart));
    assert_eq!(pair.read(close.len()).await, close);
    drop((pair.outbound, pair.tail));
    assert_eq!(pair.peer.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn who_answers_pings_has_to_go_on_answering_them() {
    let pair = pair_that_speaks(Dialect::Plain).await;
    pair.outbound.hear(1_000, false);
    assert_eq!(pair.outbound.heard(), 1_000, "one who never answered is there as long as it says something");
    pair.outbound.hear(2_000, true);
    pair.outbound.hear(3_000, false);
    assert_eq!(pair.outbound.heard(), 2_000, "what it sends says nothing about what reaches it");
    pair.outbound.hear(4_000, true);
    assert_eq!(pair.outbound.heard(), 4_000);
}

#[tokio::test]
async fn a_native_member_has_to_answer_from_the_first_ping_on() {
    let pair = pair().await;
    pair.outbound.hear(1_000, false);
    assert_eq!(pair.outbound.heard(), 0, "the line to it may have died as soon as it was in");
    pair.outbound.hear(2_000, true);
    assert_eq!(pair.outbound.heard(), 2_000);
}

#[tokio::test]
async fn who_has_many_sends_under_way_is_read_again_once_one_of_them_is_answered() {
    let pair = pair().await;
    for _ in 0..UNDER_WAY {
        timeout(Duration::from_secs(10), pair.outbound.is_answered()).await.expect("few are under way");
        pair.outbound.expect_answer();
    }
    let mut waiting = tokio::spawn({
        let outbound = pair.outbound.clone();
        async move { outbound.is_answered().await }
    });
    assert!(timeout(Duration::from_millis(50), &mut waiting).await.is_err(), "too many are");
    pair.outbound.answer(None);
    timeout(Duration::from_secs(10), waiting).await.expect("it goes on").unwrap();
}
