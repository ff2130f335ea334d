//! The connection and the session over real sockets: against the real server, and against servers that misbehave.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

use std::{
    future::Future,
    net::SocketAddr,
    path::Path,
    pin::{Pin, pin},
    time::{Duration, Instant},
};

use futures_util::{SinkExt, Stream, StreamExt, stream::FuturesUnordered};
use jiff::tz::TimeZone;
use snug::{
    api::{self, ApiError},
    connection::{self, Event, Target},
    session::{Done, Effect, Joining, Link, Session},
    timeline::{Delivery, Row},
};
use snug_server::Config;
use snug_shared::{Emoji, ErrorCode, ErrorFrame, Intent, Nickname, RoomName, ServerAddress, ServerFrame};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that can be stopped, and started again at the same port.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Server {
    async fn start(folder: &Path, address: SocketAddr) -> Self {
        Self::start_with(Config { data_dir: folder.to_owned(), ..Config::default() }, address).await
    }

    async fn start_with(config: Config, address: SocketAddr) -> Self {
        let listener = snug_server::accept::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            snug_server::run(listener, config, stopped).await.unwrap();
        });
        Self { address, stop, ended }
    }

    async fn stop(self) -> SocketAddr {
        drop(self.stop);
        self.ended.await.unwrap();
        self.address
    }
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn at(address: SocketAddr) -> ServerAddress {
    ServerAddress::parse(&address.to_string()).unwrap()
}

fn nickname(name: &str) -> Nickname {
    Nickname::parse(name).unwrap()
}

fn target(address: SocketAddr, name: &str) -> Target {
    let room = RoomName::parse("tea").unwrap();
    Target { server: at(address), room, nickname: nickname(name), seat: None, resume: None }
}

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// A session driven as a screen drives it.
struct Person {
    session: Session,
    events: Option<Events>,
    effects: FuturesUnordered<Pin<Box<dyn Future<Output = Done> + Send>>>,
}

impl Person {
    fn new(address: SocketAddr, name: &str, data: &Path) -> Self {
        let (session, effects) = Session::new(Joining {
            server: at(address),
            room: RoomName::parse("tea").unwrap(),
            nickname: nickname(name),
            data: data.to_owned(),
            zone: TimeZone::UTC,
        });
        let mut person = Self { session, events: None, effects: FuturesUnordered::new() };
        person.run(effects);
        person
    }

    fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.effects.push(Box::pin(effect.run()));
        }
    }

    fn say(&mut self, text: &str) {
        let effects = self.session.say(text, None).unwrap();
        self.run(effects);
    }

    async fn step(&mut self) {
        if self.events.is_none()
            && let Some(target) = self.session.target()
        {
            self.events = Some(Box::pin(connection::stream(target.clone())));
        }
        let events = &mut self.events;
        let effects = tokio::select! {
            Some(event) = async { match events { Some(events) => events.next().await, None => None } } => {
                self.session.update(event)
            }
            Some(done) = self.effects.next() => self.session.done(done),
        };
        self.run(effects);
    }

    async fn until(&mut self, what: &str, holds: impl Fn(&Session) -> bool) {
        let waited = timeout(PATIENCE, async {
            while !holds(&self.session) {
                self.step().await;
            }
        });
        if waited.await.is_err() {
            panic!("never: {what}; link {:?}, texts {:?}", self.session.link(), texts(&self.session));
        }
    }

    async fn online(&mut self) {
        self.until("online", |session| matches!(session.link(), Link::Online)).await;
    }
}

fn texts(session: &Session) -> Vec<String> {
    let timeline = session.timeline();
    let text = |index| match timeline.row(index) {
        Some(Row::Message(message)) => message.text.map(str::to_owned),
        _ => None,
    };
    (0..timeline.len()).filter_map(text).collect()
}

fn all_sent(session: &Session) -> bool {
    let timeline = session.timeline();
    session.waiting() == 0
        && (0..timeline.len()).all(|index| match timeline.row(index) {
            Some(Row::Message(message)) => message.delivery == Delivery::Sent && message.seq.is_some(),
            _ => true,
        })
}

