//! A room whose server does not answer shows what this computer has seen of it, and goes on from there once the server does.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use std::net::SocketAddr;

use common::app::{Person, Server, anywhere, texts};
use snug_core::{history::History, session::Link, timeline::Row};
use tempfile::TempDir;

/// Says some things, one after the other, and waits for them.
async fn say(person: &mut Person, texts: impl IntoIterator<Item = String>) {
    for text in texts {
        let _ = person.say(&text);
    }
    person.until("everything is sent", |session| session.waiting() == 0).await;
}

fn count(person: &Person, is_it: impl Fn(&Row<'_>) -> bool) -> usize {
    let timeline = person.session.timeline();
    (0..timeline.len()).filter_map(|index| timeline.row(index)).filter(is_it).count()
}

/// Somebody who was in a room with fifty messages and has gone; where the server was.
async fn visited(folder: &TempDir, data: &TempDir) -> SocketAddr {
    let server = Server::start_unlimited(folder.path(), anywhere()).await;
    let history = History::open(data.path());
    let mut maya = Person::with_history(server.address, "maya", data.path(), history);
    maya.online().await;
    say(&mut maya, (1..=50).map(|number| format!("message {number}"))).await;
    drop(maya);
    server.stop().await
}

#[tokio::test]
async fn a_room_opened_offline_shows_what_this_computer_has_seen() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let address = visited(&folder, &data).await;
    let mut maya = Person::with_history(address, "maya", data.path(), History::open(data.path()));
    maya.until("it is shown", |session| texts(session).len() == 50).await;
    maya.until("it is offline", |session| matches!(session.link(), Link::Offline { .. })).await;
    assert!(maya.session.shows_history());
    let said = maya.say("said offline");
    maya.until("it is kept", |session| session.waiting() == 1).await;

    // The server is back with more: what is missing comes, and nothing twice.
    let server = Server::start_unlimited(folder.path(), address).await;
    let mut jon = Person::new(server.address, "jon", TempDir::new().unwrap().path());
    jon.online().await;
    say(&mut jon, (1..=30).map(|number| format!("more {number}"))).await;
    maya.session.retry_now();
    maya.until("everything is there", |session| texts(session).len() == 81 && session.waiting() == 0).await;
    assert!(!maya.session.shows_history());
    let mut all = texts(&maya.session);
    assert_eq!(all.pop().as_deref(), Some("said offline"), "{said}");
    let expected = (1..=50).map(|n| format!("message {n}")).chain((1..=30).map(|n| format!("more {n}")));
    assert_eq!(all, expected.collect::<Vec<_>>());
    assert_eq!(count(&maya, |row| matches!(row, Row::Hole { .. })), 0);
    assert_eq!(count(&maya, |row| matches!(row, Row::Beginning)), 1);
    drop((maya, jon));
    let _ = server.stop().await;
}

#[tokio::test]
async fn what_changed_meanwhile_is_as_the_server_has_it() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let address = visited(&folder, &data).await;
    let server = Server::start_unlimited(folder.path(), address).await;
    // Her own messages change while this computer’s history takes no note of it.
    let mut elsewhere = Person::new(server.address, "maya", data.path());
    elsewhere.until("she is there", |session| texts(session).len() == 50).await;
    let seqs: Vec<_> = {
        let timeline = elsewhere.session.timeline();
        let seq = |index| match timeline.row(index) {
            Some(Row::Message(message)) => message.seq,
            _ => None,
        };
        (0..timeline.len()).filter_map(seq).collect()
    };
    let first = snug_core::timeline::OwnMessage::Logged(seqs[0]);
    let effects = elsewhere.session.edit(first, "edited elsewhere").unwrap();
    elsewhere.run(effects);
    let effects = elsewhere.session.submit(snug_shared::Intent::Delete { target: seqs[1] }).unwrap();
    elsewhere.run(effects);
    elsewhere.until("it is done", |session| session.waiting() == 0).await;
    drop(elsewhere);

    let mut maya = Person::with_history(address, "maya", data.path(), History::open(data.path()));
    let is_done = |session: &snug_core::session::Session| {
        texts(session).len() == 49 && texts(session).first().is_some_and(|text| text == "edited elsewhere")
    };
    maya.until("the changes are there", is_done).await;
    maya.online().await;
    drop(maya);
    let address = server.stop().await;
    // And they are in what this computer knows.
    let mut maya = Person::with_history(address, "maya", data.path(), History::open(data.path()));
    maya.until("the changes are known", is_done).await;
    assert!(maya.session.shows_history());
}

