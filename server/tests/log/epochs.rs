//! Epochs: which history of a room something belongs to.

use std::fs;

use snug_server::log::{Append, Appended, memory::ROOMS};
use snug_shared::Intent;
use uuid::Uuid;

use super::bench::{Bench, every_log, message, new, room};

every_log! {
    a_room_has_an_epoch_before_its_first_entry_and_nothing_is_stored_for_it
    an_append_for_another_history_is_turned_away_and_stores_nothing
    an_entry_is_told_with_its_room_and_its_history
}

async fn a_room_has_an_epoch_before_its_first_entry_and_nothing_is_stored_for_it(bench: Bench) {
    let tea = bench.record("tea").await;
    assert_eq!((tea.first, tea.last, tea.last_at), (0, 0, 0));
    assert_eq!(bench.record("TEA").await.epoch, tea.epoch);
    assert_ne!(bench.record("coffee").await.epoch, tea.epoch);
    assert!(bench.log.rooms(5).await.expect("it works").is_empty());
    bench.say("ada", "hello").await;
    assert_eq!(bench.record("tea").await.epoch, tea.epoch);
}

async fn an_append_for_another_history_is_turned_away_and_stores_nothing(bench: Bench) {
    let coffee = bench.record("coffee").await.epoch;
    let for_another =
        |id, intent: Intent| Append { epoch: coffee, ..bench.to_append("tea", "ada", id, intent) };
    let answer = bench.log.append(for_another(Uuid::now_v7(), message("too early"))).await;
    assert!(matches!(answer, Ok(Appended::EpochChanged)), "{answer:?}");
    assert_eq!(bench.record("tea").await.last, 0);
    let id = Uuid::now_v7();
    new(bench.send_as(id, "ada", message("hello")).await);
    for (id, text) in [(Uuid::now_v7(), "another"), (id, "hello")] {
        let answer = bench.log.append(for_another(id, message(text))).await;
        assert!(matches!(answer, Ok(Appended::EpochChanged)), "{answer:?}");
    }
    assert_eq!(bench.record("tea").await.last, 1);
    assert_eq!(bench.told.lock().expect("told").len(), 1);
    assert_eq!(bench.say("ada", "the next one").await, 2);
}

async fn an_entry_is_told_with_its_room_and_its_history(bench: Bench) {
    new(bench.append("Tea", "ada", Uuid::now_v7(), message("hello")).await);
    let epoch = bench.record("tea").await.epoch;
    let told = bench.told.lock().expect("told");
    assert_eq!((&told[0].room, told[0].epoch, told[0].entry.seq), (&room("tea").key(), epoch, 1));
}

/// Closes a log and gives it back as it was at an earlier moment, with these of its files.
async fn restored(bench: Bench, files: &[&str], earlier: &[Option<Vec<u8>>]) -> Bench {
    bench.log.close().await;
    for (file, bytes) in files.iter().zip(earlier) {
        match bytes {
            Some(bytes) => fs::write(bench.path().join(file), bytes).expect("written"),
            None => fs::remove_file(bench.path().join(file)).expect("removed"),
        }
    }
    bench.restart().await
}

fn copies(bench: &Bench, files: &[&str]) -> Vec<Option<Vec<u8>>> {
    files.iter().map(|file| fs::read(bench.path().join(file)).ok()).collect()
}

#[tokio::test]
async fn a_restart_keeps_the_histories_that_have_begun() {
    let bench = Bench::on_disk();
    bench.say("ada", "hello").await;
    let (tea, coffee) = (bench.record("tea").await.epoch, bench.record("coffee").await.epoch);
    let late = bench.to_append("coffee", "ada", Uuid::now_v7(), message("late"));
    let bench = bench.restart().await;
    assert_eq!(bench.record("tea").await.epoch, tea);
    assert_ne!(bench.record("coffee").await.epoch, coffee, "it had not begun");
    assert!(matches!(bench.log.append(late).await, Ok(Appended::EpochChanged)));
}

#[tokio::test]
async fn a_restored_backup_begins_new_histories_also_of_rooms_that_are_not_in_it() {
    for files in [&["snug.db"][..], &["snug.db", "snug.count"]] {
        let bench = Bench::on_disk();
        bench.say("ada", "in the backup").await;
        let bench = bench.restart().await;
        let backup = copies(&bench, files);
        let before = bench.record("tea").await.epoch;
        bench.say("ada", "not in the backup").await;
        new(bench.append("coffee", "ada", Uuid::now_v7(), message("nor is this room")).await);
        let coffee = bench.record("coffee").await.epoch;
        let bench = restored(bench, files, &backup).await;
        assert_eq!(bench.record("tea").await.last, 1, "{files:?}");
        assert_eq!(bench.record("coffee").await.last, 0, "{files:?}");
        assert_ne!(bench.record("coffee").await.epoch, coffee, "{files:?}");
        // With a note as old as the file nothing shows that it is a backup: clients notice it by the ids of entries.
        assert_eq!(bench.record("tea").await.epoch == before, files.len() == 2, "{files:?}");
        let again = new(bench.append("coffee", "ada", Uuid::now_v7(), message("a new one")).await);
        assert_eq!(again.seq, 1);
    }
}

#[tokio::test]
async fn a_room_that_memory_has_let_go_of_begins_a_new_history() {
    let bench = Bench::in_memory();
    bench.say("ada", "hello").await;
    let (tea, quiet) = (bench.record("tea").await.epoch, bench.record("quiet").await.epoch);
    for n in 0..ROOMS {
        let name = room(&format!("room {n}"));
        let epoch = bench.log.room(&name).await.expect("it works").epoch;
        let append = bench.to_append("tea", "ada", Uuid::now_v7(), message("hello"));
        new(bench.log.append(Append { room: name, epoch, ..append }).await.expect("it works"));
    }
    let record = bench.record("tea").await;
    assert_eq!(record.last, 0, "it was used least recently");
    assert_ne!(record.epoch, tea);
    assert_ne!(bench.record("quiet").await.epoch, quiet, "nobody knows any more which rooms had begun");
    let late = bench.to_append("tea", "ada", Uuid::now_v7(), message("late"));
    assert_eq!(late.epoch, tea);
    assert!(matches!(bench.log.append(late).await, Ok(Appended::EpochChanged)));
}
