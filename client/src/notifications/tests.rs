//! Notifications over a real bus, on which the desktop is a service of these tests.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use futures_util::StreamExt;
use snug_core::{rooms::Rooms, session::Joining};
use snug_shared::{Nickname, RoomName, ServerAddress};
use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};
use zbus::{
    Connection, connection::Builder, message::Header, object_server::SignalEmitter, zvariant::OwnedValue,
};

use super::*;

const PATH: &str = "/org/freedesktop/Notifications";
/// Nothing takes this long; what does is stuck.
const STUCK: Duration = Duration::from_secs(20);

/// A bus of its own, without the services of this computer.
struct Bus(Child);

impl Bus {
    /// One that listens in this folder; none where there is no program for it.
    fn start(folder: &Path) -> Option<Self> {
        let config = folder.join("bus.conf");
        let content = format!(
            "<busconfig><type>session</type><listen>{}</listen><policy context=\"default\">\
             <allow send_destination=\"*\"/><allow receive_type=\"signal\"/><allow receive_type=\"method_call\"/>\
             <allow receive_type=\"method_return\"/><allow receive_type=\"error\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            address(folder)
        );
        std::fs::write(&config, content).unwrap();
        let mut command = Command::new("dbus-daemon");
        let _ = command.arg("--nofork").arg("--print-address").arg("--config-file").arg(config);
        let Ok(mut process) = command.stdout(Stdio::piped()).spawn() else {
            eprintln!("left out: dbus-daemon is not installed");
            return None;
        };
        let mut line = String::new();
        let read = BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(read > 0, "dbus-daemon listens");
        Some(Self(process))
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn address(folder: &Path) -> String {
    format!("unix:path={}", folder.join("bus").display())
}

/// What a desktop was asked.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Capabilities { by: String },
    Shown { by: String, id: u32, title: String },
    TakenBack,
}

/// A desktop that shows nothing and tells what it was asked.
struct Shelf {
    asked: mpsc::UnboundedSender<Asked>,
    shown: u32,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Shelf {
    fn get_capabilities(&self, #[zbus(header)] header: Header<'_>) -> Vec<&str> {
        let _ = self.asked.send(Asked::Capabilities { by: sender(&header) });
        vec!["actions", "body"]
    }

    #[allow(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &mut self,
        #[zbus(header)] header: Header<'_>,
        _app_name: &str,
        replaces_id: u32,
        _app_icon: &str,
        summary: &str,
        _body: &str,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        self.shown += u32::from(replaces_id == 0);
        let id = if replaces_id > 0 { replaces_id } else { self.shown };
        let _ = self.asked.send(Asked::Shown { by: sender(&header), id, title: summary.into() });
        id
    }

    fn close_notification(&self, _id: u32) {
        let _ = self.asked.send(Asked::TakenBack);
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str) -> zbus::Result<()>;
}

fn sender(header: &Header<'_>) -> String {
    header.sender().map(ToString::to_string).unwrap_or_default()
}

/// Lets a desktop serve the bus of this folder.
async fn desktop(folder: &Path) -> (Connection, UnboundedReceiver<Asked>) {
    let (asked, questions) = mpsc::unbounded_channel();
    let builder = Builder::address(&*address(folder)).unwrap().name("org.freedesktop.Notifications").unwrap();
    let serve = builder.serve_at(PATH, Shelf { asked, shown: 0 }).unwrap().build();
    let connection = timeout(STUCK, serve).await.expect("the bus answers").unwrap();
    (connection, questions)
}

/// The app’s side, and two rooms to tell of.
struct Side {
    events: ui::Receiver<Event>,
    desktop: Desktop,
    rooms: [SessionId; 2],
}

impl Side {
    async fn new(folder: &Path) -> Self {
        let (sender, mut events) = ui::channel(QUEUE);
        drop(tokio::spawn(serve(sender, Service::at(&address(folder)))));
        let Some(Event::Ready(desktop)) = events.next().await else { panic!("it is ready first") };
        let mut rooms = Rooms::default();
        let mut join = |room: &str| {
            let joining = Joining {
                server: ServerAddress::parse("lab.local").unwrap(),
                room: RoomName::parse(room).unwrap(),
                nickname: Nickname::parse("maya").unwrap(),
                data: folder.to_owned(),
                zone: jiff::tz::TimeZone::UTC,
            };
            rooms.join(joining).unwrap()
        };
        Self { events, desktop, rooms: [join("tea"), join("garden")] }
    }

