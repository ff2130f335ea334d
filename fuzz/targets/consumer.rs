//! The server's real consumer, hub and log, fed arbitrary messages by three members of one room.
//!
//! Input is text, a message a line, so that recorded frames are seeds as they lie. A line may begin with who sends it, `0`, `1` (native)
//! or `2` (plain); the member then stays the same until another is named. `!` sends the rest as a binary frame, `?` as a ping,
//! and `~` says goodbye.
//!
//! Whatever is said: nothing panics, every frame out is one of the page's and within its limit, each member sees the seqs
//! ascend by one, and every connection ends, by one of the page's close codes or none.
#![no_main]

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    os::{fd::OwnedFd, unix::net::UnixStream},
    sync::{Arc, LazyLock},
    time::Duration,
};

use futures_util::{FutureExt, SinkExt, StreamExt, future::join_all};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use snug_server::{
    Config, Server,
    consumer::{self, Connection, Destination, QueryOptions},
    dialect::Dialect,
    net::{peer::Peer, socket::Socket},
};
use snug_shared::{CloseReason, Durability, Line, RoomName, Seq, ServerFrame, limits::SERVER_FRAME_BYTES};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};
use uuid::Uuid;

/// Messages of one input; more would only make each run longer.
const MESSAGES: usize = 64;
/// Turns of the runtime after which a message has gone through the server and back.
const TURNS: usize = 6;
/// No goodbye takes longer.
const END: Duration = Duration::from_secs(4);
const HELLO: &str = r#"{"type":"hello","version":1}"#;

static CONFIG: LazyLock<Config> =
    LazyLock::new(|| Config { durability: Durability::None, name: "lab".to_owned(), ..Config::default() });

fuzz_target!(|text: &str| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(1).build();
    runtime.expect("a runtime").block_on(play(text));
});

async fn play(text: &str) {
    let server = Server::open(CONFIG.clone()).await.expect("nothing is in the way");
    let mut members = [
        Member::join(&server, "maya", Dialect::Native),
        Member::join(&server, "jo", Dialect::Native),
        Member::join(&server, "flutter", Dialect::Plain),
    ];
    // The first is let in, so that most of what it says is heard; what the others begin with is part of the input.
    members[0].say(Message::text(HELLO)).await;
    let mut who = 0;
    for line in text.lines().take(MESSAGES) {
        let mut line = line;
        if let Some(number) = ["0", "1", "2"].iter().position(|number| line.starts_with(number)) {
            (who, line) = (number, &line[1..]);
        }
        let message = match line.split_at_checked(1) {
            Some(("!", rest)) => Message::binary(rest.as_bytes().to_vec()),
            Some(("?", rest)) => Message::Ping(rest.as_bytes()[..rest.len().min(125)].to_vec().into()),
            Some(("~", _)) => Message::Close(None),
            _ => Message::text(line),
        };
        members[who].say(message).await;
        for member in &mut members {
            member.listen();
        }
    }
    // At once: each goodbye has a pause in it.
    let _: Vec<()> = join_all(members.map(Member::leave)).await;
}

/// A member from outside: one end of a socket whose other end is served.
struct Member {
    dialect: Dialect,
    socket: WebSocketStream<TcpStream>,
    serving: JoinHandle<()>,
    last: Option<Seq>,
    entries: HashMap<Seq, Uuid>,
    closed: bool,
}