#[tokio::test]
async fn two_people_talk_and_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), anywhere()).await;
    let mut maya = Person::new(server.address, "maya", &folder.path().join("maya"));
    let mut ben = Person::new(server.address, "ben", &folder.path().join("ben"));
    maya.online().await;
    ben.online().await;
    maya.until("ben is listed", |session| session.members().len() == 2).await;
    maya.say("hello");
    maya.until("maya's message is sent", |session| texts(session) == ["hello"] && all_sent(session)).await;
    ben.until("ben sees it", |session| texts(session) == ["hello"]).await;
    ben.session.typing();
    maya.until("ben is writing", |session| session.writing() == [&nickname("ben")]).await;
    ben.say("hi");
    ben.until("ben's answer is sent", all_sent).await;
    maya.until("ben's answer", |session| texts(session) == ["hello", "hi"]).await;
    assert!(maya.session.writing().is_empty(), "who has said it does not write any more");
    assert_eq!(api::rooms(at(server.address)).await.unwrap().rooms[0].members, 2);
}

#[tokio::test]
async fn what_is_typed_while_the_server_is_away_goes_out_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("server");
    let server = Server::start(&data, anywhere()).await;
    let mut maya = Person::new(server.address, "maya", &folder.path().join("maya"));
    maya.online().await;
    maya.say("before");
    maya.until("sent", all_sent).await;
    let address = server.stop().await;
    maya.until("offline", |session| matches!(session.link(), Link::Offline { .. })).await;
    let typed: Vec<String> = (0..8).map(|number| format!("away {number}")).collect();
    for text in &typed {
        maya.say(text);
    }
    let server = Server::start(&data, address).await;
    maya.session.retry_now();
    maya.until("all sent", all_sent).await;
    let expected: Vec<String> = std::iter::once("before".to_owned()).chain(typed).collect();
    assert_eq!(texts(&maya.session), expected);
    let mut ben = Person::new(server.address, "ben", &folder.path().join("ben"));
    ben.until("ben sees all", |session| texts(session) == expected).await;
}

#[tokio::test]
async fn what_waited_when_the_app_was_closed_goes_out_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mine) = (folder.path().join("server"), folder.path().join("maya"));
    let server = Server::start(&data, anywhere()).await;
    let mut maya = Person::new(server.address, "maya", &mine);
    maya.online().await;
    maya.say("one");
    maya.until("sent", all_sent).await;
    let own = maya.session.timeline().row(2);
    assert!(matches!(own, Some(Row::Message(message)) if message.own));
    let address = server.stop().await;
    maya.say("two");
    while !maya.effects.is_empty() {
        let _ = timeout(Duration::from_millis(200), maya.step()).await;
        if maya.session.waiting() == 1 && matches!(maya.session.link(), Link::Offline { .. }) {
            break;
        }
    }
    drop(maya);
    let _server = Server::start(&data, address).await;
    let mut maya = Person::new(address, "maya", &mine);
    maya.until("both are there", |session| texts(session) == ["one", "two"] && all_sent(session)).await;
    let timeline = maya.session.timeline();
    let own = (0..timeline.len()).filter_map(|index| match timeline.row(index) {
        Some(Row::Message(message)) => Some(message.own),
        _ => None,
    });
    assert!(own.into_iter().all(|own| own), "the seat was kept, so both are by the same author");
}

#[tokio::test]
async fn edits_marks_and_deletions_are_folded_in_for_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), anywhere()).await;
    let mut maya = Person::new(server.address, "maya", &folder.path().join("maya"));
    maya.online().await;
    maya.say("helo");
    maya.say("again");
    maya.until("sent", |session| all_sent(session) && texts(session).len() == 2).await;
    let text = snug_shared::MessageText::parse("hello").unwrap();
    let emoji = Emoji::parse("👍").unwrap();
    let react = |on| Intent::React { target: 1, emoji: emoji.clone(), on };
    for intent in [Intent::Edit { target: 1, text }, react(true), react(true), Intent::Delete { target: 2 }] {
        let effects = maya.session.submit(intent).unwrap();
        maya.run(effects);
    }
    maya.until("all settled", |session| session.waiting() == 0).await;
    let mut ben = Person::new(server.address, "ben", &folder.path().join("ben"));
    ben.until("ben sees it", |session| texts(session) == ["hello"]).await;
    for session in [&maya.session, &ben.session] {
        let row = session.timeline().row(session.timeline().position_of(1).unwrap());
        let Some(Row::Message(message)) = row else { panic!("no message") };
        assert_eq!((message.text, message.edited, message.reactions.len()), (Some("hello"), true, 1));
        assert_eq!(message.delivery, Delivery::Sent);
    }
}

