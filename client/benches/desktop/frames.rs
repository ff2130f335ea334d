//! Frames of a room of 100,000 messages, all of them loaded, at 1280×800: drawn by the processor, without a window.

use iced::{Event, mouse};
use iced_test::simulator;
use snug::{
    app::Message,
    screen::{room, sidebar},
};
use snug_shared::{Body, Emoji, ServerFrame};

use crate::{
    ROOM,
    figures::{repeat, tell, timed},
    made,
    window::{Because, LARGE, SIZE, Window},
    world::World,
};

const TIMES: usize = 200;
/// The pointer's place while the wheel turns: over the messages.
const OVER_ROWS: (f32, f32) = (640.0, 400.0);

/// All figures of frames.
pub fn measure() {
    let mut world = room(ROOM);
    let mut window = Window::new(&mut world);
    tell(
        "frame: a room of 100,000, for the first time",
        vec![window.frame(&mut world, Because::TheAppChanged, &[])],
    );
    assert!(window.inked() > 50_000, "there is something in the window");
    repeat("frame: nothing but the ground", TIMES, |_| window.empty());
    repeat("frame: all of the window anew", TIMES, |_| {
        window.forget();
        window.frame(&mut world, Because::TheAppChanged, &[])
    });
    repeat("frame: nothing has changed", TIMES, |_| window.frame(&mut world, Because::TheAppChanged, &[]));

    typing("frame: a letter typed, at the end", &mut world, &mut window);
    let mut newest = ROOM;
    repeat("frame: a message comes, at the end", TIMES, |_| {
        newest += 1;
        message(&mut world, &mut window, newest)
    });
    check("messages came", &mut world, &mut window);
    wheel("frame: a notch of the wheel, near the end", &mut world, &mut window, 1.0);
    repeat("frame: a message comes, while reading above", TIMES, |_| {
        newest += 1;
        message(&mut world, &mut window, newest)
    });
    typing("frame: a letter typed, while reading above", &mut world, &mut window);

    world.room(room::Message::Go(room::Go::Start));
    let _ = window.frame(&mut world, Because::TheAppChanged, &[]);
    wheel("frame: a notch of the wheel, at the beginning", &mut world, &mut window, -1.0);
    pointer(&mut world, &mut window);
    repeat("frame: a mark on a message in view", TIMES, |at| {
        newest += 1;
        let emoji = Emoji::parse(["👍", "🎉"][at / 2 % 2]).expect("an emoji");
        let body = Body::Reacted { target: 400, emoji, on: at % 2 == 0 };
        hear(&mut world, made::changed(newest, "ada", body));
        window.frame(&mut world, Because::TheAppChanged, &[])
    });
    jumps(&mut world, &mut window);
    large(&mut world);
    tell(
        "frame: the room left",
        vec![timed(|| world.send(Message::Sidebar(sidebar::Message::AnotherServer))).1],
    );
}

/// What depends on the number of pixels.
fn large(world: &mut World) {
    let mut window = Window::of(world, LARGE);
    repeat("frame: nothing but the ground, 2560×1440", TIMES, |_| window.empty());
    repeat("frame: all of the window anew, 2560×1440", TIMES, |_| {
        window.forget();
        window.frame(world, Because::TheAppChanged, &[])
    });
    let size = LARGE;
    let moved = window.point(size.width as f32 / 2.0, size.height as f32 / 2.0);
    let _ = window.frame(world, Because::OfEvents, &[moved]);
    repeat("frame: a notch of the wheel, 2560×1440", TIMES, |_| {
        let delta = mouse::ScrollDelta::Lines { x: 0.0, y: 1.0 };
        window.frame(world, Because::OfEvents, &[Event::Mouse(mouse::Event::WheelScrolled { delta })])
    });
    check("a notch in a large window", world, &mut window);
    let moved = window.point(size.width as f32 / 2.0, size.height as f32 - 52.0);
    let click: Vec<Event> = std::iter::once(moved).chain(simulator::click()).collect();
    let _ = window.frame(world, Because::OfEvents, &click);
    repeat("frame: a letter typed, 2560×1440", TIMES, |at| {
        let letter = if at % 6 == 5 { " " } else { "e" };
        let events: Vec<Event> = simulator::typewrite(letter).collect();
        window.frame(world, Because::OfEvents, &events)
    });
}

/// The app in a room where so much was said, all of it loaded.
pub fn room(messages: u64) -> World {
    let mut world = World::joining();
    world.online(messages);
    world.hear(ServerFrame::Entries { entries: made::lines(1..=messages), live: true });
    world
}

fn hear(world: &mut World, entry: snug_shared::Entry) {
    world.hear(ServerFrame::Line(entry.into()));
}

fn message(world: &mut World, window: &mut Window, seq: u64) -> std::time::Duration {
    let entry = made::entry(seq);
    let ((), folded) = timed(|| hear(world, entry));
    folded + window.frame(world, Because::TheAppChanged, &[])
}

fn typing(what: &str, world: &mut World, window: &mut Window) {
    let moved = window.point(600.0, SIZE.height as f32 - 52.0);
    let events: Vec<Event> = std::iter::once(moved).chain(simulator::click()).collect();
    let _ = window.frame(world, Because::OfEvents, &events);
    // Long enough that the text breaks into lines and the box grows.
    repeat(what, TIMES, |at| {
        let letter = if at % 6 == 5 { " " } else { "e" };
        let events: Vec<Event> = simulator::typewrite(letter).collect();
        window.frame(world, Because::OfEvents, &events)
    });
    world.room(room::Message::Submit);
    let _ = window.frame(world, Because::TheAppChanged, &[]);
}

fn wheel(what: &str, world: &mut World, window: &mut Window, y: f32) {
    let moved = window.point(OVER_ROWS.0, OVER_ROWS.1);
    let _ = window.frame(world, Because::OfEvents, &[moved]);
    repeat(what, TIMES, |_| {
        let delta = mouse::ScrollDelta::Lines { x: 0.0, y };
        window.frame(world, Because::OfEvents, &[Event::Mouse(mouse::Event::WheelScrolled { delta })])
    });
    check(what, world, window);
}

/// Where letters lean out of the stretch that was drawn, a few pixels may differ.
fn check(what: &str, world: &mut World, window: &mut Window) {
    let wrong = window.wrong(world);
    assert!(wrong < 100, "{what}: {wrong} pixels are not what they should be");
}

fn pointer(world: &mut World, window: &mut Window) {
    repeat("frame: the pointer moves from message to message", TIMES, |at| {
        let moved = window.point(OVER_ROWS.0, 120.0 + (at * 37 % 500) as f32);
        window.frame(world, Because::OfEvents, &[moved])
    });
}

/// From one end of the room to the other.
fn jumps(world: &mut World, window: &mut Window) {
    repeat("frame: from one end to the other", 20, |at| {
        let end = if at % 2 == 0 { room::Go::End } else { room::Go::Start };
        let ((), taken) = timed(|| world.room(room::Message::Go(end)));
        taken + window.frame(world, Because::TheAppChanged, &[])
    });
}
