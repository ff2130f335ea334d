//! The options of a client without a hello: the query of its address (`docs/protocol.md` §5).

use snug_shared::{Seq, limits};
use url::form_urlencoded;

use crate::seat;

/// `?history=N`, `?after=SEQ`, `?echo=1`, `?seat=TOKEN`. A value that is no number or no seat counts as absent: these clients do not
/// read errors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// How many of the newest messages.
    pub history: u32,
    /// Everything after this entry.
    pub after: Option<Seq>,
    /// Whether the client gets its own messages back, even those sent with a `user`.
    pub echo: bool,
    /// A secret of the client's own, by which it takes its place back.
    pub seat: Option<String>,
}

impl QueryOptions {
    /// Reads the query of an address.
    pub fn parse(query: &str) -> Self {
        let mut options = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "history" => {
                    // Wide enough for any number that a person would type as a very large one.
                    let wanted = value.parse::<i128>().unwrap_or(0);
                    options.history = wanted.clamp(0, limits::HISTORY_MAX.into()) as u32;
                }
                "after" => options.after = value.parse().ok(),
                "seat" => options.seat = Some(value.into_owned()).filter(|seat| seat::is_token(seat)),
                "echo" => options.echo = matches!(&*value, "1" | "true"),
                _ => {}
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_ask_for_the_past_and_for_an_echo() {
        let seat = Some("my-own_secret-0123".to_owned());
        let all = QueryOptions { history: 20, after: Some(7), echo: true, seat };
        assert_eq!(QueryOptions::parse("history=20&after=7&echo=1&other=x&seat=my-own_secret-0123"), all);
        assert_eq!(QueryOptions::parse(""), QueryOptions::default());
    }

    #[test]
    fn nonsense_asks_for_nothing_and_too_much_for_the_most() {
        let (short, long) = ("x".repeat(15), "x".repeat(129));
        for query in [
            "history=many&after=-1&echo=0",
            "seat=",
            "seat=an%20empty%20space",
            "seat=%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4",
        ] {
            assert_eq!(QueryOptions::parse(query), QueryOptions::default(), "{query}");
        }
        for seat in [short, long] {
            assert_eq!(QueryOptions::parse(&format!("seat={seat}")), QueryOptions::default(), "{seat}");
        }
        assert_eq!(QueryOptions::parse("history=-5").history, 0);
        assert_eq!(QueryOptions::parse("history=1000000000000").history, limits::HISTORY_MAX);
    }
}
