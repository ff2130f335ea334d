//! A server behind a proxy: whom a request comes from, and under which name.

use snug_server::Config;
use tokio::time::{Duration, sleep};

use crate::{
    HANDSHAKE,
    common::http::{Raw, TestServer},
    refused,
};

/// A server that takes this machine for a proxy.
async fn behind_a_proxy(config: Config) -> TestServer {
    let trusted_proxy = vec!["127.0.0.0/8".parse().unwrap()];
    let allow_host = vec!["chat.example".parse().unwrap()];
    TestServer::start(Config { trusted_proxy, allow_host, exempt_loopback: false, ..config }).await
}

/// Opens a socket for a client at this address; the connection, and the status.
async fn socket(server: &TestServer, client: &str) -> (Raw, u16) {
    let mut raw = server.connect().await;
    let mut handshake = HANDSHAKE.to_vec();
    handshake.push(("X-Forwarded-For", client));
    raw.request("GET /ws/chat/tea", &handshake, "").await;
    let status = raw.response().await.status;
    (raw, status)
}

#[tokio::test]
async fn each_client_of_a_proxy_has_a_share_of_its_own() {
    let server = behind_a_proxy(Config { max_connections_per_address: 1, ..Config::default() }).await;
    let (kept, status) = socket(&server, "10.0.0.1").await;
    assert_eq!(status, 101);
    assert_eq!(socket(&server, "10.0.0.1").await.1, 429, "its share is used up");
    assert_eq!(socket(&server, "10.0.0.2").await.1, 101, "another's is not");
    assert_eq!(
        socket(&server, "10.0.0.3, 10.0.0.1").await.1,
        429,
        "what a client wrote in front does not count"
    );
    refused(
        &server.request("GET /api/rooms/tea/stream", &[("X-Forwarded-For", "10.0.0.1")], "").await,
        429,
        "rate_limited",
    );
    drop(kept);
    while socket(&server, "10.0.0.1").await.1 != 101 {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_a_stranger_writes_counts_for_nothing() {
    let config = Config { max_connections_per_address: 1, exempt_loopback: false, ..Config::default() };
    let server = TestServer::start(config).await;
    let (_kept, status) = socket(&server, "10.0.0.1").await;
    assert_eq!(status, 101);
    assert_eq!(socket(&server, "10.0.0.2").await.1, 429);
}

#[tokio::test]
async fn posts_of_a_proxys_clients_are_limited_by_client() {
    let server = behind_a_proxy(Config::default()).await;
    let post = async |client: &str| {
        let headers = [("X-Forwarded-For", client)];
        server.request("POST /api/rooms/tea/messages?user=ci", &headers, "hi").await.status
    };
    let mut posted = 0;
    while post("10.0.0.1").await != 429 {
        posted += 1;
        assert!(posted < 10_000, "nothing stopped a flood");
    }
    assert_eq!(post("10.0.0.2").await, 201);
}

#[tokio::test]
async fn a_page_that_came_through_a_proxy_is_the_servers_own() {
    let server = behind_a_proxy(Config::default()).await;
    let origin = ("Origin", "https://chat.example");
    let forwarded = [("X-Forwarded-Host", "chat.example"), ("X-Forwarded-Proto", "https")];
    let mut handshake = HANDSHAKE.to_vec();
    handshake.push(origin);
    refused(&server.request("GET /ws/chat/tea/maya", &handshake, "").await, 403, "not_allowed");
    handshake.extend(forwarded);
    assert_eq!(server.request("GET /ws/chat/tea/maya", &handshake, "").await.status, 101);
    let link = server.request("GET /invite?room=tea", &forwarded, "").await.json()["link"].clone();
    assert_eq!(link, "https://chat.example/chat/tea/", "without the port that https has anyway");
    let evil = [("X-Forwarded-Host", "evil.example")];
    refused(&server.request("GET /api/rooms", &evil, "").await, 421, "not_allowed");
}

#[tokio::test]
async fn the_pages_files_are_served_whatever_the_proxy_made_of_the_host() {
    let server = TestServer::start(Config::default()).await;
    let origin = [("Origin", "https://chat.example")];
    for file in ["room.js", "style.css"] {
        assert_eq!(server.request(&format!("GET /page/{file}"), &origin, "").await.status, 200, "{file}");
    }
    refused(&server.request("GET /api/rooms", &origin, "").await, 403, "not_allowed");
}

#[tokio::test]
async fn an_invite_leaves_out_the_port_that_its_scheme_has_anyway() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let allow_host = vec!["chat.example".parse().unwrap()];
    let server = TestServer::start(Config { listen, allow_host, ..Config::default() }).await;
    for (host, query, link) in [
        ("chat.example", "", "http://chat.example/"),
        ("chat.example:80", "room=tea", "http://chat.example/chat/tea/"),
        ("chat.example", "secure=true", "https://chat.example/"),
        ("chat.example:443", "secure=true", "https://chat.example/"),
        ("chat.example:8443", "secure=true", "https://chat.example:8443/"),
    ] {
        let answer = server.request(&format!("GET /invite?{query}"), &[("Host", host)], "").await;
        assert_eq!(answer.json()["link"], link, "{host} {query}");
    }
}

#[tokio::test]
async fn below_a_base_path_everything_is_where_it_is_at_the_root() {
    let base_path = "/snug".parse().unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let server = TestServer::start(Config { base_path, listen, ..Config::default() }).await;
    // A proxy passes the base path on, or takes it away.
    for base in ["/snug", ""] {
        for (path, status) in [
            ("/", 200),
            ("/chat/tea/", 200),
            ("/page/room.js", 200),
            ("/api/rooms", 200),
            ("/api/rooms/tea/messages?limit=0", 400),
            ("/healthz", 200),
            ("/ws/chat/tea/maya", 426),
            ("/snugly", 404),
        ] {
            assert_eq!(server.get(&format!("{base}{path}")).await.status, status, "{base}{path}");
        }
        let post = server.request(&format!("POST {base}/api/rooms/tea/messages?user=ci"), &[], "hi").await;
        assert_eq!(post.status, 201, "{base}");
        let socket = server.request(&format!("GET {base}/ws/chat/tea/maya"), &HANDSHAKE, "").await;
        assert_eq!(socket.status, 101, "{base}");
        let link = server.get(&format!("{base}/invite?room=tea")).await.json()["link"].clone();
        assert_eq!(link, format!("http://{}/snug/chat/tea/", server.address), "{base}");
    }
    let bare = server.get("/snug").await;
    assert_eq!((bare.status, bare.header("location")), (308, Some("/snug/")));
    let refusal = server.request("GET /snug/nowhere", &[("Accept", "text/html")], "").await;
    assert!(refusal.status == 404 && refusal.body.contains("href=\"/snug/\""), "{refusal:?}");
    let foreign = [("Origin", "http://evil.example")];
    refused(&server.request("GET /snug/api/rooms", &foreign, "").await, 403, "not_allowed");
}
