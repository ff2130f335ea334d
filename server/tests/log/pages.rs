//! Pages and searches, asked of every log.

use snug_server::log::Span;
use snug_shared::Seq;

use super::bench::{ALL, Bench, delete, edit, every_log, message, new, react, room, seqs, topic};

every_log! {
    pages_in_both_directions_meet_without_gaps
    a_page_keeps_to_its_bytes_but_is_never_empty
    reactions_count_among_the_bytes_of_a_page
    search_finds_parts_of_words_in_any_script
    search_pages_backwards
    search_takes_any_text_for_text
    search_hands_out_long_messages_in_parts
    a_search_that_is_not_through_goes_on_at_its_cursor
    a_nul_and_nothing_to_look_for_find_nothing
    search_folds_what_people_type_differently
    an_edited_message_is_found_by_its_present_text_at_every_moment
}

async fn pages_in_both_directions_meet_without_gaps(bench: Bench) {
    for n in 0..25 {
        bench.say("ada", &format!("{n}")).await;
    }
    let (mut forward, mut after) = (Vec::new(), 0);
    loop {
        let slice = bench.read(Span::After(after), 7).await;
        forward.extend(seqs(&slice.entries));
        after = *forward.last().expect("a page has entries");
        if !slice.more {
            break;
        }
    }
    let (mut backward, mut before) = (Vec::new(), Seq::MAX);
    loop {
        let slice = bench.read(Span::Before(before), 7).await;
        assert!(slice.entries.is_sorted_by_key(|entry| entry.seq));
        backward.splice(0..0, seqs(&slice.entries));
        before = backward[0];
        if !slice.more {
            break;
        }
    }
    let all: Vec<Seq> = (1..=25).collect();
    assert_eq!(forward, all);
    assert_eq!(backward, all);
    for span in [Span::After(25), Span::After(Seq::MAX), Span::Before(1), Span::Before(0)] {
        let slice = bench.read(span, 7).await;
        assert!(slice.entries.is_empty() && !slice.more, "{span:?}: {slice:?}");
    }
}

async fn a_page_keeps_to_its_bytes_but_is_never_empty(bench: Bench) {
    for _ in 0..5 {
        bench.say("ada", &"x".repeat(100)).await;
    }
    for (bytes, count) in [(0, 1), (99, 1), (100, 1), (199, 1), (250, 2), (10_000, 5)] {
        for span in [Span::After(0), Span::Before(6)] {
            let page = bench.log.read(&room("tea").key(), span, ALL, bytes).await.expect("it works");
            let page = page.expect("a room");
            assert_eq!((page.entries.len(), page.more), (count, count < 5), "{bytes} bytes {span:?}");
        }
    }
}

async fn reactions_count_among_the_bytes_of_a_page(bench: Bench) {
    const MESSAGES: Seq = 40;
    for _ in 0..MESSAGES {
        bench.say("ada", "needle").await;
    }
    for seq in 1..=MESSAGES {
        for (emoji, who) in [("👍", "ada"), ("👍", "bob"), ("🎉", "ada")] {
            new(bench.send(who, react(seq, emoji, true)).await);
        }
    }
    let bytes = 2_000;
    let (mut after, mut pages) = (0, 0);
    while after < MESSAGES {
        let page = bench.log.read(&room("tea").key(), Span::After(after), ALL, bytes).await;
        let page = page.expect("it works").expect("a room");
        let json = serde_json::to_string(&page.entries).expect("encoded");
        // About a quarter of a kilobyte is around each text.
        assert!(json.len() < 2 * bytes + 256 * page.entries.len(), "{} bytes", json.len());
        assert_eq!(page.entries[0].seq(), after + 1, "no holes");
        after = page.entries.last().expect("never empty").seq();
        pages += 1;
    }
    assert!((3..MESSAGES).contains(&pages), "{pages}");
    let newest = bench.log.read(&room("tea").key(), Span::Before(MESSAGES + 1), ALL, bytes).await;
    let newest = newest.expect("it works").expect("a room");
    assert!(newest.more && newest.entries.len() < 30, "{}", newest.entries.len());
    assert_eq!(newest.entries.last().map(snug_shared::Line::seq), Some(MESSAGES));
    assert_eq!(bench.find("needle").await.len() as Seq, MESSAGES, "a search has more room");
}

async fn search_finds_parts_of_words_in_any_script(bench: Bench) {
    bench.say("ada", "Let us meet at 東京タワー tomorrow").await;
    bench.say("ada", "Crème brûlée, says the WAITER").await;
    bench.say("ada", "meet the waiter").await;
    new(bench.send("ada", topic("meet the topic")).await);
    for (words, found) in [
        ("東京タワー", vec![1]),
        ("京タワ", vec![1]),
        ("東京", vec![1]),
        ("京", vec![1]),
        ("creme", vec![2]),
        ("BRÛLÉE", vec![2]),
        ("aite", vec![2, 3]),
        ("waiter meet", vec![3]),
        ("meet at", vec![1]),
        ("meet tokyo", vec![]),
        ("me", vec![1, 2, 3]),
    ] {
        assert_eq!(bench.find(words).await, found, "{words}");
    }
    let hit = bench.search("brûlée", Span::Before(Seq::MAX), 1).await.entries.remove(0);
    assert_eq!(hit, bench.all().await[1], "a hit is the entry in its present state");
}

