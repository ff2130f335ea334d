//! For who watches the window from outside, as the window test does: what lies above or beside the room. Never words.

use std::fmt::Write;

use snug_core::search::Search;

use super::App;
use crate::screen::Screen;

impl App {
    /// Writes it to the log at the level `debug`, target `snug::open`: `menu`, `switcher`, `search`, or `nothing`.
    pub(super) fn trace(&self) {
        if !tracing::enabled!(target: "snug::open", tracing::Level::DEBUG) {
            return;
        }
        let has_menu =
            matches!(&self.screen, Screen::Room(room) if room.has_menu()) || self.sidebar.has_menu();
        let line = match (has_menu, &self.switcher, self.search()) {
            (true, _, _) => "menu".to_owned(),
            (_, Some(_), _) => "switcher".to_owned(),
            (_, _, Some(search)) => hits(search),
            (false, None, None) => "nothing".to_owned(),
        };
        tracing::debug!(target: "snug::open", "open: {line}");
    }
}

/// `search`, the numbers of the messages that were found, and `…` while an answer is on its way.
fn hits(search: &Search) -> String {
    let mut line = "search".to_owned();
    for hit in search.hits() {
        let _ = write!(line, " {}", hit.seq);
    }
    if search.is_busy() {
        line.push_str(" …");
    }
    line
}