#[tokio::test]
async fn a_taken_nickname_stops_with_one_that_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), anywhere()).await;
    let mut maya = Person::new(server.address, "maya", &folder.path().join("maya"));
    maya.online().await;
    let mut other = Person::new(server.address, "Maya", &folder.path().join("other"));
    other.until("stopped", |session| matches!(session.link(), Link::Stopped { .. })).await;
    let Link::Stopped { suggestion: Some(suggestion), .. } = other.session.link().clone() else {
        panic!("no suggestion: {:?}", other.session.link())
    };
    other.session.rename(suggestion.clone());
    other.events = None;
    other.online().await;
    assert_eq!(other.session.nickname(), &suggestion);
}

#[tokio::test]
async fn older_history_is_loaded_when_the_reader_comes_near_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: folder.path().join("server"), rate_limit: false, ..Config::default() };
    let server = Server::start_with(config, anywhere()).await;
    for number in 1..=150 {
        let body = format!("message {number}");
        let request = format!(
            "POST /api/rooms/tea/messages?user=bot{} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            number % 10,
            server.address,
            body.len()
        );
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    let mut maya = Person::new(server.address, "maya", &folder.path().join("maya"));
    maya.until("the newest", |session| session.timeline().newest() == 150).await;
    assert!(maya.session.timeline().has_more_above());
    maya.session.visible(0..10);
    assert!(maya.session.is_loading());
    maya.until("all of it", |session| texts(session).len() == 150).await;
    assert!(!maya.session.timeline().has_more_above() && !maya.session.is_loading());
}

#[tokio::test]
async fn what_is_typed_before_the_outbox_is_open_is_kept_and_stands_below_what_waited() {
    let (listener, address) = listen().await;
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    for text in ["first", "second"] {
        let mut maya = Person::new(address, "maya", folder.path());
        assert!(maya.session.target().is_none(), "the seat is not known yet");
        maya.say(text);
        assert_eq!(texts(&maya.session).last().map(String::as_str), Some(text));
        maya.until("open", |session| session.target().is_some()).await;
        // The outbox is one effect, keeping the message the next; then there is nothing but pauses.
        let _ = timeout(Duration::from_millis(500), async {
            loop {
                maya.step().await
            }
        })
        .await;
    }
    let mut maya = Person::new(address, "maya", folder.path());
    maya.until("both are kept", |session| texts(session) == ["first", "second"]).await;
    assert_eq!(maya.session.waiting(), 2);
}

#[tokio::test]
async fn where_nothing_can_be_kept_nothing_is_taken_and_the_room_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), anywhere()).await;
    let not_a_folder = folder.path().join("file");
    std::fs::write(&not_a_folder, b"").unwrap();
    let mut maya = Person::new(server.address, "maya", &not_a_folder);
    maya.say("typed early");
    maya.online().await;
    let row = maya.session.timeline().row(maya.session.timeline().len() - 1);
    let failed = matches!(
        row,
        Some(Row::Message(message)) if matches!(message.delivery, Delivery::Failed { can_retry: false, .. })
    );
    assert!(failed && maya.session.notice().is_some());
    assert!(maya.session.say("typed later", None).is_err());
}

/// A line to the server that breaks again and again, at any byte, until it is told to hold.
async fn breaking_line(server: SocketAddr, breaks: usize) -> SocketAddr {
    let (listener, address) = listen().await;
    drop(tokio::spawn(async move {
        // A fixed sequence, so that what fails once fails again.
        let mut state = 7u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for number in 0.. {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(server).await.unwrap();
            let lasts = if number < breaks { 100 + random(2_200) } else { u64::MAX };
            drop(tokio::spawn(async move {
                let (near_read, mut near_write) = near.split();
                let (far_read, mut far_write) = far.split();
                let (mut up, mut down) = (near_read.take(lasts), far_read.take(lasts));
                tokio::select! {
                    _ = tokio::io::copy(&mut up, &mut far_write) => {}
                    _ = tokio::io::copy(&mut down, &mut near_write) => {}
                }
            }));
        }
    }));
    address
}

