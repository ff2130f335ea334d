//! The rules, asked of every log.

use std::sync::Arc;

use snug_server::log::{Appended, REACTION_KINDS, Span};
use snug_shared::{Body, Emoji, ErrorCode, Present, Seq, limits};
use uuid::Uuid;

use super::bench::{
    ALL, Bench, actor, answer, delete, edit, every_log, message, new, react, refused, repeated, room, seqs,
    topic, unchanged,
};

every_log! {
    entries_are_numbered_without_holes
    a_room_keeps_its_first_spelling_and_epoch
    rooms_are_independent_and_the_newest_comes_first
    a_repeated_id_gives_the_first_entry_again
    a_repeated_id_shows_the_entry_as_it_is_now
    an_id_used_for_something_else_is_refused
    the_same_id_of_another_author_is_another_entry
    a_refused_send_stores_nothing
    who_may_do_what
    appends_are_taken_in_the_order_of_the_calls
    thirty_two_senders_at_once_make_one_order
    an_edit_replaces_the_text_everywhere
    a_deletion_empties_everything_about_a_message
    reactions_count_whom_they_are_from
    a_reaction_that_changes_nothing_is_answered_with_the_entry_that_made_it_so
    a_message_has_room_for_so_many_different_reactions
    fifty_authors_of_a_reaction_are_named_and_all_are_counted
    topics_are_entries_and_the_last_one_holds
    read_positions_only_go_forward_and_not_beyond_the_end
    what_is_not_there_is_none
    a_closed_log_takes_nothing_more
}

