//! What holds for any text that somebody may send.

use proptest::prelude::*;
use snug_core::markup::{BlockKind, DEPTH, Markup, NODES, RunKind};

/// Texts rich in what means something.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "*",
            "**",
            "_",
            "~~",
            "`",
            "```",
            "\n",
            "\n\n",
            "> ",
            ">",
            "- ",
            "* ",
            "1. ",
            "  ",
            "[",
            "](",
            ")",
            "(",
            "\\",
            "&amp;",
            "<b>",
            "![",
            "@",
            "https://a.b/",
            "[x](https://a.b/)",
            "[y](https://a.b/c",
            "http://",
            "#",
            "\r\n",
            "\t",
            "\0",
            "\u{301}",
            "\u{202e}",
            "\u{200d}",
            "👩‍🚀",
            "é",
            "שלום",
            "字",
            "x",
            "7",
            " ",
        ])
        .prop_map(str::to_owned),
        "[a-c]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Blocks and runs of a text.
fn nodes(text: &str) -> usize {
    Markup::parse(text).blocks(text).map(|block| 1 + block.runs().count()).sum()
}

/// Letters and digits of the text that is shown, with what marks say in other ways: languages, numbers, addresses.
fn shown(text: &str) -> String {
    let markup = Markup::parse(text);
    let mut shown = String::new();
    for block in markup.blocks(text) {
        match block.kind {
            BlockKind::Code { language } => shown.push_str(language),
            BlockKind::Item { number: Some(number), .. } => shown.push_str(&number.to_string()),
            _ => {}
        }
        let runs: Vec<_> = block.runs().collect();
        for (at, run) in runs.iter().enumerate() {
            shown.push_str(run.text);
            if let Some(link) = run.link
                && runs.get(at + 1).and_then(|next| next.link).is_none_or(|next| next.index != link.index)
                && run.text != link.to
            {
                shown.push_str(link.to);
            }
        }
    }
    letters(&shown)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_letter_is_lost_or_added(text in texts()) {
        // Zeros before a number are not shown.
        let text = text.replace('0', "");
        prop_assert_eq!(shown(&text), letters(&text));
    }

    #[test]
    fn a_markup_is_bounded_whatever_is_sent(text in texts()) {
        let markup = Markup::parse(&text);
        prop_assert!(nodes(&text) <= 2 * NODES);
        for block in markup.blocks(&text) {
            prop_assert!(block.quote <= DEPTH);
            if let BlockKind::Item { indent, .. } = block.kind {
                prop_assert!(indent <= DEPTH);
            }
            prop_assert!(block.runs().all(|run| !run.text.is_empty()));
        }
    }

    #[test]
    fn a_link_leads_to_the_web_only(text in texts()) {
        for link in Markup::parse(&text).blocks(&text).flat_map(|block| block.runs()).filter_map(|run| run.link) {
            let address = snug_core::markup::address(link.to);
            prop_assert!(address.is_some_and(|to| to.starts_with("http://") || to.starts_with("https://")));
        }
    }

    #[test]
    fn a_markup_answers_about_any_other_text_without_harm(one in texts(), other in texts()) {
        let markup = Markup::parse(&one);
        let _ = markup.blocks(&other).flat_map(|block| block.runs()).count();
        let _ = markup.seen(&other);
    }

    #[test]
    fn plain_words_cost_nothing(text in "[a-zA-Z0-9]{1,5}([ ,!?:;'\"()=+%]{1,2}[a-z]{1,8}){0,9}") {
        let markup = Markup::parse(&text);
        prop_assert!(markup.is_plain() && markup.bytes() == 0, "{}", text);
        prop_assert_eq!(markup.seen(&text), text);
    }
}

