//! The app's window, or one of the commands that need none. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use snug::{app, cli::Arguments};
use snug_core::commands;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(command) = &arguments.command {
        return commands::run(command, arguments.data_dir);
    }
    match arguments.with_renderer() {
        Ok(Some(code)) => return code,
        Ok(None) => {}
        Err(error) => {
            eprintln!("snug: can't start again for --software: {error}");
            return ExitCode::FAILURE;
        }
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("SNUG_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match app::application(arguments).run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snug: no window could be opened: {error}");
            ExitCode::FAILURE
        }
    }
}
