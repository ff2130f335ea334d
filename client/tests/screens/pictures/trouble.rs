//! What went wrong: no connection, messages that wait or failed, rooms that let nobody in.

use std::time::{Duration, Instant};

use iced::{Size, keyboard::key::Named};
use snug_core::connection::Event;
use snug_shared::{ErrorCode, ErrorFrame, ServerFrame};

use super::{
    Layers, Stage, draw,
    talk::{self, arrive, in_room},
};
use crate::{
    last_id,
    world::{World, nickname},
};

fn offline(world: &mut World) {
    let retry_at = Instant::now();
    world.connection(Event::Offline { reason: "Connection lost.".into(), retry_at });
}

/// The connection is away for longer than what is not worth a word.
fn for_a_while(world: &mut World) {
    world.until("it is away for a while", |world| {
        world.app.shown().is_some_and(|joined| joined.away_since().elapsed() > Duration::from_secs(1))
    });
}

fn say(world: &mut World, text: &str) {
    world.write(text, Named::Enter);
    world.until_seen(text);
}

#[test]
fn a_room_that_is_being_joined() {
    draw("trouble-joining", Layers::One, |size| {
        let mut world = talk::joining();
        for_a_while(&mut world);
        Stage::new(world, size)
    });
}

#[test]
fn a_connection_that_was_lost_and_messages_that_wait() {
    draw("trouble-offline", Layers::One, |size| {
        let mut world = in_room(talk::short());
        offline(&mut world);
        say(&mut world, "Does anybody hear me?");
        say(&mut world, "I bring the cable anyway.");
        Stage::new(world, size)
    });
}

#[test]
fn a_connection_that_is_made_again() {
    draw("trouble-connecting", Layers::One, |size| {
        let mut world = in_room(talk::short());
        offline(&mut world);
        for_a_while(&mut world);
        let handle = world.handle();
        world.connection(Event::Connecting { handle });
        Stage::new(world, size)
    });
}

#[test]
fn a_room_that_lets_one_in_no_more() {
    let stopped = |size: Size, reason: &str, free: Option<&str>| {
        let mut world = in_room(talk::short());
        let suggestion = free.map(nickname);
        world.connection(Event::Stopped { reason: reason.into(), suggestion });
        Stage::new(world, size)
    };
    draw("trouble-name-taken", Layers::One, |size| {
        stopped(size, "“maya” is in use in this room.", Some("maya2"))
    });
    draw("trouble-full", Layers::One, |size| stopped(size, "The room or the server is full.", None));
}

#[test]
fn a_message_that_was_refused() {
    draw("trouble-failed", Layers::One, |size| {
        let mut world = in_room(talk::short());
        say(&mut world, "And another thing about the oven.");
        let id = Some(last_id(&world));
        let words = "Only moderators may speak here.";
        let error = ErrorFrame { id, ..ErrorFrame::new(ErrorCode::NotAllowed, words) };
        world.hear(ServerFrame::Error(error));
        world.until_seen("Failed to send");
        Stage::new(world, size)
    });
}

#[test]
fn messages_that_are_not_here_and_a_history_that_began_anew() {
    draw("trouble-holes", Layers::One, |size| {
        let mut world = in_room(talk::short());
        offline(&mut world);
        let mut established = talk::greeting("The lab", "workshop", 4, Some(0));
        established.epoch = "two".into();
        let (handle, _) = snug_core::connection::Handle::channel();
        world.connection(Event::Online { handle, established: Box::new(established) });
        let said = talk::Talk::new().at("2026-03-06 15:40").says("zoe", "The disk is new. Hello again!");
        arrive(&mut world, "The lab", "workshop", said, None);
        Stage::new(world, size)
    });
}
