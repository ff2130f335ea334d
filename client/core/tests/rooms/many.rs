//! Many rooms alive at once: what is new in each, what is told of it, their order, and what a restart keeps.

use jiff::tz::TimeZone;
use snug_core::{
    connection::Event,
    rooms::{Draft, JOINED, Joined, Level, NEWS, NewsKind, Place, Report, RoomId, Rooms, SessionId, TooMany},
    session::ReadState,
    timeline::OUT_OF_SIGHT,
};
use snug_shared::{Author, Nickname, RoomName, ServerAddress};

use super::{
    lobby::Lobby,
    visits::{joining, let_in, run, settle},
};

/// A server that refuses connections at once, on any network: looking up a name may take long.
const NOBODY: &str = "127.0.0.1:1";

/// Rooms on a server in memory.
struct Many {
    rooms: Rooms,
    lobby: Lobby,
    folder: tempfile::TempDir,
}

impl Many {
    fn new() -> Self {
        Self { rooms: Rooms::default(), lobby: Lobby::default(), folder: tempfile::tempdir().unwrap() }
    }

    /// Joins rooms in the background; they are online.
    async fn join(&mut self, names: &[&str]) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for name in names {
            let session = self.rooms.join(joining(self.folder.path(), NOBODY, name)).unwrap();
            settle(&mut self.rooms).await;
            drop(let_in(&mut self.rooms, session, &self.lobby));
            sessions.push(session);
        }
        sessions
    }

    /// Somebody else says something in a room.
    fn speak(&mut self, session: SessionId, words: &str) {
        let joined = self.rooms.get(session).unwrap();
        let (room, connection) = (joined.room().clone(), joined.connection());
        let event = self.lobby.speak(&room, words);
        assert_eq!(self.rooms.update(Report::Connection(connection, event)), None);
    }

    fn get(&self, session: SessionId) -> &Joined {
        self.rooms.get(session).unwrap()
    }
}

fn names(rooms: &[&Joined]) -> Vec<String> {
    rooms.iter().map(|joined| joined.session().room().to_string()).collect()
}

#[tokio::test]
async fn showing_another_room_leaves_nothing_and_each_counts_what_is_new_in_it() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    many.rooms.show(Some(rooms[0]));
    many.speak(rooms[0], "in view");
    many.speak(rooms[1], "elsewhere");
    many.speak(rooms[1], "@maya, elsewhere");
    let unread = |many: &Many, at: usize| {
        let unread = many.get(rooms[at]).attention().unread();
        (unread.messages, unread.mentions)
    };
    assert_eq!((unread(&many, 0), unread(&many, 1)), ((0, 0), (2, 1)));
    assert_eq!(many.rooms.unread().messages, 2);
    many.rooms.show(Some(rooms[1]));
    assert_eq!(unread(&many, 1), (2, 1), "what is in view is not known yet");
    many.rooms.get_mut(rooms[1]).unwrap().set_at_end(true);
    assert_eq!(unread(&many, 1), (0, 0));
    assert_eq!(many.get(rooms[1]).session().read(), 2);
    many.speak(rooms[0], "now this one is elsewhere");
    assert_eq!(unread(&many, 0), (1, 0));
    assert_eq!(many.rooms.connections().count(), 2);
}

#[tokio::test]
async fn news_are_of_others_unseen_told_once_and_bounded() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    many.rooms.show(Some(rooms[0]));
    many.speak(rooms[0], "in view");
    many.speak(rooms[1], "@maya, elsewhere");
    many.speak(rooms[1], "and more");
    let news = many.rooms.take_news();
    let told: Vec<_> = news.iter().map(|news| (news.text.as_str(), news.kind)).collect();
    assert_eq!(told, [("@maya, elsewhere", NewsKind::Mention), ("and more", NewsKind::Message)]);
    assert_eq!((news[0].session, news[0].user.as_str()), (rooms[1], "tom"));
    assert_eq!(many.rooms.take_news(), []);
    // What was read before it is told is told no more.
    many.speak(rooms[1], "read at once");
    many.rooms.get_mut(rooms[1]).unwrap().mark_read();
    assert_eq!(many.rooms.take_news(), []);
    for number in 0..NEWS + 10 {
        many.speak(rooms[1], &format!("number {number}"));
    }
    let news = many.rooms.take_news();
    assert_eq!((news.len(), news[NEWS - 1].text.as_str()), (NEWS, "number 73"));
    // While the window is elsewhere, the shown room has news as well.
    many.rooms.set_focused(false);
    many.speak(rooms[0], "nobody looks");
    assert_eq!(many.rooms.take_news().len(), 1);
    // A room that is left tells nothing.
    many.speak(rooms[1], "too late");
    many.rooms.leave(rooms[1]);
    assert_eq!(many.rooms.take_news(), []);
}