async fn entries_are_numbered_without_holes(bench: Bench) {
    for n in 1..=20 {
        assert_eq!(bench.say("ada", "hello").await, n);
    }
    let slice = bench.read(Span::After(0), ALL).await;
    assert_eq!(seqs(&slice.entries), (1..=20).collect::<Vec<_>>());
    assert_eq!((slice.room.first, slice.room.last, slice.more), (1, 20, false));
    let told = bench.told.lock().expect("told");
    assert_eq!(told.iter().map(|told| told.entry.seq).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    assert!(told.iter().all(|told| told.entry.message().is_some_and(|message| message.present.is_none())));
}

async fn a_room_keeps_its_first_spelling_and_epoch(bench: Bench) {
    let before = bench.record("tEa").await;
    assert_eq!((before.name, before.last), (room("tEa"), 0));
    new(bench.append("Tea", "ada", Uuid::now_v7(), message("a")).await);
    new(bench.append("TEA", "ada", Uuid::now_v7(), message("b")).await);
    let record = bench.record("tea").await;
    assert_eq!(record.name, room("Tea"));
    assert_eq!(record.epoch, before.epoch, "its epoch was known before its first entry");
    assert_eq!(record.last, 2);
    assert!(record.last_at > 1_600_000_000_000);
}

async fn rooms_are_independent_and_the_newest_comes_first(bench: Bench) {
    let id = Uuid::now_v7();
    for name in ["tea", "coffee", "tea", "milk"] {
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        let _ = bench.append(name, "ada", id, message("the same id in each room")).await;
        new(bench.append(name, "ada", Uuid::now_v7(), message(name)).await);
    }
    let rooms = bench.log.rooms(2).await.expect("it works");
    assert_eq!(rooms.iter().map(|room| room.name.as_str()).collect::<Vec<_>>(), ["milk", "tea"]);
    assert_eq!(rooms.iter().map(|room| room.last).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(bench.log.rooms(10).await.expect("it works").len(), 3);
    assert_eq!(bench.find("coffee").await, [] as [Seq; 0]);
}

async fn a_repeated_id_gives_the_first_entry_again(bench: Bench) {
    let id = Uuid::now_v7();
    // Not awaited in between: the second may well be in the same transaction.
    let sends = [1, 2, 3].map(|_| bench.send_as(id, "ada", message("once")));
    let [first, second, third] = sends;
    assert_eq!(new(first.await).seq, 1);
    assert_eq!(repeated(second.await).seq, 1);
    assert_eq!(repeated(third.await).seq, 1);
    assert_eq!(repeated(bench.send_as(id, "ada", message("once")).await).seq, 1);
    assert_eq!(bench.say("ada", "next").await, 2);
    assert_eq!(bench.told.lock().expect("told").len(), 2, "nobody else hears of a repetition");
}

async fn a_repeated_id_shows_the_entry_as_it_is_now(bench: Bench) {
    let (said, edited) = (Uuid::now_v7(), Uuid::now_v7());
    new(bench.send_as(said, "ada", message("first")).await);
    new(bench.send_as(edited, "ada", edit(1, "second")).await);
    new(bench.send("ada", edit(1, "third")).await);
    let again = repeated(bench.send_as(said, "ada", message("first")).await);
    assert_eq!(bench.all().await[0], *again);
    let again = repeated(bench.send_as(edited, "ada", edit(1, "second")).await);
    assert_eq!(bench.all().await[1], *again);
    assert_eq!(bench.text(2).await.as_deref(), Some("third"));
    new(bench.send("ada", delete(1)).await);
    let again = repeated(bench.send_as(said, "ada", message("first")).await);
    assert!(again.message().is_some_and(|message| message.text.is_none()), "{again:?}");
}

async fn an_id_used_for_something_else_is_refused(bench: Bench) {
    let id = Uuid::now_v7();
    new(bench.send_as(id, "ada", message("one thing")).await);
    for other in [message("another"), answer(1, "one thing"), topic("one thing"), delete(1)] {
        assert_eq!(refused(bench.send_as(id, "ada", other).await), ErrorCode::IdConflict);
    }
    new(bench.send("ada", edit(1, "edited")).await);
    assert_eq!(refused(bench.send_as(id, "ada", message("edited")).await), ErrorCode::IdConflict);
    assert_eq!(repeated(bench.send_as(id, "ada", message("one thing")).await).seq, 1);
    new(bench.send("ada", delete(1)).await);
    assert_eq!(refused(bench.send_as(id, "ada", message("another")).await), ErrorCode::IdConflict);
}

async fn the_same_id_of_another_author_is_another_entry(bench: Bench) {
    let id = Uuid::now_v7();
    assert_eq!(new(bench.send_as(id, "ada", message("mine")).await).seq, 1);
    assert_eq!(new(bench.send_as(id, "bob", message("mine too")).await).seq, 2);
}

async fn a_refused_send_stores_nothing(bench: Bench) {
    assert_eq!(refused(bench.send("ada", delete(1)).await), ErrorCode::NotFound);
    assert_eq!(bench.record("tea").await.last, 0);
    assert!(bench.log.rooms(5).await.expect("it works").is_empty());
    bench.say("ada", "hello").await;
    let id = Uuid::now_v7();
    assert_eq!(refused(bench.send_as(id, "bob", delete(1)).await), ErrorCode::NotAllowed);
    assert_eq!(new(bench.send_as(id, "bob", message("the id is free still")).await).seq, 2);
}

async fn who_may_do_what(bench: Bench) {
    bench.say("ada", "hello").await;
    new(bench.send("bob", react(1, "👍", true)).await);
    for (who, intent, code) in [
        ("bob", edit(1, "x"), ErrorCode::NotAllowed),
        ("mod", edit(1, "x"), ErrorCode::NotAllowed),
        ("bob", delete(1), ErrorCode::NotAllowed),
        ("bob", answer(2, "a reaction is no message"), ErrorCode::NotFound),
        ("bob", answer(9, "x"), ErrorCode::NotFound),
        ("ada", edit(0, "x"), ErrorCode::NotFound),
        ("ada", edit(Seq::MAX, "x"), ErrorCode::NotFound),
        ("ada", delete(Seq::MAX >> 1), ErrorCode::NotFound),
        ("ada", react(1 << 40 | 1, "👍", true), ErrorCode::NotFound),
    ] {
        assert_eq!(refused(bench.send(who, intent.clone()).await), code, "{who}: {intent:?}");
    }
    new(bench.send("mod", delete(1)).await);
    for intent in [edit(1, "x"), delete(1), react(1, "👍", true), react(1, "👍", false), answer(1, "x")] {
        assert_eq!(refused(bench.send("ada", intent).await), ErrorCode::NotFound);
    }
}

async fn appends_are_taken_in_the_order_of_the_calls(bench: Bench) {
    let sends: Vec<_> = (1..=500).map(|n| bench.send("ada", message(&format!("{n}")))).collect();
    // Polled the other way round: it is the calls that count.
    for (n, send) in sends.into_iter().enumerate().rev() {
        assert_eq!(new(send.await).seq, n as Seq + 1);
    }
}

async fn thirty_two_senders_at_once_make_one_order(bench: Bench) {
    let bench = Arc::new(bench);
    let senders: Vec<_> = (0..32)
        .map(|sender| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move {
                let mut seqs = Vec::new();
                for n in 0..25 {
                    seqs.push(bench.say(&format!("sender {sender}"), &format!("{n}")).await);
                }
                seqs
            })
        })
        .collect();
    let mut answered = Vec::new();
    for sender in senders {
        let own = sender.await.expect("no sender fails");
        assert!(own.is_sorted(), "each sender's own come in order");
        answered.extend(own);
    }
    answered.sort_unstable();
    let all: Vec<Seq> = (1..=32 * 25).collect();
    assert_eq!(answered, all);
    assert_eq!(seqs(&bench.all().await), all);
    let told = bench.told.lock().expect("told");
    assert_eq!(told.iter().map(|told| told.entry.seq).collect::<Vec<_>>(), all);
}

