//! The arguments of the command line.

use std::{
    env, io,
    path::PathBuf,
    process::{Command, ExitCode},
};

use clap::Parser;
use snug_core::commands;
use snug_shared::{Nickname, RoomName};

/// The variable iced chooses its renderer by.
const BACKEND: &str = "ICED_BACKEND";
const SOFTWARE: &str = "tiny-skia";

/// Chat rooms for your own network
///
/// Without a command, the app opens. The commands are for scripts and open no window: data goes to
/// standard output, everything else to standard error. Exit codes: 0 done, 1 the server refused or
/// can't be reached, 2 wrong usage, 130 Ctrl-C.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "snug", version, verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// A command for scripts
    #[command(subcommand)]
    pub command: Option<commands::Command>,
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

impl Arguments {
    /// For `--software`, when the renderer is not chosen yet: starts this program again with the choice made, and says how it
    /// ended. iced 0.14 takes that choice from its environment only, and a process can't safely change its own.
    ///
    /// # Errors
    /// When the program can't be started again.
    pub fn with_renderer(&self) -> io::Result<Option<ExitCode>> {
        if !self.software || env::var_os(BACKEND).is_some_and(|backend| backend == SOFTWARE) {
            return Ok(None);
        }
        let mut again = Command::new(env::current_exe()?);
        let _ = again.args(env::args_os().skip(1)).env(BACKEND, SOFTWARE);
        restart(again).map(Some)
    }
}

/// The same process goes on as the new program.
#[cfg(unix)]
fn restart(mut again: Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(again.exec())
}

#[cfg(not(unix))]
fn restart(mut again: Command) -> io::Result<ExitCode> {
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
    fn a_renderer_that_was_chosen_is_left_alone() {
        assert!(Arguments::default().with_renderer().unwrap().is_none());
    }
}
