//! Links to rooms and to messages in them: typed, pasted, or clicked in a message.

use snug::screen::{ask_room, room};

use crate::{
    with_rooms,
    world::{World, address, known_place},
};

#[test]
fn a_link_to_a_message_opens_its_room_there_once_it_is_online() {
    let mut world = World::new(known_place());
    world.type_into("Invite link or address, for example 192.168.1.20", "http://127.0.0.1:1/chat/garden/#2");
    world.click("Join");
    assert_eq!(world.app.title(), "garden — Snug");
    world.until("the outbox is open", |world| {
        world.app.session().is_some_and(|session| session.target().is_some())
    });
    world.online_in("garden", None, &[("ines", "one"), ("ines", "two"), ("ines", "three")]);
    assert_eq!(world.app.sought(), None, "it is found");
    assert!(world.sees("two") && !world.sees("This room has no message with that number."));
}

#[test]
fn a_link_to_a_message_that_never_was_says_so() {
    for number in ["0", "4", "99999999999999999999999999"] {
        let mut world = World::in_room(&[("tom", "Good morning"), ("ines", "Hello")]);
        world.room(room::Message::Open(format!("http://127.0.0.1:1/chat/tea/#{number}")));
        assert!(world.sees("This room has no message with that number."), "{number}");
        assert_eq!(world.app.sought(), None);
    }
}

#[test]
fn a_link_in_a_message_leads_to_a_room_of_a_server_one_is_on() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.join("garden");
    world.online_in("garden", None, &[("ines", "one"), ("ines", "two")]);
    world.room(room::Message::Open("http://127.0.0.1:1/chat/tea/#1".into()));
    assert_eq!(world.app.title(), "tea — Snug");
    // Also into one that is not joined yet.
    world.room(room::Message::Open("http://127.0.0.1:1/chat/lab/#7".into()));
    assert_eq!((world.app.title(), world.app.sought()), ("lab — Snug".to_owned(), Some(7)));
}

#[test]
fn a_link_is_taken_where_a_room_is_chosen_too() {
    const FIELD: &str = "Find a room, or name a new one";
    let mut world = with_rooms(r#"{"rooms":[{"room":"tea","members":3,"last":9,"last_at":0}]}"#);
    world.type_into(FIELD, "http://127.0.0.1:1/");
    assert!(world.sees("That link leads to no room."));
    world.ask_room(ask_room::Message::Room("ftp://lab/chat/tea/".into()));
    assert!(world.sees(&snug_shared::AddressError::Scheme.to_string()));
    world.ask_room(ask_room::Message::Room("http://127.0.0.1:2/chat/garden/#12".into()));
    assert!(world.sees("tea"), "the list stays");
    world.click("Join");
    assert_eq!((world.app.title(), world.app.sought()), ("garden — Snug".to_owned(), Some(12)));
    let session = world.app.session().expect("a room is open");
    assert_eq!(session.server(), &address("127.0.0.1:2"));
}
