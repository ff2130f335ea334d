//! What came back to its sender survives a power cut.
//!
//! The program runs under `strace`. Its trace shows whether an entry reached a socket before the disk had confirmed it; and
//! it holds every byte written to the log's files, so that the disk can be made again as a power cut leaves it at any moment:
//! what was synced, and of the rest any part, down to single sectors.

use std::{
    collections::{HashMap, HashSet},
    fs,
    ops::Range,
    path::Path,
    sync::Arc,
    time::Duration,
};

use snug_server::log::{Log, Span, sqlite::SqliteLog};
use snug_shared::{ClientFrame, Intent, RoomName};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::common::{
    Random,
    journal::{self, Journal, Note, Store},
    member::{self, Member, Orders},
    peer::Peer,
    process::{Around, Process},
    promise::{Promise, amount},
};

const ROOM: &str = "under fire";
const FILES: [&str; 2] = ["snug.db", "snug.db-wal"];
const SECTOR: usize = 512;

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
    // A disk that syncs nothing loses it all, and that is noticed.
    let forgetful = Disk::new(base).after_a_cut(&mut random).await;
    assert!(journal::check(&journals, &forgetful).len() >= acknowledged);
    let syncs = events.iter().filter(|event| matches!(event, Event::Synced(..))).count();
    cuts.kept(format!("{points} cuts between {syncs} syncs: 0 lost, 0 unreadable"));
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

