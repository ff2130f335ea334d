//! Many rooms at once: what the list says of those that are not shown, and the ways from one to another.

use iced::{
    keyboard::{self, Modifiers, key::Named},
    mouse,
};
use iced_test::selector::{self, Bounded};
use snug::{
    app::Message,
    icon::Icon,
    screen::{room, sidebar, switcher},
    widget::virtual_list::Shown,
};
use snug_core::{
    connection::Event,
    rooms::{JOINED, Level},
};

use crate::world::{World, address, combination, pressed, room_name};

/// In "tea", with "garden" joined as well and shown before; both online and read.
fn in_two_rooms() -> World {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.join("garden");
    world.online_in("garden", None, &[("ines", "Hello")]);
    world.show("tea");
    world
}

fn shown(world: &World) -> String {
    world.app.session().map(|session| session.room().to_string()).unwrap_or_default()
}

fn act(world: &mut World, room: &str, act: sidebar::Act) {
    let session = world.session_of(room);
    world.send(Message::Sidebar(sidebar::Message::Act(session, act)));
}

fn with(key: Named, modifiers: Modifiers) -> keyboard::Event {
    match pressed(key) {
        keyboard::Event::KeyPressed { key, modified_key, physical_key, location, text, repeat, .. } => {
            keyboard::Event::KeyPressed { key, modified_key, physical_key, location, modifiers, text, repeat }
        }
        other => other,
    }
}

#[test]
fn what_comes_in_a_room_elsewhere_counts_in_the_title_and_is_read_by_looking() {
    let mut world = in_two_rooms();
    assert_eq!(world.app.title(), "tea — Snug");
    world.hear_in("garden", 2, "ines", "Anybody?");
    world.hear_in("garden", 3, "ines", "@maya?");
    assert_eq!(world.app.title(), "(2) tea — Snug");
    assert!(world.sees("1"), "the number of who speaks to one");
    world.show("garden");
    assert!(world.sees("New messages"), "one begins at what is new");
    assert_eq!(world.app.title(), "(2) garden — Snug", "what is in view is not known yet");
    world.room(room::Message::Shown(Shown { first: 0, end: 5, at_end: true }));
    assert_eq!(world.app.title(), "garden — Snug");
    world.show("tea");
    world.show("garden");
    assert!(!world.sees("New messages"), "all was read");
}

#[test]
fn a_muted_room_counts_only_who_speaks_to_one() {
    let mut world = in_two_rooms();
    act(&mut world, "garden", sidebar::Act::Notify(Level::Nothing));
    world.hear_in("garden", 2, "ines", "Anybody?");
    assert_eq!(world.app.title(), "tea — Snug");
    world.hear_in("garden", 3, "ines", "maya: you?");
    assert_eq!(world.app.title(), "(1) tea — Snug");
    act(&mut world, "garden", sidebar::Act::MarkRead);
    assert_eq!(world.app.title(), "tea — Snug");
}

#[test]
fn a_draft_elsewhere_has_a_pencil_and_what_waits_a_clock() {
    let mut world = in_two_rooms();
    world.write("half a thought", Named::Shift);
    assert!(!world.sees(Icon::Pencil.glyph()), "what one writes here needs no mark");
    world.show("garden");
    assert!(world.sees(Icon::Pencil.glyph()));
    let reason = "Connection lost.".to_owned();
    world.connection_of("garden", Event::Offline { reason, retry_at: std::time::Instant::now() });
    world.write("Goes out later", Named::Enter);
    world.until_seen("Goes out later");
    world.show("tea");
    assert!(world.sees(Icon::Clock.glyph()));
}

#[test]
fn a_room_that_is_left_leads_to_the_one_before_and_the_last_one_to_the_others() {
    let mut world = in_two_rooms();
    act(&mut world, "tea", sidebar::Act::Leave);
    assert_eq!(shown(&world), "garden");
    assert_eq!(world.app.rooms().iter().count(), 1);
    act(&mut world, "garden", sidebar::Act::Leave);
    assert!(world.sees("Find a room, or name a new one"));
    assert_eq!(world.app.rooms().open_sessions().len(), 0);
}

#[test]
fn a_rooms_menu_opens_by_the_mouse_and_by_a_key_and_does_what_it_says() {
    let mut world = in_two_rooms();
    let garden = world.session_of("garden");
    // By the right button.
    let asked: Vec<Message> = {
        let mut screen = world.screen();
        let place = Bounded::bounds(&screen.find("garden").expect("it is in the list"));
        screen.point_at(place.center());
        let press = mouse::Event::ButtonPressed(mouse::Button::Right);
        let _ = screen.simulate([iced::Event::Mouse(press)]);
        screen.into_messages().collect()
    };
    let asks = |message: &Message| match message {
        Message::Sidebar(sidebar::Message::Ask(room, _)) => *room == garden,
        _ => false,
    };
    assert!(asked.iter().any(asks), "{asked:?}");
    for message in asked {
        world.send(message);
    }
    world.click("Pin to the top");
    assert!(!world.sees("Leave room"), "the menu is closed");
    assert!(world.app.rooms().get(garden).is_some_and(|joined| joined.marks().is_pinned));
    // By a key, for the room that is shown; where that is in the list is found by the window.
    let tea = world.session_of("tea");
    world.send(Message::Sidebar(sidebar::Message::AskByKey(tea, None)));
    world.click("Leave room");
    assert_eq!(shown(&world), "garden");
}

