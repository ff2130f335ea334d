//! Twenty who edit long messages as often as they may, while others talk.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use snug_shared::{ClientFrame, ErrorCode, Intent, Line, MessageText, Seq, ServerFrame};
use tokio::{
    sync::Barrier,
    task::JoinSet,
    time::{Instant, sleep},
};
use uuid::Uuid;

use crate::common::{
    Random, member,
    peer::Peer,
    process::Process,
    promise::{Promise, amount},
};

const EDITORS: usize = 20;
/// Bytes of a message.
const LENGTH: usize = 4_000;
/// Between two messages of who talks: within what a member may send.
const PAUSE: Duration = Duration::from_millis(210);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_edits_long_messages_all_the_time_holds_up_nobody() {
    let promise = Promise::new("twenty who edit 4 kB all the time", "the others' p50 ≤ 50 ms, p99 ≤ 500 ms");
    let mut random = promise.random();
    let edits = amount(25, 100);
    let folder = tempfile::tempdir().expect("a folder");
    let server = Process::start(folder.path(), &[]);
    // All messages come before the first edit.
    let begin = Arc::new(Barrier::new(EDITORS));
    let mut editors = JoinSet::new();
    for number in 0..EDITORS {
        let random = Random(random.below(u64::MAX));
        drop(editors.spawn(edit(server.address, number, edits, Arc::clone(&begin), random)));
    }
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let mut zoe = Peer::join(server.address, "tea", "zoe").await;
    let (mut took, mut last) = (Vec::new(), Vec::new());
    while !editors.is_empty() {
        let started = Instant::now();
        let (said, heard) = tokio::join!(maya.say("Tea?"), zoe.entry());
        took.push(started.elapsed());
        assert_eq!(said, heard);
        sleep(PAUSE.saturating_sub(started.elapsed())).await;
        while let Some(done) = editors.try_join_next() {
            last.push(done.expect("nobody is refused for long"));
        }
    }
    let store = member::stored(server.address, "edited").await;
    assert_eq!(store.entries.len(), EDITORS * (edits + 1), "each edit is an entry; {}", promise.replay());
    for (seq, text) in last {
        let message = store.entries.iter().find(|entry| entry.seq == seq).and_then(|entry| entry.message());
        assert_eq!(message.and_then(|message| message.text.as_ref()).map(MessageText::as_str), Some(&*text));
    }
    took.sort_unstable();
    let [p50, p99, longest] = [50, 99, 100].map(|share| took[(took.len() - 1) * share / 100]);
    let millis = |took: Duration| took.as_secs_f64() * 1e3;
    promise.judged(
        p50 <= Duration::from_millis(50) && p99 <= Duration::from_millis(500),
        format!(
            "{} edits: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms of {} messages",
            EDITORS * edits,
            millis(p50),
            millis(p99),
            millis(longest),
            took.len()
        ),
    );
}

/// Says something long and edits it so many times; its number and the last text.
async fn edit(
    server: SocketAddr,
    number: usize,
    edits: usize,
    begin: Arc<Barrier>,
    mut random: Random,
) -> (Seq, String) {
    let mut peer = Peer::join(server, "edited", &format!("editor {number}x")).await;
    let mut text = long(&mut random);
    let target = peer.say(&text).await.seq;
    let _ = begin.wait().await;
    for _ in 0..edits {
        text = long(&mut random);
        let text = MessageText::parse(text.clone()).expect("a text");
        enter(&mut peer, Intent::Edit { target, text }).await;
    }
    (target, text)
}

/// Sends something until it is entered, as often as its sender is told to wait.
async fn enter(peer: &mut Peer, intent: Intent) {
    let id = Uuid::now_v7();
    peer.send(ClientFrame::Send { id, intent: intent.clone() }).await;
    loop {
        match peer.next().await {
            ServerFrame::Line(Line::Entry(entry)) if entry.id == id => return,
            ServerFrame::Error(error) if error.id == Some(id) => {
                assert_eq!(error.code, ErrorCode::RateLimited, "{error:?}");
                sleep(Duration::from_millis(error.retry_after_ms.expect("a time"))).await;
                peer.send(ClientFrame::Send { id, intent: intent.clone() }).await;
            }
            _ => {}
        }
    }
}

/// Words that nobody said before, so that the index has work with them.
fn long(random: &mut Random) -> String {
    let mut text = String::with_capacity(LENGTH);
    while text.len() < LENGTH {
        match random.below(7) {
            0 if !text.is_empty() && !text.ends_with(' ') && text.len() + 1 < LENGTH => text.push(' '),
            _ => text.push(char::from(b'a' + (random.below(26)) as u8)),
        }
    }
    text
}