#[derive(Debug, PartialEq)]
enum Event {
    /// The disk may have this, or not, or a part of it.
    Wrote {
        file: usize,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncated {
        file: usize,
        length: usize,
    },
    /// The disk has what was written to the file up to the event with this number.
    Synced(usize, usize),
    /// These ids went to a socket.
    Told(Vec<Uuid>),
}

/// What of a trace matters here.
fn events(trace: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut unfinished: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut positions: HashMap<usize, usize> = HashMap::new();
    for line in trace.lines() {
        let Some((process, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("<... f") && call.contains("sync resumed>") {
            if let Some((file, until)) = unfinished.remove(process)
                && call.ends_with("= 0")
            {
                events.push(Event::Synced(file, until));
            }
            continue;
        }
        let Some((name, arguments)) = call.split_once('(') else { continue };
        let Some((path, rest)) = path(arguments) else { continue };
        let Some(file) = FILES.iter().position(|file| path.ends_with(&format!("/{file}"))) else {
            if path.starts_with("socket:") || path.contains("TCP") {
                let ids = ids(&strings(rest).concat());
                if !ids.is_empty() {
                    events.push(Event::Told(ids));
                }
            }
            continue;
        };
        let number = |at: usize| rest.rsplit(['(', ',']).nth(at).map(digits).unwrap_or_default();
        match name {
            "pwrite64" => {
                events.push(Event::Wrote { file, offset: number(0), bytes: strings(rest).concat() })
            }
            "write" => {
                let bytes = strings(rest).concat();
                let at = positions.entry(file).or_default();
                events.push(Event::Wrote { file, offset: *at, bytes: bytes.clone() });
                *at += bytes.len();
            }
            "lseek" => {
                let _ = positions.insert(file, number(1));
            }
            "ftruncate" => events.push(Event::Truncated { file, length: number(0) }),
            "fsync" | "fdatasync" if call.contains("<unfinished") => {
                let _ = unfinished.insert(process, (file, events.len()));
            }
            "fsync" | "fdatasync" if call.ends_with("= 0") => events.push(Event::Synced(file, events.len())),
            _ => {}
        }
    }
    events
}

fn digits(text: &str) -> usize {
    let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

/// The path behind a descriptor, as `-y` writes it, and what follows.
fn path(arguments: &str) -> Option<(String, &str)> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, rest) = rest.split_once('>')?;
    Some((String::from_utf8_lossy(&unescape(path)).into_owned(), rest))
}

/// Every string of a call, decoded.
fn strings(call: &str) -> Vec<Vec<u8>> {
    call.split('"').skip(1).step_by(2).map(unescape).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = match tail {
            [b'x', high, low, tail @ ..] if *first == b'\\' => {
                let digit = |hex: &u8| (*hex as char).to_digit(16).unwrap_or_default() as u8;
                bytes.push(digit(high) << 4 | digit(low));
                tail
            }
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    bytes
}

/// The ids of entries in what was sent.
fn ids(bytes: &[u8]) -> Vec<Uuid> {
    let text = String::from_utf8_lossy(bytes);
    text.split(r#"{"type":"chat_message","seq":"#)
        .skip(1)
        .filter_map(|entry| entry.split_once(r#""id":""#)?.1.get(..36)?.parse().ok())
        .collect()
}

/// The entries that went to a socket before any write with them was synced.
fn early(events: &[Event]) -> Vec<Uuid> {
    // In the file an id is its sixteen bytes.
    let mut written: HashMap<Uuid, usize> = HashMap::new();
    let told = events.iter().filter_map(|event| if let Event::Told(ids) = event { Some(ids) } else { None });
    let wanted: HashSet<Uuid> = told.flatten().copied().collect();
    let mut synced = [0; FILES.len()];
    let mut early = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Wrote { file, bytes, .. } if *file == 1 => {
                for window in bytes.windows(16) {
                    let id = Uuid::from_slice(window).expect("sixteen bytes");
                    if id.get_version_num() == 7 && wanted.contains(&id) {
                        written.entry(id).or_insert(index);
                    }
                }
            }
            Event::Synced(file, until) => synced[*file] = *until,
            Event::Told(ids) => {
                early.extend(ids.iter().filter(|id| written.get(id).is_none_or(|at| *at >= synced[1])));
            }
            _ => {}
        }
    }
    early
}

/// The log's files on a disk that keeps what was synced, and of the rest whatever it likes.
struct Disk {
    kept: [Vec<u8>; FILES.len()],
    pending: [Vec<(usize, Change)>; FILES.len()],
    now: usize,
}

#[derive(Clone)]
enum Change {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

impl Disk {
    fn new(kept: [Vec<u8>; FILES.len()]) -> Self {
        Self { kept, pending: Default::default(), now: 0 }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Wrote { file, offset, bytes } => {
                self.pending[*file].push((self.now, Change::Bytes(*offset, bytes.clone())));
            }
            Event::Truncated { file, length } => {
                self.pending[*file].push((self.now, Change::Length(*length)))
            }
            Event::Synced(file, until) => {
                let pending = &mut self.pending[*file];
                let end = pending.partition_point(|(at, _)| at < until);
                for (_, change) in pending.drain(..end) {
                    apply(&mut self.kept[*file], &change, None);
                }
            }
            Event::Told(_) => {}
        }
        self.now += 1;
    }

    /// What is stored when the power comes back.
    async fn after_a_cut(&self, random: &mut Random) -> Store {
        let folder = tempfile::tempdir().expect("a folder");
        // Nothing of it, all of it, or any part.
        let fate = random.below(6);
        for (file, name) in FILES.iter().enumerate() {
            let mut bytes = self.kept[file].clone();
            for (_, change) in self.pending[file].iter().filter(|_| fate > 0) {
                match (fate, random.below(3)) {
                    (1, _) | (_, 0) => apply(&mut bytes, change, None),
                    (_, 1) => apply(&mut bytes, change, Some(random)),
                    _ => {}
                }
            }
            fs::write(folder.path().join(name), bytes).expect("written");
        }
        let log = SqliteLog::open(folder.path(), Box::new(|_| {})).expect("the file is whole");
        let room = RoomName::parse(ROOM).expect("a name").key();
        let slice =
            log.read(&room, Span::After(0), usize::MAX >> 1, usize::MAX).await.expect("it can be read");
        log.close().await;
        slice.map_or_else(Store::default, |slice| {
            let entries =
                slice.entries.into_iter().map(|line| line.into_entry().expect("a cut damages nothing"));
            Store { epoch: slice.room.epoch.to_string(), entries: entries.collect() }
        })
    }
}

/// Does a change; with `torn`, only some of its sectors.
fn apply(bytes: &mut Vec<u8>, change: &Change, mut torn: Option<&mut Random>) {
    match change {
        Change::Length(length) => bytes.resize(*length, 0),
        Change::Bytes(offset, new) => {
            for Range { start, end } in sectors(*offset, new.len()) {
                if torn.as_mut().is_some_and(|random| random.below(2) == 0) {
                    continue;
                }
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[start..end].copy_from_slice(&new[start - offset..end - offset]);
            }
        }
    }
}

fn sectors(offset: usize, length: usize) -> impl Iterator<Item = Range<usize>> {
    let end = offset + length;
    (offset / SECTOR..end.div_ceil(SECTOR))
        .map(move |n| (n * SECTOR).max(offset)..((n + 1) * SECTOR).min(end))
}

#[test]
fn an_acknowledgement_before_its_sync_is_noticed() {
    let id = Uuid::now_v7();
    let wrote = || Event::Wrote { file: 1, offset: 0, bytes: [&[0; 9][..], id.as_bytes()].concat() };
    let told = || Event::Told(vec![id]);
    assert_eq!(early(&[wrote(), Event::Synced(1, 1), told()]), [] as [Uuid; 0]);
    assert_eq!(early(&[wrote(), told(), Event::Synced(1, 1)]), [id]);
    assert_eq!(early(&[Event::Synced(1, 0), wrote(), told()]), [id]);
    assert_eq!(early(&[wrote(), Event::Synced(0, 1), told()]), [id], "another file's");
    assert_eq!(early(&[told()]), [id]);
}

#[test]
fn a_trace_is_read_as_strace_writes_it() {
    let id = Uuid::now_v7();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let wal = hex(b"/data/snug.db-wal");
    let frame = hex(format!(r#"{{"type":"chat_message","seq":1,"id":"{id}","at":1}}"#).as_bytes());
    let socket = hex(b"socket:[77]");
    let trace = format!(
        "11    pwrite64(9<{wal}>, \"\\x01\\x02\", 2, 32) = 2\n\
         11    fdatasync(9<{wal}> <unfinished ...>\n\
         12    write(7<{socket}>, \"\\x00\", 1) = 1\n\
         11    <... fdatasync resumed>)           = 0\n\
         12    writev(7<{socket}>, [{{iov_base=\"\\x81\", iov_len=1}}, {{iov_base=\"{frame}\", iov_len=9}}], 2) = 9\n\
         11    fdatasync(9<{wal}>) = -1 EIO (Input/output error)\n\
         11    ftruncate(9<{wal}>, 0) = 0\n"
    );
    let wanted = [
        Event::Wrote { file: 1, offset: 32, bytes: vec![1, 2] },
        Event::Synced(1, 1),
        Event::Told(vec![id]),
        Event::Truncated { file: 1, length: 0 },
    ];
    assert_eq!(events(&trace), wanted);
}
