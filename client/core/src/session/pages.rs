//! Missing entries: pages of history below an entry, over the socket; pages of the log after one, over HTTP.
//!
//! One of each kind is on its way at a time. A page of the log says which history it is of; one of another history is dropped.

use std::ops::Range;

use snug_shared::{ClientFrame, Seq, api::Page, limits};

use super::{Effect, Session};
use crate::api::ApiError;

/// Entries of a page of the log.
pub(super) const PAGE: u32 = 200;

impl Session {
    /// The reader sees these rows: asks for what is missing near them.
    pub fn visible(&mut self, rows: Range<usize>) -> Vec<Effect> {
        if !self.is_live {
            return self.recall_near(rows);
        }
        if let Some(after) = self.timeline.page_wanted(&rows).filter(|_| self.has_pages) {
            return self.fetch_after(after);
        }
        if self.loading.is_none()
            && let Some(before) = self.timeline.history_wanted(rows)
        {
            self.ask(before);
        }
        Vec::new()
    }

    pub(super) fn ask(&mut self, before: Seq) {
        let limit = limits::HISTORY_MAX.min(self.limits().history).max(1);
        if let Some(handle) = &self.handle
            && handle.send(ClientFrame::History { before, limit }).is_ok()
        {
            self.loading = Some(before);
        }
    }

    /// Fetches the entries after this one, unless they are here or a page is on its way.
    pub fn fetch_after(&mut self, after: Seq) -> Vec<Effect> {
        let is_missing = after < self.timeline.newest() && !self.timeline.knows(after.saturating_add(1));
        if !self.is_live || !self.has_pages || !is_missing || self.fetching.is_some() {
            return Vec::new();
        }
        self.fetching = Some(after);
        vec![Effect::page(self.joining.server.clone(), self.room().clone(), after)]
    }

    /// Whether a page of the log is on its way.
    pub fn is_fetching(&self) -> bool {
        self.fetching.is_some()
    }

    /// Whether older entries are on their way.
    pub fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    pub(super) fn fetched(&mut self, after: Seq, page: Result<Page, ApiError>) {
        if self.fetching != Some(after) {
            return;
        }
        self.fetching = None;
        match page {
            Ok(page) if page.epoch.as_deref() == self.timeline.epoch() => {
                self.keep(&page.entries);
                self.timeline.receive_after(after, &page.entries);
                self.target.resume = self.timeline.resume();
            }
            Ok(_) => {}
            Err(error) => {
                // The socket gives the same entries, from the other side of the hole.
                tracing::info!(%error, "no pages of the log until the next connection");
                self.has_pages = false;
            }
        }
    }
}
