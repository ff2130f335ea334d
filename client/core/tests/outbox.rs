//! What the outbox confirmed is there afterwards, goes out in the order it was typed, and goes out once.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

mod outbox {
    mod any_answer;
}

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use snug_core::outbox::{BYTES, Failure, Keeping, Next, Opened, Opening, Outbox, ROOMS, SENDS, SendState};
use snug_shared::{
    Author, Body, Emoji, Entry, ErrorCode, ErrorFrame, Intent, Limits, Message, MessageText, Nickname,
    RoomName, Seq, ServerAddress,
};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// An outbox whose journal is open.
struct Open {
    outbox: Outbox,
    seat: Option<String>,
    damaged: bool,
}

fn open(data: &Path) -> Open {
    open_room(data, "tea")
}

fn open_room(data: &Path, room: &str) -> Open {
    let (mut outbox, opening) = Outbox::new();
    let opened = open_journal(opening, data, room);
    let (seat, damaged) = (opened.seat.clone(), opened.damaged);
    outbox.opened(opened);
    Open { outbox, seat, damaged }
}

fn open_journal(opening: Opening, data: &Path, room: &str) -> Opened {
    let server = ServerAddress::parse("lab.local").unwrap();
    opening.open(data, &server, &RoomName::parse(room).unwrap()).unwrap()
}

fn message(text: impl Into<String>) -> Intent {
    Intent::Message { text: MessageText::parse(text).unwrap(), reply_to: None }
}

fn number(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn me() -> Author {
    Author::parse(format!("s:{}", "a".repeat(26))).unwrap()
}

fn entry(seq: Seq, id: Uuid, body: Body) -> Entry {
    Entry { seq, id, at: 0, user: Nickname::parse("maya").unwrap(), by: me(), body }
}

fn said(seq: Seq, id: Uuid) -> Entry {
    let text = MessageText::parse("x").unwrap();
    entry(seq, id, Body::Message(Message { text: Some(text), reply_to: None, present: None }))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn add(outbox: &mut Outbox, id: Uuid, intent: Intent) {
    let keeping = outbox.add(id, intent, 0).unwrap();
    keep(outbox, keeping);
}

fn keep(outbox: &mut Outbox, keeping: Keeping) {
    let kept = runtime().block_on(keeping.wait());
    assert_eq!(outbox.kept(kept), None);
}

fn ids(outbox: &Outbox) -> Vec<Uuid> {
    outbox.sends().iter().map(|send| send.id).collect()
}

/// The files of a room's first window.
fn slot(data: &Path) -> PathBuf {
    let room = std::fs::read_dir(data.join("rooms")).unwrap().next().unwrap().unwrap().path();
    room.join("1")
}

const CHILD: &str = "SNUG_TEST_OUTBOX";

#[test]
fn what_was_confirmed_survives_kill_9() {
    if let Some(folder) = std::env::var_os(CHILD) {
        return add_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut kept, mut discarded) = (Vec::new(), BTreeSet::new());
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["what_was_confirmed_survives_kill_9", "--exact", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // At another moment each time: right after a line, or a little later.
        let mut wanted = 1 + (round * 7) % 23;
        while wanted > 0 {
            let line = lines.next().expect("the child ended by itself").unwrap();
            wanted -= usize::from(note(&line, &mut kept, &mut discarded));
        }
        std::thread::sleep(Duration::from_micros(round as u64 * 300));
        child.kill().unwrap();
        let _ = child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            let _ = note(&line, &mut kept, &mut discarded);
        }
    }
    assert!(kept.len() > 12);
    let opened = open(folder.path());
    assert!(!opened.damaged);
    let there = ids(&opened.outbox);
    let expected: Vec<Uuid> = kept.iter().copied().filter(|id| !discarded.contains(id)).collect();
    let found: Vec<Uuid> =
        there.iter().copied().filter(|id| kept.contains(id) && !discarded.contains(id)).collect();
    assert_eq!(found, expected, "all of it, in the order it was added");
    assert_eq!(there.iter().collect::<BTreeSet<_>>().len(), there.len(), "each once");
    assert!(opened.outbox.sends().iter().all(|send| send.state == SendState::Waiting));
}

/// Takes note of what the child said. Whether it was a confirmation.
fn note(line: &str, kept: &mut Vec<Uuid>, discarded: &mut BTreeSet<Uuid>) -> bool {
    match line.split_once(' ').map(|(what, id)| (what, Uuid::try_parse(id))) {
        Some(("kept", Ok(id))) => kept.push(id),
        Some(("discarding", Ok(id))) => return !discarded.insert(id),
        _ => return false,
    }
    true
}

/// Adds a few at a time, says what is confirmed, and discards some, until somebody ends it.
fn add_until_killed(folder: &Path) {
    let mut outbox = open(folder).outbox;
    let runtime = runtime();
    let mut out = std::io::stdout();
    let mut say = |what: &str, id: Uuid| {
        writeln!(out, "\n{what} {id}").unwrap();
        out.flush().unwrap();
    };
    for round in 0u64.. {
        let adding = (0..3).map(|_| outbox.add(Uuid::now_v7(), message("x".repeat(200)), 0).unwrap());
        let adding: Vec<Keeping> = adding.collect();
        for kept in runtime.block_on(join_all(adding.into_iter().map(Keeping::wait))) {
            let before = outbox.sends().iter().filter(|send| send.state == SendState::Waiting).count();
            assert_eq!(outbox.kept(kept), None);
            say("kept", outbox.sends().iter().nth(before).unwrap().id);
        }
        if round % 2 == 1 {
            let id = outbox.sends().iter().next().unwrap().id;
            say("discarding", id);
            assert!(outbox.discard(id));
        }
    }
}

#[test]
fn nothing_goes_out_before_it_is_on_the_disk_and_nothing_overtakes() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    let (now, limits) = (Instant::now(), Limits::default());
    let first = outbox.add(number(1), message("one"), 0).unwrap();
    let second = outbox.add(number(2), message("two"), 0).unwrap();
    let second = runtime().block_on(second.wait());
    assert_eq!(outbox.kept(second), None);
    assert!(matches!(outbox.next(now, &limits), Next::Nothing), "the first is not on the disk yet");
    keep(&mut outbox, first);
    assert!(matches!(outbox.next(now, &limits), Next::Send(id, _) if id == number(1)));
    outbox.sent(number(1), now);
    assert!(matches!(outbox.next(now, &limits), Next::At(_)), "one at a time");
    assert_eq!(outbox.seen(&said(1, number(1)), &me(), true), Some(number(1)));
    assert!(matches!(outbox.next(now, &limits), Next::Send(id, _) if id == number(2)));
}