#[tokio::test]
async fn the_list_goes_by_pins_and_names_whatever_comes_in() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "Attic", "garden"]).await;
    assert_eq!(names(&many.rooms.listed()), ["Attic", "garden", "tea"]);
    many.speak(rooms[0], "@maya");
    many.rooms.show(Some(rooms[2]));
    assert_eq!(names(&many.rooms.listed()), ["Attic", "garden", "tea"]);
    many.rooms.get_mut(rooms[0]).unwrap().marks_mut().is_pinned = true;
    assert_eq!(names(&many.rooms.listed()), ["tea", "Attic", "garden"]);
    assert_eq!(many.rooms.beside(rooms[2], 1), Some(rooms[0]), "round and round");
    assert_eq!(many.rooms.beside(rooms[2], -1), Some(rooms[1]));
    assert_eq!(many.rooms.next_unread(rooms[2], false), Some(rooms[0]));
    // A muted room is passed by, unless somebody speaks to its reader.
    many.speak(rooms[1], "for everybody");
    many.rooms.get_mut(rooms[1]).unwrap().marks_mut().rule = Level::Nothing.into();
    assert_eq!(many.rooms.next_unread(rooms[2], true), Some(rooms[0]));
    many.speak(rooms[1], "maya: for you");
    assert_eq!(many.rooms.next_unread(rooms[2], true), Some(rooms[1]));
}

#[tokio::test]
async fn a_few_letters_find_a_room_and_none_find_what_is_new() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden", "Gärtnerei", "ops"]).await;
    for room in [rooms[3], rooms[0], rooms[1]] {
        many.rooms.show(Some(room));
    }
    many.speak(rooms[2], "something");
    assert_eq!(names(&many.rooms.matching("")), ["Gärtnerei", "tea", "ops", "garden"]);
    many.speak(rooms[3], "@maya");
    assert_eq!(names(&many.rooms.matching(" ")), ["ops", "Gärtnerei", "tea", "garden"]);
    assert_eq!(names(&many.rooms.matching("grd")), ["garden"]);
    assert_eq!(names(&many.rooms.matching("gart")), ["Gärtnerei"]);
    assert_eq!(names(&many.rooms.matching("zzz")), [""; 0]);
}

#[tokio::test]
async fn one_is_in_so_many_rooms_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut rooms = Rooms::default();
    for number in 0..JOINED {
        let _ = rooms.join(joining(folder.path(), NOBODY, &format!("room {number}"))).unwrap();
    }
    let another = || joining(folder.path(), NOBODY, "another");
    assert_eq!(rooms.join(another()), Err(TooMany));
    let known = rooms.join(joining(folder.path(), NOBODY, "ROOM 7")).unwrap();
    assert_eq!(rooms.iter().count(), JOINED, "one that is joined can still be entered");
    rooms.leave(known);
    assert!(rooms.join(another()).is_ok(), "one that is left makes room");
}

#[tokio::test]
async fn a_restart_keeps_rooms_drafts_marks_and_what_was_read() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    many.rooms.show(Some(rooms[1]));
    many.speak(rooms[1], "one");
    many.rooms.show(Some(rooms[0]));
    many.speak(rooms[1], "two");
    assert_eq!(many.rooms.take_news().len(), 1);
    let place = Place { draft: Draft { text: "half a thought".into(), ..Draft::default() }, scroll: None };
    many.rooms.get_mut(rooms[1]).unwrap().set_place(place.clone());
    many.rooms.get_mut(rooms[1]).unwrap().marks_mut().is_pinned = true;

    let stored = many.rooms.stored();
    many.rooms = Rooms::default();
    let last = many.rooms.restore(stored.clone(), many.folder.path(), &TimeZone::UTC);
    assert_eq!(many.rooms.stored(), stored, "nothing is lost before the server is reached");
    let last = many.get(last.unwrap());
    assert_eq!((last.session().room().as_str(), last.is_shown()), ("tea", false));
    settle(&mut many.rooms).await;
    let id = RoomId::new(&ServerAddress::parse(NOBODY).unwrap(), &RoomName::parse("garden").unwrap());
    let garden = many.rooms.find(&id).unwrap();
    assert_eq!((garden.place(), garden.marks().is_pinned), (&place, true));
    let garden = garden.id();
    drop(let_in(&mut many.rooms, garden, &many.lobby));
    assert_eq!(many.get(garden).attention().unread().messages, 1, "one of two was read");
    assert_eq!(many.rooms.take_news(), [], "it was told before");
    many.speak(garden, "three");
    assert_eq!(many.rooms.take_news().len(), 1);
}

