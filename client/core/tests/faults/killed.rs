//! What waits to be sent survives `kill -9` of the app, and is sent once.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    time::Duration,
};

use snug_shared::Entry;
use tokio::time::sleep;
use uuid::Uuid;

use super::driver::{self, Orders};
use crate::common::{
    app::{Server, anywhere},
    journal::{self, Journal, Note, Store},
    promise::{Promise, amount},
};

/// Starts the app once more until its outbox is empty; the whole journal of all its lives.
async fn send_the_rest(address: SocketAddr, mine: &Path, path: &Path, promise: &Promise) -> String {
    let mut app = driver::start(&[], Orders::Flush, address, mine, Some(path));
    let said = BufReader::new(app.stdout.take().unwrap()).lines();
    drop(std::thread::spawn(move || said.for_each(drop)));
    let ended = tokio::task::spawn_blocking(move || app.wait());
    let ended = tokio::time::timeout(Duration::from_secs(150), ended).await;
    let lines = fs::read_to_string(path).unwrap();
    let tail: Vec<&str> = lines.lines().rev().take(5).collect();
    let kept = lines.matches("kept ").count();
    assert!(
        ended.is_ok(),
        "it is all sent in the end; {kept} waited, the newest lines: {tail:?}; {}",
        promise.replay()
    );
    assert!(ended.unwrap().unwrap().unwrap().success());
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_app_lose_nothing_that_waited_and_double_nothing() {
    let promise =
        Promise::new("app killed with a full outbox", "0 vanish, 0 doubled, 0 shown as sent and not stored");
    let mut random = promise.random();
    let folder = tempfile::tempdir().unwrap();
    let (data, mine, path) =
        (folder.path().join("server"), folder.path().join("app"), folder.path().join("journal"));
    let first = Server::start_unlimited(&data, anywhere()).await;
    let address = first.address;
    let mut server = Some(first);
    let kills = amount(12, 200);
    for _ in 0..kills {
        // Mostly the server is away, so that the outbox fills; now and then it comes and takes some.
        match (random.below(3), server.take()) {
            (0, None) => server = Some(Server::start_unlimited(&data, address).await),
            (0, there) => server = there,
            (_, Some(there)) => _ = there.stop().await,
            (_, None) => {}
        }
        let mut app = driver::start(&[], Orders::Talk, address, &mine, Some(&path));
        let before = length(&path);
        while length(&path) == before {
            assert!(app.try_wait().unwrap().is_none(), "the app ended by itself");
            sleep(Duration::from_millis(2)).await;
        }
        sleep(Duration::from_millis(random.below(200))).await;
        app.kill().unwrap();
        let _ = app.wait().unwrap();
    }
    if server.is_none() {
        server = Some(Server::start_unlimited(&data, address).await);
    }
    let lines = send_the_rest(address, &mine, &path, &promise).await;
    server.expect("it is there").stop().await;

    let store = driver::stored(&data).await;
    let mut journal = Journal::new("the app");
    journal.notes = meant_and_acknowledged(&lines, &store);
    journal::assert_kept(&[journal.clone()], &store, &promise.replay());
    let there: HashSet<String> = store.entries.iter().map(|entry| entry.id.to_string()).collect();
    let kept: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("kept ")).collect();
    let vanished = kept.iter().filter(|id| !there.contains(**id)).count();
    assert_eq!(vanished, 0, "of {}; {}", kept.len(), promise.replay());
    assert!(kept.len() > kills as usize && journal.acknowledged() > 0);
    promise.kept(format!(
        "{kills} kills, {} waited: 0 vanished, 0 doubled, {} shown as sent and all of them stored",
        kept.len(),
        journal.acknowledged()
    ));
}

/// What the lives of the app meant and had acknowledged: each of them shows the room anew, so the rest is no one journal.
///
/// What a life was about to say when it was killed counts as meant if it is stored.
fn meant_and_acknowledged(lines: &str, store: &Store) -> Vec<Note> {
    let mut meant: HashSet<Uuid> = lines.lines().filter_map(Note::parse).filter_map(meant_id).collect();
    let mut notes = Vec::new();
    let mut saying = None;
    for line in lines.lines().chain(["saying"]) {
        match (line.strip_prefix("saying"), Note::parse(line)) {
            (Some(next), _) => {
                let text = saying.replace(next.trim_start().to_owned()).unwrap_or_default();
                let is_it = |entry: &&Entry| !meant.contains(&entry.id) && journal::text(entry) == text;
                if let Some(id) = store.entries.iter().find(is_it).map(|entry| entry.id) {
                    let _ = meant.insert(id);
                    notes.push(Note::Meant { id, text });
                }
            }
            (None, Some(note @ Note::Meant { .. })) => {
                saying = None;
                notes.push(note);
            }
            (None, Some(note @ Note::Acked { .. })) => notes.push(note),
            (None, _) => {}
        }
    }
    notes
}

fn meant_id(note: Note) -> Option<Uuid> {
    match note {
        Note::Meant { id, .. } => Some(id),
        _ => None,
    }
}

fn length(path: &std::path::Path) -> u64 {
    // The first life makes it.
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
