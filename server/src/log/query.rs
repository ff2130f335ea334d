//! A search over rooms: what it looks for, where, and where an earlier part of it stopped.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use snug_shared::{
    Entry, Millis, RoomKey, Seq, limits,
    search::{Has, SearchTerms, fold},
};

/// A search over rooms. What is left out does not narrow it.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Words that all have to be in the text.
    pub words: Option<String>,
    /// The one room to look in.
    pub room: Option<RoomKey>,
    /// The nickname or the author of the sender.
    pub from: Option<String>,
    /// What the message has to have besides.
    pub has: Option<Has>,
    /// The time of the oldest message to find.
    pub since: Option<Millis>,
    /// The time of the newest message to find.
    pub until: Option<Millis>,
    /// Hits, at most.
    pub limit: usize,
    /// Where an earlier search stopped.
    pub position: Option<Position>,
}

/// A place in the order of all messages of all rooms: newest first, then by room, then by `seq`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The time, as the log takes it to be for the order.
    pub at: Millis,
    /// The room; none for a place before all rooms at that time.
    pub room: InRoom,
    /// The number of the entry there.
    pub seq: Seq,
}

/// The room of a [`Position`]. Of two rooms at the same time, the greater key comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InRoom {
    /// This room.
    Key(RoomKey),
    /// Before all rooms.
    First,
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is not where a search stopped")]
pub struct PositionError;

impl Position {
    /// Before everything at a time.
    pub(super) fn at(at: Millis) -> Self {
        Self { at, room: InRoom::First, seq: Seq::MAX }
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    /// [`PositionError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, PositionError> {
        let mut parts = text.split('.');
        let (Some(at), Some(seq), Some(room), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PositionError);
        };
        let room = match room {
            "" => InRoom::First,
            room => {
                let name =
                    BASE64URL_NOPAD.decode(room.as_bytes()).ok().and_then(|b| String::from_utf8(b).ok());
                let key = name.filter(|name| name.len() <= 4 * limits::ROOM_BYTES);
                InRoom::Key(RoomKey::stored(&key.ok_or(PositionError)?))
            }
        };
        let at = at.parse().map_err(|_| PositionError)?;
        let seq = seq.parse().map_err(|_| PositionError)?;
        Ok(Self { at, room, seq })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = match &self.room {
            InRoom::First => String::new(),
            InRoom::Key(key) => BASE64URL_NOPAD.encode(key.as_str().as_bytes()),
        };
        write!(f, "{}.{}.{room}", self.at, self.seq)
    }
}

/// What a message has to be to be a hit.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    terms: Option<SearchTerms>,
    from: Option<From>,
    has: Option<Has>,
    pub(super) since: Millis,
    pub(super) until: Millis,
}

/// A sender, by a nickname that is compared as texts are, or as an author.
#[derive(Debug, Clone)]
struct From {
    text: String,
    folded: String,
}

/// A message that may be a hit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) text: &'a str,
    /// The text as it is compared, where that is kept.
    pub(super) folded: Option<&'a str>,
    pub(super) at: Millis,
    pub(super) user: &'a str,
    pub(super) by: &'a str,
}

impl Wanted {
    pub(super) fn new(query: &SearchQuery) -> Self {
        Self {
            terms: query.words.as_deref().map(SearchTerms::new),
            from: query.from.clone().map(|text| From { folded: fold(&text), text }),
            has: query.has,
            since: query.since.unwrap_or(Millis::MIN),
            until: query.until.unwrap_or(Millis::MAX),
        }
    }

    /// Whether no message can be a hit: there is nothing to look for, or something that no message has.
    pub(super) fn finds_nothing(&self) -> bool {
        let has_none = matches!(self.has, Some(Has::File | Has::Image));
        let no_words = match &self.terms {
            Some(terms) => terms.find_nothing(),
            None => self.from.is_none() && self.has.is_none(),
        };
        has_none || no_words || self.since > self.until
    }

    /// What an index of trigrams is asked for: a message without one of these is no hit. Empty where it cannot help.
    pub(super) fn trigrams(&self) -> Vec<&str> {
        let words = self.terms.as_ref().map(SearchTerms::trigrams).unwrap_or_default();
        let has = self.has.map(Has::trigrams).unwrap_or_default();
        words.into_iter().chain(has.iter().copied()).collect()
    }

    /// Whether a message is a hit.
    pub(super) fn is_hit(&self, message: Candidate<'_>) -> bool {
        (self.since..=self.until).contains(&message.at)
            && self.from.as_ref().is_none_or(|from| from.is(message.user, message.by))
            && self.has.is_none_or(|has| has.is_in(message.text))
            && self.terms.as_ref().is_none_or(|terms| terms.are_in(message.text, message.folded))
    }

    /// Whether an entry, in its present state, is a hit.
    pub(super) fn is_hit_now(&self, entry: &Entry) -> bool {
        let text = entry.message().and_then(|message| message.text.as_ref());
        text.is_some_and(|text| {
            self.is_hit(Candidate {
                text: text.as_str(),
                folded: None,
                at: entry.at,
                user: entry.user.as_str(),
                by: entry.by.as_str(),
            })
        })
    }
}

impl From {
    fn is(&self, user: &str, by: &str) -> bool {
        by == self.text || user == self.text || fold(user) == self.folded
    }
}

#[cfg(test)]
mod tests {
    use snug_shared::RoomName;

    use super::*;

    #[test]
    fn a_position_is_the_same_after_a_trip_and_other_texts_are_refused() {
        let key = RoomName::parse("Tea & Büro 京").unwrap().key();
        for position in [
            Position { at: 1_700_000_000_000, room: InRoom::Key(key), seq: 7 },
            Position { at: -1, room: InRoom::First, seq: Seq::MAX },
        ] {
            let text = position.to_string();
            assert_eq!(Position::parse(&text), Ok(position));
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{text}");
        }
        let long = format!("1.1.{}", BASE64URL_NOPAD.encode("x".repeat(2_000).as_bytes()));
        for text in
            ["", "7", "1.2", "1.2.3.4", "x.1.", "1.-1.", "1.1.!", "1.1._w", "99999999999999999999.1.", &long]
        {
            assert_eq!(Position::parse(text), Err(PositionError), "{text}");
        }
    }

    #[test]
    fn there_has_to_be_something_to_look_for() {
        let wanted = |query: SearchQuery| !Wanted::new(&query).finds_nothing();
        let text = |text: &str| Some(text.to_owned());
        assert!(wanted(SearchQuery { words: text("tea"), ..SearchQuery::default() }));
        assert!(wanted(SearchQuery { from: text("maya"), ..SearchQuery::default() }));
        assert!(wanted(SearchQuery { has: Some(Has::Link), ..SearchQuery::default() }));
        assert!(!wanted(SearchQuery::default()));
        for words in ["", " ", "\u{200b}", "tea \0"] {
            assert!(!wanted(SearchQuery {
                words: text(words),
                from: text("maya"),
                ..SearchQuery::default()
            }));
        }
        assert!(!wanted(SearchQuery { words: text("tea"), has: Some(Has::File), ..SearchQuery::default() }));
        let (since, until) = (Some(2), Some(1));
        assert!(!wanted(SearchQuery { words: text("tea"), since, until, ..SearchQuery::default() }));
    }
}
