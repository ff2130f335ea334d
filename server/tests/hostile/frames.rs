//! Frames that break RFC 6455: each is answered with the close code that names its fault, and the end.

use crate::{
    World,
    hostile::wire::{End, NO_CODE, Wire, frame},
};

const PING: &[u8] = br#"{"type":"ping"}"#;

/// Sends each row's bytes as a member, and before the hello: both times the connection ends with this code.
async fn each_closes_with(rows: &[(&str, Vec<u8>, u16)]) {
    let mut world = World::new().await;
    for (what, bytes, code) in rows {
        let mut member = Wire::join(world.server.address).await;
        member.send(bytes).await;
        assert_eq!(member.end().await, End::Close(*code), "{what}");
        let mut stranger = Wire::open(world.server.address).await;
        stranger.send(bytes).await;
        assert_eq!(stranger.end().await, End::Close(*code), "{what}, before the hello");
    }
    world.is_unharmed().await;
}

fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, payload.len() as u8], payload].concat()
}

#[tokio::test]
async fn a_frame_that_is_none_is_closed_with_1002() {
    let mut rows = vec![
        ("no mask", unmasked(0x81, PING), 1002),
        ("an empty frame without a mask", unmasked(0x81, b""), 1002),
        ("the first reserved bit", frame(0xc1, PING), 1002),
        ("the second", frame(0xa1, PING), 1002),
        ("the third", frame(0x91, PING), 1002),
        ("a reserved bit on a ping", frame(0xc9, b""), 1002),
        ("a ping in fragments", frame(0x09, b"x"), 1002),
        ("a pong in fragments", frame(0x0a, b"x"), 1002),
        ("a close in fragments", frame(0x08, b"\x03\xe8"), 1002),
        ("a ping above 125 bytes", frame(0x89, &[0; 126]), 1002),
        ("a pong above 125 bytes", frame(0x8a, &[0; 126]), 1002),
        ("a close above 125 bytes", frame(0x88, &[b"\x03\xe8".to_vec(), vec![b'x'; 124]].concat()), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        ("a beginning of a continuation of nothing", frame(0x00, b"x"), 1002),
        ("a message within another's fragments", [frame(0x01, b"{"), frame(0x81, PING)].concat(), 1002),
        ("fragments within another's fragments", [frame(0x01, b"{"), frame(0x01, PING)].concat(), 1002),
    ];
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        rows.push(("a reserved opcode", frame(0x80 | opcode, b""), 1002));
    }
    each_closes_with(&rows).await;
}

#[tokio::test]
async fn a_goodbye_that_is_none_is_closed_with_1002() {
    let close = |code: u16| frame(0x88, &code.to_be_bytes());
    let mut rows = vec![("a goodbye of one byte", frame(0x88, b"\x03"), 1002)];
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        rows.push(("a code that is never sent", close(code), 1002));
    }
    rows.push(("a reason that is not UTF-8", frame(0x88, b"\x03\xe8\xff\xfe"), 1007));
    each_closes_with(&rows).await;
}

#[tokio::test]
async fn a_goodbye_is_answered_with_its_own_code() {
    let mut world = World::new().await;
    for code in [1000_u16, 1001, 1011, 3000, 4999] {
        let mut member = Wire::join(world.server.address).await;
        member.send(&frame(0x88, &[&code.to_be_bytes()[..], b"so long"].concat())).await;
        member.send(&frame(0x81, b"not JSON, and nobody reads it")).await;
        assert_eq!(member.end().await, End::Close(code));
    }
    let mut member = Wire::join(world.server.address).await;
    member.send(&frame(0x88, b"")).await;
    assert_eq!(member.end().await, End::Close(NO_CODE), "who gives no code gets none");
    world.is_unharmed().await;
}

#[tokio::test]
async fn what_is_not_text_is_closed_with_1003() {
    let rows = [
        ("a binary frame", frame(0x82, b"\x00\x01"), 1003),
        ("an empty binary frame", frame(0x82, b""), 1003),
        ("JSON in a binary frame", frame(0x82, PING), 1003),
        ("binary fragments", [frame(0x02, b"{"), frame(0x80, b"}")].concat(), 1003),
    ];
    each_closes_with(&rows).await;
}

