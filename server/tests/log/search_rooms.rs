//! Searches over rooms, asked of every log.

use std::collections::{BTreeSet, HashSet};

use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, prop_oneof},
    test_runner::TestRunner,
};
use snug_server::log::{Hits, SearchQuery};
use snug_shared::{Seq, search::Has};
use uuid::Uuid;

use super::bench::{Bench, delete, edit, every_log, message, new, react, room};

every_log! {
    all_rooms_are_searched_newest_first
    a_search_over_rooms_goes_on_at_its_position_and_finds_each_hit_once
    a_room_a_sender_a_time_and_a_link_narrow_a_search
    a_search_over_rooms_shows_the_present_state_and_nothing_deleted
    nothing_to_look_for_is_found_in_no_room
    short_words_are_found_over_rooms
    long_messages_come_in_parts_over_rooms
    a_search_that_nobody_waits_for_ends
}

async fn say_in(bench: &Bench, name: &str, who: &str, text: &str) -> Seq {
    new(bench.append(name, who, Uuid::now_v7(), message(text)).await).seq
}

async fn search(bench: &Bench, query: SearchQuery) -> Hits {
    bench.log.search_rooms(query).await.expect("the log works")
}

fn words(words: &str, limit: usize) -> SearchQuery {
    SearchQuery { words: Some(words.to_owned()), limit, ..SearchQuery::default() }
}

fn places(hits: &Hits) -> Vec<(String, Seq)> {
    hits.hits.iter().map(|hit| (hit.room.to_string(), hit.entry.seq)).collect()
}

/// All that is found from position to position, and in how many parts.
async fn all_parts(bench: &Bench, query: &SearchQuery) -> (Vec<(String, Seq)>, usize) {
    let (mut found, mut parts, mut position) = (Vec::new(), 0, None);
    loop {
        let part = search(bench, SearchQuery { position: position.clone(), ..query.clone() }).await;
        found.extend(places(&part));
        parts += 1;
        let next =
            part.position.map(|next| snug_server::log::Position::parse(&next.to_string()).expect("its own"));
        let Some(next) = next else { return (found, parts) };
        assert!(position.is_none_or(|position| next < position), "it gets on");
        position = Some(next);
    }
}

fn in_rooms(places: &[(&str, Seq)]) -> Vec<(String, Seq)> {
    places.iter().map(|(room, seq)| ((*room).to_owned(), *seq)).collect()
}

/// Lets the clock go on, so that the order of what follows is not left to the rooms' names.
async fn tick() {
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

async fn all_rooms_are_searched_newest_first(bench: Bench) {
    for (name, text) in [
        ("Tea", "green kettle"),
        ("lab", "a KETTLE of fish"),
        ("Tea", "no such thing"),
        ("attic", "kéttle, ｋｅｔｔｌｅ"),
        ("tea", "kettles"),
    ] {
        let _ = say_in(&bench, name, "ada", text).await;
        tick().await;
    }
    let found = search(&bench, words("kettle", 10)).await;
    assert_eq!(places(&found), in_rooms(&[("Tea", 3), ("attic", 1), ("lab", 1), ("Tea", 1)]));
    assert_eq!(found.position, None);
    let found = search(&bench, words("kettle", 2)).await;
    assert_eq!(places(&found), in_rooms(&[("Tea", 3), ("attic", 1)]));
    assert!(found.position.is_some());
    let found = search(&bench, words("green kettle", 10)).await;
    assert_eq!(places(&found), in_rooms(&[("Tea", 1)]));
    assert!(places(&search(&bench, words("teapot", 10)).await).is_empty());
}

/// Random histories of a few rooms, many messages in the same millisecond.
async fn a_search_over_rooms_goes_on_at_its_position_and_finds_each_hit_once(bench: Bench) {
    let runtime = tokio::runtime::Handle::current();
    let rooms = ["a", "b", "c", "d"];
    let step = (0..4usize, prop_oneof![Just("kettle"), Just("cup"), Just("日本")], 0..20u8);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(12));
    let run = move || {
        runner.run(&(vec(step, 0..60), 1..5usize), |(steps, limit)| {
            let bench = bench.another();
            runtime.block_on(async {
                let mut said: Vec<HashSet<(String, Seq)>> = vec![HashSet::new(); 3];
                for (place, word, pause) in steps {
                    let seq = say_in(&bench, rooms[place], "ada", &format!("one {word}")).await;
                    let of = ["kettle", "cup", "日本"].iter().position(|known| *known == word);
                    let _ = said[of.expect("one of them")].insert((rooms[place].to_owned(), seq));
                    if pause == 0 {
                        tick().await;
                    }
                }
                for (word, said) in ["kettle", "cup", "日本"].iter().zip(said) {
                    let (found, parts) = all_parts(&bench, &words(word, limit)).await;
                    assert_eq!(found.iter().cloned().collect::<HashSet<_>>(), said, "{word}");
                    assert_eq!(found.len(), said.len(), "each once");
                    assert!(parts <= said.len() / limit + 2);
                    for name in rooms {
                        let seqs = found.iter().filter(|(room, _)| room == name).map(|(_, seq)| *seq);
                        assert!(seqs.is_sorted_by(|one, next| one > next), "newest first");
                    }
                }
            });
            Ok(())
        })
    };
    tokio::task::spawn_blocking(run).await.expect("it runs").expect("it holds");
}

