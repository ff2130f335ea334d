//! An entry that the disk changed is named in its place, and costs nothing else.

use rusqlite::Connection;
use snug_server::log::{Append, LogError, Slice, Span};
use snug_shared::{ErrorCode, Line, Seq};
use uuid::Uuid;

use super::bench::{Bench, actor, answer, edit, message, new, react, refused, room, topic};

/// Five messages, the second of them edited and marked: eight entries.
async fn bench() -> Bench {
    let bench = Bench::on_disk();
    for text in ["one kettle", "two kettles", "three kettles", "four kettles", "five kettles"] {
        new(bench.send("ada", message(text)).await);
    }
    new(bench.send("ada", edit(2, "two teapots")).await);
    new(bench.send("ada", react(2, "👍", true)).await);
    new(bench.send("bob", react(2, "👍", true)).await);
    bench
}

/// Changes the file as a disk might, by SQL.
fn damage(bench: &Bench, sql: &str) {
    let file = Connection::open(bench.path().join("snug.db")).expect("the file");
    let changed = file.execute(sql, []).expect("it can be done");
    assert!(changed > 0, "{sql}");
}

async fn slice(bench: &Bench, span: Span, limit: usize) -> Slice {
    let read = bench.log.read(&room("tea").key(), span, limit, usize::MAX);
    read.await.expect("the rest can be read").expect("a room")
}

/// Which entries are damaged, of all.
async fn damaged(bench: &Bench) -> Vec<Seq> {
    let slice = slice(bench, Span::After(0), 100).await;
    assert!(slice.entries.iter().map(Line::seq).eq(1..=slice.room.last), "{slice:?}");
    slice.entries.iter().filter(|line| line.entry().is_none()).map(Line::seq).collect()
}

#[tokio::test]
async fn a_damaged_entry_is_named_in_its_place_and_the_rest_of_its_page_is_read() {
    for sql in [
        "UPDATE entries SET text = 'three cattle' WHERE n & 0xff = 3",
        "UPDATE entries SET author = 'nobody' WHERE n & 0xff = 3",
        "UPDATE entries SET at = at + 1 WHERE n & 0xff = 3",
        "UPDATE entries SET digest = x'00' WHERE n & 0xff = 3",
        "UPDATE entries SET sum = sum + 1 WHERE n & 0xff = 3",
        "UPDATE entries SET n = n + 256 WHERE n & 0xff = 3",
        "DELETE FROM entries WHERE n & 0xff = 3",
    ] {
        let bench = bench().await;
        damage(&bench, sql);
        assert_eq!(damaged(&bench).await, [3], "{sql}");
        // Of either kind of page, and however it is cut.
        let page = slice(&bench, Span::After(2), 1).await;
        assert_eq!((page.entries, page.more), (vec![Line::Damaged(3)], true), "{sql}");
        let page = slice(&bench, Span::Before(4), 1).await;
        assert_eq!((page.entries, page.more), (vec![Line::Damaged(3)], true), "{sql}");
        let page = slice(&bench, Span::Before(4), 3).await;
        assert_eq!(page.entries.iter().map(Line::seq).collect::<Vec<_>>(), [1, 2, 3], "{sql}");
        assert!(!page.more, "{sql}");
        assert_eq!(new(bench.send("bob", message("on we go")).await).seq, 9, "{sql}");
        assert_eq!(damaged(&bench).await, [3], "{sql}");
    }
}

#[tokio::test]
async fn the_newest_and_the_oldest_entry_are_missed_when_they_are_gone() {
    let bench = bench().await;
    damage(&bench, "DELETE FROM entries WHERE n & 0xff IN (1, 8)");
    assert_eq!(damaged(&bench).await, [1, 8]);
    assert_eq!(slice(&bench, Span::After(7), 10).await.entries, [Line::Damaged(8)]);
    assert_eq!(slice(&bench, Span::Before(2), 10).await.entries, [Line::Damaged(1)]);
    assert!(slice(&bench, Span::After(8), 10).await.entries.is_empty());
}

#[tokio::test]
async fn an_edit_is_as_damaged_as_what_it_says() {
    let bench = bench().await;
    damage(&bench, "UPDATE entries SET text = 'two cattle' WHERE n & 0xff = 2");
    assert_eq!(damaged(&bench).await, [2, 6]);
}

