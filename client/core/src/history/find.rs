//! Searching the file: newest first over all rooms, by the index for what it knows, by a look at each message for shorter words.
//!
//! Texts are compared as the server compares them (`snug_shared::search`). The index knows a trigram for each room and each
//! sender too, so `in:` and `from:` narrow a search without a look at what others said elsewhere.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use rusqlite::{Connection, Result, Row, Rows, params};
use snug_shared::{
    Entry, Millis, RoomKey, RoomName, ServerAddress,
    search::{Has, SearchTerms, fold},
};

use super::{
    encoding::{number_at, room_gram, sender_gram},
    recall::{self, ENTRY},
};

/// How long one part of a search takes, about; then it answers with what it has and where it goes on.
const LONGEST: Duration = Duration::from_millis(40);
/// Messages looked at between two looks at the clock.
const GLANCE: usize = 64;

/// A search on this computer. What is left out does not narrow it.
#[derive(Debug, Clone, Default)]
pub struct HistoryQuery {
    /// Words that all have to be in the text.
    pub words: Option<String>,
    /// The room to search.
    pub room: Option<(ServerAddress, RoomName)>,
    /// Rooms of this name, on whatever server.
    pub named: Option<RoomKey>,
    /// The nickname or the author of the sender.
    pub from: Option<String>,
    /// What the message has to have besides.
    pub has: Option<Has>,
    /// The time of the oldest message to find.
    pub since: Option<Millis>,
    /// The time of the newest message to find.
    pub until: Option<Millis>,
    /// Where an earlier search stopped.
    pub cursor: Option<i64>,
    /// Messages to find, at most.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub messages: Vec<FoundMessage>,
    /// Where the search goes on; none when it is through.
    pub cursor: Option<i64>,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMessage {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// The message, as this computer knows it.
    pub entry: Entry,
}

/// What a message has to be.
struct Wanted {
    terms: Option<SearchTerms>,
    from: Option<(String, String)>,
    has: Option<Has>,
    rooms: HashMap<i64, (ServerAddress, RoomName)>,
}

impl Wanted {
    fn new(connection: &Connection, query: &HistoryQuery) -> Result<Self> {
        let rooms = connection
            .prepare_cached("SELECT id, server, name, key FROM rooms WHERE current = 1")?
            .query_map([], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, String>(3)?,
                ))
            })?
            .collect::<Result<Vec<_>>>()?;
        let only = query.room.as_ref().map(|(server, room)| (server.to_string(), room.key()));
        let is_wanted = |server: &str, key: &str| {
            only.as_ref().is_none_or(|(of, room)| of == server && room.as_str() == key)
                && query.named.as_ref().is_none_or(|named| named.as_str() == key)
        };
        let rooms = rooms.into_iter().filter(|(_, server, _, key)| is_wanted(server, key));
        let known = |(id, server, name, _): (i64, String, String, String)| {
            Some((id, (ServerAddress::parse(&server).ok()?, RoomName::known(&name).ok()?)))
        };
        Ok(Self {
            terms: query.words.as_deref().map(SearchTerms::new),
            from: query.from.as_ref().map(|from| (from.clone(), fold(from))),
            has: query.has,
            rooms: rooms.filter_map(known).collect(),
        })
    }

    fn finds_nothing(&self) -> bool {
        let no_words = match &self.terms {
            Some(terms) => terms.find_nothing(),
            None => self.from.is_none() && self.has.is_none(),
        };
        no_words || self.rooms.is_empty() || matches!(self.has, Some(Has::File | Has::Image))
    }

    /// What the index is asked; none where it can't help.
    fn phrase(&self, is_narrow: bool) -> Option<String> {
        let quoted = |gram: &str| format!("\"{}\"", gram.replace('"', "\"\""));
        let mut all: Vec<String> = Vec::new();
        all.extend(self.terms.iter().flat_map(SearchTerms::trigrams).map(quoted));
        all.extend(self.has.iter().flat_map(|has| has.trigrams()).map(|gram| quoted(gram)));
        // An author may have had several names.
        if let Some((from, _)) = self.from.as_ref().filter(|(from, _)| !from.contains(':')) {
            all.push(quoted(&sender_gram(from)));
        }
        if is_narrow {
            let rooms: Vec<String> = self.rooms.keys().map(|room| quoted(&room_gram(*room))).collect();
            all.push(format!("({})", rooms.join(" OR ")));
        }
        (!all.is_empty()).then(|| all.join(" AND "))
    }

    fn is_hit(&self, row: &Row<'_>) -> Result<bool> {
        let Some(text) = row.get_ref(6)?.as_str_or_null()? else { return Ok(false) };
        let (user, by) = (row.get_ref(4)?.as_str()?, row.get_ref(5)?.as_str()?);
        let is_kind = row.get::<_, i64>(2)? == 0 && self.rooms.contains_key(&row.get(11)?);
        let is_from = |(from, folded): &(String, String)| by == from || user == from || fold(user) == *folded;
        Ok(is_kind
            && self.from.as_ref().is_none_or(is_from)
            && self.has.is_none_or(|has| has.is_in(text))
            && self.terms.as_ref().is_none_or(|terms| terms.are_in(text, None)))
    }
}

