//! The programs that a server passes on: which there are, what they are for, and their digests.
//!
//! They are the files of one folder that the operator names, or this program's own and the app beside it. Only what was listed is
//! ever opened, by its bare name, and never through a link.

use std::{
    collections::HashMap,
    env,
    fs::{File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::{sync::Mutex, task::spawn_blocking};

/// Programs that are listed, at most. Further ones of the folder are left out.
const PROGRAMS: usize = 32;
/// The largest that is listed, in bytes: nobody waits for the digest of a disk image.
const BYTES: u64 = 1 << 30;
/// The longest name that is listed, in bytes.
const NAME: usize = 100;
/// What lies beside this program where no folder is named.
const OWN: [&str; 4] = ["snug", "snug.exe", "snug-server", "snug-server.exe"];

/// A program to pass on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The name of its file: letters, digits, `.`, `_`, `+` and `-`.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of it, in small hexadecimal digits.
    pub sha256: String,
    /// What it runs on, for people; empty where its name does not say.
    pub runs_on: String,
    modified: Option<SystemTime>,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Programs {
    folder: Option<PathBuf>,
    is_own: bool,
    /// What was listed last, with digests that hold for as long as size and time of the file do.
    known: Mutex<HashMap<String, Program>>,
}

impl Programs {
    /// Those of this folder; without one, this program and the app beside it.
    pub fn new(folder: Option<&Path>) -> Self {
        let own = || env::current_exe().ok()?.parent().map(Path::to_owned);
        let (folder, is_own) = match folder {
            Some(folder) => (Some(folder.to_owned()), false),
            None => (own(), true),
        };
        Self { folder, is_own, known: Mutex::default() }
    }

    /// All of them by name. Whoever asks meanwhile waits, so that a file is read for its digest once.
    pub async fn list(&self) -> Vec<Program> {
        let Some(folder) = self.folder.clone() else { return Vec::new() };
        let mut known = self.known.lock().await;
        let (is_own, before) = (self.is_own, std::mem::take(&mut *known));
        let found = spawn_blocking(move || find(&folder, is_own, &before)).await.unwrap_or_default();
        *known = found.iter().map(|program| (program.name.clone(), program.clone())).collect();
        found
    }

    /// Opens a program that is listed.
    pub async fn open(&self, name: &str) -> Option<(Program, File)> {
        let program = self.list().await.into_iter().find(|program| program.name == name)?;
        let file = self.folder.as_ref()?.join(&program.name);
        let opened = spawn_blocking(move || open_file(&file)).await.ok()?;
        let (file, bytes, modified) = opened.ok()?;
        // Another file by now: its digest is not known.
        (bytes == program.bytes && modified == program.modified).then_some((program, file))
    }
}

fn find(folder: &Path, is_own: bool, known: &HashMap<String, Program>) -> Vec<Program> {
    let mut names: Vec<String> = if is_own {
        OWN.map(str::to_owned).into()
    } else {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_name(name))
            .collect()
    };
    names.sort();
    let programs = names.into_iter().filter_map(|name| look_at(folder, name, is_own, known).ok());
    programs.take(PROGRAMS).collect()
}

/// Whether a file may be listed by this name: one that needs no quotes and hides nothing.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    name.len() <= NAME && !name.starts_with('.') && name.bytes().all(is_plain)
}

fn look_at(
    folder: &Path,
    name: String,
    is_own: bool,
    known: &HashMap<String, Program>,
) -> io::Result<Program> {
    let (file, bytes, modified) = open_file(&folder.join(&name))?;
    if bytes == 0 || bytes > BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let is_same = |program: &&Program| program.bytes == bytes && program.modified == modified;
    if let Some(program) = known.get(&name).filter(is_same) {
        return Ok(program.clone());
    }
    let runs_on = if is_own { this_system() } else { system_of(&name) };
    Ok(Program { sha256: digest(file)?, name, bytes, runs_on, modified })
}

/// Opens a file for reading, with its size and time. A link is not followed, and a folder or a device is none.
fn open_file(file: &Path) -> io::Result<(File, u64, Option<SystemTime>)> {
    // Where a link can't be refused while it is opened, it is at least looked for before.
    if !file.symlink_metadata()?.file_type().is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.read(true).open(file)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok((file, about.len(), about.modified().ok()))
}

fn digest(mut file: File) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(HEXLOWER.encode(&digest.finalize())),
            bytes => digest.update(&piece[..bytes]),
        }
    }
}

/// This program's own system, as people call it.
fn this_system() -> String {
    let system = match env::consts::OS {
        "windows" => "Windows",
        "macos" => "macOS",
        "linux" => "Linux",
        "freebsd" => "FreeBSD",
        other => other,
    };
    format!("{system}, {}", env::consts::ARCH)
}

/// What a program runs on, by the name of its file; empty where that does not say.
fn system_of(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    let system = if ends(&[".dmg", ".pkg"]) || has(&["macos", "darwin", "apple"]) {
        "macOS"
    } else if ends(&[".exe", ".msi"]) || has(&["windows"]) {
        "Windows"
    } else if ends(&[".deb", ".rpm", ".appimage"]) || has(&["linux"]) {
        "Linux"
    } else {
        return String::new();
    };
    let processor = if has(&["aarch64", "arm64"]) {
        ", ARM"
    } else if has(&["x86_64", "x86-64", "amd64", "x64"]) {
        ", x86-64"
    } else {
        ""
    };
    format!("{system}{processor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_read_from_a_name() {
        for (name, system) in [
            ("snug-0.1.0-x86_64-unknown-linux-gnu.tar.gz", "Linux, x86-64"),
            ("Snug.AppImage", "Linux"),
            ("snug_0.1.0_arm64.deb", "Linux, ARM"),
            ("Snug-aarch64-apple-darwin.zip", "macOS, ARM"),
            ("Snug.dmg", "macOS"),
            ("snug-setup-x64.exe", "Windows, x86-64"),
            ("snug", ""),
        ] {
            assert_eq!(system_of(name), system, "{name}");
        }
    }

    #[test]
    fn only_plain_names_are_listed() {
        for name in ["snug", "snug-0.1.0+git_x86.tar.gz"] {
            assert!(is_name(name), "{name}");
        }
        for name in [".hidden", "..", "a b", "a/b", "ä", "a\"b", &"x".repeat(101)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_that_changed_has_another_digest_and_a_link_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("snug-linux");
        std::fs::write(&file, "one").unwrap();
        std::fs::write(folder.path().join("empty"), "").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        let programs = Programs::new(Some(folder.path()));
        let first = programs.list().await;
        assert_eq!(first.iter().map(|program| program.name.as_str()).collect::<Vec<_>>(), ["snug-linux"]);
        assert_eq!(first, programs.list().await);
        std::fs::write(&file, "another").unwrap();
        let second = programs.list().await;
        assert_ne!(first[0].sha256, second[0].sha256);
        assert!(programs.open("link").await.is_none() && programs.open("../snug-linux").await.is_none());
        assert!(programs.open("snug-linux").await.is_some());
    }
}
