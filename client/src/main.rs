//! The app's window, or one of the commands that need none. Everything else is in the library.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use snug::{app, cli::Arguments};
use snug_core::commands;
use snug_server::{config::LogFormat, server_log};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(command) = &arguments.command {
        return commands::run(command, arguments.data_dir);
    }
    match arguments.with_renderer() {
        Ok(Some(code)) => return code,
        Ok(None) => {}
        Err(error) => {
            let _ = writeln!(io::stderr(), "snug: can't start again for --software: {error}");
            return ExitCode::FAILURE;
        }
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("SNUG_LOG").unwrap_or_else(|_| "warn".into());
    // Without a log the window is as good.
    let lines = server_log::begin(filter, LogFormat::Text);
    let start = match app::Start::read(arguments) {
        Ok(start) => start,
        Err(code) => return code,
    };
    let ended = app::application(start).run();
    if let Ok(lines) = lines {
        lines.flush();
    }
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "snug: no window could be opened: {error}");
            ExitCode::FAILURE
        }
    }
}
