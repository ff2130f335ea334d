//! Which rows there are, and what they say.

use std::time::Instant;

use snug_core::{
    format,
    timeline::{BYTES, CHANGES_KEPT, Delivery, OwnMessage, ROWS, Row, Timeline},
};
use snug_shared::{Body, Entry, ErrorCode, ErrorFrame, Established, Intent, Line, Message, Topic};
use uuid::Uuid;

use crate::made::{ME, entry, established, kinds, messages, nickname, rows, says, text, timeline};

#[test]
fn an_empty_room_shows_its_beginning_and_no_messages() {
    let mut timeline = timeline();
    assert!(timeline.is_empty() && !timeline.has_messages());
    timeline.established(&established(0, 0, false));
    assert_eq!(kinds(&timeline), ["beginning"]);
    assert!(!timeline.has_messages() && !timeline.has_more_above());
}

#[test]
fn messages_of_one_person_stand_together_for_five_minutes() {
    let mut timeline = timeline();
    let minutes = |minutes: i64| minutes * 60_000;
    timeline.receive(&[
        says(1, 1, 0, "a").into(),
        says(2, 1, minutes(5), "b").into(),
        says(3, 1, minutes(11), "c").into(),
        says(4, 2, minutes(11), "d").into(),
        entry(5, 2, minutes(11), Body::Topic { topic: Topic::parse("x").unwrap() }).into(),
        says(6, 2, minutes(11), "e").into(),
    ]);
    let starts: Vec<bool> = messages(&timeline).iter().map(|message| message.starts_group).collect();
    assert_eq!(starts, [true, false, true, true, true]);
}

/// The server says no to a send.
fn refuse(timeline: &mut Timeline, send: Uuid, code: ErrorCode) {
    let error = ErrorFrame { id: Some(send), ..ErrorFrame::new(code, "No.") };
    assert_eq!(timeline.outbox_mut().refused(&error, Instant::now()), Some(send));
}

#[test]
fn own_sends_stand_below_the_log_until_they_come_back() {
    let mut timeline = timeline();
    timeline.established(&established(0, 0, false));
    let (first, second) = (Uuid::from_u128(7), Uuid::from_u128(8));
    for (id, words) in [(first, "one"), (second, "two")] {
        drop(
            timeline.outbox_mut().add(id, Intent::Message { text: text(words), reply_to: None }, 5).unwrap(),
        );
    }
    refuse(&mut timeline, second, ErrorCode::NotAllowed);
    let shown: Vec<_> = messages(&timeline).iter().map(|row| (row.text.unwrap(), row.seq, row.own)).collect();
    assert_eq!(shown, [("one", None, true), ("two", None, true)]);
    assert_eq!(messages(&timeline)[0].delivery, Delivery::Sending);
    let failed = Delivery::Failed { send: second, reason: "No.", can_retry: true };
    assert_eq!(messages(&timeline)[1].delivery, failed);
    timeline.receive(&[says(1, 1, 6, "hello").into(), Entry { id: first, ..says(2, ME, 6, "one") }.into()]);
    let shown: Vec<_> = messages(&timeline).iter().map(|row| (row.text.unwrap(), row.seq)).collect();
    assert_eq!(shown, [("hello", Some(1)), ("one", Some(2)), ("two", None)]);
    assert!(timeline.outbox_mut().discard(second));
    assert_eq!(messages(&timeline).len(), 2);
}

#[test]
fn ones_last_message_is_the_newest_also_while_it_is_on_its_way() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1, false));
    timeline.receive(&[says(1, ME, 0, "before").into()]);
    assert_eq!(timeline.last_own(), Some(OwnMessage::Logged(1)));
    let id = Uuid::from_u128(7);
    drop(timeline.outbox_mut().add(id, Intent::Message { text: text("helo"), reply_to: None }, 1).unwrap());
    assert_eq!(timeline.last_own(), Some(OwnMessage::Pending(id)));
    drop(timeline.outbox_mut().edit(id, text("hello")).unwrap().expect("it waits"));
    let row = timeline.own(OwnMessage::Pending(id)).unwrap();
    assert_eq!((row.text, row.edited, row.seq), (Some("hello"), true, None));
    timeline.receive_live(&Entry { id, ..says(2, ME, 6, "helo") }.into());
    let row = timeline.own(OwnMessage::Pending(id)).unwrap();
    assert_eq!((row.seq, row.delivery), (Some(2), Delivery::Sending), "the change is on its way");
}