impl Member {
    fn join(server: &Arc<Server>, nickname: &str, dialect: Dialect) -> Self {
        let (theirs, ours) = UnixStream::pair().expect("a pair of sockets");
        let connection = Connection {
            socket: Socket::new(stream(theirs)),
            answer: Default::default(),
            read: Default::default(),
            destination: Destination { room: RoomName::parse("tea"), nickname: Some(nickname.to_owned()) },
            peer: Peer::alone(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            dialect,
            options: QueryOptions::default(),
        };
        Self {
            dialect,
            socket: WebSocketStream::from_raw_socket(stream(ours), Role::Client, None)
                .now_or_never()
                .expect("nothing to wait for"),
            serving: tokio::spawn(consumer::serve(server.clone(), connection)),
            last: None,
            entries: HashMap::new(),
            closed: false,
        }
    }

    async fn say(&mut self, message: Message) {
        // Who was closed may still talk; nobody hears it.
        let _ = self.socket.send(message).await;
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }

    /// Takes what has arrived.
    fn listen(&mut self) {
        while !self.closed {
            match self.socket.next().now_or_never() {
                None => break,
                Some(heard) => self.hear(heard.and_then(Result::ok)),
            }
        }
    }

    async fn leave(mut self) {
        let _ = self.socket.close(None).await;
        let end = async {
            while !self.closed {
                let heard = self.socket.next().await.and_then(Result::ok);
                self.hear(heard);
            }
            drop(self.socket);
            (&mut self.serving).await.expect("a connection ends without a panic");
        };
        timeout(END, end).await.expect("a connection ends");
    }

    fn hear(&mut self, heard: Option<Message>) {
        match heard {
            Some(Message::Text(text)) => {
                assert!(text.len() <= SERVER_FRAME_BYTES);
                match self.dialect {
                    Dialect::Native => self.hear_native(&text),
                    Dialect::Plain | Dialect::Lobby => self.hear_plain(&text),
                }
            }
            Some(Message::Close(frame)) => {
                let reason = frame.map(|frame| CloseReason::from_code(frame.code.into()));
                assert!(!matches!(reason, Some(CloseReason::Other(_))), "{reason:?}");
            }
            Some(Message::Binary(_) | Message::Frame(_)) => panic!("the server says nothing in bytes"),
            Some(Message::Ping(_) | Message::Pong(_)) => {}
            None => self.closed = true,
        }
    }

    fn hear_native(&mut self, text: &str) {
        match ServerFrame::decode(text).expect("the server makes sense").expect("and says nothing unknown") {
            ServerFrame::ConnectionEstablished(established) => {
                assert!(self.last.is_none(), "one is let in once");
                assert!(established.first <= established.last);
                self.last = Some(established.last);
            }
            ServerFrame::Line(line) => {
                assert!(self.last.is_some_and(|last| line.seq() <= last + 1), "no hole");
                self.is_as_before(&line);
                self.last = self.last.max(Some(line.seq()));
            }
            ServerFrame::Entries { entries, .. } | ServerFrame::History { entries, .. } => {
                assert!(entries.windows(2).all(|pair| pair[0].seq() + 1 == pair[1].seq()), "no hole");
                for line in &entries {
                    self.is_as_before(line);
                }
                self.last = self.last.max(entries.last().map(Line::seq));
            }
            ServerFrame::Challenge { .. } => assert!(self.last.is_none()),
            ServerFrame::Presence(_)
            | ServerFrame::Typing { .. }
            | ServerFrame::Read { .. }
            | ServerFrame::Error(_)
            | ServerFrame::Pong { .. } => {}
        }
    }

    /// An entry that is seen again, as the answer to a repeated send or in a page, is the entry it was.
    fn is_as_before(&mut self, line: &Line) {
        let entry = line.entry().expect("this version's server writes what this version reads");
        assert_eq!(*self.entries.entry(entry.seq).or_insert(entry.id), entry.id);
    }

    fn hear_plain(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        assert!(frame["message"].is_string() && frame["user"].is_string(), "{text}");
        if let Some(seq) = frame["seq"].as_u64() {
            // One's own comes again as the answer to a repeated id.
            assert!(frame["user"] == "flutter" || self.last < Some(seq), "in order");
            self.last = self.last.max(Some(seq));
        }
    }
}

/// To tokio, a connected stream is a connected stream; a pair of them takes no port and leaves none waiting.
fn stream(end: UnixStream) -> TcpStream {
    end.set_nonblocking(true).expect("a socket");
    TcpStream::from_std(std::net::TcpStream::from(OwnedFd::from(end))).expect("a runtime")
}