#[test]
fn what_one_may_join_is_listed_before_where_one_is() {
    let mut world = in_two_rooms();
    world.other_rooms();
    let rooms = r#"{"rooms":[{"room":"garden","members":3,"last":0,"last_at":0},
                             {"room":"attic","members":1,"last":0,"last_at":0}]}"#;
    let rooms = serde_json::from_str(rooms).expect("rooms");
    world.ask_room(snug::screen::ask_room::Message::Listed(Ok(rooms)));
    let mut screen = world.screen();
    let mut place = |words: &'static str| Bounded::bounds(&screen.find(words).expect(words)).y;
    assert!(place("1 person") < place("3 people"));
}

#[test]
fn the_first_screen_and_other_rooms_lead_back_to_the_joined_ones() {
    let mut world = in_two_rooms();
    world.send(Message::Sidebar(sidebar::Message::AnotherServer));
    world.click("Back to your 2 rooms");
    assert_eq!(shown(&world), "tea");
    world.other_rooms();
    assert!(world.sees("garden"), "the list stays beside it");
    world.press(Some("Find a room, or name a new one"), pressed(Named::Escape));
    assert_eq!(shown(&world), "tea");
    world.other_rooms();
    world.click("Another server");
    world.press(None, pressed(Named::Escape));
    assert_eq!(shown(&world), "tea");
}

#[test]
fn keys_lead_from_room_to_room_also_out_of_the_composer() {
    let mut world = in_two_rooms();
    world.join("attic");
    world.online_in("attic", None, &[]);
    // The list: attic, garden, tea.
    let alt = Modifiers::ALT;
    for (key, modifiers, expected) in [
        (Named::ArrowDown, alt, "garden"),
        (Named::ArrowDown, alt, "tea"),
        (Named::ArrowDown, alt, "attic"),
        (Named::ArrowUp, alt, "tea"),
        (Named::Tab, Modifiers::CTRL, "attic"),
        (Named::Tab, Modifiers::CTRL, "tea"),
        (Named::ArrowDown, alt | Modifiers::SHIFT, "tea"),
    ] {
        world.press(Some("composer"), with(key, modifiers));
        assert_eq!(shown(&world), expected, "{key:?} with {modifiers:?}");
    }
    world.hear_in("garden", 2, "ines", "Anybody?");
    world.press(Some("composer"), with(Named::ArrowDown, alt | Modifiers::SHIFT));
    assert_eq!(shown(&world), "garden", "the only one with something to read");
    world.press(Some("composer"), combination("3", alt));
    assert_eq!(shown(&world), "tea");
    world.press(None, combination("1", alt));
    assert_eq!(shown(&world), "attic");
}

#[test]
fn the_switcher_finds_a_room_by_a_few_letters_and_what_is_new_without_any() {
    let mut world = in_two_rooms();
    let open = combination("k", Modifiers::COMMAND);
    world.press(Some("composer"), open.clone());
    let mut screen = world.screen();
    assert!(screen.find(selector::id("switcher")).is_ok());
    drop(screen);
    // Its field has the caret before any task could give it.
    let mut query = String::new();
    for letter in ["g", "r", "d"] {
        let typed: Vec<Message> = {
            let mut screen = world.screen();
            let _ = screen.typewrite(letter);
            screen.into_messages().collect()
        };
        let typed = typed.into_iter().filter_map(|message| match message {
            Message::Switcher(switcher::Message::Query(typed)) => Some(typed),
            _ => None,
        });
        query.extend(typed);
    }
    assert_eq!(query, "grd");
    world.send(Message::Switcher(switcher::Message::Query(query)));
    world.press(None, pressed(Named::Enter));
    assert_eq!(shown(&world), "garden");
    assert!(world.screen().find(selector::id("switcher")).is_err());
    // Without letters, the one with news; Escape leaves all as it is.
    world.hear_in("tea", 2, "tom", "Kettle on");
    world.press(None, open.clone());
    world.press(None, pressed(Named::Escape));
    assert_eq!(shown(&world), "garden");
    world.press(None, open);
    world.press(None, pressed(Named::Enter));
    assert_eq!(shown(&world), "tea");
}

