//! What the screens show and do, without a window: set `ICED_TEST_BACKEND=tiny-skia` where there is no graphics card.

#[cfg(target_os = "linux")]
#[path = "screens/colours.rs"]
mod colours;
#[path = "screens/drawn.rs"]
mod drawn;
#[path = "screens/keys.rs"]
mod keys;
#[path = "screens/links.rs"]
mod links;
#[path = "screens/list.rs"]
mod list;
#[path = "screens/menus.rs"]
mod menus;
#[path = "screens/nearby.rs"]
mod nearby;
#[path = "screens/parts.rs"]
mod parts;
#[path = "screens/pictures.rs"]
mod pictures;
#[path = "screens/rooms.rs"]
mod rooms;
#[path = "screens/search.rs"]
mod search;
#[path = "screens/selecting.rs"]
mod selecting;
#[path = "screens/window.rs"]
mod window;
#[path = "screens/world.rs"]
mod world;
#[path = "screens/writing.rs"]
mod writing;

use std::time::Duration;

use iced::keyboard::key::Named;
use snug::{
    app::Message,
    screen::{self, ask_room, landing, room},
    widget::virtual_list::Shown,
};
use snug_core::{
    connection::Event,
    settings::{Settings, WindowSize},
};
use snug_shared::{Author, Entry, ErrorCode, ErrorFrame, ServerFrame};
use world::{World, address, entry, known_place, made::known_name, nickname, press_with, room_name};

// -- the window --

#[test]
fn the_size_of_the_window_is_kept_when_it_closes() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.resize(901.4, 702.0);
    let kept = |world: &World| Settings::load(&world.home()).0.window;
    assert_eq!(kept(&world), None, "it is not written at each step of a drag");
    world.send(Message::Close);
    let size = WindowSize { width: 901, height: 702 };
    world.until("the size is written", |world| kept(world) == Some(size));
}

// -- the first screen --

#[test]
fn without_a_name_there_is_nowhere_to_go() {
    let mut world = World::new(known_place());
    world.landing(landing::Message::Nickname(String::new()));
    world.click("Host a room here");
    world.click("tea");
    assert!(world.sees("What should people call you?"));
    assert!(!world.sees("Starting…"));
}

#[test]
fn a_name_that_is_not_allowed_says_why_while_it_is_typed() {
    let mut world = World::new(known_name("ma"));
    let sentence = snug_shared::Nickname::parse("ma/ya").expect_err("a slash is not allowed").to_string();
    assert!(!world.sees(&sentence));
    world.type_into("ma", "/ya");
    assert!(world.sees(&sentence), "{sentence}");
}

#[test]
fn a_wrong_address_is_told_beside_its_field() {
    let mut world = World::new(known_place());
    world.type_into("Invite link or address, for example 192.168.1.20", "ftp://lab");
    world.click("Join");
    assert!(world.sees(&snug_shared::AddressError::Scheme.to_string()));
}

#[test]
fn a_server_that_does_not_answer_is_told_in_words() {
    let mut world = World::new(known_place());
    world.type_into("Invite link or address, for example 192.168.1.20", "127.0.0.1:1");
    world.click("Join");
    assert!(world.sees("Looking for 127.0.0.1:1…"));
    world.until_seen(
        "Nothing answers at 127.0.0.1:1. Is the server running? Its firewall must allow TCP port 1.",
    );
}

#[test]
fn what_is_wrong_with_a_server_is_found_out_where_it_was_refused() {
    let mut world = World::new(known_place());
    world.type_into("Invite link or address, for example 192.168.1.20", "127.0.0.1:1");
    world.click("Join");
    world.until_seen("What is wrong?");
    world.resize(1_100.0, 1_400.0);
    world.click("What is wrong?");
    world.until_seen("Look again");
    assert!(world.sees("Nothing listens on port 1."));
    world.click("Copy all of it");
    world.until("it is copied", |world| world.copied.iter().any(|text| text.contains("✗ Nothing listens")));
    world.type_into("127.0.0.1:1", "0");
    assert!(!world.sees("Look again"), "another address is another question");
}

#[test]
fn a_known_place_is_one_click_away() {
    let world = World::joining();
    assert_eq!(world.app.title(), "tea — Snug");
}

#[test]
fn an_invite_link_leads_straight_into_its_room() {
    let mut world = World::new(known_place());
    world.type_into("Invite link or address, for example 192.168.1.20", "http://127.0.0.1:1/chat/garden/");
    world.click("Join");
    assert_eq!(world.app.title(), "garden — Snug");
}

// -- the choice of a room --

pub(crate) fn with_rooms(json: &str) -> World {
    let mut world = World::new(known_place());
    world.landing(landing::Message::Address("127.0.0.1:1".into()));
    world.landing(landing::Message::Join);
    let rooms = serde_json::from_str(json).expect("rooms");
    world.landing(landing::Message::Asked(address("127.0.0.1:1"), Ok(rooms)));
    world
}

