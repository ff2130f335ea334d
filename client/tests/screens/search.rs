//! The search beside a room: by keys, over this computer and the server, and back.

use iced::keyboard::{Modifiers, key::Named};
use snug::{
    app::Message,
    screen::{
        room,
        search::{self, SearchPanel},
    },
    widget::virtual_list::Shown,
};
use snug_core::{history::History, search::Search};
use snug_shared::{Line, ServerFrame};

use super::world::{World, combination, entry, known_place, pressed};

const FIELD: &str = "Words, from:name, before:2026-12-01…";

/// In the room "tea" with these messages, which this computer keeps.
fn in_room(messages: &[(&str, &str)]) -> World {
    let mut world = World::new(known_place());
    world.app.set_history(History::open(world.home().data_dir()));
    world.click("tea");
    world.until("what is kept is open", |world| {
        world.app.session().is_some_and(|session| session.target().is_some())
    });
    world.online(messages.len() as u64);
    let entries: Vec<Line> =
        (1..).zip(messages).map(|(seq, (user, text))| entry(seq, user, text).into()).collect();
    world.hear(ServerFrame::Entries { entries, live: true });
    world.app.rooms().history().flush();
    world
}

fn searching(world: &World) -> &Search {
    world.app.search().expect("the search is open")
}

fn found(world: &World) -> Vec<(String, u64)> {
    searching(world).hits().iter().map(|hit| (hit.room.to_string(), hit.seq)).collect()
}

fn look_for(world: &mut World, text: &str) {
    world.type_into(FIELD, text);
    world.until("everything has answered", |world| !searching(world).is_busy());
}

#[test]
fn ctrl_f_finds_what_was_said_here_and_esc_closes_it() {
    let mut world = in_room(&[("tom", "the kettle"), ("maya", "a cup"), ("tom", "kettles, many")]);
    world.press(Some("composer"), combination("f", Modifiers::CTRL));
    assert!(world.sees("Search tea"));
    world.until("the field has the caret", |world| world.focused.contains(&"search"));
    look_for(&mut world, "KETTLE");
    assert_eq!(found(&world), [("tea".to_owned(), 3), ("tea".to_owned(), 1)]);
    assert!(world.sees("Only what this computer has seen. Not searched: 127.0.0.1:1."));
    world.press(None, pressed(Named::ArrowDown));
    world.press(None, pressed(Named::ArrowDown));
    assert_eq!(searching(&world).chosen().map(|hit| hit.seq), Some(1));
    world.send(Message::Search(search::Message::Submit));
    assert!(world.app.search().is_some(), "it stays beside the room");
    world.press(None, pressed(Named::Escape));
    assert!(world.app.search().is_none() && world.sees("a cup"));
}

#[test]
fn what_is_typed_right_after_ctrl_f_is_looked_for() {
    let mut world = in_room(&[("tom", "the kettle")]);
    world.press(Some("composer"), combination("f", Modifiers::CTRL));
    // Before the task that gives the field the caret has run.
    world.type_text("kettle");
    assert_eq!(searching(&world).text(), "kettle");
}

#[test]
fn ctrl_shift_f_finds_what_was_said_in_any_room_and_leads_there_and_back() {
    let mut world = in_room(&[("tom", "the kettle")]);
    world.join("lab");
    world.online_in("lab", None, &[("zoe", "no such thing"), ("zoe", "a kettle here")]);
    world.app.rooms().history().flush();
    world.press(Some("composer"), combination("F", Modifiers::CTRL | Modifiers::SHIFT));
    assert!(world.sees("Search all rooms"));
    look_for(&mut world, "kettle from:tom");
    assert_eq!(found(&world), [("tea".to_owned(), 1)]);
    world.send(Message::Search(search::Message::Pick(0)));
    assert_eq!(world.app.session().unwrap().room().as_str(), "tea");
    assert!(world.sees("Search all rooms"), "it stays beside the room");
    #[cfg(target_os = "linux")]
    assert_eq!(crate::drawn::marked_rows(&mut world), 1, "the hit is told from the messages around it");
    #[cfg(target_os = "linux")]
    {
        world.room(room::Message::Go(room::Go::End));
        assert_eq!(crate::drawn::marked_rows(&mut world), 0, "until one goes elsewhere");
    }
    world.press(None, pressed(Named::Escape));
    assert_eq!(world.app.session().unwrap().room().as_str(), "lab");
    assert!(!world.sees("Search all rooms"));
}

#[test]
fn a_room_that_a_hit_led_to_is_left_where_its_reader_was() {
    let mut world = in_room(&[("tom", "the kettle"), ("tom", "a cup"), ("tom", "a spoon")]);
    world.room(room::Message::Shown(Shown { first: 0, end: 5, at_end: true }));
    world.join("lab");
    world.online_in("lab", None, &[("zoe", "no such thing")]);
    let tea = |world: &World| {
        let mut rooms = world.app.rooms().iter();
        rooms.find(|joined| joined.session().room().as_str() == "tea").unwrap().place().scroll
    };
    assert_eq!(tea(&world), None, "its newest message was in view");
    world.press(Some("composer"), combination("F", Modifiers::CTRL | Modifiers::SHIFT));
    look_for(&mut world, "kettle");
    world.send(Message::Search(search::Message::Submit));
    world.room(room::Message::Shown(Shown { first: 0, end: 2, at_end: false }));
    world.press(None, pressed(Named::Escape));
    assert_eq!(world.app.session().unwrap().room().as_str(), "lab");
    assert_eq!(tea(&world), None, "the search has not moved its reader");
}

#[test]
fn a_narrow_window_shows_the_search_and_then_the_message() {
    let mut world = in_room(&[("tom", "the kettle")]);
    world.resize(600.0, 700.0);
    world.press(Some("composer"), combination("f", Modifiers::CTRL));
    look_for(&mut world, "kettle");
    assert!(world.sees("Search tea"));
    world.send(Message::Search(search::Message::Submit));
    assert!(!world.sees("Search tea"));
    assert!(world.app.search().is_none());
}

#[test]
fn beside_a_search_the_name_of_the_room_stays_before_all_other_words() {
    let mut world = in_room(&[("tom", "the kettle")]);
    world.resize(960.0, 840.0);
    assert!(world.sees("Set a topic"));
    world.press(Some("composer"), combination("f", Modifiers::CTRL));
    assert!(world.sees("Search tea") && !world.sees("Set a topic"));
    world.resize(1280.0, 840.0);
    assert!(world.sees("Search tea") && world.sees("Set a topic"));
}

#[test]
fn what_a_filter_takes_is_said_where_it_makes_no_sense() {
    let mut world = in_room(&[("tom", "the kettle")]);
    world.press(Some("composer"), combination("f", Modifiers::CTRL));
    assert!(world.sees("Narrow a search with from:, in:, before:, after: and has:link."));
    look_for(&mut world, "kettle has:sound");
    assert!(world.sees("“has:” takes link, file or image."));
}

#[test]
fn only_the_keys_of_a_search_are_taken_from_the_room() {
    assert!(SearchPanel::key(&iced::keyboard::Key::Named(Named::PageUp)).is_none());
}
