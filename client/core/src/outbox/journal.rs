//! The journal on disk, and what is written to it. All that waits is written together and costs one flush to the disk.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::oneshot;

use super::{
    queue::Queue,
    record::{Record, StoredSend, apply, read, write},
};
use crate::files::{self, FileLock};

/// A journal beyond this is rewritten when it says much less than it is long.
const LONG: u64 = 64 * 1024;

/// A journal beyond this is not one of ours.
const BYTES: u64 = 64 << 20;

/// Windows of one person in one room, each with an outbox and a seat of its own.
const SLOTS: usize = 8;

/// How long a slot is waited for that this process is letting go of.
const LETTING_GO: Duration = Duration::from_secs(3);

/// A command for the journal.
#[derive(Debug)]
pub(super) enum Command {
    /// Writes a record, and answers once it is on the disk.
    Keep(Record, oneshot::Sender<Result<(), String>>),
    /// Writes a record; after a power loss it may be missing, which costs a repetition and nothing else.
    Note(Record),
    /// Keeps the seat this outbox sends under.
    Seat(String),
}

/// Speaks to an open slot. When it is dropped, what it was told is written, and the slot is let go of.
#[derive(Debug)]
pub(super) struct Commands {
    queue: Queue,
    folder: PathBuf,
}

impl Commands {
    /// Tells a command ([`Queue::send`]).
    pub fn send(&self, command: Command) {
        self.queue.send(command);
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        let _ = CLOSING.lock().unwrap_or_else(PoisonError::into_inner).insert(self.folder.clone());
        self.queue.close();
    }
}

/// A slot that was opened: locked and read.
pub(super) struct Opened {
    pub commands: Commands,
    pub sends: Vec<StoredSend>,
    pub seat: Option<String>,
    pub damaged: bool,
}

/// Slots that this process is letting go of: whoever wants one waits a moment instead of taking another.
static CLOSING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Opens a slot in a room's folder: the first that holds sends and that nobody has open, else the first that nobody has open.
/// What is told to `queue`, and was told already, is written there.
pub(super) fn open(folder: &Path, queue: &Queue) -> io::Result<Opened> {
    let mut empty = None;
    for slot in 1..=SLOTS {
        let folder = folder.join(slot.to_string());
        // A folder that is not there holds nothing, and one empty slot is enough.
        if empty.is_some() && !folder.exists() {
            break;
        }
        let Some(writer) = Writer::open(&folder)? else { continue };
        if !writer.sends.is_empty() {
            return Ok(writer.start(queue));
        }
        empty = empty.or(Some(writer));
    }
    let empty = empty.ok_or_else(|| io::Error::other("this room is open in too many windows"))?;
    Ok(empty.start(queue))
}

/// Forgets the rooms that were left the longest ago when there are more than `most`. Rooms in which something waits, or that
/// are open, stay.
pub(super) fn tidy(rooms: &Path, most: usize) -> io::Result<()> {
    let mut folders = Vec::new();
    for room in std::fs::read_dir(rooms)? {
        let folder = room?.path();
        let used = folder.join("1").join("lock").metadata().and_then(|lock| lock.modified());
        folders.push((used.unwrap_or(SystemTime::UNIX_EPOCH), folder));
    }
    if folders.len() <= most {
        return Ok(());
    }
    folders.sort_unstable();
    let surplus = folders.len() - most;
    for (_, folder) in folders.into_iter().take(surplus) {
        // Locked until it is gone, so that nobody opens what is being forgotten.
        let mut slots = Vec::new();
        for slot in std::fs::read_dir(&folder)? {
            slots.push(Writer::open(&slot?.path())?);
        }
        if slots.iter().all(|slot| slot.as_ref().is_some_and(|writer| writer.sends.is_empty())) {
            std::fs::remove_dir_all(&folder)?;
        }
    }
    Ok(())
}

pub(super) struct Writer {
    folder: PathBuf,
    file: Option<File>,
    written: u64,
    /// What the file says, to write it anew without asking anybody. It shares its frames with the outbox.
    sends: Vec<StoredSend>,
    damaged: bool,
    /// Held as long as this writer lives: never two senders of one outbox.
    lock: Option<FileLock>,
}

