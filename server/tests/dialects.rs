//! Every client Snug grew from, unchanged and in one room, over real sockets (`docs/protocol.md` §5–6).

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

mod dialects {
    mod limits;
}

use std::{collections::BTreeMap, time::Duration};

use common::{http::TestServer, peer::Peer, plain::Plain};
use serde_json::{Value, json};
use snug_server::Config;
use snug_shared::{Body, ClientFrame, CloseReason, Emoji, Intent, MessageText, ServerFrame, Topic};

const ID: &str = "0196f1d0-7b3a-7c4e-9f2a-0123456789ab";

/// A server without limits on haste.
async fn server() -> TestServer {
    TestServer::start(Config { rate_limit: false, ..Config::default() }).await
}

async fn post(server: &TestServer, room: &str, user: &str, message: &str) {
    let post = json!({"user": user, "message": message});
    let response = server.post(&format!("/api/rooms/{room}/messages"), &post).await;
    assert_eq!(response.status, 201, "{response:?}");
}

/// Waits until so many are in a room: a plain client is not told that it is in.
async fn fills(server: &TestServer, room: &str, count: u32) {
    loop {
        let rooms = server.get("/api/rooms").await.json();
        let here = |one: &&Value| one["room"] == room;
        if rooms["rooms"].as_array().unwrap().iter().find(here).is_some_and(|one| one["members"] == count) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a newcomer is told of these being in the room; what it is told of anything else is passed over.
async fn sees(peer: &mut Peer, names: &[&str]) {
    let there = peer.established.members.iter();
    let mut there: BTreeMap<_, _> = there.map(|one| (one.member.clone(), one.nickname.clone())).collect();
    loop {
        let mut now: Vec<&str> = there.values().map(|nickname| nickname.as_str()).collect();
        now.sort_unstable();
        if now == names {
            return;
        }
        if let ServerFrame::Presence(presence) = peer.next().await {
            there.retain(|member, _| !presence.left.contains(member));
            there.extend(presence.joined.into_iter().map(|one| (one.member, one.nickname)));
        }
    }
}

#[tokio::test]
async fn every_client_shows_every_message_once_and_in_order() {
    let server = server().await;
    let address = server.address;
    let mut app = Peer::join(address, "test", "app").await;
    let mut flutter = Plain::open(address, "/ws/chat/test/flo").await;
    let mut django = Plain::open(address, "/ws/chat/test/").await;
    let mut lobby = Plain::open(address, "/ws/socket-server/").await;
    let mut typo = Plain::open(address, "/ws/socker-server/").await;
    fills(&server, "test", 5).await;
    let greeting = json!({"type": "connection_established", "message": "You are now connected!"});
    assert_eq!((lobby.next().await, typo.next().await), (greeting.clone(), greeting));

    let _ = app.say("one").await;
    assert_eq!(flutter.shown().await, "app: one");
    flutter.send(json!({"type": "chat_message", "message": "two", "user": "flo"})).await;
    assert_eq!(django.show(2).await, ["app: one", "flo: two"]);
    django.say("three").await;
    assert!(django.shown().await.ends_with(": three"), "it shows what comes back");
    assert_eq!(lobby.show(3).await, [": one", ": two", ": three"]);
    lobby.say("four").await;
    assert_eq!(typo.show(4).await, [": one", ": two", ": three", ": four"]);
    typo.say("five").await;
    assert_eq!(typo.next().await, json!({"type": "chat", "message": "five"}));
    post(&server, "test", "curl", "six").await;

    let page = server.get("/api/rooms/test/messages").await.json();
    let all: Vec<String> = page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{}: {}", entry["user"].as_str().unwrap(), entry["message"].as_str().unwrap()))
        .collect();
    assert_eq!(all.len(), 6);
    // The Flutter app showed its own at once, and gets it no second time.
    assert_eq!(flutter.show(4).await, all[2..]);
    assert_eq!(django.show(3).await, all[3..]);
    assert_eq!(lobby.show(3).await, [": four", ": five", ": six"]);
    assert_eq!(typo.shown().await, ": six");
    for (seq, shown) in (2..).zip(&all[1..]) {
        let entry = app.entry().await;
        assert_eq!(entry.seq, seq);
        assert_eq!(*shown, format!("{}: {}", entry.user, entry.message().unwrap().text.as_ref().unwrap()));
    }
}

#[tokio::test]
async fn a_message_has_exactly_the_fields_the_page_names() {
    let server = server().await;
    let mut maya = Plain::open(server.address, "/ws/chat/tea/maya").await;
    maya.send(json!({"message": "hi", "id": ID})).await;
    let frame = maya.next().await;
    let at = frame["at"].as_i64().unwrap();
    let expected =
        json!({"type": "chat_message", "message": "hi", "user": "maya", "seq": 1, "id": ID, "at": at});
    assert_eq!(frame, expected);
    maya.say("no id").await;
    let frame = maya.next().await;
    assert!(uuid::Uuid::try_parse(frame["id"].as_str().unwrap()).is_ok());
}

#[tokio::test]
async fn what_carried_a_user_comes_back_only_when_asked_for() {
    let server = server().await;
    let mut quiet = Plain::open(server.address, "/ws/chat/tea/quiet").await;
    let mut echo = Plain::open(server.address, "/ws/chat/tea/echo?echo=1").await;
    fills(&server, "tea", 2).await;
    quiet.send(json!({"message": "1", "user": "quiet"})).await;
    assert_eq!(echo.shown().await, "quiet: 1");
    echo.send(json!({"message": "2", "user": "echo"})).await;
    assert_eq!(echo.shown().await, "echo: 2");
    quiet.send(json!({"message": "3"})).await;
    assert_eq!(quiet.show(2).await, ["echo: 2", "quiet: 3"], "frame by frame, not once for all");
    quiet.send(json!({"message": "4", "user": "quiet", "id": ID})).await;
    quiet.send(json!({"message": "4", "user": "quiet", "id": ID})).await;
    quiet.send(json!({"message": "5"})).await;
    assert_eq!(quiet.shown().await, "quiet: 5", "nor does a repeat of it");
    quiet.send(json!({"message": "4", "id": ID})).await;
    assert_eq!(quiet.shown().await, "quiet: 4", "a repeat without a name is answered");
    quiet.send(json!({"message": "other", "user": "quiet", "id": ID})).await;
    assert_eq!(quiet.error().await, "id_conflict");
    echo.say("end").await;
    assert_eq!(echo.show(4).await, ["quiet: 3", "quiet: 4", "quiet: 5", "echo: end"]);
}

#[tokio::test]
async fn a_name_comes_from_the_path_or_the_first_frame_or_is_a_guests_and_stays() {
    let server = server().await;
    let address = server.address;
    let mut app = Peer::join(address, "tea", "app").await;
    let mut path = Plain::open(address, "/ws/chat/tea/path").await;
    path.send(json!({"message": "a", "user": "frame"})).await;
    assert_eq!(app.entry().await.user.as_str(), "path");
    let mut frame = Plain::open(address, "/ws/chat/tea/").await;
    frame.send(json!({"message": "b", "user": " Frame "})).await;
    assert_eq!(app.entry().await.user.as_str(), "Frame");
    frame.send(json!({"message": "c", "user": "another"})).await;
    assert_eq!(app.entry().await.user.as_str(), "Frame");
    let mut guest = Plain::open(address, "/ws/chat/tea").await;
    guest.say("d").await;
    let name = app.entry().await.user;
    let number = name.as_str().strip_prefix("guest-").unwrap();
    assert!(number.parse::<u32>().is_ok(), "{name}");
    guest.send(json!({"message": "e", "user": "late"})).await;
    assert_eq!(app.entry().await.user, name);
    let mut late = Peer::join(address, "tea", "late").await;
    sees(&mut late, &["Frame", "app", name.as_str(), "late", "path"]).await;
}

#[tokio::test]
async fn a_taken_name_gets_a_number_and_is_cut_to_fit() {
    let server = server().await;
    let address = server.address;
    let mut maya = Peer::join(address, "tea", "maya").await;
    let mut second = Plain::open(address, "/ws/chat/tea/Maya").await;
    fills(&server, "tea", 2).await;
    let mut third = Plain::open(address, "/ws/chat/tea/").await;
    second.say("a").await;
    assert_eq!(maya.entry().await.user.as_str(), "Maya-2");
    third.send(json!({"message": "b", "user": "maya"})).await;
    assert_eq!(maya.entry().await.user.as_str(), "maya-3");
    let long = "x".repeat(32);
    let _first = Plain::open(address, &format!("/ws/chat/tea/{long}")).await;
    fills(&server, "tea", 4).await;
    let mut cut = Plain::open(address, &format!("/ws/chat/tea/{long}")).await;
    cut.say("c").await;
    assert_eq!(maya.entry().await.user.as_str(), format!("{}-2", "x".repeat(30)));
}

#[tokio::test]
async fn a_bad_name_closes_with_its_reason() {
    let server = server().await;
    for path in [
        "/ws/chat/tea/snug",
        "/ws/chat/tea/a%2Fb",
        "/ws/chat/tea/%FF",
        "/ws/chat/%20/maya",
        "/ws/chat/..%2F/",
    ] {
        let mut bad = Plain::open(server.address, path).await;
        assert_eq!(bad.error().await, "bad_name", "{path}");
        assert_eq!(bad.end().await, CloseReason::BadName, "{path}");
    }
    for user in ["a/b", "server", "", &"x".repeat(33)] {
        let mut bad = Plain::open(server.address, "/ws/chat/tea/").await;
        bad.send(json!({"message": "hi", "user": user})).await;
        assert_eq!(bad.error().await, "bad_name", "{user}");
        assert_eq!(bad.end().await, CloseReason::BadName, "{user}");
    }
    let page = server.get("/api/rooms/tea/messages").await.json();
    assert_eq!(page["entries"], json!([]), "nothing was said under a bad name");
}

#[tokio::test]
async fn who_has_said_nothing_yet_hears_the_room_and_is_seen_in_it() {
    let server = server().await;
    let mut app = Peer::join(server.address, "tea", "app").await;
    let mut silent = Plain::open(server.address, "/ws/chat/tea/").await;
    let mut named = Plain::open(server.address, "/ws/chat/tea/nora").await;
    fills(&server, "tea", 3).await;
    let _ = app.say("hello?").await;
    assert_eq!(silent.shown().await, "app: hello?");
    assert_eq!(named.shown().await, "app: hello?");
    let mut late = Peer::join(server.address, "tea", "late").await;
    assert_eq!(late.established.count, 4);
    silent.send(json!({"message": "here", "user": "sam"})).await;
    sees(&mut late, &["app", "late", "nora", "sam"]).await;
    // A post under a name that is present is refused, whatever the member speaks.
    let post = json!({"user": "sam", "message": "not me"});
    let taken = server.post("/api/rooms/tea/messages", &post).await;
    assert_eq!(taken.refusal(), (409, "nickname_taken".to_owned()));
}

#[tokio::test]
async fn the_past_comes_as_messages_as_they_are_now_and_then_the_present() {
    let server = server().await;
    for (number, (query, expected)) in [
        ("history=2", vec!["app: zwei", "app: four"]),
        ("history=500", vec!["app: one", "app: zwei", "app: four"]),
        ("after=0", vec!["app: one", "app: zwei", "app: four"]),
        ("after=2", vec!["app: four"]),
        ("after=0&history=1", vec!["app: four"]),
        ("after=3&history=100", vec!["app: four"]),
        ("after=7", vec![]),
        ("after=1000000", vec![]),
        ("history=0", vec![]),
        ("history=x&after=y", vec![]),
        ("", vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        let room = format!("tea {number}");
        let mut app = Peer::join(server.address, &room, "app").await;
        let mut said = Vec::new();
        for text in ["one", "two", "three", "four"] {
            said.push(app.say(text).await.seq);
        }
        for intent in [
            Intent::Edit { target: said[1], text: MessageText::parse("zwei").unwrap() },
            Intent::Delete { target: said[2] },
            Intent::React { target: said[0], emoji: Emoji::parse("👍").unwrap(), on: true },
        ] {
            let _ = app.intend(intent).await;
            let _ = app.entry().await;
        }
        let mut late = Plain::open(server.address, &format!("/ws/chat/tea%20{number}/late?{query}")).await;
        late.say("now").await;
        let mut shown = late.show(expected.len() + 1).await;
        assert_eq!(shown.pop().as_deref(), Some("late: now"), "{query}");
        assert_eq!(shown, expected, "{query}");
    }
}

#[tokio::test]
async fn a_long_past_comes_whole_and_the_live_room_follows_without_a_gap() {
    let server = server().await;
    let address = server.address;
    let mut app = Peer::join(address, "tea", "app").await;
    for number in 0..1_200 {
        let _ = app.intend(common::peer::message(&number.to_string())).await;
    }
    while app.entry().await.seq < 1_200 {}
    let talks = tokio::spawn(async move {
        for number in 1_200..1_400 {
            let _ = app.say(&number.to_string()).await;
        }
    });
    let mut all = Plain::open(address, "/ws/chat/tea/all?after=0").await;
    for seq in 1..=1_400 {
        assert_eq!(all.next().await["seq"], seq);
    }
    talks.await.unwrap();
    let mut newest = Plain::open(address, "/ws/chat/tea/newest?history=500").await;
    for seq in 901..=1_400 {
        assert_eq!(newest.next().await["seq"], seq);
    }
}

#[tokio::test]
async fn nothing_but_messages_is_told() {
    let server = server().await;
    let mut app = Peer::join(server.address, "test", "app").await;
    let mut plain = Plain::open(server.address, "/ws/chat/test/plain").await;
    let mut lobby = Plain::open(server.address, "/ws/socket-server").await;
    let _ = lobby.next().await;
    fills(&server, "test", 3).await;
    plain.say("here").await;
    assert_eq!((plain.shown().await, lobby.shown().await), ("plain: here".to_owned(), ": here".to_owned()));
    let said = app.say("teh").await.seq;
    for intent in [
        Intent::Edit { target: said, text: MessageText::parse("the").unwrap() },
        Intent::React { target: said, emoji: Emoji::parse("👍").unwrap(), on: true },
        Intent::Topic { topic: Topic::parse("tea").unwrap() },
        Intent::Delete { target: said },
    ] {
        let _ = app.intend(intent).await;
        assert!(!matches!(app.entry().await.body, Body::Message(_)));
    }
    app.send(ClientFrame::Typing).await;
    Peer::join(server.address, "test", "visitor").await.leave().await;
    let _ = app.say("end").await;
    assert_eq!(plain.show(2).await, ["app: teh", "app: end"]);
    assert_eq!(lobby.show(2).await, [": teh", ": end"]);
}
