//! The options of a client without a hello: the query of its address (`docs/protocol.md` §5).

use snug_shared::{Seq, limits};
use url::form_urlencoded;

/// `?history=N`, `?after=SEQ`, `?echo=1`. A value that is no number counts as absent: these clients do not read errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// How many of the newest messages.
    pub history: u32,
    /// Everything after this entry.
    pub after: Option<Seq>,
    /// Whether the client gets its own messages back, even those sent with a `user`.
    pub echo: bool,
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
        let all = QueryOptions { history: 20, after: Some(7), echo: true };
        assert_eq!(QueryOptions::parse("history=20&after=7&echo=1&other=x"), all);
        assert_eq!(QueryOptions::parse(""), QueryOptions::default());
    }

    #[test]
    fn nonsense_asks_for_nothing_and_too_much_for_the_most() {
        assert_eq!(QueryOptions::parse("history=many&after=-1&echo=0"), QueryOptions::default());
        assert_eq!(QueryOptions::parse("history=-5").history, 0);
        assert_eq!(QueryOptions::parse("history=1000000000000").history, limits::HISTORY_MAX);
    }
}
