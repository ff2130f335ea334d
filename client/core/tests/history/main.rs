//! The history on this computer, over real files.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use proptest::{prelude::*, test_runner::TestRunner};
use snug_core::history::{Bounds, Found, History, HistoryError, HistoryQuery, RoomHistory};
use snug_shared::{
    Author, Body, Emoji, Entry, Line, Message, MessageText, Nickname, Present, Reaction, RoomName, Seq,
    ServerAddress, Topic, search::Has,
};
use tempfile::TempDir;
use uuid::Uuid;

const EPOCH: &str = "00112233445566778899aabbccddeeff";
const NOON: i64 = 1_796_000_000_000;

fn server() -> ServerAddress {
    ServerAddress::parse("lab.local:8000").unwrap()
}

fn name(room: &str) -> RoomName {
    RoomName::parse(room).unwrap()
}

fn of(room: &str) -> RoomHistory {
    RoomHistory { server: server(), room: name(room), epoch: EPOCH.into() }
}

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

fn entry(seq: Seq, user: &str, body: Body) -> Line {
    let user = Nickname::parse(user).unwrap();
    let by = Author::http(&user);
    Line::Entry(Entry { seq, id: Uuid::from_u128(seq.into()), at: NOON + seq as i64 * 1_000, user, by, body })
}

fn message(said: Option<&str>, present: Option<Present>) -> Body {
    Body::Message(Message { text: said.map(text), reply_to: None, present })
}

fn said(seq: Seq, user: &str, words: &str) -> Line {
    entry(seq, user, message(Some(words), None))
}

fn words(words: &str) -> HistoryQuery {
    HistoryQuery { words: Some(words.into()), limit: 50, ..HistoryQuery::default() }
}

fn seqs(found: &Found) -> Vec<Seq> {
    found.messages.iter().map(|message| message.entry.seq).collect()
}

fn recalled(history: &History, room: &str) -> Vec<(Seq, Option<String>)> {
    history.flush();
    let recalled = history.recall(&server(), &name(room), None, 500);
    let lines = recalled.map(|recalled| recalled.lines).unwrap_or_default();
    let text = |line: &Line| {
        let text = line.entry().and_then(Entry::message).and_then(|message| message.text.clone());
        (line.seq(), text.map(MessageText::into_string))
    };
    lines.iter().map(text).collect()
}

/// All that the folder's files hold.
fn bytes(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.flat_map(|file| fs::read(file).unwrap()).collect()
}

fn has(folder: &Path, words: &str) -> bool {
    bytes(folder).windows(words.len()).any(|window| window == words.as_bytes())
}

#[test]
fn what_was_seen_is_there_after_a_restart_in_its_present_state() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(
        &of("Tea"),
        &[
            said(1, "maya", "one"),
            said(2, "jon", "two"),
            entry(3, "maya", Body::Edited { target: 1, text: Some(text("one, edited")) }),
            entry(4, "jon", Body::Reacted { target: 1, emoji: Emoji::parse("🎉").unwrap(), on: true }),
            entry(5, "jon", Body::Deleted { target: 2 }),
            entry(6, "maya", Body::Topic { topic: Topic::parse("What to brew").unwrap() }),
        ],
    );
    drop(history);
    let history = History::open(folder.path());
    let recalled = history.recall(&server(), &name("tEA"), None, 500).unwrap();
    assert_eq!((recalled.epoch.as_str(), recalled.first, recalled.last), (EPOCH, 1, 6));
    let seqs: Vec<Seq> = recalled.lines.iter().map(Line::seq).collect();
    assert_eq!(seqs, [1, 2, 6], "edits, deletions and reactions are folded in");
    let first = recalled.lines[0].entry().and_then(Entry::message).unwrap();
    let present = first.present.clone().unwrap();
    assert_eq!(first.text, Some(text("one, edited")));
    assert_eq!((present.edited, present.reactions.len(), present.reactions[0].count), (Some(3), 1, 1));
    let second = recalled.lines[1].entry().and_then(Entry::message).unwrap();
    assert!(second.text.is_none() && second.present.clone().unwrap().deleted);
    assert_eq!(history.recall(&server(), &name("elsewhere"), None, 500), None);
}

