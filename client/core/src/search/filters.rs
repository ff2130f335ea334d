//! What a person types into a search: words and filters (`from: in: before: after: has:`).

use jiff::{ToSpan, civil::Date, tz::TimeZone};
use snug_shared::{
    Millis, Nickname, RoomName,
    search::{Has, SearchTerms},
};

/// The longest text of a search, in bytes. What is beyond it is not looked for.
pub const BYTES: usize = 512;

/// A search, as its text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// The words, with one space between two of them.
    pub words: String,
    /// The nickname or the author of the sender.
    pub from: Option<String>,
    /// The room.
    pub room: Option<RoomName>,
    /// The first day that is too late.
    pub before: Option<Date>,
    /// The last day that is too early.
    pub after: Option<Date>,
    /// What the message has to have besides.
    pub has: Option<Has>,
    /// A filter that makes no sense, and what would; it narrows nothing.
    pub problem: Option<String>,
}

impl Filters {
    /// Reads a text. A value with spaces is put in quotation marks: `from:"Ada L"`. `today` is the reader's.
    pub fn parse(text: &str, today: Date) -> Self {
        let mut filters = Self::default();
        let mut words: Vec<String> = Vec::new();
        for Piece { name, value } in pieces(text) {
            match name.as_deref() {
                None => words.push(value),
                Some(name) => filters.set(name, &value, today),
            }
        }
        filters.words = words.join(" ");
        filters
    }

    fn set(&mut self, name: &str, value: &str, today: Date) {
        let problem = |sentence: &str| Some(sentence.to_owned());
        let day = || match value {
            "today" => Some(today),
            "yesterday" => today.yesterday().ok(),
            day => day.parse().ok(),
        };
        match name {
            // It is being typed.
            _ if value.is_empty() => {}
            "from" => match Nickname::known(value) {
                Ok(_) => self.from = Some(value.to_owned()),
                Err(_) => self.problem = problem("“from:” takes a nickname."),
            },
            "in" => match RoomName::known(value) {
                Ok(room) => self.room = Some(room),
                Err(_) => self.problem = problem("“in:” takes the name of a room."),
            },
            "has" => match Has::parse(value) {
                Some(has) => self.has = Some(has),
                None => self.problem = problem("“has:” takes link, file or image."),
            },
            "before" | "after" => match (day(), name) {
                (None, _) => {
                    self.problem =
                        problem("“before:” and “after:” take a day, for example 2026-11-30 or today.");
                }
                (day, "before") => self.before = day,
                (day, _) => self.after = day,
            },
            _ => {}
        }
    }

    /// Whether there is something to look for.
    pub fn is_search(&self) -> bool {
        match self.words.is_empty() {
            false => !SearchTerms::new(&self.words).find_nothing(),
            true => self.from.is_some() || self.has.is_some(),
        }
    }

    /// The words; none where there are none.
    pub fn words(&self) -> Option<String> {
        (!self.words.is_empty()).then(|| self.words.clone())
    }

    /// The times of the first and the last message that can be a hit, for a reader in this time zone.
    pub fn times(&self, zone: &TimeZone) -> (Option<Millis>, Option<Millis>) {
        let begin = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond());
        let since = self.after.and_then(|day| begin(day.checked_add(1.day()).ok()?));
        let until = self.before.and_then(begin).map(|begin| begin.saturating_sub(1));
        (since, until)
    }
}

/// A word, or a filter with its value.
struct Piece {
    name: Option<String>,
    value: String,
}

const NAMES: [&str; 5] = ["from", "in", "before", "after", "has"];

fn pieces(text: &str) -> Vec<Piece> {
    let mut end = text.len().min(BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut rest = text[..end].trim_start();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let name = rest.split_once(':').map(|(name, _)| name.to_ascii_lowercase());
        let name = name.filter(|name| NAMES.contains(&name.as_str()));
        let value = name.as_ref().map_or(rest, |name| &rest[name.len() + 1..]);
        let (value, left) = match value.strip_prefix('"').filter(|_| name.is_some()) {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
        };
        pieces.push(Piece { name, value: value.trim().to_owned() });
        rest = left.trim_start();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Filters {
        Filters::parse(text, date(2026, 11, 30))
    }

    #[test]
    fn words_and_filters_are_told_apart() {
        let filters = parsed("  green from:maya tea IN:\"the lab\" after:2026-11-01 before:today has:link ");
        assert_eq!(filters.words, "green tea");
        assert_eq!(filters.from.as_deref(), Some("maya"));
        assert_eq!(filters.room, RoomName::parse("the lab").ok());
        assert_eq!((filters.after, filters.before), (Some(date(2026, 11, 1)), Some(date(2026, 11, 30))));
        assert_eq!((filters.has, filters.problem.clone()), (Some(Has::Link), None));
        assert!(filters.is_search());
        assert_eq!(parsed("after:yesterday").after, Some(date(2026, 11, 29)));
        assert_eq!(parsed("from:\"Ada L\" x").from.as_deref(), Some("Ada L"));
    }

    #[test]
    fn what_only_looks_like_a_filter_is_a_word() {
        for text in ["http://lab.local", "note: this", "from :maya", "12:30", ":in", "a:b:c"] {
            let filters = parsed(text);
            assert_eq!((filters.words.as_str(), filters.problem), (text, None));
        }
    }

    #[test]
    fn a_filter_without_sense_says_what_would_have_some() {
        for text in ["has:sound", "before:soon", "after:2026-13-01", "in:a/b", "from:a/b"] {
            let filters = parsed(text);
            assert!(filters.problem.is_some() && !filters.is_search(), "{text}");
        }
        for text in ["from:", "in:", "before:", "has: "] {
            assert_eq!(parsed(text), Filters::default(), "{text}: it is being typed");
        }
    }

    #[test]
    fn before_and_after_leave_their_own_day_out() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let (since, until) = parsed("after:2026-11-29 before:2026-12-01").times(&zone);
        // All of 30 November, two hours ahead of UTC.
        assert_eq!(until.zip(since).map(|(until, since)| until - since), Some(86_400_000 - 1));
        assert_eq!(since.map(|since| since % 86_400_000), Some(86_400_000 - 7_200_000));
    }

    proptest! {
        #[test]
        fn any_text_is_a_search(text in ".{0,80}") {
            let filters = parsed(&text);
            let _ = (filters.is_search(), filters.times(&TimeZone::UTC));
        }
    }
}
