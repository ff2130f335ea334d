//! The command line of the program: settings, logging, and what is to be done.
//!
//! Without a sub-command it serves. A sub-command for operators is a file beside [`serve`](mod@serve) and a line in [`main`].

use std::{
    error::Error,
    fmt::Display,
    io::{self, Write},
    iter,
    process::ExitCode,
};

use snug_server::{
    config::{Command, Config, Options, file},
    server_log,
};
use tracing_subscriber::EnvFilter;

mod banner;
mod copies;
mod serve;
mod signals;

/// The system is in the way.
const FAILED: u8 = 1;
/// The command line or the settings are wrong, as `clap` ends for its part.
const MISUSED: u8 = 2;

/// Does what the command line says.
pub fn main() -> ExitCode {
    let mut options = Options::from_command_line();
    let (print, command) = (options.print_config, options.command.take());
    let settings = match options.load() {
        Ok(settings) => settings,
        Err(error) => return fail(MISUSED, &error),
    };
    if print {
        return print_config(&settings.config);
    }
    // `Config::check` has read the filter before.
    let filter = EnvFilter::new(&settings.config.log);
    let lines = match server_log::begin(filter, settings.config.log_format) {
        Ok(lines) => lines,
        Err(error) => return fail(FAILED, &error),
    };
    let code = match command {
        Some(Command::Backup { file }) => copies::backup(&settings.config, &file),
        Some(Command::Restore { file }) => copies::restore(&settings.config, &file),
        None => match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(serve::serve(settings)),
            Err(error) => fail(FAILED, &error),
        },
    };
    lines.flush();
    code
}

fn print_config(config: &Config) -> ExitCode {
    match file::print(config) {
        Ok(text) if io::stdout().write_all(text.as_bytes()).is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAILED),
        Err(error) => fail(MISUSED, &error),
    }
}

/// Says on stderr why there is no server. A closed stderr changes nothing about it.
fn fail(code: u8, error: &dyn Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "snug-server: {error}");
    ExitCode::from(code)
}

/// Whether the system refused because of what was asked for: a place that is none, or one that this account may not use.
fn is_misuse(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{AddrNotAvailable, AlreadyExists, NotADirectory, PermissionDenied};
    let mut causes = iter::successors(Some(error), |&error| error.source());
    let cause = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        matches!(cause.kind(), AddrNotAvailable | AlreadyExists | NotADirectory | PermissionDenied)
    })
}