#[tokio::test]
async fn a_line_that_breaks_at_any_byte_loses_nothing_doubles_nothing_and_keeps_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: folder.path().join("server"), rate_limit: false, ..Config::default() };
    let server = Server::start_with(config, anywhere()).await;
    let line = breaking_line(server.address, 60).await;
    let mut maya = Person::new(line, "maya", &folder.path().join("maya"));
    let mut ben = Person::new(line, "ben", &folder.path().join("ben"));
    let typed: Vec<String> = (0..30).map(|number| format!("message {number}")).collect();
    for text in &typed {
        maya.say(text);
    }
    let come_back = |session: &Session| {
        assert!(!matches!(session.link(), Link::Stopped { .. }), "{:?}", session.link());
        session.retry_now();
    };
    tokio::join!(
        maya.until("all sent", |session| {
            come_back(session);
            all_sent(session) && texts(session) == typed
        }),
        ben.until("all seen", |session| {
            come_back(session);
            texts(session) == typed
        }),
    );
    let timeline = ben.session.timeline();
    assert_eq!(
        (timeline.oldest(), timeline.newest()),
        (Some(1), 30),
        "thirty entries, so none was made twice"
    );
}

// -- servers that misbehave --

/// Speaks the server's part of the WebSocket handshake and nothing else.
#[allow(clippy::result_large_err, reason = "the shape of tungstenite's callback")]
async fn greet(stream: TcpStream) -> WebSocketStream<TcpStream> {
    let echo = |_: &Request, mut response: Response| {
        let _ = response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", HeaderValue::from_static(snug_shared::SUBPROTOCOL));
        Ok(response)
    };
    accept_hdr_async(stream, echo).await.unwrap()
}

async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    greet(listener.accept().await.unwrap().0).await
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(anywhere()).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn established(last: u64, resumed: bool) -> String {
    let by = format!("s:{}", "a".repeat(26));
    serde_json::json!({
        "type": "connection_established", "message": "You are now connected!", "version": 1,
        "server": {"name": "test", "version": "0"}, "durability": "full", "room": "tea", "nickname": "maya",
        "member": "m1", "by": by, "seat": "a-seat", "epoch": "a".repeat(32), "first": 1, "last": last,
        "resumed": resumed, "limits": snug_shared::Limits::default(), "members": [], "count": 1,
    })
    .to_string()
}

fn says(seq: u64) -> serde_json::Value {
    let id = uuid::Uuid::from_u128(u128::from(seq));
    let by = format!("s:{}", "b".repeat(26));
    serde_json::json!({
        "type": "chat_message", "seq": seq, "id": id, "at": 0, "user": "ben", "by": by, "message": format!("m{seq}"),
    })
}

async fn send(socket: &mut WebSocketStream<TcpStream>, text: impl ToString) {
    socket.send(Message::text(text.to_string())).await.unwrap();
}

async fn hear(socket: &mut WebSocketStream<TcpStream>) -> serde_json::Value {
    let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

async fn next(events: &mut Events) -> Event {
    timeout(PATIENCE, events.next()).await.unwrap().unwrap()
}

async fn until(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = next(events).await;
        if wanted(&event) {
            return event;
        }
    }
}

fn events(address: SocketAddr) -> Events {
    Box::pin(connection::stream(target(address, "maya")))
}

const fn is_over(event: &Event) -> bool {
    matches!(event, Event::Offline { .. } | Event::Stopped { .. })
}

#[tokio::test]
async fn it_comes_back_with_what_it_handed_out_last_and_with_its_seat() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = async {
        let mut socket = accept(&listener).await;
        let hello = hear(&mut socket).await;
        assert_eq!((hello["type"].as_str(), hello["resume"].is_null()), (Some("hello"), true));
        send(&mut socket, established(2, false)).await;
        let entries = serde_json::json!({"type": "entries", "entries": [says(1), says(2)], "live": true});
        send(&mut socket, entries).await;
        send(&mut socket, says(3)).await;
        drop(socket);
        let mut socket = accept(&listener).await;
        let hello = hear(&mut socket).await;
        let id = uuid::Uuid::from_u128(3).to_string();
        assert_eq!(hello["resume"], serde_json::json!({"epoch": "a".repeat(32), "after": 3, "id": id}));
        assert_eq!(hello["seat"], "a-seat");
        // Not resumed, and gone before anything of the new history came: what was seen before still counts.
        send(&mut socket, established(50, false)).await;
        drop(socket);
        let mut socket = accept(&listener).await;
        assert_eq!(hear(&mut socket).await["resume"]["after"], 3);
    };
    let client = async {
        loop {
            if let Event::Offline { reason, .. } = next(&mut events).await {
                assert!(reason.contains("lost"), "{reason}");
            }
        }
    };
    tokio::select! { () = server => {}, () = client => {} }
}

