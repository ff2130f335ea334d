//! No silent gap: a line that breaks at any byte, and a log that is older than what its members saw.

use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use snug_shared::{Hello, Resume};
use tokio::time::{sleep, timeout};

use crate::common::{
    Random, journal,
    member::{self, Member, Orders},
    peer::{Peer, fresh},
    process::Process,
    promise::{Promise, amount},
    proxy::{self, Cut},
};

const ROOM: &str = "over a bad line";
/// What a stopped server leaves: the log, and how long it was.
const FILES: [&str; 2] = ["snug.db", "snug.count"];
const MEMBERS: u64 = 8;
const PACE: Duration = Duration::from_millis(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_break_at_any_byte_leave_no_gap_and_repeat_nothing() {
    let promise = Promise::new("lines cut at random bytes", "0 gaps, 0 repeats, 0 lost");
    let cuts = amount(60, 1_000);
    let folder = tempfile::tempdir().expect("a folder");
    let server = Process::start(folder.path(), &["--rate-limit", "off"]);
    let seed = promise.random().below(u64::MAX);
    // Anywhere from the first byte of the request to well into the talk.
    let line = proxy::start_cutting(server.address, move |number| {
        let mut random = Random(seed.wrapping_add(number));
        let cut = Cut { up: random.below(2) == 0, after: 1 + random.below(8_000) };
        (number < cuts).then_some(cut)
    })
    .await;
    let orders = Arc::new(Orders::default());
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let member =
            Member::new(ROOM, &format!("load {number}"), PACE, &orders).introduce(server.address).await;
        members.push(tokio::spawn(member.live(line)));
    }
    let all = async {
        while orders.cuts.load(Ordering::Relaxed) < cuts {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(300), all).await.expect("lines go on breaking");
    let last = member::finish(server.address, ROOM, &orders).await;
    let mut journals = Vec::new();
    for member in members {
        let member = timeout(Duration::from_secs(60), member).await;
        journals.push(member.expect("everything comes back in the end").expect("no member panicked").journal);
    }
    let store = member::stored(server.address, ROOM).await;
    assert_eq!(store.entries.len() as u64, last);
    journal::assert_kept(&journals, &store, &promise.replay());
    let told = journals
        .iter()
        .flat_map(|journal| &journal.notes)
        .filter(|note| **note == journal::Note::Gap)
        .count();
    promise.kept(format!(
        "{cuts} cuts, {last} messages: 0 gaps, 0 repeats, 0 lost; {told} holes too large to replay, each told"
    ));
}

#[tokio::test]
async fn a_restored_backup_is_another_history_to_everyone() {
    let promise = Promise::new(
        "old backup restored",
        "100 % of clients see a new epoch, or are told that they cannot go on",
    );
    let clients = amount(8, 100);
    for whole in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let backup = tempfile::tempdir().expect("a folder");
        let mut server = Process::start(folder.path(), &["--rate-limit", "off"]);
        let mut maya = Peer::join(server.address, ROOM, "maya").await;
        for number in 0..20 {
            let _ = maya.say(&format!("before {number}")).await;
        }
        stop(&mut server);
        copy(&FILES, folder.path(), backup.path());
        server.restart();
        let mut maya = Peer::join(server.address, ROOM, "maya two").await;
        let lost = maya.say("lost").await;
        let epoch = maya.established.epoch.clone();
        // Half of them saw what is lost; the others were away.
        let pasts: Vec<Resume> = (0..clients)
            .map(|number| match number % 2 {
                0 => Resume { epoch: epoch.clone(), after: lost.seq, id: Some(lost.id) },
                _ => Resume { epoch: epoch.clone(), after: 20, id: None },
            })
            .collect();
        stop(&mut server);
        copy(if whole { &FILES } else { &FILES[..1] }, backup.path(), folder.path());
        server.restart();
        let (mut anew, mut told) = (0, 0);
        for (number, resume) in pasts.into_iter().enumerate() {
            // In the meantime others talk: what came has the numbers of what was lost.
            if number == clients / 2 {
                let mut zoe = Peer::join(server.address, ROOM, "zoe").await;
                let again = zoe.say("the same number").await;
                assert_eq!(again.seq, lost.seq);
            }
            let knew = resume.after == lost.seq;
            let hello = Hello { resume: Some(resume), ..fresh() };
            let peer =
                Peer::hello(server.address, ROOM, &format!("client {number}"), hello).await.expect("let in");
            anew += usize::from(peer.established.epoch != epoch);
            told += usize::from(!peer.established.resumed);
            assert!(!peer.established.resumed || !knew, "whoever saw what is lost is told so");
        }
        let wanted = if whole { (0, clients.div_ceil(2)) } else { (clients, clients) };
        assert_eq!((anew, told), wanted, "the folder whole: {whole}");
    }
    promise.kept(format!(
        "the database alone: {clients} of {clients} see the new epoch; the folder whole: all who saw what is lost are told"
    ));
}

fn stop(server: &mut Process) {
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended(), Some(0));
}

fn copy(files: &[&str], from: &Path, to: &Path) {
    for file in files {
        let _ = fs::copy(from.join(file), to.join(file)).expect("copied");
    }
}