#[test]
fn a_state_from_the_server_is_taken_over_and_changes_are_not_folded_in_twice() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    let party = || Emoji::parse("🎉").unwrap();
    let reacted = entry(3, "jon", Body::Reacted { target: 1, emoji: party(), on: true });
    history.keep(&of("tea"), &[said(1, "maya", "one"), said(2, "maya", "two"), reacted.clone()]);
    history.keep(&of("tea"), &[reacted]);
    let state = |as_of, words: &str, count| {
        let by: Vec<Author> = ["ada", "bob"].map(|name| Author::http(&Nickname::parse(name).unwrap())).into();
        let reactions = vec![Reaction { emoji: party(), count, by }];
        entry(
            1,
            "maya",
            message(Some(words), Some(Present { as_of, edited: Some(9), deleted: false, reactions })),
        )
    };
    let present = |history: &History| {
        history.flush();
        let recalled = history.recall(&server(), &name("tea"), None, 500).unwrap();
        let message = recalled.lines[0].entry().and_then(Entry::message).cloned().unwrap();
        (message.text.unwrap().into_string(), message.present.unwrap().reactions[0].count)
    };
    assert_eq!(present(&history), ("one".to_owned(), 1));
    history.keep(&of("tea"), &[state(12, "newer", 2)]);
    assert_eq!(present(&history), ("newer".to_owned(), 2));
    history.keep(&of("tea"), &[state(11, "older", 1)]);
    // What came before that state is in it.
    history.keep(&of("tea"), &[entry(4, "maya", Body::Edited { target: 1, text: Some(text("long ago")) })]);
    assert_eq!(present(&history), ("newer".to_owned(), 2));
    assert_eq!(seqs(&history.search(&words("newer")).unwrap()), [1]);
    assert!(history.search(&words("one")).unwrap().messages.is_empty());
}

#[test]
fn a_deleted_or_edited_text_is_gone_from_the_files() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "a secret kettle"), said(2, "maya", "my hidden teapot")]);
    // A page that was read before the deletion may come after it.
    history.keep(&of("tea"), &[entry(9, "maya", Body::Deleted { target: 5 })]);
    history.keep(&of("tea"), &[said(5, "maya", "late misgivings")]);
    history.flush();
    assert!(has(folder.path(), "secret kettle") && has(folder.path(), "hidden teapot"));
    history.keep(
        &of("tea"),
        &[
            entry(3, "maya", Body::Edited { target: 1, text: Some(text("nothing")) }),
            entry(4, "maya", Body::Deleted { target: 2 }),
        ],
    );
    history.flush();
    for gone in ["secret", "teapot", "misgivings"] {
        assert!(history.search(&words(gone)).unwrap().messages.is_empty(), "{gone}");
    }
    let until = Instant::now() + Duration::from_secs(30);
    while ["secret", "teapot", "misgivings"].iter().any(|gone| has(folder.path(), gone)) {
        assert!(Instant::now() < until, "it is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn holes_are_known_and_each_part_is_recalled_by_itself() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    let run = |first: Seq, last: Seq| (first..=last).map(|seq| said(seq, "maya", "x")).collect::<Vec<_>>();
    history.keep(&of("tea"), &run(1, 4));
    history.keep(&of("tea"), &run(9, 12));
    history.keep(&of("tea"), &[Line::Damaged(13), Line::Opaque(14)]);
    history.flush();
    let part = |before, limit| {
        let recalled = history.recall(&server(), &name("tea"), before, limit).unwrap();
        (recalled.first, recalled.last, recalled.lines.len())
    };
    assert_eq!(part(None, 500), (9, 14, 4), "what can't be shown is known all the same");
    assert_eq!(part(None, 2), (11, 14, 2));
    assert_eq!(part(Some(11), 500), (9, 10, 2));
    assert_eq!(part(Some(9), 500), (1, 4, 4));
    assert_eq!(part(Some(3), 1), (2, 2, 1));
    assert_eq!(history.recall(&server(), &name("tea"), Some(1), 500), None);
    history.keep(&of("tea"), &run(5, 8));
    history.flush();
    assert_eq!(part(None, 500), (1, 14, 12));
}

#[test]
fn a_new_history_of_a_room_takes_the_place_of_the_old_one() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "the old kettle"), said(2, "maya", "more")]);
    let anew = RoomHistory { epoch: "f".repeat(32), ..of("tea") };
    history.keep(&anew, &[said(1, "maya", "the new kettle")]);
    assert_eq!(recalled(&history, "tea"), [(1, Some("the new kettle".to_owned()))]);
    assert_eq!(seqs(&history.search(&words("kettle")).unwrap()), [1]);
    assert!(history.search(&words("old")).unwrap().messages.is_empty());
}

