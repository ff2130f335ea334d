//! Settings in a TOML file: finding it, reading it with errors that name the line, and printing one.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::de::DeTable;

use super::{
    Config, project_dirs,
    settings::{Settings, described},
};

/// A file far larger than any of ours is not read to its end.
const MAX_BYTES: u64 = 1024 * 1024;

/// Names less alike than this are not offered as what was meant.
const ALIKE: f64 = 0.75;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {error}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line of the file is wrong.
    #[error("{}:{line}: {message}", file.display())]
    Line {
        /// Which file.
        file: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// The fault.
        message: String,
    },
    /// The settings do not work together, or not in this build.
    #[error("{0}")]
    Refused(String),
}

/// The first file there is of those read without being asked: the nearest to the person comes first.
pub(super) fn find() -> Option<PathBuf> {
    let own = project_dirs().map(|dirs| dirs.config_dir().join("snug.toml"));
    let places = [Some(PathBuf::from("snug.toml")), own, Some(PathBuf::from("/etc/snug/snug.toml"))];
    places.into_iter().flatten().find(|file| file.is_file())
}

/// Reads a file.
///
/// # Errors
/// [`ConfigError`] names the file, and the line and the setting where that is what is wrong.
pub fn read(file: &Path) -> Result<Settings, ConfigError> {
    let unreadable = |error| ConfigError::Unreadable { file: file.to_owned(), error };
    if fs::metadata(file).map_err(unreadable)?.len() > MAX_BYTES {
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidData, "too large for settings")));
    }
    parse(file, &fs::read_to_string(file).map_err(unreadable)?)
}

/// Reads a file's text; its name is for the errors.
///
/// # Errors
/// [`ConfigError::Line`].
pub fn parse(file: &Path, text: &str) -> Result<Settings, ConfigError> {
    let at = |span: Option<Range<usize>>, message: String| {
        let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        ConfigError::Line { file: file.to_owned(), line, message }
    };
    let table = DeTable::parse(text).map_err(|error| at(error.span(), error.message().to_owned()))?;
    let names: Vec<String> = described().into_iter().map(|setting| setting.name).collect();
    let mut values = Vec::new();
    for (key, value) in table.get_ref() {
        let name = key.get_ref().to_string();
        if !names.contains(&name) {
            return Err(at(Some(key.span()), unknown(&name, &names)));
        }
        values.push((name, value.span()));
    }
    Settings::deserialize(toml::Deserializer::from(table)).map_err(|error| {
        let start = error.span().map(|span| span.start);
        let within = |(_, value): &&(String, Range<usize>)| start.is_some_and(|start| value.contains(&start));
        let name = values.iter().find(within).map(|(name, _)| format!("{name}: ")).unwrap_or_default();
        at(error.span(), format!("{name}{}", error.message()))
    })
}

fn unknown(name: &str, names: &[String]) -> String {
    let likeness = |known: &String| strsim::jaro_winkler(&name.replace('_', "-"), known);
    let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|known| likeness(known) >= ALIKE) {
        Some(known) => format!("there is no setting “{name}”; did you mean “{known}”?"),
        None => format!("there is no setting “{name}”; --print-config shows those there are"),
    }
}

/// Every setting's value by name, to be shown.
pub(super) fn shown(config: &Config) -> toml::Table {
    // A folder's name may be no text, and TOML has no other.
    let data_dir = config.data_dir.to_string_lossy().into_owned().into();
    let programs = config.programs.as_ref().map(|folder| folder.to_string_lossy().into_owned().into());
    toml::Table::try_from(Settings::from(&Config { data_dir, programs, ..config.clone() }))
        .unwrap_or_default()
}

/// Writes the settings as a file with a comment for each, which can be loaded again.
///
/// # Errors
/// [`ConfigError::Refused`] where a setting cannot be written into a file.
pub fn print(config: &Config) -> Result<String, ConfigError> {
    let folders = [("data-dir", Some(&config.data_dir)), ("programs", config.programs.as_ref())];
    for (name, folder) in folders {
        let Some(folder) = folder.filter(|folder| folder.to_str().is_none()) else { continue };
        let folder = folder.display();
        let message = format!(
            "{name}: the name of the folder {folder} is no UTF-8, and no file can hold it; use the flag"
        );
        return Err(ConfigError::Refused(message));
    }
    let values = shown(config);
    let mut text = String::from(
        "# Settings of snug-server. Flags (--listen) and variables (SNUG_LISTEN) win over them.\n",
    );
    for setting in described() {
        let Some(value) = values.get(&setting.name) else { continue };
        text.push_str(&format!("\n# {}.\n{} = {value}\n", setting.help, setting.name));
    }
    Ok(text)
}
