//! What is selected and copied, whatever becomes of the messages meanwhile.

use proptest::prelude::*;
use snug_core::{
    selection::{COPIED, Position, Selection, Step, Unit, part},
    timeline::{Row, Timeline},
};
use snug_shared::{Body, Entry, Intent, Line, Seq};
use uuid::Uuid;

use crate::made::{ME, entry, established, says, text, timeline};

const NINE: i64 = 1_750_064_400_000;

/// Messages of two people, a minute apart, from nine in the morning on.
fn room(said: &[&str]) -> Timeline {
    let mut timeline = timeline();
    timeline.established(&established(1, said.len() as u64, false));
    let minute = |seq: Seq| NINE + i64::try_from(seq).unwrap() * 60_000;
    let lines: Vec<Line> =
        (1..).zip(said).map(|(seq, said)| says(seq, (seq % 2) as usize, minute(seq), said).into()).collect();
    timeline.receive(&lines);
    timeline
}

fn place(timeline: &Timeline, seq: Seq, at: usize) -> Position {
    Position { row: timeline.id(timeline.find(seq).unwrap()).unwrap(), at }
}

fn select(timeline: &Timeline, from: (Seq, usize), to: (Seq, usize)) -> Selection {
    let mut selection = Selection::begin(timeline, place(timeline, from.0, from.1), Unit::Character);
    selection.reach(timeline, place(timeline, to.0, to.1));
    selection
}

fn copied(timeline: &Timeline, from: (Seq, usize), to: (Seq, usize)) -> String {
    select(timeline, from, to).copied(timeline).text
}

#[test]
fn of_one_message_only_its_words_are_copied() {
    let timeline = room(&["Good morning", "Hello"]);
    assert_eq!(copied(&timeline, (1, 5), (1, 12)), "morning");
    assert_eq!(copied(&timeline, (1, 12), (1, 5)), "morning", "backwards too");
    assert_eq!(copied(&timeline, (1, 5), (2, 0)), "morning", "nothing of the other is selected");
    assert_eq!(copied(&timeline, (1, 5), (1, 5)), "");
}

#[test]
fn of_several_messages_each_has_a_line_with_who_and_when() {
    let timeline = room(&["Good morning", "one\ntwo", "And you?"]);
    assert_eq!(
        copied(&timeline, (1, 5), (3, 3)),
        "member 1, 09:01: morning\nmember 0, 09:02: one\ntwo\nmember 1, 09:03: And"
    );
}

#[test]
fn over_midnight_the_times_have_their_days() {
    let mut timeline = timeline();
    timeline.receive(&[says(1, 1, NINE, "a").into(), says(2, 1, NINE + 86_400_000, "b").into()]);
    assert_eq!(
        copied(&timeline, (1, 0), (2, 1)),
        "member 1, 2025-06-16 09:00: a\nmember 1, 2025-06-17 09:00: b"
    );
}

#[test]
fn a_word_and_a_message_are_selected_whole_in_both_directions() {
    let timeline = room(&["tea is ready", "so are we"]);
    for (unit, from, to, whole) in [
        (Unit::Word, (1, 5), (1, 5), "is"),
        (Unit::Word, (1, 5), (1, 9), "is ready"),
        (Unit::Word, (1, 5), (1, 1), "tea is"),
        (Unit::Message, (1, 5), (1, 5), "tea is ready"),
        (Unit::Message, (2, 1), (1, 5), "member 1, 09:01: tea is ready\nmember 0, 09:02: so are we"),
    ] {
        let mut selection = Selection::begin(&timeline, place(&timeline, from.0, from.1), unit);
        selection.reach(&timeline, place(&timeline, to.0, to.1));
        assert_eq!(selection.copied(&timeline).text, whole);
    }
}

#[test]
fn a_selection_stays_on_its_words_while_the_room_goes_on() {
    let mut timeline = room(&["one", "two", "three", "four"]);
    let selection = select(&timeline, (2, 1), (3, 2));
    let before = selection.copied(&timeline).text;
    timeline.receive(&[says(5, 1, NINE, "five").into()]);
    assert_eq!(selection.copied(&timeline).text, before);
    // Its ends become shorter, and then one of them says nothing any more.
    timeline.receive(&[entry(6, 1, NINE, Body::Edited { target: 3, text: Some(text("3")) }).into()]);
    assert_eq!(selection.copied(&timeline).text, "member 0, 09:02: wo\nmember 1, 09:03: 3");
    timeline.receive(&[entry(7, 0, NINE, Body::Deleted { target: 2 }).into()]);
    assert_eq!(selection.copied(&timeline).text, "3");
    timeline.receive(&[entry(8, 0, NINE, Body::Deleted { target: 3 }).into()]);
    assert_eq!(selection.copied(&timeline).text, "");
}

