//! A room as a pipe: `curl` in, `curl` out, over real sockets (`docs/protocol.md` §2).

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::{collections::VecDeque, time::Duration};

use common::{
    http::TestServer,
    peer::{Peer, message},
    world::{Kind, World},
};
use serde_json::{Value, json};
use snug_server::Config;
use snug_shared::{Durability, Intent, MessageText};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// Longer than anything here takes: who waits this long waits for ever.
const PATIENCE: Duration = Duration::from_secs(40);

/// An answer without an end, read line by line.
struct Tail {
    stream: BufReader<TcpStream>,
    head: String,
    /// What was read and is no whole line yet.
    read: VecDeque<u8>,
}

/// How an answer ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// It is whole.
    Whole,
    /// It was broken off.
    Cut,
}

impl Tail {
    async fn open(server: &TestServer, query: &str, headers: &str) -> Self {
        let address = server.address;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request =
            format!("GET /api/rooms/ops/stream{query} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut tail = Self { stream: BufReader::new(stream), head: String::new(), read: VecDeque::new() };
        while !tail.head.ends_with("\r\n\r\n") {
            assert!(tail.stream.read_line(&mut tail.head).await.unwrap() > 0, "{:?}", tail.head);
        }
        assert!(tail.head.starts_with("HTTP/1.1 200"), "{}", tail.head);
        tail
    }

    /// The next line, heartbeats among them.
    async fn raw_line(&mut self) -> Result<String, End> {
        let line = async {
            loop {
                if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.read.drain(..=end).collect();
                    return Ok(String::from_utf8(line).unwrap().trim_end().to_owned());
                }
                self.chunk().await?;
            }
        };
        timeout(PATIENCE, line).await.expect("a line or the end comes")
    }

    async fn chunk(&mut self) -> Result<(), End> {
        let mut size = String::new();
        if self.stream.read_line(&mut size).await.map_err(|_| End::Cut)? == 0 {
            return Err(End::Cut);
        }
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            return Err(End::Whole);
        }
        let mut chunk = vec![0; size + "\r\n".len()];
        let _ = self.stream.read_exact(&mut chunk).await.map_err(|_| End::Cut)?;
        self.read.extend(&chunk[..size]);
        Ok(())
    }

    /// The next line with something in it.
    async fn line(&mut self) -> Result<String, End> {
        loop {
            match self.raw_line().await? {
                line if line.is_empty() || line == ":" => {}
                line => return Ok(line),
            }
        }
    }

    async fn entry(&mut self) -> Value {
        serde_json::from_str(&self.line().await.unwrap()).unwrap()
    }

    /// The next event: its id and its data.
    async fn event(&mut self) -> (u64, Value) {
        let id = self.line().await.unwrap();
        let data = self.line().await.unwrap();
        let id = id.strip_prefix("id: ").unwrap().parse().unwrap();
        (id, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap())
    }
}

async fn server() -> TestServer {
    TestServer::start(Config { rate_limit: false, ..Config::default() }).await
}

/// What `curl -d text 'host/api/rooms/ops/messages?user=ci'` sends.
async fn curl(server: &TestServer, text: &str) {
    let kind =
        [("Content-Type", "application/x-www-form-urlencoded"), ("User-Agent", "curl/8"), ("Accept", "*/*")];
    let post = server.request("POST /api/rooms/ops/messages?user=ci", &kind, text).await;
    assert_eq!(post.status, 201, "{post:?}");
}

#[tokio::test]
async fn what_goes_in_by_curl_comes_out_by_curl_and_in_the_app() {
    let server = server().await;
    let mut app = Peer::join(server.address, "ops", "app").await;
    let mut tail = Tail::open(&server, "", "Accept: */*\r\n").await;
    assert!(tail.head.contains("content-type: application/x-ndjson"), "{}", tail.head);
    curl(&server, "deploy done").await;
    let mut entry = tail.entry().await;
    assert_eq!(
        (&entry["user"], &entry["by"], &entry["message"]),
        (&json!("ci"), &json!("h:ci"), &json!("deploy done"))
    );
    // What was posted before the reader had come up to now is read from the log, which says as of when.
    let _ = entry.as_object_mut().unwrap().remove("as_of");
    assert_eq!(serde_json::to_value(app.entry().await).unwrap(), entry, "the very entry members get");
}

