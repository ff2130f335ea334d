//! For who watches the window from outside, as the window test does: which messages are in view, by their numbers. Never words.

use std::fmt::Write;

use snug_core::timeline::{Delivery, Row, Timeline};

use crate::widget::virtual_list::Shown;

/// Writes it to the log at the level `debug`, target `snug::shown`: `1 2 3 …` where `…` is a message on its way and `!` one that failed.
pub fn tell(timeline: &Timeline, shown: Option<Shown>) {
    if !tracing::enabled!(target: "snug::shown", tracing::Level::DEBUG) {
        return;
    }
    // The rows that were shown last may be gone by now.
    let rows = shown.map_or(0..0, |shown| shown.first..shown.end.min(timeline.len()));
    let mut line = String::new();
    for row in rows.filter_map(|index| timeline.row(index)) {
        let Row::Message(message) = row else { continue };
        let _ = match (message.seq, message.delivery) {
            (Some(seq), Delivery::Sent) => write!(line, "{seq} "),
            (_, Delivery::Failed { .. }) => write!(line, "! "),
            _ => write!(line, "… "),
        };
    }
    tracing::debug!(target: "snug::shown", "shown: {}", line.trim_end());
}
