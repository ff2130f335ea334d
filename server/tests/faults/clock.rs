//! The server's clock decides nothing: a step of a day changes no order and makes no second copy.

use std::{fs, path::Path, time::Duration};

use snug_shared::{ClientFrame, Millis, ServerFrame};
use tokio::time::sleep;

use crate::common::{
    journal::{self, Journal, Note},
    member,
    peer::{Peer, message},
    process::{Around, Process},
    promise::{Promise, is_long},
};

const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];
const ROOM: &str = "tea";
const HOUR: Millis = 3_600_000;

#[tokio::test]
async fn steps_of_a_day_change_no_order_and_double_nothing() {
    let promise = Promise::new("clock steps of a day", "0 lost, 0 doubled, one order");
    let Some(library) = LIBRARIES.iter().find(|library| Path::new(library).exists()) else {
        return promise.left_out("libfaketime is not installed");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let clock = folder.path().join("clock");
    let set = |offset: &str| fs::write(&clock, offset).expect("written");
    set("+0");
    let variables = [
        ("LD_PRELOAD", (*library).to_owned()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
    let around = Around { variables, ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--rate-limit", "off"]);
    let mut journal = Journal::new("maya");
    let mut hello = crate::common::peer::fresh();
    let mut days = Vec::new();
    for (step, offset) in ["+0", "-1d", "+1d", "+0"].into_iter().enumerate() {
        // While it runs, and again while it is away.
        set(offset);
        if step % 2 == 1 {
            server.restart();
        }
        let mut maya = Peer::hello(server.address, ROOM, "maya", hello.clone()).await.expect("she is let in");
        assert_eq!(maya.established.resumed, step > 0, "after {offset}");
        hello.seat = Some(maya.established.seat.clone());
        for number in 0..10 {
            let refused = maya.insist(&mut journal, &format!("{offset}: number {number}")).await;
            assert_eq!(refused, []);
        }
        let last = journal.notes.iter().rev().find_map(|note| match note {
            Note::Acked { epoch, seq, id } => Some((epoch.clone(), *seq, *id)),
            _ => None,
        });
        let (epoch, after, id) = last.expect("all was acknowledged");
        hello.resume = Some(snug_shared::Resume { epoch, after, id: Some(id) });
        // The very first one again, whose time is now far away.
        let Some(Note::Meant { id, text }) = journal.notes.first().cloned() else { panic!("it was meant") };
        maya.send(ClientFrame::Send { id, intent: message(&text) }).await;
        let again = maya.entry().await;
        assert_eq!((again.id, again.seq), (id, 1), "after {offset}");
        days.push(member::stored(server.address, ROOM).await.entries.last().expect("it is there").at);
        let next = ping(&mut maya).await;
        assert!(matches!(next, ServerFrame::Pong { .. }), "no second copy: {next:?}");
    }
    assert!(days[0] - days[1] > 23 * HOUR && days[2] - days[0] > 23 * HOUR, "the clock was set: {days:?}");
    let store = member::stored(server.address, ROOM).await;
    assert_eq!(store.entries.len(), 40);
    journal::assert_kept(&[journal], &store, &promise.replay());
    promise.kept("4 steps, 2 of them over a restart: 0 lost, 0 doubled, one order");
}

/// The first frame that matters until a ping is answered.
async fn ping(peer: &mut Peer) -> ServerFrame {
    peer.send(ClientFrame::Ping).await;
    loop {
        let frame = peer.next().await;
        if matches!(frame, ServerFrame::Line(_) | ServerFrame::Pong { .. }) {
            return frame;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_for_a_while_says_goodbye_to_nobody() {
    let promise = Promise::new("server stopped for 40 s", "nobody is sent away");
    if !is_long() {
        return promise.left_out("40 s are for the long form");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let server = Process::start(folder.path(), &[]);
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let mut jon = Peer::join(server.address, "tea", "jon").await;
    server.signal(rustix::process::Signal::STOP);
    sleep(Duration::from_secs(40)).await;
    server.signal(rustix::process::Signal::CONT);
    // Pings are answered by whoever reads. Two sweeps later all would be over.
    for number in 0..12 {
        let said = maya.say(&format!("still here {number}")).await;
        assert_eq!(jon.entry().await, said);
        sleep(Duration::from_secs(1)).await;
    }
    promise.kept("2 of 2 are there");
}