impl Writer {
    /// `None` when another window has it.
    pub fn open(folder: &Path) -> io::Result<Option<Self>> {
        files::private_folder(folder)?;
        let Some(lock) = lock(folder)? else { return Ok(None) };
        let path = folder.join("outbox");
        let journal = match files::read_at_most(&path, BYTES) {
            Ok(journal) => journal,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let (sends, damaged) = read(&journal);
        if damaged > 0 {
            let _ = std::fs::copy(&path, files::beside(&path, "damaged"));
        }
        Ok(Some(Self {
            folder: folder.to_owned(),
            file: None,
            written: 0,
            sends,
            damaged: damaged > 0,
            lock: Some(lock),
        }))
    }

    fn start(self, queue: &Queue) -> Opened {
        let seat = files::read_at_most(&self.folder.join("seat"), snug_shared::limits::SEAT_BYTES as u64)
            .ok()
            .and_then(|seat| String::from_utf8(seat).ok())
            .filter(|seat| !seat.is_empty());
        let (sends, damaged) = (self.sends.clone(), self.damaged);
        let commands = Commands { queue: queue.clone(), folder: self.folder.clone() };
        queue.open(self);
        Opened { commands, sends, seat, damaged }
    }

    /// Carries out commands, with one flush for all of them.
    pub fn obey(&mut self, commands: impl IntoIterator<Item = Command>) {
        let (mut lines, mut waiting) = (String::new(), Vec::new());
        for command in commands {
            let record = match command {
                Command::Keep(record, done) => {
                    waiting.push(done);
                    record
                }
                Command::Note(record) => record,
                Command::Seat(seat) => {
                    if let Err(error) = files::replace(&self.folder.join("seat"), seat.as_bytes()) {
                        tracing::warn!(%error, "the seat could not be kept");
                    }
                    continue;
                }
            };
            lines.push_str(&record.to_line());
            apply(&mut self.sends, record);
        }
        let result = self.write(&lines, !waiting.is_empty());
        if let Err(error) = &result {
            tracing::warn!(%error, "the outbox could not be written");
            // After a failed write or flush nobody knows what is on the disk: the next one starts a new file.
            self.file = None;
        }
        let result = result.map_err(|error| error.to_string());
        for done in waiting {
            let _ = done.send(result.clone());
        }
    }

    fn write(&mut self, lines: &str, flush: bool) -> io::Result<()> {
        let Some(file) = &mut self.file else { return self.rewrite() };
        file.write_all(lines.as_bytes())?;
        if flush {
            file.sync_data()?;
        }
        self.written += lines.len() as u64;
        if self.written > LONG && self.written / 4 > write(&self.sends).len() as u64 {
            self.rewrite()?;
        }
        Ok(())
    }

    /// Replaces the journal by one that holds only what still matters, this batch included.
    fn rewrite(&mut self) -> io::Result<()> {
        let path = self.folder.join("outbox");
        let journal = write(&self.sends);
        // Closed first: an open file can't be replaced everywhere.
        self.file = None;
        files::replace(&path, journal.as_bytes())?;
        self.file = Some(files::private(OpenOptions::new().append(true)).open(&path)?);
        self.written = journal.len() as u64;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.lock.take());
        let _ = CLOSING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.folder);
    }
}

/// Locks a slot; `None` when another window has it.
fn lock(folder: &Path) -> io::Result<Option<FileLock>> {
    let path = folder.join("lock");
    let patience = Instant::now() + LETTING_GO;
    loop {
        let is_closing = CLOSING.lock().unwrap_or_else(PoisonError::into_inner).contains(folder);
        match FileLock::take(&path) {
            Ok(lock) => {
                // The file's time tells when the room was last used.
                let _ = lock.file().set_modified(SystemTime::now());
                return Ok(Some(lock));
            }
            Err(TryLockError::WouldBlock) if is_closing && Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_also_while_a_program_that_is_being_started_has_a_copy_of_its_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = Writer::open(folder.path()).expect("opened").expect("nobody has it");
        assert!(Writer::open(folder.path()).expect("asked").is_none());
        let copy = writer.lock.as_ref().map(|lock| lock.file().try_clone());
        drop(writer);
        assert!(Writer::open(folder.path()).expect("asked").is_some());
        drop(copy);
    }
}
