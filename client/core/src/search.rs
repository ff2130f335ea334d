//! A search as a person sees it: what they type, where it is looked for, and what was found so far.
//!
//! Two kinds of places are searched at once: this computer ([`crate::history`]), which answers as one types, and the servers one is
//! connected to ([`crate::api::Api::search`]), once the typing rests. Hits of both are one list, newest first, each message once; the
//! server's state of a message wins. Whatever was asked for an earlier text is dropped when it comes ([`Search::answer`]).
//!
//! Bounds: [`HITS`] hits at once, [`SERVERS`] servers, and a text of [`BYTES`] bytes. Older hits than fit are another list, which
//! begins where everything was searched up to ([`Search::more`]).

use std::{
    cmp::Reverse,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::{civil::Date, tz::TimeZone};
use snug_shared::{Entry, Millis, Nickname, RoomName, Seq, ServerAddress, api::SearchHits};

mod excerpt;
mod filters;
mod view;

pub use excerpt::Excerpt;
pub use filters::{BYTES, Filters};

use crate::{
    api::{Api, ApiError, SearchQuery},
    history::{Found, History, HistoryError, HistoryQuery, Ticket},
};

/// Hits that are listed at once, at most.
pub const HITS: usize = 300;
/// Servers asked at once, at most.
pub const SERVERS: usize = 8;

/// Hits asked for at once.
const PAGE: u32 = 50;
/// How long the typing rests before a server is asked.
const REST: Duration = Duration::from_millis(250);
/// Parts in which nothing was found after which a person is asked before the search goes on.
const EMPTY_PARTS: u32 = 100;
const EMPTY_PARTS_OF_SERVERS: u32 = 5;

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// In one room.
    Room(ServerAddress, RoomName),
    /// In all rooms.
    Everywhere,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// Its place there.
    pub seq: Seq,
    /// When.
    pub at: Millis,
    /// The nickname it was sent under.
    pub user: Nickname,
    /// What is shown of it.
    pub excerpt: Excerpt,
}

/// One of the places that are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// What this computer has seen.
    Here,
    /// A server.
    Server(ServerAddress),
}

#[derive(Debug)]
struct Place {
    source: Source,
    is_asked: bool,
    /// Where it goes on.
    cursor: Option<Cursor>,
    /// When its oldest hit was sent, of those that came.
    reached: Option<Millis>,
    /// Parts in which nothing was found.
    empty_parts: u32,
    failure: Option<String>,
}

#[derive(Debug, Clone)]
enum Cursor {
    Here(i64),
    Server(String),
}

/// See the [module](self).
#[derive(Debug)]
pub struct Search {
    history: History,
    zone: TimeZone,
    scope: Scope,
    text: String,
    filters: Filters,
    places: Vec<Place>,
    hits: Vec<Hit>,
    chosen: Option<usize>,
    is_cut: bool,
    /// The list begins with what was sent then, since newer hits filled one before.
    begins: Option<Millis>,
    /// Which text was asked for last. Shared with the questions, so that those of an earlier text end.
    request: Arc<AtomicU64>,
}

/// A question to one of the places. Its [`Answer`] goes into [`Search::answer`].
#[derive(Debug)]
#[must_use = "a question that is not asked is never answered"]
pub struct Ask {
    request: u64,
    latest: Arc<AtomicU64>,
    place: usize,
    question: Question,
}

#[derive(Debug)]
enum Question {
    Here(History, Ticket, HistoryQuery),
    Server(ServerAddress, SearchQuery, Duration),
}

/// The answer to an [`Ask`].
#[derive(Debug, Clone)]
pub struct Answer {
    request: u64,
    place: usize,
    found: Result<Part, String>,
}

#[derive(Debug, Clone)]
enum Part {
    Here(Found),
    Server(ServerAddress, SearchHits),
    /// It was asked for an earlier text.
    Superseded,
}

impl Ask {
    /// Asks. Needs a tokio runtime around it.
    pub async fn run(self) -> Answer {
        let Self { request, latest, place, question } = self;
        let found = match question {
            Question::Here(history, ticket, query) => {
                let found = tokio::task::spawn_blocking(move || history.search_as(ticket, &query)).await;
                match found {
                    Ok(Ok(found)) => Ok(Part::Here(found)),
                    Ok(Err(HistoryError::Superseded)) | Err(_) => Ok(Part::Superseded),
                    Ok(Err(error)) => Err(error.to_string()),
                }
            }
            Question::Server(server, query, rest) => {
                tokio::time::sleep(rest).await;
                if latest.load(Ordering::Relaxed) == request {
                    let found = async { Api::open(&server).await?.search(&query).await };
                    found
                        .await
                        .map(|hits| Part::Server(server, hits))
                        .map_err(|error: ApiError| error.to_string())
                } else {
                    Ok(Part::Superseded)
                }
            }
        };
        Answer { request, place, found }
    }
}