#[test]
fn what_was_on_the_wire_goes_out_again_under_its_id_until_it_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    let (now, limits) = (Instant::now(), Limits::default());
    add(&mut outbox, number(1), message("one"));
    outbox.sent(number(1), now);
    outbox.disconnected();
    assert!(matches!(outbox.next(now, &limits), Next::Send(id, _) if id == number(1)));
    assert_eq!(
        outbox.seen(
            &Entry { by: Author::http(&Nickname::parse("x").unwrap()), ..said(1, number(1)) },
            &me(),
            true
        ),
        None
    );
    assert_eq!(outbox.seen(&said(1, number(1)), &me(), false), Some(number(1)));
    assert_eq!(outbox.sends().len(), 0);
}

#[test]
fn a_server_that_never_answers_gives_the_message_back_to_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    let limits = Limits::default();
    add(&mut outbox, number(1), message("one"));
    let mut now = Instant::now();
    let mut sent = 0;
    loop {
        match outbox.next(now, &limits) {
            Next::Send(id, _) => {
                outbox.sent(id, now);
                sent += 1;
            }
            Next::At(at) => now = at,
            Next::GivenUp(id) => break assert_eq!(id, number(1)),
            Next::Nothing => panic!("it was forgotten"),
        }
    }
    assert_eq!(sent, 3);
    assert!(matches!(
        outbox.sends().iter().next().unwrap().state,
        SendState::Failed(Failure { can_retry: true, .. })
    ));
}

