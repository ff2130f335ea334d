//! Origins, preflights, and refusals that a person sees.

use snug_server::Config;

use crate::{HANDSHAKE, common::http::TestServer, refused};

/// What a browser accepts of an address that its user typed.
const NAVIGATION: (&str, &str) =
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

async fn allowing(origins: &[&str]) -> TestServer {
    let allow_origin = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    TestServer::start(Config { allow_origin, ..Config::default() }).await
}

/// The statuses of a read and of a handshake from a page of this origin.
async fn statuses(server: &TestServer, origin: &str) -> [u16; 2] {
    let origin = ("Origin", origin);
    let mut handshake = HANDSHAKE.to_vec();
    handshake.push(origin);
    [
        server.request("GET /api/rooms", &[origin], "").await.status,
        server.request("GET /ws/chat/tea/maya", &handshake, "").await.status,
    ]
}

#[tokio::test]
async fn a_sockets_own_origin_is_the_servers_and_files_are_not_unless_listed() {
    let strict = allowing(&[]).await;
    let own = strict.address;
    for scheme in ["http", "https", "ws", "wss"] {
        assert_eq!(statuses(&strict, &format!("{scheme}://{own}")).await, [200, 101], "{scheme}");
        assert_eq!(statuses(&strict, &format!("{scheme}://evil.example")).await, [403, 403], "{scheme}");
    }
    for origin in ["null", "file://"] {
        assert_eq!(statuses(&strict, origin).await, [403, 403], "{origin}");
        let listing = allowing(&[origin]).await;
        assert_eq!(statuses(&listing, origin).await, [200, 101], "{origin}");
        let response = listing.request("GET /api/rooms", &[("Origin", origin)], "").await;
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
    }
}

#[tokio::test]
async fn a_preflight_allows_every_header_that_a_route_reads() {
    let server = allowing(&["https://pages.example"]).await;
    for path in ["/api/rooms/tea/messages", "/api/rooms/tea/stream"] {
        let ask = [
            ("Origin", "https://pages.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "authorization,last-event-id"),
        ];
        let answer = server.request(&format!("OPTIONS {path}"), &ask, "").await;
        let allowed = answer.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase();
        for header in ["content-type", "last-event-id", "authorization"] {
            assert!(allowed.split(',').any(|allowed| allowed.trim() == header), "{header}: {allowed}");
        }
    }
}

#[tokio::test]
async fn an_answer_to_a_listed_origin_still_varies_by_encoding() {
    let server = allowing(&["https://pages.example"]).await;
    let page = server.request("GET /", &[("Origin", "https://pages.example")], "").await;
    let vary: Vec<&str> =
        page.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value.as_str()).collect();
    let vary = vary.join(",").to_ascii_lowercase();
    assert!(vary.contains("accept-encoding") && vary.contains("origin"), "{vary}");
}

#[tokio::test]
async fn a_person_sees_a_page_where_a_program_gets_json() {
    let server = allowing(&[]).await;
    for (path, host, status) in [
        ("/nowhere", "localhost", 404),
        ("/page/none.js", "localhost", 404),
        ("/page/%FF", "localhost", 400),
        ("/ws/chat/tea/maya", "localhost", 426),
        ("/api/rooms/a%2Fb/messages", "localhost", 400),
        ("/", "evil.example<script>", 400),
        ("/", "evil.example", 421),
    ] {
        let get = format!("GET {path}");
        let seen = server.request(&get, &[NAVIGATION, ("Host", host)], "").await;
        assert_eq!(seen.status, status, "{path}: {seen:?}");
        assert_eq!(seen.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(seen.body.starts_with("<!doctype html>") && seen.body.contains("<h1>"), "{seen:?}");
        assert!(!seen.body.contains("<script"), "{seen:?}");
        let policy = seen.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let program = server.request(&get, &[("Accept", "*/*"), ("Host", host)], "").await;
        assert_eq!(program.header("content-type"), Some("application/json"), "{path}");
        let message = program.json()["message"].as_str().unwrap().to_owned();
        assert!(seen.body.contains(&message), "the page says what the JSON says: {seen:?}");
        assert_eq!(seen.header("upgrade"), program.header("upgrade"), "{path}");
    }
}

#[tokio::test]
async fn every_refusal_is_json() {
    let server = allowing(&[]).await;
    for (line, status, code) in [
        ("POST /healthz", 405, "not_allowed"),
        ("DELETE /readyz", 405, "not_allowed"),
        ("POST /", 405, "not_allowed"),
        ("PUT /page/style.css", 405, "not_allowed"),
        ("GET /page/%FF", 400, "bad_request"),
        ("GET /page/%C3%28.js", 400, "bad_request"),
        ("GET /chat/", 404, "not_found"),
        ("GET /invite?room=%EB", 400, "bad_name"),
        ("GET /invite.svg?room=%EB", 400, "bad_name"),
        ("GET /invite?room=a%2Fb", 400, "bad_name"),
        ("GET /invite?secure=perhaps", 400, "bad_request"),
        ("GET /api/rooms/%EB/messages", 400, "bad_name"),
        ("GET /api/rooms/%EB/stream", 400, "bad_name"),
        ("GET /api/rooms/tea/stream?after=%EB", 400, "bad_request"),
        ("GET /api/rooms/tea/messages?q=%EB", 400, "bad_request"),
        ("GET /metrics", 404, "not_found"),
    ] {
        refused(&server.request(line, &[], "").await, status, code);
    }
    refused(&server.request("POST /api/rooms/tea/messages?user=%EB", &[], "hi").await, 400, "bad_name");
    refused(&server.request("POST /api/rooms/%EB/messages?user=maya", &[], "hi").await, 400, "bad_name");
    let mut latin = server.connect().await;
    latin
        .send(b"POST /api/rooms/tea/messages?user=maya HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n\xEBx")
        .await;
    refused(&latin.response().await, 400, "bad_request");
    assert_eq!(
        server.get("/api/rooms").await.json()["rooms"].as_array().unwrap().len(),
        0,
        "nothing was said"
    );
}
