//! What the desktop is asked to tell of rooms that nobody looks at.

use std::path::Path;

use snug_core::{
    notifications::{Notification, Notifications, OPEN, Preferences, Request},
    rooms::{Level, Report, Rooms, SessionId},
};

use super::{
    lobby::Lobby,
    visits::{joining, let_in, settle},
};

/// Rooms a person is in and does not look at.
struct Desk {
    rooms: Rooms,
    lobby: Lobby,
    notifications: Notifications,
    preferences: Preferences,
    now: i64,
}

impl Desk {
    fn new() -> Self {
        let mut rooms = Rooms::default();
        rooms.set_focused(false);
        Self {
            rooms,
            lobby: Lobby::default(),
            notifications: Notifications::default(),
            preferences: Preferences::default(),
            now: 1_000,
        }
    }

    async fn join(&mut self, data: &Path, server: &str, room: &str) -> SessionId {
        let session = self.rooms.join(joining(data, server, room)).unwrap();
        settle(&mut self.rooms).await;
        drop(let_in(&mut self.rooms, session, &self.lobby));
        session
    }

    /// Tom says something; what the desktop is to do about it.
    fn speak(&mut self, session: SessionId, text: &str) -> Vec<Request> {
        self.hear(session, text);
        self.update()
    }

    fn hear(&mut self, session: SessionId, text: &str) {
        let joined = self.rooms.get(session).unwrap();
        let (connection, room) = (joined.connection(), joined.room().clone());
        let event = self.lobby.speak(&room, text);
        assert_eq!(self.rooms.update(Report::Connection(connection, event)), None);
    }

    fn update(&mut self) -> Vec<Request> {
        self.notifications.update(&mut self.rooms, self.preferences, self.now)
    }

    fn set_level(&mut self, session: SessionId, level: Level) {
        self.rooms.get_mut(session).unwrap().marks_mut().rule = level.into();
    }
}

fn shown(session: SessionId, title: &str, body: &str, is_mention: bool) -> Vec<Request> {
    vec![Request::Show(Notification { session, title: title.into(), body: body.into(), is_mention })]
}

#[tokio::test]
async fn by_default_only_who_speaks_to_the_person_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    assert_eq!(desk.speak(tea, "Is anybody here?"), []);
    let told = desk.speak(tea, "@maya are you\nhere?");
    assert_eq!(told, shown(tea, "tom mentioned you in tea", "@maya are you here?", true));
}

#[tokio::test]
async fn each_room_has_its_own_rule() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    let ops = desk.join(folder.path(), "lab.local", "ops").await;
    desk.set_level(tea, Level::All);
    desk.set_level(ops, Level::Nothing);
    assert_eq!(desk.speak(ops, "@maya?"), []);
    assert_eq!(desk.speak(tea, "Tea is ready."), shown(tea, "tom in tea", "Tea is ready.", false));
    desk.set_level(tea, Level::Mentions);
    assert_eq!(desk.speak(tea, "And cake."), []);
}

#[tokio::test]
async fn a_room_that_is_quiet_until_a_time_tells_again_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    desk.rooms.get_mut(tea).unwrap().marks_mut().rule.quiet_until = Some(2_000);
    assert_eq!(desk.speak(tea, "@maya?"), []);
    desk.now = 2_000;
    assert_eq!(desk.speak(tea, "@maya!").len(), 1);
    desk.rooms.end_quiet(desk.now);
    assert_eq!(desk.rooms.get(tea).unwrap().marks().rule.quiet_until, None);
}

#[tokio::test]
async fn several_messages_of_a_room_are_one_notification() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    desk.set_level(tea, Level::All);
    for text in ["One.", "Two.", "Three."] {
        desk.hear(tea, text);
    }
    assert_eq!(desk.update(), shown(tea, "3 new messages in tea", "tom: Three.", false));
    assert_eq!(desk.speak(tea, "Four."), shown(tea, "4 new messages in tea", "tom: Four.", false));
    // A person who closed it has seen those.
    desk.notifications.closed(tea);
    assert_eq!(desk.speak(tea, "Five."), shown(tea, "tom in tea", "Five.", false));
}

#[tokio::test]
async fn no_text_leaves_the_app_where_it_is_to_be_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    desk.preferences.hides_text = true;
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    let told = desk.speak(tea, "@maya the password is tulip");
    assert!(!format!("{told:?}").contains("tulip"), "{told:?}");
    let told = desk.speak(tea, "@maya and the other one is rose");
    assert!(told.len() == 1 && !format!("{told:?}").contains("rose"), "{told:?}");
}

#[tokio::test]
async fn nothing_is_told_while_a_person_is_not_to_be_disturbed() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    desk.preferences.is_quiet = true;
    assert_eq!(desk.speak(tea, "@maya?"), []);
    desk.preferences.is_quiet = false;
    assert_eq!(desk.update(), [], "what was missed meanwhile is not told late");
}

#[tokio::test]
async fn the_room_one_looks_at_tells_nothing_and_reading_takes_a_notification_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    assert_eq!(desk.speak(tea, "@maya?").len(), 1);
    assert_eq!(desk.update(), [], "nothing has changed");
    desk.rooms.get_mut(tea).unwrap().mark_read();
    assert_eq!(desk.update(), [Request::Close(tea)]);

    desk.rooms.show(Some(tea));
    desk.rooms.set_focused(true);
    assert_eq!(desk.speak(tea, "@maya, you are here!"), []);
    desk.rooms.set_focused(false);
    assert_eq!(desk.speak(tea, "@maya, you are gone!").len(), 1, "the window may show it to nobody");
    desk.rooms.leave(tea);
    assert_eq!(desk.update(), [Request::Close(tea)]);
}

#[tokio::test]
async fn two_servers_are_told_apart_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let tea = desk.join(folder.path(), "lab.local", "tea").await;
    let _ = desk.join(folder.path(), "home.local", "tea").await;
    let told = desk.speak(tea, "@maya?");
    assert_eq!(told, shown(tea, "tom mentioned you in tea on lab.local:8000", "@maya?", true));
}

#[tokio::test]
async fn beyond_what_stands_at_once_the_first_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    let mut sessions = Vec::new();
    for number in 0..=OPEN {
        let session = desk.join(folder.path(), "lab.local", &format!("room {number}")).await;
        sessions.push(session);
        let told = desk.speak(session, "@maya?");
        let closed = told.iter().filter(|request| matches!(request, Request::Close(_))).count();
        assert_eq!((told.len() - closed, closed), (1, usize::from(number == OPEN)));
    }
    assert_eq!(desk.speak(sessions[0], "@maya?").len(), 2, "it stands no more, and comes back for another");
}
