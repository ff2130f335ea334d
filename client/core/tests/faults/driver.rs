//! The app without pixels as a process of its own, to be killed, stopped and cut off: this test binary started again, with
//! its orders in a variable. It writes its journal to stdout or a file, a line at a time.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::Write,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use snug_core::{
    session::{Link, Session},
    timeline::{Delivery, Row},
};
use snug_server::log::{Log, Span, sqlite::SqliteLog};
use snug_shared::{RoomName, Seq};
use tokio::time::timeout;
use uuid::Uuid;

use crate::common::{
    app::{Person, ROOM},
    journal::{Note, Store},
};

const ORDERS: &str = "SNUG_FAULTS_DRIVER";

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
            "Talk" if person.is_open() => {
                // Said before: a kill may come after the disk has it and before its id is written down here.
                writer.line(&format!("saying number {number}"));
                match person.try_say(&format!("number {number}")) {
                    Ok(id) => {
                        writer.note(&Note::Meant { id, text: format!("number {number}") });
                        // Only what the disk has is a promise.
                        while !person.has_kept(id) {
                            person.step().await;
                        }
                        writer.line(&format!("kept {id}"));
                        writer.waiting.insert(id);
                        let _ = timeout(Duration::from_millis(2), person.step()).await;
                    }
                    // It is full, and stays so until the server is there.
                    Err(_) => person.step().await,
                }
            }
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

/// The room in a data folder that no server uses.
pub async fn stored(folder: &Path) -> Store {
    let log = SqliteLog::open(folder, Box::new(|_| {})).unwrap();
    let room = RoomName::parse(ROOM).unwrap().key();
    let slice = log.read(&room, Span::After(0), usize::MAX >> 1, usize::MAX).await.unwrap();
    log.close().await;
    slice.map_or_else(Store::default, |slice| {
        let entries = slice.entries.into_iter().map(|line| line.into_entry().expect("nothing is damaged"));
        Store { epoch: slice.room.epoch.to_string(), entries: entries.collect() }
    })
}