#[test]
fn sixteen_kibibytes_of_anything_are_read_and_take_bounded_memory() {
    const LENGTH: usize = 16 * 1024;
    for piece in [
        "*",
        "_",
        "~",
        "`",
        "[",
        "]",
        "(",
        ">",
        "> ",
        "- ",
        "1. ",
        "\n",
        "\n- ",
        "\n> ",
        "```\n",
        "````\n```\n",
        "*a",
        "*a*",
        "**a",
        "_a ",
        "`a",
        "[a](",
        "[a](http://b)",
        "![",
        "](",
        "http://",
        "http://[",
        "http://a)",
        "@",
        "@a ",
        "\\",
        "<",
        "&",
        "a\u{301}",
        "😀",
        "a😀",
        "\u{200d}",
        "😀\u{200d}",
        "\u{202e}",
        "字",
        "\t",
        "\n  - ",
        "> > ",
        "*_~~`",
        "a\nb\n\n",
    ] {
        let text = piece.repeat(LENGTH / piece.len());
        let markup = Markup::parse(&text);
        assert!(nodes(&text) <= 2 * NODES, "{} nodes of {piece:?}", nodes(&text));
        assert!(markup.bytes() <= 200 * 1024, "{} bytes of {piece:?}", markup.bytes());
    }
}

#[test]
fn twice_the_text_makes_at_most_twice_the_nodes() {
    for piece in [
        "*a* ",
        "a\n\n",
        "- a\n",
        "> a\nb\n",
        "`a` b ",
        "http://a.b c ",
        "@a b ",
        "😀a",
        "```\na\n```\n",
        "[a](http://b) ",
    ] {
        let (once, twice) = (piece.repeat(40), piece.repeat(80));
        assert!(nodes(&once) >= 40, "{piece:?} is {} nodes", nodes(&once));
        assert!(nodes(&twice) <= 2 * nodes(&once) + 2, "{piece:?}");
    }
}

#[test]
fn a_heap_of_marks_on_one_letter_is_cut_and_the_letters_stay() {
    let text = format!("Z{}algo {}!", "\u{30d}".repeat(500), "\u{301}".repeat(500));
    let markup = Markup::parse(&text);
    let seen = markup.seen(&text);
    assert!(seen.chars().count() <= 40, "{} characters", seen.chars().count());
    assert_eq!(letters(&seen), "Zalgo");
    // Nothing anybody writes is cut: a family, a flag made of tags, a Hebrew letter with its points.
    for kept in ["👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "שִּׁ֑֖", "👩🏽‍❤️‍💋‍👨🏾"]
    {
        assert_eq!(Markup::parse(kept).seen(kept), kept);
    }
}

#[test]
fn an_item_of_white_space_is_words_with_its_number() {
    for text in ["1. \u{b}", "*\n1. \u{b}", "- \u{2028}a", "1. \u{a0}"] {
        assert_eq!(shown(text), letters(text), "{text:?}");
    }
}

#[test]
fn one_to_three_emoji_alone_are_large() {
    for (text, large) in [
        ("👍", true),
        ("👍 👩‍🚀🇩🇪", true),
        ("👍\n👍", true),
        ("👍👍👍👍", false),
        ("ok 👍", false),
        ("> 👍", false),
        ("", false),
        ("  ", false),
    ] {
        assert_eq!(Markup::parse(text).is_jumbo(), large, "{text:?}");
    }
}

#[test]
fn paragraphs_know_their_direction() {
    let text = "hello\n\nשלום hello\n\n123 مرحبا\n\n- «שלום»\n\n```\nשלום\n```";
    let directions: Vec<bool> = Markup::parse(text).blocks(text).map(|block| block.is_rtl).collect();
    assert_eq!(directions, [false, true, true, true, false]);
}

#[test]
fn what_is_copied_is_what_is_seen() {
    let text = "**Hi** @maya:\n\n> a\n> b\n- *c*\n  2. [d](https://e.example/)\n```sh\nls\n```";
    let seen = "Hi @maya:\n> a\n> b\n• c\n  2. d (https://e.example/)\nls";
    assert_eq!(Markup::parse(text).seen(text), seen);
}

#[test]
fn emoji_are_runs_of_their_own() {
    let text = "hi 👋🏽 and **❤️**";
    let markup = Markup::parse(text);
    let emoji: Vec<_> = markup
        .blocks(text)
        .flat_map(|block| block.runs().collect::<Vec<_>>())
        .filter(|run| run.kind == RunKind::Emoji)
        .map(|run| (run.text, run.style.bold))
        .collect();
    assert_eq!(emoji, [("👋🏽", false), ("❤️", true)]);
}