#[test]
fn rooms_are_listed_with_how_many_are_there() {
    let mut world = with_rooms(
        r#"{"rooms":[{"room":"tea","members":3,"last":9,"last_at":0,"topic":"Kettle on"},
                     {"room":"garden","members":1,"last":0,"last_at":0}]}"#,
    );
    for text in ["tea", "Kettle on", "3 people", "garden", "1 person"] {
        assert!(world.sees(text), "{text}");
    }
    world.click("garden");
    assert_eq!(world.app.title(), "garden — Snug");
}

#[test]
fn a_server_without_rooms_says_how_to_make_one() {
    let mut world = with_rooms(r#"{"rooms":[]}"#);
    assert!(world.sees("No rooms yet. Type a name to create a room."));
    world.type_into("Find a room, or name a new one", "attic");
    world.click("Open room");
    assert_eq!(world.app.title(), "attic — Snug");
}

#[test]
fn a_room_that_is_there_is_joined_whatever_its_spelling() {
    let mut world = with_rooms(r#"{"rooms":[{"room":"Tea","members":0,"last":1,"last_at":0}]}"#);
    world.ask_room(ask_room::Message::Room("tEA".into()));
    assert!(world.sees("Join"));
    assert!(!world.sees("Open room"));
}

#[test]
fn a_name_in_use_leads_back_with_a_free_one_to_press() {
    let mut world = World::joining();
    world.connection(Event::Stopped {
        reason: "“maya” is in use in this room.".into(),
        suggestion: Some(nickname("maya2")),
    });
    assert!(world.sees("“maya” is in use in this room."));
    world.click("Join as maya2");
    world.until("the room is open under the other name", |world| {
        world.app.session().is_some_and(|session| session.nickname() == &nickname("maya2"))
    });
}

#[test]
fn what_is_late_for_one_server_is_not_shown_as_anothers() {
    let mut world = with_rooms(r#"{"rooms":[]}"#);
    let late = world.app.visit();
    world.ask_room(ask_room::Message::Back);
    world.landing(landing::Message::Address("127.0.0.1:2".into()));
    world.landing(landing::Message::Join);
    let rooms = r#"{"rooms":[{"room":"garden","members":0,"last":0,"last_at":0}]}"#;
    let rooms: snug_shared::api::RoomList = serde_json::from_str(rooms).expect("rooms");
    world.landing(landing::Message::Asked(address("127.0.0.1:2"), Ok(rooms)));
    let other = serde_json::from_str(r#"{"rooms":[{"room":"tea","members":0,"last":0,"last_at":0}]}"#);
    let listed = ask_room::Message::Listed(Ok(other.expect("rooms")));
    world.send(Message::Screen(late, screen::Message::AskRoom(listed)));
    assert!(world.sees("garden") && !world.sees("tea"));
}

// -- the room --

#[test]
fn a_double_click_on_a_room_joins_it_once() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let first = world.app.shown().map(|joined| joined.id());
    world.other_rooms();
    let visit = world.app.visit();
    for _ in 0..2 {
        let pick = ask_room::Message::Pick(room_name("garden"));
        world.send(Message::Screen(visit, screen::Message::AskRoom(pick)));
    }
    assert_eq!(world.app.title(), "garden — Snug");
    assert_eq!(world.app.rooms().open_sessions().len(), 2, "the other one stays joined");
    assert_ne!(world.app.shown().map(|joined| joined.id()), first);
}

#[test]
fn what_one_was_writing_is_there_again_after_a_look_into_another_room() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("half a thou", Named::Shift);
    world.join("garden");
    world.show("tea");
    world.write("ght", Named::Enter);
    world.until_seen("half a thought");
}

#[test]
fn an_empty_room_invites_to_break_the_silence() {
    let world = World::in_room(&[]);
    for text in ["Nobody has said anything yet...", "Break the silence!", "http://127.0.0.1:1/chat/tea/"] {
        assert!(world.sees(text), "{text}");
    }
}

#[test]
fn what_was_said_is_shown_with_who_is_here() {
    let world = World::in_room(&[("tom", "Good morning"), ("ines", "Hello")]);
    for text in ["Good morning", "Hello", "ines", "Here now — 2", "you", "This is where tea begins."] {
        assert!(world.sees(text), "{text}");
    }
}

#[test]
fn what_a_script_said_is_marked_and_what_a_person_said_is_not() {
    let mut world = World::joining();
    world.write("I wait, and I am nobody's script", Named::Enter);
    world.until_seen("I wait, and I am nobody's script");
    world.online(0);
    world.hear(ServerFrame::Line(entry(1, "tom", "Good morning").into()));
    assert!(!world.sees("automated"));
    let ci = Entry { by: Author::http(&nickname("ci")), ..entry(2, "ci", "Deploy done") };
    world.hear(ServerFrame::Line(ci.into()));
    assert!(world.sees("Deploy done") && world.sees("automated"));
}

#[test]
fn a_small_window_keeps_the_conversation_and_drops_the_sides() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.resize(639.0, 480.0);
    assert!(world.sees("Good morning"));
    assert!(!world.sees("Here now — 2"));
    assert!(!world.sees("Other rooms"));
}

#[test]
fn offline_is_said_in_words_and_writing_goes_on() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.connection(Event::Offline {
        reason: "Nothing answers.".into(),
        retry_at: std::time::Instant::now() + Duration::from_secs(3_600),
    });
    assert!(world.sees("Try now"));
    assert!(world.sees("Last seen here") && !world.sees("Here now — 2"), "nobody knows who is there now");
    world.write("Still here", Named::Enter);
    world.until_seen("Still here");
    assert_eq!(world.app.session().map(|session| session.waiting()), Some(1));
}