#[tokio::test]
async fn a_room_left_while_something_waits_sends_it_after_a_restart() {
    let mut many = Many::new();
    let rooms = many.join(&["tea"]).await;
    let connection = many.get(rooms[0]).connection();
    let reason = "Connection lost.".to_owned();
    let offline = Event::Offline { reason, retry_at: std::time::Instant::now() };
    assert_eq!(many.rooms.update(Report::Connection(connection, offline)), None);
    super::visits::say(&mut many.rooms, rooms[0], "goes out later");
    settle(&mut many.rooms).await;
    many.rooms.leave(rooms[0]);
    let stored = many.rooms.stored();
    assert_eq!((stored.rooms.len(), stored.rooms[0].is_left), (1, true));
    many.rooms = Rooms::default();
    assert_eq!(many.rooms.restore(stored, many.folder.path(), &TimeZone::UTC), None, "nothing to show");
    for report in run(&mut many.rooms).await {
        assert_eq!(many.rooms.update(report), None);
    }
    assert_eq!((many.rooms.iter().count(), many.rooms.open_sessions().len()), (0, 1));
    let session = many.rooms.open_sessions().next().unwrap();
    assert_eq!(session.session().waiting(), 1);
    assert_eq!(many.rooms.connections().count(), 1, "it goes on in the background");
}

#[tokio::test]
async fn what_is_marked_as_unread_stays_so_until_it_is_shown_again_also_over_a_restart() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    many.rooms.show(Some(rooms[0]));
    for words in ["one", "two", "three"] {
        many.speak(rooms[0], words);
    }
    let unread = |many: &Many, at: SessionId| many.get(at).attention().unread().messages;
    assert_eq!(unread(&many, rooms[0]), 0);
    many.rooms.get_mut(rooms[0]).unwrap().mark_unread(1);
    assert_eq!(unread(&many, rooms[0]), 2);
    many.speak(rooms[0], "four");
    assert_eq!(unread(&many, rooms[0]), 3, "although it is in view");
    let stored = many.rooms.stored();
    let read = ReadState { seen: 1, is_marked: true, line: Some(1), ..stored.rooms[0].read.clone() };
    assert_eq!(stored.rooms[0].read, read);

    many.rooms = Rooms::default();
    let tea = many.rooms.restore(stored, many.folder.path(), &TimeZone::UTC).unwrap();
    settle(&mut many.rooms).await;
    drop(let_in(&mut many.rooms, tea, &many.lobby));
    assert_eq!(unread(&many, tea), 3);
    many.rooms.show(Some(tea));
    many.rooms.get_mut(tea).unwrap().landed();
    many.rooms.get_mut(tea).unwrap().set_at_end(true);
    assert_eq!(unread(&many, tea), 0);
}

#[tokio::test]
async fn rooms_hosted_here_wait_for_their_server_wherever_it_comes_up() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    for room in &rooms {
        many.rooms.get_mut(*room).unwrap().marks_mut().is_hosted = true;
    }
    many.rooms.show(Some(rooms[1]));
    let stored = many.rooms.stored();
    many.rooms = Rooms::default();
    let _ = many.rooms.restore(stored.clone(), many.folder.path(), &TimeZone::UTC);
    settle(&mut many.rooms).await;
    assert_eq!(many.rooms.connections().count(), 0, "somebody else may be at its port by now");
    many.rooms.host_failed("The server could not start.");
    assert_eq!(many.rooms.connections().count(), 0);
    let elsewhere = ServerAddress::parse("127.0.0.1:8001").unwrap();
    let moved = many.rooms.hosted(&elsewhere);
    settle(&mut many.rooms).await;
    assert_eq!(moved.len(), 2);
    assert!(many.rooms.connections().all(|(_, target)| target.server == elsewhere));
    assert_eq!(many.rooms.connections().count(), 2);
    assert!(many.rooms.iter().all(|joined| joined.marks().is_hosted && !joined.is_held()));
}

#[tokio::test]
async fn who_missed_more_than_is_replayed_is_taken_back_to_where_they_were() {
    let mut many = Many::new();
    let rooms = many.join(&["tea"]).await;
    many.rooms.show(Some(rooms[0]));
    many.speak(rooms[0], "seen");
    let (room, connection) = (many.get(rooms[0]).room().clone(), many.get(rooms[0]).connection());
    for number in 0..40 {
        let _ = many.lobby.speak(&room, &format!("missed {number}"));
    }
    let session = many.get(rooms[0]).session();
    let (mut established, entries) =
        many.lobby.greet(session.server(), session.room(), session.nickname(), None);
    established.limits.replay = 30;
    let (handle, _frames) = snug_core::connection::Handle::channel();
    let connecting = Event::Connecting { handle: handle.clone() };
    let online = Event::Online { handle, established: Box::new(established) };
    for event in [connecting, online, Event::Received(vec![entries])] {
        assert_eq!(many.rooms.update(Report::Connection(connection, event)), None);
    }
    let joined = many.get(rooms[0]);
    assert!(joined.session().is_fetching(), "the entries after what was seen are fetched");
    assert!(joined.attention().is_landing(), "nothing counts as read until one is there");
    assert!(joined.attention().unread().is_more);
    assert_eq!(joined.session().timeline().unread_after(), Some(1));
    // The server can't be reached over HTTP: what has come is shown from its beginning.
    settle(&mut many.rooms).await;
    assert!(!many.get(rooms[0]).session().is_fetching());
    assert!(many.get(rooms[0]).session().timeline().unread_row().is_some());
}