#[test]
fn an_own_change_shows_on_the_message_it_changes() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1, false));
    timeline.receive(&[says(1, ME, 0, "helo").into()]);
    let send = Uuid::from_u128(9);
    drop(timeline.outbox_mut().add(send, Intent::Edit { target: 1, text: text("hello") }, 1).unwrap());
    assert_eq!(messages(&timeline)[0].delivery, Delivery::Sending);
    refuse(&mut timeline, send, ErrorCode::NotFound);
    let failed = Delivery::Failed { send, reason: "No.", can_retry: false };
    assert_eq!(messages(&timeline)[0].delivery, failed);
    assert!(timeline.outbox_mut().discard(send));
    assert_eq!(messages(&timeline)[0].delivery, Delivery::Sent);
}

#[test]
fn the_unread_line_stands_above_the_first_message_of_somebody_else() {
    let mut timeline = timeline();
    timeline.established(&established(1, 4, false));
    timeline.set_unread(Some(1));
    timeline.receive(&[
        says(1, 1, 0, "old").into(),
        says(2, ME, 0, "mine").into(),
        says(3, 1, 0, "new").into(),
        says(4, 1, 0, "newer").into(),
    ]);
    assert_eq!(kinds(&timeline), ["beginning", "day", "message", "message", "unread", "message", "message"]);
    assert_eq!((timeline.unread_row(), timeline.others_after(1)), (Some(4), 2));
    timeline.set_unread(None);
    assert_eq!(timeline.unread_row(), None);
}

#[test]
fn the_unread_line_survives_a_server_that_leaves_too_many_holes() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1, true));
    timeline.set_unread(Some(0));
    for seq in (1..=200).step_by(2) {
        timeline.receive(&[says(seq, usize::from(seq > 100), 0, "hello").into()]);
        let kinds = kinds(&timeline);
        let line = kinds.iter().position(|kind| *kind == "unread");
        assert_eq!(line.map(|line| kinds[line + 1]), (seq > 100).then_some("message"), "{seq}");
    }
}

#[test]
fn the_unread_line_does_not_stand_above_own_messages_once_the_server_has_said_who_we_are() {
    let mut timeline = timeline();
    timeline.set_unread(Some(0));
    timeline.receive(&[says(1, ME, 0, "mine").into()]);
    assert_eq!(kinds(&timeline), ["day", "unread", "message"]);
    timeline.established(&established(1, 1, true));
    assert_eq!(kinds(&timeline), ["beginning", "day", "message"]);
}

#[test]
fn a_new_history_leaves_what_is_shown_and_marks_the_break() {
    let mut timeline = timeline();
    timeline.established(&established(1, 2, false));
    timeline.receive(&[says(1, 1, 0, "before").into(), says(2, 1, 0, "it").into()]);
    let anew = Established { epoch: "b".repeat(32), ..established(1, 1, false) };
    timeline.established(&anew);
    timeline.established(&Established { epoch: "c".repeat(32), ..anew });
    timeline.receive(&[says(1, 1, 1, "after").into()]);
    assert_eq!(kinds(&timeline), ["beginning", "day", "message", "message", "anew", "message"]);
    assert_eq!((timeline.oldest(), timeline.newest()), (Some(1), 1));
}

#[test]
fn a_restored_backup_is_a_new_history_although_the_epoch_is_the_same() {
    let mut timeline = timeline();
    timeline.established(&established(1, 3, false));
    timeline.receive(&[says(1, 1, 0, "a").into(), says(2, 1, 0, "b").into(), says(3, 1, 0, "c").into()]);
    timeline.established(&established(1, 4, false));
    let replay: Vec<Line> =
        ["a", "b", "x", "y"].iter().zip(1..).map(|(words, seq)| says(seq, 1, 0, words).into()).collect();
    timeline.receive(&replay);
    let texts: Vec<_> = messages(&timeline).iter().map(|message| message.text.unwrap()).collect();
    assert_eq!(texts, ["a", "b", "c", "a", "b", "x", "y"]);
    assert!(kinds(&timeline).contains(&"anew"));
}

#[test]
fn what_the_server_does_not_have_any_more_is_shown_as_lost_and_not_asked_for_again() {
    let mut timeline = timeline();
    timeline.established(&established(1, 20, false));
    timeline.receive(&[says(1, 1, 0, "a").into()]);
    timeline.receive(&[says(10, 1, 0, "b").into()]);
    assert!(kinds(&timeline).contains(&"missed"));
    assert_eq!(timeline.history_wanted(0..4), Some(10));
    timeline.receive_history(10, &[], false);
    assert!(kinds(&timeline).contains(&"lost"));
    assert_eq!(timeline.history_wanted(0..4), None);
}

