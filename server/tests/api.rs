//! The HTTP API over real sockets, as a script uses it (`docs/protocol.md` §2).

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use common::{
    http::{Response, TestServer},
    peer::Peer,
};
use serde_json::{Value, json};
use snug_server::{Config, Server};
use snug_shared::{Durability, ServerId};
use tokio::io::AsyncWriteExt;

const TEA: &str = "/api/rooms/tea/messages";
const ID: &str = "0196f1d0-7b3a-7c4e-9f2a-0123456789ab";

/// A server that lets tests hurry.
async fn server() -> TestServer {
    TestServer::start(Config { rate_limit: false, ..Config::default() }).await
}

fn refused(response: &Response, status: u16, code: &str) {
    assert_eq!(response.refusal(), (status, code.to_owned()), "{response:?}");
}

/// Says some things in the room tea, one after the other.
async fn say(server: &TestServer, texts: impl IntoIterator<Item = &str>) {
    for text in texts {
        let post = server.post(TEA, &json!({"user": "maya", "message": text})).await;
        assert_eq!(post.status, 201, "{post:?}");
    }
}

async fn seqs(server: &TestServer, query: &str) -> (Vec<u64>, bool) {
    let page = server.get(&format!("{TEA}?{query}")).await.json();
    let entries = page["entries"].as_array().unwrap().iter();
    (entries.map(|entry| entry["seq"].as_u64().unwrap()).collect(), page["more"].as_bool().unwrap())
}

#[tokio::test]
async fn an_unknown_room_is_empty_and_is_not_made() {
    let server = server().await;
    let page = server.get(TEA).await;
    let empty = json!({"epoch": null, "first": 0, "last": 0, "entries": [], "more": false});
    assert_eq!((page.status, page.json()), (200, empty));
    assert_eq!(server.get("/api/rooms").await.json(), json!({"rooms": [], "more": false}));
}

#[tokio::test]
async fn a_server_says_who_it_is_and_how_much_goes_on_there() {
    let config = Config { name: "The lab".to_owned(), rate_limit: false, ..Config::default() };
    let server = TestServer::start(config).await;
    let about = server.get("/api/server").await;
    let id = about.json()["id"].clone();
    assert!(ServerId::parse(id.as_str().unwrap()).is_ok(), "{about:?}");
    let answer = |rooms, people| {
        let version = env!("CARGO_PKG_VERSION");
        json!({"id": id, "name": "The lab", "version": version, "rooms": rooms, "people": people, "tls": "off"})
    };
    assert_eq!((about.status, about.json()), (200, answer(0, 0)));
    say(&server, ["one"]).await;
    let maya = Peer::join(server.address, "coffee", "maya").await;
    let _jon = Peer::join(server.address, "coffee", "jon").await;
    assert_eq!(server.get("/api/server").await.json(), answer(2, 2));
    drop(maya);
    let left = async {
        while server.get("/api/server").await.json() != answer(2, 1) {
            tokio::task::yield_now().await;
        }
    };
    left.await;
}

#[tokio::test]
async fn a_server_is_the_same_for_as_long_as_its_folder_lives_and_one_without_a_folder_is_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let ids = async |durability| {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let config = Config { durability, data_dir: folder.path().to_owned(), ..Config::default() };
            let server = Server::open(config).await.unwrap();
            ids.push(server.identity.id.clone());
            server.backend.log.close().await;
        }
        ids
    };
    let kept = ids(Durability::Full).await;
    assert_eq!(kept[0], kept[1]);
    let fleeting = ids(Durability::None).await;
    assert!(fleeting[0] != fleeting[1] && !fleeting.contains(&kept[0]));
}

