//! What the parts of the screens show: who one is in a crowd, invitations, the state of the connection, lists, rows.

use std::time::{Duration, Instant};

use iced::{Event, Point, Rectangle, Size, mouse, theme::Mode};
use iced_test::{
    Simulator,
    selector::{self, Bounded, Candidate},
};
use snug::{
    app::Message,
    screen::{self, AskRoom, room, room::Act::React},
    theme,
    widget::Look,
};
use snug_core::{
    api::Invitation,
    connection,
    settings::{Recent, Settings},
};
use snug_shared::{Body, Emoji, Entry, Invite, Message as Said, Presence, ServerFrame};

use crate::{
    with_rooms,
    world::{World, address, author, entry, made::known_name, nickname, room_name},
};

// -- oneself in a crowd --

#[test]
fn in_a_crowd_ones_own_reaction_can_be_taken_back() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let emoji = Emoji::parse("🎉").expect("an emoji");
    let body = Body::Reacted { target: 1, emoji: emoji.clone(), on: true };
    world.hear(ServerFrame::Line(Entry { body, ..entry(2, "maya", "-") }.into()));
    world.hear(ServerFrame::Presence(Presence { count: 101, ..Presence::default() }));
    assert!(world.app.session().is_some_and(|session| session.members().is_empty()));
    assert_eq!(world.app.session().and_then(|session| session.author()), Some(&author("maya")));
    let mut screen = world.screen();
    let _ = screen.click("🎉").expect("the reaction is shown");
    let pressed: Vec<Message> = screen.into_messages().collect();
    let takes_back = |message: &Message| {
        let React(1, shown, false) = (match message {
            Message::Screen(_, screen::Message::Room(room::Message::Act(act))) => act,
            _ => return false,
        }) else {
            return false;
        };
        shown == emoji.as_str()
    };
    assert!(pressed.iter().any(takes_back), "{pressed:?}");
}

// -- invitations --

#[test]
fn a_link_that_only_this_computer_can_use_says_so() {
    let here = "This link works only on this computer: other machines can’t reach the server.";
    let mut world = World::in_room(&[]);
    assert!(world.sees(here) && world.sees("http://127.0.0.1:1/chat/tea/"));
    world.click("Invite");
    assert!(world.sees("Copied"));
    // The server knows how others reach it.
    let link = Invite::parse("http://192.168.1.20:8000/chat/tea/").ok();
    world.room(room::Message::Invited(Ok(Invitation { server: "Lab".into(), link })));
    assert!(world.sees("http://192.168.1.20:8000/chat/tea/") && !world.sees("http://127.0.0.1:1/chat/tea/"));
    assert!(world.sees("Others can join with this link or by scanning the code."));
    // It may not lead into another room.
    let link = Invite::parse("http://192.168.1.66:8000/chat/trap/").ok();
    world.room(room::Message::Invited(Ok(Invitation { server: "Lab".into(), link })));
    assert!(world.sees("http://192.168.1.20:8000/chat/tea/"));
}

