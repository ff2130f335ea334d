//! The grammars of languages, from the library's bundle: which one a name means, and what it says of code.

use std::time::Instant;

use syntaxmate::{Catalog, Error, PreparedLanguage, Tokenizer, TokenizerOptions};

use super::{Gathered, LINE, TIME, TOKENS, Token, Tokens};
use crate::{
    format,
    markup::{BlockKind, Markup},
    selection,
};

/// Grammars kept ready. One takes up to 80 ms to be read, and all of them together 25 MB.
const READY: usize = 8;

/// Languages that stay plain: the time for a line in them grows faster than the square of its length. `//` a thousand times takes 3 s.
const SLOW: [&str; 1] = ["d"];

/// Names that people use and the library does not know, and what they mean there.
const NAMES: [(&str, &str); 8] = [
    ("arduino", "cpp"),
    ("golang", "go"),
    ("ino", "cpp"),
    ("mysql", "sql"),
    ("patch", "diff"),
    ("sqlite", "sql"),
    ("svg", "xml"),
    ("xhtml", "html"),
];

/// Grammars that were used, the last one at the end.
#[derive(Debug, Default)]
pub(super) struct Grammars(Vec<(String, PreparedLanguage)>);

impl Grammars {
    /// Reads the code in a message's text: the tokens of its blocks, by where they begin in its words.
    pub fn read(&mut self, text: &str) -> Vec<(usize, Tokens)> {
        let markup = Markup::parse(text);
        let until = Instant::now() + TIME;
        let mut gathered = Gathered { tokens: Vec::new(), room: TOKENS };
        let (mut blocks, mut before) = (Vec::new(), 0);
        for block in markup.blocks(text) {
            if let BlockKind::Code { language } = block.kind
                && gathered.room > 0
                && Instant::now() < until
                && let Some(grammar) = self.named(language)
            {
                code(&grammar, &block.words(), until, &mut gathered);
                blocks.push((before, gathered.take()));
            }
            before += selection::len_of(&block) + 1;
        }
        blocks
    }

    /// The grammar of a language as it is named after a fence: by its name, a short one, or how its files end.
    fn named(&mut self, name: &str) -> Option<PreparedLanguage> {
        if name.is_empty() {
            return None;
        }
        let catalog = Catalog::bundled();
        let known = NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let name = known.map_or(name, |(_, known)| known);
        let language =
            catalog.canonical_language(name).or_else(|| catalog.detect_path(format!("code.{name}")))?;
        if SLOW.contains(&language) {
            return None;
        }
        let ready = self.0.iter().position(|(ready, _)| ready == language);
        let grammar = match ready {
            Some(index) => self.0.remove(index).1,
            None => PreparedLanguage::from_catalog(&catalog, language)
                .inspect_err(|error| tracing::warn!(%error, language, "a grammar can't be used"))
                .ok()?,
        };
        if self.0.len() == READY {
            drop(self.0.remove(0));
        }
        self.0.push((language.to_owned(), grammar.clone()));
        Some(grammar)
    }
}

/// Line by line; from where the time is up, the rest is plain.
fn code(grammar: &PreparedLanguage, code: &str, until: Instant, gathered: &mut Gathered) {
    // A line is read once, so that none is worth keeping.
    let options = TokenizerOptions { max_line_bytes: LINE, line_cache_entries: 0 };
    let mut tokenizer = Tokenizer::from_prepared(grammar, options);
    let mut state = tokenizer.initial_state();
    let mut tokens = Vec::new();
    for line in code.split_inclusive('\n') {
        let words = line.strip_suffix('\n').unwrap_or(line);
        tokens.clear();
        let push = |token: syntaxmate::Token| {
            let place = token.range();
            let kind = words.get(place.clone()).map(|word| Token::of(word, token.scopes()));
            tokens.push((place, kind.unwrap_or(Token::Plain)));
        };
        match tokenizer.tokenize_line_with_interrupt(words, &mut state, push, || Instant::now() > until) {
            Ok(_) => {}
            Err(Error::Interrupted) => return,
            Err(error) => {
                tracing::warn!(%error, "a line of code can't be read");
                return;
            }
        }
        let mut at = 0;
        for (place, token) in &tokens {
            // What they leave out is plain.
            let (start, end) = (drawn(words, place.start).max(at), drawn(words, place.end).max(at));
            gathered.push(start - at, Token::Plain);
            gathered.push(end - start, *token);
            at = end;
        }
        gathered.push(drawn(line, line.len()).saturating_sub(at), Token::Plain);
    }
}