#[test]
fn a_search_goes_over_all_rooms_and_is_narrowed_by_filters() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "Maya", "green kettle"), said(4, "jon", "Kéttle at https://x.lab")]);
    history.keep(
        &of("lab"),
        &[said(2, "maya", "ｋｅｔｔｌｅ"), said(3, "zoe", "don’t"), said(5, "jon", "京都")],
    );
    history.flush();
    let found = |query: HistoryQuery| seqs(&history.search(&query).unwrap());
    assert_eq!(found(words("kettle")), [4, 2, 1]);
    assert_eq!(found(words("kettle green")), [1]);
    assert_eq!(found(words("don't")), [3]);
    assert_eq!(found(words("京")), [5], "also what no trigram has");
    assert_eq!(found(HistoryQuery { from: Some("MAYA".into()), ..words("kettle") }), [2, 1]);
    assert_eq!(found(HistoryQuery { from: Some("h:jon".into()), ..words("kettle") }), [4]);
    let room = Some((server(), name("TEA")));
    assert_eq!(found(HistoryQuery { room: room.clone(), ..words("kettle") }), [4, 1]);
    assert_eq!(found(HistoryQuery { room, ..words("京") }), [0; 0]);
    assert_eq!(found(HistoryQuery { named: Some(name("lab").key()), ..words("kettle") }), [2]);
    assert_eq!(found(HistoryQuery { named: Some(name("attic").key()), ..words("kettle") }), [0; 0]);
    let linked = HistoryQuery { has: Some(Has::Link), limit: 5, ..HistoryQuery::default() };
    assert_eq!(found(linked), [4]);
    assert_eq!(found(HistoryQuery { has: Some(Has::File), ..words("kettle") }), [0; 0]);
    let (since, until) = (Some(NOON + 2_000), Some(NOON + 2_000));
    assert_eq!(found(HistoryQuery { since, until, ..words("kettle") }), [2]);
    for nothing in ["", " ", "\0", "kettle \0", "\u{200b}"] {
        assert_eq!(found(words(nothing)), [0; 0], "{nothing:?}");
    }
}

