//! A thousand messages in a second, over a real connection to a real server in this process, while somebody types.

use std::{
    net::SocketAddr,
    sync::mpsc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use iced::Event;
use iced_test::simulator;
use snug::screen::room;
use snug_core::connection::{self, Handle, Target};
use snug_server::Config;
use snug_shared::{ClientFrame, Intent, MessageText, ServerAddress};
use tokio::{runtime::Runtime, time::MissedTickBehavior};
use uuid::Uuid;

use crate::{
    figures::{tell, tell_count, timed},
    made,
    window::{Because, SIZE, Window},
    world::{World, nickname, room_name},
};

const MESSAGES: usize = 1_000;
const LASTS: Duration = Duration::from_secs(1);
/// How fast somebody types who types fast.
const LETTER: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(30);

/// All figures of a burst.
pub fn measure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(async {
        let listener = snug_server::net::accept::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let address = listener.local_addr().expect("an address");
        let config = Config { data_dir: folder.path().to_owned(), rate_limit: false, ..Config::default() };
        drop(tokio::spawn(snug_server::run(listener, config, std::future::pending())));
        ServerAddress::parse(&address.to_string()).expect("an address")
    });

    let mut world = World::joining();
    let mut window = Window::new(&mut world);
    let heard = listen(&runtime, &server, "maya");
    let said = listen(&runtime, &server, "tom");
    let handle = online(&said);
    loop {
        let event = heard.recv_timeout(PATIENCE).expect("the server greets");
        let is_replayed = matches!(&event, connection::Event::Received(_));
        world.connection(event);
        let _ = window.frame(&mut world, Because::TheAppChanged, &[]);
        if is_replayed {
            break;
        }
    }
    let moved = window.point(600.0, SIZE.height as f32 - 52.0);
    let click: Vec<Event> = std::iter::once(moved).chain(simulator::click()).collect();
    let _ = window.frame(&mut world, Because::OfEvents, &click);

    // What comes back to the one who speaks is read and dropped.
    drop(runtime.spawn_blocking(move || while said.recv().is_ok() {}));
    drop(runtime.spawn(speak(handle)));
    let burst = follow(&mut world, &mut window, &heard);
    tell_count("burst: updates for 1,000 messages in a second", burst.updates.len());
    let whole: Duration = burst.updates.iter().chain(&burst.letters).sum();
    tell("burst: the app’s own thread, all of it", vec![whole]);
    tell("burst: an update and its frame", burst.updates);
    tell("burst: a letter typed meanwhile, from key to pixels", burst.waits);
    runtime.shutdown_background();
}

#[derive(Default)]
struct Burst {
    /// Processor time of each.
    updates: Vec<Duration>,
    letters: Vec<Duration>,
    /// From when a key was due until its letter was drawn, by the clock.
    waits: Vec<Duration>,
}

fn follow(world: &mut World, window: &mut Window, heard: &mpsc::Receiver<connection::Event>) -> Burst {
    let mut burst = Burst::default();
    let begun = Instant::now();
    let mut letter = begun + LETTER;
    while world.app.session().is_none_or(|session| session.timeline().newest() < MESSAGES as u64) {
        assert!(begun.elapsed() < PATIENCE, "not everything came");
        let pause = letter.saturating_duration_since(Instant::now());
        if pause.is_zero() {
            let events: Vec<Event> = simulator::typewrite("e").collect();
            burst.letters.push(window.frame(world, Because::OfEvents, &events));
            burst.waits.push(letter.elapsed());
            letter += LETTER;
        } else if let Ok(event) = heard.recv_timeout(pause) {
            let ((), applied) = timed(|| world.connection(event));
            burst.updates.push(applied + window.frame(world, Because::TheAppChanged, &[]));
        }
    }
    world.room(room::Message::Escape);
    burst
}

/// Says a thousand things, evenly over a second.
async fn speak(handle: Handle) {
    let mut beat = tokio::time::interval(LASTS / MESSAGES as u32);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 1..=MESSAGES as u64 {
        let _ = beat.tick().await;
        let text = MessageText::parse(made::text(number)).expect("it keeps the rules");
        let frame =
            ClientFrame::Send { id: Uuid::now_v7(), intent: Intent::Message { text, reply_to: None } };
        while handle.send(frame.clone()).is_err() {
            tokio::task::yield_now().await;
        }
    }
}

/// The events of a connection, as they come.
fn listen(runtime: &Runtime, server: &ServerAddress, name: &str) -> mpsc::Receiver<connection::Event> {
    let (events, received) = mpsc::channel();
    let target = Target {
        server: server.clone(),
        room: room_name("tea"),
        nickname: nickname(name),
        seat: None,
        resume: None,
    };
    drop(runtime.spawn(async move {
        let mut stream = Box::pin(connection::stream(target));
        while let Some(event) = stream.next().await {
            if events.send(event).is_err() {
                break;
            }
        }
    }));
    received
}

fn online(events: &mpsc::Receiver<connection::Event>) -> Handle {
    loop {
        if let connection::Event::Online { handle, .. } = events.recv_timeout(PATIENCE).expect("it is let in")
        {
            return handle;
        }
    }
}
