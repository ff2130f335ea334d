//! What a room is found like when its reader comes back, and what becomes of what waits in it when it is left.

use std::path::Path;

use jiff::tz::TimeZone;
use snug_core::{
    connection::{Event, Handle},
    frame::Frame,
    rooms::{Draft, Place, Report, Rooms, SessionId},
    session::Joining,
};
use snug_shared::{ClientFrame, Nickname, RoomName, ServerAddress};
use tokio::sync::mpsc;

use super::lobby::Lobby;

pub fn joining(data: &Path, server: &str, room: &str) -> Joining {
    Joining {
        server: ServerAddress::parse(server).unwrap(),
        room: RoomName::parse(room).unwrap(),
        nickname: Nickname::parse("maya").unwrap(),
        data: data.to_owned(),
        zone: TimeZone::UTC,
    }
}

/// Runs what the rooms want done now, and hands back the reports. What only waits for a time is left out.
pub async fn run(rooms: &mut Rooms) -> Vec<Report> {
    let mut reports = Vec::new();
    for work in rooms.take_work() {
        let patience = std::time::Duration::from_secs(2);
        reports.extend(tokio::time::timeout(patience, work.run()).await.ok());
    }
    reports
}

pub async fn settle(rooms: &mut Rooms) {
    for report in run(rooms).await {
        assert_eq!(rooms.update(report), None);
    }
}

/// The server lets a session in; what the session sends comes out of the receiver.
pub fn let_in(rooms: &mut Rooms, id: SessionId, lobby: &Lobby) -> mpsc::Receiver<Frame> {
    let joined = rooms.get(id).unwrap();
    let (connection, session) = (joined.connection(), joined.session());
    let (established, entries) = lobby.greet(
        session.server(),
        session.room(),
        session.nickname(),
        session.timeline().resume().as_ref(),
    );
    let (handle, frames) = Handle::channel();
    let _ = handle.set_online(true);
    let online = Event::Online { handle, established: Box::new(established) };
    for event in [online, Event::Received(vec![entries])] {
        assert_eq!(rooms.update(Report::Connection(connection, event)), None);
    }
    frames
}

pub fn say(rooms: &mut Rooms, id: SessionId, text: &str) {
    let joined = rooms.get_mut(id).unwrap();
    let effects = joined.session_mut().say(text, None).unwrap();
    joined.run(effects);
}

#[tokio::test]
async fn an_outbox_that_opens_late_belongs_to_the_room_it_was_opened_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = Rooms::default();
    let tea = before.enter(joining(folder.path(), "lab.local", "tea")).unwrap();
    settle(&mut before).await;
    for text in ["for tea", "for tea as well"] {
        say(&mut before, tea, text);
    }
    settle(&mut before).await;
    drop(before);

    let mut rooms = Rooms::default();
    let tea = rooms.enter(joining(folder.path(), "lab.local", "tea")).unwrap();
    let late = run(&mut rooms).await;
    rooms.leave(tea);
    let garden = rooms.enter(joining(folder.path(), "lab.local", "garden")).unwrap();
    for report in late {
        assert_eq!(rooms.update(report), None);
    }
    assert!(rooms.get(garden).unwrap().session().target().is_none(), "its own outbox is not open yet");
    assert_eq!(rooms.get(tea).unwrap().session().waiting(), 2);
    settle(&mut rooms).await;
    assert_eq!(rooms.get(garden).unwrap().session().waiting(), 0);
    assert!(!rooms.get(garden).unwrap().session().timeline().has_messages());
}

#[tokio::test]
async fn a_left_room_sends_what_waits_and_is_closed_then() {
    let folder = tempfile::tempdir().unwrap();
    let (mut rooms, mut lobby) = (Rooms::default(), Lobby::default());
    let tea = rooms.enter(joining(folder.path(), "lab.local", "tea")).unwrap();
    say(&mut rooms, tea, "goes out later");
    settle(&mut rooms).await;
    settle(&mut rooms).await;
    rooms.leave(tea);
    assert_eq!(rooms.open_sessions().len(), 1, "something waits in it");
    let connection = rooms.get(tea).unwrap().connection();
    let room = snug_core::rooms::RoomId::new(
        &ServerAddress::parse("lab.local").unwrap(),
        &RoomName::parse("tea").unwrap(),
    );
    let mut frames = let_in(&mut rooms, tea, &lobby);
    let sent = lobby.hear(&room, frames.try_recv().unwrap().decode().unwrap()).unwrap();
    assert_eq!(rooms.update(Report::Connection(connection, sent.clone())), None);
    assert_eq!(rooms.open_sessions().len(), 0, "nothing waits any more");
    assert_eq!(lobby.texts(&room), ["goes out later"]);
    assert_eq!(rooms.update(Report::Connection(connection, sent)), None, "what is late finds nobody");
}

#[tokio::test]
async fn a_room_entered_twice_is_joined_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut rooms = Rooms::default();
    let first = rooms.enter(joining(folder.path(), "lab.local", "tea")).unwrap();
    let second = rooms.enter(joining(folder.path(), "lab.local", "TEA")).unwrap();
    assert_eq!((first, rooms.open_sessions().len()), (second, 1));
    assert_eq!(rooms.take_work().len(), 1, "one outbox is opened");
    let other = rooms.enter(joining(folder.path(), "other.local", "tea")).unwrap();
    assert_ne!(first, other);
}

#[tokio::test]
async fn a_draft_and_a_reading_position_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut rooms = Rooms::default();
    let place =
        |text: &str| Place { draft: Draft { text: text.into(), ..Draft::default() }, scroll: Some(7) };
    for name in ["tea", "garden"] {
        let id = rooms.enter(joining(folder.path(), "lab.local", name)).unwrap();
        settle(&mut rooms).await;
        rooms.get_mut(id).unwrap().set_place(place(name));
        rooms.leave(id);
    }
    assert_eq!(rooms.open_sessions().len(), 0, "nothing waits, so both are closed");
    for name in ["tea", "garden"] {
        let id = rooms.enter(joining(folder.path(), "lab.local", name)).unwrap();
        assert_eq!(*rooms.get(id).unwrap().place(), place(name));
        settle(&mut rooms).await;
    }
}

#[tokio::test]
async fn what_a_reader_scrolled_up_has_not_seen_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (mut rooms, mut lobby) = (Rooms::default(), Lobby::default());
    let tea = rooms.enter(joining(folder.path(), "lab.local", "tea")).unwrap();
    settle(&mut rooms).await;
    let _frames = let_in(&mut rooms, tea, &lobby);
    let room = snug_core::rooms::RoomId::new(
        &ServerAddress::parse("lab.local").unwrap(),
        &RoomName::parse("tea").unwrap(),
    );
    rooms.get_mut(tea).unwrap().set_at_end(false);
    let text = snug_shared::MessageText::parse("new").unwrap();
    let send = ClientFrame::Send {
        id: uuid::Uuid::now_v7(),
        intent: snug_shared::Intent::Message { text, reply_to: None },
    };
    let heard = lobby.hear(&room, send).unwrap();
    let connection = rooms.get(tea).unwrap().connection();
    assert_eq!(rooms.update(Report::Connection(connection, heard)), None);
    assert_eq!(rooms.get(tea).unwrap().session().read(), 0);
    rooms.get_mut(tea).unwrap().set_at_end(true);
    assert_eq!(rooms.get(tea).unwrap().session().read(), 1);
    rooms.set_focused(false);
    assert_eq!(rooms.get(tea).unwrap().attention().new_messages(), 0);
}
