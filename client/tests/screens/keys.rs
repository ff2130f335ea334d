//! Keys: where they go, and what is never text.

use iced::keyboard::{Modifiers, key::Named};
use snug::{
    app::Message,
    screen::{ask_room, landing},
};
use snug_core::connection::Event;

use crate::{
    with_rooms,
    world::{World, combination, known_place, nickname, pressed},
};

/// How much waits to be sent.
fn waiting(world: &World) -> Option<usize> {
    world.app.session().map(|session| session.waiting())
}

#[test]
fn what_is_typed_with_the_caret_elsewhere_reaches_the_composer() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    for letter in ["h", "e", "l", "l", "o"] {
        world.press(None, combination(letter, Modifiers::empty()));
    }
    world.press(None, pressed(Named::Enter));
    world.until_seen("hello");
}

#[test]
fn combinations_with_ctrl_and_alt_are_no_text_in_any_field() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let strange = [Modifiers::CTRL, Modifiers::ALT, Modifiers::CTRL | Modifiers::ALT, Modifiers::LOGO];
    for modifiers in strange {
        for letter in ["j", "1", ";"] {
            world.press(Some("composer"), combination(letter, modifiers));
            world.press(None, combination(letter, modifiers));
        }
    }
    world.press(Some("composer"), pressed(Named::Enter));
    assert_eq!(waiting(&world), Some(0), "the composer is empty");
    // Shift makes another letter, and that is text.
    world.press(Some("composer"), combination("B", Modifiers::SHIFT));
    world.write("", Named::Enter);
    world.until_seen("B");

    let mut world = with_rooms(r#"{"rooms":[]}"#);
    world.press(Some("Find a room, or name a new one"), combination("b", Modifiers::ALT));
    assert!(world.sees("Find a room, or name a new one"), "the field is empty");
}

#[test]
fn commands_are_never_posted() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("/help", Named::Enter);
    assert!(world.sees("Enter sends, Shift+Enter starts a new line, ↑ edits your last message, Esc cancels. “/\u{2060}nick NAME” changes your nickname here. “/\u{2060}topic WORDS” sets the room’s topic."));
    world.write("/shrug hi", Named::Enter);
    assert!(world.sees("There is no command “/shrug”. Put a space before it to send it as text."));
    assert_eq!(waiting(&world), Some(0));
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("/nick Zoe", Named::Enter);
    assert_eq!(world.app.session().map(|session| session.nickname().clone()), Some(nickname("Zoe")));
    assert_eq!(waiting(&world), Some(0));
    world.write("/etc/hosts is a file", Named::Enter);
    world.until_seen("/etc/hosts is a file");
}

#[test]
fn escape_cancels_on_every_screen() {
    // The first screen: the question to a server.
    let mut world = World::new(known_place());
    world.landing(landing::Message::Address("127.0.0.1:1".into()));
    world.landing(landing::Message::Join);
    assert!(world.sees("Looking for 127.0.0.1:1…"));
    world.press(Some("127.0.0.1:1"), pressed(Named::Escape));
    assert!(!world.sees("Looking for 127.0.0.1:1…"));
    // The choice of a room: back, also out of a field.
    let mut world = with_rooms(r#"{"rooms":[]}"#);
    world.press(Some("Find a room, or name a new one"), pressed(Named::Escape));
    assert!(world.sees("What should people call you?"));
    // A room that is being joined: back to the choice.
    let mut world = World::joining();
    world.press(Some("composer"), pressed(Named::Escape));
    assert!(world.sees("Find a room, or name a new one"));
}

#[test]
fn enter_does_what_the_button_beside_it_says() {
    let mut world = World::new(known_place());
    world.landing(landing::Message::Address("127.0.0.1:1".into()));
    world.press(Some("maya"), pressed(Named::Enter));
    assert!(world.sees("Looking for 127.0.0.1:1…"), "after the name, the address that was typed is joined");
    // The free name is the primary button.
    let mut world = World::joining();
    world.connection(Event::Stopped {
        reason: "“maya” is in use in this room.".into(),
        suggestion: Some(nickname("maya2")),
    });
    world.press(Some("tea"), pressed(Named::Enter));
    world.until("the room is open under the free name", |world| {
        world.app.session().is_some_and(|session| session.nickname() == &nickname("maya2"))
    });
    let mut world = with_rooms(r#"{"rooms":[]}"#);
    world.ask_room(ask_room::Message::Room("attic".into()));
    world.press(Some("attic"), pressed(Named::Enter));
    assert_eq!(world.app.title(), "attic — Snug");
}

#[test]
fn a_click_and_tab_leave_the_caret_where_one_writes() {
    // With one field, iced's own Tab would take the caret out of it.
    let mut world = World::in_room(&[("tom", "Good morning")]);
    for message in [Message::Pressed, Message::Key(pressed(Named::Tab))] {
        world.focused.clear();
        world.send(message);
        world.until("the composer was given the caret", |world| world.focused == ["composer"]);
    }
}
