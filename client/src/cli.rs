//! The arguments of the command line.

use std::{
    env, io,
    path::PathBuf,
    process::{self, ExitCode},
};

use clap::{Parser, Subcommand};
use snug_core::{commands, destination::Destination};
use snug_shared::{Nickname, RoomName};

use crate::host::alone::HostArgs;

/// The variable iced chooses its renderer by.
const BACKEND: &str = "ICED_BACKEND";
const SOFTWARE: &str = "tiny-skia";

/// What needs no window.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// A command for scripts.
    #[command(flatten)]
    Script(commands::Command),
    /// Host rooms on this computer without a window
    ///
    /// The same rooms, address and history as “Host a room here” in the app has. Runs until Ctrl+C.
    #[command(verbatim_doc_comment)]
    Host(HostArgs),
}

/// Chat rooms for your own network
///
/// Without a command, the app opens. The commands are for scripts and open no window: data goes to
/// standard output, everything else to standard error. Exit codes: 0 done, 1 the server refused or
/// can't be reached, 2 wrong usage, 130 Ctrl-C.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "snug", version, verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do instead of opening the window
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Open this link: snug://…, http://…
    #[arg(value_name = "LINK", value_parser = link, conflicts_with = "join")]
    pub link: Option<String>,
    /// Draw with the processor instead of the graphics card
    #[arg(long)]
    pub software: bool,
    /// Open this server or invite link
    #[arg(long, value_name = "ADDRESS")]
    pub join: Option<String>,
    /// Your nickname
    #[arg(long, value_name = "NAME", value_parser = Nickname::parse)]
    pub nickname: Option<Nickname>,
    /// With --join: join this room
    #[arg(long, value_name = "NAME", value_parser = RoomName::parse, requires = "join")]
    pub room: Option<RoomName>,
    /// Store settings, waiting messages and hosted history in this folder
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
}

/// A link and not a word: a command that was mistyped is none.
fn link(typed: &str) -> Result<String, String> {
    if !typed.contains("://") {
        return Err("there is no such command (commands come before flags), and a link begins with snug:// or http://".to_owned());
    }
    Destination::parse(typed).map(|_| typed.to_owned()).map_err(|error| error.to_string())
}

impl Arguments {
    /// The server or the link to open, as it was given.
    pub fn address(&self) -> Option<&str> {
        self.join.as_deref().or(self.link.as_deref())
    }

    /// For `--software`, when the renderer is not chosen yet: starts this program again with the choice made, and says how it
    /// ended. iced 0.14 takes that choice from its environment only, and a process can't safely change its own.
    ///
    /// # Errors
    /// When the program can't be started again.
    pub fn with_renderer(&self) -> io::Result<Option<ExitCode>> {
        if !self.software || env::var_os(BACKEND).is_some_and(|backend| backend == SOFTWARE) {
            return Ok(None);
        }
        let mut again = process::Command::new(env::current_exe()?);
        let _ = again.args(env::args_os().skip(1)).env(BACKEND, SOFTWARE);
        restart(again).map(Some)
    }
}

/// The same process goes on as the new program.
#[cfg(unix)]
fn restart(mut again: process::Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(again.exec())
}

#[cfg(not(unix))]
fn restart(mut again: process::Command) -> io::Result<ExitCode> {
    let status = again.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_well_formed() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_name_that_is_not_allowed_is_refused_with_the_reason() {
        let error = Arguments::try_parse_from(["snug", "--nickname", "a/b"]).unwrap_err().to_string();
        assert!(error.contains("a/b"), "{error}");
    }

    #[test]
    fn a_link_is_what_an_app_is_started_with_and_a_mistyped_command_is_not() {
        let address = |words: &[&str]| {
            let arguments = Arguments::try_parse_from([&["snug"], words].concat());
            arguments
                .map(|arguments| arguments.address().map(str::to_owned))
                .map_err(|error| error.to_string())
        };
        let link = "snug://192.168.1.20:8000/chat/tea/";
        assert_eq!(address(&[link]).unwrap().as_deref(), Some(link));
        assert_eq!(address(&["--join", "lab.local"]).unwrap().as_deref(), Some("lab.local"));
        for (words, reason) in [
            (&["tial"][..], "no such command"),
            (&["ftp://lab"], "kind of address"),
            (&[link, "--join", "lab.local"], "cannot be used with"),
        ] {
            assert!(address(words).unwrap_err().contains(reason), "{words:?}");
        }
        let hosts = Arguments::try_parse_from(["snug", "host", "--port", "8001"]).unwrap();
        assert!(matches!(hosts.command, Some(Command::Host(_))));
    }

    #[test]
    fn a_renderer_that_was_chosen_is_left_alone() {
        assert!(Arguments::default().with_renderer().unwrap().is_none());
    }
}
