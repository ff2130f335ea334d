//! Coming back after a long absence, against a real server: one begins where one left, however much was said since.

use std::{collections::HashMap, future::Future, pin::Pin, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::tz::TimeZone;
use snug_core::{
    api::Api,
    connection,
    rooms::{ConnectionId, Joined, Report, Rooms},
    timeline::Row,
};
use snug_shared::{RoomName, api::Post};
use tokio::time::timeout;
use uuid::Uuid;

use super::visits::joining;
use crate::common::app::{Events, PATIENCE, Server, anywhere, at};

/// Said while one was away: more than a fresh join is shown.
const SAID: u64 = 350;

/// The joined rooms with real connections.
struct Alive {
    rooms: Rooms,
    connections: HashMap<ConnectionId, Events>,
    work: FuturesUnordered<Pin<Box<dyn Future<Output = Report> + Send>>>,
}

impl Alive {
    fn new(rooms: Rooms) -> Self {
        Self { rooms, connections: HashMap::new(), work: FuturesUnordered::new() }
    }

    async fn step(&mut self) {
        for work in self.rooms.take_work() {
            self.work.push(Box::pin(work.run()));
        }
        for (id, target) in self.rooms.connections() {
            let stream = || Box::pin(connection::stream(target.clone())) as Events;
            let _ = self.connections.entry(id).or_insert_with(stream);
        }
        let mut events: FuturesUnordered<_> = self
            .connections
            .iter_mut()
            .map(|(id, events)| async move { events.next().await.map(|event| (*id, event)) })
            .collect();
        let report = tokio::select! {
            Some(Some((id, event))) = events.next() => Report::Connection(id, event),
            Some(report) = self.work.next() => report,
            () = tokio::time::sleep(Duration::from_millis(20)) => return,
        };
        drop(events);
        assert_eq!(self.rooms.update(report), None);
    }

    async fn until(&mut self, what: &str, holds: impl Fn(&Rooms) -> bool) {
        let waited = timeout(PATIENCE, async {
            while !holds(&self.rooms) {
                self.step().await;
            }
        });
        assert!(waited.await.is_ok(), "never: {what}");
    }
}

fn only(rooms: &Rooms) -> &Joined {
    rooms.iter().next().unwrap()
}

async fn say(api: &mut Api, room: &RoomName, number: u64) {
    let post = Post { user: "ci".into(), message: format!("number {number}"), id: Some(Uuid::now_v7()) };
    let _ = api.post(room, &post).await.unwrap();
}

/// The texts right above and below the unread line.
fn around_the_line(joined: &Joined) -> Option<(String, String)> {
    let timeline = joined.session().timeline();
    let line = timeline.unread_row()?;
    let text = |index: usize| match timeline.row(index)? {
        Row::Message(message) => message.text.map(str::to_owned),
        other => Some(format!("{other:?}")),
    };
    Some((text(line.checked_sub(1)?)?, text(line + 1)?))
}

#[tokio::test]
async fn who_comes_back_after_a_long_absence_begins_at_the_unread_line_and_reads_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let (served, data) = (folder.path().join("server"), folder.path().join("app"));
    let server = Server::start_unlimited(&served, anywhere()).await;
    let address = at(server.address);
    let room = RoomName::parse("tea").unwrap();
    let mut api = Api::open(&address).await.unwrap();
    for number in 1..=10 {
        say(&mut api, &room, number).await;
    }
    let mut rooms = Rooms::default();
    let _ = rooms.enter(joining(&data, &address.to_string(), "tea")).unwrap();
    let mut alive = Alive::new(rooms);
    alive.until("all was read", |rooms| only(rooms).session().read() == 10).await;
    let stored = alive.rooms.stored();
    drop(alive);
    let mut api = Api::open(&address).await.unwrap();
    for number in 11..=SAID {
        say(&mut api, &room, number).await;
    }

    let mut rooms = Rooms::default();
    let shown = rooms.restore(stored, &data, &TimeZone::UTC);
    rooms.show(shown);
    let mut alive = Alive::new(rooms);
    alive
        .until("the line stands where one left", |rooms| {
            around_the_line(only(rooms)).is_some_and(|(_, below)| below == "number 11")
        })
        .await;
    let joined = only(&alive.rooms);
    assert!(joined.attention().is_landing() && joined.session().read() <= 10, "nothing was read by coming");
    assert!(joined.attention().unread().is_more, "more was said than is here");
    let timeline = joined.session().timeline();
    assert_eq!(timeline.newest(), SAID);
    assert!(timeline.len() < SAID as usize, "not all of it was loaded: {}", timeline.len());

    // Reading on from the line fills the hole from this side, page by page, until it is gone.
    let session = shown.unwrap();
    let is_whole = |rooms: &Rooms| only(rooms).session().timeline().is_whole_after(10);
    let mut pages = 0;
    while !is_whole(&alive.rooms) {
        let joined = alive.rooms.get_mut(session).unwrap();
        let timeline = joined.session().timeline();
        let hole = (0..timeline.len()).find(|row| matches!(timeline.row(*row), Some(Row::Hole { .. })));
        let hole = hole.unwrap();
        let before = timeline.len();
        joined.act(|session| session.visible(hole.saturating_sub(20)..hole));
        alive.until("a page came", |rooms| only(rooms).session().timeline().len() > before).await;
        pages += 1;
        assert!(pages < 10, "it comes to an end");
    }
    let joined = alive.rooms.get_mut(session).unwrap();
    joined.landed();
    joined.set_at_end(true);
    assert_eq!(joined.attention().unread().messages, 0);
    assert_eq!(joined.session().read(), SAID);
    drop(alive);
    let _ = server.stop().await;
}