async fn search_pages_backwards(bench: Bench) {
    for n in 1..=10 {
        bench.say("ada", if n % 2 == 0 { "even steven" } else { "odd" }).await;
    }
    for words in ["even", "ev"] {
        let newest = bench.search(words, Span::Before(Seq::MAX), 2).await;
        assert_eq!((seqs(&newest.entries), newest.more), (vec![8, 10], true), "{words}");
        let older = bench.search(words, Span::Before(8), 2).await;
        assert_eq!((seqs(&older.entries), older.more), (vec![4, 6], true), "{words}");
        let oldest = bench.search(words, Span::Before(4), 2).await;
        assert_eq!((seqs(&oldest.entries), oldest.more), (vec![2], false), "{words}");
        let after = bench.search(words, Span::After(4), 2).await;
        assert_eq!((seqs(&after.entries), after.more), (vec![8, 10], true), "{words}");
    }
}

async fn search_takes_any_text_for_text(bench: Bench) {
    bench.say("ada", r#"say "hello" AND* (NOT) NEAR^2 a:b 100% _under_ it's -- fine"#).await;
    for words in ["\"hello\"", "AND*", "(NOT)", "NEAR^2", "a:b", "100%", "_under_", "it's", "--", "\"", "OR"]
    {
        let found = bench.find(words).await;
        assert_eq!(found, if words == "OR" { vec![] } else { vec![1] }, "{words}");
    }
    let long = "word ".repeat(2_000);
    assert_eq!(bench.find(&long).await, [] as [Seq; 0]);
    let many: String = (0..2_000).map(|n| format!("word{n} ")).collect();
    assert_eq!(bench.find(&many).await, [] as [Seq; 0]);
}

async fn search_hands_out_long_messages_in_parts(bench: Bench) {
    let long = message(&"文".repeat(4_000));
    for _ in 0..120 {
        new(bench.send("ada", long.clone()).await);
    }
    for words in ["文", "文文文文"] {
        let (found, parts) = all_parts(&bench, words).await;
        assert_eq!(found, (1..=120).collect::<Vec<Seq>>(), "{words}");
        assert!((5..20).contains(&parts), "{parts}");
    }
}

/// Searches on from cursor to cursor. All that was found, and in how many parts.
async fn all_parts(bench: &Bench, words: &str) -> (Vec<Seq>, usize) {
    let (mut found, mut parts, mut before) = (Vec::new(), 0, Seq::MAX);
    loop {
        let part = bench.search(words, Span::Before(before), 500).await;
        found.splice(0..0, seqs(&part.entries));
        parts += 1;
        assert_eq!(part.more, part.cursor.is_some());
        let Some(cursor) = part.cursor else { return (found, parts) };
        assert!(cursor < before, "it gets on");
        before = cursor;
    }
}

async fn a_search_that_is_not_through_goes_on_at_its_cursor(bench: Bench) {
    // More than one search looks at, and expensive to fold.
    let long = message(&"ﷺ".repeat(4_000));
    bench.say("ada", "zz top").await;
    let sends: Vec<_> = (0..900).map(|_| bench.send("ada", long.clone())).collect();
    for send in sends {
        new(send.await);
    }
    let (found, parts) = all_parts(&bench, "zz").await;
    assert_eq!(found, [1]);
    assert!((2..60).contains(&parts), "{parts}");
    assert_eq!(all_parts(&bench, "ﷺ").await.0.len(), 900);
    assert_eq!(all_parts(&bench, "zz").await.0, [1], "indexed or not");
}

async fn a_nul_and_nothing_to_look_for_find_nothing(bench: Bench) {
    bench.say("ada", "tea and more tea").await;
    for words in ["", " ", "\0", "tea\0", "tea \0", "te\0a", "\u{200b}", "\u{fe0f}"] {
        let page = bench.search(words, Span::Before(Seq::MAX), 10).await;
        assert!(page.entries.is_empty() && !page.more, "{words:?}");
    }
}

async fn search_folds_what_people_type_differently(bench: Bench) {
    bench.say("ada", "I don’t know").await;
    bench.say("ada", "I don't know, e-mail me").await;
    bench.say("ada", "an e‑mail with ❤\u{fe0f}").await;
    for (words, found) in [
        ("don't", vec![1, 2]),
        ("don’t", vec![1, 2]),
        ("DONʼT know", vec![1, 2]),
        ("e-mail", vec![2, 3]),
        ("e–mail", vec![2, 3]),
        ("❤", vec![3]),
        ("❤\u{fe0f}", vec![3]),
        ("kn\u{ad}ow", vec![1, 2]),
    ] {
        assert_eq!(bench.find(words).await, found, "{words}");
    }
}

async fn an_edited_message_is_found_by_its_present_text_at_every_moment(bench: Bench) {
    for n in 0..40 {
        bench.say("ada", &format!("first text {n}")).await;
    }
    // Before the index knows the messages, while it does, and again before the edits are in it.
    for round in 0..8 {
        for n in 0..10 {
            new(bench.send("ada", edit(n * 4 + 1, &format!("ünlike text {n} of round{round}"))).await);
        }
        assert_eq!(bench.find(&format!("round{round}")).await.len(), 10);
        assert_eq!(
            bench.find(&format!("round{}", round.max(1) - 1)).await.len(),
            if round == 0 { 10 } else { 0 }
        );
        assert_eq!(bench.find("first text").await.len(), 30);
        assert_eq!(bench.find("UNLIKE").await.len(), 10);
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
    new(bench.send("ada", delete(1)).await);
    assert_eq!(bench.find("unlike").await.len(), 9);
}
