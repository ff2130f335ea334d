//! The words of code told apart, for its colours: comments, texts, numbers, keywords, names.
//!
//! Grammars are read and applied on a thread of their own, one message at a time; until that is done the code is plain. What comes
//! of it belongs to a message's text, not to a row: the same text has the same colours in every room, and an edited message has
//! another text, which nothing late can colour. Nothing is read before the first code is in view.
//!
//! Bounds: [`IN_VIEW`] messages are asked for at once and [`KNOWN`] are remembered. Of each, [`TEXT`] bytes, [`TOKENS`] tokens,
//! lines of [`LINE`] bytes and [`TIME`] are spent; what is beyond stays plain.

use std::{borrow::Cow, collections::VecDeque, fmt, thread, time::Duration};

use snug_shared::limits;
use tokio::sync::oneshot;

mod grammars;
mod token;

use crate::{format, markup::Block};
use grammars::Grammars;
pub use token::Token;

/// Messages that are waited for at once: as many with code as fit into a window.
pub const IN_VIEW: usize = 64;

/// Messages that are remembered: those in view, and what one scrolls back to. Fewer than are in view would be asked for forever.
pub const KNOWN: usize = 2 * IN_VIEW;

/// A longer text is no message.
pub const TEXT: usize = limits::MESSAGE_BYTES;

/// Tokens told apart in a message.
pub const TOKENS: usize = 2_000;

/// A longer line is plain: the time for one may grow with the square of its length.
pub const LINE: usize = 2_000;

/// The time for a message: 16 KiB of C++ take 0.04 s, on a machine that has other things to do much more. A line made to take long
/// goes on for up to 1.3 s after it, and keeps nothing waiting but other colours.
pub const TIME: Duration = Duration::from_secs(2);

/// The thread’s stack, for code that is nested deep.
const STACK: usize = 8 << 20;

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Highlighter {
    /// The one in view last comes last.
    known: VecDeque<Highlighted>,
    wanted: VecDeque<String>,
    running: Option<String>,
    /// None while they are lent to work.
    grammars: Option<Grammars>,
}

/// The tokens of a message’s code.
#[derive(Debug, Default)]
pub struct Highlighted {
    text: String,
    /// By where the blocks begin in the message's words, ascending.
    blocks: Vec<(usize, Tokens)>,
}

/// Lengths in bytes of a block as it is drawn, and what they are of.
type Tokens = Box<[(u32, Token)]>;

/// A message to be read; what comes of it goes into [`Highlighter::done`].
#[must_use = "code whose work is not run stays plain, and all code after it"]
pub struct Work {
    text: String,
    grammars: Grammars,
}

/// What came of a [`Work`].
#[derive(Debug)]
pub struct Done {
    highlighted: Highlighted,
    grammars: Grammars,
}

impl Highlighter {
    /// The texts with code in them that are in view now. Others are no longer waited for.
    pub fn want<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.wanted.clear();
        for text in texts.into_iter().filter(|text| text.len() <= TEXT).take(IN_VIEW) {
            let known = self.known.iter().position(|known| known.text == text);
            if let Some(known) = known.and_then(|index| self.known.remove(index)) {
                self.known.push_back(known);
            } else if self.running.as_deref() != Some(text) && !self.wanted.iter().any(|it| it == text) {
                self.wanted.push_back(text.to_owned());
            }
        }
    }

    /// What is to be done next. Nothing while something is being done.
    pub fn take_work(&mut self) -> Option<Work> {
        if self.running.is_some() {
            return None;
        }
        let text = self.wanted.pop_front()?;
        self.running = Some(text.clone());
        Some(Work { text, grammars: self.grammars.take().unwrap_or_default() })
    }

    /// Whether colours are still to come.
    pub fn is_busy(&self) -> bool {
        self.running.is_some() || !self.wanted.is_empty()
    }

    /// A work is done.
    pub fn done(&mut self, done: Done) {
        self.running = None;
        self.grammars = Some(done.grammars);
        if self.known.len() == KNOWN {
            let _ = self.known.pop_front();
        }
        self.known.push_back(done.highlighted);
    }

    /// What is known of a message’s text.
    pub fn get(&self, text: &str) -> Option<&Highlighted> {
        self.known.iter().rev().find(|known| known.text == text)
    }
}