#[tokio::test]
async fn frames_arrive_in_order_and_nonsense_between_them_is_passed_over() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        send(&mut socket, says(9)).await;
        send(&mut socket, established(0, false)).await;
        send(&mut socket, established(0, false)).await;
        for seq in 1..=1_200 {
            send(&mut socket, says(seq)).await;
            if seq % 100 == 0 {
                for junk in
                    ["", "[", "{}", "null", r#"{"type":"later"}"#, r#"{"type":"pong"}"#, r#"{"seq":0}"#]
                {
                    send(&mut socket, junk).await;
                }
                socket.send(Message::binary(vec![0, 1, 2])).await.unwrap();
                socket.send(Message::Ping(vec![1].into())).await.unwrap();
            }
        }
        let _ = hear(&mut socket).await;
        socket
    });
    let mut seqs = Vec::new();
    while seqs.len() < 1_200 {
        let Event::Received(frames) = until(&mut events, |event| matches!(event, Event::Received(_))).await
        else {
            continue;
        };
        assert!(frames.len() <= 500);
        seqs.extend(frames.iter().filter_map(|frame| match frame {
            ServerFrame::Line(line) => Some(line.seq()),
            _ => None,
        }));
    }
    assert_eq!(seqs, (1..=1_200).collect::<Vec<u64>>());
    server.abort();
}

#[tokio::test]
async fn a_server_that_only_talks_nonsense_is_left_and_tried_again_later() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        loop {
            if socket.send(Message::text("nonsense")).await.is_err() {
                return;
            }
        }
    });
    let Event::Offline { retry_at, .. } = until(&mut events, is_over).await else { panic!("it stopped") };
    assert!(retry_at > Instant::now());
    server.abort();
}

#[tokio::test]
async fn a_frame_beyond_the_limit_ends_the_link() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let _ = socket.send(Message::text("x".repeat(2 << 20))).await;
        std::future::pending::<()>().await;
    });
    assert!(matches!(until(&mut events, is_over).await, Event::Offline { .. }));
    server.abort();
}

#[tokio::test]
async fn each_close_code_has_its_words_and_its_way_back() {
    for (code, comes_back) in [
        (1000, false),
        (1012, true),
        (4003, false),
        (4005, false),
        (4007, true),
        (4008, true),
        (4010, false),
        (4999, true),
    ] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let mut socket = accept(&listener).await;
            let _ = hear(&mut socket).await;
            let suggestion = Some(nickname("maya2"));
            let error = ErrorFrame { suggestion, ..ErrorFrame::new(ErrorCode::NicknameTaken, "Taken.") };
            if code == 4003 {
                send(&mut socket, ServerFrame::Error(error).to_json()).await;
            }
            let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
            socket.close(Some(frame)).await.unwrap();
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        match over {
            Event::Offline { reason, retry_at } => {
                assert!(comes_back && !reason.is_empty(), "{code}");
                assert!(retry_at <= Instant::now() + Duration::from_secs(6), "{code}");
            }
            Event::Stopped { reason, suggestion } => {
                assert!(!comes_back && !reason.is_empty(), "{code}");
                assert_eq!(suggestion.is_some(), code == 4003);
            }
            _ => unreachable!("filtered"),
        }
    }
}

#[tokio::test]
async fn flood_waits_as_long_as_the_server_says_but_no_longer_than_a_minute() {
    for (asked, least, most) in [(0, 0.3, 1.0), (3_000, 2.0, 3.5), (1_000_000_000_000, 55.0, 60.5)] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let mut socket = accept(&listener).await;
            send(&mut socket, established(0, false)).await;
            let retry_after_ms = Some(asked);
            let error =
                ErrorFrame { retry_after_ms, ..ErrorFrame::new(ErrorCode::RateLimited, "Slow down.") };
            send(&mut socket, ServerFrame::Error(error).to_json()).await;
            let frame = CloseFrame { code: CloseCode::from(4009), reason: "".into() };
            socket.close(Some(frame)).await.unwrap();
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        let Event::Offline { reason, retry_at } = over else { panic!("it stopped") };
        let pause = retry_at.saturating_duration_since(Instant::now()).as_secs_f64();
        assert!((least..most).contains(&pause), "{asked} became {pause}");
        assert_eq!(reason, "Slow down.");
    }
}

