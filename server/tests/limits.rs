//! One person or one machine does not stop the others: what an address may do, and what it does not get by coming back.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::time::{Duration, Instant};

use common::{
    http::{Raw, TestServer},
    peer::Peer,
    plain::Plain,
};
use serde_json::json;
use snug_server::Config;
use snug_shared::{CloseReason, Durability, Intent, Topic};

const TEA: &str = "/api/rooms/tea/messages";
/// More than any limit here allows at once.
const MANY: usize = 3_000;

/// A server to which this machine's own address is one like any other.
async fn limited() -> TestServer {
    TestServer::start(Config { exempt_loopback: false, durability: Durability::None, ..Config::default() })
        .await
}

/// A server that lets tests hurry.
async fn unlimited() -> TestServer {
    TestServer::start(Config { rate_limit: false, ..Config::default() }).await
}

async fn say(server: &TestServer, room: &str, user: &str, message: &str) {
    let post = json!({"user": user, "message": message});
    let response = server.post(&format!("/api/rooms/{room}/messages"), &post).await;
    assert_eq!(response.status, 201, "{response:?}");
}

#[tokio::test]
async fn coming_back_does_not_fill_what_an_address_may_send() {
    let server = limited().await;
    let began = Instant::now();
    let mut taken = 0;
    for round in 0..40 {
        let mut plain = Plain::open(server.address, &format!("/ws/chat/tea/n{round}x")).await;
        for number in 0..10 {
            plain.say(&format!("{round} {number}")).await;
        }
        for _ in 0..10 {
            match plain.next().await["code"].as_str() {
                None => taken += 1,
                Some(code) => assert_eq!(code, "rate_limited"),
            }
        }
        drop(plain);
        // Until the server has noticed, its allowance is still in use.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A connection that was not over yet when the next one came makes for one more allowance, and there are few of them.
    let most = 4 * (20 + 5 * (began.elapsed().as_secs() + 1));
    assert!((20..=most).contains(&taken), "{taken} of {most}");
}

#[tokio::test]
async fn an_address_that_keeps_joining_is_told_to_wait() {
    let server = limited().await;
    for round in 0..MANY {
        let mut lobby = Plain::open(server.address, "/ws/socket-server/").await;
        let first = lobby.next().await;
        if first["type"] == "error" {
            assert_eq!(first["code"], "rate_limited");
            assert_eq!(lobby.end().await, CloseReason::Flood);
            assert!(round >= 500, "a whole class may come back at once: {round}");
            return;
        }
    }
    panic!("nothing stopped it");
}

#[tokio::test]
async fn an_address_that_keeps_asking_is_told_to_wait_and_searches_are_fewer_than_pages() {
    let server = limited().await;
    let refused_at = async |path: &str| {
        for round in 0..MANY {
            let response = server.get(path).await;
            if response.status != 200 {
                assert_eq!(response.refusal(), (429, "rate_limited".to_owned()));
                assert!(response.header("retry-after").is_some());
                return round;
            }
        }
        panic!("nothing stopped it");
    };
    // What the route takes for a page is one, also when there is a “q” in its query.
    for _ in 0..35 {
        assert_eq!(server.get(&format!("{TEA}?q=%20")).await.status, 200);
        assert_eq!(server.get(&format!("{TEA}?q=zz&limit=0")).await.status, 400);
    }
    let searches = refused_at(&format!("{TEA}?q=zz")).await;
    assert!(searches >= 20);
    assert_eq!(server.get(TEA).await.status, 200, "pages go on");
    let everywhere = refused_at("/api/search?q=zz").await;
    assert!(everywhere < 20, "a search over all rooms is a search like others: {everywhere}");
    assert!(refused_at("/api/rooms").await > searches);
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn what_an_address_leaves_unread_is_bounded() {
    let server = limited().await;
    // Twice as long in JSON, and so more than the system takes off the server's hands.
    let text = "\"".repeat(4_000);
    // All at once: who comes after another has what that one left.
    let mut there = Vec::new();
    for member in 0..4 {
        let mut maya = Peer::join(server.address, "tea", &format!("maya{member}")).await;
        for _ in 0..16 {
            let _ = maya.say(&text).await;
        }
        there.push(maya);
    }
    let mut unread = Vec::new();
    let refused = loop {
        let mut raw = Raw::connect_unbuffered(server.address).await;
        raw.request(&format!("GET {TEA}?limit=500"), &[], "").await;
        // The head comes at once, or the refusal whole.
        if raw.until("\r\n\r\n").await.contains(" 429 ") {
            break raw;
        }
        unread.push(raw);
        assert!(unread.len() < 150, "nothing stopped it");
    };
    assert!(unread.len() >= 8, "{}", unread.len());
    drop((unread, refused));
    let patience = Instant::now() + Duration::from_secs(30);
    while server.get(TEA).await.status != 200 {
        assert!(Instant::now() < patience, "what was given up counts no more");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_can_load_nothing_here() {
    let server = unlimited().await;
    let image = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")];
    for path in [
        format!("{TEA}?q=zz"),
        "/api/search?q=zz".to_owned(),
        "/api/rooms".to_owned(),
        "/invite.svg".to_owned(),
    ] {
        let response = server.request(&format!("GET {path}"), &image, "").await;
        assert_eq!(response.refusal(), (403, "not_allowed".to_owned()), "{path}");
        assert_eq!(response.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(server.get(&path).await.header("cross-origin-resource-policy"), Some("same-origin"));
    }
    let link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")];
    assert_eq!(server.request("GET /chat/tea/", &link, "").await.status, 200);
}

#[tokio::test]
async fn a_word_with_a_nul_is_in_no_message() {
    let server = unlimited().await;
    say(&server, "tea", "maya", "tea and kettle").await;
    for query in ["tea%00", "%00tea", "kettle%20%00", "%00%00%00%00"] {
        let response = server.get(&format!("{TEA}?q={query}")).await;
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!((&response.json()["entries"], &response.json()["more"]), (&json!([]), &json!(false)));
    }
}

#[tokio::test]
async fn a_search_goes_on_at_its_cursor_in_either_direction() {
    let server = unlimited().await;
    for number in 0..9 {
        say(&server, "tea", "maya", &format!("kettle {number}")).await;
    }
    for range in ["", "&after=2", "&before=8"] {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let on = cursor.map_or_else(String::new, |cursor: u64| format!("&cursor={cursor}"));
            let page = server.get(&format!("{TEA}?q=kettle&limit=2{range}{on}")).await.json();
            let seqs = page["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap());
            found.splice(0..0, seqs);
            cursor = page["cursor"].as_u64();
            assert_eq!(page["more"], cursor.is_some());
            if cursor.is_none() {
                break;
            }
        }
        let expected: Vec<u64> = match range {
            "" => (1..=9).collect(),
            "&after=2" => (3..=9).collect(),
            _ => (1..8).collect(),
        };
        assert_eq!(found, expected, "{range}");
    }
}

#[tokio::test]
async fn rooms_with_people_come_first_and_long_topics_push_nothing_off_the_list() {
    let server = unlimited().await;
    let _quiet = Peer::join(server.address, "quiet but full", "maya").await;
    let _also = Peer::join(server.address, "quiet but full", "jon").await;
    let mut old = Peer::join(server.address, "old friends", "zoe").await;
    let _ = old.say("hello").await;
    for room in 0..520 {
        say(&server, &format!("noise%20{room}"), "bot", "x").await;
    }
    let list = server.get("/api/rooms").await.json();
    let rooms = list["rooms"].as_array().unwrap();
    assert_eq!((rooms.len(), &list["more"]), (500, &json!(true)));
    let first: Vec<_> =
        rooms[..3].iter().map(|room| (room["room"].as_str().unwrap(), &room["members"])).collect();
    assert_eq!(first, [("quiet but full", &json!(2)), ("old friends", &json!(1)), ("noise 519", &json!(0))]);
    assert!(rooms[1]["last"] == 1 && rooms[0]["last"] == 0);

    let topic = Topic::parse("𝒯\u{301}\u{302}\u{303}\u{304}".repeat(200)).unwrap();
    for room in 0..100 {
        let mut peer = Peer::join(server.address, &format!("topic {room}"), "maya").await;
        let _ = peer.intend(Intent::Topic { topic: topic.clone() }).await;
        let _ = peer.entry().await;
    }
    let list = server.get("/api/rooms").await;
    assert!(list.body.len() < 512 * 1024, "{}", list.body.len());
    assert_eq!(list.json()["rooms"].as_array().unwrap().len(), 500);
}

#[tokio::test]
async fn a_plain_client_that_reloads_keeps_its_name() {
    let server = unlimited().await;
    let mut app = Peer::join(server.address, "tea", "app").await;
    for round in 0..5 {
        let mut maya = Plain::open(server.address, "/ws/chat/tea/maya").await;
        maya.say(&format!("{round}")).await;
        assert_eq!(maya.shown().await, format!("maya: {round}"));
        assert_eq!(app.entry().await.user.as_str(), "maya");
        maya.close().await;
    }
    // A name in the first frame is one as well.
    for _ in 0..5 {
        let mut zoe = Plain::open(server.address, "/ws/chat/tea/").await;
        zoe.send(json!({"message": "hi", "user": "zoe"})).await;
        assert_eq!(app.entry().await.user.as_str(), "zoe");
        zoe.close().await;
    }
    let _native = Peer::join(server.address, "tea", "maya").await;
}

#[tokio::test]
async fn a_plain_client_with_a_seat_keeps_its_name_from_others_and_what_it_said() {
    let server = unlimited().await;
    let path = "/ws/chat/tea/bot?seat=made-up_by_the_bot_itself";
    let id = "0196f1d0-7b3a-7c4e-9f2a-0123456789ab";
    let mut bot = Plain::open(server.address, path).await;
    bot.send(json!({"message": "built", "id": id})).await;
    assert_eq!(bot.next().await["seq"], 1);
    bot.close().await;
    let mut other = Plain::open(server.address, "/ws/chat/tea/bot").await;
    other.say("not the bot").await;
    assert_eq!(other.shown().await, "bot-2: not the bot");
    let mut bot = Plain::open(server.address, path).await;
    bot.send(json!({"message": "built", "id": id})).await;
    assert_eq!(bot.next().await["seq"], 1, "a repeat is known by the author");
    bot.say("again").await;
    assert_eq!(bot.shown().await, "bot: again");
    // A newer connection with the seat takes the place over.
    let mut newer = Plain::open(server.address, path).await;
    assert_eq!(bot.end().await, CloseReason::Replaced);
    newer.say("newer").await;
    assert_eq!(newer.shown().await, "bot: newer");
    let page = server.get(TEA).await.json();
    let by = |seq: usize| page["entries"][seq - 1]["by"].clone();
    assert!(by(1) == by(3) && by(3) == by(4) && by(1) != by(2), "{page}");
}

#[tokio::test]
async fn nobody_posts_under_a_name_that_is_kept_for_somebody() {
    let server = unlimited().await;
    let maya = Peer::join(server.address, "tea", "maya").await;
    let _other = Peer::join(server.address, "tea", "jon").await;
    maya.leave().await;
    for name in ["maya", "Maya", "mауа"] {
        let post = server.post(TEA, &json!({"user": name, "message": "it is me"})).await;
        assert_eq!(post.refusal(), (409, "nickname_taken".to_owned()), "{name}");
    }
    say(&server, "tea", "bot", "hello").await;
}