#[test]
fn history_is_wanted_only_near_what_is_missing() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1_000, false));
    let lines: Vec<Line> = (500..1_000).map(|seq| says(seq, 1, 0, "x").into()).collect();
    timeline.receive(&lines);
    assert!(timeline.has_more_above());
    assert_eq!(timeline.history_wanted(400..430), None);
    assert_eq!(timeline.history_wanted(10..40), Some(500));
}

#[test]
fn a_reply_shows_what_it_answers_as_that_is_now() {
    let mut timeline = timeline();
    let reply = Message { text: Some(text("yes")), reply_to: Some(1), present: None };
    timeline.receive(&[entry(2, 2, 0, Body::Message(reply)).into()]);
    let quote = |timeline: &Timeline| {
        let reply = messages(timeline).last().unwrap().reply.unwrap();
        (reply.user.cloned(), reply.text.map(str::to_owned))
    };
    assert_eq!(quote(&timeline), (None, None));
    timeline.receive_history(2, &[says(1, 1, 0, "tea?").into()], false);
    assert_eq!(quote(&timeline), (Some(nickname(1)), Some("tea?".into())));
    timeline.receive(&[entry(3, 1, 0, Body::Deleted { target: 1 }).into()]);
    assert_eq!(quote(&timeline), (Some(nickname(1)), None));
}

#[test]
fn a_room_of_any_length_keeps_a_bounded_number_of_rows() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1, false));
    for page in 0..450u64 {
        let lines: Vec<Line> =
            (page * 500 + 1..=page * 500 + 500).map(|seq| says(seq, 1, 0, "x").into()).collect();
        timeline.receive(&lines);
    }
    assert!(timeline.len() <= ROWS);
    assert_eq!(timeline.newest(), 225_000);
    assert!(timeline.oldest().unwrap() > 1 && timeline.has_more_above());
    assert_eq!(kinds(&timeline)[0], "day");
}

#[test]
fn a_room_of_the_longest_messages_keeps_a_bounded_number_of_bytes() {
    let mut timeline = timeline();
    timeline.established(&established(1, 6_000, false));
    let long = "🫖".repeat(4_000);
    for page in 0..30u64 {
        let lines: Vec<Line> =
            (page * 100 + 1..=page * 100 + 100).map(|seq| says(seq + 3_000, 1, 0, &long).into()).collect();
        timeline.receive(&lines);
    }
    let kept = |timeline: &Timeline| {
        messages(timeline).iter().filter_map(|row| row.text).map(str::len).sum::<usize>()
    };
    assert!((BYTES * 3 / 4..=BYTES).contains(&kept(&timeline)), "{}", kept(&timeline));
    assert_eq!(timeline.newest(), 6_000);
    // As many older ones can be read as there is room for; more would only push each other out again.
    while timeline.has_more_above() {
        let before = timeline.oldest().unwrap();
        let page: Vec<Line> = (before - 15..before).map(|seq| says(seq, 1, 0, &long).into()).collect();
        timeline.receive_history(before, &page, true);
        assert_eq!(timeline.oldest(), Some(before - 15));
    }

    // What was long and is short makes room again.
    for number in 1..=3_000 {
        let edited = Body::Edited { target: 3_000 + number, text: Some(text("short")) };
        timeline.receive(&[entry(6_000 + number, 1, 0, edited).into()]);
    }
    assert!(kept(&timeline) < BYTES / 100 && timeline.has_more_above());
}

#[test]
fn changes_to_messages_that_are_not_loaded_are_kept_up_to_a_bound() {
    let mut timeline = timeline();
    timeline.established(&established(1, 10, false));
    timeline.receive(&[says(10, 1, 0, "x").into()]);
    let changes = CHANGES_KEPT as u64 + 10;
    for number in 0..changes {
        let edited = Body::Edited { target: 9, text: Some(text(format!("edit {number}"))) };
        timeline.receive(&[entry(11 + number, 1, 0, edited).into()]);
    }
    timeline.receive_history(10, &[says(9, 1, 0, "as first said").into()], true);
    assert_eq!(messages(&timeline)[0].text, Some(format!("edit {}", changes - 1).as_str()));
}

#[test]
fn a_message_of_an_unknown_time_stands_under_no_day() {
    let today = jiff::civil::date(2026, 3, 3);
    for at in [i64::MIN, -1, 0, 1, 1 << 60, i64::MAX] {
        let mut timeline = timeline();
        timeline.receive(&[says(1, 1, at, "hello").into()]);
        let day = rows(&timeline).into_iter().find_map(|row| match row {
            Row::Day(day) => Some(format::day(day, today)),
            _ => None,
        });
        assert_eq!(day.as_deref(), Some("Unknown time"), "{at}");
    }
}
