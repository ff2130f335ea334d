//! What the app's connection says at its end, to servers that say goodbye and to servers that break the rules of WebSocket.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

use std::time::Duration;

use futures_util::StreamExt;
use snug_core::connection::{self, Event, Target};
use snug_shared::{Nickname, RoomName, SUBPROTOCOL, ServerAddress};
use tokio::{io::AsyncWriteExt, net::TcpListener, time::timeout};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderValue,
    },
};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The code that the app closes with when a server sends these bytes behind its handshake.
async fn answer_to(bytes: &[u8]) -> Option<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut app = Box::pin(connection::stream(Target {
        server: ServerAddress::parse(&listener.local_addr().unwrap().to_string()).unwrap(),
        room: RoomName::parse("tea").unwrap(),
        nickname: Nickname::parse("maya").unwrap(),
        seat: None,
        resume: None,
    }));
    let until_it_ends = async {
        while !matches!(app.next().await.unwrap(), Event::Offline { .. } | Event::Stopped { .. }) {}
    };
    let server = async {
        #[allow(clippy::result_large_err, reason = "the shape of tungstenite's callback")]
        let greet = |_: &Request, mut response: Response| {
            let protocol = HeaderValue::from_static(SUBPROTOCOL);
            let _ = response.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
            Ok(response)
        };
        let mut socket = accept_hdr_async(listener.accept().await.unwrap().0, greet).await.unwrap();
        socket.get_mut().write_all(bytes).await.unwrap();
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(close))) => return close.map(|close| close.code.into()),
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    };
    timeout(PATIENCE, async { tokio::join!(until_it_ends, server).1 }).await.unwrap()
}

#[tokio::test]
async fn a_servers_goodbye_is_answered_with_its_own_code() {
    for code in [1000_u16, 1012, 4003, 4008] {
        let [high, low] = code.to_be_bytes();
        assert_eq!(answer_to(&[0x88, 2, high, low]).await, Some(code));
    }
}

#[tokio::test]
async fn a_server_that_breaks_a_rule_is_told_which() {
    let announced = [&[0x81, 127][..], &(1_u64 << 62).to_be_bytes()].concat();
    let cases: [(&str, &[u8], u16); 10] = [
        ("a frame with a mask", b"\x81\x81\x00\x00\x00\x00x", 1002),
        ("a reserved bit", b"\xc1\x01x", 1002),
        ("a reserved opcode", b"\x83\x01x", 1002),
        ("a control frame in fragments", b"\x09\x01x", 1002),
        ("a continuation of nothing", b"\x80\x01x", 1002),
        ("a new message within another's fragments", b"\x01\x01x\x81\x01x", 1002),
        ("a goodbye of one byte", b"\x88\x01\x03", 1002),
        ("a goodbye with a code that is never sent", b"\x88\x02\x03\xed", 1002),
        ("text that is not UTF-8", b"\x81\x02\xc0\xaf", 1007),
        ("a frame that announces 2^62 bytes", &announced, 1009),
    ];
    for (what, bytes, code) in cases {
        assert_eq!(answer_to(bytes).await, Some(code), "{what}");
    }
}
