use super::*;

fn guard() -> Guard {
    let config = Config {
        allow_origin: ["https://pages.example", "null", "file://"]
            .map(|origin| origin.parse().unwrap())
            .to_vec(),
        allow_host: vec!["chat.example".parse().unwrap()],
        ..Config::default()
    };
    Guard::on_machine("Kitchen.lan.example", &config)
}

fn status(host: &str, origin: Option<&str>) -> u16 {
    status_of(&guard(), "/", host, origin, None)
}

fn status_of(guard: &Guard, path: &str, host: &str, origin: Option<&str>, forwarded: Option<&str>) -> u16 {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
    if let Some(origin) = origin {
        headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
    }
    let forwarded = forwarded.map(|host| HeaderValue::from_str(host).unwrap());
    let uri = path.parse().unwrap();
    let admitted = guard.admit(Version::HTTP_11, &uri, &headers, forwarded.as_ref());
    admitted.map_or_else(|error| error.into_response().status().as_u16(), |_| 200)
}

#[test]
fn a_server_answers_to_addresses_and_to_its_own_names() {
    for host in [
        "192.168.1.20:8000",
        "127.0.0.1",
        "[::1]:8000",
        "[fe80::1]",
        "localhost:8000",
        "LOCALHOST",
        "localhost.",
        "anything.local:8000",
        "Kitchen:8000",
        "kitchen.lan.example",
        "kitchen.local",
        "kitchen.lan",
        "Kitchen.home.arpa:8000",
        "kitchen.internal",
        "kitchen.fritz.box",
        "chat.example:443",
        "CHAT.example.",
    ] {
        assert_eq!(status(host, None), 200, "{host}");
    }
}

#[test]
fn a_server_does_not_answer_to_other_names() {
    for host in [
        "evil.example",
        "evil.example:8000",
        "kitchen.evil.example",
        "localhost.evil.example",
        "local",
        "chat.example.evil",
        "192.168.1.20.evil.example",
        "notlocal",
        "lan",
        "cellar.lan",
        "fritz.box",
        "evil.kitchen.lan",
        "kitchen.box",
    ] {
        assert_eq!(status(host, None), 421, "{host}");
    }
    for host in ["", "a b", "user@localhost", "localhost:8000@evil.example", "[::1"] {
        assert_eq!(status(host, None), 400, "{host:?}");
    }
}