#[test]
fn a_narrow_window_opens_the_list_over_the_room() {
    let mut world = in_two_rooms();
    world.resize(480.0, 640.0);
    assert!(!world.sees("garden"));
    world.room(room::Message::Rooms);
    world.click("garden");
    assert_eq!(shown(&world), "garden");
    assert!(!world.sees("tea"), "the list is closed");
    world.room(room::Message::Rooms);
    world.press(None, pressed(Named::Escape));
    assert!(!world.sees("tea"));
}

#[test]
fn escape_goes_to_the_newest_and_all_is_read() {
    let mut world = World::in_room(&[("tom", "one"), ("tom", "two")]);
    world.room(room::Message::Shown(Shown { first: 0, end: 2, at_end: false }));
    world.hear_in("tea", 3, "tom", "three");
    world.room(room::Message::Act(room::Act::Reply(1)));
    world.press(None, pressed(Named::Escape));
    assert_eq!(world.app.title(), "(1) tea — Snug", "first the reply ends");
    world.press(None, pressed(Named::Escape));
    assert_eq!(world.app.title(), "tea — Snug");
    assert!(!world.sees("New messages"));
}

#[test]
fn what_is_marked_as_unread_stays_so_until_one_comes_back() {
    let mut world = World::in_room(&[("tom", "one"), ("tom", "two")]);
    world.join("garden");
    world.show("tea");
    world.room(room::Message::Act(room::Act::MarkUnread(2)));
    assert_eq!(world.app.title(), "(1) tea — Snug");
    assert!(world.sees("New messages"));
    world.room(room::Message::Shown(Shown { first: 0, end: 5, at_end: true }));
    assert_eq!(world.app.title(), "(1) tea — Snug", "it is in view, and stays unread");
    world.show("garden");
    world.show("tea");
    world.room(room::Message::Shown(Shown { first: 0, end: 5, at_end: true }));
    assert_eq!(world.app.title(), "tea — Snug");
}

#[test]
fn after_a_restart_all_rooms_are_joined_again_with_what_was_being_written() {
    let mut world = in_two_rooms();
    act(&mut world, "garden", sidebar::Act::Pin(true));
    world.write("half a thou", Named::Shift);
    world.show("garden");
    world.hear_in("garden", 2, "ines", "@maya, look");
    world.room(room::Message::Act(room::Act::Reply(1)));
    world.show("tea");
    world.show("garden");
    world.restart();
    assert_eq!(world.app.title(), "garden — Snug", "the last one is shown");
    assert_eq!(world.app.rooms().iter().count(), 2);
    assert!(world.sees("Replying to ines"));
    world.online_in("garden", Some(2), &[("ines", "Hello"), ("ines", "@maya, look")]);
    assert_eq!(world.app.rooms().groups()[0].rooms[0].session().room(), &room_name("garden"), "pinned");
    world.show("tea");
    world.write("ght", Named::Enter);
    world.until_seen("half a thought");
}

#[test]
fn after_a_restart_one_begins_at_what_is_new() {
    let mut world = World::in_room(&[("tom", "one")]);
    world.restart();
    world.online_in("tea", Some(1), &[("tom", "one"), ("tom", "two"), ("tom", "@maya three")]);
    assert!(world.sees("New messages"));
    assert_eq!(world.app.title(), "(2) tea — Snug");
    world.room(room::Message::Shown(Shown { first: 0, end: 6, at_end: true }));
    assert_eq!(world.app.title(), "tea — Snug");
}

#[test]
fn a_room_of_the_last_start_that_does_not_let_one_in_stays_joined_and_says_why() {
    let mut world = World::in_room(&[("tom", "one")]);
    world.restart();
    let suggestion = Some(crate::world::nickname("maya2"));
    world.connection(Event::Stopped { reason: "“maya” is in use in this room.".into(), suggestion });
    assert!(world.sees("“maya” is in use in this room.") && world.sees("Join as maya2"));
    assert_eq!(world.app.rooms().iter().count(), 1);
    world.press(None, pressed(Named::Escape));
    assert_eq!(world.app.rooms().iter().count(), 1, "Escape leaves no room that one was in");
}

#[test]
fn one_more_room_than_there_may_be_is_refused_in_words() {
    let mut world = World::in_room(&[("tom", "one")]);
    for number in 1..JOINED {
        world.join(&format!("room {number}"));
    }
    world.other_rooms();
    world.ask_room(snug::screen::ask_room::Message::Pick(room_name("one too many")));
    assert!(world.sees("You are in 64 rooms. Leave one before you join another."));
    assert_eq!(world.app.rooms().iter().count(), JOINED);
}

#[test]
fn a_server_that_is_away_folds_its_rooms_and_a_click_unfolds_them() {
    let mut world = in_two_rooms();
    world.send(Message::Sidebar(sidebar::Message::Fold(address("127.0.0.1:1"))));
    assert!(!world.sees("garden"), "folded by hand");
    // Also over a restart.
    world.restart();
    assert!(!world.sees("garden") && world.sees("tea"), "tea is shown, its server stays folded");
    world.click("127.0.0.1:1");
    assert!(world.sees("garden"));
}