#[test]
fn a_reaction_that_changes_nothing_is_settled_by_the_entry_that_set_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    let emoji = Emoji::parse("👍").unwrap();
    add(&mut outbox, number(9), Intent::React { target: 1, emoji: emoji.clone(), on: true });
    let set = |on| entry(2, number(5), Body::Reacted { target: 1, emoji: emoji.clone(), on });
    assert_eq!(outbox.seen(&set(true), &me(), true), None, "it is not on the wire yet");
    outbox.sent(number(9), Instant::now());
    assert_eq!(outbox.seen(&set(true), &me(), false), None, "that was a replay");
    assert_eq!(outbox.seen(&set(false), &me(), true), None);
    assert_eq!(outbox.seen(&set(true), &me(), true), Some(number(9)));
}

#[test]
fn what_failed_is_still_failed_after_a_restart_and_can_be_tried_again_or_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    for (id, code) in [(1, ErrorCode::NotAllowed), (2, ErrorCode::TooLong), (3, ErrorCode::IdConflict)] {
        add(&mut outbox, number(id), message("x"));
        let error = ErrorFrame { id: Some(number(id)), ..ErrorFrame::new(code, "No.\u{1b}[2J") };
        assert_eq!(outbox.refused(&error, Instant::now()), Some(number(id)));
        let failed = SendState::Failed(Failure { reason: "No.[2J".into(), can_retry: id != 2 });
        assert_eq!(outbox.sends().get(number(id)).unwrap().state, failed);
    }
    let keeping = outbox.retry(number(3), number(33)).unwrap();
    assert_eq!(ids(&outbox)[2], number(33), "the id that was used up is not tried again");
    keep(&mut outbox, keeping);
    drop(outbox);
    let mut outbox = open(folder.path()).outbox;
    assert_eq!(ids(&outbox), [number(1), number(2), number(33)]);
    let keeping = outbox.retry(number(1), number(11)).unwrap();
    assert_eq!(ids(&outbox)[2], number(1));
    keep(&mut outbox, keeping);
    assert!(outbox.discard(number(2)));
    drop(outbox);
    assert_eq!(ids(&open(folder.path()).outbox), [number(33), number(1)]);
}

#[test]
fn refusals_that_pass_are_waited_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    let limits = Limits::default();
    add(&mut outbox, number(1), message("x"));
    for code in [ErrorCode::RateLimited, ErrorCode::StorageFull, ErrorCode::Unavailable] {
        for (asked, least, most) in [
            (Some(0), 500, 500),
            (Some(2_000), 2_000, 2_000),
            (Some(u64::MAX), 60_000, 60_000),
            (None, 500, 10_000),
        ] {
            // Each at a later time, so that the pauses do not add up.
            let now = Instant::now() + Duration::from_secs(1_000);
            outbox.sent(number(1), now);
            let error =
                ErrorFrame { id: Some(number(1)), retry_after_ms: asked, ..ErrorFrame::new(code, "Later.") };
            assert_eq!(outbox.refused(&error, now), None);
            let Next::At(at) = outbox.next(now, &limits) else { panic!("no pause") };
            let pause = at.duration_since(now).as_millis();
            assert!((least..=most).contains(&pause), "{asked:?} became {pause}");
            assert!(matches!(outbox.next(at + Duration::from_secs(1), &limits), Next::Send(..)));
        }
    }
}

#[test]
fn a_full_outbox_takes_nothing_more_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    let large = "🎉".repeat(4_000);
    for id in 0..SENDS as u64 {
        drop(outbox.add(number(id), message("x"), 0).unwrap());
    }
    assert!(outbox.add(number(5_000), message("x"), 0).is_err());
    for id in 0..SENDS as u64 {
        assert!(outbox.discard(number(id)));
    }
    let room_for = BYTES / large.len();
    for id in 0..room_for as u64 {
        drop(outbox.add(number(id), message(large.clone()), 0).unwrap());
    }
    assert!(room_for < SENDS && outbox.add(number(5_000), message(large), 0).is_err());
}

