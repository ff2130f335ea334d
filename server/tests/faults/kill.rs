//! What came back to its sender survives `kill -9`.
//!
//! Eight members say 500 messages a second through a line that loses one acknowledgement in ten, while the server is killed
//! at random moments and started again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{sleep, timeout};

use crate::common::{
    journal,
    member::{self, Member, Orders},
    process::Process,
    promise::{Promise, amount},
    proxy,
};

const MEMBERS: usize = 8;
const ROOM: &str = "under fire";
/// 500 messages a second of all of them.
const PACE: Duration = Duration::from_millis(16);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_double_nothing_and_keep_one_order() {
    let promise = Promise::new("server killed under load", "0 lost, 0 doubled, one order");
    let kills = match std::env::var("SNUG_FAULTS_KILLS") {
        Ok(kills) => kills.parse().expect("SNUG_FAULTS_KILLS is a number"),
        Err(_) => amount(20, 50),
    };
    let mut random = promise.random();
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Process::start(folder.path(), &["--rate-limit", "off"]);
    let (line, lost) = proxy::loses_acks(server.address, random.below(u64::MAX)).await;
    let orders = Arc::new(Orders::default());
    let members: Vec<_> = (0..MEMBERS)
        .map(|number| Member::new(ROOM, &format!("load {number}"), PACE, &orders))
        .map(|member| tokio::spawn(member.live(line)))
        .collect();

    for _ in 0..kills {
        sleep(Duration::from_millis(200 + random.below(amount(300, 1_000)))).await;
        server.kill();
        // Sometimes it is away long enough that members knock at a closed door.
        sleep(Duration::from_millis(random.below(100))).await;
        server.restart();
        assert!(members.iter().all(|member| !member.is_finished()), "nobody gave up; {}", promise.replay());
    }

    sleep(Duration::from_millis(500)).await;
    let last = member::finish(server.address, ROOM, &orders).await;
    let mut journals = Vec::new();
    for member in members {
        let member = timeout(Duration::from_secs(60), member).await;
        let member = member.expect("everything comes back in the end").expect("no member panicked");
        assert!(member.cuts >= kills, "every kill cut {}", member.journal.who);
        journals.push(member.journal);
    }
    let store = member::stored(server.address, ROOM).await;
    assert_eq!(store.entries.len() as u64, last);
    journal::assert_kept(&journals, &store, &promise.replay());
    assert!(last > u64::from(kills) * MEMBERS as u64, "there was something to lose");
    let lost = lost.load(Ordering::Relaxed);
    promise.kept(format!(
        "{kills} kills, {last} messages, {lost} acknowledgements lost on the way: 0 lost, 0 doubled"
    ));
}
