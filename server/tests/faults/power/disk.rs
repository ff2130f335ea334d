//! The disk as a power cut leaves it.

use std::{fs, ops::Range};

use snug_server::log::{Log, Span, sqlite::SqliteLog};
use snug_shared::RoomName;

use super::{FILES, ROOM, trace::Event};
use crate::common::{Random, journal::Store};

const SECTOR: usize = 512;

/// The log's files on a disk that keeps what was synced, and of the rest whatever it likes.
pub struct Disk {
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
    pub fn new(kept: [Vec<u8>; FILES.len()]) -> Self {
        Self { kept, pending: Default::default(), now: 0 }
    }

    pub fn take(&mut self, event: &Event) {
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
    pub async fn after_a_cut(&self, random: &mut Random) -> Store {
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