    fn show(&self, room: usize, title: &str) {
        let session = self.rooms[room];
        let notification =
            Notification { session, title: title.into(), body: String::new(), is_mention: true };
        self.desktop.ask(Request::Show(notification));
    }

    /// The room that is told to be closed next.
    async fn closed(&mut self) -> SessionId {
        match timeout(STUCK, self.events.next()).await.expect("an event") {
            Some(Event::Closed(session)) => session,
            other => panic!("closed, not {other:?}"),
        }
    }
}

async fn next(questions: &mut UnboundedReceiver<Asked>) -> Asked {
    timeout(STUCK, questions.recv()).await.expect("a question").expect("a desktop")
}

/// The number of the notification that is shown next, and over which connection.
async fn shown(questions: &mut UnboundedReceiver<Asked>, wanted: &str) -> (u32, String) {
    match next(questions).await {
        Asked::Shown { by, id, title } if title == wanted => (id, by),
        other => panic!("“{wanted}” is shown, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_notifications_share_one_connection_that_asks_once_what_the_desktop_can() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_bus) = Bus::start(folder.path()) else { return };
    let (connection, mut questions) = desktop(folder.path()).await;
    let mut side = Side::new(folder.path()).await;
    side.show(0, "one");
    let Asked::Capabilities { by } = next(&mut questions).await else { panic!("what it can is asked first") };
    let (first, over) = shown(&mut questions, "one").await;
    assert_eq!(over, by);
    side.show(1, "two");
    let (second, over) = shown(&mut questions, "two").await;
    assert!(over == by && second != first);
    side.show(0, "one more");
    assert_eq!(shown(&mut questions, "one more").await, (first, by));
    // A click reaches the room it is for.
    let shelf = connection.object_server().interface::<_, Shelf>(PATH).await.unwrap();
    Shelf::action_invoked(shelf.signal_emitter(), second, "default").await.unwrap();
    let clicked = timeout(STUCK, side.events.next()).await.unwrap();
    assert!(matches!(clicked, Some(Event::Opened(session)) if session == side.rooms[1]), "{clicked:?}");
    side.desktop.ask(Request::Close(side.rooms[0]));
    assert_eq!(next(&mut questions).await, Asked::TakenBack);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_goes_takes_the_notifications_along_and_a_new_one_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let Some(bus) = Bus::start(folder.path()) else { return };
    let (connection, mut questions) = desktop(folder.path()).await;
    let mut side = Side::new(folder.path()).await;
    side.show(0, "one");
    assert!(matches!(next(&mut questions).await, Asked::Capabilities { .. }));
    let _ = shown(&mut questions, "one").await;
    drop((bus, connection));
    assert_eq!(side.closed().await, side.rooms[0]);
    side.show(0, "nobody sees it");
    assert_eq!(side.closed().await, side.rooms[0]);
    let _bus = Bus::start(folder.path());
    let (_connection, mut questions) = desktop(folder.path()).await;
    side.show(0, "again");
    assert!(matches!(next(&mut questions).await, Asked::Capabilities { .. }));
    let _ = shown(&mut questions, "again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_desktop_on_the_same_bus_is_asked_anew() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_bus) = Bus::start(folder.path()) else { return };
    let (connection, mut questions) = desktop(folder.path()).await;
    let mut side = Side::new(folder.path()).await;
    side.show(0, "one");
    assert!(matches!(next(&mut questions).await, Asked::Capabilities { .. }));
    let _ = shown(&mut questions, "one").await;
    connection.close().await.unwrap();
    assert_eq!(side.closed().await, side.rooms[0]);
    let (_connection, mut questions) = desktop(folder.path()).await;
    side.show(0, "again");
    assert!(matches!(next(&mut questions).await, Asked::Capabilities { .. }));
    let _ = shown(&mut questions, "again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_or_a_desktop_a_notification_is_closed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut side = Side::new(folder.path()).await;
    side.show(0, "no bus");
    assert_eq!(side.closed().await, side.rooms[0]);
    let _bus = Bus::start(folder.path());
    side.show(1, "no desktop");
    assert_eq!(side.closed().await, side.rooms[1]);
}
