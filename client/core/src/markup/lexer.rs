//! The words of code told apart: comments, texts, numbers, words of the language, names. Not a grammar: enough to find one's way,
//! in one pass over each line, whatever somebody sends.

use std::ops::Range;

mod languages;

use languages::Language;

/// What a word of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    /// Nothing of the others.
    Plain,
    /// A remark for people.
    Comment,
    /// A text within the code.
    Text,
    /// A number, or another constant.
    Number,
    /// A word of the language.
    Keyword,
    /// The name of a function, a type, a tag, a key.
    Name,
}

/// Reads code line by line.
pub(super) struct Lexer {
    language: Option<&'static Language>,
    /// What began on an earlier line, and what ends it.
    open: Option<(Token, &'static str)>,
}

impl Lexer {
    /// For a language as it is named after a fence.
    pub fn new(language: &str) -> Self {
        Self { language: Language::named(language), open: None }
    }

    /// The pieces of a line, in order and without gaps.
    pub fn line(&mut self, line: &str) -> Vec<(Range<usize>, Token)> {
        let mut pieces = Vec::new();
        let Some(language) = self.language else {
            push(&mut pieces, 0..line.len(), Token::Plain);
            return pieces;
        };
        if language.is_diff {
            let token = match line.as_bytes().first() {
                Some(b'+') => Token::Text,
                Some(b'-') => Token::Keyword,
                Some(b'@') => Token::Name,
                _ => Token::Plain,
            };
            push(&mut pieces, 0..line.len(), token);
            return pieces;
        }
        let mut at = 0;
        while at < line.len() {
            let (length, token) = self.next(language, line, at);
            push(&mut pieces, at..at + length, token);
            at += length;
        }
        pieces
    }

    /// The length of what stands here, and what it is.
    fn next(&mut self, language: &Language, line: &str, at: usize) -> (usize, Token) {
        let rest = &line[at..];
        if let Some((token, close)) = self.open {
            return match find_close(rest, close) {
                Some(end) => {
                    self.open = None;
                    (end, token)
                }
                None => (rest.len(), token),
            };
        }
        for (token, open, close) in language.spans {
            if let Some(inner) = rest.strip_prefix(open) {
                return match find_close(inner, close) {
                    Some(end) => (open.len() + end, *token),
                    None => {
                        self.open = Some((*token, close));
                        (rest.len(), *token)
                    }
                };
            }
        }
        let begins_comment = |mark: &&str| {
            // In a shell and in YAML, `#` within a word is none.
            rest.starts_with(mark) && (*mark != "#" || at == 0 || line[..at].ends_with([' ', '\t', ';', ',']))
        };
        if language.comments.iter().any(begins_comment) {
            return (rest.len(), Token::Comment);
        }
        let first = rest.chars().next().unwrap_or(' ');
        match first {
            '"' | '\'' if language.quotes.contains(first) => text(language, rest, first),
            '0'..='9' => (number_length(rest), Token::Number),
            '<' if language.is_markup => tag(rest),
            c if is_word(c) || c == '@' || c == '$' => word(language, line, at),
            c => (c.len_utf8(), Token::Plain),
        }
    }
}

fn push(pieces: &mut Vec<(Range<usize>, Token)>, place: Range<usize>, token: Token) {
    match pieces.last_mut() {
        Some((last, same)) if *same == token => last.end = place.end,
        _ => pieces.push((place, token)),
    }
}

/// Where something that began ends, its end included; a backslash before it takes it as a letter, except in comments.
fn find_close(text: &str, close: &str) -> Option<usize> {
    let escapes = !close.contains(['/', '>', '-', ')']);
    let mut at = 0;
    while let Some(found) = text[at..].find([close.chars().next()?, '\\']) {
        at += found;
        if text[at..].starts_with(close) {
            return Some(at + close.len());
        }
        let skipped = text[at..].chars().take(if escapes && text[at..].starts_with('\\') { 2 } else { 1 });
        at += skipped.map(char::len_utf8).sum::<usize>();
    }
    None
}

/// A text on one line. In Rust an apostrophe may begin a lifetime.
fn text(language: &Language, rest: &str, quote: char) -> (usize, Token) {
    let close = if quote == '"' { "\"" } else { "'" };
    let end = find_close(&rest[1..], close).map(|end| end + 1);
    let is_long = end.is_none_or(|end| rest[..end].chars().count() > 4 && !rest[1..].starts_with('\\'));
    if quote == '\'' && language.has_lifetimes && is_long {
        return (1, Token::Plain);
    }
    let length = end.unwrap_or(rest.len());
    let is_key = language.has_keys && rest[length..].trim_start().starts_with(':');
    (length, if is_key { Token::Name } else { Token::Text })
}

fn number_length(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len())
}

