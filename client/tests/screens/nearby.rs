//! The servers that were found on the network, on the first screen.

use snug::screen::landing::nearby;
use snug_core::{
    api::ApiError,
    discovery::{Found, SeenBy},
};
use snug_shared::{ServerId, api::RoomList, api::TlsMode};

use crate::world::{World, address, known_place, made::known_name, room_name};

const LAB: &str = "192.168.1.20";

/// A server that was found; `place` tells servers apart.
pub fn found(place: u8, name: &str, addresses: &[&str], rooms: u32, people: u32) -> Found {
    let id = char::from(b'a' + place).to_string().repeat(26);
    Found {
        id: ServerId::parse(&id).expect("an id"),
        name: name.to_owned(),
        addresses: addresses.iter().map(|it| address(it)).collect(),
        tls: TlsMode::Off,
        fingerprint: None,
        rooms,
        people,
        seen_by: SeenBy { dns_sd: true, datagram: false },
    }
}

/// What a server tells of its rooms: their names, and how many are there.
pub fn rooms(rooms: &[(&str, u32)]) -> RoomList {
    let rooms: Vec<_> = rooms
        .iter()
        .map(|(room, members)| serde_json::json!({"room": room, "members": members, "last": 1, "last_at": 0}))
        .collect();
    serde_json::from_value(serde_json::json!({ "rooms": rooms })).expect("rooms")
}

/// A first screen on which “The lab” was found.
fn with_the_lab(addresses: &[&str]) -> World {
    let mut world = World::new(known_name("maya"));
    world.nearby(nearby::Message::Found(vec![found(0, "The lab", addresses, 4, 9)]));
    let four = rooms(&[("workshop", 7), ("kitchen", 2), ("garden", 0), ("attic", 0)]);
    world.nearby(nearby::Message::Listed(address(addresses[0]), Ok(four)));
    world
}

#[test]
fn a_server_that_is_found_is_listed_with_its_rooms_and_a_click_joins_one() {
    let mut world = with_the_lab(&[LAB]);
    for text in
        ["On this network", "The lab", "4 rooms · 9 people", "workshop", "7 here", "kitchen", "garden"]
    {
        assert!(world.sees(text), "“{text}” is not seen");
    }
    assert!(!world.sees("attic"), "only the first rooms are shown");
    world.click("kitchen");
    world.until("one is in the room", |world| {
        world.app.shown().is_some_and(|joined| {
            *joined.session().room() == room_name("kitchen") && *joined.session().server() == address(LAB)
        })
    });
}

#[test]
fn a_click_on_a_server_that_was_found_shows_all_its_rooms() {
    let mut world = with_the_lab(&[LAB]);
    world.click("The lab");
    assert!(world.sees("attic") && world.sees("Find a room, or name a new one"));
}

#[test]
fn a_server_that_is_gone_leaves_the_list() {
    let mut world = with_the_lab(&[LAB]);
    world.nearby(nearby::Message::Found(Vec::new()));
    assert!(!world.sees("The lab") && !world.sees("workshop"));
    // What it said last comes late.
    world.nearby(nearby::Message::Listed(address(LAB), Ok(rooms(&[("workshop", 7)]))));
    assert!(!world.sees("workshop"));
}

#[test]
fn only_after_three_seconds_it_says_that_there_are_none() {
    let mut world = World::new(known_name("maya"));
    for step in 0..6 {
        let dots = ["…", ".", ".."][step % 3];
        assert!(world.sees(&format!("Looking for servers on your network{dots}")), "step {step}");
        world.nearby(nearby::Message::Step);
    }
    assert!(world.sees("None found yet. Snug keeps looking."));
}

#[test]
fn a_place_that_one_knows_says_whether_it_is_there() {
    let mut world = World::new(known_place());
    let known = address("127.0.0.1:1");
    // Nothing listens there.
    world.nearby(nearby::Message::Refresh);
    world.until_seen("Not reachable");
    world.nearby(nearby::Message::Listed(known.clone(), Ok(rooms(&[("tea", 3)]))));
    assert!(world.sees("3 here"));
    world.nearby(nearby::Message::Listed(known, Ok(rooms(&[]))));
    assert!(world.sees("Nobody here"));
}

#[test]
fn servers_of_one_name_are_told_apart_by_their_addresses() {
    let mut world = with_the_lab(&[LAB]);
    let address = address(LAB).to_string();
    assert!(!world.sees(&address));
    let two = vec![found(0, "The lab", &[LAB], 0, 0), found(1, "The lab", &["192.168.1.30:8001"], 1, 0)];
    world.nearby(nearby::Message::Found(two));
    assert!(world.sees(&address) && world.sees("192.168.1.30:8001"));
    assert!(world.sees("No rooms yet") && world.sees("1 room · nobody here"));
}

#[test]
fn a_room_one_is_in_is_shown_and_not_joined_again_by_another_address() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let server = world.app.session().expect("a room").server().clone();
    world.send(snug::app::Message::Sidebar(snug::screen::sidebar::Message::AnotherServer));
    let addresses = [LAB.to_owned(), server.to_string()];
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    world.nearby(nearby::Message::Found(vec![found(0, "The lab", &addresses, 1, 2)]));
    world.nearby(nearby::Message::Listed(address(LAB), Ok(rooms(&[("tea", 2)]))));
    let id = found(0, "The lab", &[], 0, 0).id;
    world.nearby(nearby::Message::Room(id, room_name("tea")));
    assert!(world.sees("Good morning"));
    assert_eq!(world.app.rooms().iter().count(), 1);
}

#[test]
fn a_server_that_does_not_tell_its_rooms_can_be_gone_to_all_the_same() {
    let mut world = World::new(known_name("maya"));
    world.nearby(nearby::Message::Found(vec![found(0, "The lab", &[LAB], 4, 9)]));
    world.nearby(nearby::Message::Listed(address(LAB), Err(ApiError::Lost(LAB.into()))));
    world.click("The lab");
    assert!(world.sees("Loading the rooms…"));
}
