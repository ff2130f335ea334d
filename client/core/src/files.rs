//! Writing files so that they are whole after a crash: the old content or the new, never half of either.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Replaces a file's content: written beside it, flushed to the disk, renamed over it. Only its owner can read it.
///
/// # Errors
/// The system's error; the old content is then still there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path, "new");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&beside, path)?;
    sync_folder_of(path)
}

/// Makes the name of a new or renamed file survive a power loss, where the system can do that.
///
/// # Errors
/// The system's error.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    // Windows has no such thing: its file systems order the rename by themselves.
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Moves a damaged file out of the way, where its owner can still look at it. An older damaged one is replaced.
///
/// # Errors
/// The system's error.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = beside(path, "damaged");
    std::fs::rename(path, &aside)?;
    Ok(aside)
}

/// The same path with one more extension.
pub fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// Makes files that are created readable by their owner only, where the system knows owners.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let _ = options.mode(0o600);
    }
    options
}

/// Makes a folder that only its owner can enter, and those above it.
///
/// # Errors
/// The system's error.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    let _ = builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        let _ = builder.mode(0o700);
    }
    builder.create(path)
}

/// Reads a file that has no business being larger than `limit` bytes.
///
/// # Errors
/// The system's error; [`io::ErrorKind::FileTooLarge`] beyond the limit.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    use io::Read;
    let mut content = Vec::new();
    let _ = File::open(path)?.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

/// A file that is this process's alone, for as long as this lives. A lock goes with its process, so a crash leaves nothing to
/// clean up.
#[derive(Debug)]
pub struct FileLock(File);

impl FileLock {
    /// Locks a file, which is made when it is not there.
    ///
    /// # Errors
    /// Somebody else has it, or the system's error.
    pub fn take(path: &Path) -> Result<Self, TryLockError> {
        let mut options = OpenOptions::new();
        let file = private(options.write(true).create(true).truncate(false)).open(path);
        let file = file.map_err(TryLockError::Error)?;
        file.try_lock().map(|()| Self(file))
    }

    /// The locked file.
    pub fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Not by closing the file: a program that is being started has a copy of it for a moment, and with it the lock.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_again_also_while_a_program_that_is_being_started_has_a_copy_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = FileLock::take(&path).unwrap();
        assert!(matches!(FileLock::take(&path), Err(TryLockError::WouldBlock)));
        let copy = lock.file().try_clone().unwrap();
        drop(lock);
        let _again = FileLock::take(&path).unwrap();
        drop(copy);
    }

    #[test]
    fn a_replaced_file_has_the_new_content_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_what_is_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner").join("seat");
        private_folder(path.parent().unwrap()).unwrap();
        replace(&path, b"secret").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o077, 0);
    }

    #[test]
    fn a_file_beyond_the_limit_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        replace(&path, &[b'x'; 100]).unwrap();
        assert_eq!(read_at_most(&path, 100).unwrap().len(), 100);
        assert_eq!(read_at_most(&path, 99).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
