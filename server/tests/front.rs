//! The server's front, over real sockets: what strangers, scripts, browsers and other people's pages get.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::time::{Duration, Instant};

use axum::{body::Body, http::Request};
use common::{
    http::{Response, TestServer},
    peer::Peer,
};
use snug_server::{Config, Server, http::HttpService, net::accept};
use snug_shared::CloseReason;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

async fn server() -> TestServer {
    TestServer::start(Config::default()).await
}

/// Short to wait for, and long for a busy machine to send a request in.
const HASTE: Duration = Duration::from_secs(1);

/// One that soon loses patience.
async fn hasty() -> TestServer {
    TestServer::start(Config { handshake_timeout: HASTE, ..Config::default() }).await
}

fn refused(response: &Response, status: u16, code: &str) {
    assert_eq!(response.refusal(), (status, code.to_owned()), "{response:?}");
}

const HANDSHAKE: [(&str, &str); 4] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
];

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_done_is_said_in_json() {
    let server = server().await;
    refused(&server.get("/nowhere").await, 404, "not_found");
    refused(&server.get("/api/rooms/tea").await, 404, "not_found");
    let delete = server.request("DELETE /api/rooms", &[], "").await;
    refused(&delete, 405, "not_allowed");
    assert!(delete.header("allow").unwrap().contains("GET"), "{delete:?}");
}

#[tokio::test]
async fn health_is_told_under_any_name() {
    let server = server().await;
    for path in ["/healthz", "/readyz"] {
        let response = server.request(&format!("GET {path}"), &[("Host", "watcher.example")], "").await;
        assert_eq!(response.status, 200, "{response:?}");
        assert!(response.json()["status"].is_string());
    }
}

#[tokio::test]
async fn a_server_about_to_stop_is_alive_and_not_ready() {
    let folder = TempDir::new().unwrap();
    let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
    let server = Server::open(config).await.unwrap();
    let router = HttpService::new(server.clone()).router();
    let status = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 200));
    server.hub.close_all(CloseReason::Restart);
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 503));
}

