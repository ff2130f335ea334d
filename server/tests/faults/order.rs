//! Once, and in one order: whatever was said again, and however one reads it.
//!
//! Eight members say all they have as fast as it comes back, over a line that loses one acknowledgement in ten, while the
//! server goes away between a send and its repetition. Afterwards their journals, pages of history, pages over HTTP and a
//! replay have to be the same.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use snug_shared::{Entry, Hello, Line, Resume, Seq, api};
use tokio::time::{Instant, sleep, timeout};

use crate::common::{
    http::Raw,
    journal,
    member::{self, Member, Orders},
    peer::{Peer, fresh},
    process::Process,
    promise::{Promise, amount},
    proxy,
};

const MEMBERS: u64 = 8;
const ROOM: &str = "said again";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_once_and_in_one_order_however_it_is_read() {
    let once = Promise::new("each message once", "0 doubled, 0 lost");
    let order = Promise::new("one order", "0 deviations");
    let each = match std::env::var("SNUG_FAULTS_MESSAGES") {
        Ok(messages) => messages.parse().expect("SNUG_FAULTS_MESSAGES is a number"),
        Err(_) => amount(150, 2_500),
    };
    let mut random = once.random();
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Process::start(folder.path(), &["--rate-limit", "off"]);
    let (line, lost) = proxy::loses_acks(server.address, random.below(u64::MAX)).await;
    let orders = Arc::new(Orders::default());
    let members: Vec<_> = (0..MEMBERS)
        .map(|number| Member::new(ROOM, &format!("load {number}"), Duration::ZERO, &orders).at_most(each))
        .map(|member| tokio::spawn(member.live(line)))
        .collect();
    let started = Instant::now();
    let mut restarts = 0;
    while orders.said.load(Ordering::Relaxed) < each * MEMBERS {
        sleep(Duration::from_millis(amount(300, 2_000) + random.below(1_000))).await;
        server.restart();
        restarts += 1;
        assert!(members.iter().all(|member| !member.is_finished()), "nobody gave up; {}", once.replay());
        assert!(started.elapsed() < Duration::from_secs(1_800), "it comes to an end; {}", once.replay());
    }
    let last = member::finish(server.address, ROOM, &orders).await;
    let mut journals = Vec::new();
    for member in members {
        let member = timeout(Duration::from_secs(120), member).await;
        journals.push(member.expect("everything comes back in the end").expect("no member panicked").journal);
    }
    let store = member::stored(server.address, ROOM).await;
    journal::assert_kept(&journals, &store, &once.replay());
    assert_eq!((store.entries.len() as u64, last), (each * MEMBERS, each * MEMBERS), "{}", once.replay());
    let lost = lost.load(Ordering::Relaxed);
    once.kept(format!(
        "{last} messages, {lost} acknowledgements lost on the way, {restarts} restarts: 0 doubled, 0 lost"
    ));

    let stored: Vec<_> = store.entries.iter().map(said).collect();
    assert!(over_http(&server, last).await == stored, "pages over HTTP differ; {}", order.replay());
    let replay = replayed(&server, last).await;
    assert!(!replay.is_empty() && stored.ends_with(&replay), "a replay differs; {}", order.replay());
    order.kept(format!(
        "{MEMBERS} clients, {last} messages, {} connections lost: live, history, HTTP and a replay of {} the same",
        orders.cuts.load(Ordering::Relaxed),
        replay.len()
    ));
}

/// What has to be the same wherever it is read.
fn said(entry: &Entry) -> (Seq, uuid::Uuid, i64, String) {
    let text = entry.message().and_then(|message| message.text.as_ref()).map(ToString::to_string);
    (entry.seq, entry.id, entry.at, text.unwrap_or_default())
}

fn all(lines: Vec<Line>) -> impl Iterator<Item = (Seq, uuid::Uuid, i64, String)> {
    lines.into_iter().map(|line| said(line.entry().expect("nothing is damaged")))
}

async fn over_http(server: &Process, last: Seq) -> Vec<(Seq, uuid::Uuid, i64, String)> {
    let mut entries: Vec<(Seq, uuid::Uuid, i64, String)> = Vec::new();
    let mut raw = Raw::connect(server.address).await;
    loop {
        let after = entries.last().map_or(0, |entry| entry.0);
        raw.request(&format!("GET /api/rooms/said%20again/messages?after={after}&limit=500"), &[], "").await;
        let page: api::Page = serde_json::from_str(&raw.response().await.body).expect("a page");
        assert_eq!(page.last, last);
        entries.extend(all(page.entries));
        if !page.more {
            return entries;
        }
    }
}

/// As much of the newest as a server replays to one who was away.
async fn replayed(server: &Process, last: Seq) -> Vec<(Seq, uuid::Uuid, i64, String)> {
    let visitor = Peer::join(server.address, ROOM, "visitor").await;
    let after = last.saturating_sub(visitor.established.limits.replay.into());
    let resume = Resume { epoch: visitor.established.epoch.clone(), after, id: None };
    let hello = Hello { resume: Some(resume), ..fresh() };
    let peer = Peer::hello(server.address, ROOM, "returning", hello).await.expect("let in");
    assert!(peer.established.resumed);
    all(peer.replay).collect()
}