/// A search under way.
struct Search<'a> {
    wanted: Wanted,
    limit: usize,
    until: Instant,
    is_latest: &'a dyn Fn() -> bool,
    looked_at: usize,
    found: Found,
}

pub(super) fn find(
    connection: &Connection,
    query: &HistoryQuery,
    is_latest: &dyn Fn() -> bool,
) -> Result<Found> {
    let snapshot = connection.unchecked_transaction()?;
    let wanted = Wanted::new(&snapshot, query)?;
    if wanted.finds_nothing() {
        return Ok(Found::default());
    }
    let high = query.until.map_or(i64::MAX, |until| number_at(until.saturating_add(1)) - 1);
    let high = query.cursor.map_or(high, |cursor| high.min(cursor));
    let low = query.since.map_or(0, number_at);
    let is_narrow = query.room.is_some() || query.named.is_some();
    let phrase = wanted.phrase(is_narrow);
    let mut search = Search {
        wanted,
        limit: query.limit,
        until: Instant::now() + LONGEST,
        is_latest,
        looked_at: 0,
        found: Found::default(),
    };
    match phrase {
        Some(phrase) => {
            let mut candidates = snapshot.prepare_cached(
                "SELECT rowid FROM grams WHERE grams MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC",
            )?;
            let mut numbers = candidates.query(params![phrase, low, high])?;
            let mut message = snapshot.prepare_cached(&format!("SELECT {ENTRY} WHERE n = ?1"))?;
            while let Some(number) = numbers.next()? {
                if !search.look(message.query([number.get::<_, i64>(0)?])?)? {
                    break;
                }
            }
        }
        None => {
            let mut messages = snapshot
                .prepare_cached(&format!("SELECT {ENTRY} WHERE n BETWEEN ?1 AND ?2 ORDER BY n DESC"))?;
            let _ = search.look(messages.query([low, high])?)?;
        }
    }
    Ok(search.found)
}

impl Search<'_> {
    /// Looks at messages, the newest first. Whether it goes on.
    fn look(&mut self, mut rows: Rows<'_>) -> Result<bool> {
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            self.looked_at += 1;
            let is_late = self.looked_at.is_multiple_of(GLANCE)
                && (Instant::now() >= self.until || !(self.is_latest)());
            if is_late {
                self.found.cursor = Some(n);
                return Ok(false);
            }
            // A row that makes no sense is no hit.
            if !self.wanted.is_hit(row).unwrap_or(false) {
                continue;
            }
            if self.found.messages.len() >= self.limit {
                self.found.cursor = Some(n);
                return Ok(false);
            }
            let place = self.wanted.rooms.get(&row.get(11)?);
            if let (Some((server, room)), Some(entry)) = (place, recall::entry(row)?) {
                let (server, room) = (server.clone(), room.clone());
                self.found.messages.push(FoundMessage { server, room, entry });
            }
        }
        Ok(true)
    }
}
