//! How much the log in memory keeps.

use snug_server::log::{Span, memory::ENTRIES};
use snug_shared::{ErrorCode, Seq};
use uuid::Uuid;

use super::bench::{Bench, edit, message, new, react, refused, seqs};

const EXTRA: Seq = 20;

#[tokio::test]
async fn a_room_keeps_its_newest_entries_and_says_where_they_begin() {
    let bench = Bench::in_memory();
    let (id, last) = (Uuid::now_v7(), ENTRIES as Seq + EXTRA);
    new(bench.send_as(id, "ada", message("the first")).await);
    for n in 2..=last {
        assert_eq!(bench.say("ada", &format!("number {n}")).await, n);
    }
    let slice = bench.read(Span::After(0), usize::MAX).await;
    assert_eq!((slice.room.first, slice.room.last, slice.more), (EXTRA + 1, last, false));
    assert_eq!(seqs(&slice.entries), (EXTRA + 1..=last).collect::<Vec<_>>());
    assert_eq!(seqs(&bench.read(Span::Before(EXTRA + 3), 10).await.entries), [EXTRA + 1, EXTRA + 2]);
    assert!(bench.read(Span::Before(EXTRA), 10).await.entries.is_empty());
    assert_eq!(bench.find("first").await, [] as [Seq; 0]);
    assert_eq!(bench.find(&format!("{last}")).await, [last]);
    // An entry that is not kept can be neither changed nor told apart from a new one.
    assert_eq!(refused(bench.send("ada", edit(1, "x")).await), ErrorCode::NotFound);
    assert_eq!(new(bench.send_as(id, "ada", message("the first")).await).seq, last + 1);
}

#[tokio::test]
async fn an_edit_outlives_its_message_without_its_text() {
    let bench = Bench::in_memory();
    for n in 1..=ENTRIES as Seq {
        bench.say("ada", &format!("number {n}")).await;
    }
    new(bench.send("ada", react(2, "👍", true)).await);
    new(bench.send("ada", edit(3, "changed")).await);
    let edited = ENTRIES as Seq + 2;
    assert_eq!(bench.text(edited).await.as_deref(), Some("changed"));
    bench.say("ada", "this one pushes the message out").await;
    assert_eq!(bench.text(edited).await, None);
    assert_eq!(bench.record("tea").await.first, 4);
}

#[tokio::test]
async fn many_large_rooms_keep_their_newest_entry_at_least() {
    let bench = Bench::in_memory();
    let large = message(&"文".repeat(4_000));
    let name = |n: usize| format!("room {n}");
    // 288 MB of text: more than all rooms together keep.
    for n in 0..240 {
        for _ in 0..100 {
            new(bench.append(&name(n), "ada", Uuid::now_v7(), large.clone()).await);
        }
        bench.told.lock().expect("told").clear();
    }
    let record = async |n| bench.record(&name(n)).await;
    assert_eq!((record(0).await.first, record(0).await.last), (100, 100));
    assert_eq!((record(239).await.first, record(239).await.last), (1, 100));
    assert_eq!(new(bench.append(&name(0), "ada", Uuid::now_v7(), message("goes on")).await).seq, 101);
}