impl Highlighted {
    /// The tokens of the block of code that begins so many bytes into the message’s [words](crate::selection::words).
    pub fn tokens(&self, before: usize) -> &[(u32, Token)] {
        let index = self.blocks.binary_search_by_key(&before, |(at, _)| *at);
        index.map(|index| &*self.blocks[index].1).unwrap_or_default()
    }
}

/// A block of code as it is drawn, cut where a token ends. What is after the last token is plain.
pub fn cut<'a>(block: &Block<'a>, tokens: &[(u32, Token)]) -> Vec<(Cow<'a, str>, Token)> {
    let mut cutter = Cutter { tokens, left: 0, token: Token::Plain };
    let mut pieces = Vec::new();
    for run in block.runs() {
        match format::expand_tabs(run.text) {
            Cow::Borrowed(text) => {
                cutter.cut(text, |piece, token| pieces.push((Cow::Borrowed(piece), token)))
            }
            Cow::Owned(text) => {
                cutter.cut(&text, |piece, token| pieces.push((Cow::Owned(piece.to_owned()), token)));
            }
        }
    }
    pieces
}

/// Where the cutting of texts that follow each other is.
struct Cutter<'a> {
    tokens: &'a [(u32, Token)],
    /// What is left of the token that was begun.
    left: usize,
    token: Token,
}

impl Cutter<'_> {
    fn cut<'a>(&mut self, mut text: &'a str, mut piece: impl FnMut(&'a str, Token)) {
        while !text.is_empty() {
            match self.tokens.split_first() {
                Some(((length, token), rest)) if self.left == 0 => {
                    (self.left, self.token, self.tokens) = (*length as usize, *token, rest);
                }
                None if self.left == 0 => (self.left, self.token) = (usize::MAX, Token::Plain),
                _ => {}
            }
            // Tokens of another text would not end between characters.
            let (head, tail) = text.split_at_checked(self.left.min(text.len())).unwrap_or((text, ""));
            if !head.is_empty() {
                piece(head, self.token);
            }
            self.left -= head.len().min(self.left);
            text = tail;
        }
    }
}

impl Work {
    /// Does it on a thread of its own. An app that ends does not wait for that.
    pub async fn run(self) -> Done {
        let Self { text, mut grammars } = self;
        let (answer, answered) = oneshot::channel();
        let asked = text.clone();
        let read = move || {
            let blocks = grammars.read(&asked);
            // Nobody waits any more when the app has ended.
            let _ = answer.send((blocks, grammars));
        };
        let started = thread::Builder::new().name("highlight".into()).stack_size(STACK).spawn(read);
        if let Err(error) = &started {
            tracing::warn!(%error, "code stays plain");
        }
        // A grammar that panics leaves the code plain.
        let (blocks, grammars) = answered.await.unwrap_or_default();
        Done { highlighted: Highlighted { text, blocks }, grammars }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

/// Tokens in the making.
#[derive(Debug, Default)]
struct Gathered {
    tokens: Vec<(u32, Token)>,
    /// Tokens that may still come, over all blocks of a message.
    room: usize,
}

impl Gathered {
    fn push(&mut self, length: usize, token: Token) {
        // A message is far smaller than what 32 bits count.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let token = if self.room == 0 { Token::Plain } else { token };
        match self.tokens.last_mut() {
            _ if length == 0 => {}
            Some((before, same)) if *same == token => *before = before.saturating_add(length),
            _ => {
                self.tokens.push((length, token));
                self.room = self.room.saturating_sub(1);
            }
        }
    }

    fn take(&mut self) -> Tokens {
        std::mem::take(&mut self.tokens).into_boxed_slice()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_pieces_of_a_text_are_the_text_whatever_the_tokens(
            texts in prop::collection::vec("[a-zé\n]{0,12}", 0..6),
            lengths in prop::collection::vec(0_u32..9, 0..12),
        ) {
            let tokens: Vec<_> = lengths.into_iter().map(|length| (length, Token::Name)).collect();
            let mut cutter = Cutter { tokens: &tokens, left: 0, token: Token::Plain };
            let mut pieces = String::new();
            texts.iter().for_each(|text| cutter.cut(text, |piece, _| pieces.push_str(piece)));
            prop_assert_eq!(pieces, texts.concat());
        }
    }
}