#[tokio::test]
async fn a_server_that_has_begun_anew_is_told_from_what_was_seen() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let address = visited(&folder, &data).await;
    let server = Server::start_unlimited(TempDir::new().unwrap().path(), address).await;
    let mut maya = Person::with_history(server.address, "maya", data.path(), History::open(data.path()));
    maya.online().await;
    say(&mut maya, ["a new beginning".to_owned()]).await;
    assert_eq!(texts(&maya.session).len(), 51, "the old messages stay above a line");
    assert_eq!(count(&maya, |row| matches!(row, Row::Hole { .. })), 1);
    drop(maya);
    let address = server.stop().await;
    let mut maya = Person::with_history(address, "maya", data.path(), History::open(data.path()));
    maya.until("the new history is shown", |session| texts(session) == ["a new beginning"]).await;
}

#[tokio::test]
async fn a_message_far_back_is_fetched_with_what_is_around_it_and_a_hole_shows_what_is_not() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Server::start_unlimited(folder.path(), anywhere()).await;
    let mut jon = Person::new(server.address, "jon", TempDir::new().unwrap().path());
    jon.online().await;
    for part in 0..6 {
        say(&mut jon, (1..=100).map(|number| format!("message {}", part * 100 + number))).await;
    }
    let mut maya = Person::with_history(server.address, "maya", data.path(), History::open(data.path()));
    maya.until("the newest are shown", |session| {
        texts(session).last().is_some_and(|text| text == "message 600")
    })
    .await;
    let effects = maya.session.seek(100);
    maya.run(effects);
    maya.until("it is there", |session| session.timeline().position_of(100).is_some()).await;
    let has = |maya: &Person, number: u64| maya.session.timeline().knows(number);
    assert!(has(&maya, 60) && has(&maya, 140) && !has(&maya, 59) && !has(&maya, 400));
    assert_eq!(count(&maya, |row| matches!(row, Row::Hole { .. })), 1);
    assert!(maya.session.seek(100).is_empty(), "it is there already");
    drop((maya, jon));
    let address = server.stop().await;

    // Both parts are known without the server, and the hole is where it was.
    let mut maya = Person::with_history(address, "maya", data.path(), History::open(data.path()));
    maya.until("the newest are shown", |session| {
        texts(session).last().is_some_and(|text| text == "message 600")
    })
    .await;
    maya.until("it is offline", |session| matches!(session.link(), Link::Offline { .. })).await;
    let effects = maya.session.seek(120);
    maya.run(effects);
    maya.until("it is there", |session| session.timeline().position_of(120).is_some()).await;
    assert!(has(&maya, 60) && !has(&maya, 400));
    assert_eq!(count(&maya, |row| matches!(row, Row::Hole { .. })), 1);
}

#[tokio::test]
async fn a_reader_offline_scrolls_back_as_far_as_this_computer_knows() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Server::start_unlimited(folder.path(), anywhere()).await;
    let mut maya = Person::with_history(server.address, "maya", data.path(), History::open(data.path()));
    maya.online().await;
    for part in 0..6 {
        say(&mut maya, (0..100).map(|number| format!("message {}", part * 100 + number))).await;
    }
    drop(maya);
    let address = server.stop().await;
    let mut maya = Person::with_history(address, "maya", data.path(), History::open(data.path()));
    maya.until("the newest are shown", |session| !texts(session).is_empty()).await;
    maya.until("it is offline", |session| matches!(session.link(), Link::Offline { .. })).await;
    assert_eq!(texts(&maya.session).len(), 200);
    for known in [400, 600] {
        let effects = maya.session.visible(0..20);
        maya.run(effects);
        maya.until("more is shown", |session| texts(session).len() == known).await;
    }
    assert!(maya.session.visible(0..20).is_empty(), "there is no more");
    assert_eq!(texts(&maya.session)[0], "message 0");
    assert_eq!(count(&maya, |row| matches!(row, Row::Beginning)), 1);
}
