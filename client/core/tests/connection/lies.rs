//! Servers that keep the rules of the wire and lie: numbers that jump and repeat, acknowledgements of nothing, pages without an
//! end.

use serde_json::{Value, json};
use snug_core::{session::Session, timeline::Row};
use snug_shared::limits;
use tokio::{net::TcpStream, sync::oneshot, task::JoinSet};
use tokio_tungstenite::WebSocketStream;

use crate::{
    common::app::{Person, all_sent, texts},
    fake::{accept, established, hear, listen, says, send},
};

/// Maya, and a server that does this with each of her connections, counted from 0.
async fn served<F: Future<Output = ()> + Send>(
    serve: impl Fn(usize, WebSocketStream<TcpStream>) -> F + Send + Sync + 'static,
) -> (Person, JoinSet<()>, tempfile::TempDir) {
    let (listener, address) = listen().await;
    let folder = tempfile::tempdir().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        for number in 0.. {
            let mut socket = accept(&listener).await;
            let _hello = hear(&mut socket).await;
            serve(number, socket).await;
        }
    });
    (Person::new(address, "maya", folder.path()), serving, folder)
}

fn entries(entries: Vec<Value>) -> Value {
    json!({ "type": "entries", "entries": entries, "live": true })
}

/// The greeting, with something in it that differs.
fn greeting(last: u64, field: &str, value: Value) -> Value {
    let mut greeting: Value = serde_json::from_str(&established(last, false)).unwrap();
    greeting[field] = value;
    greeting
}

/// Says nothing more and stays.
async fn stay(mut socket: WebSocketStream<TcpStream>) {
    loop {
        let _ = hear(&mut socket).await;
    }
}

#[tokio::test]
async fn what_comes_before_the_greeting_is_not_taken() {
    let (mut maya, _serving, _folder) = served(|_, mut socket| async move {
        for early in [
            says(7),
            entries(vec![says(8)]),
            json!({ "type": "history", "before": 8, "entries": [says(5)], "more": true }),
            json!({ "type": "presence", "joined": [], "left": [], "count": 9 }),
            json!({ "type": "error", "code": "internal", "message": "Too early." }),
            json!({ "type": "read", "seq": 9 }),
        ] {
            send(&mut socket, early).await;
        }
        send(&mut socket, established(1, false)).await;
        send(&mut socket, entries(vec![says(1)])).await;
        stay(socket).await;
    })
    .await;
    maya.until("the first is there", |session| session.timeline().newest() == 1).await;
    assert_eq!(texts(&maya.session), ["m1"]);
    assert_eq!((maya.session.count(), maya.session.notice()), (1, None));
}

#[tokio::test]
async fn a_second_greeting_changes_nothing() {
    let (mut maya, _serving, _folder) = served(|_, mut socket| async move {
        send(&mut socket, established(1, false)).await;
        send(&mut socket, entries(vec![says(1)])).await;
        send(&mut socket, greeting(99, "nickname", json!("mallory"))).await;
        send(&mut socket, greeting(99, "epoch", json!("b".repeat(32)))).await;
        send(&mut socket, says(2)).await;
        stay(socket).await;
    })
    .await;
    maya.until("both are there", |session| session.timeline().newest() == 2).await;
    assert_eq!(texts(&maya.session), ["m1", "m2"]);
    assert_eq!(maya.session.nickname().as_str(), "maya");
    assert_eq!(maya.session.timeline().resume().unwrap().epoch, "a".repeat(32));
}

#[tokio::test]
async fn entries_that_repeat_or_go_back_are_shown_once_and_as_they_were() {
    let (mut maya, _serving, _folder) = served(|_, mut socket| async move {
        send(&mut socket, established(2, false)).await;
        send(&mut socket, entries(vec![says(1), says(2), says(2), says(1)])).await;
        let mut other = says(1);
        other["message"] = json!("something else");
        other["id"] = json!(uuid::Uuid::from_u128(77));
        for line in [says(2), says(1), other, says(3)] {
            send(&mut socket, line).await;
        }
        stay(socket).await;
    })
    .await;
    maya.until("the last is there", |session| session.timeline().newest() == 3).await;
    assert_eq!(texts(&maya.session), ["m1", "m2", "m3"]);
}

