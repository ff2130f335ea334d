//! A damaged file is refused, or opened and honest: no wrong message, no panic, and the rest can be read.

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use snug_server::log::{
    Actor, Append, Appended, Log, Span,
    sqlite::{OpenError, SqliteLog},
};
use snug_shared::{
    Author, Body, ClientFrame, Emoji, Entry, Hello, Intent, Line, Nickname, Present, Resume, RoomName, Seq,
    ServerFrame, api,
};
use uuid::Uuid;

use crate::common::{
    Random,
    http::Raw,
    peer::{Peer, fresh, message},
    plain::Plain,
    process::{Around, Process},
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
    let file = fs::read(folder.path().join("snug.db")).expect("readable");
    let truth = everything(folder.path()).await.expect("it is whole");
    assert!(truth.values().all(|room| room.as_ref().is_some_and(|lines| lines.iter().all(is_whole))));

    let mut random = promise.random();
    let rounds = amount(80, 1_000);
    let mut sum = Sum::default();
    for _ in 0..rounds {
        let (damaged, what) = damage(&file, &mut random);
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("snug.db"), &damaged).expect("written");
        match everything(folder.path()).await {
            Ok(rooms) => sum.add(&rooms, &truth, &what),
            Err(
                OpenError::NotADatabase { .. }
                | OpenError::NotOurs { .. }
                | OpenError::Newer { .. }
                | OpenError::Database { .. },
            ) => sum.refused += 1,
            Err(other) => panic!("{what}: {other}; {}", promise.replay()),
        }
    }
    let Sum { refused, opened, whole, named, closed, wrong } = sum;
    assert!(
        wrong.is_empty(),
        "{} wrong; {}\n{}",
        wrong.len(),
        promise.replay(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "{}", promise.replay());
    let share = 100.0 * whole as f64 / (opened as f64 * ENTRIES as f64 * ROOMS.len() as f64).max(1.0);
    promise.kept(format!(
        "{rounds} damages, {refused} refused, {opened} opened: {share:.2} % of the entries whole, {named} shown as damaged in \
         their place, {closed} rooms said to be unreadable; 0 wrong, 0 panics"
    ));
}

#[tokio::test]
async fn wherever_a_log_is_cut_no_room_is_taken_for_a_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    fill(folder.path()).await;
    let file = fs::read(folder.path().join("snug.db")).expect("readable");
    let truth = everything(folder.path()).await.expect("it is whole");
    let mut sum = Sum::default();
    for length in (0..file.len()).step_by(1_009).skip(1) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("snug.db"), &file[..length]).expect("written");
        match everything(folder.path()).await {
            Ok(rooms) => sum.add(&rooms, &truth, &format!("cut at {length}")),
            Err(OpenError::NotADatabase { .. }) => {
                sum.refused += 1;
                let kept = fs::metadata(folder.path().join("snug.db")).expect("still there").len();
                assert_eq!(kept, length as u64, "what is refused is left as it was");
            }
            Err(other) => panic!("cut at {length}: {other}"),
        }
    }
    assert!(sum.wrong.is_empty(), "{}", sum.wrong.join("\n"));
    assert!(sum.refused > 0 && sum.opened > sum.refused, "{} refused, {} opened", sum.refused, sum.opened);
}

#[tokio::test]
async fn a_damaged_entry_is_named_on_every_way_to_it_and_told_once_in_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let around = Around { log: Some(log.clone()), ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--rate-limit", "off"]);
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let mut said = Vec::new();
    for text in ["one", "secret", "three", "four", "five"] {
        said.push(Line::Entry(maya.say(text).await));
    }
    let past = Hello { seat: Some(maya.established.seat.clone()), ..fresh() };
    let epoch = maya.established.epoch.clone();
    server.kill();
    let file = rusqlite::Connection::open(folder.path().join("snug.db")).expect("the file");
    let damaged = file.execute("UPDATE entries SET text = 'another secret' WHERE n & 0xff IN (2, 5)", []);
    assert_eq!(damaged.expect("damaged"), 2);
    drop(file);
    server.restart();

    said[1] = Line::Damaged(2);
    said[4] = Line::Damaged(5);
    let same = |lines: &[Line]| is_end_of(lines, &said);
    let mut zoe = Peer::join(server.address, "tea", "zoe").await;
    assert!(same(&zoe.replay) && zoe.replay.len() == 5, "a join: {:?}", zoe.replay);
    zoe.send(ClientFrame::History { before: 6, limit: 5 }).await;
    let ServerFrame::History { entries, more, .. } = zoe.next().await else { panic!("no page") };
    assert!(same(&entries) && entries.len() == 5 && !more, "a page: {entries:?}");
    // Even when it is the very entry to go on from.
    let resume = Some(Resume { epoch, after: 1, id: said[0].entry().map(|entry| entry.id) });
    let back =
        Peer::hello(server.address, "tea", "maya", Hello { resume, ..past.clone() }).await.expect("let in");
    assert!(back.established.resumed && same(&back.replay) && back.replay.len() == 4, "{:?}", back.replay);
    let resume =
        Some(Resume { after: 2, id: Some(uuid::Uuid::now_v7()), epoch: back.established.epoch.clone() });
    let back = Peer::hello(server.address, "tea", "maya", Hello { resume, ..past }).await.expect("let in");
    assert!(back.established.resumed && same(&back.replay) && back.replay.len() == 3, "{:?}", back.replay);

    is_named_to_scripts(server.address, &said).await;
    assert_eq!(zoe.say("on we go").await.seq, 6);
    server.kill();
    let told = fs::read_to_string(log).expect("a log");
    for seq in [2, 5] {
        let lines = told.lines().filter(|line| line.contains(&format!("room=tea seq={seq}"))).count();
        assert_eq!(lines, 1, "{told}");
    }
    assert!(!told.contains("secret"), "{told}");
}

