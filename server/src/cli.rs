//! The command line of the program: settings, logging, and what is to be done.
//!
//! Without a sub-command it serves. A sub-command for operators is a file beside [`serve`](mod@serve) and a line in [`main`].

use std::{
    fmt::Display,
    io::{self, IsTerminal},
    process::ExitCode,
};

use snug_server::config::{Config, LogFormat, Options, file};
use tracing_subscriber::EnvFilter;

mod banner;
mod serve;
mod signals;

/// The system is in the way.
const FAILED: u8 = 1;
/// The command line or the settings are wrong, as `clap` ends for its part.
const MISUSED: u8 = 2;

/// Does what the command line says.
pub fn main() -> ExitCode {
    let options = Options::from_command_line();
    let print = options.print_config;
    let settings = match options.load() {
        Ok(settings) => settings,
        Err(error) => return fail(MISUSED, &error),
    };
    if print {
        print!("{}", file::print(&settings.config));
        return ExitCode::SUCCESS;
    }
    if let Err(error) = begin_log(&settings.config) {
        return fail(MISUSED, &format!("log: {error}"));
    }
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(serve::serve(settings)),
        Err(error) => fail(FAILED, &error),
    }
}

/// Writes the server log to stderr from now on.
fn begin_log(config: &Config) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::try_new(&config.log)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match config.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

fn fail(code: u8, error: &dyn Display) -> ExitCode {
    eprintln!("snug-server: {error}");
    ExitCode::from(code)
}
