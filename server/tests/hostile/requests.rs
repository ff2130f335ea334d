//! What is not a handshake, or not quite: every request gets its status, and a body that says why.

use crate::{World, common::http::Raw, hostile::wire::HEADERS};

type Row<'a> = (&'a str, &'a [u8], u16, &'a str);

impl World {
    async fn raw(&self) -> Raw {
        self.server.connect().await
    }

    /// Sends each row's bytes on a connection of its own; the answer has its status and its code.
    async fn answers(&mut self, rows: &[Row<'_>]) {
        for (what, bytes, status, code) in rows {
            let mut raw = self.raw().await;
            raw.send(bytes).await;
            assert_eq!(raw.response().await.refusal(), (*status, (*code).to_owned()), "{what}");
        }
        self.is_unharmed().await;
    }

    /// The same for the second request of a connection, after one that was fine.
    async fn answers_later(&mut self, rows: &[Row<'_>]) {
        for (what, bytes, status, code) in rows {
            let mut raw = self.raw().await;
            raw.request("GET /healthz", &[], "").await;
            assert_eq!(raw.response().await.status, 200);
            raw.send(bytes).await;
            let answer = raw.response().await;
            assert_eq!(answer.refusal(), (*status, (*code).to_owned()), "{what}, as a second request");
            assert_eq!(answer.header("connection"), Some("close"), "{what}");
            assert_eq!(raw.rest().await, "", "{what}: nothing comes after it");
        }
        self.is_unharmed().await;
    }
}

/// Requests that no parser can read.
const UNREADABLE: &[Row<'static>] = &[
    ("a header without a colon", b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400, "bad_request"),
    ("a space before the colon", b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, "bad_request"),
    ("a folded header", b"GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", 400, "bad_request"),
    ("a NUL in a header", b"GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n", 400, "bad_request"),
    ("a control character in a name", b"GET / HTTP/1.1\r\nX-\x01: 1\r\n\r\n", 400, "bad_request"),
    ("a request line of four words", b"GET / now HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
    ("no method", b" / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
    ("a control character in the path", b"GET /\x7f HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
    (
        "a length that is none",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        400,
        "bad_request",
    ),
    (
        "a negative length",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        400,
        "bad_request",
    ),
    (
        "a signed length",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\n",
        400,
        "bad_request",
    ),
    (
        "a length beyond all numbers",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        400,
        "bad_request",
    ),
    (
        "two lengths",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
        "bad_request",
    ),
    (
        "an encoding that does not end in chunks",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        400,
        "bad_request",
    ),
    (
        "chunks in HTTP/1.0",
        b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_request",
    ),
];

#[tokio::test]
async fn a_request_that_cannot_be_read_is_told_so_the_first_time_and_later() {
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "a:b\r\n".repeat(150));
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "a".repeat(20_000));
    let large: [Row<'_>; 2] = [
        ("150 short headers", many.as_bytes(), 431, "too_long"),
        ("a header of 20 kB", long.as_bytes(), 431, "too_long"),
    ];
    let rows = [UNREADABLE, &large].concat();
    let mut world = World::new().await;
    // A first request that begins with a space is not even text, and is not answered.
    let first: Vec<Row<'_>> = rows.iter().copied().filter(|(_, bytes, ..)| bytes[0] != b' ').collect();
    world.answers(&first).await;
    world.answers_later(&rows).await;
}

#[tokio::test]
async fn a_request_for_what_is_not_served_gets_its_status() {
    let rows: &[Row<'_>] = &[
        ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
        ("two Hosts", b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
        ("an empty Host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad_request"),
        ("a user in the Host", b"GET / HTTP/1.1\r\nHost: me@localhost\r\n\r\n", 400, "bad_request"),
        ("a whole address of elsewhere", b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 421, "not_allowed"),
        ("a path that is none, but a name", b"GET tea HTTP/1.1\r\nHost: localhost\r\n\r\n", 421, "not_allowed"),
        ("a request to be a proxy", b"CONNECT localhost:25 HTTP/1.1\r\nHost: localhost:25\r\n\r\n", 404, "not_found"),
        ("options of everything", b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"),
        ("a method in small letters", b"get /api/rooms HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "not_allowed"),
        ("a method nobody knows", b"BREW /api/rooms HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "not_allowed"),
        ("two slashes in front", b"GET //ws/chat/tea/eve HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"),
        ("an encoded route", b"GET /%77s/chat/tea/eve HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"),
        ("a way up", b"GET /page/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"),
        ("an encoded way up", b"GET /page/%2e%2e%2fCargo.toml HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"),
        ("a room that is a way up", b"GET /api/rooms/%2e%2e/messages HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_name"),
        ("half an escape", b"GET /api/rooms/%f/messages HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_name"),
        ("an escape of no UTF-8", b"GET /api/rooms/%c0%af/messages HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_name"),
        ("a NUL as a room", b"GET /api/rooms/%00/messages HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_name"),
        (
            "a broken chunk",
            b"POST /api/rooms/tea/messages?user=eve HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            400,
            "bad_request",
        ),
        (
            "a chunk of 2^64 bytes",
            b"POST /api/rooms/tea/messages?user=eve HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
              10000000000000000\r\n",
            400,
            "bad_request",
        ),
        (
            "an announced terabyte",
            b"POST /api/rooms/tea/messages?user=eve HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1099511627776\r\n\r\n",
            413,
            "too_long",
        ),
    ];
    World::new().await.answers(rows).await;
}

#[tokio::test]
async fn a_handshake_that_is_not_whole_does_not_upgrade() {
    let handshake = |line: &str, remove: &str, add: &str| {
        let kept =
            HEADERS.split_inclusive("\r\n").filter(|header| remove.is_empty() || !header.starts_with(remove));
        format!("{line}\r\n{}{add}\r\n", kept.collect::<String>()).into_bytes()
    };
    let get = "GET /ws/chat/tea/eve HTTP/1.1";
    let rows = [
        ("of HTTP/1.0", handshake("GET /ws/chat/tea/eve HTTP/1.0", "", ""), 400, "bad_request"),
        ("by POST", handshake("POST /ws/chat/tea/eve HTTP/1.1", "", ""), 405, "not_allowed"),
        ("without Upgrade", handshake(get, "Upgrade", ""), 426, "bad_request"),
        ("to something else", handshake(get, "Upgrade", "Upgrade: h2c\r\n"), 426, "bad_request"),
        ("without Connection", handshake(get, "Connection", ""), 400, "bad_request"),
        ("without a key", handshake(get, "Sec-WebSocket-Key", ""), 400, "bad_request"),
        (
            "with two keys",
            handshake(get, "", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"),
            400,
            "bad_request",
        ),
        (
            "with a long key",
            handshake(get, "Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"),
            400,
            "bad_request",
        ),
        ("without a version", handshake(get, "Sec-WebSocket-Version", ""), 400, "bad_request"),
        (
            "of version 8",
            handshake(get, "Sec-WebSocket-Version", "Sec-WebSocket-Version: 8\r\n"),
            426,
            "bad_request",
        ),
        ("of two versions", handshake(get, "", "Sec-WebSocket-Version: 13\r\n"), 400, "bad_request"),
        ("with a body", handshake(get, "", "Content-Length: 5\r\n"), 400, "bad_request"),
        ("with chunks", handshake(get, "", "Transfer-Encoding: chunked\r\n"), 400, "bad_request"),
        ("with two Hosts", handshake(get, "", "Host: localhost\r\n"), 400, "bad_request"),
        (
            "from a page of elsewhere",
            handshake(get, "", "Origin: http://evil.example\r\n"),
            403,
            "not_allowed",
        ),
        ("from a page of nowhere", handshake(get, "", "Origin: null\r\n"), 403, "not_allowed"),
        ("by another name", handshake(get, "Host", "Host: evil.example\r\n"), 421, "not_allowed"),
        ("where no room is", handshake("GET /ws/ HTTP/1.1", "", ""), 404, "not_found"),
    ];
    let rows: Vec<Row<'_>> =
        rows.iter().map(|(what, bytes, status, code)| (*what, &bytes[..], *status, *code)).collect();
    let mut world = World::new().await;
    world.answers(&rows).await;
    for (what, bytes, status, code) in rows {
        let mut raw = world.raw().await;
        raw.request("GET /healthz", &[], "").await;
        let _ = raw.response().await;
        raw.send(bytes).await;
        assert_eq!(raw.response().await.refusal(), (status, code.to_owned()), "{what}, as a second request");
    }
}

#[tokio::test]
async fn extensions_that_are_offered_are_not_taken() {
    let mut world = World::new().await;
    let mut raw = world.raw().await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    raw.send(format!("GET /ws/chat/tea/eve HTTP/1.1\r\n{HEADERS}{offer}\r\n")).await;
    let answer = raw.response().await;
    assert_eq!((answer.status, answer.header("sec-websocket-extensions")), (101, None));
    world.is_unharmed().await;
}

#[tokio::test]
async fn no_request_hides_in_another() {
    let mut world = World::new().await;
    let post = "POST /api/rooms/hall/messages?user=eve HTTP/1.1\r\nHost: localhost\r\n";
    let hidden = "2\r\nhi\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let both = [
        "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 60\r\n\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    ];
    for lengths in both {
        let mut raw = world.raw().await;
        raw.send(format!("{post}{lengths}{hidden}")).await;
        assert_eq!(raw.response().await.refusal(), (400, "bad_request".to_owned()), "{lengths}");
        assert_eq!(raw.rest().await, "", "and nothing behind it is looked at");
    }
    // As a later request hyper takes the chunks, and it is the connection's last.
    for lengths in &both[..2] {
        let mut raw = world.raw().await;
        raw.request("GET /healthz", &[], "").await;
        assert_eq!(raw.response().await.status, 200);
        raw.send(format!("{post}{lengths}{hidden}")).await;
        let said = raw.response().await;
        assert_eq!((said.status, &said.json()["message"]), (201, &"hi".into()));
        assert_eq!(raw.rest().await, "");
    }
    world.is_unharmed().await;
}

#[tokio::test]
async fn a_second_request_that_never_ends_is_not_waited_for() {
    let config =
        snug_server::Config { handshake_timeout: std::time::Duration::from_secs(1), ..Default::default() };
    let mut world = World::with(config).await;
    let mut raw = world.raw().await;
    raw.request("GET /healthz", &[], "").await;
    assert_eq!(raw.response().await.status, 200);
    raw.send("GET /healthz HTTP/1.1\r\nHost: local").await;
    assert_eq!(raw.rest().await, "");
    world.is_unharmed().await;
}
