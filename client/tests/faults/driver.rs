//! The app without pixels as a process of its own, to be killed, stopped and cut off: this test binary started again, with
//! its orders in a variable. It writes its journal to stdout or a file, a line at a time.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    future::Future,
    io::Write,
    net::SocketAddr,
    path::Path,
    pin::Pin,
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream::FuturesUnordered};
use jiff::tz::TimeZone;
use snug::{
    connection::{self, Event},
    session::{Done, Effect, Joining, Link, Session},
    timeline::{Delivery, Row},
};
use snug_server::{
    Config,
    log::{Log, Span, sqlite::SqliteLog},
};
use snug_shared::{Nickname, RoomName, Seq, ServerAddress};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};
use uuid::Uuid;

use crate::common::journal::{Note, Store};

const ORDERS: &str = "SNUG_FAULTS_DRIVER";
pub const ROOM: &str = "tea";

/// What a driver is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orders {
    /// Talk until killed.
    Talk,
    /// Send what waits, and end.
    Flush,
    /// Listen until killed.
    Listen,
}

/// Starts one, in front of `command` when that is not empty. Its journal goes to `journal`, or else to stdout.
pub fn start(
    command: &[&str],
    orders: Orders,
    server: SocketAddr,
    data: &Path,
    journal: Option<&Path>,
) -> Child {
    let exe = std::env::current_exe().unwrap();
    let exe = exe.display().to_string();
    let mut words = command.iter().copied().chain([exe.as_str()]);
    let mut command = Command::new(words.next().unwrap());
    let journal = journal.map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    command
        .args(words)
        .args(["faults::driver::drives_when_it_is_told_to", "--exact", "--nocapture"])
        .env(ORDERS, format!("{orders:?}\n{server}\n{}\n{journal}", data.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// As a test it does nothing; as a process of its own it is the app.
#[tokio::test]
async fn drives_when_it_is_told_to() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let orders: Vec<&str> = orders.split('\n').collect();
    let &[what, server, data, journal] = orders.as_slice() else { panic!("{orders:?}") };
    let journal = (journal != "-")
        .then(|| OpenOptions::new().create(true).append(true).open(journal).expect("a journal"));
    let mut person = Person::new(server.parse().expect("an address"), "driver", Path::new(data));
    let mut writer = Writer { journal, waiting: HashSet::new(), seen: 0, online: None };
    for number in 0.. {
        match what {
            "Talk" if person.is_open() => match person.say(&format!("number {number}")) {
                Ok(id) => {
                    writer.note(&Note::Meant { id, text: format!("number {number}") });
                    // Only what the disk has is a promise.
                    while !person.kept.contains(&id) {
                        person.step().await;
                    }
                    writer.line(&format!("kept {id}"));
                    writer.waiting.insert(id);
                    let _ = timeout(Duration::from_millis(2), person.step()).await;
                }
                // It is full, and stays so until the server is there.
                Err(_) => person.step().await,
            },
            "Flush" if person.is_open() && person.session.waiting() == 0 => return,
            _ => person.step().await,
        }
        if let Link::Stopped { reason, .. } = person.session.link() {
            panic!("the app was stopped: {reason}");
        }
        writer.look(&person.session);
    }
}

/// Writes down what the session shows.
struct Writer {
    journal: Option<File>,
    /// Own sends that are not shown as sent yet.
    waiting: HashSet<Uuid>,
    seen: Seq,
    online: Option<bool>,
}

impl Writer {
    fn line(&mut self, line: &str) {
        // In one write, so that a kill leaves whole lines.
        let line = format!("{line}\n");
        match &mut self.journal {
            Some(file) => file.write_all(line.as_bytes()).expect("written"),
            None => std::io::stdout().write_all(line.as_bytes()).expect("written"),
        }
    }

    fn note(&mut self, note: &Note) {
        self.line(&note.to_string());
    }

    fn look(&mut self, session: &Session) {
        let online = matches!(session.link(), Link::Online);
        if self.online.replace(online) != Some(online) {
            self.line(if online { "online" } else { "offline" });
        }
        let timeline = session.timeline();
        let Some(resume) = timeline.resume().filter(|resume| resume.after > self.seen) else { return };
        let from = timeline.position_of(self.seen).map_or(0, |at| at + 1);
        for index in from..timeline.len() {
            match timeline.row(index) {
                Some(Row::Message(row)) => {
                    let Some(seq) = row.seq.filter(|seq| *seq > self.seen) else { continue };
                    let (epoch, id) = (resume.epoch.clone(), row.id);
                    if row.own && row.delivery == Delivery::Sent {
                        self.waiting.remove(&id);
                        self.note(&Note::Acked { epoch: epoch.clone(), seq, id });
                    }
                    self.note(&Note::Saw { epoch, seq, id, text: row.text.unwrap_or_default().to_owned() });
                    self.seen = seq;
                }
                Some(Row::Hole { .. }) => self.note(&Note::Gap),
                _ => {}
            }
        }
    }
}

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;
type Work = Pin<Box<dyn Future<Output = (Done, Option<Uuid>)> + Send>>;

/// A session driven as a screen drives it.
pub struct Person {
    pub session: Session,
    events: Option<Events>,
    effects: FuturesUnordered<Work>,
    /// Sends that are on the disk.
    kept: HashSet<Uuid>,
}

impl Person {
    pub fn new(server: SocketAddr, name: &str, data: &Path) -> Self {
        let (session, effects) = Session::new(Joining {
            server: ServerAddress::parse(&server.to_string()).unwrap(),
            room: RoomName::parse(ROOM).unwrap(),
            nickname: Nickname::parse(name).unwrap(),
            data: data.to_owned(),
            zone: TimeZone::UTC,
        });
        let person = Self { session, events: None, effects: FuturesUnordered::new(), kept: HashSet::new() };
        person.run(effects, None);
        person
    }

    fn run(&self, effects: Vec<Effect>, mut keeps: Option<Uuid>) {
        for effect in effects {
            // The first one of a send keeps it.
            let id = keeps.take();
            self.effects.push(Box::pin(async move { (effect.run().await, id) }));
        }
    }

    /// Whether what this device keeps has been read.
    fn is_open(&self) -> bool {
        self.session.target().is_some()
    }

    /// Says something; its id.
    pub fn say(&mut self, text: &str) -> Result<Uuid, snug::session::NotTaken> {
        let effects = self.session.say(text, None)?;
        let timeline = self.session.timeline();
        let Some(Row::Message(row)) = timeline.len().checked_sub(1).and_then(|last| timeline.row(last))
        else {
            panic!("what was said is the last row");
        };
        let id = row.id;
        self.run(effects, Some(id));
        Ok(id)
    }

    pub async fn step(&mut self) {
        if self.events.is_none()
            && let Some(target) = self.session.target()
        {
            self.events = Some(Box::pin(connection::stream(target.clone())));
        }
        let events = &mut self.events;
        let effects = tokio::select! {
            Some(event) = async { match events { Some(events) => events.next().await, None => None } } => {
                self.session.update(event)
            }
            Some((done, keeps)) = self.effects.next() => {
                self.kept.extend(keeps);
                self.session.done(done)
            }
        };
        self.run(effects, None);
    }

    pub async fn until(&mut self, what: &str, patience: Duration, holds: impl Fn(&Session) -> bool) {
        let waited = timeout(patience, async {
            while !holds(&self.session) {
                self.step().await;
            }
        });
        assert!(waited.await.is_ok(), "never: {what}; {:?}", self.session.link());
    }
}

/// A server in this process, which can be stopped and started again at the same port.
pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Server {
    pub async fn start(folder: &Path, address: SocketAddr) -> Self {
        let config = Config { data_dir: folder.to_owned(), rate_limit: false, ..Config::default() };
        let listener = snug_server::accept::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            snug_server::run(listener, config, stopped).await.unwrap();
        });
        Self { address, stop, ended }
    }

    pub async fn stop(self) {
        drop(self.stop);
        self.ended.await.unwrap();
    }
}

/// The room in a data folder that no server uses.
pub async fn stored(folder: &Path) -> Store {
    let log = SqliteLog::open(folder, Box::new(|_| {})).unwrap();
    let room = RoomName::parse(ROOM).unwrap().key();
    let slice = log.read(&room, Span::After(0), usize::MAX >> 1, usize::MAX).await.unwrap();
    log.close().await;
    slice.map_or_else(Store::default, |slice| Store { epoch: slice.room.epoch, entries: slice.entries })
}
