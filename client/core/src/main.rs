//! The commands for scripts alone, for machines that have no window and none of its libraries.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use snug_core::commands::{self, Command};

/// Chat rooms for your own network: the commands for scripts
///
/// Data goes to standard output, words go to standard error. They end with 0 when it is done, with 1 when the
/// server refuses or can't be reached, with 2 when they were used wrongly, with 130 after Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "snug-cli", version, verbatim_doc_comment)]
struct Arguments {
    /// What to do
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
