//! The first screen, and the choice of a room.

use iced::Size;
use snug::{
    app::Message,
    host::HostError,
    screen::{self, AskRoom, ask_room, doctor as panel, landing},
    theme,
    widget::Look,
};
use snug_core::{
    api::{ApiError, Invitation},
    connection::Event,
    doctor::{self, Interface, Reach, Step, Verdict, Way},
    settings::Settings,
};

use super::{
    Layers, NOW, Stage, draw, draw_alone,
    talk::{self, SERVER, settings},
    world,
};
use crate::{
    nearby::{found, rooms},
    world::{World, address, made::known_name, nickname},
};

/// The first screen after these messages, with the caret in a field.
fn landing(size: Size, settings: Settings, messages: &[landing::Message], field: &'static str) -> Stage {
    let mut world = world(settings);
    messages.iter().for_each(|message| world.landing(message.clone()));
    let mut stage = Stage::new(world, size);
    stage.window.focus(&stage.world, field);
    stage
}

/// The same where the app leads to what is wrong.
fn refused_landing(size: Size, settings: Settings, messages: &[landing::Message]) -> Stage {
    let mut stage = landing(size, settings, messages, "landing-address");
    // The name’s field has the caret first, then the address’s, to which it scrolls.
    stage.follow(3);
    stage
}

fn typed(address: &str) -> [landing::Message; 2] {
    [landing::Message::Address(address.into()), landing::Message::Join]
}

#[test]
fn the_first_start() {
    draw("start-first", Layers::One, |size| landing(size, known_name("Maya"), &[], "landing-nickname"));
}

/// Three servers on the network, one of them with a long name, and another without rooms.
fn three() -> Vec<landing::Message> {
    let lab = found(0, "The lab", &[SERVER], 5, 13);
    let long = "Ngā Tāngata — 開発チームの小さな部屋, third floor, left";
    let others = [found(1, long, &["192.0.2.44"], 2, 1), found(2, "kitchen-pi", &["192.0.2.45"], 0, 0)];
    let known = rooms(&[("standup", 0), ("静かな部屋", 1)]);
    [
        landing::nearby::Message::Found([vec![lab], others.to_vec()].concat()),
        landing::nearby::Message::Listed(address(SERVER), Ok(talk::rooms())),
        landing::nearby::Message::Listed(address("192.0.2.44"), Ok(known)),
        landing::nearby::Message::Listed(address("192.0.2.45"), Ok(rooms(&[]))),
    ]
    .map(landing::Message::Nearby)
    .to_vec()
}

#[test]
fn servers_on_the_network() {
    draw("start-found", Layers::One, |size| landing(size, known_name("Maya"), &three(), "landing-nickname"));
}

#[test]
fn servers_on_the_network_and_rooms_that_one_was_in() {
    draw("start-found-recent", Layers::One, |size| landing(size, settings(), &three(), "landing-nickname"));
}

#[test]
fn no_server_on_the_network() {
    let looked = vec![landing::Message::Nearby(landing::nearby::Message::Step); 6];
    draw("start-found-none", Layers::One, |size| {
        landing(size, known_name("Maya"), &looked, "landing-nickname")
    });
}

#[test]
fn a_name_that_is_not_allowed() {
    let typed = [landing::Message::Nickname("Maya/Lab".into())];
    draw("start-name-wrong", Layers::One, |size| {
        landing(size, known_name("Maya"), &typed, "landing-nickname")
    });
}

#[test]
fn rooms_that_one_was_in() {
    draw("start-recent", Layers::One, |size| landing(size, settings(), &[], "landing-nickname"));
}

#[test]
fn an_address_that_is_none() {
    let typed = typed("ftp://lab");
    draw("start-address-wrong", Layers::One, |size| refused_landing(size, known_name("Maya"), &typed));
}

#[test]
fn a_server_that_is_looked_for() {
    let typed = typed(SERVER);
    draw("start-looking", Layers::One, |size| landing(size, known_name("Maya"), &typed, "landing-address"));
}

#[test]
fn a_server_that_does_not_answer() {
    let [address_typed, join] = typed(SERVER);
    let answer = Err(ApiError::Unreachable(SERVER.into(), 8_000));
    let messages = [address_typed, join, landing::Message::Asked(address(SERVER), answer)];
    draw("start-unreachable", Layers::One, |size| refused_landing(size, settings(), &messages));
}

/// A server that did not answer, and what is found out about it.
fn examined(size: Size, found: &[doctor::Event]) -> Stage {
    let [address_typed, join] = typed(SERVER);
    let answer = Err(ApiError::Unreachable(SERVER.into(), 8_000));
    let messages = [address_typed, join, landing::Message::Asked(address(SERVER), answer)];
    let mut stage = refused_landing(size, known_name("Maya"), &messages);
    // What would look at this computer's network is not run.
    let examine = screen::Message::Landing(landing::Message::Examine);
    drop(stage.world.app.update(Message::Screen(stage.world.app.visit(), examine)));
    for event in found {
        stage.world.landing(landing::Message::Doctor(panel::Message::Found(0, event.clone())));
    }
    stage.follow(found.len());
    stage
}

fn looked_at() -> Vec<Step> {
    let at = std::net::SocketAddr::from(([192, 0, 2, 20], 8_000));
    let interface = || "wlan0".to_owned();
    let own = Interface { name: interface(), address: [192, 0, 2, 5].into(), prefix: 24, is_vpn: false };
    vec![
        Step::Network { interfaces: vec![own] },
        Step::Name { name: SERVER.into(), addresses: vec![at], fault: None },
        Step::Way { to: at.ip(), way: Way::SameNetwork { interface: interface() } },
        Step::Connection { at, reach: Reach::Silent },
        Step::Ports { host: at.ip(), found: vec![] },
    ]
}