async fn an_edit_replaces_the_text_everywhere(bench: Bench) {
    bench.say("ada", "an aardvark").await;
    new(bench.send("ada", edit(1, "a badger")).await);
    let live = new(bench.send("ada", edit(1, "a capybara")).await);
    assert_eq!(live.body, Body::Edited { target: 1, text: Some(super::bench::text("a capybara")) });
    for seq in 1..=3 {
        assert_eq!(bench.text(seq).await.as_deref(), Some("a capybara"));
    }
    assert_eq!(bench.present(1).await, Present { as_of: 3, edited: Some(3), ..Present::default() });
    for (word, found) in [("aardvark", vec![]), ("badger", vec![]), ("capybara", vec![1]), ("a", vec![1])] {
        assert_eq!(bench.find(word).await, found, "{word}");
    }
}

async fn a_deletion_empties_everything_about_a_message(bench: Bench) {
    bench.say("ada", "an aardvark").await;
    new(bench.send("bob", react(1, "👍", true)).await);
    new(bench.send("ada", edit(1, "a badger")).await);
    new(bench.send("ada", delete(1)).await);
    assert_eq!(bench.text(1).await, None);
    assert_eq!(bench.text(3).await, None);
    let present = bench.present(1).await;
    assert!(present.deleted && present.reactions.is_empty(), "{present:?}");
    assert_eq!(bench.all().await.len(), 4, "the entries stay");
    for word in ["aardvark", "badger", "a"] {
        assert_eq!(bench.find(word).await, [] as [Seq; 0], "{word}");
    }
}

