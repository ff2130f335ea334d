//! The checker is worth what it catches: each of these lines breaks one promise, and each is found by its name.

use std::net::SocketAddr;

use snug_shared::{ClientFrame, Line, ServerFrame};
use tokio::time::{Duration, timeout};
use uuid::Uuid;

use crate::common::{
    http::TestServer,
    journal::{self, Breach, Journal, Note},
    member,
    peer::{Peer, message},
    proxy::{self, Clean, Pass, Tamper},
};

const ROOM: &str = "tea";
const SENDS: usize = 12;
/// The entry that is tampered with.
const VICTIM: &str = "number 5";

/// Maya talks over a line of this kind, Zoe listens over another; what the checker finds.
async fn breaches<T: Tamper>(maya: fn() -> T, zoe: fn() -> T) -> Vec<Breach> {
    let server = TestServer::start(snug_server::Config::default()).await;
    let zoe = trusting(proxy::start(server.address, move |_| zoe()).await, "zoe", false).await;
    let maya = trusting(proxy::start(server.address, move |_| maya()).await, "maya", true).await;
    let (maya, zoe) = (maya.await.expect("no panic"), zoe.await.expect("no panic"));
    let store = member::stored(server.address, ROOM).await;
    server.stop().await;
    journal::check(&[maya, zoe], &store)
}

/// A client that believes everything it is told, and repairs nothing.
async fn trusting(line: SocketAddr, name: &'static str, talks: bool) -> tokio::task::JoinHandle<Journal> {
    let mut peer = Peer::join(line, ROOM, name).await;
    tokio::spawn(async move {
        let mut journal = Journal::new(name);
        let epoch = peer.established.epoch.clone();
        let mut own = Vec::new();
        for number in (0..SENDS).filter(|_| talks) {
            let (id, text) = (Uuid::now_v7(), format!("number {number}"));
            journal.meant(id, &text);
            peer.send(ClientFrame::Send { id, intent: message(&text) }).await;
            own.push(id);
        }
        while let Ok(Ok(frame)) = timeout(Duration::from_millis(1_000), peer.try_next()).await {
            let ServerFrame::Line(Line::Entry(entry)) = frame else { continue };
            if own.contains(&entry.id) {
                journal.acked(&epoch, &entry);
            }
            journal.saw(&epoch, &entry);
        }
        journal
    })
}

fn is_victim(frame: &str) -> bool {
    frame.contains(VICTIM)
}

/// Either a good line or a bad one.
struct Either<T>(Option<T>);

impl<T: Tamper> Tamper for Either<T> {
    fn up(&mut self, frame: String) -> Pass {
        self.0.as_mut().map_or_else(|| Clean.up(frame.clone()), |bad| bad.up(frame.clone()))
    }

    fn down(&mut self, frame: String) -> Pass {
        self.0.as_mut().map_or_else(|| Clean.down(frame.clone()), |bad| bad.down(frame.clone()))
    }
}

struct Loses;

impl Tamper for Loses {
    fn down(&mut self, frame: String) -> Pass {
        Pass::down((!is_victim(&frame)).then_some(frame))
    }
}

struct Doubles;

impl Tamper for Doubles {
    fn down(&mut self, frame: String) -> Pass {
        let copies = if is_victim(&frame) { 2 } else { 1 };
        Pass::down(std::iter::repeat_n(frame, copies))
    }
}

#[derive(Default)]
struct Reorders(Option<String>);

impl Tamper for Reorders {
    fn down(&mut self, frame: String) -> Pass {
        if is_victim(&frame) {
            self.0 = Some(frame);
            return Pass::default();
        }
        Pass::down([frame].into_iter().chain(self.0.take()))
    }
}

/// Keeps a send from the server and answers it itself, as a server does that acknowledges before it stores.
struct AcksEarly;

impl Tamper for AcksEarly {
    fn up(&mut self, frame: String) -> Pass {
        if !is_victim(&frame) {
            return Pass::up([frame]);
        }
        let send: serde_json::Value = serde_json::from_str(&frame).expect("a frame");
        let entry = serde_json::json!({
            "type": "chat_message", "seq": 900, "id": send["id"], "at": 1, "user": "maya",
            "by": format!("s:{}", "a".repeat(26)), "message": send["message"],
        });
        Pass::down([entry.to_string()])
    }
}

/// Makes another send of one.
struct SendsTwice;

impl Tamper for SendsTwice {
    fn up(&mut self, frame: String) -> Pass {
        if !is_victim(&frame) {
            return Pass::up([frame]);
        }
        let mut again: serde_json::Value = serde_json::from_str(&frame).expect("a frame");
        again["id"] = Uuid::now_v7().to_string().into();
        Pass::up([frame, again.to_string()])
    }
}

#[tokio::test]
async fn a_good_line_breaks_nothing() {
    assert_eq!(breaches(|| Clean, || Clean).await, []);
}

#[tokio::test]
async fn a_line_that_loses_an_entry_is_caught() {
    let found = breaches(|| Either(None), || Either(Some(Loses))).await;
    assert_eq!(found, [Breach::SilentHole { who: "zoe".to_owned(), after: 5, next: 7 }]);
}

#[tokio::test]
async fn a_line_that_doubles_an_entry_is_caught() {
    let found = breaches(|| Either(None), || Either(Some(Doubles))).await;
    assert_eq!(found, [Breach::Doubled { who: "zoe".to_owned(), seq: 6 }]);
}

#[tokio::test]
async fn a_line_that_reorders_entries_is_caught() {
    let found = breaches(|| Either(None), || Either(Some(Reorders::default()))).await;
    assert_eq!(found, [Breach::Reordered { who: "zoe".to_owned(), seq: 7 }]);
}

#[tokio::test]
async fn an_acknowledgement_of_what_is_not_stored_is_caught() {
    let found = breaches(|| Either(Some(AcksEarly)), || Either(None)).await;
    assert!(
        matches!(&found[..2], [Breach::Lost { who, .. }, Breach::Ghost { .. }] if who == "maya"),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_message_sent_once_and_stored_twice_is_caught() {
    let found = breaches(|| Either(Some(SendsTwice)), || Either(None)).await;
    assert_eq!(found, [Breach::Unmeant { seq: 7 }]);
}

#[test]
fn a_journal_survives_as_text() {
    let (id, epoch) = (Uuid::now_v7(), "ab".repeat(16));
    for note in [
        Note::Meant { id, text: "two words".to_owned() },
        Note::Acked { epoch: epoch.clone(), seq: 7, id },
        Note::Saw { epoch, seq: 7, id, text: "two  words ".to_owned() },
        Note::Gap,
    ] {
        assert_eq!(Note::parse(&note.to_string()), Some(note));
    }
    assert_eq!(Note::parse("acked 00 12"), None, "cut short");
    assert_eq!(Note::parse("running 1 test"), None);
}
