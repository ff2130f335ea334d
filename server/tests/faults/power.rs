//! What came back to its sender survives a power cut.
//!
//! The program runs under `strace`. Its trace shows whether an entry reached a socket before the disk had confirmed it; and
//! it holds every byte written to the log's files, so that the disk can be made again as a power cut leaves it at any moment:
//! what was synced, and of the rest any part, down to single sectors.

use std::{collections::HashSet, fs, path::Path, sync::Arc, time::Duration};

use snug_shared::{ClientFrame, Intent};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::common::{
    journal::{self, Journal, Note},
    member::{self, Member, Orders},
    peer::Peer,
    process::{Around, Process},
    promise::{Promise, amount},
};

mod disk;
mod trace;

use disk::Disk;
use trace::{Event, early, events};

const ROOM: &str = "under fire";
const FILES: [&str; 2] = ["snug.db", "snug.db-wal"];

/// The bytes of each file.
type Files = [Vec<u8>; FILES.len()];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_before_the_disk_has_it_and_power_cuts_lose_nothing() {
    let order = Promise::new("acknowledgements after fsync", "0 before");
    let cuts = Promise::new("power cuts", "0 acknowledged lost, 0 files unreadable");
    if std::process::Command::new("strace").arg("--version").output().is_err() {
        order.left_out("strace is not installed");
        cuts.left_out("strace is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // The first start makes the file; what is cut is the second.
    let mut server = Process::start(folder.path(), &[]);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended(), Some(0));
    let base = FILES.map(|file| fs::read(folder.path().join(file)).unwrap_or_default());

    let trace = folder.path().join("trace");
    let calls = "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,lseek,ftruncate,fsync,fdatasync";
    // -D: strace becomes the grandchild, and the program keeps the number of the one that was started.
    let mut command: Vec<String> =
        ["strace", "-D", "-f", "-y", "-xx", "-s", "300000", "-e", calls, "-o"].map(str::to_owned).into();
    command.push(trace.display().to_string());
    let around = Around { command, ..Around::default() };
    let mut server = Process::start_under(around, folder.path(), &["--rate-limit", "off"]);
    let journals = talk(&server, amount(1_500, 6_000)).await;
    server.kill();
    wait_for_end(&trace).await;

    let trace = fs::read_to_string(trace).expect("a trace");
    let events = events(&trace);
    let told =
        events.iter().filter_map(|event| if let Event::Told(ids) = event { Some(ids.len()) } else { None });
    let acknowledged: usize = journals.iter().map(Journal::acknowledged).sum();
    assert!(told.sum::<usize>() >= acknowledged, "the trace has every acknowledgement");
    let early = early(&events);
    assert!(early.is_empty(), "{} of {acknowledged} were acknowledged before they were synced", early.len());
    order.kept(format!("0 of {acknowledged} acknowledgements before"));

    let points = cut(&events, &base, &journals, &cuts).await;
    // A disk that syncs nothing loses it all, and that is noticed.
    let forgetful = Disk::new(base).after_a_cut(&mut cuts.random()).await;
    assert!(journal::check(&journals, &forgetful).len() >= acknowledged);
    let syncs = events.iter().filter(|event| matches!(event, Event::Synced(..))).count();
    cuts.kept(format!("{points} cuts between {syncs} syncs: 0 lost, 0 unreadable"));
}

/// Cuts the power at random events, and checks every time that nothing is lost which had been acknowledged. Says how often.
async fn cut(events: &[Event], base: &Files, journals: &[Journal], cuts: &Promise) -> u64 {
    let mut random = cuts.random();
    let points = amount(40, 400);
    let mut disk = Disk::new(base.clone());
    let mut told = HashSet::new();
    let mut at: Vec<usize> = (0..points).map(|_| random.below(events.len() as u64) as usize).collect();
    at.sort_unstable();
    let mut at = at.into_iter().peekable();
    for (index, event) in events.iter().enumerate() {
        disk.take(event);
        if let Event::Told(ids) = event {
            told.extend(ids.iter().copied());
        }
        while at.next_if_eq(&index).is_some() {
            let store = disk.after_a_cut(&mut random).await;
            let until: Vec<Journal> = journals.iter().map(|journal| so_far(journal, &told)).collect();
            journal::assert_kept(&until, &store, &cuts.replay());
        }
    }
    points
}

/// Four members talk; a fifth deletes now and then, which makes the log empty its write-ahead log.
async fn talk(server: &Process, milliseconds: u64) -> Vec<Journal> {
    let orders = Arc::new(Orders::default());
    let members: Vec<_> = (0..4)
        .map(|number| Member::new(ROOM, &format!("load {number}"), Duration::from_millis(20), &orders))
        .map(|member| tokio::spawn(member.live(server.address)))
        .collect();
    let mut cleaner = Peer::join(server.address, "attic", "cleaner").await;
    for number in 0..3 {
        let said = cleaner.say(&format!("rubbish {number}")).await;
        sleep(Duration::from_millis(milliseconds / 3)).await;
        cleaner
            .send(ClientFrame::Send { id: Uuid::now_v7(), intent: Intent::Delete { target: said.seq } })
            .await;
    }
    let last = member::finish(server.address, ROOM, &orders).await;
    assert!(last > 20, "something was said");
    let mut journals = Vec::new();
    for member in members {
        let member = timeout(Duration::from_secs(60), member).await;
        journals.push(member.expect("all comes back").expect("no member panicked").journal);
    }
    journals
}

async fn wait_for_end(trace: &Path) {
    let mut length = 0;
    loop {
        sleep(Duration::from_millis(300)).await;
        let now = fs::metadata(trace).expect("a trace").len();
        if now == length {
            return;
        }
        length = now;
    }
}

/// What a client had been promised, and no more than that.
fn so_far(journal: &Journal, told: &HashSet<Uuid>) -> Journal {
    let is_so_far = |note: &&Note| match note {
        Note::Meant { .. } => true,
        Note::Acked { id, .. } => told.contains(id),
        Note::Saw { .. } | Note::Gap => false,
    };
    Journal { who: journal.who.clone(), notes: journal.notes.iter().filter(is_so_far).cloned().collect() }
}
