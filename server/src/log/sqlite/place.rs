//! Where a log lies: the paths in its folder, and the lock that makes the folder one process's alone.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{OpenError, private};

/// Nobody else writes while the folder is locked; what may hold the file up for a moment is a person's backup.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The paths in a data folder.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
    /// For tests: pages the file may have, as a disk with an end to it.
    #[cfg(test)]
    pub(super) page_limit: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

impl Place {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            file: folder.join("snug.db"),
            #[cfg(test)]
            page_limit: std::sync::Arc::new(u32::MAX.into()),
        }
    }

    /// The write-ahead log beside the file.
    pub(super) fn wal(&self) -> PathBuf {
        self.folder.join("snug.db-wal")
    }
}

/// A folder that is this process's alone.
#[derive(Debug)]
pub(super) struct FolderLock(File);

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Not by closing the file: a program that is being started has a copy of it for a moment, and with it the lock.
        let _ = self.0.unlock();
    }
}

/// Takes the folder for this process.
pub(super) fn lock(place: &Place) -> Result<FolderLock, OpenError> {
    let folder = &place.folder;
    let io = |source| OpenError::Folder { folder: folder.clone(), source };
    private::make_folder(folder).map_err(io)?;
    let file = private::options().write(true).create(true).open(folder.join("snug.lock")).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock(file)),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse { folder: folder.clone() }),
        Err(fs::TryLockError::Error(source)) => Err(io(source)),
    }
}
