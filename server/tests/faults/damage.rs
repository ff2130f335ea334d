//! A damaged file is refused, or opened and honest: no wrong message, no panic, and the rest can be read.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use snug_server::log::{
    Actor, Append, Appended, Log, Span,
    sqlite::{OpenError, SqliteLog},
};
use snug_shared::{Author, Body, Emoji, Entry, Intent, Nickname, RoomName, Seq};
use uuid::Uuid;

use crate::common::{
    Random,
    peer::message,
    promise::{Promise, amount},
};

const ROOMS: [&str; 3] = ["tea", "coffee", "water"];
const ENTRIES: Seq = 120;
const PAGE: usize = 20;

/// Panics of the log's own threads, which they live through.
static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test]
async fn damage_is_refused_or_left_out_and_nothing_false_is_ever_read() {
    let promise = Promise::new("damaged database", "0 wrong messages, 0 panics, the rest readable");
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name().is_some_and(|name| name.starts_with("log")) {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        before(info);
    }));
    let folder = tempfile::tempdir().expect("a folder");
    fill(folder.path()).await;
    let whole = fs::read(folder.path().join("snug.db")).expect("readable");
    let (truth, failed) = everything(folder.path()).await.expect("it is whole");
    assert_eq!((truth.len() as Seq, failed), (ENTRIES * ROOMS.len() as Seq, 0));

    let mut random = promise.random();
    let rounds = amount(80, 1_000);
    let (mut refused, mut opened, mut wrong, mut readable) = (0, 0, Vec::new(), 0);
    for _ in 0..rounds {
        let (damaged, what) = damage(&whole, &mut random);
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("snug.db"), &damaged).expect("written");
        match everything(folder.path()).await {
            Err(OpenError::NotADatabase { .. } | OpenError::NotOurs { .. } | OpenError::Newer { .. }) => {
                refused += 1
            }
            Err(OpenError::Database { .. }) => refused += 1,
            Err(other) => panic!("{what}: {other}; {}", promise.replay()),
            Ok((entries, _)) => {
                opened += 1;
                readable += entries.len();
                let is_wrong = |(place, entry): &(&(&str, Seq), &Entry)| {
                    truth.get(*place).is_none_or(|truth| !is_true(entry, truth))
                };
                wrong.extend(
                    entries
                        .iter()
                        .find(is_wrong)
                        .map(|(place, entry)| format!("{what}: {place:?} {entry:?}")),
                );
            }
        }
    }
    let all = opened * truth.len();
    let share = 100.0 * readable as f64 / all.max(1) as f64;
    assert!(
        wrong.is_empty(),
        "{} of {rounds}; {}\n{}",
        wrong.len(),
        promise.replay(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "{}", promise.replay());
    promise.kept(format!(
        "{rounds} damages, {refused} refused, {opened} opened with {share:.1} % readable: 0 wrong, 0 panics"
    ));
}

/// Whether an entry is as it was written. A mark may have gone with its row; one that nobody set may not be there.
fn is_true(entry: &Entry, truth: &Entry) -> bool {
    let mut without_marks = truth.clone();
    if let Body::Message(message) = &mut without_marks.body
        && let Some(present) = &mut message.present
    {
        present.reactions.clear();
    }
    *entry == *truth || *entry == without_marks
}

/// A flipped bit, an overwritten sector, or an end that is missing.
fn damage(whole: &[u8], random: &mut Random) -> (Vec<u8>, String) {
    let mut damaged = whole.to_vec();
    let at = random.below(whole.len() as u64) as usize;
    let what = match random.below(10) {
        0..6 => {
            let bit = random.below(8);
            damaged[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
        6..8 => {
            let sector = at / 512 * 512;
            damaged[sector..(sector + 512).min(whole.len())].fill(random.below(256) as u8);
            format!("sector at {sector}")
        }
        _ => {
            damaged.truncate(at);
            format!("cut at {at}")
        }
    };
    (damaged, what)
}

async fn fill(folder: &Path) {
    let log = SqliteLog::open(folder, Box::new(|_| {})).expect("a fresh log");
    for room in ROOMS {
        for seq in 1..=ENTRIES {
            let emoji = || Emoji::parse("👍").expect("one");
            let intent = match seq % 10 {
                7 => Intent::React { target: seq - 1, emoji: emoji(), on: true },
                8 => Intent::Edit { target: seq - 3, text: new_text(room, seq) },
                9 => Intent::Delete { target: seq - 5 },
                _ => message(&format!("{room} has something to say, for the {seq}th time")),
            };
            let nickname = Nickname::parse("maya").expect("a name");
            let actor = Actor { author: Author::http(&nickname), nickname, moderator: false };
            let room = RoomName::parse(room).expect("a name");
            let append = Append { room, epoch: "ab".repeat(16), actor, id: Uuid::now_v7(), intent };
            let appended = log.append(append).await.expect("it works");
            assert!(matches!(appended, Appended::New(_)), "{appended:?}");
        }
    }
    log.close().await;
}

fn new_text(room: &str, seq: Seq) -> snug_shared::MessageText {
    match message(&format!("{room} thought again at {seq}")) {
        Intent::Message { text, .. } => text,
        _ => unreachable!("it is a message"),
    }
}

type Entries = HashMap<(&'static str, Seq), Entry>;

/// Every entry that can be read, page by page, and how many pages can't.
async fn everything(folder: &Path) -> Result<(Entries, usize), OpenError> {
    let log = SqliteLog::open(folder, Box::new(|_| {}))?;
    let (mut entries, mut failed) = (Entries::new(), 0);
    for name in ROOMS {
        let room = RoomName::parse(name).expect("a name").key();
        for after in (0..ENTRIES).step_by(PAGE) {
            match log.read(&room, Span::After(after), PAGE, usize::MAX).await {
                Ok(Some(slice)) => entries.extend(slice.entries.into_iter().map(|entry| {
                    let mut entry = entry;
                    if let Body::Message(message) = &mut entry.body
                        && let Some(present) = &mut message.present
                    {
                        // Not the entry's own, and the room's record is judged by itself.
                        present.as_of = 0;
                    }
                    ((name, entry.seq), entry)
                })),
                Ok(None) => {}
                Err(_) => failed += 1,
            }
        }
    }
    log.close().await;
    Ok((entries, failed))
}
