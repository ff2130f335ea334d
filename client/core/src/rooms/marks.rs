//! What a person set for one room: where it is listed, and what the desktop tells of it.

use serde::{Deserialize, Serialize};
use snug_shared::Millis;

/// What a person set for one room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Listed before the others.
    pub is_pinned: bool,
    /// Only who speaks to the person counts.
    pub is_muted: bool,
    /// The server runs in this app.
    pub is_hosted: bool,
    /// What the desktop tells of it.
    pub rule: Rule,
    /// Until then it tells nothing.
    pub quiet_until: Option<Millis>,
}

/// What of a room is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every message.
    All,
    /// Messages that speak to the person.
    #[default]
    Mentions,
    /// Nothing.
    Nothing,
}
