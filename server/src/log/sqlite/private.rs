//! Files and folders for this account alone: messages are for the members of a room, not for everybody with an account on this
//! machine.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

/// More than a small file has.
const SMALL: u64 = 1_024;

/// Makes a folder that only this account may enter, with those above it. One that is there stays as it is.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a file that, where it is made, only this account may read. A link in its place is not followed: somebody else may have
/// planted it.
pub(super) fn options() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

/// Reads a small file.
pub(super) fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    options().read(true).open(file)?.take(SMALL).read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a small file whole, or leaves it as it was.
pub(super) fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(".new");
    let _ = fs::remove_file(&fresh);
    options().write(true).create_new(true).open(&fresh)?.write_all(text.as_bytes())?;
    fs::rename(&fresh, file)
}

/// Whether the folder takes as much as the largest message. Only what means “no room” counts as no.
pub(super) fn has_room(folder: &Path) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let file = folder.join("snug.room");
    let _ = fs::remove_file(&file);
    let tried = options().write(true).create_new(true).open(&file).and_then(|tried| fill(&tried));
    let _ = fs::remove_file(&file);
    !tried.is_err_and(|error| matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull))
}

fn fill(file: &fs::File) -> io::Result<()> {
    let bytes = vec![0; 16 * 1024];
    #[cfg(unix)]
    std::os::unix::fs::FileExt::write_all_at(file, &bytes, 0)?;
    #[cfg(not(unix))]
    io::Write::write_all(&mut &*file, &bytes)?;
    file.sync_all()
}