#[tokio::test]
async fn what_is_not_utf_8_is_closed_with_1007() {
    let rows = [
        ("a lone surrogate", frame(0x81, b"\xed\xa0\x80"), 1007),
        ("a pair of surrogates", frame(0x81, b"\xed\xa0\xbd\xed\xb8\x80"), 1007),
        ("a slash in two bytes", frame(0x81, b"\xc0\xaf"), 1007),
        ("a NUL in two bytes", frame(0x81, b"\xc0\x80"), 1007),
        ("a character beyond the last", frame(0x81, b"\xf4\x90\x80\x80"), 1007),
        ("a byte that is never there", frame(0x81, b"\xff"), 1007),
        ("a continuation byte alone", frame(0x81, b"\x80"), 1007),
        ("half a character at the end", frame(0x81, b"{\xf0\x9f\x8e"), 1007),
        (
            "half a character at the end of fragments",
            [frame(0x01, b"{\xf0\x9f"), frame(0x80, b"")].concat(),
            1007,
        ),
        ("a fault in the first of many fragments", frame(0x01, b"\xff"), 1007),
    ];
    each_closes_with(&rows).await;
}

#[tokio::test]
async fn what_is_too_big_is_closed_with_1009_however_it_is_cut() {
    let announced = |bytes: u64| [&[0x81, 0xff][..], &bytes.to_be_bytes(), &[0; 4]].concat();
    let mut endless = frame(0x01, &[b' '; 1_000]);
    for _ in 0..66 {
        endless.extend(frame(0x00, &[b' '; 1_000]));
    }
    let rows = [
        ("one byte more than 64 KiB", frame(0x81, &[b' '; 65_537]), 1009),
        ("a frame that announces 2^62 bytes", announced(1 << 62), 1009),
        ("a frame that announces 2^63 bytes", announced(1 << 63), 1009),
        ("a frame that announces 2^64 - 1 bytes", announced(u64::MAX), 1009),
        (
            "a binary frame that announces a gigabyte",
            [&[0x82, 0xff][..], &(1_u64 << 30).to_be_bytes(), &[0; 4]].concat(),
            1009,
        ),
        ("fragments without an end", endless, 1009),
    ];
    each_closes_with(&rows).await;
}

#[tokio::test]
async fn a_message_of_64_kib_in_single_bytes_is_one_message_with_pings_in_between() {
    let mut world = World::new().await;
    let mut member = Wire::join(world.server.address).await;
    let mut text = PING.to_vec();
    text.resize(65_536, b' ');
    let mut bytes = frame(0x01, &text[..1]);
    for (number, byte) in text[1..].iter().enumerate() {
        let last = number == text.len() - 2;
        bytes.extend(frame(if last { 0x80 } else { 0x00 }, &[*byte]));
        if number % 10_000 == 0 {
            bytes.extend(frame(0x89, b"between"));
        }
    }
    member.send(&bytes).await;
    for _ in 0..7 {
        assert_eq!(member.next(0x8a).await, b"between");
    }
    member.is_answered().await;
    world.is_unharmed().await;
}

#[tokio::test]
async fn fragments_with_nothing_in_them_cost_nothing() {
    let mut world = World::new().await;
    let mut member = Wire::join(world.server.address).await;
    member.send(&frame(0x01, b"")).await;
    member.send(&frame(0x00, b"").repeat(100_000)).await;
    world.is_unharmed().await;
    member.send(&frame(0x80, PING)).await;
    member.is_answered().await;
}

#[tokio::test]
async fn a_length_may_be_longer_than_it_need_be() {
    let mut world = World::new().await;
    let mut member = Wire::join(world.server.address).await;
    for length in [vec![0xfe, 0, 15], [&[0xff][..], &15_u64.to_be_bytes()].concat()] {
        member.send(&[&[0x81][..], &length, &[0; 4], PING].concat()).await;
        member.is_answered().await;
    }
    world.is_unharmed().await;
}

#[tokio::test]
async fn frames_sent_in_one_packet_with_the_handshake_are_heard() {
    let mut world = World::new().await;
    let mut raw = world.server.connect().await;
    let request = format!("GET /ws/chat/tea/eve HTTP/1.1\r\n{}\r\n", crate::hostile::wire::HEADERS);
    raw.send([request.as_bytes(), &frame(0x81, br#"{"message":"early"}"#)].concat()).await;
    assert_eq!(raw.response().await.status, 101);
    assert_eq!(world.jon.entry().await.user.as_str(), "eve");
    let _ = world.maya.entry().await;
    world.is_unharmed().await;
}
