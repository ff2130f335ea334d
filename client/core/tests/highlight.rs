//! The colours of code: whose they are, how much of them there is, and that nothing in a message keeps them from coming.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

use std::borrow::Cow;

use proptest::prelude::*;
use snug_core::{
    highlight::{self, Highlighter, IN_VIEW, KNOWN, TEXT, Token, Work},
    markup::{BlockKind, Markup},
    selection,
};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// Does all that is to be done, and says how much it was.
fn work(highlighter: &mut Highlighter) -> usize {
    let runtime = runtime();
    std::iter::from_fn(|| highlighter.take_work().map(|work| highlighter.done(runtime.block_on(work.run()))))
        .count()
}

/// The pieces of all code in a text, in order.
fn pieces(highlighter: &Highlighter, text: &str) -> Vec<(String, Token)> {
    let (mut pieces, mut before) = (Vec::new(), 0);
    let known = highlighter.get(text);
    for block in Markup::parse(text).blocks(text) {
        if let BlockKind::Code { .. } = block.kind {
            let tokens = known.map(|known| known.tokens(before)).unwrap_or_default();
            let drawn = highlight::cut(&block, tokens).into_iter();
            pieces.extend(drawn.map(|(piece, token): (Cow<'_, str>, _)| (piece.into_owned(), token)));
        }
        before += selection::len_of(&block) + 1;
    }
    pieces
}

fn keywords(highlighter: &Highlighter, text: &str) -> Vec<String> {
    let pieces = pieces(highlighter, text).into_iter();
    pieces.filter(|(_, token)| *token == Token::Keyword).map(|(piece, _)| piece).collect()
}

/// A message with code in it.
fn said(number: usize) -> String {
    format!("```rust\nfn f{number}() {{}}\n```")
}

#[test]
fn code_is_plain_until_its_words_are_told_apart() {
    let mut highlighter = Highlighter::default();
    let text =
        "See **this**:\n```rust\nfn a() {}\n```\n> ```py\n> def b():\n> ```\n- c\n  ```klingon\n  fn\n  ```";
    highlighter.want([text]);
    assert!(pieces(&highlighter, text).iter().all(|(_, token)| *token == Token::Plain));
    assert_eq!(work(&mut highlighter), 1);
    assert_eq!(keywords(&highlighter, text), ["fn", "def"]);
    highlighter.want([text]);
    assert_eq!(work(&mut highlighter), 0, "what is known is not read again");
}

#[test]
fn what_comes_late_colours_the_text_it_was_made_from_and_no_other() {
    let mut highlighter = Highlighter::default();
    let (typed, edited) = ("```rust\nfn a() {}\n```", "```rust\nab; fn b() {}\n```");
    highlighter.want([typed]);
    let work: Work = highlighter.take_work().unwrap();
    highlighter.want([edited]);
    assert!(highlighter.take_work().is_none(), "one at a time");
    highlighter.done(runtime().block_on(work.run()));
    assert!(pieces(&highlighter, edited).iter().all(|(_, token)| *token == Token::Plain));
    assert_eq!(self::work(&mut highlighter), 1);
    assert_eq!(keywords(&highlighter, edited), ["fn"]);
}

#[test]
fn what_is_out_of_view_is_not_waited_for() {
    let mut highlighter = Highlighter::default();
    let texts: Vec<String> = (0..40).map(said).collect();
    highlighter.want(texts.iter().map(|text| &**text));
    highlighter.want([&*texts[7]]);
    assert_eq!(work(&mut highlighter), 1);
    highlighter.want([]);
    assert_eq!(work(&mut highlighter), 0);
}

#[test]
fn only_so_much_is_asked_for_and_remembered() {
    let mut highlighter = Highlighter::default();
    let texts: Vec<String> = (0..IN_VIEW + KNOWN).map(said).collect();
    highlighter.want(texts.iter().map(|text| &**text));
    assert_eq!(work(&mut highlighter), IN_VIEW);
    for text in &texts {
        // What is in view over and over is not forgotten.
        highlighter.want([&**text, &*texts[0]]);
        let _ = work(&mut highlighter);
    }
    assert_eq!(texts.iter().filter(|text| highlighter.get(text).is_some()).count(), KNOWN);
    assert!(highlighter.get(&texts[0]).is_some() && highlighter.get(&texts[1]).is_none());
    let long = format!("```rust\n{}\n```", "fn ".repeat(TEXT / 3));
    highlighter.want([&*long]);
    assert_eq!(work(&mut highlighter), 0);
}

#[test]
fn the_pieces_of_code_with_tabs_are_what_is_drawn() {
    let mut highlighter = Highlighter::default();
    let text = "```c\nint\ta;\t/* b\tc\n\té\t*/\tint\td;\n```";
    highlighter.want([text]);
    let _ = work(&mut highlighter);
    let drawn: String = pieces(&highlighter, text).into_iter().map(|(piece, _)| piece).collect();
    assert_eq!(drawn, "int a;  /* b    c\n    é   */  int d;");
    assert_eq!(keywords(&highlighter, text), ["int", "int"]);
}

/// What has cost others most: one line as long as a message, nesting without an end, beginnings without one.
#[test]
fn code_made_to_take_long_is_plain_and_what_is_asked_for_next_is_not() {
    let mut highlighter = Highlighter::default();
    for language in ["cpp", "php", "scss", "bibtex", "md", "d"] {
        for piece in
            ["a", "(", "{", "[", "<a ", "\"", "`a", "${", "/*", "//", "@", "a::", "\t", "- ", "\\", "é"]
        {
            for line in [piece.repeat(TEXT / 2 / piece.len()), piece.repeat(1_900 / piece.len())] {
                let text = format!("```{language}\n{line}\n{piece}x\n```");
                let next = said(1);
                highlighter.want([&*text]);
                assert_eq!(work(&mut highlighter), 1);
                let drawn: String = pieces(&highlighter, &text).into_iter().map(|(piece, _)| piece).collect();
                let words: String = Markup::parse(&text).blocks(&text).map(|block| block.words()).collect();
                assert_eq!(drawn.replace(' ', ""), words.replace(['\t', ' '], ""), "{language}: {piece:?}");
                highlighter.want([&*next]);
                let _ = work(&mut highlighter);
                assert_eq!(keywords(&highlighter, &next), ["fn"]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_letter_of_any_code_is_lost_or_added(
        language in prop::sample::select(vec!["rust", "js", "py", "html", "sql", "sh", "json", "css", "c", "diff", "md", "make"]),
        code in "([a-z\"'`/*#<>!\\\\ \t{}()0-9$@é-]{0,40}\n){1,6}",
    ) {
        let text = format!("a\n```{language}\n{code}\n```\nb");
        let mut highlighter = Highlighter::default();
        let plain: String = pieces(&highlighter, &text).into_iter().map(|(piece, _)| piece).collect();
        highlighter.want([&*text]);
        let _ = work(&mut highlighter);
        let coloured: String = pieces(&highlighter, &text).into_iter().map(|(piece, _)| piece).collect();
        prop_assert_eq!(coloured, plain);
    }
}
