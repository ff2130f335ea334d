//! The error of a channel layer or a presence that does not answer.

/// A part of the backend that cannot do now what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} is not available: {why}")]
pub struct Unavailable {
    /// Which part: “the channel layer”, “the presence”.
    pub part: &'static str,
    /// Why, for an operator.
    pub why: String,
}