async fn a_room_a_sender_a_time_and_a_link_narrow_a_search(bench: Bench) {
    let mut at = Vec::new();
    for (name, who, text) in [
        ("tea", "Ada", "kettle at http://kettle.lab"),
        ("lab", "bob", "kettle"),
        ("tea", "ada", "my kettle"),
        ("lab", "bob", "see HTTPS://kettle.lab/x"),
        ("tea", "Zoë", "tea for two, ftp://kettle"),
    ] {
        at.push(new(bench.append(name, who, Uuid::now_v7(), message(text)).await).at);
        tick().await;
    }
    let query = words("kettle", 10);
    let found = |query: SearchQuery| async { places(&search(&bench, query).await) };
    let tea = Some(room("TEA").key());
    assert_eq!(
        found(SearchQuery { room: tea, ..query.clone() }).await,
        in_rooms(&[("tea", 3), ("tea", 2), ("tea", 1)])
    );
    let nowhere = Some(room("nowhere").key());
    assert!(found(SearchQuery { room: nowhere, ..query.clone() }).await.is_empty());
    for (who, places) in [
        ("ada", vec![("tea", 2), ("tea", 1)]),
        ("h:ada", vec![("tea", 2)]),
        ("zoe", vec![("tea", 3)]),
        ("ad", vec![]),
    ] {
        let from = Some(who.to_owned());
        assert_eq!(found(SearchQuery { from, ..query.clone() }).await, in_rooms(&places), "{who}");
    }
    let linked = in_rooms(&[("lab", 2), ("tea", 1)]);
    assert_eq!(found(SearchQuery { has: Some(Has::Link), ..query.clone() }).await, linked);
    assert_eq!(
        found(SearchQuery { has: Some(Has::Link), limit: 10, ..SearchQuery::default() }).await,
        linked
    );
    assert!(found(SearchQuery { has: Some(Has::Image), ..query.clone() }).await.is_empty());
    let (since, until) = (Some(at[1]), Some(at[3]));
    assert_eq!(
        found(SearchQuery { since, until, ..query.clone() }).await,
        in_rooms(&[("lab", 2), ("tea", 2), ("lab", 1)])
    );
    assert_eq!(found(SearchQuery { since: Some(at[4]), ..query.clone() }).await, in_rooms(&[("tea", 3)]));
    assert_eq!(found(SearchQuery { until: Some(at[0]), ..query.clone() }).await, in_rooms(&[("tea", 1)]));
    assert!(found(SearchQuery { until: Some(at[0] - 1), ..query.clone() }).await.is_empty());
    assert!(found(SearchQuery { since: Some(at[4] + 1), ..query }).await.is_empty());
}

async fn a_search_over_rooms_shows_the_present_state_and_nothing_deleted(bench: Bench) {
    let first = bench.say("ada", "one kettle").await;
    let second = bench.say("ada", "two kettles").await;
    let third = bench.say("ada", "three cups").await;
    let _ = new(bench.send("bob", react(first, "🎉", true)).await);
    for round in 0..3 {
        // With the index behind the log, and after it has come along.
        let _ = new(bench.send("ada", edit(third, &format!("kettle number {round}"))).await);
        let found = search(&bench, words("kettle", 10)).await;
        let seqs: BTreeSet<Seq> = found.hits.iter().map(|hit| hit.entry.seq).collect();
        assert_eq!(seqs, if round < 2 { [1, 2, 3].into() } else { [1, 3].into() });
        let present = found.hits.last().and_then(|hit| hit.entry.message()?.present.clone());
        let present = present.expect("a message in its present state");
        assert_eq!(present.reactions.len(), 1);
        assert!(search(&bench, words("cups", 10)).await.hits.is_empty(), "earlier texts are in no search");
        if round == 1 {
            let _ = new(bench.send("ada", delete(second)).await);
        }
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    }
}

async fn nothing_to_look_for_is_found_in_no_room(bench: Bench) {
    bench.say("ada", "tea and more tea").await;
    for text in ["", " ", "\0", "tea\0", "tea \0", "te\0a", "\u{200b}", "\u{fe0f}"] {
        let found = search(&bench, words(text, 10)).await;
        assert!(found.hits.is_empty() && found.position.is_none(), "{text:?}");
    }
    let found = search(&bench, SearchQuery { limit: 10, ..SearchQuery::default() }).await;
    assert!(found.hits.is_empty() && found.position.is_none());
}

async fn short_words_are_found_over_rooms(bench: Bench) {
    for name in ["a", "b"] {
        for text in ["京都", "ok", "東京タワー", "no"] {
            let _ = say_in(&bench, name, "ada", text).await;
        }
    }
    let (mut found, parts) = all_parts(&bench, &words("京", 3)).await;
    found.sort();
    assert_eq!((found, parts), (in_rooms(&[("a", 1), ("a", 3), ("b", 1), ("b", 3)]), 2));
}

async fn long_messages_come_in_parts_over_rooms(bench: Bench) {
    let long = message(&"文".repeat(4_000));
    let sends: Vec<_> = (0..90)
        .map(|n| bench.append(if n % 2 == 0 { "a" } else { "b" }, "ada", Uuid::now_v7(), long.clone()))
        .collect();
    for send in sends {
        let _ = new(send.await);
    }
    for text in ["文", "文文文文"] {
        let (found, parts) = all_parts(&bench, &words(text, 100)).await;
        assert_eq!(found.len(), 90);
        assert!((4..30).contains(&parts), "{parts}");
    }
}

async fn a_search_that_nobody_waits_for_ends(bench: Bench) {
    bench.say("ada", "kettle").await;
    for _ in 0..1_000 {
        drop(bench.log.search_rooms(words("kettle", 10)));
        let search = bench.log.search_rooms(words("kettle", 10));
        // It is begun, and then nobody is there any more.
        let _ = tokio::time::timeout(std::time::Duration::ZERO, search).await;
    }
    assert_eq!(search(&bench, words("kettle", 10)).await.hits.len(), 1);
}