#[tokio::test]
async fn a_post_is_an_entry_by_a_name_that_nothing_proves() {
    let server = server().await;
    let post = server.post(TEA, &json!({"user": " Maya ", "message": "hi\n*there*", "id": ID})).await;
    let entry = post.json();
    assert_eq!(post.status, 201);
    assert_eq!(entry["at"].as_i64().map(|at| at > 1_700_000_000_000), Some(true));
    let expected = json!({
        "type": "chat_message", "seq": 1, "id": ID, "at": entry["at"], "user": "Maya", "by": "h:Maya",
        "message": "hi\n*there*",
    });
    assert_eq!(entry, expected);
    let page = server.get(TEA).await.json();
    assert_eq!((&page["first"], &page["last"], &page["more"]), (&json!(1), &json!(1), &json!(false)));
    assert_eq!(page["epoch"].as_str().unwrap().len(), 32);
    assert_eq!(page["entries"][0]["message"], "hi\n*there*");
}

#[tokio::test]
async fn a_repeated_id_is_the_same_entry_and_other_content_is_refused() {
    let server = server().await;
    let body = json!({"user": "maya", "message": "once", "id": ID});
    assert_eq!(server.post(TEA, &body).await.status, 201);
    let again = server.post(TEA, &body).await;
    assert_eq!((again.status, &again.json()["seq"]), (200, &json!(1)));
    let other = server.post(TEA, &json!({"user": "maya", "message": "twice", "id": ID})).await;
    refused(&other, 409, "id_conflict");
    let elsewhere = server.post(TEA, &json!({"user": "jon", "message": "mine", "id": ID})).await;
    assert_eq!(elsewhere.status, 201, "an id is its author's");
}