#[tokio::test]
async fn refusals_over_http_are_sentences_and_redirects_are_not_followed() {
    for (status, words, comes_back) in [
        ("301 Moved Permanently\r\nLocation: http://127.0.0.1:1/", "elsewhere", false),
        ("403 Forbidden", "let this app in", false),
        ("404 Not Found", "not a Snug server", false),
        ("421 Misdirected Request", "the name", false),
        ("426 Upgrade Required", "not a Snug server", false),
        ("429 Too Many Requests", "too many", true),
        ("503 Service Unavailable", "not ready", true),
        ("200 OK", "not a Snug server", false),
        ("101 Switching Protocols", "not a Snug server", false),
    ] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await.unwrap();
            let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(response.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        let (reason, came_back) = match over {
            Event::Offline { reason, .. } => (reason, true),
            Event::Stopped { reason, .. } => (reason, false),
            _ => unreachable!("filtered"),
        };
        assert!(reason.contains(words) && came_back == comes_back, "{status}: {reason}");
    }
}

#[tokio::test]
async fn where_nothing_listens_the_sentence_says_what_to_look_at() {
    let (listener, address) = listen().await;
    drop(listener);
    let mut events = events(address);
    let Event::Offline { reason, .. } = until(&mut events, is_over).await else { panic!("it stopped") };
    assert_eq!(
        reason,
        format!(
            "Nothing answers at {address}. Is the server running? Its firewall must allow TCP port {}.",
            address.port()
        )
    );
    assert!(matches!(api::rooms(at(address)).await, Err(ApiError::Unreachable(..))));
}

#[tokio::test]
async fn what_is_stopped_is_tried_again_only_when_asked() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let refuse = async || {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    };
    let Event::Connecting { handle } = next(&mut events).await else { panic!("something came before") };
    let ((), stopped) = tokio::join!(refuse(), next(&mut events));
    assert!(matches!(stopped, Event::Stopped { .. }));
    assert!(timeout(Duration::from_millis(300), events.next()).await.is_err(), "it came back by itself");
    handle.retry_now();
    assert!(matches!(next(&mut events).await, Event::Connecting { .. }));
}

#[tokio::test]
async fn a_stream_that_is_dropped_leaves_the_room_politely() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let _ = hear(&mut socket).await;
        send(&mut socket, established(0, false)).await;
        loop {
            match timeout(PATIENCE, socket.next()).await.unwrap() {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| u16::from(frame.code)),
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    });
    let _ = until(&mut events, |event| matches!(event, Event::Online { .. })).await;
    drop(events);
    assert_eq!(server.await.unwrap(), Some(1000));
}

#[tokio::test]
async fn a_hole_seen_live_is_asked_for_at_once_and_shown_until_it_is_filled() {
    let (listener, address) = listen().await;
    let folder = tempfile::tempdir().unwrap();
    let mut maya = Person::new(address, "maya", folder.path());
    let (ask, asked) = oneshot::channel();
    let (answer, answered) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let _ = hear(&mut socket).await;
        send(&mut socket, established(1, false)).await;
        send(&mut socket, serde_json::json!({"type": "entries", "entries": [says(1)], "live": true})).await;
        send(&mut socket, says(4)).await;
        let question = hear(&mut socket).await;
        ask.send(question).unwrap();
        answered.await.unwrap();
        let entries = [says(2), says(3)];
        send(
            &mut socket,
            serde_json::json!({"type": "history", "before": 4, "entries": entries, "more": true}),
        )
        .await;
        std::future::pending::<()>().await;
    });
    let has_hole = |session: &Session| {
        let timeline = session.timeline();
        (0..timeline.len()).any(|index| matches!(timeline.row(index), Some(Row::Hole { .. })))
    };
    maya.until("a hole", has_hole).await;
    let question = {
        let mut asked = pin!(asked);
        loop {
            tokio::select! {
                question = &mut asked => break question.unwrap(),
                () = maya.step() => {}
            }
        }
    };
    assert_eq!((question["type"].as_str(), question["before"].as_u64()), (Some("history"), Some(4)));
    answer.send(()).unwrap();
    maya.until("it is filled", |session| texts(session) == ["m1", "m2", "m3", "m4"]).await;
    assert!(!has_hole(&maya.session));
    server.abort();
}