#[test]
fn what_is_typed_before_the_journal_is_open_is_kept_below_what_waited() {
    let folder = tempfile::tempdir().unwrap();
    add(&mut open(folder.path()).outbox, number(1), message("since last time"));
    let (mut outbox, opening) = Outbox::new();
    let early = outbox.add(number(2), message("typed meanwhile"), 0).unwrap();
    assert!(outbox.is_opening() && outbox.has_unsent());
    assert!(matches!(outbox.next(Instant::now(), &Limits::default()), Next::Nothing));
    outbox.opened(open_journal(opening, folder.path(), "tea"));
    assert_eq!(ids(&outbox), [number(1), number(2)]);
    keep(&mut outbox, early);
    drop(outbox);
    assert_eq!(ids(&open(folder.path()).outbox), [number(1), number(2)]);
}

#[test]
fn what_is_typed_before_a_full_journal_is_open_fails_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut full = open(folder.path()).outbox;
    for id in 0..SENDS as u64 {
        drop(full.add(number(id), message("x"), 0).unwrap());
    }
    drop(full);
    let (mut outbox, opening) = Outbox::new();
    drop(outbox.add(number(5_000), message("one more"), 0).unwrap());
    outbox.opened(open_journal(opening, folder.path(), "tea"));
    assert_eq!(outbox.sends().len(), SENDS + 1);
    let state = &outbox.sends().get(number(5_000)).unwrap().state;
    assert!(matches!(state, SendState::Failed(Failure { can_retry: true, .. })), "{state:?}");
}

#[test]
fn a_journal_that_cannot_be_opened_fails_what_was_typed_and_takes_nothing_more() {
    let folder = tempfile::NamedTempFile::new().unwrap();
    let (mut outbox, opening) = Outbox::new();
    let early = outbox.add(number(1), message("typed meanwhile"), 0).unwrap();
    let (server, room) = (ServerAddress::parse("lab.local").unwrap(), RoomName::parse("tea").unwrap());
    outbox.broken(opening.open(folder.path(), &server, &room).unwrap_err());
    assert_eq!(outbox.kept(runtime().block_on(early.wait())), None, "it has failed already");
    assert!(outbox.error().is_some() && !outbox.has_unsent() && outbox.sends().len() == 1);
    assert!(matches!(outbox.sends().get(number(1)).unwrap().state, SendState::Failed(_)));
    assert!(outbox.discard(number(1)) && outbox.sends().is_empty());
}

#[test]
fn an_edit_of_what_is_on_its_way_follows_it_also_after_a_restart() {
    for restart in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = open(folder.path()).outbox;
        add(&mut outbox, number(1), message("helo"));
        outbox.sent(number(1), Instant::now());
        let hello = MessageText::parse("hello").unwrap();
        let keeping = outbox.edit(number(1), hello.clone()).unwrap().expect("it waits");
        keep(&mut outbox, keeping);
        if restart {
            drop(outbox);
            outbox = open(folder.path()).outbox;
        }
        assert_eq!(outbox.sends().get(number(1)).unwrap().edit, Some(hello.clone()));
        assert_eq!(outbox.seen(&said(7, number(1)), &me(), true), Some(number(1)));
        let sends: Vec<_> = outbox.sends().iter().map(|send| &send.intent).collect();
        assert_eq!(sends, [&Intent::Edit { target: 7, text: hello.clone() }]);
        assert!(matches!(outbox.next(Instant::now(), &Limits::default()), Next::Send(..)));
        drop(outbox);
        let outbox = open(folder.path()).outbox;
        let sends: Vec<_> = outbox.sends().iter().map(|send| &send.intent).collect();
        assert_eq!(
            sends,
            [&Intent::Edit { target: 7, text: hello }],
            "kept before the message was struck off"
        );
    }
}