#[test]
fn a_selection_of_what_is_on_its_way_follows_it_into_the_log() {
    let mut timeline = room(&["one"]);
    let (sent, other) = (Uuid::from_u128(70), Uuid::from_u128(71));
    for (id, words) in [(sent, "mine"), (other, "never sent")] {
        let intent = Intent::Message { text: text(words), reply_to: None };
        drop(timeline.outbox_mut().add(id, intent, NINE).unwrap());
    }
    let mut selection = Selection::begin(&timeline, place(&timeline, 1, 1), Unit::Character);
    let pending = timeline.id(timeline.len() - 2).unwrap();
    assert!(pending.is_pending());
    selection.reach(&timeline, Position { row: pending, at: 2 });
    timeline.receive_live(&says(2, 1, NINE, "meanwhile").into());
    timeline.receive_live(&Entry { id: sent, ..says(3, ME, NINE, "mine") }.into());
    timeline.receive_live(&says(4, 1, NINE, "later").into());
    selection.follow(&timeline);
    let text = selection.copied(&timeline).text;
    assert!(text.ends_with("meanwhile\nmember 0, 09:00: mi"), "{text}");
    // What is given up is selected no more, and nothing after it in its place.
    let pending = timeline.id(timeline.len() - 1).unwrap();
    selection.reach(&timeline, Position { row: pending, at: 2 });
    assert!(timeline.outbox_mut().discard(other));
    selection.follow(&timeline);
    timeline.receive_live(&says(5, 1, NINE, "after").into());
    let text = selection.copied(&timeline).text;
    assert!(!text.contains("after") && text.contains("meanwhile"), "{text}");
}

#[test]
fn all_that_is_loaded_can_be_selected_up_to_a_limit() {
    let timeline = room(&["one", "two"]);
    let all = Selection::all(&timeline).unwrap().copied(&timeline);
    assert_eq!((all.text.as_str(), all.is_cut), ("member 1, 09:01: one\nmember 0, 09:02: two", false));
    assert_eq!(Selection::all(&crate::made::timeline()), None);

    let long = "x".repeat(4_000);
    let timeline = room(&vec![long.as_str(); 300]);
    let all = Selection::all(&timeline).unwrap().copied(&timeline);
    assert!(all.is_cut && all.text.len() <= COPIED && all.text.len() > COPIED - 30_000);
    assert!(all.text.ends_with(&long), "the last one is whole");
}

#[test]
fn the_keyboard_moves_the_end_that_was_made_last() {
    let timeline = room(&["tea is\nready", "so are we"]);
    let steps = |from: (Seq, usize), to: (Seq, usize), steps: &[Step]| {
        let mut selection = select(&timeline, from, to);
        steps.iter().for_each(|step| selection.step(&timeline, *step));
        selection.copied(&timeline).text
    };
    assert_eq!(steps((1, 0), (1, 3), &[Step::Right, Step::Right]), "tea i");
    assert_eq!(steps((1, 0), (1, 3), &[Step::WordRight]), "tea is");
    assert_eq!(steps((1, 6), (1, 4), &[Step::WordLeft]), "tea is");
    assert_eq!(steps((1, 0), (1, 3), &[Step::Down]), "tea is\nrea");
    assert_eq!(steps((1, 0), (1, 3), &[Step::LineEnd]), "tea is");
    assert_eq!(steps((2, 6), (2, 2), &[Step::Up, Step::LineEnd, Step::LineStart]).lines().count(), 2);
    let both = "member 1, 09:01: tea is\nready\nmember 0, 09:02: so are we";
    assert_eq!(steps((1, 0), (1, 3), &[Step::Messages(1)]), both);
    assert_eq!(steps((1, 0), (1, 3), &[Step::End]), both);
    assert_eq!(steps((2, 9), (2, 3), &[Step::Start]), both);
    assert_eq!(steps((2, 9), (2, 3), &[Step::Messages(-40)]), both, "as far as there is anything");
    // A word that was double-clicked is the one that grows.
    let mut selection = Selection::begin(&timeline, place(&timeline, 1, 5), Unit::Word);
    selection.step(&timeline, Step::Left);
    assert_eq!(selection.copied(&timeline).text, "i");
}

