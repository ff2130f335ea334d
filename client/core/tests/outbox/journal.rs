//! The journal: opened late or not at all, by two windows, damaged, on a disk that fails, and short.

use std::time::Instant;

use snug_core::outbox::{Failure, Next, Outbox, ROOMS, SENDS, SendState};
use snug_shared::{Limits, RoomName, ServerAddress};

use crate::{add, ids, keep, message, number, open, open_journal, open_room, runtime, slot};

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