#[test]
fn what_is_wrong_with_a_server_is_being_found_out() {
    let steps: Vec<_> = looked_at().into_iter().take(3).map(doctor::Event::Step).collect();
    draw("start-doctor-looking", Layers::One, |size| examined(size, &steps));
}

#[test]
fn what_is_wrong_with_a_server_and_what_to_do() {
    let mut events: Vec<_> = looked_at().into_iter().map(doctor::Event::Step).collect();
    let verdict = Verdict::Firewall { port: 8_000, says_no: false, firewall: None, is_here: false };
    events.push(doctor::Event::Verdict(verdict));
    draw("start-doctor-firewall", Layers::One, |size| examined(size, &events));
}

/// A server in this app was asked for; `ended`: how that ended.
fn hosting(size: Size, ended: Option<HostError>) -> Stage {
    let mut stage = landing(size, known_name("Maya"), &[], "landing-nickname");
    let host = screen::Message::Landing(landing::Message::Host);
    // What would start one is not run.
    drop(stage.world.app.update(Message::Screen(stage.world.app.visit(), host)));
    if let Some(error) = ended {
        stage.world.send(Message::Hosted(Err(error)));
        stage.window.frames(&mut stage.world, 1);
    }
    stage
}

#[test]
fn a_server_that_is_started_here() {
    draw("start-hosting", Layers::One, |size| hosting(size, None));
}

#[test]
fn a_server_that_does_not_start_here() {
    draw("start-hosting-failed", Layers::One, |size| {
        hosting(size, Some(HostError::Port("Address already in use".into())))
    });
}

#[test]
fn the_way_back_to_ones_rooms() {
    draw("start-back", Layers::One, |size| {
        let mut world = talk::in_room(talk::short());
        talk::list(&mut world, snug::screen::sidebar::Message::AnotherServer);
        Stage::new(world, size)
    });
}

// -- the choice of a room --

/// The rooms of the server, with what was typed to find one.
fn rooms_of(size: Size, list: snug_shared::api::RoomList, wanted: &str) -> Stage {
    let mut world = world(known_name("maya"));
    typed(SERVER).into_iter().for_each(|message| world.landing(message));
    world.landing(landing::Message::Asked(address(SERVER), Ok(list)));
    named(&mut world);
    world.ask_room(ask_room::Message::Room(wanted.into()));
    let mut stage = Stage::new(world, size);
    stage.window.focus(&stage.world, "ask-room");
    stage
}

fn named(world: &mut World) {
    let named = Invitation { server: "The lab".into(), link: None };
    world.ask_room(ask_room::Message::Named(Ok(named)));
}

#[test]
fn the_rooms_of_a_server() {
    draw("rooms-list", Layers::One, |size| rooms_of(size, talk::rooms(), ""));
}

#[test]
fn a_room_that_is_looked_for() {
    draw("rooms-found", Layers::One, |size| rooms_of(size, talk::rooms(), "cook"));
}

#[test]
fn a_room_that_is_new() {
    draw("rooms-new", Layers::One, |size| rooms_of(size, talk::rooms(), "attic"));
}

#[test]
fn a_server_without_rooms() {
    let none = serde_json::json!({ "rooms": [] });
    let none: snug_shared::api::RoomList = serde_json::from_value(none).expect("rooms");
    draw("rooms-none", Layers::One, |size| rooms_of(size, none.clone(), ""));
}

#[test]
fn rooms_that_cannot_be_listed() {
    draw("rooms-lost", Layers::One, |size| {
        let mut stage = rooms_of(size, talk::rooms(), "");
        let lost = ask_room::Message::Listed(Err(ApiError::Lost(SERVER.into())));
        stage.world.ask_room(lost);
        stage
    });
}

fn refused(size: Size, reason: &str, free: Option<&str>) -> Stage {
    let mut world = talk::joining();
    world.connection(Event::Stopped { reason: reason.into(), suggestion: free.map(nickname) });
    named(&mut world);
    world.ask_room(ask_room::Message::Listed(Ok(talk::rooms())));
    Stage::new(world, size)
}

#[test]
fn a_name_that_is_in_use() {
    let reason = "“maya” is in use in this room.";
    draw("rooms-name-taken", Layers::One, |size| refused(size, reason, Some("maya2")));
}

#[test]
fn a_room_that_needs_a_password() {
    let reason = "This room needs a password. Snug can’t ask for one yet.";
    draw("rooms-password", Layers::One, |size| refused(size, reason, None));
}

#[test]
fn the_rooms_beside_those_one_is_in() {
    draw("rooms-others", Layers::One, |size| {
        let mut world = talk::in_room(talk::short());
        talk::list(&mut world, snug::screen::sidebar::Message::OtherRooms(address(SERVER)));
        named(&mut world);
        world.ask_room(ask_room::Message::Listed(Ok(talk::rooms())));
        let mut stage = Stage::new(world, size);
        stage.window.focus(&stage.world, "ask-room");
        stage
    });
}

/// The addresses of the machine a test runs on are nobody's business, so that this screen is drawn without the app around it.
#[test]
fn a_server_that_runs_here() {
    let none = || serde_json::from_value(serde_json::json!({ "rooms": [] })).expect("rooms");
    let addresses = vec![address(SERVER), address("[2001:db8::20]")];
    let (screen, _) = AskRoom::new(address("127.0.0.1"), Some(addresses), Some(none()), &nickname("maya"));
    draw_alone("rooms-hosting", |size, mode| {
        let palette = theme::palette(&theme::theme(mode));
        let look = Look { palette, size, now: NOW, zone: jiff::tz::TimeZone::UTC };
        screen.view(&look)
    });
}
