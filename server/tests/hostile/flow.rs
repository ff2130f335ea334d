//! Those who do not read, do not end, or do not wait for an answer.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    PATIENCE, World,
    hostile::wire::{End, Wire, frame},
};

/// A message that is long for its length in characters.
const LONG: &str = "🎉";
const CHARACTERS: usize = 3_900;
/// So many of these are more than a room keeps for who is behind, and the system for who does not read.
const MESSAGES: usize = 180;

#[tokio::test]
async fn who_pings_without_end_and_reads_nothing_is_closed_at_the_cap() {
    let mut world = World::new().await;
    let mut member = Wire::join_narrow(world.server.address).await;
    pour(&mut member.stream, &frame(0x89, &[b'x'; 125])).await;
    world.is_unharmed().await;
    let mut last = [0; 12];
    let mut rest = [0; 16 * 1024];
    while let Ok(read @ 1..) = timeout(PATIENCE, member.stream.read(&mut rest)).await.unwrap() {
        keep_last(&mut last, &rest[..read]);
    }
    assert_eq!(&last, b"\x88\x0a\x0f\xa8too_slow");
}

/// Sends the same again and again until nothing more is taken, or it is more than may wait in all buffers on the way.
async fn pour(stream: &mut TcpStream, bytes: &[u8]) {
    let many = bytes.repeat(8 * 1024 / bytes.len());
    for _ in 0..320 {
        if !matches!(timeout(Duration::from_secs(1), stream.write_all(&many)).await, Ok(Ok(()))) {
            return;
        }
    }
}

#[tokio::test]
async fn who_asks_without_end_and_reads_nothing_is_asked_to_wait() {
    let mut world = World::new().await;
    let mut raw = world.server.connect().await;
    let request = b"GET /page/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n";
    pour(&mut raw.stream, request).await;
    world.is_unharmed().await;
    for _ in 0..50 {
        assert_eq!(raw.response().await.status, 200, "it goes on when the answers are read");
    }
}

#[tokio::test]
async fn who_reads_a_byte_at_a_time_is_closed_at_the_cap() {
    let mut world = World::new().await;
    let mut member = Wire::join_narrow(world.server.address).await;
    let mut last = [0; 12];
    let mut byte = [0];
    for number in 0..MESSAGES {
        let said = world.maya.say(&format!("{number}{}", LONG.repeat(CHARACTERS))).await;
        assert_eq!(world.jon.entry().await, said, "who reads misses nothing");
        member.stream.read_exact(&mut byte).await.unwrap();
        keep_last(&mut last, &byte);
    }
    let mut rest = [0; 16 * 1024];
    while let Ok(read @ 1..) = timeout(PATIENCE, member.stream.read(&mut rest)).await.unwrap() {
        keep_last(&mut last, &rest[..read]);
    }
    assert_eq!(&last, b"\x88\x0a\x0f\xa8too_slow", "the frame begun is finished, then comes the reason");
    world.is_unharmed().await;
}

/// The last bytes of what was read so far.
fn keep_last(last: &mut [u8; 12], read: &[u8]) {
    let all = [&last[..], read].concat();
    last.copy_from_slice(&all[all.len() - 12..]);
}

#[tokio::test]
async fn who_pours_megabytes_before_reading_still_learns_why_it_was_closed() {
    let mut world = World::new().await;
    let mut member = Wire::join(world.server.address).await;
    member.send(&[&[0x81, 0xff][..], &(1_u64 << 30).to_be_bytes(), &[0; 4]].concat()).await;
    member.send(&vec![b' '; 2 << 20]).await;
    assert_eq!(member.end().await, End::Close(1009));
    world.is_unharmed().await;
}

#[tokio::test]
async fn who_only_stops_sending_is_let_go() {
    let mut world = World::new().await;
    let mut member = Wire::join(world.server.address).await;
    member.stream.shutdown().await.unwrap();
    assert_eq!(member.end().await, End::Silence);
    let mut stranger = Wire::open(world.server.address).await;
    stranger.stream.shutdown().await.unwrap();
    assert_eq!(stranger.end().await, End::Silence);
    let mut amid_a_message = Wire::join(world.server.address).await;
    amid_a_message.send(&frame(0x81, b"{\"type\":\"ping\"}")[..10]).await;
    amid_a_message.stream.shutdown().await.unwrap();
    assert_eq!(amid_a_message.end().await, End::Silence);
    for half in ["", "GET / HTTP/1.1\r\nHost: local"] {
        let mut raw = world.server.connect().await;
        raw.send(half).await;
        raw.stream.shutdown().await.unwrap();
        assert_eq!(raw.rest().await, "", "{half:?}");
    }
    world.is_unharmed().await;
}

#[tokio::test]
async fn a_goodbye_that_is_not_answered_is_not_waited_for_long() {
    let mut world = World::new().await;
    let mut member = Wire::join(world.server.address).await;
    member.send(&frame(0x83, b"")).await;
    let _ = member.next(0x88).await;
    // It neither closes nor answers; the server goes away all the same.
    let gone = async {
        while member.stream.write_all(&frame(0x8a, b"")).await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("the server lets go");
    world.is_unharmed().await;
}
