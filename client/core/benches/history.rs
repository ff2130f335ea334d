//! How long searches of the history take: `cargo bench --bench history [-- MESSAGES]`, by default a million messages in ten rooms.
//!
//! Measured, never asserted. Each search runs several times; the slowest first answer counts as well as the middle one, since a
//! person types one letter after the other. A search that goes on has not looked at everything yet: it answers with what it has, and
//! where it stopped.

#![allow(clippy::unwrap_used)] // a benchmark fails as a test does

use std::time::{Duration, Instant};

use snug_core::history::{History, HistoryQuery, RoomHistory};
use snug_shared::{
    Author, Body, Entry, Line, Message, MessageText, Nickname, RoomName, Seq, ServerAddress, search::Has,
};
use uuid::Uuid;

const ROOMS: usize = 10;
const ROUNDS: usize = 15;
/// When the oldest message was sent, and how long after it the next one, in milliseconds.
const BEGAN: i64 = 1_700_000_000_000;
const APART: i64 = 500;
const WORDS: [&str; 60] = [
    "the", "and", "that", "have", "for", "not", "with", "you", "this", "but", "his", "from", "they", "say",
    "her", "she", "will", "one", "all", "would", "there", "their", "what", "about", "which", "when", "make",
    "can", "like", "time", "just", "know", "take", "people", "into", "year", "your", "good", "some", "could",
    "them", "see", "other", "than", "then", "now", "look", "only", "come", "its", "over", "think", "also",
    "back", "after", "use", "two", "how", "our", "build",
];

fn main() {
    let count: u64 = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path());
    let rooms: Vec<RoomHistory> = (0..ROOMS).map(|n| room(&format!("room {n}"))).collect();
    let began = Instant::now();
    let (mut random, mut seqs) = (1_u64, [0; ROOMS]);
    for part in 0..count.div_ceil(1_000) {
        let place = (part % ROOMS as u64) as usize;
        let lines: Vec<Line> = (0..1_000)
            .map(|n| {
                seqs[place] += 1;
                message(seqs[place], part * 1_000 + n, &mut random)
            })
            .collect();
        history.keep(&rooms[place], &lines);
        history.flush();
    }
    let size = std::fs::metadata(folder.path().join("history.db")).unwrap().len() >> 20;
    println!("{count} messages written in {:.1?}, {size} MiB", began.elapsed());
    println!("{:44} {:>9} {:>9} {:>6} {:>9}", "search", "middle", "slowest", "hits", "goes on");
    let in_room = Some((rooms[3].server.clone(), rooms[3].room.clone()));
    // The time of the message a tenth of the way from the oldest.
    let early = Some(BEGAN + (count / 10) as i64 * APART);
    let words =
        |words: &str| HistoryQuery { words: Some(words.into()), limit: 50, ..HistoryQuery::default() };
    let queries = [
        ("a common word", words("people")),
        ("three common words", words("people there would")),
        ("a common syllable", words("the")),
        ("one letter, common", words("e")),
        ("one letter, in no message", words("z")),
        ("two letters, common", words("of the")),
        ("two letters, in no message", words("qx")),
        ("one word in 1,000", words("kettle")),
        ("one word in the oldest message", words("needle")),
        ("a word in no message, of common trigrams", words("thereabouthave")),
        ("a word in no message, of rare trigrams", words("xylophone")),
        ("common words that never meet", words("morning evening")),
        ("common words that never meet, with a rare one", words("needle kettle people")),
        ("a sender", HistoryQuery { from: Some("user7".into()), ..words("people") }),
        ("a rare sender", HistoryQuery { from: Some("hermit".into()), ..words("people") }),
        (
            "a sender, no words",
            HistoryQuery { from: Some("user7".into()), limit: 50, ..HistoryQuery::default() },
        ),
        ("long ago", HistoryQuery { until: early, ..words("people") }),
        ("long ago, common words that never meet", HistoryQuery { until: early, ..words("morning evening") }),
        ("since not so long ago, in no message", HistoryQuery { since: early, ..words("xylophone") }),
        ("a room", HistoryQuery { room: in_room.clone(), ..words("people") }),
        ("a room, two letters", HistoryQuery { room: in_room.clone(), ..words("qx") }),
        ("a room, common words that never meet", HistoryQuery { room: in_room, ..words("morning evening") }),
        ("links", HistoryQuery { has: Some(Has::Link), limit: 50, ..HistoryQuery::default() }),
        ("東京, of two characters", words("東京")),
        ("東京タワー", words("東京タワー")),
    ];
    for (what, query) in queries {
        let mut times: Vec<Duration> = Vec::new();
        let (mut hits, mut goes_on) = (0, false);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let found = history.search(&query).unwrap();
            times.push(began.elapsed());
            (hits, goes_on) = (found.messages.len(), found.cursor.is_some());
        }
        times.sort_unstable();
        let goes_on = if goes_on { "yes" } else { "no" };
        println!("{what:44} {:>9.2?} {:>9.2?} {hits:>6} {goes_on:>9}", times[ROUNDS / 2], times[ROUNDS - 1]);
    }
}

fn room(name: &str) -> RoomHistory {
    RoomHistory {
        server: ServerAddress::parse("lab.local:8000").unwrap(),
        room: RoomName::parse(name).unwrap(),
        epoch: "0".repeat(32),
    }
}

fn message(seq: Seq, number: u64, random: &mut u64) -> Line {
    let mut draw = |below: usize| {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*random >> 33) as usize % below
    };
    let mut text: Vec<&str> = (0..4 + draw(14)).map(|_| WORDS[draw(WORDS.len())]).collect();
    // No message has both.
    text.push(if number.is_multiple_of(2) { "morning" } else { "evening" });
    match number {
        0 => text.push("needle"),
        n if n % 1_000 == 500 => text.push("kettle"),
        n if n % 5_000 == 77 => text.push("https://lab.local/builds"),
        n if n % 7_000 == 5 => text.push("東京タワー"),
        _ => {}
    }
    let user = if number % 250_000 == 9 { "hermit".to_owned() } else { format!("user{}", draw(40)) };
    let user = Nickname::parse(&user).unwrap();
    let body = Body::Message(Message {
        text: Some(MessageText::parse(text.join(" ")).unwrap()),
        reply_to: None,
        present: None,
    });
    let (by, id) = (Author::http(&user), Uuid::from_u128(number.into()));
    Line::Entry(Entry { seq, id, at: BEGAN + number as i64 * APART, user, by, body })
}
