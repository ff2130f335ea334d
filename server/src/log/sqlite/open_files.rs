//! Whether the files that the log has open are still those in its folder. Everything can be written to a file that was removed,
//! and nothing of it is there afterwards; so an entry counts as durable only after a look.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::place::Place;
use crate::{
    log::LogError,
    sync::{Ranked, rank},
};

/// The database and its write-ahead log, as they were when they were opened.
#[derive(Debug)]
pub(super) struct OpenFiles {
    file: (PathBuf, FileId),
    /// Kept, because it is looked at after every commit.
    wal_path: PathBuf,
    /// SQLite may make another when it opens the file anew.
    wal: Ranked<FileId, rank::Leaf>,
}

/// What tells a file from every other at this moment, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).map(|file| Self { device: file.dev(), inode: file.ino() })
    }

    /// Other systems remove and replace no file that is open.
    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self {})
    }
}

impl OpenFiles {
    /// Notes the files that have just been opened and written to.
    pub(super) fn new(place: &Place) -> io::Result<Self> {
        let wal_path = place.wal();
        let (file, wal) = (FileId::of(&place.file)?, FileId::of(&wal_path)?);
        Ok(Self { file: (place.file.clone(), file), wal_path, wal: Ranked::new(wal) })
    }

    /// Notes the write-ahead log of a file that has just been opened anew.
    pub(super) fn reopened(&self) {
        if let Ok(wal) = FileId::of(&self.wal_path) {
            *self.wal.lock() = wal;
        }
    }

    /// Whether the folder holds the file that was opened first: no other may be opened in its stead.
    pub(super) fn check_file(&self) -> Result<(), LogError> {
        let (path, file) = &self.file;
        check(path, *file)
    }

    /// Whether what was written is in the folder.
    pub(super) fn check(&self) -> Result<(), LogError> {
        let wal = *self.wal.lock();
        self.check_file().and_then(|()| check(&self.wal_path, wal))
    }
}

fn check(path: &Path, opened: FileId) -> Result<(), LogError> {
    match FileId::of(path) {
        Ok(found) if found == opened => Ok(()),
        found => {
            let what = if found.is_ok() { "was replaced" } else { "was moved or removed" };
            Err(LogError::Unavailable(format!(
                "{} {what} while the server runs. Put it back, or restart the server",
                path.display()
            )))
        }
    }
}