/// A tag's opening, up to its name.
fn tag(rest: &str) -> (usize, Token) {
    let name = rest[1..].trim_start_matches('/');
    let from = rest.len() - name.len();
    let length = name.find(|c: char| !(c.is_alphanumeric() || c == '-' || c == ':')).unwrap_or(name.len());
    if length == 0 { (1, Token::Plain) } else { (from + length, Token::Name) }
}

fn word(language: &Language, line: &str, at: usize) -> (usize, Token) {
    let rest = &line[at..];
    let mark = usize::from(rest.starts_with(['@', '$']));
    let length = rest[mark..].find(|c| !is_word(c)).map_or(rest.len(), |end| mark + end).max(1);
    let (word, after) = rest.split_at(length);
    let is_it = |keyword: &str| match language.ignores_case {
        true => keyword.eq_ignore_ascii_case(word),
        false => keyword == word,
    };
    let is_keyword = language.keywords.split(' ').any(is_it);
    let is_name = mark > 0
        || after.starts_with('(')
        || after.starts_with("!(")
        || language.has_keys && after.starts_with(':')
        || language.has_types && word.starts_with(|c: char| c.is_ascii_uppercase());
    let token = match () {
        () if is_keyword => Token::Keyword,
        () if languages::CONSTANTS.contains(&word) => Token::Number,
        () if is_name => Token::Name,
        () => Token::Plain,
    };
    (length, token)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens<'a>(language: &str, code: &'a str) -> Vec<(&'a str, Token)> {
        let mut lexer = Lexer::new(language);
        let lines = code.lines().flat_map(|line| {
            lexer.line(line).into_iter().map(move |(place, token)| (&line[place], token)).collect::<Vec<_>>()
        });
        lines.filter(|(_, token)| *token != Token::Plain).collect()
    }

    #[test]
    fn the_words_of_code_are_told_apart() {
        use Token::{Comment, Keyword, Name, Number, Text};
        for (language, code, expected) in [
            ("rust", "fn main() { // x", vec![("fn", Keyword), ("main", Name), ("// x", Comment)]),
            (
                "rs",
                "let s: &'a str = \"a\\\"b\";",
                vec![("let", Keyword), ("str", Keyword), ("\"a\\\"b\"", Text)],
            ),
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
                vec![("const", Keyword), ("`b", Text), ("${c}`", Text), ("// d", Comment)],
            ),
            ("sh", "echo \"$A\" # b\na#c", vec![("echo", Keyword), ("\"$A\"", Text), ("# b", Comment)]),
            (
                "json",
                "{\"a\": [1, true, \"b\"]}",
                vec![("\"a\"", Name), ("1", Number), ("true", Number), ("\"b\"", Text)],
            ),
            ("sql", "SELECT a FROM b -- c", vec![("SELECT", Keyword), ("FROM", Keyword), ("-- c", Comment)]),
            (
                "html",
                "<b class=\"x\">a</b><!-- c -->",
                vec![("<b", Name), ("\"x\"", Text), ("</b", Name), ("<!-- c -->", Comment)],
            ),
            ("yaml", "a: 1 # b", vec![("a", Name), ("1", Number), ("# b", Comment)]),
            ("diff", "+a\n-b\n c", vec![("+a", Text), ("-b", Keyword)]),
        ] {
            assert_eq!(tokens(language, code), expected, "{language}: {code}");
        }
    }

    #[test]
    fn code_in_no_known_language_is_plain() {
        for language in ["", "text", "klingon", "../../etc/passwd"] {
            assert!(tokens(language, "fn main() {} // 1").is_empty(), "{language}");
        }
    }

    proptest! {
        #[test]
        fn the_pieces_of_a_line_are_the_line(
            language in prop::sample::select(vec!["rust", "js", "py", "html", "sql", "sh", "json", "css", "c", "diff"]),
            lines in prop::collection::vec("[a-z\"'`/*#<>!\\\\ \t{}()0-9$@é-]{0,40}", 0..5),
        ) {
            let mut lexer = Lexer::new(language);
            for line in lines {
                let pieces: String = lexer.line(&line).into_iter().map(|(place, _)| line[place].to_owned()).collect();
                prop_assert_eq!(pieces, line);
            }
        }
    }
}
