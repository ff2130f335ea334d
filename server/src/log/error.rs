//! Why a log cannot do what it is asked.

use std::error::Error as StdError;

/// Why the log could not do it. What was asked may have been stored all the same.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Anything else.
    #[error("the log is not available: {0}")]
    Unavailable(String),
}

impl LogError {
    pub(super) fn closed() -> Self {
        Self::Unavailable("it is closed".to_owned())
    }
}

/// Why a log could not be opened: the store's own error. It reads as a sentence for a person.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OpenError(Box<dyn StdError + Send + Sync>);

impl OpenError {
    /// Takes the store's own error.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }
}
