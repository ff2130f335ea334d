//! A computer that slept is back, with everything, before its person has sat down.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::driver::{self, Orders};
use crate::common::{
    app::{Person, Server, anywhere},
    journal::{self, Journal, Note},
    promise::{Promise, amount},
};

const MISSED: usize = 60;

/// Sends a signal by its name.
fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Its lines, as they come.
pub(super) fn lines(child: &mut Child) -> mpsc::Receiver<(Instant, String)> {
    let (sender, receiver) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    drop(std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if sender.send((Instant::now(), line)).is_err() {
                return;
            }
        }
    }));
    receiver
}

/// How long the app sleeps.
fn nap() -> Duration {
    Duration::from_secs(match std::env::var("SNUG_FAULTS_ASLEEP") {
        Ok(seconds) => seconds.parse().expect("SNUG_FAULTS_ASLEEP is a number of seconds"),
        Err(_) => amount(5, 60),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_slept_is_complete_at_once() {
    let promise = Promise::new("app asleep", "complete ≤ 3 s after waking");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("server");
    let server = Server::start_unlimited(&data, anywhere()).await;
    let mut maya = Person::new(server.address, "maya", &folder.path().join("maya"));
    let mut own = Journal::new("maya");
    let mut app = driver::start(&[], Orders::Listen, server.address, &folder.path().join("app"), None);
    let heard = lines(&mut app);
    maya.until("both are here", |session| session.count() == 2).await;
    let say = |maya: &mut Person, own: &mut Journal, text: String| {
        let id = maya.say(&text);
        own.meant(id, &text);
    };
    say(&mut maya, &mut own, "before".to_owned());
    maya.until("sent", |session| session.waiting() == 0).await;

    signal(&app, "STOP");
    let asleep = Instant::now();
    for number in 0..MISSED {
        say(&mut maya, &mut own, format!("missed {number}"));
    }
    maya.until("sent", |session| session.waiting() == 0).await;
    let nap = nap();
    while asleep.elapsed() < nap {
        let _ = tokio::time::timeout(nap.saturating_sub(asleep.elapsed()), maya.step()).await;
    }
    signal(&app, "CONT");
    let awake = Instant::now();
    let (mut journal, mut complete) = (Journal::new("the app"), None);
    let last = format!("missed {}", MISSED - 1);
    while complete.is_none() {
        assert!(awake.elapsed() < Duration::from_secs(60), "it is never complete; {}", promise.replay());
        let _ = tokio::time::timeout(Duration::from_millis(10), maya.step()).await;
        while let Ok((at, line)) = heard.try_recv() {
            let Some(note) = Note::parse(&line) else { continue };
            if matches!(&note, Note::Saw { text, .. } if *text == last) {
                complete = Some(at);
            }
            journal.notes.push(note);
        }
    }
    app.kill().unwrap();
    let _ = app.wait();
    drop(maya);
    sleep(Duration::from_millis(50)).await;
    server.stop().await;
    let store = driver::stored(&data).await;
    assert_eq!(store.entries.len(), MISSED + 1);
    assert!(journal.notes.iter().all(|note| *note != Note::Gap), "it is all there");
    journal::assert_kept(&[own, journal], &store, &promise.replay());
    let took = complete.expect("it is").duration_since(awake);
    promise.within(
        took,
        Duration::from_secs(3),
        format!(" after {} s, {MISSED} missed, all there", nap.as_secs()),
    );
}
