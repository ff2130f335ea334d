//! Why a log cannot be opened.

use std::{io, path::PathBuf};

/// Why a data folder cannot be used. Each reads as a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has it open.
    #[error("another Snug server uses the folder {}", .folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be made, read or written.
    #[error("the folder {} cannot be used: {source}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is damaged, or was never a database.
    #[error("{} is not a database, or is damaged; it was left as it is", .file.display())]
    NotADatabase {
        /// The file.
        file: PathBuf,
    },
    /// The file belongs to another program.
    #[error("{} is a database of another program; it was left as it is", .file.display())]
    NotOurs {
        /// The file.
        file: PathBuf,
    },
    /// A later version of Snug wrote the file.
    #[error(
        "{} was written by a newer version of Snug (format {found}, this one knows {known}); it was left as it is",
        .file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// Anything else.
    #[error("{} cannot be opened: {source}", .file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}
