//! Whatever a server says, in whatever order.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use snug_core::timeline::{HoleReason, MessageRow, Row, Timeline};
use snug_shared::{Body, Established, Line, Seq};

use crate::{
    made::{author, emoji, entry, established, kinds, messages, rows, says, text, timeline},
    world::{Log, State, Step, World, step},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_way_entries_arrive_the_rows_are_what_the_log_says(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut world = World {
            log: Log::default(), timeline: timeline(), online: false, told: 0, pages: Vec::new(), last: Vec::new(),
        };
        world.come_back();
        for (number, step) in steps.iter().enumerate() {
            world.take(number, step);
            check_order(&world.timeline)?;
        }
        for _ in 0..10 {
            world.take(0, &Step::Repeat);
        }
        world.come_back();
        world.deliver();
        for _ in 0..200 {
            world.take(0, &Step::Page);
        }
        let states = world.log.states(world.log.last());
        let shown: BTreeMap<Seq, State> = messages(&world.timeline).into_iter().map(|message| {
            let reactions = message.reactions.iter().map(|reaction| {
                let mut by = reaction.by.clone();
                by.sort();
                (reaction.emoji.to_string(), by)
            });
            let state = State {
                text: message.text.map(str::to_owned),
                edited: None,
                reactions: reactions.collect(),
            };
            (message.seq.unwrap(), state)
        }).collect();
        let expected: BTreeMap<Seq, State> =
            states.into_iter().map(|(seq, state)| (seq, State { edited: None, ..state })).collect();
        prop_assert_eq!(shown, expected);
        let kinds = kinds(&world.timeline);
        let damaged = world.log.0.iter().filter(|line| matches!(line, Line::Damaged(_))).count();
        prop_assert_eq!(kinds.iter().filter(|kind| **kind == "damaged").count(), damaged);
        prop_assert_eq!(kinds[0], "beginning");
        prop_assert!(!kinds[1..].iter().any(|kind| ["beginning", "missed", "lost", "anew"].contains(kind)));
        prop_assert_eq!(world.timeline.topic(), &world.log.topic().unwrap_or_default());
    }

    #[test]
    fn a_hostile_server_cannot_make_it_panic_or_grow(
        lines in proptest::collection::vec((hostile_seq(), 0usize..6, hostile_seq(), any::<i64>()), 1..200),
        anew in proptest::collection::vec((0usize..200, hostile_seq(), hostile_seq(), any::<bool>()), 0..8),
    ) {
        let mut timeline = timeline();
        timeline.set_unread(Some(READ));
        for (number, (seq, kind, other, at)) in lines.into_iter().enumerate() {
            for (_, first, last, resumed) in anew.iter().filter(|(when, ..)| *when == number) {
                let (epoch, by) = (format!("{:032x}", first % 3), author(*last as usize % 3));
                timeline.established(&Established { epoch, by, ..established(*first, *last, *resumed) });
                timeline.set_unread(Some(READ));
            }
            let by = number % 3;
            let line = match kind {
                0 => Line::Opaque(seq),
                5 => Line::Damaged(seq),
                1 => entry(seq, by, at, Body::Edited { target: other, text: Some(text("edited")) }).into(),
                2 => entry(seq, by, at, Body::Reacted { target: other, emoji: emoji(0), on: true }).into(),
                _ => says(seq, by, at, "hello").into(),
            };
            match kind {
                4 => timeline.receive_history(other, &[line], at > 0),
                _ => timeline.receive(&[line]),
            }
            let _ = timeline.history_wanted(0..timeline.len());
            check_order(&timeline)?;
            check_unread(&timeline)?;
            prop_assert!(kinds(&timeline).iter().filter(|kind| **kind == "missed").count() <= 32);
        }
    }
}

/// What was read of every history.
const READ: Seq = 3;

fn hostile_seq() -> impl Strategy<Value = Seq> {
    prop_oneof![3 => 1u64..40, 2 => 40u64..160, 1 => any::<u64>(), 1 => Just(u64::MAX), 1 => Just(u64::MAX - 1), 1 => Just(0)]
}

/// Identities ascend, are found again, and a day line stands above each first message of its day and nowhere else.
fn check_order(timeline: &Timeline) -> Result<(), TestCaseError> {
    let mut day = None;
    for index in 0..timeline.len() {
        let id = timeline.id(index).unwrap();
        prop_assert_eq!(timeline.position(id), Some(index));
        prop_assert!(index == 0 || timeline.id(index - 1).unwrap() < id);
        let at = match timeline.row(index).unwrap() {
            Row::Day(line) => {
                prop_assert!(day != Some(line), "the same day twice in a row");
                day = Some(line);
                continue;
            }
            Row::Message(MessageRow { seq: Some(_), at, .. }) | Row::Topic { at, .. } => at,
            _ => continue,
        };
        // Times of the first day are those of clocks that were never set.
        if let (86_400_000.., Ok(at)) = (at, jiff::Timestamp::from_millisecond(at)) {
            prop_assert_eq!(Some(TimeZone::UTC.to_datetime(at).date()), day);
        }
    }
    Ok(())
}

/// The unread line stands right above the first message of somebody else after [`READ`] in the present history, if any, and
/// nowhere else.
fn check_unread(timeline: &Timeline) -> Result<(), TestCaseError> {
    let rows = rows(timeline);
    let present =
        rows.iter().rposition(|row| matches!(row, Row::Hole { reason: HoleReason::Anew })).unwrap_or(0);
    let is_unread = |row: &Row<'_>| match row {
        Row::Message(message) => !message.own && message.seq > Some(READ),
        _ => false,
    };
    let first = rows.iter().skip(present).position(is_unread).map(|index| present + index);
    let lines: Vec<usize> =
        (0..rows.len()).filter(|index| rows[*index] == Row::Unread).map(|line| line + 1).collect();
    prop_assert_eq!(lines, Vec::from_iter(first));
    Ok(())
}