#[tokio::test]
async fn an_acknowledgement_of_nothing_settles_nothing_and_a_second_one_doubles_nothing() {
    let (mut maya, _serving, _folder) = served(|_, mut socket| async move {
        send(&mut socket, established(0, false)).await;
        send(&mut socket, entries(Vec::new())).await;
        let sent = hear(&mut socket).await;
        let mine = format!("s:{}", "a".repeat(26));
        let mut unknown = says(1);
        unknown["by"] = json!(mine);
        send(&mut socket, unknown).await;
        let refused =
            json!({ "type": "error", "code": "empty", "message": "No.", "id": uuid::Uuid::from_u128(9) });
        send(&mut socket, refused).await;
        let mut stolen = says(2);
        stolen["id"] = sent["id"].clone();
        send(&mut socket, stolen).await;
        while hear(&mut socket).await["type"] != "typing" {}
        let mut acknowledged = says(3);
        for (field, value) in [("by", &json!(mine)), ("id", &sent["id"]), ("message", &sent["message"])] {
            acknowledged[field] = value.clone();
        }
        send(&mut socket, &acknowledged).await;
        send(&mut socket, &acknowledged).await;
        acknowledged["seq"] = json!(4);
        acknowledged["message"] = json!("the same id at another place");
        send(&mut socket, acknowledged).await;
        stay(socket).await;
    })
    .await;
    maya.online().await;
    maya.say("hello");
    maya.until("somebody else's entry under its id", |session| session.timeline().newest() == 2).await;
    assert_eq!(maya.session.waiting(), 1, "neither an unknown id nor another's entry is an acknowledgement");
    maya.session.typing();
    maya.until("all of it", |session| session.timeline().newest() == 4 && all_sent(session)).await;
    assert_eq!(texts(&maya.session), ["m1", "m2", "hello", "the same id at another place"]);
}

/// Asks for whatever is missing in sight, as a screen that shows all of it would.
fn look(session: &mut Session) {
    let rows = session.timeline().len();
    session.visible(0..rows);
}

#[tokio::test]
async fn a_server_that_promises_more_and_gives_nothing_is_asked_once_for_each_hole() {
    let (ended, end) = oneshot::channel();
    let ended = std::sync::Mutex::new(Some(ended));
    let (mut maya, _serving, _folder) = served(move |_, mut socket| {
        let ended = ended.lock().unwrap().take();
        async move {
            send(&mut socket, established(100, false)).await;
            send(&mut socket, entries(vec![says(100)])).await;
            send(&mut socket, says(u64::MAX)).await;
            let mut asked = Vec::new();
            loop {
                let frame = hear(&mut socket).await;
                if frame["type"] == "chat_message" {
                    let _ = ended.unwrap().send(asked);
                    return stay(socket).await;
                }
                if frame["type"] == "history" {
                    asked.push(frame["before"].as_u64().unwrap());
                    let page =
                        json!({ "type": "history", "before": frame["before"], "entries": [], "more": true });
                    send(&mut socket, page).await;
                }
            }
        }
    })
    .await;
    maya.until("both are there", |session| session.timeline().newest() == u64::MAX).await;
    for _ in 0..200 {
        look(&mut maya.session);
        let _ = tokio::time::timeout(std::time::Duration::from_millis(5), maya.step()).await;
    }
    maya.say("Is that all?");
    let mut end = std::pin::pin!(end);
    let asked = loop {
        tokio::select! {
            asked = &mut end => break asked.unwrap(),
            () = maya.step() => {}
        }
    };
    assert_eq!(asked, [u64::MAX, 100], "the hole that showed live, then what is above");
}

#[tokio::test]
async fn a_page_nobody_asked_for_is_not_taken_nor_is_one_of_another_history() {
    let page = |before: u64| {
        let entries: Vec<Value> = (before - 5..before).map(says).collect();
        json!({ "type": "history", "before": before, "entries": entries, "more": true })
    };
    let (mut maya, _serving, _folder) = served(move |number, mut socket| async move {
        if number == 0 {
            send(&mut socket, established(100, false)).await;
            send(&mut socket, page(90)).await;
            send(&mut socket, entries(vec![says(99), says(100)])).await;
            while hear(&mut socket).await["type"] != "history" {}
            // Gone before it answers.
            return;
        }
        send(&mut socket, greeting(2, "epoch", json!("b".repeat(32)))).await;
        send(&mut socket, entries(vec![says(1), says(2)])).await;
        send(&mut socket, page(99)).await;
        send(&mut socket, says(3)).await;
        stay(socket).await;
    })
    .await;
    maya.until("the newest are there", |session| session.timeline().newest() == 100).await;
    look(&mut maya.session);
    maya.until("the other history", |session| {
        session.retry_now();
        session.timeline().newest() == 3
    })
    .await;
    assert_eq!(
        texts(&maya.session),
        ["m99", "m100", "m1", "m2", "m3"],
        "the old stays, and nothing comes between"
    );
}

