//! Ten thousand random switches among the rooms of two servers.

use snug_core::rooms::RoomId;

use super::world::World;
use crate::common::promise::Promise;

const SWITCHES: usize = 10_000;

#[test]
fn ten_thousand_switches_misplace_nothing() {
    let promise = Promise::new("switches between rooms", "0 misplaced, 0 shown in a wrong room");
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(promise.random(), folder.path().to_owned());
    for switch in 0..SWITCHES {
        // Often the same room again, as a double click does it.
        let place = match (world.random.below(5), world.shown) {
            (0, Some((_, place))) => place,
            _ => world.random.below(8) as usize,
        };
        world.switch(place);
        for _ in 0..world.random.below(3) {
            if world.random.below(3) == 0 {
                world.say();
            }
            for _ in 0..world.random.below(40) {
                world.step();
            }
        }
        if switch % 50 == 0 {
            world.check_shown();
        }
    }
    world.leave();
    world.until("left rooms have sent what waited", |world| world.rooms.iter().len() == 0);

    // What a room was closed with before it could be sent goes out on the next visit.
    for place in 0..world.places.len() {
        world.switch(place);
        let sent = |world: &World| {
            let (session, place) = world.shown.expect("a room is shown");
            let session = world.rooms.get(session).expect("it is joined").session();
            let (server, room, _) = &world.places[place];
            session.target().is_some()
                && session.waiting() == 0
                && world.lobby.texts(&RoomId::new(server, room)).len() >= world.said[place].len()
        };
        world.until("all is sent", sent);
        world.check_shown();
    }
    let mut messages = 0;
    for ((server, room, _), said) in world.places.iter().zip(&world.said) {
        let stored = world.lobby.texts(&RoomId::new(server, room));
        assert_eq!(stored, *said, "{server} {room}: each once, in order; {}", promise.replay());
        messages += stored.len();
    }
    assert!(messages > SWITCHES / 10, "enough was said: {messages}");
    promise.kept(format!("{SWITCHES} switches, {messages} messages: 0 misplaced, 0 lost, 0 doubled"));
}