#[test]
fn a_page_of_its_own_or_of_a_listed_origin_may_use_it() {
    for (host, origin) in [
        ("192.168.1.20:8000", "http://192.168.1.20:8000"),
        ("LOCALHOST:8000", "http://localhost:8000"),
        ("chat.example", "https://chat.example"),
        ("chat.example:443", "https://chat.example"),
        ("chat.example", "http://chat.example"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("localhost:8000", "https://pages.example"),
        ("localhost:8000", "ws://localhost:8000"),
        ("chat.example", "wss://chat.example"),
        ("chat.example:443", "wss://chat.example"),
        ("chat.example", "ws://chat.example:80"),
        ("localhost:8000", "null"),
        ("localhost:8000", "file://"),
    ] {
        assert_eq!(status(host, Some(origin)), 200, "{origin} on {host}");
    }
}

#[test]
fn a_page_from_elsewhere_may_not() {
    let strict = Guard::on_machine("kitchen", &Config::default());
    for origin in ["null", "file://", "https://pages.example"] {
        let status = status_of(&strict, "/", "localhost:8000", Some(origin), None);
        assert_eq!(status, 403, "{origin:?} is not listed");
    }
    for origin in [
        "",
        "http://evil.example",
        "http://localhost",
        "http://localhost:8001",
        "http://localhost:8000.evil.example",
        "ws://localhost:8001",
        "wss://localhost",
        "file:///home",
        "https://pages.example:8443",
        "https://sub.pages.example",
        "http://pages.example",
        "http://localhost:8000/path",
        "http://user@localhost:8000",
    ] {
        assert_eq!(status("localhost:8000", Some(origin)), 403, "{origin:?}");
    }
}

#[test]
fn two_hosts_or_two_origins_are_refused() {
    let (local, evil) = (HeaderValue::from_static("localhost"), HeaderValue::from_static("evil.example"));
    let admit = |version, headers: &HeaderMap| {
        guard()
            .admit(version, &Uri::from_static("/"), headers, None)
            .map_err(|error| error.into_response().status())
    };
    let mut headers = HeaderMap::new();
    headers.append(header::HOST, local.clone());
    headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost"));
    headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost"));
    assert_eq!(admit(Version::HTTP_11, &headers), Err(StatusCode::FORBIDDEN));
    headers.remove(header::ORIGIN);
    headers.append(header::HOST, evil);
    assert_eq!(admit(Version::HTTP_11, &headers), Err(StatusCode::BAD_REQUEST));
    headers.remove(header::HOST);
    assert_eq!(admit(Version::HTTP_11, &headers), Err(StatusCode::BAD_REQUEST));
    assert_eq!(admit(Version::HTTP_10, &headers), Ok(None));
}

#[test]
fn an_address_in_the_request_line_counts_as_well() {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    let uri = Uri::from_static("http://evil.example/api/rooms");
    let error = guard().admit(Version::HTTP_11, &uri, &headers, None).unwrap_err();
    assert_eq!(error.into_response().status(), StatusCode::MISDIRECTED_REQUEST);
}

#[test]
fn the_pages_own_files_need_no_origin_but_the_right_host() {
    let status = |path, host| status_of(&guard(), path, host, Some("https://elsewhere.example"), None);
    assert_eq!(status("/page/room.js", "localhost"), 200);
    assert_eq!(status("/page/room.js", "evil.example"), 421);
    for path in ["/", "/page", "/pages/x", "/api/rooms", "/chat/page/"] {
        assert_eq!(status(path, "localhost"), 403, "{path}");
    }
}

#[test]
fn a_proxys_word_for_the_host_is_checked_as_the_host_is() {
    let own = Some("https://chat.example");
    let status = |host, origin, forwarded| status_of(&guard(), "/", host, origin, Some(forwarded));
    assert_eq!(status("localhost:8000", own, "chat.example"), 200);
    assert_eq!(status("localhost:8000", Some("http://localhost:8000"), "chat.example"), 403);
    assert_eq!(status("localhost:8000", None, "evil.example"), 421);
    assert_eq!(status("evil.example", None, "chat.example"), 421, "a page that was rebound wrote it");
    assert_eq!(status("localhost:8000", None, "a b"), 400);
}

#[test]
fn what_a_page_from_elsewhere_loads_without_saying_so_is_refused_and_its_links_work() {
    let status = |site, mode| {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8000"));
        headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        headers.insert("sec-fetch-mode", HeaderValue::from_static(mode));
        let admitted = guard().admit(Version::HTTP_11, &Uri::from_static("/api/rooms"), &headers, None);
        admitted.map_or_else(|error| error.into_response().status().as_u16(), |_| 200)
    };
    for site in ["cross-site", "same-site"] {
        assert_eq!(status(site, "no-cors"), 403, "an image of a page of another {site}");
        assert_eq!(status(site, "navigate"), 200);
    }
    for site in ["same-origin", "none"] {
        assert_eq!((status(site, "no-cors"), status(site, "cors")), (200, 200));
    }
}

/// Log lines, kept.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_origin_that_does_not_fit_is_warned_of_once_in_a_while_with_both_values() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let guard = guard();
        for _ in 0..3 {
            assert_eq!(status_of(&guard, "/", "localhost:8000", Some("https://proxied.example"), None), 403);
        }
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("WARN").count(), 1, "{log}");
    assert!(log.contains("https://proxied.example") && log.contains("localhost:8000"), "{log}");
}
