//! Selecting over messages, what is copied, and what can be done with one of them, by pointer and keyboard.

use iced::{
    Event, Point,
    keyboard::{Modifiers, key::Named},
    mouse,
};
use snug::{
    app::Message,
    screen::{self, room},
};
use snug_core::format;
use snug_shared::{Body, Emoji, Entry, Intent, MessageText, ServerFrame};

use crate::{
    window::Window,
    world::{World, combination, entry},
};

const AT: i64 = 1_750_000_000_000;
const NONE: Modifiers = Modifiers::empty();

/// Twelve messages of two people.
fn twelve() -> World {
    let said: Vec<(String, String)> = (1..=12)
        .map(|number| {
            let who = if number % 3 == 0 { "ines" } else { "tom" };
            let text =
                if number == 7 { "message 7\nin two lines".to_owned() } else { format!("message {number}") };
            (who.to_owned(), text)
        })
        .collect();
    World::in_room(&said.iter().map(|(who, text)| (who.as_str(), text.as_str())).collect::<Vec<_>>())
}

fn line(world: &World, who: &str, text: &str) -> String {
    let zone = world.app.session().expect("a room").timeline().zone();
    format!("{who}, {}: {text}", format::clock(AT, zone))
}

/// A point in the first letters, or the last ones, of a text.
fn edge(window: &mut Window, world: &World, text: &str, is_end: bool) -> Point {
    let place = window.place(world, text);
    Point::new(if is_end { place.x + place.width + 20.0 } else { place.x + 1.0 }, place.center_y())
}

/// Presses Ctrl+C, and waits for what is copied.
fn copy(window: &mut Window, world: &mut World) -> String {
    world.copied.clear();
    window.letter(world, "c", Modifiers::CTRL);
    world.until("something was copied", |world| !world.copied.is_empty());
    world.copied.pop().unwrap_or_default()
}

#[test]
fn a_drag_across_twelve_messages_copies_a_line_for_each_and_offers_it_to_the_middle_button() {
    let mut world = twelve();
    let mut window = Window::new(&mut world, 1100.0, 900.0);
    let from = edge(&mut window, &world, "message 1", false);
    let to = edge(&mut window, &world, "message 12", true);
    for (from, to) in [(from, to), (to, from)] {
        window.drag(&mut world, from, to);
        let copied = copy(&mut window, &mut world);
        let lines: Vec<String> = (1..=12)
            .map(|number| {
                let who = if number % 3 == 0 { "ines" } else { "tom" };
                let text =
                    if number == 7 { "message 7\nin two lines".into() } else { format!("message {number}") };
                line(&world, who, &text)
            })
            .collect();
        assert_eq!(copied, lines.join("\n"));
        if cfg!(target_os = "linux") {
            world.until("it was offered", |world| !world.primary.is_empty());
            assert_eq!(world.primary.pop().as_deref(), Some(copied.as_str()));
        }
    }
}

#[test]
fn a_drag_so_quick_that_its_events_come_at_once_begins_where_it_was_pressed() {
    let mut world = twelve();
    let mut window = Window::new(&mut world, 1100.0, 900.0);
    let from = edge(&mut window, &world, "message 1", false);
    let to = edge(&mut window, &world, "message 3", true);
    window.point(&mut world, to);
    let moved = |position| Event::Mouse(mouse::Event::CursorMoved { position });
    let button = |event: fn(mouse::Button) -> mouse::Event| Event::Mouse(event(mouse::Button::Left));
    let (down, up) = (button(mouse::Event::ButtonPressed), button(mouse::Event::ButtonReleased));
    window.events(&mut world, &[moved(from), down, moved(to), up]);
    assert_eq!(copy(&mut window, &mut world).lines().count(), 3);
}

#[test]
fn keys_that_come_at_once_do_the_same_as_one_after_the_other() {
    let mut world = twelve();
    let mut window = Window::new(&mut world, 1100.0, 900.0);
    let [all, copy] = ["a", "c"].map(|letter| Event::Keyboard(combination(letter, Modifiers::CTRL)));
    // As when the app was busy meanwhile: they all come before the screen shows what the first one did.
    window.events(&mut world, &[all.clone(), copy.clone()]);
    world.until("the messages were copied", |world| !world.copied.is_empty());
    assert_eq!(world.copied.pop().unwrap_or_default().lines().count(), 13);
    window.key(&mut world, Named::Escape, NONE);
    let letter = Event::Keyboard(combination("x", NONE));
    window.events(&mut world, &[letter, all, copy]);
    world.until("what is written was copied", |world| !world.copied.is_empty());
    assert_eq!(world.copied, ["x"]);
}