#[tokio::test]
async fn a_refused_send_fails_with_the_servers_words_and_others_go_on() {
    let (listener, address) = listen().await;
    let folder = tempfile::tempdir().unwrap();
    let mut maya = Person::new(address, "maya", folder.path());
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let _ = hear(&mut socket).await;
        send(&mut socket, established(0, false)).await;
        send(&mut socket, serde_json::json!({"type": "entries", "entries": [], "live": true})).await;
        let mut ids = Vec::new();
        let mut seq = 0;
        loop {
            let frame = hear(&mut socket).await;
            ids.push(frame["id"].as_str().unwrap().to_owned());
            let text = frame["message"].as_str().unwrap();
            let refuse = |code: &str, more: serde_json::Value| {
                let mut error =
                    serde_json::json!({"type": "error", "code": code, "message": "No.", "id": frame["id"]});
                error.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                error
            };
            if text == "forbidden" && ids.len() == 1 {
                send(&mut socket, refuse("id_conflict", serde_json::json!({}))).await;
            } else if text == "hurried" && ids.len() == 2 {
                send(&mut socket, refuse("rate_limited", serde_json::json!({"retry_after_ms": 600}))).await;
            } else {
                seq += 1;
                let mut entry = says(seq);
                entry["id"] = frame["id"].clone();
                entry["by"] = format!("s:{}", "a".repeat(26)).into();
                entry["message"] = text.into();
                send(&mut socket, entry).await;
                if seq == 3 {
                    return ids;
                }
            }
        }
    });
    maya.online().await;
    for text in ["forbidden", "hurried", "last"] {
        maya.say(text);
    }
    let failed = |session: &Session| {
        let timeline = session.timeline();
        (0..timeline.len()).find_map(|index| match timeline.row(index) {
            Some(Row::Message(message)) => match message.delivery {
                Delivery::Failed { send, reason: "No.", can_retry: true } => Some(send),
                _ => None,
            },
            _ => None,
        })
    };
    maya.until("one failed, two sent", |session| {
        failed(session).is_some() && session.waiting() == 1 && session.timeline().newest() == 2
    })
    .await;
    let effects = maya.session.retry(failed(&maya.session).unwrap());
    maya.run(effects);
    maya.until("all sent", all_sent).await;
    assert_eq!(texts(&maya.session), ["hurried", "last", "forbidden"]);
    let ids = server.await.unwrap();
    assert_eq!(ids[1], ids[2], "what was rate limited keeps its id");
    assert_ne!(ids[0], ids[4], "what conflicted gets another");
}

#[tokio::test]
async fn a_refused_topic_is_told_once_and_holds_nothing_up() {
    let (listener, address) = listen().await;
    let folder = tempfile::tempdir().unwrap();
    let mut maya = Person::new(address, "maya", folder.path());
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let _ = hear(&mut socket).await;
        send(&mut socket, established(0, false)).await;
        send(&mut socket, serde_json::json!({"type": "entries", "entries": [], "live": true})).await;
        let id = hear(&mut socket).await["id"].clone();
        send(
            &mut socket,
            serde_json::json!({"type": "error", "code": "not_allowed", "message": "No.", "id": id}),
        )
        .await;
        std::future::pending::<()>().await;
    });
    maya.online().await;
    let topic = snug_shared::Topic::parse("tea").unwrap();
    let effects = maya.session.submit(Intent::Topic { topic }).unwrap();
    maya.run(effects);
    maya.until("told", |session| session.notice() == Some("No.")).await;
    assert_eq!(maya.session.waiting(), 0);
    server.abort();
}

#[tokio::test]
async fn entries_of_a_later_version_are_counted_and_not_shown() {
    let (listener, address) = listen().await;
    let folder = tempfile::tempdir().unwrap();
    let mut maya = Person::new(address, "maya", folder.path());
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        send(&mut socket, established(0, false)).await;
        send(&mut socket, serde_json::json!({"type": "entries", "entries": [says(1)], "live": true})).await;
        send(&mut socket, serde_json::json!({"type": "poll", "seq": 2, "question": "tea?"})).await;
        send(&mut socket, says(3)).await;
        std::future::pending::<()>().await;
    });
    maya.until("all three", |session| session.timeline().newest() == 3).await;
    assert_eq!(texts(&maya.session), ["m1", "m3"]);
    let timeline = maya.session.timeline();
    assert!((0..timeline.len()).all(|index| !matches!(timeline.row(index), Some(Row::Hole { .. }))));
    server.abort();
}