#[test]
fn hosting_without_a_network_says_so() {
    let server = address("127.0.0.1:8000");
    for (addresses, seen) in [
        (
            vec![],
            "This computer isn’t on a network, so only apps on it can join. An address to pass on appears here as soon as it is.",
        ),
        (vec![address("192.168.1.20")], "Others on your network type this address"),
    ] {
        let rooms = serde_json::from_str(r#"{"rooms":[]}"#).expect("rooms");
        let (screen, _) = AskRoom::new(server.clone(), Some(addresses), Some(rooms), &nickname("maya"));
        let look = Look {
            palette: theme::palette(&theme::theme(Mode::Dark)),
            size: Size::new(800.0, 700.0),
            now: 0,
            zone: jiff::tz::TimeZone::UTC,
        };
        let mut shown: Simulator<'_, screen::ask_room::Message> = Simulator::new(screen.view(&look));
        assert!(shown.find(seen).is_ok(), "{seen}");
    }
}

#[test]
fn a_room_that_was_hosted_here_starts_its_server_again() {
    let mut settings: Settings = known_name("maya");
    let free = std::net::TcpListener::bind(("0.0.0.0", 0)).and_then(|listener| listener.local_addr());
    let port = free.expect("a free port").port();
    settings.remember(Recent {
        server: address(&format!("127.0.0.1:{port}")),
        room: room_name("tea"),
        nickname: nickname("maya"),
        at: 0,
        is_hosted: true,
    });
    let mut world = World::new(settings);
    assert!(world.sees("Hosted here"));
    world.click("tea");
    assert!(world.sees("Starting…"));
    world.until("the room is open on a server here", |world| world.app.title() == "tea — Snug");
    let server = world.app.session().map(|session| session.server().clone());
    assert_eq!(server, Some(address(&format!("127.0.0.1:{port}"))), "on the port it had");
    world.send(Message::Close);
}

// -- the connection in words --

#[test]
fn connecting_is_said_for_as_long_as_it_is_true() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let retry_at = Instant::now() + Duration::from_secs(3_600);
    world.connection(connection::Event::Offline { reason: "Connection lost.".into(), retry_at });
    world.until("it is away for a while", |world| {
        world.app.shown().is_some_and(|joined| joined.away_since().elapsed() > Duration::from_secs(1))
    });
    for _ in 0..3 {
        let handle = world.handle();
        world.connection(connection::Event::Connecting { handle });
        assert!(world.sees("Connecting…"), "each new try is said at once");
        world.connection(connection::Event::Offline { reason: "Connection lost.".into(), retry_at });
        assert!(!world.sees("Connecting…"));
    }
}

#[test]
fn a_silent_server_is_told_from_a_lost_one() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    for reason in ["The server has stopped answering.", "Connection lost."] {
        let retry_at = Instant::now();
        world.connection(connection::Event::Offline { reason: reason.into(), retry_at });
        let sentence = format!("{reason} Messages you send now will be sent when you reconnect. Trying…");
        assert!(world.sees(&sentence), "{sentence}");
    }
}

// -- lists --

#[test]
fn with_thirty_rooms_the_field_stays_in_view_and_finds() {
    let then = jiff::Timestamp::now().as_millisecond() - 5 * 60_000;
    let rooms: Vec<String> = (1..=30)
        .map(|number| {
            format!(
                r#"{{"room":"room {number}","members":1,"last":5,"last_at":{then},"topic":"About {number}"}}"#
            )
        })
        .collect();
    let mut world = with_rooms(&format!(r#"{{"rooms":[{}]}}"#, rooms.join(",")));
    for height in [420.0, 760.0] {
        world.resize(640.0, height);
        let mut screen = world.screen();
        let field = screen.find(selector::id("ask-room")).expect("the field is there");
        let bounds = Bounded::visible_bounds(&field).expect("the field is in view");
        assert!(bounds.y + bounds.height < height);
    }
    let name = Invitation { server: "The lab".into(), link: None };
    world.ask_room(screen::ask_room::Message::Named(Ok(name)));
    assert!(world.sees("The lab") && world.sees("127.0.0.1:1"));
    assert!(world.sees("5 min ago"), "when something was said last");
    world.type_into("Find a room, or name a new one", "about 17");
    assert!(world.sees("room 17") && !world.sees("room 1"));
    world.ask_room(screen::ask_room::Message::Room("cellar".into()));
    assert!(world.sees("No room here is called that."));
}

#[test]
fn the_sidebar_keeps_its_order_whichever_room_is_open() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.join("garden");
    world.join("Attic");
    for open in ["garden", "tea", "Attic"] {
        world.show(open);
        let mut screen = world.screen();
        let mut places = ["Attic", "garden", "tea"].map(|room| {
            let found = screen.find(in_list(room)).expect("the room is in the list");
            (found.y, found.x)
        });
        places.sort_by(|one, other| one.0.total_cmp(&other.0));
        let order: Vec<f32> = places.iter().map(|place| place.0).collect();
        assert!(order.is_sorted(), "with {open} open: {order:?}");
    }
}

/// Finds a text in the list at the left.
fn in_list(words: &'static str) -> impl Fn(Candidate<'_>) -> Option<Rectangle> {
    move |candidate| match candidate {
        Candidate::Text { content, bounds, .. } if content == words && bounds.x < 200.0 => Some(bounds),
        _ => None,
    }
}

// -- rows --

fn said(seq: u64, user: &str, text: &str, change: impl FnOnce(&mut Said)) -> ServerFrame {
    let mut entry = entry(seq, user, text);
    if let Body::Message(message) = &mut entry.body {
        change(message);
    }
    ServerFrame::Line(entry.into())
}

#[test]
fn a_deleted_message_has_no_quote() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.hear(said(2, "ines", "An answer", |message| message.reply_to = Some(1)));
    let quotes = |world: &World| world.screen().find("An answer").is_ok();
    assert!(quotes(&world));
    world.hear(ServerFrame::Line(Entry { body: Body::Deleted { target: 1 }, ..entry(3, "tom", "-") }.into()));
    assert!(world.sees("A deleted message"));
    world
        .hear(ServerFrame::Line(Entry { body: Body::Deleted { target: 2 }, ..entry(4, "ines", "-") }.into()));
    assert!(!world.sees("A deleted message"), "what is gone quotes nothing");
}