#[tokio::test]
async fn the_page_may_load_and_run_only_its_own_files() {
    let server = server().await;
    for path in ["/", "/chat/tea/", "/page/room.js", "/page/style.css"] {
        let page = server.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.header("content-security-policy").unwrap();
        let is_document = !path.starts_with("/page/");
        let own_files = "default-src 'none'; script-src 'self'; style-src 'self'";
        assert!(policy.starts_with(if is_document { own_files } else { "default-src 'none'" }), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        let tag = page.header("etag").unwrap();
        let again = server.request(&format!("GET {path}"), &[("If-None-Match", tag)], "").await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
    }
    for path in ["/page/", "/page/none.js", "/page/..%2FCargo.toml", "/page/%00"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_room_without_its_last_slash_leads_to_the_one_with_it() {
    let server = server().await;
    for (path, to) in
        [("/chat/tea", "./tea/"), ("/chat/caf%C3%A9%2F?x=1", "./caf%C3%A9%2F/?x=1"), ("/chat/a:b", "./a:b/")]
    {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (308, Some(to)), "{path}");
    }
}

#[tokio::test]
async fn an_invite_is_this_servers_own_link_whatever_is_asked_for() {
    // Not told to listen everywhere, it passes on the address that it was called by.
    let listen = "127.0.0.1:0".parse().unwrap();
    let server = TestServer::start(Config { listen, ..Config::default() }).await;
    let link = async |query: &str| server.get(&format!("/invite?{query}")).await.json()["link"].clone();
    let own = format!("http://{}/", server.address);
    assert_eq!(link("").await, own);
    assert_eq!(link("room=tea%20time").await, format!("{own}chat/tea%20time/"));
    assert_eq!(link("room=tea&secure=true").await, format!("https://{}/chat/tea/", server.address));
    assert_eq!(link("room=tea&link=http://evil.example&host=evil.example").await, format!("{own}chat/tea/"));
    refused(&server.get("/invite?room=a%2Fb").await, 400, "bad_name");
    refused(&server.get("/invite?secure=perhaps").await, 400, "bad_request");
    let code = server.get("/invite.svg?room=tea").await;
    assert_eq!((code.status, code.header("content-type")), (200, Some("image/svg+xml")));
    assert!(code.body.contains("<svg") && !code.body.contains("<script"));
}

#[tokio::test]
async fn a_page_from_elsewhere_can_neither_read_nor_write() {
    let server = server().await;
    let foreign = [("Origin", "http://evil.example")];
    refused(&server.request("GET /api/rooms", &foreign, "").await, 403, "not_allowed");
    let post = "POST /api/rooms/tea/messages?user=maya";
    refused(&server.request(post, &foreign, "hi").await, 403, "not_allowed");
    let mut handshake = HANDSHAKE.to_vec();
    handshake.extend(foreign);
    refused(&server.request("GET /ws/chat/tea/maya", &handshake, "").await, 403, "not_allowed");
    assert!(
        server.get("/api/rooms").await.json()["rooms"].as_array().unwrap().is_empty(),
        "nothing was said"
    );
}

#[tokio::test]
async fn another_name_for_the_server_is_refused() {
    let server = server().await;
    for line in ["GET /", "GET /api/rooms", "GET /ws/chat/tea/maya", "POST /api/rooms/tea/messages?user=maya"]
    {
        refused(&server.request(line, &[("Host", "evil.example:8000")], "").await, 421, "not_allowed");
    }
    let mut raw = server.connect().await;
    raw.send("GET /api/rooms HTTP/1.1\r\n\r\n").await;
    refused(&raw.response().await, 400, "bad_request");
}

#[tokio::test]
async fn a_listed_origin_may_use_the_api() {
    let allow_origin = vec!["https://pages.example".parse().unwrap()];
    let server = TestServer::start(Config { allow_origin, ..Config::default() }).await;
    let origin = ("Origin", "https://pages.example");
    let response = server.request("GET /api/rooms", &[origin], "").await;
    assert_eq!((response.status, response.header("access-control-allow-origin")), (200, Some(origin.1)));
    let ask = [origin, ("Access-Control-Request-Method", "POST")];
    let response = server.request("OPTIONS /api/rooms/tea/messages", &ask, "").await;
    assert_eq!(response.status, 204);
    assert_eq!(server.get("/api/rooms").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_socket_route_asks_for_a_whole_handshake() {
    let server = server().await;
    let plain = server.get("/ws/chat/tea/maya").await;
    refused(&plain, 426, "bad_request");
    assert_eq!(plain.header("upgrade"), Some("websocket"));
    for (name, value, status) in [
        ("Connection", "close", 400),
        ("Sec-WebSocket-Key", "c2hvcnQ=", 400),
        ("Sec-WebSocket-Key", "", 400),
        ("Sec-WebSocket-Version", "8", 426),
    ] {
        let mut handshake = HANDSHAKE.to_vec();
        handshake.retain(|(kept, _)| *kept != name);
        handshake.push((name, value));
        let response = server.request("GET /ws/chat/tea/maya", &handshake, "").await;
        refused(&response, status, "bad_request");
        if status == 426 {
            assert_eq!(response.header("sec-websocket-version"), Some("13"));
        }
    }
    refused(&server.get("/ws/chat/tea/maya/more").await, 404, "not_found");
}

#[tokio::test]
async fn a_whole_handshake_switches_whatever_the_names_are() {
    let server = server().await;
    for path in ["tea/maya", "tea/maya/", "tea", "tea/", "a%2Fb/%FF", "%FF/maya", "tea/system"] {
        let mut handshake = HANDSHAKE.to_vec();
        handshake.push(("Sec-WebSocket-Protocol", "chat, snug.v1"));
        let response = server.request(&format!("GET /ws/chat/{path}"), &handshake, "").await;
        assert_eq!(response.status, 101, "{path}: {response:?}");
        assert_eq!(response.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(response.header("sec-websocket-protocol"), Some("snug.v1"));
    }
    let plain = server.request("GET /ws/chat/tea/jon", &HANDSHAKE, "").await;
    assert_eq!((plain.status, plain.header("sec-websocket-protocol")), (101, None));
}

#[tokio::test]
async fn who_says_nothing_or_drips_is_cut_off_in_time() {
    let server = hasty().await;
    let start = Instant::now();
    let mut silent = server.connect().await;
    let mut half = server.connect().await;
    half.send("GET / HTTP/1.1\r\nHost: local").await;
    let mut dripping = server.connect().await;
    let drip = async {
        for byte in
            b"GET /api/rooms HTTP/1.1\r\nHost: localhost\r\nX-Drip: aaaaaaaaaaaaaaaaaaaaaaaaaaaa".iter()
        {
            dripping.send([*byte]).await;
            sleep(Duration::from_millis(30)).await;
        }
        dripping.response().await
    };
    let (silent, half, dripping) = tokio::join!(silent.response(), half.response(), drip);
    for response in [silent, half, dripping] {
        refused(&response, 408, "bad_request");
        assert_eq!(response.header("connection"), Some("close"));
    }
    assert!(start.elapsed() >= HASTE, "nobody was cut off early");
}

#[tokio::test]
async fn a_dripping_body_is_cut_off_in_time() {
    let server = hasty().await;
    let mut raw = server.connect().await;
    raw.send("POST /api/rooms/tea/messages?user=maya HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhal").await;
    refused(&raw.response().await, 408, "bad_request");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = hasty().await;
    let mut raw = server.connect().await;
    raw.request("GET /healthz", &[], "").await;
    assert_eq!(raw.response().await.status, 200);
    raw.request("GET /healthz", &[], "").await;
    assert_eq!(raw.response().await.status, 200, "the connection is used again");
    assert_eq!(raw.rest().await, "", "then it closes without a word");
}

#[tokio::test]
async fn too_much_is_refused_whatever_it_is_too_much_of() {
    let server = server().await;
    refused(&server.get(&format!("/{}", "a".repeat(100 * 1024))).await, 414, "too_long");
    let header = "a".repeat(1024 * 1024);
    refused(&server.request("GET /", &[("X-Long", &header)], "").await, 431, "too_long");
    let many: Vec<(&str, &str)> = (0..10_000).map(|_| ("X-Many", "1")).collect();
    refused(&server.request("GET /", &many, "").await, 431, "too_long");
    let body = "a".repeat(65 * 1024);
    refused(&server.request("POST /api/rooms/tea/messages?user=maya", &[], &body).await, 413, "too_long");
}

#[tokio::test]
async fn other_protocols_are_turned_away_at_once() {
    let server = server().await;
    for (bytes, answered) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], false),
        (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", false),
        (b"SSH-2.0-OpenSSH_9.6\r\n", true),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true),
        (b"SET a b\r\n", true),
        (b"*1\r\n$4\r\nPING\r\n", true),
        (b"GET / HTTP/3.7\r\n", true),
    ] {
        let mut raw = server.connect().await;
        raw.send(bytes).await;
        let answer = timeout(Duration::from_secs(5), raw.rest())
            .await
            .expect("closed long before the handshake's limit");
        assert_eq!(answer.starts_with("HTTP/1.1 400 "), answered, "{bytes:?}: {answer}");
        assert_eq!(answer.is_empty(), !answered);
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_full_server_says_so_and_takes_the_next_when_one_leaves() {
    let server = TestServer::start(Config { max_connections: 2, ..Config::default() }).await;
    let (first, _second) = (server.connect().await, server.connect().await);
    let third = server.get("/healthz").await;
    refused(&third, 503, "unavailable");
    assert!(third.header("retry-after").is_some());
    drop(first);
    while server.get("/healthz").await.status != 200 {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn one_address_has_its_share_of_connections_and_sockets_count() {
    let limited = Config { max_connections_per_address: 1, exempt_loopback: false, ..Config::default() };
    let server = TestServer::start(limited.clone()).await;
    let mut member = server.connect().await;
    member.request("GET /ws/chat/tea/maya", &HANDSHAKE, "").await;
    assert_eq!(member.response().await.status, 101);
    refused(&server.get("/healthz").await, 429, "rate_limited");
    drop(member);
    while server.get("/healthz").await.status != 200 {
        sleep(Duration::from_millis(20)).await;
    }
    let server = TestServer::start(Config { exempt_loopback: true, ..limited }).await;
    let _kept = (server.connect().await, server.connect().await);
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn handshakes_that_never_come_do_not_keep_others_out() {
    let config = Config { max_handshakes_per_address: 3, exempt_loopback: false, ..Config::default() };
    let server = TestServer::start(config).await;
    let mut kept = server.connect().await;
    kept.request("GET /healthz", &[], "").await;
    assert_eq!(kept.response().await.status, 200);
    let _silent = [server.connect().await, server.connect().await, server.connect().await];
    refused(&server.get("/healthz").await, 429, "rate_limited");
    kept.request("GET /healthz", &[], "").await;
    assert_eq!(kept.response().await.status, 200, "who is in stays in");
}

#[tokio::test]
async fn many_who_drip_do_not_keep_others_from_talking() {
    let server = server().await;
    let mut dripping = Vec::new();
    for _ in 0..200 {
        let mut raw = server.connect().await;
        raw.send("GET /ws/chat/tea/maya HTTP/1.1\r\nHost: loc").await;
        dripping.push(raw);
    }
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let mut jon = Peer::join(server.address, "tea", "jon").await;
    for raw in &mut dripping {
        raw.send("a").await;
    }
    let said = maya.say("Do you hear me?").await;
    assert_eq!(jon.entry().await, said);
}

#[tokio::test]
async fn a_stopping_server_ends_idle_connections_and_takes_no_more() {
    let server = server().await;
    let mut idle = server.connect().await;
    idle.request("GET /healthz", &[], "").await;
    assert_eq!(idle.response().await.status, 200);
    let mut silent = server.connect().await;
    let address = server.address;
    server.stop().await;
    assert_eq!(idle.rest().await, "");
    assert_eq!(silent.rest().await, "");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_explained() {
    let listener = accept::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let said = accept::bind(address).unwrap_err().to_string();
    let wanted = format!(
        "port {} is already in use: is Snug running already? Try --listen 127.0.0.1:",
        address.port()
    );
    assert!(said.starts_with(&wanted), "{said}");
}