#[tokio::test]
async fn the_past_comes_in_its_present_state_and_the_present_without_a_gap() {
    let server = server().await;
    let mut app = Peer::join(server.address, "ops", "app").await;
    let said = app.say("teh first").await;
    let edit = Intent::Edit { target: said.seq, text: MessageText::parse("the first").unwrap() };
    let _ = app.intend(edit).await;
    while app.entry().await.seq < 2 {}
    for number in 3..=1_500 {
        let _ = app.intend(message(&number.to_string())).await;
    }
    let mut tail = Tail::open(&server, "?after=0", "").await;
    let first = tail.entry().await;
    assert_eq!(
        (&first["seq"], &first["message"], &first["edited"]),
        (&json!(1), &json!("the first"), &json!(2))
    );
    for seq in 2..=1_500 {
        assert_eq!(tail.entry().await["seq"], seq);
    }
    let _ = app.intend(Intent::Delete { target: said.seq }).await;
    let deleted = tail.entry().await;
    assert_eq!((&deleted["type"], &deleted["target"]), (&json!("deleted"), &json!(1)));
    let mut late = Tail::open(&server, "?after=1499", "").await;
    assert_eq!(
        (late.entry().await["seq"].clone(), late.entry().await["seq"].clone()),
        (json!(1_500), json!(1_501))
    );
}

#[tokio::test]
async fn a_browser_goes_on_where_it_was() {
    let server = server().await;
    for text in ["one", "two", "three"] {
        curl(&server, text).await;
    }
    let accept = "Accept: text/event-stream\r\n";
    let mut events = Tail::open(&server, "?after=1", accept).await;
    assert!(events.head.contains("content-type: text/event-stream"), "{}", events.head);
    let (id, entry) = events.event().await;
    assert_eq!((id, &entry["seq"], &entry["message"]), (2, &json!(2), &json!("two")));
    drop(events);
    let mut events = Tail::open(&server, "?after=1", &format!("{accept}Last-Event-ID: 2\r\n")).await;
    assert_eq!(events.event().await.0, 3);
    curl(&server, "four").await;
    let (id, entry) = events.event().await;
    assert_eq!((id, &entry["message"]), (4, &json!("four")));
}

#[tokio::test]
async fn a_reader_that_closes_its_half_still_reads_and_one_that_is_gone_is_noticed() {
    let server = TestServer::start(Config {
        rate_limit: true,
        max_connections_per_address: 2,
        exempt_loopback: false,
        ..Config::default()
    })
    .await;
    // As `nc -N` does.
    let mut half = Tail::open(&server, "", "").await;
    half.stream.shutdown().await.unwrap();
    curl(&server, "still heard").await;
    assert_eq!(half.entry().await["message"], "still heard");
    drop(half);
    // Its place is given up, though the room says nothing and both look alike at first.
    let _kept = server.connect().await;
    let place = async {
        while server.get("/healthz").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, place).await.expect("a place");
}

#[tokio::test]
async fn listening_makes_no_room_and_no_member() {
    let server = server().await;
    let mut tail = Tail::open(&server, "?after=1000", "").await;
    assert_eq!(server.get("/api/rooms").await.json(), json!({"rooms": [], "more": false}));
    curl(&server, "first").await;
    assert_eq!(tail.entry().await["seq"], 1);
    assert_eq!(server.get("/api/rooms").await.json()["rooms"][0]["members"], 0);
}

#[tokio::test]
async fn a_quiet_line_is_heard_to_stand() {
    let server = server().await;
    let mut lines = Tail::open(&server, "", "").await;
    let mut events = Tail::open(&server, "", "Accept: text/event-stream\r\n").await;
    assert_eq!((lines.raw_line().await, events.raw_line().await), (Ok(String::new()), Ok(":".to_owned())));
}