/// How many bytes are drawn of the beginning of a line: tabs are spaces.
fn drawn(line: &str, end: usize) -> usize {
    line.get(..end)
        .filter(|beginning| beginning.contains('\t'))
        .map_or(end, |it| format::expand_tabs(it).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(language: &str, code: &str) -> Vec<(String, Token)> {
        let blocks = Grammars::default().read(&format!("```{language}\n{code}\n```"));
        let Some((0, tokens)) = blocks.first() else { return Vec::new() };
        let mut at = 0;
        let words = tokens.iter().map(|(length, token)| {
            let from = at;
            at += *length as usize;
            (code[from..at].to_owned(), *token)
        });
        words.filter(|(_, token)| *token != Token::Plain).collect()
    }

    #[test]
    fn the_words_of_code_are_told_apart() {
        use Token::{Comment, Keyword, Name, Number, Text};
        for (language, code, expected) in [
            ("rust", "fn main() { // x", vec![("fn", Keyword), ("main", Name), ("// x", Comment)]),
            ("rs", "let s = \"a\\\"b\";", vec![("let", Keyword), ("\"a\\\"b\"", Text)]),
            (
                "rust",
                "/* a\nb */ 'x' 1_000",
                vec![("/* a", Comment), ("b */", Comment), ("'x'", Text), ("1_000", Number)],
            ),
            (
                "Python",
                "def f(): # a\n  \"\"\"b\nc\"\"\"",
                vec![("def", Keyword), ("f", Name), ("# a", Comment), ("\"\"\"b", Text), ("c\"\"\"", Text)],
            ),
            (
                "js",
                "const a = `b\n${c}` // d",
                vec![("const", Keyword), ("`b", Text), ("`", Text), ("// d", Comment)],
            ),
            (
                "sh",
                "if true # b\na#c",
                vec![("if", Keyword), ("true", Name), ("# b", Comment), ("a#c", Name)],
            ),
            (
                "json",
                "{\"a\": [1, true, \"b\"]}",
                vec![("\"a\"", Name), ("1", Number), ("true", Number), ("\"b\"", Text)],
            ),
            ("sql", "SELECT a FROM b -- c", vec![("SELECT", Keyword), ("FROM", Keyword), ("-- c", Comment)]),
            (
                "html",
                "<b class=\"x\">a</b><!-- c -->",
                vec![("b", Name), ("class", Name), ("\"x\"", Text), ("b", Name), ("<!-- c -->", Comment)],
            ),
            ("yaml", "a: 1 # b", vec![("a", Name), ("1", Number), ("# b", Comment)]),
            ("diff", "+a\n-b\n c", vec![("+a", Text), ("-b", Keyword)]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(word, token)| (word.to_owned(), token)).collect();
            assert_eq!(tokens(language, code), expected, "{language}: {code}");
        }
    }

    #[test]
    fn a_language_is_known_by_any_of_its_names() {
        for name in "rust rs c h cpp c++ cc hpp h++ cxx objc arduino ino glsl java kotlin kt scala groovy dart swift cs c# \
            csharp js javascript jsx mjs ts typescript tsx node go golang py python python3 ruby rb crystal elixir ex \
            sh bash zsh shell console fish makefile make dockerfile docker json jsonc json5 yaml yml toml ini conf \
            properties env html xml svg vue svelte xhtml css scss less sql sqlite postgres postgresql mysql lua php \
            perl pl r julia jl nix tcl powershell ps1 cmake haskell hs elm diff patch"
            .split_whitespace()
        {
            assert!(Grammars::default().named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn code_in_no_known_language_is_plain() {
        for language in ["", "text", "klingon", "d", "..etc.passwd"] {
            assert!(tokens(language, "fn main() {} // 1").is_empty(), "{language}");
        }
    }

    #[test]
    fn what_is_beyond_the_limits_is_plain_and_the_lines_after_it_are_not() {
        let long = "1 ".repeat(LINE);
        assert_eq!(tokens("rust", &format!("{long}\nfn")), [("fn".to_owned(), Token::Keyword)]);
        let many = "1 ".repeat(LINE / 4).trim().to_owned() + "\n";
        let blocks = Grammars::default().read(&format!("```rust\n{}```\n```rust\nfn\n```", many.repeat(8)));
        let all: usize = blocks.iter().map(|(_, tokens)| tokens.len()).sum();
        assert!((2..=TOKENS + 1).contains(&all), "{all} tokens");
    }

    #[test]
    fn as_many_grammars_are_kept_ready_as_may_be() {
        let mut grammars = Grammars::default();
        let names = ["rust", "c", "java", "go", "lua", "json", "toml", "css", "sql", "xml", "rust"];
        let text: String = names.iter().map(|name| format!("```{name}\na\n```\n")).collect();
        let _ = grammars.read(&text);
        assert!(grammars.0.len() <= READY);
    }
}
