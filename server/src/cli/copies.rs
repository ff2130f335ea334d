//! `snug-server backup` and `snug-server restore`.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use snug_server::{
    Config,
    log::sqlite::backup::{self, Contents, CopyError},
};

use super::{FAILED, MISUSED, fail, is_misuse};

/// Copies the rooms to a new file.
pub fn backup(config: &Config, to: &Path) -> ExitCode {
    let copied = backup::backup(&config.data_dir, to, progress());
    end_progress();
    match copied {
        Ok(contents) => done(&format!("{} are in {}{}.", amount(contents), to.display(), size(to))),
        Err(error) => failed(&error),
    }
}

/// Puts a copy in the place of the rooms.
pub fn restore(config: &Config, from: &Path) -> ExitCode {
    let folder = &config.data_dir;
    let restored = backup::restore(folder, from, progress());
    end_progress();
    match restored {
        Ok((contents, before)) => {
            let before = before.map_or_else(String::new, |before| {
                format!(
                    " What was there before is {}; remove it when you no longer need it.",
                    before.display()
                )
            });
            done(&format!("{} are in {} again.{before}", amount(contents), folder.display()))
        }
        Err(error) => failed(&error),
    }
}

fn amount(Contents { rooms, entries }: Contents) -> String {
    format!("{entries} entries of {rooms} {}", if rooms == 1 { "room" } else { "rooms" })
}

fn size(file: &Path) -> String {
    let bytes = fs::metadata(file).map(|file| file.len());
    bytes.map_or_else(|_| String::new(), |bytes| format!(" ({:.1} MB)", bytes as f64 / 1e6))
}

/// Shows how far a copy is, where somebody looks.
fn progress() -> impl FnMut(u32) {
    let is_watched = io::stderr().is_terminal();
    let mut shown = None;
    move |per_cent| {
        if is_watched && shown != Some(per_cent) {
            shown = Some(per_cent);
            let _ = write!(io::stderr(), "\rCopying … {per_cent} %");
        }
    }
}

/// Takes the progress off the terminal.
fn end_progress() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
}

fn done(sentence: &str) -> ExitCode {
    let _ = writeln!(io::stdout(), "{sentence}");
    ExitCode::SUCCESS
}

fn failed(error: &CopyError) -> ExitCode {
    use snug_server::log::sqlite::OpenError;
    let is_asked_wrongly = match error {
        CopyError::Exists(_) | CopyError::Nothing(_) => true,
        CopyError::Open(OpenError::NotADatabase { .. } | OpenError::NotOurs { .. }) => true,
        CopyError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => true,
        other => is_misuse(other),
    };
    fail(if is_asked_wrongly { MISUSED } else { FAILED }, error)
}
