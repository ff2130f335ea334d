//! The command line: the settings as flags, the file they may come from, and what wins.

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, builder::StyledStr};

use super::{Config, ConfigError, file, settings::Settings};

const PRECEDENCE: &str =
    "Flags win over SNUG_* variables, variables over the file, the file over the defaults.";

/// Chat rooms for your own network: the server alone, without the app
#[derive(Debug, Parser)]
#[command(name = "snug-server", version, max_term_width = 120, after_help = PRECEDENCE)]
#[command(
    disable_help_subcommand = true,
    subcommand_value_name = "WHAT",
    subcommand_help_heading = "Instead of serving"
)]
pub struct Options {
    /// Read settings from this file; by default from the first of ./snug.toml, ~/.config/snug/snug.toml and /etc/snug/snug.toml
    #[arg(long, env = "SNUG_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Print the settings in effect as a file that can be loaded again, and exit
    #[arg(long)]
    pub print_config: bool,
    #[command(flatten)]
    settings: Settings,
    /// Servers elsewhere have it; here the port belongs to the address.
    #[arg(long = "port", short = 'p', hide = true, value_parser = no_port)]
    _port: Option<String>,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copy all rooms to a new file, while a server runs or not
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Put a copy in the place of the rooms; the server has to be stopped. What was there is kept beside it
    Restore {
        /// The copy
        file: PathBuf,
    },
}

fn no_port(text: &str) -> Result<String, String> {
    Err(format!("the port belongs to the address: --listen {text}"))
}

/// The settings in effect, and the file some of them came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings in effect.
    pub config: Config,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

impl Options {
    /// Reads the command line and the environment. Prints help or what is wrong, and ends the process, when that is due.
    pub fn from_command_line() -> Self {
        let matches = command().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Reads a command line and the environment.
    ///
    /// # Errors
    /// The faults that `clap` finds, and also the help text when that is asked for.
    pub fn try_from<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<std::ffi::OsString> + Clone,
    {
        Self::from_arg_matches(&command().try_get_matches_from(arguments)?)
    }

    /// Adds the file and the defaults, and checks what comes of it.
    ///
    /// # Errors
    /// [`ConfigError`] names the file, the line and the setting.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        let mut config = Config::default();
        let file = self.config.or_else(file::find);
        if let Some(file) = &file {
            file::read(file)?.apply(&mut config);
        }
        self.settings.apply(&mut config);
        config.check()?;
        Ok(Loaded { config, file })
    }
}

/// The command line, with the defaults as they are on this machine.
fn command() -> clap::Command {
    let defaults = file::shown(&Config::default());
    Options::command().mut_args(|argument| {
        let Some(value) = argument.get_long().and_then(|name| defaults.get(name)) else {
            return argument;
        };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let help = argument.get_help().map(StyledStr::to_string).unwrap_or_default();
        if value == "[]" { argument } else { argument.help(format!("{help} [default: {value}]")) }
    })
}
