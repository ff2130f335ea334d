//! Asking for more than there is, and more often than makes sense.

use std::time::Instant;

use futures_util::SinkExt;
use serde_json::{Value, json};
use snug_server::Config;
use snug_shared::{ClientFrame, CloseReason, ErrorCode, Hello, Line, Seq, ServerFrame};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::peer::{End, Peer, fresh, message},
    room::Room,
};

/// Asks for a page; its seqs, and whether there is more.
async fn page(peer: &mut Peer, question: Value) -> (Vec<Seq>, bool) {
    peer.socket().send(Message::text(question.to_string())).await.unwrap();
    loop {
        match peer.next().await {
            ServerFrame::History { before, entries, more } => {
                assert_eq!(json!(before), question["before"], "it says what it answers");
                return (entries.iter().map(Line::seq).collect(), more);
            }
            ServerFrame::Error(error) => panic!("{question}: {error:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_page_beyond_either_end_is_what_there_is() {
    let mut room = Room::open().await;
    let ask = |before: u64, limit: i128| {
        let limit: Value = serde_json::from_str(&limit.to_string()).unwrap();
        json!({ "type": "history", "before": before, "limit": limit })
    };
    for before in [0, 1, 2, u64::MAX] {
        assert_eq!(page(&mut room.ben, ask(before, 500)).await, (vec![], false), "an empty room");
    }
    for number in 1..=5 {
        room.maya.say(&format!("{number}")).await;
    }
    for (before, limit, seqs, more) in [
        (0, 500, vec![], false),
        (1, 500, vec![], false),
        (2, 500, vec![1], false),
        (6, 500, vec![1, 2, 3, 4, 5], false),
        (7, 2, vec![4, 5], true),
        (u64::MAX, 2, vec![4, 5], true),
        (6, 1, vec![5], true),
        (6, 0, vec![5], true),
        (6, -1, vec![5], true),
        (6, i64::MIN.into(), vec![5], true),
        (6, 1_000_000_000, vec![1, 2, 3, 4, 5], false),
        (6, u64::MAX.into(), vec![1, 2, 3, 4, 5], false),
    ] {
        let answer = page(&mut room.maya, ask(before, limit)).await;
        assert_eq!(answer, (seqs, more), "before {before}, at most {limit}");
    }
    room.ben_noticed_nothing(5).await;
}

#[tokio::test]
async fn a_page_is_never_longer_than_the_limit() {
    let mut room = Room::open().await;
    for number in 1..=510 {
        room.maya.intend(message(&format!("{number}"))).await;
    }
    while room.maya.entry().await.seq < 510 {}
    let (seqs, more) =
        page(&mut room.maya, json!({ "type": "history", "before": 511, "limit": 100_000 })).await;
    assert_eq!((seqs, more), ((11..=510).collect(), true));
    room.ben_noticed_nothing(510).await;
}

#[tokio::test]
async fn typing_without_end_is_told_once_in_three_seconds_and_never_to_the_typist() {
    let mut room = Room::open().await;
    let since = Instant::now();
    for _ in 0..2_000 {
        room.tries(r#"{"type":"typing"}"#).await;
    }
    assert_eq!(room.last().await, 0, "no word of it came back");
    room.maya.say("There.").await;
    let mut told = 0;
    loop {
        match room.ben.next().await {
            ServerFrame::Typing { user, .. } => {
                assert_eq!(user.as_str(), "maya");
                told += 1;
            }
            ServerFrame::Line(_) => break,
            _ => {}
        }
    }
    let most = 1 + since.elapsed().as_secs() / 3;
    assert!((1..=most).contains(&told), "{told} in {:?}", since.elapsed());
}

#[tokio::test]
async fn read_marks_go_forward_only_and_never_beyond_the_end() {
    let mut room = Room::open().await;
    for number in 1..=3 {
        room.maya.say(&format!("{number}")).await;
    }
    let hello = Hello { seat: Some(room.maya.established.seat.clone()), ..fresh() };
    for (seq, kept) in [(2, 2), (1, 2), (0, 2), (u64::MAX, 3), (1, 3)] {
        room.maya.send(ClientFrame::Read { seq }).await;
        assert_eq!(room.last().await, 3, "it is answered by nothing");
        room.maya = Peer::hello(room.server.address, "tea", "maya", hello.clone()).await.unwrap();
        assert_eq!(room.maya.established.read, Some(kept), "after {seq}");
    }
    room.ben_noticed_nothing(3).await;
}

#[tokio::test]
async fn asking_without_end_is_warned_of_then_closed_and_the_others_go_on() {
    for frame in [
        r#"{"type":"ping"}"#,
        r#"{"type":"typing"}"#,
        r#"{"type":"read","seq":1}"#,
        r#"{"type":"history","before":9,"limit":500}"#,
        r#"{"type":"later"}"#,
    ] {
        let mut room = Room::with(Config::default()).await;
        // Well above what a second may bring, whatever else this machine does meanwhile.
        for _ in 0..4_000 {
            if room.maya.socket().send(Message::text(frame)).await.is_err() {
                break;
            }
        }
        assert_eq!(room.maya.end().await, End::Closed(CloseReason::Flood), "{frame}");
        let warned = room.maya.warned.clone().unwrap();
        assert_eq!(warned.code, ErrorCode::RateLimited, "{frame}");
        assert!(warned.retry_after_ms.is_some_and(|wait| wait > 0), "{frame}");
        room.ben_noticed_nothing(0).await;
    }
}
