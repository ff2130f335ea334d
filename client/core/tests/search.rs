//! A search over this computer and a server at once, against the real ones.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use common::app::{Person, ROOM, Server, anywhere, at};
use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::{civil::date, tz::TimeZone};
use snug_core::{
    history::{History, RoomHistory},
    search::{Ask, HITS, Scope, Search},
};
use snug_shared::{Author, Body, Entry, Line, Message, MessageText, Nickname, RoomName, Seq, ServerAddress};
use tempfile::TempDir;
use uuid::Uuid;

const TODAY: jiff::civil::Date = date(2026, 11, 30);

fn message(seq: Seq, text: &str) -> Line {
    let user = Nickname::parse("maya").unwrap();
    let text = Some(MessageText::parse(text).unwrap());
    let body = Body::Message(Message { text, reply_to: None, present: None });
    let (by, id) = (Author::http(&user), Uuid::from_u128(seq.into()));
    Line::Entry(Entry { seq, id, at: 1_700_000_000_000 + seq as i64, user, by, body })
}

fn keep(history: &History, server: &ServerAddress, room: &str, lines: &[Line]) {
    let room = RoomName::parse(room).unwrap();
    history.keep(&RoomHistory { server: server.clone(), room, epoch: "0".repeat(32) }, lines);
    history.flush();
}

fn everywhere(history: &History, servers: &[ServerAddress]) -> Search {
    Search::new(history.clone(), TimeZone::UTC, Scope::Everywhere, servers.to_vec())
}

/// Runs what is asked, and what is asked then.
async fn run(search: &mut Search, asks: Vec<Ask>) {
    let mut running: FuturesUnordered<_> = asks.into_iter().map(Ask::run).collect();
    while let Some(answer) = running.next().await {
        running.extend(search.answer(answer).into_iter().map(Ask::run));
    }
    assert!(!search.is_busy());
}

async fn find(search: &mut Search, text: &str) {
    let asks = search.set_text(text.to_owned(), TODAY);
    run(search, asks).await;
}

fn places(search: &Search) -> Vec<(String, Seq)> {
    search.hits().iter().map(|hit| (hit.room.to_string(), hit.seq)).collect()
}

fn shown(search: &Search) -> Vec<&str> {
    search.hits().iter().map(|hit| hit.excerpt.text.as_str()).collect()
}

#[tokio::test]
async fn hits_of_this_computer_and_of_the_server_are_one_list_without_doubles() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Server::start_unlimited(folder.path(), anywhere()).await;
    let history = History::open(data.path());
    let mut maya = Person::with_history(server.address, "maya", data.path(), history.clone());
    maya.online().await;
    for text in ["one kettle", "two cups", "three kettles"] {
        let _ = maya.say(text);
    }
    maya.until("it is sent", |session| session.waiting() == 0).await;
    drop(maya);
    // What was said meanwhile only the server has.
    let mut jon = Person::new(server.address, "jon", TempDir::new().unwrap().path());
    jon.online().await;
    let _ = jon.say("a kettle of jon’s");
    jon.until("it is sent", |session| session.waiting() == 0).await;
    history.flush();

    let mut search = everywhere(&history, &[at(server.address)]);
    find(&mut search, "KETTLE").await;
    let tea = |seq| (ROOM.to_owned(), seq);
    assert_eq!(places(&search), [tea(4), tea(3), tea(1)]);
    assert!(search.coverage().contains(&server.address.to_string()), "{}", search.coverage());
    find(&mut search, "kettle from:jon").await;
    assert_eq!(places(&search), [tea(4)]);
    find(&mut search, "kettle in:elsewhere").await;
    assert_eq!(places(&search), []);

    let mut here = everywhere(&history, &[]);
    find(&mut here, "kettle").await;
    assert_eq!(places(&here), [tea(3), tea(1)]);
    assert_eq!(here.coverage(), "Only what this computer has seen.");

    let room = Scope::Room(at(server.address), RoomName::parse(ROOM).unwrap());
    let mut in_room = Search::new(history, TimeZone::UTC, room, vec![at(server.address)]);
    find(&mut in_room, "kettle").await;
    assert_eq!(places(&in_room).len(), 3);
    let address = server.stop().await;
    // The server is away now.
    find(&mut in_room, "kettles").await;
    assert_eq!(places(&in_room), [tea(3)]);
    assert!(in_room.coverage().contains(&format!("Not searched: {}", at(address))), "{}", in_room.coverage());
}

