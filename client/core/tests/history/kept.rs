//! What is kept of a room, and how it is recalled.

use snug_core::history::{Found, History, RoomHistory};
use snug_shared::{Author, Body, Emoji, Entry, Line, Nickname, Present, Reaction, Seq, Topic};
use tempfile::TempDir;

use super::made::{EPOCH, entry, message, name, of, recalled, said, seqs, server, text, words};

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
fn a_history_that_keeps_nothing_answers_everything_with_nothing() {
    let history = History::default();
    history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
    assert_eq!(recalled(&history, "tea"), []);
    assert_eq!(history.search(&words("kettle")), Ok(Found::default()));
    assert_eq!(history.notice(), None);
}
