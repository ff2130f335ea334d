//! What the outbox confirmed is there afterwards, goes out in the order it was typed, and goes out once.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

mod outbox {
    mod any_answer;
    mod edits;
    mod journal;
}

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use snug_core::outbox::{BYTES, Failure, Keeping, Next, Opened, Opening, Outbox, SENDS, SendState};
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