#[test]
fn tabs_are_drawn_as_spaces() {
    let world = World::in_room(&[("tom", "if x:\n\treturn")]);
    assert!(world.sees("if x:\n    return"));
}

#[test]
fn a_reply_moves_nothing() {
    let mut world = World::in_room(&[("tom", "Good morning"), ("ines", "Hello")]);
    let place = |world: &World| {
        let mut screen = world.screen();
        let found = screen.find("Hello").expect("the message is there");
        Bounded::bounds(&found)
    };
    let before = place(&world);
    world.room(room::Message::Act(room::Act::Reply(1)));
    assert!(world.sees("Replying to tom"));
    assert_eq!(place(&world), before);
    world.hear(ServerFrame::Typing { user: nickname("tom"), by: author("tom") });
    assert_eq!(place(&world), before);
}

#[test]
fn the_buttons_over_a_message_cover_no_words_at_any_width() {
    /// Where texts stand.
    fn texts(screen: &mut Simulator<'_, Message>) -> Vec<(String, Rectangle)> {
        let mut found = Vec::new();
        let all = |candidate: Candidate<'_>| -> Option<()> {
            if let Candidate::Text { content, bounds, .. } = candidate {
                found.push((content.to_owned(), bounds));
            }
            None
        };
        let _ = screen.find(all);
        found
    }
    let long = "words and more words ".repeat(20).trim_end().to_owned();
    let short = "Yes.";
    let mut world =
        World::in_room(&[("tom", &long), ("tom", short), ("ines", &long), ("ines", &long), ("tom", short)]);
    for width in [380.0, 640.0, 900.0, 1_100.0, 1_600.0, 2_560.0] {
        world.resize(width, 700.0);
        let mut screen = world.screen();
        let words: Vec<_> = texts(&mut screen)
            .into_iter()
            .filter(|(text, _)| [long.as_str(), short, "tom", "ines"].contains(&text.as_str()))
            .collect();
        assert!(words.len() > 3, "{words:?}");
        // The whole list, row by row.
        let mut seen = 0;
        for y in (60..600).step_by(9) {
            screen.point_at((width * 0.5, y as f32));
            let moved = mouse::Event::CursorMoved { position: Point::new(width * 0.5, y as f32) };
            let _ = screen.simulate([Event::Mouse(moved)]);
            let Ok(found) = screen.find(selector::id("message-actions")) else { continue };
            seen += 1;
            let bar = Bounded::bounds(&found);
            for (text, place) in &words {
                assert!(!place.intersects(&bar), "at {width}: {bar:?} covers “{text}” at {place:?}");
            }
        }
        assert!(seen > 0, "at {width} there were buttons");
    }
}