#[tokio::test]
async fn nothing_can_be_done_to_a_damaged_message_and_nothing_is_found_in_it() {
    let bench = bench().await;
    let id = Uuid::now_v7();
    new(bench.send_as(id, "bob", message("once")).await);
    damage(&bench, "UPDATE entries SET text = 'three teapots' WHERE n & 0xff IN (3, 9)");
    for intent in [edit(3, "3"), react(3, "👍", true), answer(3, "3")] {
        assert_eq!(refused(bench.send("ada", intent).await), ErrorCode::NotFound);
    }
    assert_eq!(refused(bench.send_as(id, "bob", message("once")).await), ErrorCode::IdConflict);
    let found = bench.find("teapots").await;
    assert_eq!(found, [2], "what the disk made of it was never said");
}

#[tokio::test]
async fn damaged_marks_are_counted_anew_from_the_entries_that_set_them() {
    for sql in [
        "DELETE FROM reactions WHERE author = 'h:bob'",
        "UPDATE reactions SET message = message + 1 WHERE author = 'h:bob'",
        "UPDATE reactions SET emoji = '👎' WHERE author = 'h:bob'",
        "UPDATE reactions SET author = 'h:eve' WHERE author = 'h:bob'",
        "UPDATE reactions SET mark = 0",
        "DELETE FROM reactions",
    ] {
        let bench = bench().await;
        let before = bench.present(2).await.reactions;
        assert_eq!(before[0].by.len(), 2);
        damage(&bench, sql);
        assert_eq!(bench.present(2).await.reactions, before, "{sql}");
        assert!(bench.present(3).await.reactions.is_empty(), "{sql}");
        // And go on being counted right.
        new(bench.send("eve", react(2, "🎉", true)).await);
        let after = bench.present(2).await.reactions;
        assert_eq!((&after[0], after[1].emoji.as_str()), (&before[0], "🎉"), "{sql}");
    }
}

#[tokio::test]
async fn a_damaged_room_says_so_and_is_not_taken_for_an_empty_one() {
    for sql in [
        "UPDATE rooms SET last = last - 1",
        "UPDATE rooms SET last = last + 1",
        "UPDATE rooms SET epoch = 'ff'",
        "UPDATE rooms SET topic = 'what nobody said'",
        "UPDATE rooms SET name = 'coffee'",
    ] {
        let bench = bench().await;
        let epoch = bench.record("tea").await.epoch;
        damage(&bench, sql);
        let bench = bench.restart().await;
        assert!(matches!(bench.log.room(&room("tea")).await, Err(LogError::Unavailable(_))), "{sql}");
        let read = bench.log.read(&room("tea").key(), Span::After(0), 10, 1_000).await;
        assert!(matches!(read, Err(LogError::Unavailable(_))), "{sql}: {read:?}");
        let said = bench.log.append(Append {
            room: room("tea"),
            epoch,
            actor: actor("ada"),
            id: Uuid::now_v7(),
            intent: message("lost?"),
        });
        let said = said.await;
        assert!(matches!(said, Err(LogError::Unavailable(_))), "{sql}: {said:?}");
        assert!(bench.log.rooms(10).await.expect("the others can be listed").is_empty(), "{sql}");
        let other = bench.append("coffee", "ada", Uuid::now_v7(), topic("beans")).await;
        assert_eq!(new(other).seq, 1, "{sql}: other rooms go on");
        assert_eq!(bench.log.ready().ok(), Some(()), "{sql}");
    }
}

#[tokio::test]
async fn a_damaged_read_position_is_none() {
    let bench = bench().await;
    let (tea, ada) = (room("tea").key(), actor("ada").author);
    bench.log.keep_read_position(&tea, &ada, 3);
    let bench = bench.restart().await;
    damage(&bench, "UPDATE reads SET seq = 8");
    assert_eq!(bench.log.read_position(&tea, &ada).await.expect("it works"), None);
    bench.log.keep_read_position(&tea, &ada, 4);
    let bench = bench.restart().await;
    assert_eq!(bench.log.read_position(&tea, &ada).await.expect("it works"), Some(4));
}