/// Whether these lines are the last of what was said, whatever became of them since.
fn is_end_of(lines: &[Line], said: &[Line]) -> bool {
    let mut lines = lines.to_vec();
    lines.iter_mut().filter_map(present).for_each(|state| *state = Present::default());
    let mut said = said.to_vec();
    for line in &mut said {
        if let Line::Entry(Entry { body: Body::Message(message), .. }) = line {
            message.present = Some(Present::default());
        }
    }
    lines == said[said.len() - lines.len()..]
}

/// Damaged entries over HTTP, and in the plain dialect.
async fn is_named_to_scripts(address: SocketAddr, said: &[Line]) {
    let mut raw = Raw::connect(address).await;
    raw.request("GET /api/rooms/tea/messages", &[], "").await;
    let page: api::Page = serde_json::from_str(&raw.response().await.body).expect("a page");
    assert!(is_end_of(&page.entries, said) && page.entries.len() == 5, "{page:?}");
    let mut raw = Raw::connect(address).await;
    raw.request("GET /api/rooms/tea/stream?after=1", &[], "").await;
    let streamed = raw.until(r#""seq":5}"#).await;
    assert!(
        streamed.contains("{\"type\":\"damaged\",\"seq\":2}\n{\"type\":\"chat_message\",\"seq\":3,"),
        "{streamed}"
    );
    // Clients that do not know Snug are shown what there is.
    let mut plain = Plain::open(address, "/ws/chat/tea/jon?after=0").await;
    assert_eq!(plain.show(3).await, ["maya: one", "maya: three", "maya: four"]);
}

/// What came of all the damages.
#[derive(Default)]
struct Sum {
    refused: usize,
    opened: usize,
    /// Entries read as they were written, and those named as damaged.
    whole: usize,
    named: usize,
    /// Rooms that could not be read, and said so.
    closed: usize,
    wrong: Vec<String>,
}

impl Sum {
    fn add(&mut self, rooms: &Rooms, truth: &Rooms, what: &str) {
        self.opened += 1;
        for name in ROOMS {
            let Some(lines) = &rooms[name] else {
                self.closed += 1;
                continue;
            };
            let written = truth[name].as_ref().expect("it was whole");
            if lines.iter().map(Line::seq).ne(1..=ENTRIES) {
                self.wrong.push(format!(
                    "{what}: {name} has {:?}",
                    lines.iter().map(Line::seq).collect::<Vec<_>>()
                ));
            }
            self.whole += lines.iter().filter(|line| is_whole(line)).count();
            self.named += lines.iter().filter(|line| !is_whole(line)).count();
            let differs = |(line, written): &(&Line, &Line)| is_whole(line) && !is_true(line, written, lines);
            let wrong = lines.iter().zip(written).find(differs);
            self.wrong.extend(wrong.map(|(line, _)| format!("{what}: {name} {line:?}")));
        }
    }
}

fn is_whole(line: &Line) -> bool {
    line.entry().is_some()
}

/// Whether an entry is as it was written. A mark may only be missing where the entry that set it is damaged.
fn is_true(line: &Line, written: &Line, room: &[Line]) -> bool {
    let mut without_marks = written.clone();
    if let Some(present) = present(&mut without_marks) {
        present.reactions.clear();
    }
    // In this room the mark on a message is set by the entry that follows.
    let is_marked = |line: &Line| line.seq() == written.seq() + 1 && is_whole(line);
    line == written || *line == without_marks && !room.iter().any(is_marked)
}

fn present(line: &mut Line) -> Option<&mut Present> {
    match line {
        Line::Entry(Entry { body: Body::Message(message), .. }) => message.present.as_mut(),
        _ => None,
    }
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
            let epoch = log.room(&room).await.expect("it works").epoch;
            let append = Append { room, epoch, actor, id: Uuid::now_v7(), intent };
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

/// The lines of each room; none for a room that cannot be read.
type Rooms = HashMap<&'static str, Option<Vec<Line>>>;

/// Everything, read page by page.
async fn everything(folder: &Path) -> Result<Rooms, OpenError> {
    let log = SqliteLog::open(folder, Box::new(|_| {}))?;
    let mut rooms = Rooms::new();
    for name in ROOMS {
        let _ = rooms.insert(name, read(&log, name).await);
    }
    log.close().await;
    Ok(rooms)
}

async fn read(log: &SqliteLog, name: &str) -> Option<Vec<Line>> {
    let room = RoomName::parse(name).expect("a name").key();
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let after = Span::After(lines.last().map_or(0, Line::seq));
        // A room that is gone has none, which is found by their number.
        let Some(slice) = log.read(&room, after, PAGE, usize::MAX).await.ok()? else { return Some(lines) };
        lines.extend(slice.entries.into_iter().map(|mut line| {
            if let Some(present) = present(&mut line) {
                // Not the entry's own, and the room's record is judged by itself.
                present.as_of = 0;
            }
            line
        }));
        if !slice.more {
            return Some(lines);
        }
    }
}
