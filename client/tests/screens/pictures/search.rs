//! The search beside a room.

use iced::{Size, keyboard::Modifiers};
use snug_core::history::History;

use super::{
    Layers, Stage, draw,
    room::type_text,
    talk::{self, Talk, arrive, in_room_with, join},
};
use crate::world::World;

/// In a room of which this computer keeps what was said.
fn kept() -> World {
    let mut world = super::world(talk::settings());
    world.app.set_history(History::open(world.home().data_dir()));
    let said = talk::short().says("zoe", "Found it, thank you! Tea is on me 🍵");
    let mut world = in_room_with(world, said);
    join(&mut world, "kitchen");
    let said = Talk::new()
        .at("2026-03-02 12:05")
        .says("ines", "Tea towels are in the second drawer, and the third one is for tea alone.")
        .at("2026-03-06 11:40")
        .says("ben", "Who took the big teapot? Tea for twelve at four!");
    arrive(&mut world, "The lab", "kitchen", said, None);
    world.show("workshop");
    world.app.rooms().history().flush();
    world
}

fn searching(size: Size, everywhere: bool, words: &str) -> Stage {
    let mut stage = Stage::new(kept(), size);
    let modifiers = if everywhere { Modifiers::COMMAND | Modifiers::SHIFT } else { Modifiers::COMMAND };
    stage.window.letter(&mut stage.world, if everywhere { "F" } else { "f" }, modifiers);
    stage.window.focus(&stage.world, "search");
    type_text(&mut stage, words);
    if !words.is_empty() {
        // The server of these pictures is asked as well, and is not there.
        stage.world.until("this computer has answered", |world| {
            world.app.search().is_some_and(|search| !search.is_busy())
        });
    }
    stage.window.frames(&mut stage.world, 2);
    stage
}

#[test]
fn a_search_that_begins() {
    draw("search-begin", Layers::Several, |size| searching(size, false, ""));
}

#[test]
fn what_was_found_in_a_room() {
    draw("search-room", Layers::Several, |size| searching(size, false, "the"));
}

#[test]
fn what_was_found_in_all_rooms() {
    draw("search-everywhere", Layers::Several, |size| {
        let mut stage = searching(size, true, "tea");
        let down = snug::screen::search::Message::Step(1);
        stage.world.send(snug::app::Message::Search(down));
        stage.window.frames(&mut stage.world, 1);
        stage
    });
}

#[test]
fn a_search_that_finds_nothing() {
    draw("search-none", Layers::Several, |size| searching(size, false, "espresso"));
}

#[test]
fn a_search_that_makes_no_sense() {
    draw("search-wrong", Layers::Several, |size| searching(size, false, "tea has:sound"));
}
