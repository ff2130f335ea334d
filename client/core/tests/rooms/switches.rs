//! Ten thousand random switches among the rooms of two servers, all of which stay alive: others speak in them meanwhile, now and
//! then one is left, and now and then the app ends and begins again.

use snug_core::rooms::RoomId;

use super::world::World;
use crate::common::promise::Promise;

const SWITCHES: usize = 10_000;
/// The app begins again after so many.
const RESTART: usize = 499;

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
        if world.random.below(20) == 0 {
            world.leave(place);
        }
        for _ in 0..world.random.below(3) {
            if world.random.below(3) == 0 && world.shown.is_some() {
                world.say();
            }
            if world.random.below(3) == 0 {
                world.others_speak();
            }
            for _ in 0..world.random.below(40) {
                world.step();
            }
        }
        if switch % 50 == 0 {
            world.check_shown();
        }
        if switch % RESTART == RESTART - 1 {
            world.restart();
        }
    }
    let alive = world.rooms.iter().count();
    assert!(alive > 1, "several rooms are alive at once: {alive}");
    for place in 0..world.places.len() {
        world.leave(place);
    }
    world.until("left rooms have sent what waited", |world| world.rooms.open_sessions().len() == 0);
    visit_all(&mut world);
    world.until("every room has come to its newest entry", |world| {
        world
            .rooms
            .iter()
            .all(|joined| joined.session().timeline().newest() == world.lobby.last(joined.room()))
    });
    world.check_all();
    let mut messages = 0;
    for ((server, room, _), said) in world.places.iter().zip(&world.said) {
        let stored = world.lobby.texts(&RoomId::new(server, room));
        assert_eq!(stored, *said, "{server} {room}: each once, in order; {}", promise.replay());
        messages += stored.len();
    }
    assert!(messages > SWITCHES / 10, "enough was said: {messages}");
    assert!(world.told.len() > SWITCHES / 10, "enough came elsewhere: {}", world.told.len());
    promise.kept(format!("{SWITCHES} switches, {messages} messages: 0 misplaced, 0 lost, 0 doubled"));
}

/// What a room was closed with before it could be sent goes out on the next visit.
fn visit_all(world: &mut World) {
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
}