#[tokio::test]
async fn fields_that_nobody_asks_for_are_ignored_whatever_they_are() {
    let server = server().await;
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for odd in ["1e400", "\"\\ud800\"", &deep] {
        let body = format!(r#"{{"user":"maya","x":{odd},"message":"hi"}}"#);
        let json = [("Content-Type", "application/json")];
        let post = server.request(&format!("POST {TEA}"), &json, &body).await;
        assert_eq!(post.status, 201, "{post:?}");
    }
}

#[tokio::test]
async fn who_closes_its_half_after_a_request_is_answered_all_the_same() {
    let server = server().await;
    for number in 1..=20 {
        // What `nc -N` does with a request on its standard input.
        let mut raw = server.connect().await;
        raw.request(&format!("POST {TEA}?user=nc"), &[], &format!("number {number}")).await;
        raw.stream.shutdown().await.unwrap();
        let post = raw.response().await;
        assert_eq!((post.status, &post.json()["seq"]), (201, &json!(number)), "{post:?}");
        assert_eq!(raw.rest().await, "", "then the other half closes too");
    }
    let mut raw = server.connect().await;
    raw.request(&format!("GET {TEA}"), &[], "").await;
    raw.stream.shutdown().await.unwrap();
    assert_eq!(raw.response().await.json()["last"], 20);
}

#[tokio::test]
async fn any_other_body_is_the_text_itself() {
    let server = server().await;
    for kind in ["", "text/plain; charset=utf-8", "application/x-www-form-urlencoded"] {
        let line = format!("POST {TEA}?user=m%C3%A4ya");
        let post = server.request(&line, &[("Content-Type", kind)], "{\"message\": \"☕\"}").await;
        assert_eq!(post.status, 201, "{post:?}");
        assert_eq!(post.json()["message"], "{\"message\": \"☕\"}");
        assert_eq!(post.json()["user"], "mäya");
    }
}

#[tokio::test]
async fn what_a_member_could_not_say_is_refused() {
    let server = server().await;
    let said = |user: &str, message: &str| json!({"user": user, "message": message});
    for (body, code) in [
        (said("maya", ""), "empty"),
        (said("maya", " \u{200b}\n"), "empty"),
        (said("maya", &"x".repeat(4_001)), "too_long"),
        (said("maya", &"🫖".repeat(4_001)), "too_long"),
        (said("maya", "bell \u{7}"), "bad_request"),
        (said("", "hi"), "bad_name"),
        (said("Server", "hi"), "bad_name"),
        (said("a\u{202e}b", "hi"), "bad_name"),
        (json!({"user": "maya"}), "bad_request"),
        (json!({"user": "maya", "message": 7}), "bad_request"),
        (json!({"user": "maya", "message": "hi", "id": ID.to_uppercase()}), "bad_request"),
        (json!(["maya", "hi", null]), "bad_request"),
    ] {
        refused(&server.post(TEA, &body).await, 400, code);
    }
    refused(&server.request(&format!("POST {TEA}"), &[], "hi").await, 400, "bad_request");
    for room in ["%20", "a%2Fb", "%FF", &"x".repeat(65), "a%E2%80%8Bb"] {
        let path = format!("/api/rooms/{room}/messages");
        refused(&server.get(&path).await, 400, "bad_name");
        refused(&server.post(&path, &said("maya", "hi")).await, 400, "bad_name");
    }
    assert_eq!(
        server.get("/api/rooms").await.json(),
        json!({"rooms": [], "more": false}),
        "nothing was stored"
    );
}

#[tokio::test]
async fn pages_go_forward_and_backward_and_always_ascend() {
    let server = server().await;
    say(&server, ["1", "2", "3", "4", "5", "6"]).await;
    for (query, expected) in [
        ("", (vec![1, 2, 3, 4, 5, 6], false)),
        ("limit=2", (vec![5, 6], true)),
        ("before=5&limit=2", (vec![3, 4], true)),
        ("before=3", (vec![1, 2], false)),
        ("after=0&limit=4", (vec![1, 2, 3, 4], true)),
        ("after=4", (vec![5, 6], false)),
        ("after=6", (vec![], false)),
        ("after=18446744073709551615", (vec![], false)),
        ("before=1", (vec![], false)),
        ("before=0", (vec![], false)),
        ("limit=500", (vec![1, 2, 3, 4, 5, 6], false)),
    ] {
        assert_eq!(seqs(&server, query).await, expected, "{query}");
    }
    for query in [
        "after=1&before=5",
        "after=x",
        "before=-1",
        "limit=few",
        "limit=0",
        "limit=-1",
        "limit=501",
        "limit=1000000000000",
        "limit=",
    ] {
        refused(&server.get(&format!("{TEA}?{query}")).await, 400, "bad_request");
    }
}

#[tokio::test]
async fn a_search_finds_the_newest_messages_with_every_word() {
    let server = server().await;
    say(&server, ["green tea", "black tea", "green coffee", "Grün & green, tea?"]).await;
    // The index follows the log by a moment.
    let found = loop {
        let found = seqs(&server, "q=green+tea").await.0;
        if found.len() == 2 {
            break found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(found, [1, 4]);
    assert_eq!(seqs(&server, "q=tea&limit=2").await, (vec![2, 4], true));
    assert_eq!(seqs(&server, "q=tea&before=4&limit=1").await, (vec![2], true));
    assert_eq!(seqs(&server, "q=gr%C3%BCn").await.0, [4]);
    assert_eq!(seqs(&server, "q=chocolate").await, (vec![], false));
    for odd in ["%22", "*", "tea%20AND%20(", "%25_", "NEAR(", "%00"] {
        assert_eq!(server.get(&format!("{TEA}?q={odd}")).await.status, 200, "{odd}");
    }
}

#[tokio::test]
async fn a_search_over_all_rooms_has_the_newest_first_and_a_cursor() {
    let server = server().await;
    for room in ["tea", "Lab", "tea"] {
        let path = format!("/api/rooms/{room}/messages");
        let post = server.post(&path, &json!({"user": "maya", "message": "the kettle, http://x.lab"})).await;
        assert_eq!(post.status, 201);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let found = async |query: &str| {
        let answer = server.get(&format!("/api/search?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        let answer = answer.json();
        let hits = answer["hits"].as_array().unwrap().iter();
        let hits =
            hits.map(|hit| (hit["room"].as_str().unwrap().to_owned(), hit["entry"]["seq"].as_u64().unwrap()));
        (hits.collect::<Vec<_>>(), answer["cursor"].as_str().map(str::to_owned))
    };
    let all = [("tea".to_owned(), 2), ("Lab".to_owned(), 1), ("tea".to_owned(), 1)];
    assert_eq!(found("q=kettle").await, (all.to_vec(), None));
    let (hits, cursor) = found("q=KETTLE&limit=2").await;
    assert_eq!(hits, all[..2]);
    let on = format!("q=KETTLE&limit=2&cursor={}", cursor.unwrap());
    assert_eq!(found(&on).await, (all[2..].to_vec(), None));
    assert_eq!(found("q=kettle&room=lab&from=Maya&has=link").await, (all[1..2].to_vec(), None));
    assert_eq!(found("has=link&limit=1").await.0, all[..1]);
    for nothing in [
        "",
        "q=",
        "q=%00",
        "q=kettle%00",
        "q=%E2%80%8B",
        "room=tea",
        "q=kettle&has=file",
        "q=kettle&has=image",
        "q=kettle&since=5&until=4",
        "q=kettle&room=nowhere",
        "q=kettle&from=bob",
    ] {
        assert_eq!(found(nothing).await, (vec![], None), "{nothing}");
    }
    let entry = server.get("/api/search?q=kettle&limit=1").await.json()["hits"][0]["entry"].clone();
    assert_eq!(entry, server.get(&format!("{TEA}?after=1")).await.json()["entries"][0]);
}

#[tokio::test]
async fn what_makes_no_sense_in_a_search_is_refused() {
    let server = server().await;
    for query in ["limit=0", "limit=101", "limit=x", "has=sound", "since=yesterday", "until=-1", "cursor=17"]
    {
        refused(&server.get(&format!("/api/search?q=tea&{query}")).await, 400, "bad_request");
    }
    refused(&server.get("/api/search?q=%FF").await, 400, "bad_request");
    refused(&server.get("/api/search?q=tea&room=a%2Fb").await, 400, "bad_name");
    refused(&server.get("/api/search?q=tea&room=%FF").await, 400, "bad_name");
    refused(&server.post("/api/search?q=tea", &json!({})).await, 405, "not_allowed");
    let seats = |count: usize| format!("Bearer {}", vec!["k7"; count].join(", "));
    let answer =
        async |seats: &str| server.request("GET /api/search?q=tea", &[("Authorization", seats)], "").await;
    assert_eq!(answer(&seats(32)).await.status, 200);
    refused(&answer(&seats(33)).await, 400, "bad_request");
    refused(&answer("Bearer a,,b").await, 400, "bad_request");
}

#[tokio::test]
async fn a_post_reaches_members_and_a_members_name_is_theirs() {
    let server = server().await;
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    for name in ["maya", "MAYA", "mауа"] {
        let post = server.post(TEA, &json!({"user": name, "message": "it is me"})).await;
        refused(&post, 409, "nickname_taken");
    }
    let post = server.post("/api/rooms/TEA/messages", &json!({"user": "bot", "message": "done"})).await;
    assert_eq!(post.status, 201);
    let entry = maya.entry().await;
    assert_eq!(serde_json::to_value(&entry).unwrap(), post.json());
    let rooms = server.get("/api/rooms").await.json();
    let expected = json!({"room": "tea", "members": 1, "last": 1, "last_at": post.json()["at"]});
    assert_eq!(rooms["rooms"], json!([expected]));
}

#[tokio::test]
async fn one_address_has_its_share_of_posts() {
    let server = TestServer::start(Config::default()).await;
    let mut allowed = 0;
    let last = loop {
        let post = server.post(TEA, &json!({"user": "maya", "message": "hi"})).await;
        if post.status != 201 {
            break post;
        }
        allowed += 1;
        assert!(allowed < 10_000, "nothing stopped a flood");
    };
    assert!(allowed >= 20, "twenty at once are always allowed, not {allowed}");
    refused(&last, 429, "rate_limited");
    assert!(last.json()["retry_after_ms"].as_u64().unwrap() > 0);
    assert!(last.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    let read: Value = server.get(TEA).await.json();
    assert_eq!(read["last"], allowed, "reading goes on, and what was refused was not stored");
}
