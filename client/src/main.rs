//! The app's window, or one of the commands that need none. Everything else is in the library.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use snug::{
    app,
    cli::{Arguments, Command},
    host::alone,
};
use snug_core::commands;
use snug_server::{config::LogFormat, server_log};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match &arguments.command {
        Some(Command::Script(command)) => return commands::run(command, arguments.data_dir),
        Some(Command::Host(host)) => return logged(|| alone::run(host, arguments.data_dir.clone())),
        None => {}
    }
    match arguments.with_renderer() {
        Ok(Some(code)) => return code,
        Ok(None) => {}
        Err(error) => {
            let _ = writeln!(io::stderr(), "snug: can't start again for --software: {error}");
            return ExitCode::FAILURE;
        }
    }
    logged(|| {
        let start = match app::Start::read(arguments) {
            Ok(start) => start,
            Err(code) => return code,
        };
        match app::application(start).run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(io::stderr(), "snug: no window could be opened: {error}");
                ExitCode::FAILURE
            }
        }
    })
}

/// Does something with a log on stderr. Without one it is as good.
fn logged(run: impl FnOnce() -> ExitCode) -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SNUG_LOG").unwrap_or_else(|_| "warn".into());
    let lines = server_log::begin(filter, LogFormat::Text);
    let code = run();
    if let Ok(lines) = lines {
        lines.flush();
    }
    code
}