#[tokio::test]
async fn a_stop_ends_every_answer_whole() {
    let server = server().await;
    curl(&server, "one").await;
    let mut lines = Tail::open(&server, "?after=0", "").await;
    let mut events = Tail::open(&server, "", "Accept: text/event-stream\r\n").await;
    assert_eq!(lines.entry().await["seq"], 1);
    server.stop().await;
    assert_eq!((lines.line().await, events.line().await), (Err(End::Whole), Err(End::Whole)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut_off_and_the_others_get_everything() {
    let config = Config { rate_limit: false, durability: Durability::None, ..Config::default() };
    let server = TestServer::start(config).await;
    let mut slow = Tail::open(&server, "", "").await;
    let mut quick = Tail::open(&server, "", "").await;
    let mut app = Peer::join(server.address, "ops", "app").await;
    let count = 6_000;
    let text = "x".repeat(3_000);
    for seq in 1..=count {
        let _ = app.intend(message(&text)).await;
        // In step with who reads, and far ahead of who does not.
        if seq % 20 == 0 {
            for seq in seq - 19..=seq {
                assert_eq!(quick.entry().await["seq"], seq);
                assert_eq!(app.entry().await.seq, seq);
            }
        }
    }
    let mut expect = 1;
    let end = loop {
        match slow.line().await {
            Ok(line) => {
                assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["seq"], expect);
                expect += 1;
            }
            Err(end) => break end,
        }
    };
    assert_eq!(end, End::Cut, "what is not whole does not look whole");
    assert!(expect < count, "it missed something");
}

#[tokio::test]
async fn other_peoples_pages_and_nonsense_are_refused_as_everywhere() {
    let server = server().await;
    let refusal = async |path: &str, headers: &[(&str, &str)]| {
        server.request(&format!("GET {path}"), headers, "").await.refusal()
    };
    let path = "/api/rooms/ops/stream";
    assert_eq!(refusal(path, &[("Origin", "http://evil.example")]).await.0, 403);
    assert_eq!(refusal(path, &[("Host", "evil.example")]).await.0, 421);
    assert_eq!(refusal("/api/rooms/ops/stream?after=x", &[]).await, (400, "bad_request".to_owned()));
    assert_eq!(refusal("/api/rooms/%FF/stream", &[]).await, (400, "bad_name".to_owned()));
    let post = server.request("POST /api/rooms/ops/stream", &[], "x").await;
    assert_eq!(post.refusal().0, 405);
}

#[tokio::test]
async fn a_listener_is_a_connection_like_any_other() {
    let server = TestServer::start(Config { max_connections: 2, ..Config::default() }).await;
    let first = Tail::open(&server, "", "").await;
    let _second = Tail::open(&server, "", "").await;
    assert_eq!(server.get("/healthz").await.status, 503);
    drop(first);
    // The place is free again as soon as the server has seen that nobody is there.
    let free = async {
        while server.get("/healthz").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, free).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_from_now_on_has_nothing_that_was_acknowledged_before_it_began() {
    for kind in [Kind::TwoOverMemory, Kind::TwoOverSqlite] {
        let world = World::start(kind).await;
        let post = async |number: u32| {
            let body = json!({"user": "ci", "message": format!("number {number}")});
            let response = world.servers[0].post("/api/rooms/ops/messages", &body).await;
            assert_eq!(response.status, 201, "{kind:?}");
        };
        // Keeps the room alive on the other server, which hears of entries later than their authors.
        let _member = Peer::join(world.servers[1].address, "ops", "maya").await;
        for number in 0..20 {
            post(2 * number).await;
            let mut stream = world.servers[1].connect().await;
            stream.request("GET /api/rooms/ops/stream", &[], "").await;
            assert_eq!(stream.response().await.status, 200);
            post(2 * number + 1).await;
            let heard = stream.until("}\n").await;
            assert!(heard.contains(&format!("number {}\"", 2 * number + 1)), "{kind:?}: {heard}");
            assert!(!heard.contains(&format!("number {}\"", 2 * number)), "{kind:?}: {heard}");
        }
    }
}