#[tokio::test]
async fn a_room_out_of_sight_keeps_its_newest_rows_and_finds_the_place_again() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    many.rooms.show(Some(rooms[0]));
    for number in 0..=2 * OUT_OF_SIGHT {
        many.speak(rooms[0], &format!("number {number}"));
    }
    let rows = |many: &Many| many.get(rooms[0]).session().timeline().len();
    many.rooms.shrink();
    assert!(rows(&many) > 2 * OUT_OF_SIGHT, "all of it is in sight");
    let place = Place { scroll: Some(100), ..Place::default() };
    many.rooms.get_mut(rooms[0]).unwrap().set_place(place);
    many.rooms.show(Some(rooms[1]));
    many.speak(rooms[0], "@maya");
    many.rooms.shrink();
    assert!((OUT_OF_SIGHT..OUT_OF_SIGHT + 10).contains(&rows(&many)), "{}", rows(&many));
    let unread = many.get(rooms[0]).attention().unread();
    assert_eq!((unread.messages, unread.mentions), (1, 1));
    let timeline = many.get(rooms[0]).session().timeline();
    assert!(timeline.has_more_above() && !timeline.knows(100));
    many.rooms.show(Some(rooms[0]));
    assert!(many.get(rooms[0]).session().is_fetching() && many.get(rooms[0]).attention().is_landing());
}

#[tokio::test]
async fn a_history_that_began_anew_is_unread_although_more_was_read_of_the_one_before() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    many.rooms.show(Some(rooms[0]));
    for number in 0..5 {
        many.speak(rooms[0], &format!("number {number}"));
    }
    many.rooms.show(Some(rooms[1]));
    let joined = many.get(rooms[0]);
    let (session, connection) = (joined.session(), joined.connection());
    let nickname: &Nickname = session.nickname();
    let mut other = Lobby::default();
    let _ = other.speak(joined.room(), "after the disk was lost");
    let (mut established, entries) = other.greet(session.server(), session.room(), nickname, None);
    established.epoch = "b".repeat(32);
    let (handle, _frames) = snug_core::connection::Handle::channel();
    let online = Event::Online { handle, established: Box::new(established) };
    for event in [online, Event::Received(vec![entries])] {
        assert_eq!(many.rooms.update(Report::Connection(connection, event)), None);
    }
    assert_eq!(many.get(rooms[0]).attention().unread().messages, 1);
}

#[tokio::test]
async fn lists_change_with_rooms_and_connections_and_not_with_what_is_said() {
    let mut many = Many::new();
    let rooms = many.join(&["tea", "garden"]).await;
    let mut changes = many.rooms.list_changes();
    let mut has_changed = |many: &Many| std::mem::replace(&mut changes, many.rooms.list_changes()) != changes;
    many.speak(rooms[0], "words");
    many.rooms.get_mut(rooms[0]).unwrap().mark_read();
    assert!(!has_changed(&many));
    many.rooms.show(Some(rooms[1]));
    assert!(has_changed(&many), "another room is shown");
    let offline = Event::Offline { reason: "gone".into(), retry_at: std::time::Instant::now() };
    let connection = many.get(rooms[0]).connection();
    assert_eq!(many.rooms.update(Report::Connection(connection, offline)), None);
    assert!(has_changed(&many), "a connection is lost");
    many.rooms.leave(rooms[1]);
    assert!(has_changed(&many), "a room is left");
    many.join(&["ops"]).await;
    assert!(has_changed(&many), "a room is joined");
}

#[tokio::test]
async fn who_is_ignored_is_so_in_rooms_that_are_joined_later_too() {
    let mut many = Many::new();
    let tom = Author::parse(format!("s:{}", "b".repeat(26))).unwrap();
    many.rooms.set_ignored([tom.clone()].into());
    let rooms = many.join(&["tea"]).await;
    many.speak(rooms[0], "maya: really");
    assert!(many.get(rooms[0]).session().timeline().is_ignored(&tom));
    assert_eq!(many.get(rooms[0]).attention().unread().mentions, 0);
    many.rooms.set_ignored([].into());
    assert_eq!(many.get(rooms[0]).attention().unread().mentions, 1);
}