#[test]
fn what_was_not_delivered_offers_its_ways_out() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("Too much", Named::Enter);
    world.until_seen("Too much");
    let id = last_id(&world);
    let error =
        ErrorFrame { id: Some(id), ..ErrorFrame::new(ErrorCode::NotAllowed, "Only moderators may speak.") };
    world.hear(ServerFrame::Error(error));
    for text in ["Failed to send", "Only moderators may speak.", "Copy text", "Delete"] {
        world.until_seen(text);
    }
    world.click("Delete");
    world.until("it is gone", |world| !world.sees("Too much"));
}

/// The newest message, which may be on its way.
fn last_id(world: &World) -> uuid::Uuid {
    let timeline = world.app.session().expect("a room").timeline();
    match timeline.row(timeline.len() - 1) {
        Some(snug_core::timeline::Row::Message(message)) => message.id,
        other => panic!("the last row is a message, not {other:?}"),
    }
}

#[test]
fn shift_enter_breaks_the_line_and_enter_sends_both() {
    use iced::keyboard::Modifiers;
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("one", Named::Shift);
    let shifted = iced::Event::Keyboard(press_with(Named::Enter.into(), None, Modifiers::SHIFT));
    let messages: Vec<Message> = {
        let mut screen = world.screen();
        let _ = screen.click(iced_test::selector::id("composer")).expect("a composer");
        let _ = screen.simulate([shifted]);
        let _ = screen.typewrite("two");
        screen.into_messages().collect()
    };
    for message in messages {
        world.send(message);
    }
    world.write("", Named::Enter);
    world.until_seen("one\ntwo");
}

#[test]
fn reading_up_one_is_told_how_much_is_new() {
    let mut world = World::in_room(&[("tom", "one"), ("tom", "two")]);
    world.room(room::Message::Shown(Shown { first: 0, end: 2, at_end: false }));
    world.hear(ServerFrame::Line(entry(3, "tom", "three").into()));
    assert!(world.sees("1 new"));
    assert_eq!(world.app.title(), "(1) tea — Snug");
    world.room(room::Message::Shown(Shown { first: 1, end: 5, at_end: true }));
    assert_eq!(world.app.title(), "tea — Snug");
    assert!(world.sees("New messages"), "the line stays where the reader left");
}

#[test]
fn what_comes_while_the_window_is_away_counts_in_its_title() {
    let mut world = World::in_room(&[("tom", "one")]);
    world.send(Message::Focused(false));
    world.hear(ServerFrame::Line(entry(2, "tom", "two").into()));
    assert_eq!(world.app.title(), "(1) tea — Snug");
    world.send(Message::Focused(true));
    assert_eq!(world.app.title(), "tea — Snug");
}

#[test]
fn up_in_an_empty_composer_changes_ones_last_message_and_escape_leaves_it() {
    let mut world = World::in_room(&[("maya", "Helo"), ("tom", "Hi")]);
    world.write("", Named::ArrowUp);
    assert!(world.sees("Editing your message"));
    world.write("", Named::Escape);
    assert!(!world.sees("Editing your message"));
}

#[test]
fn up_right_after_sending_changes_that_message_and_not_the_one_before() {
    let mut world = World::in_room(&[("maya", "before")]);
    world.write("Helo", Named::Enter);
    world.write("", Named::ArrowUp);
    assert!(world.sees("Editing your message"));
    world.write(" there", Named::Enter);
    assert!(world.sees("before"), "the older one stays");
    let sends: Vec<_> = world.app.session().unwrap().timeline().outbox().sends().iter().collect();
    assert_eq!(sends.len(), 1, "it is changed when it has come back");
    assert_eq!(sends[0].edit.as_ref().map(|edit| edit.as_str()), Some("Helo there"));
}

#[test]
fn an_invite_is_copied_with_a_press() {
    let mut world = World::in_room(&[("tom", "one")]);
    world.click("Invite");
    assert!(world.sees("Copied"));
    world.until("it was copied", |world| world.copied == ["http://127.0.0.1:1/chat/tea/"]);
}

#[test]
fn a_room_looks_empty_only_once_it_is_known_to_be() {
    let silence = |world: &World| world.sees("Nobody has said anything yet...");
    let mut world = World::joining();
    world.online(3);
    assert!(!silence(&world), "what was said is on its way");
    let mut world = World::joining();
    world.online(0);
    assert!(silence(&world));
}