#[test]
fn what_failed_or_is_no_message_cannot_be_edited_while_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    add(&mut outbox, number(1), message("x"));
    add(&mut outbox, number(2), Intent::Delete { target: 1 });
    let error = ErrorFrame { id: Some(number(1)), ..ErrorFrame::new(ErrorCode::TooLong, "No.") };
    assert_eq!(outbox.refused(&error, Instant::now()), Some(number(1)));
    let text = MessageText::parse("hello").unwrap();
    for id in 1..4 {
        assert!(outbox.edit(number(id), text.clone()).unwrap().is_none(), "{id}");
    }
    add(&mut outbox, number(5), message("y"));
    let large = MessageText::parse("🎉".repeat(4_000)).unwrap();
    let size = large.as_str().len();
    for id in 6..(5 + BYTES / size) as u64 {
        drop(outbox.add(number(id), Intent::Message { text: large.clone(), reply_to: None }, 0).unwrap());
    }
    drop(outbox.edit(number(5), large.clone()).unwrap().expect("it waits"));
    assert!(outbox.edit(number(6), large).is_err(), "an edit counts as a message does");
}

#[test]
fn a_second_window_has_an_outbox_and_a_seat_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = open(folder.path()).outbox;
    let mut second = open(folder.path()).outbox;
    first.keep_seat("the first");
    second.keep_seat("the second");
    add(&mut second, number(2), message("left behind"));
    drop(second);
    add(&mut first, number(1), message("x"));
    assert_eq!(ids(&first), [number(1)]);
    assert!(first.discard(number(1)));
    drop(first);
    let next = open(folder.path());
    assert_eq!((ids(&next.outbox), next.seat.as_deref()), (vec![number(2)], Some("the second")));
    assert_eq!(open(folder.path()).seat.as_deref(), Some("the first"), "nobody else has that one open");
}

#[test]
fn a_damaged_line_costs_itself_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    for id in 1..=3 {
        add(&mut outbox, number(id), message(format!("message {id}")));
    }
    drop(outbox);
    drop(open(folder.path()));
    let path = slot(folder.path()).join("outbox");
    let journal = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, journal.replace("message 2", "message X")).unwrap();
    let opened = open(folder.path());
    assert!(opened.damaged);
    assert_eq!(ids(&opened.outbox), [number(1), number(3)]);
    assert!(slot(folder.path()).join("outbox.damaged").exists());
}

#[test]
fn a_disk_that_fails_is_told_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    let (there, away) = (slot(folder.path()), folder.path().join("away"));
    std::fs::rename(&there, &away).unwrap();
    let keeping = outbox.add(number(1), message("x"), 0).unwrap();
    let kept = runtime().block_on(keeping.wait());
    assert_eq!(outbox.kept(kept), Some(number(1)));
    let SendState::Failed(failure) = &outbox.sends().get(number(1)).unwrap().state else {
        panic!("it failed")
    };
    assert!(failure.can_retry && failure.reason.starts_with("It could not be stored on this computer"));
    assert!(matches!(outbox.next(Instant::now(), &Limits::default()), Next::Nothing), "it does not go out");
    std::fs::rename(&away, &there).unwrap();
    let keeping = outbox.retry(number(1), number(11)).unwrap();
    keep(&mut outbox, keeping);
    drop(outbox);
    assert_eq!(ids(&open(folder.path()).outbox), [number(1)]);
}

#[test]
fn the_journal_stays_short_however_much_went_through_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    add(&mut outbox, number(0), message("stays"));
    for id in 1..600 {
        add(&mut outbox, number(id), message("x".repeat(1_000)));
        assert!(outbox.discard(number(id)));
    }
    let length = std::fs::metadata(slot(folder.path()).join("outbox")).unwrap().len();
    assert!(length < 128 * 1024, "{length} bytes for one send");
    drop(outbox);
    assert_eq!(ids(&open(folder.path()).outbox), [number(0)]);
}

#[test]
fn rooms_of_long_ago_are_forgotten_but_never_what_waits_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut waiting = open_room(folder.path(), "something waits").outbox;
    add(&mut waiting, number(1), message("x"));
    drop(waiting);
    let open = open_room(folder.path(), "is open").outbox;
    for room in 0..ROOMS + 20 {
        drop(open_room(folder.path(), &format!("room {room}")));
    }
    let kept = std::fs::read_dir(folder.path().join("rooms")).unwrap().count();
    assert!((ROOMS..ROOMS + 5).contains(&kept), "{kept} are remembered");
    assert_eq!(ids(&open_room(folder.path(), "something waits").outbox), [number(1)]);
    drop(open);
}
