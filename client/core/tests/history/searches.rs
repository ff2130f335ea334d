//! Searches over what was kept.

use proptest::{prelude::*, test_runner::TestRunner};
use snug_core::history::{Found, History, HistoryError, HistoryQuery};
use snug_shared::{Line, search::Has};
use tempfile::TempDir;

use super::made::{NOON, name, of, said, seqs, server, words};

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