impl Search {
    /// A search of this computer and of these servers. Nothing is looked for yet.
    pub fn new(history: History, zone: TimeZone, scope: Scope, servers: Vec<ServerAddress>) -> Self {
        let servers = servers.into_iter().take(SERVERS).map(Source::Server);
        let place = |source| Place {
            source,
            is_asked: false,
            cursor: None,
            reached: None,
            empty_parts: 0,
            failure: None,
        };
        Self {
            places: [Source::Here].into_iter().chain(servers).map(place).collect(),
            history,
            zone,
            scope,
            text: String::new(),
            filters: Filters::default(),
            hits: Vec::new(),
            chosen: None,
            is_cut: false,
            begins: None,
            request: Arc::default(),
        }
    }

    /// The text was changed. What it found so far is forgotten.
    pub fn set_text(&mut self, text: String, today: Date) -> Vec<Ask> {
        let filters = Filters::parse(&text, today);
        self.text = text;
        if filters == self.filters && self.is_busy() {
            return Vec::new();
        }
        self.filters = filters;
        self.begin(None, REST)
    }

    /// Begins a list, with the newest hit or with what was sent then.
    fn begin(&mut self, begins: Option<Millis>, rest: Duration) -> Vec<Ask> {
        let _ = self.request.fetch_add(1, Ordering::Relaxed);
        (self.chosen, self.is_cut, self.begins) = (None, false, begins);
        self.hits.clear();
        for place in &mut self.places {
            (place.is_asked, place.cursor, place.reached) = (false, None, None);
            (place.empty_parts, place.failure) = (0, None);
        }
        if !self.filters.is_search() {
            return Vec::new();
        }
        (0..self.places.len()).map(|place| self.ask(place, rest)).collect()
    }

    /// Whether newer hits than those of the list were found before.
    pub fn is_past_newest(&self) -> bool {
        self.begins.is_some()
    }

    /// Back to the newest hits.
    pub fn newest(&mut self) -> Vec<Ask> {
        if self.is_past_newest() { self.begin(None, Duration::ZERO) } else { Vec::new() }
    }

    /// Goes on where the places stopped. A full list gives way to one that begins where it ended; or above that, where a place
    /// that has more was not searched as far.
    pub fn more(&mut self) -> Vec<Ask> {
        if self.is_cut && !self.is_busy() {
            let unfinished = self.places.iter().filter(|place| place.cursor.is_some());
            let last = self.hits.last().map(|hit| hit.at);
            let begins = unfinished.filter_map(|place| place.reached).chain(last).max();
            // A whole list of one moment: the next one begins before it.
            let begins = begins.map(|at| if self.begins == Some(at) { at.saturating_sub(1) } else { at });
            return self.begin(begins, Duration::ZERO);
        }
        let goes_on = |place: &Place| place.cursor.is_some() && !place.is_asked;
        let places: Vec<usize> =
            (0..self.places.len()).filter(|place| goes_on(&self.places[*place])).collect();
        places
            .into_iter()
            .map(|place| {
                self.places[place].empty_parts = 0;
                self.ask(place, Duration::ZERO)
            })
            .collect()
    }

    fn ask(&mut self, index: usize, rest: Duration) -> Ask {
        let (since, until) = self.filters.times(&self.zone);
        let until = until.into_iter().chain(self.begins).min();
        let place = &mut self.places[index];
        place.is_asked = true;
        let (words, from, has) = (self.filters.words(), self.filters.from.clone(), self.filters.has);
        let only = match &self.scope {
            Scope::Room(server, room) => Some((server.clone(), room.clone())),
            Scope::Everywhere => None,
        };
        let question = match &place.source {
            Source::Here => {
                let cursor = match place.cursor {
                    Some(Cursor::Here(cursor)) => Some(cursor),
                    _ => None,
                };
                let named = self.filters.room.as_ref().map(RoomName::key);
                let limit = PAGE as usize;
                let query = HistoryQuery { words, room: only, named, from, has, since, until, cursor, limit };
                Question::Here(self.history.clone(), self.history.ticket(), query)
            }
            Source::Server(server) => {
                let cursor = match &place.cursor {
                    Some(Cursor::Server(cursor)) => Some(cursor.clone()),
                    _ => None,
                };
                let room = self.filters.room.clone().or(only.map(|(_, room)| room));
                let query = SearchQuery { words, room, from, has, since, until, cursor, limit: PAGE };
                Question::Server(server.clone(), query, rest)
            }
        };
        let request = self.request.load(Ordering::Relaxed);
        Ask { request, latest: Arc::clone(&self.request), place: index, question }
    }

