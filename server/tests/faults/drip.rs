//! Two thousand who send their request a byte at a time, while others come in.

use std::time::Duration;

use snug_server::net::descriptors;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedWriteHalf},
    task::JoinSet,
    time::{Instant, interval, timeout},
};

use crate::common::{
    peer::Peer,
    process::Process,
    promise::{Promise, amount},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_drips_is_let_go_and_keeps_nobody_from_coming_in() {
    let promise = Promise::new("connections that drip", "each held ≤ 12 s, the others' join p99 ≤ 250 ms");
    let drips = amount(100, 2_000);
    let _ = descriptors::raise(drips + 200);
    let folder = tempfile::tempdir().expect("a folder");
    let patience: u32 = amount(2, 10);
    let flags = ["--rate-limit", "off", "--handshake-timeout", &patience.to_string()];
    let server = Process::start(folder.path(), &flags);

    let mut dripping = JoinSet::new();
    for _ in 0..drips {
        let started = Instant::now();
        let stream = TcpStream::connect(server.address).await.expect("connected");
        drop(dripping.spawn(drip(stream, started)));
    }
    let (mut joins, mut held) = (Vec::new(), Vec::new());
    while !dripping.is_empty() {
        let started = Instant::now();
        let peer = Peer::join(server.address, "tea", &format!("guest {}", joins.len())).await;
        joins.push(started.elapsed());
        peer.leave().await;
        while let Some(done) = dripping.try_join_next() {
            held.push(done.expect("it is answered"));
        }
    }
    joins.sort_unstable();
    held.sort_unstable();
    let (p99, longest) = (joins[joins.len() * 99 / 100], held[held.len() - 1]);
    assert!(held[0] >= Duration::from_secs(patience.into()), "nobody was cut off early");
    promise.judged(
        longest <= Duration::from_secs(12) && p99 <= Duration::from_millis(250),
        format!(
            "{drips} held for {:.1} s at most; p99 of {} joins meanwhile {:.0} ms",
            longest.as_secs_f64(),
            joins.len(),
            p99.as_secs_f64() * 1e3
        ),
    );
}

/// Sends a request that never ends until it is refused; how long that took since it `started`.
async fn drip(stream: TcpStream, started: Instant) -> Duration {
    let (mut reading, writing) = stream.into_split();
    let dripping = tokio::spawn(drip_on(writing));
    let mut answer = Vec::new();
    // That it ends with a reset, because a drop came late, is an end as well.
    let _ = timeout(Duration::from_secs(60), reading.read_to_end(&mut answer)).await.expect("an end");
    let held = started.elapsed();
    dripping.abort();
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
    held
}

async fn drip_on(mut writing: OwnedWriteHalf) {
    let mut pace = interval(Duration::from_millis(500));
    let mut request = b"GET /ws/chat/tea/eve HTTP/1.1\r\nX-Drip: ".to_vec();
    while writing.write_all(&request).await.is_ok() {
        request = b"a".to_vec();
        let _ = pace.tick().await;
    }
}