#[tokio::test]
async fn a_crowd_is_listed_up_to_the_limit_however_many_are_told() {
    let member = |number: usize| json!({ "member": format!("m{number}"), "nickname": format!("guest {number}x"), "by": format!("h:{number}") });
    let crowd: Vec<Value> = (0..2_000).map(member).collect();
    let (mut maya, _serving, _folder) = served(move |_, mut socket| {
        let mut greeting = greeting(1, "members", json!(crowd));
        greeting["count"] = json!(u32::MAX);
        let joined = json!({ "type": "presence", "joined": crowd, "left": ["nobody", ""], "count": 3 });
        async move {
            send(&mut socket, greeting).await;
            send(&mut socket, joined).await;
            send(&mut socket, entries(vec![says(1)])).await;
            stay(socket).await;
        }
    })
    .await;
    maya.online().await;
    assert_eq!(maya.session.members().len(), limits::MEMBERS_LISTED);
    assert_eq!(maya.session.count(), u32::MAX);
    maya.until("it has gone on", |session| session.timeline().newest() == 1).await;
    assert_eq!(maya.session.members().len(), limits::MEMBERS_LISTED);
    assert_eq!(maya.session.count(), 3);
}

#[tokio::test]
async fn limits_without_sense_do_not_keep_anybody_from_talking() {
    for limit in [0, u32::MAX] {
        let (mut maya, _serving, _folder) = served(move |_, mut socket| async move {
            let all = [
                "message_clusters",
                "message_bytes",
                "frame_bytes",
                "history",
                "replay",
                "rate_burst",
                "rate_per_s",
                "ping_s",
            ];
            let limits: Value = all
                .into_iter()
                .map(|name| (name.to_owned(), json!(limit)))
                .collect::<serde_json::Map<_, _>>()
                .into();
            send(&mut socket, greeting(0, "limits", limits)).await;
            send(&mut socket, entries(Vec::new())).await;
            for seq in 1.. {
                let sent = hear(&mut socket).await;
                let mut entry = says(seq);
                for (field, value) in [
                    ("by", &json!(format!("s:{}", "a".repeat(26)))),
                    ("id", &sent["id"]),
                    ("message", &sent["message"]),
                ] {
                    entry[field] = value.clone();
                }
                send(&mut socket, entry).await;
            }
        })
        .await;
        maya.online().await;
        for text in ["one", "two"] {
            maya.say(text);
        }
        maya.until("both are sent", |session| all_sent(session) && session.timeline().newest() == 2).await;
    }
}

#[tokio::test]
async fn what_no_honest_server_would_enter_is_counted_and_not_shown() {
    let (mut maya, _serving, _folder) = served(|_, mut socket| async move {
        send(&mut socket, established(0, false)).await;
        send(&mut socket, entries(Vec::new())).await;
        let changes = [
            ("message", json!("a\u{1b}[2Jb")),
            ("message", json!("x".repeat(20_000))),
            ("message", json!(" \u{200b}")),
            ("user", json!("a\u{202e}b")),
            ("user", json!("snug")),
            ("by", json!("root")),
            ("id", json!("7")),
            ("at", json!("yesterday")),
            ("reply_to", json!(-1)),
        ];
        for (seq, (field, value)) in (1..).zip(changes) {
            let mut line = says(seq);
            line[field] = value;
            send(&mut socket, line).await;
        }
        send(&mut socket, says(10)).await;
        stay(socket).await;
    })
    .await;
    maya.until("the honest one is there", |session| session.timeline().newest() == 10).await;
    assert_eq!(texts(&maya.session), ["m10"]);
    let timeline = maya.session.timeline();
    assert!((0..timeline.len()).all(|index| !matches!(timeline.row(index), Some(Row::Hole { .. }))));
}

#[tokio::test]
async fn a_servers_words_are_a_sentence_and_turn_nothing_around() {
    let (mut maya, _serving, _folder) = served(|_, mut socket| async move {
        let words = format!("Open \u{202e}fdp.exe\u{2066}\u{1b}[31m\n{}", "x".repeat(100_000));
        send(&mut socket, established(0, false)).await;
        send(&mut socket, json!({ "type": "error", "code": "internal", "message": words })).await;
        stay(socket).await;
    })
    .await;
    maya.until("it is told", |session| session.notice().is_some()).await;
    let told = maya.session.notice().unwrap();
    assert!(told.starts_with("Open fdp.exe[31mxxx"), "{told:?}");
    assert_eq!(told.chars().count(), 300);
}