    /// Takes an answer. What it was asked for may be of the past.
    pub fn answer(&mut self, answer: Answer) -> Vec<Ask> {
        let Answer { request, place: index, found } = answer;
        if request != self.request.load(Ordering::Relaxed) || index >= self.places.len() {
            return Vec::new();
        }
        let (hits, cursor) = match found {
            Ok(Part::Superseded) => (Vec::new(), None),
            Ok(Part::Here(found)) => {
                let hits = found.messages.into_iter().map(|found| (found.server, found.room, found.entry));
                (hits.collect(), found.cursor.map(Cursor::Here))
            }
            Ok(Part::Server(server, found)) => {
                let entry = |hit: snug_shared::api::SearchHit| {
                    Some((server.clone(), hit.room, hit.entry.into_entry()?))
                };
                (found.hits.into_iter().filter_map(entry).collect(), found.cursor.map(Cursor::Server))
            }
            Err(sentence) => {
                self.places[index].failure = Some(sentence);
                (Vec::new(), None)
            }
        };
        let is_empty = hits.is_empty();
        let oldest = hits.iter().map(|(_, _, entry)| entry.at).min();
        self.add(hits, index > 0);
        let place = &mut self.places[index];
        (place.is_asked, place.cursor) = (false, cursor);
        place.reached = oldest.into_iter().chain(place.reached).min();
        // It stopped in the middle of messages that are no hits.
        let most = if index == 0 { EMPTY_PARTS } else { EMPTY_PARTS_OF_SERVERS };
        if is_empty && place.cursor.is_some() && place.empty_parts < most {
            place.empty_parts += 1;
            return vec![self.ask(index, Duration::ZERO)];
        }
        Vec::new()
    }

    fn add(&mut self, found: Vec<(ServerAddress, RoomName, Entry)>, is_of_server: bool) {
        let chosen = self.chosen.and_then(|chosen| self.hits.get(chosen)).map(|hit| (hit.at, hit.seq));
        for (server, room, entry) in found {
            let Some(text) = entry.message().and_then(|message| message.text.as_ref()) else { continue };
            let excerpt = Excerpt::new(text.as_str(), &self.filters.words);
            let key = room.key();
            let is_it =
                |hit: &&mut Hit| hit.seq == entry.seq && hit.room.key() == key && hit.server == server;
            match self.hits.iter_mut().find(is_it) {
                Some(hit) if is_of_server => hit.excerpt = excerpt,
                Some(_) => {}
                None => {
                    let (seq, at, user) = (entry.seq, entry.at, entry.user);
                    self.hits.push(Hit { server, room, seq, at, user, excerpt });
                }
            }
        }
        self.hits.sort_by_key(|hit| (Reverse(hit.at), Reverse(hit.seq)));
        self.is_cut |= self.hits.len() > HITS;
        self.hits.truncate(HITS);
        self.chosen =
            chosen.and_then(|(at, seq)| self.hits.iter().position(|hit| (hit.at, hit.seq) == (at, seq)));
    }

    /// Chooses the next hit, or the one before; that one.
    pub fn step(&mut self, steps: isize) -> Option<&Hit> {
        let last = self.hits.len().checked_sub(1)?;
        let next = match self.chosen {
            None if steps < 0 => last,
            None => 0,
            Some(chosen) => chosen.saturating_add_signed(steps).min(last),
        };
        self.choose(next)
    }

    /// Chooses a hit.
    pub fn choose(&mut self, place: usize) -> Option<&Hit> {
        self.chosen = (place < self.hits.len()).then_some(place);
        self.chosen()
    }

    /// The hit that is chosen.
    pub fn chosen(&self) -> Option<&Hit> {
        self.hits.get(self.chosen?)
    }

    /// The place of that hit in the list.
    pub fn chosen_place(&self) -> Option<usize> {
        self.chosen
    }
}
