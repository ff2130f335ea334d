//! The commands for scripts alone, for machines that have no window and none of its libraries.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use snug_core::commands::{self, Command};

/// Chat rooms for your own network: the commands for scripts
///
/// Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 the server refused or
/// can't be reached, 2 wrong usage, 130 Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "snug-cli", version, verbatim_doc_comment)]
struct Arguments {
    /// The command
    #[command(subcommand)]
    command: Command,
    /// Read settings from this folder
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    commands::run(&arguments.command, arguments.data_dir)
}
