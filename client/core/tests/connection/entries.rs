//! What a server makes of the entries and sends of a whole session: holes, refusals, what a later version says.

use std::pin::pin;

use snug_core::{
    session::Session,
    timeline::{Delivery, Row},
};
use snug_shared::Intent;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    common::app::{Person, all_sent, texts},
    fake::{accept, established, hear, listen, says, send},
};

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

/// A server that refuses the first send for good and the second one for now; the ids of all it was sent.
async fn refuse_two(listener: TcpListener) -> Vec<String> {
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
}

#[tokio::test]
async fn a_refused_send_fails_with_the_servers_words_and_others_go_on() {
    let (listener, address) = listen().await;
    let folder = tempfile::tempdir().unwrap();
    let mut maya = Person::new(address, "maya", folder.path());
    let server = tokio::spawn(refuse_two(listener));
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