#[tokio::test]
async fn a_search_goes_on_where_it_stopped_until_everything_is_found() {
    let data = TempDir::new().unwrap();
    let history = History::open(data.path());
    let server = ServerAddress::parse("lab.local").unwrap();
    let lines: Vec<Line> = (1..=130).map(|seq| message(seq, &format!("kettle {seq}"))).collect();
    keep(&history, &server, "tea", &lines);
    let mut search = everywhere(&history, &[]);
    find(&mut search, "kettle").await;
    assert_eq!((search.hits().len(), search.has_more()), (50, true));
    for known in [100, 130] {
        let asks = search.more();
        run(&mut search, asks).await;
        assert_eq!(search.hits().len(), known);
    }
    assert!(!search.has_more() && search.more().is_empty());
    assert!(search.hits().is_sorted_by(|one, next| one.at > next.at));
}

#[tokio::test]
async fn a_full_list_gives_way_to_older_hits_until_all_were_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (history, lab) = (History::open(folder.path()), ServerAddress::parse("lab.local").unwrap());
    let last = 2 * HITS as u64 + 40;
    let lines: Vec<Line> = (1..=last).map(|seq| message(seq, "a kettle")).collect();
    keep(&history, &lab, "tea", &lines);
    let mut search = everywhere(&history, &[]);
    find(&mut search, "kettle").await;
    let (mut seen, mut lists) = (std::collections::BTreeSet::new(), 1);
    loop {
        assert!(search.hits().len() <= HITS);
        seen.extend(search.hits().iter().map(|hit| hit.seq));
        if !search.has_more() {
            break;
        }
        let was_full = search.hits().len() == HITS;
        let asks = search.more();
        lists += u32::from(was_full && search.hits().is_empty());
        run(&mut search, asks).await;
    }
    assert_eq!((seen.len() as u64, lists), (last, 3));
    assert!(search.is_past_newest() && search.hits().last().is_some_and(|hit| hit.seq == 1));
    let asks = search.newest();
    run(&mut search, asks).await;
    assert!(!search.is_past_newest() && search.hits()[0].seq == last);
}

#[tokio::test]
async fn answers_for_an_earlier_text_are_dropped() {
    let data = TempDir::new().unwrap();
    let history = History::open(data.path());
    keep(
        &history,
        &ServerAddress::parse("lab.local").unwrap(),
        "tea",
        &[message(1, "kettle"), message(2, "cup")],
    );
    let mut search = everywhere(&history, &[]);
    let early = search.set_text("kettle".into(), TODAY);
    let mut late = Vec::new();
    for ask in early {
        late.push(ask.run().await);
    }
    find(&mut search, "cup").await;
    for answer in late {
        assert!(search.answer(answer).is_empty());
    }
    assert_eq!(shown(&search), ["cup"]);
    find(&mut search, "").await;
    assert!(search.hits().is_empty() && !search.is_busy());
}

#[tokio::test]
async fn hits_are_walked_by_keys() {
    let data = TempDir::new().unwrap();
    let history = History::open(data.path());
    let lines: Vec<Line> = (1..=3).map(|seq| message(seq, "kettle")).collect();
    keep(&history, &ServerAddress::parse("lab.local").unwrap(), "tea", &lines);
    let mut search = everywhere(&history, &[]);
    assert_eq!(search.step(1).map(|hit| hit.seq), None);
    find(&mut search, "kettle").await;
    let mut walk = |steps| search.step(steps).map(|hit| hit.seq);
    assert_eq!([walk(1), walk(1), walk(1), walk(1), walk(-1)], [Some(3), Some(2), Some(1), Some(1), Some(2)]);
}