#[test]
fn a_part_of_one_message_is_copied_as_it_is() {
    let mut world = World::in_room(&[("tom", "Good morning, everybody")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    let place = window.place(&world, "Good morning, everybody");
    let middle = Point::new(place.x + place.width * 0.5, place.center_y());
    window.drag(&mut world, middle, Point::new(place.x + place.width + 50.0, place.center_y()));
    let copied = copy(&mut window, &mut world);
    assert!("Good morning, everybody".ends_with(&copied) && (5..18).contains(&copied.len()), "{copied}");
}

#[test]
fn a_double_click_takes_a_word_a_third_the_message_and_shift_reaches_further() {
    let mut world = World::in_room(&[("tom", "Good morning, everybody"), ("ines", "Hello")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    let place = window.place(&world, "Good morning, everybody");
    let at = Point::new(place.x + place.width * 0.4, place.center_y());
    window.click(&mut world, at);
    window.click(&mut world, at);
    assert_eq!(copy(&mut window, &mut world), "morning");
    window.click(&mut world, at);
    assert_eq!(copy(&mut window, &mut world), "Good morning, everybody");
    let further = edge(&mut window, &world, "Hello", true);
    window.hold(&mut world, Modifiers::SHIFT);
    window.click(&mut world, further);
    window.hold(&mut world, NONE);
    let both = [line(&world, "tom", "Good morning, everybody"), line(&world, "ines", "Hello")];
    assert_eq!(copy(&mut window, &mut world), both.join("\n"));
    // A click alone ends it: there is nothing to copy then.
    window.click(&mut world, Point::new(further.x + 90.0, further.y));
    world.copied.clear();
    window.letter(&mut world, "c", Modifiers::CTRL);
    window.frames(&mut world, 2);
    assert!(world.copied.is_empty());
}

#[test]
fn what_is_selected_stays_so_while_the_room_goes_on() {
    let mut world = twelve();
    let mut window = Window::new(&mut world, 1100.0, 900.0);
    let from = edge(&mut window, &world, "message 2", false);
    let to = edge(&mut window, &world, "message 4", true);
    window.drag(&mut world, from, to);
    let before = copy(&mut window, &mut world);
    assert_eq!(before.lines().count(), 3);
    // So many messages come that the selected ones are on the screen no more.
    for seq in 13..=80 {
        world.hear(ServerFrame::Line(entry(seq, "tom", &format!("and {seq}")).into()));
    }
    window.frames(&mut world, 2);
    assert!(window.find(&world, "message 3").is_none(), "it is far above");
    assert_eq!(copy(&mut window, &mut world), before);
    let edited = Body::Edited { target: 3, text: Some(MessageText::parse("three").expect("a text")) };
    world.hear(ServerFrame::Line(Entry { body: edited, ..entry(81, "ines", "-") }.into()));
    world
        .hear(ServerFrame::Line(Entry { body: Body::Deleted { target: 4 }, ..entry(82, "tom", "-") }.into()));
    let now = [line(&world, "tom", "message 2"), line(&world, "ines", "three")];
    assert_eq!(copy(&mut window, &mut world), now.join("\n"));
}

#[test]
fn a_pointer_held_at_the_edge_scrolls_on_and_selects_on() {
    let mut world = World::in_room(&[]);
    for seq in 1..=120 {
        world.hear(ServerFrame::Line(entry(seq, "tom", &format!("number {seq}")).into()));
    }
    let mut window = Window::new(&mut world, 900.0, 600.0);
    let from = edge(&mut window, &world, "number 119", true);
    window.point(&mut world, from);
    window.press(&mut world);
    window.point(&mut world, Point::new(from.x, 10.0));
    window.frames(&mut world, 120);
    window.release(&mut world);
    assert!(window.find(&world, "number 119").is_none(), "it has scrolled away");
    let copied = copy(&mut window, &mut world);
    let count = copied.lines().count();
    assert!(count > 40, "{count} lines");
    assert!(copied.ends_with("number 119"));
    // Once it is let go of, nothing scrolls any more.
    window.frames(&mut world, 30);
    assert_eq!(copy(&mut window, &mut world), copied);
}

#[test]
fn keys_select_all_extend_and_let_go_and_writing_goes_on() {
    let mut world = World::in_room(&[("tom", "one two"), ("ines", "three")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    let both = [line(&world, "tom", "one two"), line(&world, "ines", "three")].join("\n");
    window.letter(&mut world, "a", Modifiers::CTRL);
    assert_eq!(copy(&mut window, &mut world), both);
    let at = edge(&mut window, &world, "one two", false);
    window.click(&mut world, at);
    window.click(&mut world, at);
    assert_eq!(copy(&mut window, &mut world), "one");
    window.key(&mut world, Named::ArrowRight, Modifiers::SHIFT | Modifiers::CTRL);
    assert_eq!(copy(&mut window, &mut world), "one two");
    window.key(&mut world, Named::ArrowDown, Modifiers::SHIFT);
    assert_eq!(copy(&mut window, &mut world), both);
    window.key(&mut world, Named::ArrowUp, Modifiers::SHIFT);
    assert_eq!(copy(&mut window, &mut world), "one two");
    window.key(&mut world, Named::PageDown, Modifiers::SHIFT);
    assert_eq!(copy(&mut window, &mut world), both);
    // The first Esc lets go of it and does nothing else.
    window.key(&mut world, Named::Escape, NONE);
    world.copied.clear();
    window.letter(&mut world, "c", Modifiers::CTRL);
    window.frames(&mut world, 2);
    assert!(world.copied.is_empty());
    // With something written, Ctrl+A and Ctrl+C are about that.
    for letter in ["h", "i"] {
        window.letter(&mut world, letter, NONE);
    }
    window.letter(&mut world, "a", Modifiers::CTRL);
    window.letter(&mut world, "c", Modifiers::CTRL);
    window.frames(&mut world, 2);
    assert!(world.copied.is_empty(), "nothing of the messages");
    window.key(&mut world, Named::Enter, NONE);
    world.until_seen("hi");
}

#[test]
fn a_link_opens_on_a_click_and_not_after_a_drag() {
    let world = World::in_room(&[("tom", "see https://example.org/a for it")]);
    let opened = |moved: f32| {
        let mut screen = world.screen();
        let found = screen.find("see https://example.org/a for it").expect("it is there");
        let place = iced_test::selector::Bounded::bounds(&found);
        let from = Point::new(place.x + place.width * 0.4, place.center_y());
        screen.point_at(from);
        let _ = screen.simulate([
            Event::Mouse(mouse::Event::CursorMoved { position: from }),
            Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left)),
        ]);
        let to = Point::new(from.x + moved, from.y);
        screen.point_at(to);
        let _ = screen.simulate([
            Event::Mouse(mouse::Event::CursorMoved { position: to }),
            Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left)),
        ]);
        let is_open = |message: &Message| {
            matches!(message, Message::Screen(_, screen::Message::Room(room::Message::Open(url)))
                if url == "https://example.org/a")
        };
        screen.into_messages().any(|message| is_open(&message))
    };
    assert!(opened(0.0) && opened(2.0));
    assert!(!opened(12.0), "that selected a part of it");
}

// -- the menu of a message --

fn choose(window: &mut Window, world: &mut World, words: &str) {
    let place = window.place(world, words);
    window.click(world, place.center());
}

fn sends(world: &World) -> Vec<Intent> {
    let outbox = world.app.session().expect("a room").timeline().outbox();
    outbox.sends().iter().map(|send| send.intent.clone()).collect()
}

#[test]
fn a_right_click_on_a_message_offers_its_acts() {
    let mut world = World::in_room(&[("maya", "mine"), ("tom", "somebody’s")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    // A hint above the composer moves them.
    let ask = |window: &mut Window, world: &mut World, text: &str| {
        let at = window.place(world, text).center();
        window.right_click(world, at);
    };

    ask(&mut window, &mut world, "somebody’s");
    assert!(window.find(&world, "Edit").is_none() && window.find(&world, "Delete…").is_none());
    choose(&mut window, &mut world, "Copy text");
    world.until("it was copied", |world| world.copied == ["somebody’s"]);
    assert!(window.find(&world, "Copy text").is_none(), "it has closed");

    ask(&mut window, &mut world, "somebody’s");
    choose(&mut window, &mut world, "Copy link");
    world.until("it was copied", |world| {
        world.copied.last().is_some_and(|link| link.ends_with("/chat/tea/#2"))
    });

    ask(&mut window, &mut world, "somebody’s");
    choose(&mut window, &mut world, "Mark unread from here");
    assert!(world.sees("New messages"));

    ask(&mut window, &mut world, "somebody’s");
    choose(&mut window, &mut world, "Reply");
    assert!(world.sees("Replying to tom"));

    ask(&mut window, &mut world, "mine");
    choose(&mut window, &mut world, "Edit");
    assert!(world.sees("Editing your message"));
    window.key(&mut world, Named::Escape, NONE);

    ask(&mut window, &mut world, "mine");
    choose(&mut window, &mut world, "🎉");
    let emoji = Emoji::parse("🎉").expect("an emoji");
    assert_eq!(sends(&world), [Intent::React { target: 1, emoji, on: true }]);
}

#[test]
fn a_deletion_from_the_menu_is_asked_about_first() {
    let mut world = World::in_room(&[("maya", "mine")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    let mine = window.place(&world, "mine").center();
    for (answer, deleted) in [("Keep", vec![]), ("Delete for everyone", vec![Intent::Delete { target: 1 }])] {
        window.right_click(&mut world, mine);
        choose(&mut window, &mut world, "Delete…");
        assert!(window.find(&world, "Reply").is_none());
        choose(&mut window, &mut world, answer);
        assert_eq!(sends(&world), deleted);
        assert!(window.find(&world, answer).is_none(), "it has closed");
    }
}

#[test]
fn the_menu_of_a_selected_message_copies_the_selection() {
    let mut world = World::in_room(&[("tom", "one"), ("ines", "two")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    window.letter(&mut world, "a", Modifiers::CTRL);
    let at = window.place(&world, "two").center();
    window.right_click(&mut world, at);
    choose(&mut window, &mut world, "Copy selection");
    let both = [line(&world, "tom", "one"), line(&world, "ines", "two")].join("\n");
    world.until("it was copied", |world| world.copied == [both.clone()]);
}

#[test]
fn every_act_on_a_message_is_reached_by_the_keyboard() {
    let mut world = World::in_room(&[("maya", "mine"), ("tom", "theirs"), ("ines", "newest")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    // To the newest message, up to the first, and its menu from the end: Delete, then yes.
    window.key(&mut world, Named::F6, NONE);
    window.key(&mut world, Named::ArrowUp, NONE);
    assert_eq!(copy(&mut window, &mut world), "theirs");
    window.key(&mut world, Named::ArrowUp, NONE);
    window.key(&mut world, Named::Enter, NONE);
    assert!(window.find(&world, "Delete…").is_some(), "its menu is open");
    window.key(&mut world, Named::End, NONE);
    window.key(&mut world, Named::Enter, NONE);
    assert!(window.find(&world, "Delete for everyone").is_some());
    window.key(&mut world, Named::Enter, NONE);
    assert_eq!(sends(&world), [Intent::Delete { target: 1 }]);
    // Esc closes a menu, and then the focus; what is typed then is a message.
    window.key(&mut world, Named::F10, Modifiers::SHIFT);
    assert!(window.find(&world, "Copy text").is_some());
    window.key(&mut world, Named::Escape, NONE);
    assert!(window.find(&world, "Copy text").is_none());
    window.key(&mut world, Named::Escape, NONE);
    window.letter(&mut world, "x", NONE);
    window.key(&mut world, Named::Enter, NONE);
    world.until_seen("x");
    // Without a focus, the menu is that of the newest in view.
    window.key(&mut world, Named::ContextMenu, NONE);
    assert!(window.find(&world, "Copy text").is_some());
}

#[test]
fn who_is_ignored_is_hidden_here_and_not_counted_until_it_is_undone() {
    let mut world =
        World::in_room(&[("tom", "hello"), ("ines", "nobody asked"), ("ines", "really"), ("tom", "hm")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    let at = window.place(&world, "nobody asked").center();
    window.right_click(&mut world, at);
    choose(&mut window, &mut world, "Ignore ines");
    assert!(!world.sees("nobody asked") && !world.sees("really") && world.sees("ines is ignored."));
    world.send(Message::Focused(false));
    world.hear(ServerFrame::Line(entry(5, "ines", "and again").into()));
    assert_eq!(world.app.title(), "tea — Snug", "it is not counted");
    window.letter(&mut world, "a", Modifiers::CTRL);
    let left = [line(&world, "tom", "hello"), line(&world, "tom", "hm")];
    assert_eq!(copy(&mut window, &mut world), left.join("\n"), "nor copied");
    let kept = |world: &World| snug_core::settings::Settings::load(&world.home()).0.ignored.len();
    world.until("it is kept", |world| kept(world) == 1);
    choose(&mut window, &mut world, "Show");
    assert!(world.sees("nobody asked") && world.sees("and again"));
    world.until("that is kept too", |world| kept(world) == 0);
}