async fn reactions_count_whom_they_are_from(bench: Bench) {
    bench.say("ada", "hello").await;
    bench.say("ada", "again").await;
    for (who, target, emoji, on) in [
        ("ada", 1, "🎉", true),
        ("bob", 1, "👍", true),
        ("cyd", 1, "👍", true),
        ("ada", 1, "👍", true),
        ("bob", 2, "👍", true),
        ("ada", 1, "🎉", false),
        ("bob", 1, "👍", false),
    ] {
        new(bench.send(who, react(target, emoji, on)).await);
    }
    let shown = |present: Present| {
        present
            .reactions
            .into_iter()
            .map(|reaction| {
                let by: Vec<_> = reaction.by.iter().map(ToString::to_string).collect();
                (reaction.emoji.to_string(), reaction.count, by.join(" "))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(bench.present(1).await), [("👍".to_owned(), 2, "h:cyd h:ada".to_owned())]);
    assert_eq!(shown(bench.present(2).await), [("👍".to_owned(), 1, "h:bob".to_owned())]);
    assert_eq!(bench.present(1).await.as_of, 9);
    new(bench.send("ada", react(1, "🎉", true)).await);
    let order: Vec<_> = shown(bench.present(1).await).into_iter().map(|(emoji, ..)| emoji).collect();
    assert_eq!(order, ["👍", "🎉"], "the oldest mark comes first");
    // A page with both folds each into its own.
    let page = bench.read(Span::Before(3), 2).await.entries;
    let counts: Vec<usize> = page
        .iter()
        .filter_map(|entry| entry.message()?.present.as_ref().map(|present| present.reactions.len()))
        .collect();
    assert_eq!(counts, [2, 1]);
}

async fn a_reaction_that_changes_nothing_is_answered_with_the_entry_that_made_it_so(bench: Bench) {
    bench.say("ada", "hello").await;
    assert_eq!(refused(bench.send("bob", react(1, "👍", false)).await), ErrorCode::NotFound);
    new(bench.send("bob", react(1, "👍", true)).await);
    let set = unchanged(bench.send("bob", react(1, "👍", true)).await);
    assert_eq!((set.seq, &set.body), (2, &Body::Reacted { target: 1, emoji: emoji("👍"), on: true }));
    new(bench.send("bob", react(1, "👍", false)).await);
    let taken = unchanged(bench.send("bob", react(1, "👍", false)).await);
    assert_eq!((taken.seq, &taken.body), (3, &Body::Reacted { target: 1, emoji: emoji("👍"), on: false }));
    assert_eq!(bench.all().await.len(), 3);
    assert_eq!(bench.told.lock().expect("told").len(), 3);
}

async fn a_message_has_room_for_so_many_different_reactions(bench: Bench) {
    bench.say("ada", "hello").await;
    let mark = |n: usize| char::from_u32(0x1f600 + n as u32).expect("an emoji").to_string();
    for n in 0..REACTION_KINDS {
        new(bench.send("bob", react(1, &mark(n), true)).await);
    }
    assert_eq!(refused(bench.send("bob", react(1, "👍", true)).await), ErrorCode::NotAllowed);
    new(bench.send("ada", react(1, &mark(7), true)).await);
    new(bench.send("bob", react(1, &mark(9), false)).await);
    new(bench.send("bob", react(1, "👍", true)).await);
    assert_eq!(bench.present(1).await.reactions.len(), REACTION_KINDS);
}

async fn fifty_authors_of_a_reaction_are_named_and_all_are_counted(bench: Bench) {
    bench.say("ada", "hello").await;
    for n in 0..60 {
        new(bench.send(&format!("fan{n}"), react(1, "👍", true)).await);
    }
    let present = bench.present(1).await;
    assert_eq!(present.reactions[0].count, 60);
    assert_eq!(present.reactions[0].by.len(), limits::REACTION_AUTHORS);
    assert_eq!(present.reactions[0].by[0], actor("fan0").author);
}

async fn topics_are_entries_and_the_last_one_holds(bench: Bench) {
    new(bench.send("ada", topic("Tea")).await);
    new(bench.send("bob", topic("Coffee")).await);
    let slice = bench.read(Span::After(0), ALL).await;
    assert_eq!(slice.room.topic.as_str(), "Coffee");
    assert_eq!(slice.entries.iter().map(|entry| entry.kind()).collect::<Vec<_>>(), ["topic", "topic"]);
    new(bench.send("bob", topic("")).await);
    assert!(bench.read(Span::After(0), 1).await.room.topic.is_empty());
}

async fn read_positions_only_go_forward_and_not_beyond_the_end(bench: Bench) {
    let (key, ada) = (room("tea").key(), actor("ada").author);
    let mark = || async { bench.log.read_position(&key, &ada).await.expect("it works") };
    bench.log.keep_read_position(&key, &ada, 1);
    assert_eq!(mark().await, None, "there is no such room yet");
    for _ in 0..5 {
        bench.say("ada", "hello").await;
    }
    for (seq, kept) in [(2, 2), (1, 2), (4, 4), (Seq::MAX, 5), (3, 5)] {
        bench.log.keep_read_position(&key, &ada, seq);
        assert_eq!(mark().await, Some(kept));
    }
    assert_eq!(bench.log.read_position(&key, &actor("bob").author).await.expect("it works"), None);
}

async fn what_is_not_there_is_none(bench: Bench) {
    let key = room("tea").key();
    assert_eq!(bench.record("tea").await.last, 0);
    assert!(bench.log.rooms(5).await.expect("it works").is_empty());
    assert!(bench.log.read(&key, Span::After(0), 5, ALL).await.expect("it works").is_none());
    assert!(bench.log.search(&key, "tea", Span::After(0), 5).await.expect("it works").is_none());
}

async fn a_closed_log_takes_nothing_more(bench: Bench) {
    assert_eq!(bench.log.ready().ok(), Some(()));
    let last = bench.send("ada", message("the last one"));
    bench.log.close().await;
    bench.log.close().await;
    assert_eq!(new(last.await).seq, 1, "what was taken before is written");
    assert!(bench.log.ready().is_err());
    let late = bench.log.append(bench.to_append("tea", "ada", Uuid::now_v7(), message("too late"))).await;
    super::bench::unavailable::<Appended>(late);
}

fn emoji(emoji: &str) -> Emoji {
    Emoji::parse(emoji).expect("an emoji")
}
