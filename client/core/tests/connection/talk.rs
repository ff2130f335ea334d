//! With the real server: talk, history, sends that outlive the line, the server and the app.

use std::{net::SocketAddr, time::Duration};

use snug_core::{
    api,
    session::{Link, Session},
    timeline::{Delivery, Row},
};
use snug_shared::{Emoji, Intent};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    common::app::{Person, Server, all_sent, anywhere, at, nickname, texts},
    fake::listen,
};

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
    maya.until("ben is writing", |session| session.typing_now() == [&nickname("ben")]).await;
    ben.say("hi");
    ben.until("ben's answer is sent", all_sent).await;
    maya.until("ben's answer", |session| texts(session) == ["hello", "hi"]).await;
    assert!(maya.session.typing_now().is_empty(), "who has said it does not write any more");
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
    while !maya.is_idle() {
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
    let server = Server::start_unlimited(&folder.path().join("server"), anywhere()).await;
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
    let server = Server::start_unlimited(&folder.path().join("server"), anywhere()).await;
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
