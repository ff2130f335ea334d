//! The time of day. The app asks one clock, so that a test that draws it can say what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use snug_shared::Millis;

/// Tells the milliseconds since 1970.
pub type Clock = fn() -> Millis;

/// The clock of this computer.
pub fn system() -> Millis {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(now.as_millis()).unwrap_or(Millis::MAX)
}