#[test]
fn what_is_read_from_the_right_goes_on_to_the_left() {
    let timeline = room(&["שלום לכולם"]);
    let mut selection = select(&timeline, (1, 0), (1, 2));
    selection.step(&timeline, Step::Left);
    assert_eq!(selection.copied(&timeline).text, "של");
    selection.step(&timeline, Step::WordLeft);
    assert_eq!(selection.copied(&timeline).text, "שלום");
    selection.step(&timeline, Step::Right);
    assert_eq!(selection.copied(&timeline).text, "שלו");
}

/// Anything that can be done to a selection, or to what is selected.
#[derive(Debug, Clone)]
enum Act {
    Reach(usize, usize),
    Step(Step),
    Edit(usize, String),
    Delete(usize),
    Say(String),
}

fn act() -> impl Strategy<Value = Act> {
    use Step::{Down, End, Left, LineEnd, LineStart, Messages, Right, Start, Up, WordLeft, WordRight};
    let steps = [
        Left,
        Right,
        WordLeft,
        WordRight,
        Up,
        Down,
        LineStart,
        LineEnd,
        Messages(2),
        Messages(-2),
        Start,
        End,
    ];
    let words = "[a-z é👩‍🚀\n\t]{1,12}x";
    prop_oneof![
        (0..12usize, 0..30usize).prop_map(|(row, at)| Act::Reach(row, at)),
        proptest::sample::select(steps.to_vec()).prop_map(Act::Step),
        (0..12usize, words).prop_map(|(row, text)| Act::Edit(row, text)),
        (0..12usize).prop_map(Act::Delete),
        words.prop_map(Act::Say),
    ]
}

proptest! {
    /// Whatever happens, what is copied is what the parts of the rows say, in their order, and between characters.
    #[test]
    fn what_is_copied_is_what_is_marked(
        said in proptest::collection::vec("[a-z é👩‍🚀\n\t]{1,12}x", 1..8),
        acts in proptest::collection::vec(act(), 0..40),
        unit in proptest::sample::select(vec![Unit::Character, Unit::Word, Unit::Message]),
    ) {
        let mut timeline = room(&said.iter().map(String::as_str).collect::<Vec<_>>());
        let mut selection = Selection::begin(&timeline, place(&timeline, 1, 0), unit);
        let mut newest = said.len() as u64;
        for act in acts {
            let target = |row: usize| 1 + row as u64 % said.len() as u64;
            let mut tell = |timeline: &mut Timeline, body| {
                newest += 1;
                timeline.receive(&[entry(newest, 1, NINE, body).into()]);
            };
            match act {
                Act::Reach(row, at) => {
                    let row = timeline.id(row % timeline.len()).unwrap();
                    selection.reach(&timeline, Position { row, at });
                }
                Act::Step(step) => selection.step(&timeline, step),
                Act::Edit(row, words) => {
                    tell(&mut timeline, Body::Edited { target: target(row), text: Some(text(words)) });
                }
                Act::Delete(row) => tell(&mut timeline, Body::Deleted { target: target(row) }),
                Act::Say(words) => {
                    newest += 1;
                    timeline.receive(&[says(newest, 1, NINE, &words).into()]);
                }
            }
            selection.follow(&timeline);
        }
        let range = selection.range(&timeline);
        prop_assert!(range.start <= range.end);
        let mut marked = Vec::new();
        for index in 0..timeline.len() {
            let (Some(row), Some(Row::Message(message))) = (timeline.id(index), timeline.row(index)) else { continue };
            let Some(words) = snug_core::selection::words(&message) else { continue };
            if let Some(part) = part(&range, row, &words) {
                marked.push(words[part].to_owned());
            }
        }
        let copied = selection.copied(&timeline);
        prop_assert!(!copied.is_cut);
        // Tabs are drawn as spaces and copied as tabs.
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        for words in &marked {
            prop_assert!(letters(&copied.text).contains(&letters(words)));
        }
        let said = marked.iter().filter(|words| !words.trim().is_empty()).count();
        let lines = copied.text.matches("member ").count();
        prop_assert!(lines <= marked.len());
        prop_assert!(said < 2 || lines >= said);
        prop_assert!(said == 0 || !copied.text.is_empty());
        prop_assert!(!marked.is_empty() || copied.text.is_empty());
    }
}
