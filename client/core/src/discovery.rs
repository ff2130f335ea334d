//! Finding servers on the own network, without an address.
//!
//! Two ways lead to hints where a server may be: announcements by DNS-SD (`dns_sd`), and answers to a question that is sent to
//! all networks (`question`). Anybody on the network can send either, so a hint is never an identity and never shown. Each one is
//! followed: a server is [`Found`] when it answers `GET /api/server` itself, at that very address, with the id of the hint
//! (`probe`). It stays found for as long as it answers, whatever became of the hints. `list` decides all of this without
//! sockets and clocks.
//!
//! How soon: a server that announces itself is found within a second or two. One that ends with a goodbye is gone with it. One that
//! was killed, or lost its network, is gone within [`list::GONE_AFTER`].

use std::{mem, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use snug_shared::{ServerAddress, ServerId, announcement::QUESTION_PORT, api::TlsMode};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, Interval, sleep_until},
};

mod dns_sd;
mod list;
mod probe;
mod question;
#[cfg(test)]
mod tests;

use crate::connection::suspend::{self, SuspendDetector};
pub use list::{ADDRESSES, GONE_AFTER, SERVERS};
use list::{Hint, List, Outcome, Probe};

/// The shortest time between two lists.
const PAUSE: Duration = Duration::from_millis(250);
/// Notices that wait to be taken, at most. Sources that bring more have to wait.
const NOTICES: usize = 64;

/// A server that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Tells servers apart; the same at every address. Without encryption, nothing proves it.
    pub id: ServerId,
    /// What the server calls itself, on one line; not to be trusted with a terminal.
    pub name: String,
    /// Where it answered with this id, the best first: at least one, at most [`ADDRESSES`]. Link-local ones have their zone.
    pub addresses: Vec<ServerAddress>,
    /// Whether it encrypts connections.
    pub tls: TlsMode,
    /// The fingerprint of its key.
    pub fingerprint: Option<String>,
    /// Rooms that anyone may see.
    pub rooms: u32,
    /// Members of all rooms together.
    pub people: u32,
    /// How it was noticed.
    pub seen_by: SeenBy,
}

/// The ways in which a server was noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeenBy {
    /// By its announcement, or its answer to a question by multicast DNS.
    pub dns_sd: bool,
    /// By its answer to a datagram.
    pub datagram: bool,
}

impl SeenBy {
    /// Both ways together.
    const fn and(self, other: Self) -> Self {
        Self { dns_sd: self.dns_sd || other.dns_sd, datagram: self.datagram || other.datagram }
    }
}

/// The servers on the own network, in the order in which they were noticed: the whole list whenever it changes, at most four times
/// a second and at most [`SERVERS`] long. Nothing comes before the first one is found. It looks for as long as the stream is
/// polled, and stops when it is dropped. Needs a tokio runtime around it.
pub fn discover() -> impl Stream<Item = Vec<Found>> + Send + use<> {
    stream::once(async { Search::everywhere() }).flat_map(Search::lists)
}

/// A search while it lasts.
struct Search {
    list: List,
    notices: mpsc::Receiver<Notice>,
    /// Whether somebody is found. Questions to all networks become rare then.
    is_found: watch::Sender<bool>,
    /// Told each time when everything may be another than before.
    doubts: watch::Sender<()>,
    /// What brings notices; ends with the search.
    _sources: JoinSet<()>,
    probes: JoinSet<(Probe, Outcome)>,
    ticks: Interval,
    clocks: SuspendDetector,
    told: Vec<Found>,
    tell_at: Instant,
}

/// What a source has noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Notice {
    /// A server may be somewhere.
    Hint(Hint),
    /// A server says that it is gone, or somebody says so for it.
    Goodbye(ServerId),
}

/// What sources go by.
#[derive(Debug, Clone)]
struct Source {
    notices: mpsc::Sender<Notice>,
    is_found: watch::Receiver<bool>,
    doubts: watch::Receiver<()>,
}

impl Search {
    /// Looks by all means there are.
    fn everywhere() -> Self {
        Self::begin(|source, tasks| {
            let _ = tasks.spawn(dns_sd::browse(source.clone()));
            let _ = tasks.spawn(question::ask(source, QUESTION_PORT));
        })
    }

    fn begin(start: impl FnOnce(Source, &mut JoinSet<()>)) -> Self {
        let (notices, received) = mpsc::channel(NOTICES);
        let (is_found, doubts) = (watch::Sender::new(false), watch::Sender::new(()));
        let mut sources = JoinSet::new();
        start(Source { notices, is_found: is_found.subscribe(), doubts: doubts.subscribe() }, &mut sources);
        Self {
            list: List::default(),
            notices: received,
            is_found,
            doubts,
            _sources: sources,
            probes: JoinSet::new(),
            ticks: suspend::ticks(),
            clocks: SuspendDetector::new(),
            told: Vec::new(),
            tell_at: Instant::now(),
        }
    }

    fn lists(self) -> impl Stream<Item = Vec<Found>> + Send {
        stream::unfold(self, async |mut search| Some((search.next().await, search)))
    }

    /// The next list that is another than the one before.
    async fn next(&mut self) -> Vec<Found> {
        loop {
            for probe in self.list.due(Instant::now()) {
                let _ = self.probes.spawn(async move {
                    let outcome = probe::ask(&probe).await;
                    (probe, outcome)
                });
            }
            let found = self.list.found();
            let is_found = !found.is_empty();
            let _ = self.is_found.send_if_modified(|before| mem::replace(before, is_found) != is_found);
            let is_news = found != self.told;
            if is_news && self.tell_at <= Instant::now() {
                self.tell_at = Instant::now() + PAUSE;
                self.told.clone_from(&found);
                return found;
            }
            let next_due = self.list.next_due();
            tokio::select! {
                () = sleep_until(self.tell_at), if is_news => {}
                () = sleep_until(next_due.unwrap_or_else(Instant::now)), if next_due.is_some() => {}
                Some(Ok((probe, outcome))) = self.probes.join_next() => {
                    self.list.answered(Instant::now(), &probe, outcome);
                }
                Some(notice) = self.notices.recv() => match notice {
                    Notice::Hint(hint) => self.list.hint(Instant::now(), hint),
                    Notice::Goodbye(id) => self.list.withdraw(Instant::now(), &id),
                },
                _ = self.ticks.tick() => if self.clocks.was_suspended() {
                    self.list.doubt(Instant::now());
                    self.doubts.send_replace(());
                },
            }
        }
    }
}