#[test]
fn a_search_goes_on_at_its_cursor_and_finds_each_message_once() {
    let run = |(count, limit, word): (u64, usize, &'static str)| {
        let folder = TempDir::new().unwrap();
        let history = History::open(folder.path());
        for room in ["a", "b", "c"] {
            // Rooms in whatever order, many messages in one millisecond.
            let lines: Vec<Line> = (1..=count)
                .map(|seq| {
                    let mut line = said(seq, "maya", if seq % 3 == 0 { "kettle 京" } else { "cup" });
                    if let Line::Entry(entry) = &mut line {
                        entry.at = NOON + seq as i64 / 7;
                    }
                    line
                })
                .collect();
            history.keep(&of(room), &lines);
        }
        history.flush();
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let found = history.search(&HistoryQuery { cursor, limit, ..words(word) }).unwrap();
            all.extend(found.messages.iter().map(|found| (found.room.to_string(), found.entry.seq)));
            assert!(found.messages.is_sorted_by(|one, next| one.entry.at >= next.entry.at));
            cursor = found.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        (all.len(), count)
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(12));
    let cases = (0u64..40, 1usize..9, prop_oneof![Just("kettle"), Just("京")]);
    runner
        .run(&cases, |case| {
            let hits = 3 * usize::try_from(case.0 / 3).unwrap();
            prop_assert_eq!(run(case), (hits, hits));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_later_search_takes_the_place_of_an_earlier_one() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    for first in (1..20_000).step_by(500) {
        let lines: Vec<Line> =
            (first..first + 500).map(|seq| said(seq, "maya", "nothing of interest")).collect();
        history.keep(&of("tea"), &lines);
        history.flush();
    }
    let ended = std::thread::scope(|scope| {
        let searches: Vec<_> = (0..16).map(|_| scope.spawn(|| history.search(&words("zz")))).collect();
        searches.into_iter().map(|search| search.join().unwrap()).collect::<Vec<_>>()
    });
    let superseded = |result: &&Result<Found, HistoryError>| matches!(result, Err(HistoryError::Superseded));
    let answered = ended.iter().filter(|result| result.is_ok()).count();
    assert_eq!(answered + ended.iter().filter(superseded).count(), 16, "{ended:?}");
    assert!(answered >= 1, "the last one is answered");
    assert!(history.search(&words("interest")).is_ok());
}

#[test]
fn an_earlier_search_that_begins_late_takes_no_place() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
    history.flush();
    let (early, late) = (history.ticket(), history.ticket());
    assert_eq!(seqs(&history.search_as(late, &words("kettle")).unwrap()), [1]);
    assert_eq!(history.search_as(early, &words("kettle")), Err(HistoryError::Superseded));
    assert_eq!(seqs(&history.search(&words("kettle")).unwrap()), [1]);
}

#[test]
fn the_oldest_messages_go_when_there_is_too_much() {
    let folder = TempDir::new().unwrap();
    let bounds = Bounds { bytes: 3 << 20 };
    let history = History::open_with(folder.path(), bounds);
    let long = "kettle ".repeat(60);
    for first in (1..12_000).step_by(400) {
        let lines: Vec<Line> = (first..first + 400).map(|seq| said(seq, "maya", &long)).collect();
        history.keep(&of("tea"), &lines);
        history.flush();
    }
    drop(history);
    let size = fs::metadata(folder.path().join("history.db")).unwrap().len();
    assert!(size < 2 * bounds.bytes, "{size}");
    let history = History::open_with(folder.path(), bounds);
    let recalled = history.recall(&server(), &name("tea"), None, 100_000).unwrap();
    assert_eq!(recalled.last, 12_000, "the newest are there");
    assert!(recalled.first > 1_000, "the oldest are not: {}", recalled.first);
    assert_eq!(recalled.lines.len() as u64, recalled.last - recalled.first + 1);
    assert_eq!(history.search(&words("kettle")).unwrap().messages.len(), 50);
}

#[test]
fn a_damaged_file_is_set_aside_and_another_begun() {
    for damage in [b"this is no database at all, and long enough to be looked at".repeat(100), Vec::new()] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let history = History::open(folder.path());
        history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
        drop(history);
        let mut content = fs::read(&path).unwrap();
        if damage.is_empty() {
            // The schema's page, whose header is whole.
            content[100..4_000].fill(0xff);
            fs::write(&path, &content).unwrap();
        } else {
            fs::write(&path, &damage).unwrap();
        }
        let history = History::open(folder.path());
        assert_eq!(recalled(&history, "tea"), []);
        let notice = history.notice().expect("a sentence");
        assert!(notice.contains("set aside"), "{notice}");
        assert!(folder.path().join("history.db.damaged").exists());
        history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
        assert_eq!(recalled(&history, "tea"), [(1, Some("kettle".to_owned()))]);
    }
}

#[test]
fn a_file_of_another_program_is_left_alone_and_nothing_is_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs(x)").unwrap();
    let before = fs::read(&path).unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
    assert_eq!(recalled(&history, "tea"), []);
    assert_eq!(history.search(&words("kettle")).unwrap(), Found::default());
    assert!(history.notice().is_some());
    drop(history);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_history() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
    history.flush();
    let files = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap());
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.file_name());
    }
}

#[test]
fn a_history_that_keeps_nothing_answers_everything_with_nothing() {
    let history = History::default();
    history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
    assert_eq!(recalled(&history, "tea"), []);
    assert_eq!(history.search(&words("kettle")), Ok(Found::default()));
    assert_eq!(history.notice(), None);
}
