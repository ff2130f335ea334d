//! What a client without a hello asks for in its address (`docs/protocol.md` §5).

use snug_shared::{Seq, limits};
use url::form_urlencoded;

/// `?history=N`, `?after=SEQ`, `?echo=1`. What is no number asks for nothing: these clients cannot be asked back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// The newest messages, so many of them.
    pub history: u32,
    /// Everything after this entry.
    pub after: Option<Seq>,
    /// One's own messages back, whatever was sent with them.
    pub echo: bool,
}

impl Wish {
    /// Reads the query of an address.
    pub fn parse(query: &str) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "history" => {
                    // Wide enough for whatever somebody takes for a very large number.
                    let wanted = value.parse::<i128>().unwrap_or(0);
                    wish.history = wanted.clamp(0, limits::HISTORY_MAX.into()) as u32;
                }
                "after" => wish.after = value.parse().ok(),
                "echo" => wish.echo = matches!(&*value, "1" | "true"),
                _ => {}
            }
        }
        wish
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_ask_for_the_past_and_for_an_echo() {
        let all = Wish { history: 20, after: Some(7), echo: true };
        assert_eq!(Wish::parse("history=20&after=7&echo=1&other=x"), all);
        assert_eq!(Wish::parse(""), Wish::default());
    }

    #[test]
    fn nonsense_asks_for_nothing_and_too_much_for_the_most() {
        assert_eq!(Wish::parse("history=many&after=-1&echo=0"), Wish::default());
        assert_eq!(Wish::parse("history=-5").history, 0);
        assert_eq!(Wish::parse("history=1000000000000").history, limits::HISTORY_MAX);
    }
}
