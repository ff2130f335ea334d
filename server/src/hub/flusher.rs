//! The task that writes what a room says to everybody in it.
//!
//! It takes events from the room's inbox, encodes each once, appends it to the tail, and writes it to every socket. An entry
//! that does not follow the one before it means that events were lost or overtaken: the missing entries are read from the log
//! first, because nobody may see a later entry before an earlier one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use snug_shared::{Line, Seq, ServerFrame};
use tokio::time::{sleep, sleep_until, timeout_at};

use super::{
    coalesce::{self, Coalescer},
    room::Room,
};
use crate::{
    dialect,
    event::Event,
    fanout::{Batch, Item},
    log::{LogError, Span},
};

/// Events encoded and written in one go. Bounds the frames that are in no tail yet, and how long the tail's lock is held.
const EVENTS: usize = 64;
/// Pause after the log could not be read, or did not have an entry yet, before it is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Entries read from the log at once where some are missing, and bytes of their text.
const BLOCK: (usize, usize) = (500, 96 * 1024);

impl Room {
    /// Writes what the room says until the task is aborted, or the log begins another history.
    pub(super) async fn run(self: Arc<Self>) {
        let mut coalescer = Coalescer::default();
        let mut checked = Instant::now();
        while !self.is_outdated() {
            self.wait(checked).await;
            // Connections that are ready to be read get their messages in first: they go out in the same write.
            tokio::task::yield_now().await;
            self.gather(&mut coalescer).await;
            let speaks = self.inbox.len() > 0;
            while self.flush().await {}
            if speaks {
                // A wake-up that only told who came and went starts no window.
                coalescer.flushed(Instant::now());
                checked = Instant::now();
            }
            self.keep_roster().await;
            if self.is_due(checked) {
                checked = Instant::now();
                self.check().await;
            }
        }
    }

    /// Waits for something to do.
    async fn wait(&self, checked: Instant) {
        let check = self.backend.layer.check_after().map(|after| checked + after);
        let deadline = self.people().roster.next_deadline().into_iter().chain(check).min();
        let due = async {
            match deadline {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.inbox.wake.notified() => {}
            () = due => {}
        }
    }

    /// Waits, where that is worth it, for more to write at once.
    async fn gather(&self, coalescer: &mut Coalescer) {
        if !(1..coalesce::BATCH).contains(&self.inbox.len()) {
            return;
        }
        let members = self.people().sockets.len();
        let Some(until) = coalescer.window(members, Instant::now()) else { return };
        let full = async {
            while self.inbox.len() < coalesce::BATCH {
                self.inbox.wake.notified().await;
            }
        };
        let _ = timeout_at(until.into(), full).await;
        coalescer.gathered(self.inbox.len());
    }

    /// Encodes what came in and writes it to everybody; true when there is more.
    async fn flush(&self) -> bool {
        let (events, more) = self.inbox.take(EVENTS);
        let presence = self.people().roster.presence(Instant::now());
        let mut items: Vec<Item> = Vec::with_capacity(events.len() + 1);
        let mut last = self.last();
        for event in events {
            match event {
                Event::Entry(committed) if committed.epoch != self.epoch => {
                    self.outdate();
                    return false;
                }
                Event::Entry(committed) if committed.entry.seq > last + 1 => {
                    self.write(std::mem::take(&mut items));
                    Box::pin(self.catch_up(committed.entry.seq)).await;
                    last = self.last();
                }
                Event::Entry(committed) if committed.entry.seq == last + 1 => {
                    last = committed.entry.seq;
                    self.note(&committed.entry);
                    items.push(Item::entry(&committed));
                }
                // Repeated, or read from the log already.
                Event::Entry(_) => {}
                Event::Typing { connection, user, by } => {
                    let frame = dialect::native(&ServerFrame::Typing { user, by });
                    items.push(Item::passing(frame, Some(connection)));
                }
                Event::Presence(_) => {}
            }
        }
        if let Some((presence, newcomer)) = presence {
            let frame = dialect::native(&ServerFrame::Presence(presence));
            items.push(Item::passing(frame, newcomer));
        }
        self.write(items);
        more
    }

    /// Appends frames to the tail and writes them to everybody.
    fn write(&self, items: Vec<Item>) {
        if items.is_empty() {
            return;
        }
        let batch = {
            let mut tail = self.tail.lock();
            let from = tail.end();
            for item in &items {
                tail.push(item.clone());
            }
            Batch::new(from, items)
        };
        let mut needed = u64::MAX;
        self.for_each_socket(|outbound| {
            needed = needed.min(outbound.follow(&batch).unwrap_or(u64::MAX));
        });
        for follower in self.people().followers.values() {
            needed = needed.min(follower.advance().unwrap_or(u64::MAX));
        }
        self.tail.lock().trim(needed);
    }

    /// Reads the entries after the newest one told up to `wanted` at least from the log, and writes them to everybody.
    async fn catch_up(&self, wanted: Seq) {
        tracing::debug!(room = %self.key, wanted, "entries are missing and are read from the log");
        while !self.is_outdated() {
            match self.read_missing().await {
                Ok(true) if self.last() >= wanted => return,
                // The log that is read may be behind the one that told of the entry.
                Ok(true) => sleep(RETRY).await,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(room = %self.key, %error, "missing entries cannot be read; it is tried again");
                    sleep(RETRY).await;
                }
            }
        }
    }

    /// Reads one block of missing entries and writes it; true when that was the last one.
    async fn read_missing(&self) -> Result<bool, LogError> {
        let after = Span::After(self.last());
        let (entries, bytes) = BLOCK;
        let slice = self.backend.log.read(&self.key, after, entries, bytes).await?;
        let Some(slice) = slice.filter(|slice| slice.room.epoch == self.epoch) else {
            self.outdate();
            return Ok(true);
        };
        for entry in slice.entries.iter().filter_map(Line::entry) {
            self.note(entry);
        }
        let item = |line| Item::line(&self.key, self.epoch, line);
        self.write(slice.entries.into_iter().map(item).collect());
        Ok(!slice.more)
    }

    /// Has presence decide who left, and asks for the whole list where changes have been missing for long.
    async fn keep_roster(&self) {
        let now = Instant::now();
        let (expiring, behind) = {
            let mut people = self.people();
            (people.roster.is_expiring(now), people.roster.is_behind(now))
        };
        if expiring {
            self.backend.presence.expire(&self.key);
        }
        if behind || self.inbox.has_overflowed() {
            self.check().await;
        }
    }

    /// Whether the room has heard nothing for so long that events may have been lost.
    fn is_due(&self, checked: Instant) -> bool {
        self.backend.layer.check_after().is_some_and(|after| checked.elapsed() >= after)
    }

    /// Looks into the log and the presence for what has not come in.
    async fn check(&self) {
        match self.backend.log.room(&self.name).await {
            Ok(record) if record.epoch != self.epoch => self.outdate(),
            Ok(record) if record.last > self.last() => Box::pin(self.catch_up(record.last)).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(room = %self.key, %error, "the log cannot be asked for missing entries")
            }
        }
        let known = self.people().roster.version();
        if let Err(error) = self.refresh(Some(known)).await {
            tracing::warn!(room = %self.key, %error, "the presence cannot be asked for missing changes");
        }
    }
}
