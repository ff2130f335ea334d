//! The list of rooms, and the ways from one to another.

use iced::{
    Point, Size,
    keyboard::{Modifiers, key::Named},
};
use snug::screen::sidebar;
use snug_core::{connection::Event, rooms::Level};

use super::{
    Layers, Stage, draw,
    room::type_text,
    talk::{self, SERVER, Talk, arrive, in_room, join, join_at},
};
use crate::world::{World, address};

const LAB: &str = "The lab";
const OTHER: &str = "192.0.2.44";

fn act(world: &mut World, room: &str, act: sidebar::Act) {
    let session = world.session_of(room);
    talk::list(world, sidebar::Message::Act(session, act));
}

/// In many rooms on three servers, with something to say about each of them.
fn many() -> World {
    many_beside(talk::short())
}

/// The same, with this said in the room that is shown.
pub fn many_beside(said: Talk) -> World {
    let mut world = in_room(said);
    for (room, said) in [
        ("standup", Talk::new().says("zoe", "Ten minutes, standing.")),
        ("kitchen", Talk::new().says("ines", "Who cooks on Friday?")),
        ("3d printing", Talk::new().says("ben", "PETG is in the dry box.")),
        ("garden", Talk::new().says("noor", "The beans are up.")),
        ("random", Talk::new().says("kenji", "🐈")),
        ("electronics for absolute beginners on Saturdays", Talk::new().says("zoe", "Boxes.")),
    ] {
        join(&mut world, room);
        arrive(&mut world, LAB, room, said, None);
    }
    for room in ["soldering", "members"] {
        join_at(&mut world, OTHER, room);
        arrive(&mut world, "Hackspace", room, Talk::new().says("zoe", "Hello."), None);
    }
    world.show("garden");
    let mut stage = Stage::new(world, Size::new(1_280.0, 800.0));
    type_text(&mut stage, "half a thought");
    let mut world = stage.world;
    world.show("workshop");
    act(&mut world, "workshop", sidebar::Act::Pin(true));
    act(&mut world, "random", sidebar::Act::Notify(Level::Nothing));
    world.hear_in("kitchen", 2, "ines", "@maya, you said you would?");
    world.hear_in("kitchen", 3, "ines", "@maya?");
    world.hear_in("3d printing", 2, "ben", "The new nozzle is here.");
    world.hear_in("random", 2, "kenji", "🐈🐈");
    world.hear_in("members", 2, "zoe", "Keys are in the safe.");
    world
}

/// A message waits in a room whose server is away for longer than a moment, and another room stays closed.
fn with_trouble() -> World {
    let mut world = many();
    join_at(&mut world, "192.0.2.77", "archive");
    let reason = || "Connection lost.".to_owned();
    let retry_at = std::time::Instant::now();
    world.connection_of("archive", Event::Offline { reason: reason(), retry_at });
    world.connection_of("standup", Event::Offline { reason: reason(), retry_at });
    world.show("standup");
    world.write("I am late", Named::Enter);
    world.until_seen("I am late");
    let refused = Event::Stopped { reason: "This room is closed.".into(), suggestion: None };
    world.connection_of("soldering", refused);
    world.show("workshop");
    world.until("a server is away for a while", |world| {
        let mut rooms = world.app.rooms().iter();
        rooms.any(|joined| {
            joined.room()
                == &snug_core::rooms::RoomId::new(&address("192.0.2.77"), &crate::world::room_name("archive"))
                && joined.away_since().elapsed().as_millis() > 4_100
        })
    });
    talk::list(&mut world, sidebar::Message::Hover(false));
    world
}

#[test]
fn many_rooms_on_several_servers() {
    draw("list-many", Layers::One, |size| Stage::new(with_trouble(), size));
}

#[test]
fn the_list_over_a_room_in_a_narrow_window() {
    draw("list-open", Layers::Several, |size| {
        let mut world = many();
        talk::list(&mut world, sidebar::Message::Open(true));
        Stage::new(world, size)
    });
}

#[test]
fn what_can_be_done_with_a_room() {
    draw("list-menu", Layers::Several, |size| {
        let mut world = many();
        act(&mut world, "kitchen", sidebar::Act::Notify(Level::All));
        let kitchen = world.session_of("kitchen");
        let mut stage = Stage::new(world, size);
        talk::list(&mut stage.world, sidebar::Message::Ask(kitchen, Point::new(120.0, 190.0)));
        stage.window.frames(&mut stage.world, 1);
        stage.window.point(&mut stage.world, Point::new(190.0, 320.0));
        stage
    });
}

#[test]
fn what_can_be_set_for_all_rooms() {
    draw("list-oneself", Layers::Several, |size| {
        let mut stage = Stage::new(many(), size);
        let at = Point::new(208.0, size.height - 28.0);
        talk::list(&mut stage.world, sidebar::Message::AskOneself(at));
        stage.window.frames(&mut stage.world, 1);
        stage
    });
}

fn switching(size: Size, letters: &str) -> Stage {
    let mut stage = Stage::new(many(), size);
    stage.window.letter(&mut stage.world, "k", Modifiers::COMMAND);
    type_text(&mut stage, letters);
    stage.window.frames(&mut stage.world, 1);
    stage
}

#[test]
fn another_room_by_letters_of_its_name() {
    draw("switch-rooms", Layers::Several, |size| switching(size, ""));
    draw("switch-found", Layers::Several, |size| switching(size, "ro"));
    draw("switch-none", Layers::Several, |size| switching(size, "zzz"));
}

#[test]
fn a_server_that_is_folded() {
    draw("list-folded", Layers::One, |size| {
        let mut world = many();
        talk::list(&mut world, sidebar::Message::Fold(address(OTHER)));
        talk::list(&mut world, sidebar::Message::Fold(address(SERVER)));
        Stage::new(world, size)
    });
}
