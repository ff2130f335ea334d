//! Messages, reactions and topics (`docs/protocol.md` §3) at the edges of what they may be.

use proptest::prelude::*;
use snug_shared::{Author, AuthorKind, Emoji, MessageText, Nickname, TextError, Topic, limits};

const FAMILY: &str = "👩‍👩‍👧‍👦";

#[test]
fn a_message_has_1_to_4000_clusters() {
    assert!(MessageText::parse("x").is_ok());
    assert!(MessageText::parse("x".repeat(4_000)).is_ok());
    assert_eq!(MessageText::parse("x".repeat(4_001)), Err(TextError::TooLong(4_000)));
    // Four bytes each: 4,000 of them are within 16 KiB.
    assert!(MessageText::parse("🫖".repeat(4_000)).is_ok());
    assert!(MessageText::parse("a\r\nb").is_err(), "a carriage return is a control character");
}

#[test]
fn a_message_has_at_most_16_kib() {
    assert_eq!(FAMILY.len(), 25);
    let full = FAMILY.repeat(655) + "123456789";
    assert_eq!(full.len(), limits::MESSAGE_BYTES);
    assert!(MessageText::parse(full.as_str()).is_ok());
    assert_eq!(MessageText::parse(full + "0"), Err(TextError::TooLong(4_000)));
}

#[test]
fn a_message_is_kept_as_written() {
    for text in ["  padded  ", "e\u{301}", "line\nline\n\ttab", "\u{202e}abc", "👍\u{fe0f}", "\u{feff}x"] {
        assert_eq!(MessageText::parse(text).expect(text).as_str(), text);
    }
}

#[test]
fn a_message_has_something_to_see() {
    for nothing in [
        "",
        " ",
        "\n\t ",
        "\u{3000}",
        "\u{200b}\u{200d}\u{feff}",
        "\u{ad}",
        "\u{e0041}",
        "\u{fe0f}",
        "\u{3164}",
    ] {
        assert_eq!(MessageText::parse(nothing), Err(TextError::Empty), "{nothing:?}");
    }
    for control in ["a\0", "a\u{7}", "a\r", "a\u{1b}", "a\u{7f}", "a\u{85}", "a\u{9f}"] {
        assert_eq!(MessageText::parse(control), Err(TextError::Control), "{control:?}");
    }
}

#[test]
fn a_reaction_is_one_cluster_of_at_most_64_bytes() {
    for one in ["👍", "👍🏽", FAMILY, "🇩🇪", "7️⃣", "❤️", "x", "é"] {
        assert_eq!(Emoji::parse(one).expect(one).as_str(), one);
    }
    for two in ["👍👍", "ok", "🇩🇪🇫🇷", "👍 ", " 👍"] {
        assert_eq!(Emoji::parse(two), Err(TextError::NotOne), "{two}");
    }
    for nothing in ["", " ", "\u{fe0f}", "\u{200d}"] {
        assert_eq!(Emoji::parse(nothing), Err(TextError::Empty), "{nothing:?}");
    }
    assert_eq!(Emoji::parse("\n"), Err(TextError::Control));
    let full = format!("𝄞{}", "\u{301}".repeat(30));
    assert_eq!(full.len(), limits::EMOJI_BYTES);
    assert!(Emoji::parse(full.as_str()).is_ok());
    assert_eq!(Emoji::parse(full + "\u{301}"), Err(TextError::TooLong(1)));
}

#[test]
fn what_people_see_as_one_mark_is_one() {
    for (a, b, spelled) in [
        ("❤", "❤\u{fe0f}", "❤\u{fe0f}"),
        ("❤\u{fe0e}", "\u{2764}", "❤\u{fe0f}"),
        ("👍", "👍\u{fe0f}", "👍"),
        ("👍", "👍\u{200d}", "👍"),
        ("☝\u{1f3fd}", "☝\u{fe0f}\u{1f3fd}", "☝\u{1f3fd}"),
        ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
        ("❤\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥\u{fe0f}", "❤\u{fe0f}\u{200d}🔥"),
        ("1\u{20e3}", "1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
        ("é", "e\u{301}", "é"),
        ("👍", "👍\u{e0067}", "👍"),
    ] {
        let (a, b) = (Emoji::parse(a).expect(a), Emoji::parse(b).expect(b));
        assert_eq!(a, b);
        assert_eq!(a.as_str(), spelled);
    }
    for one in [
        "1",
        "#",
        "👨\u{200d}👩\u{200d}👧",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "🇫🇷",
        "👍🏽",
        "क्\u{200d}ष",
    ] {
        assert_eq!(Emoji::parse(one).expect(one).as_str(), one);
    }
    for (a, b) in [("👍", "👍🏽"), ("1", "1\u{20e3}"), ("🏳", "🏴"), ("a", "A")] {
        assert_ne!(Emoji::parse(a).expect(a), Emoji::parse(b).expect(b));
    }
}

#[test]
fn a_topic_has_at_most_200_clusters_on_one_line() {
    assert!(Topic::parse("").expect("none").is_empty());
    assert!(Topic::parse(" \u{3000}").expect("none").is_empty());
    assert_eq!(Topic::parse("  What to brew ").expect("a topic").as_str(), "What to brew");
    assert!(Topic::parse("🫖".repeat(200)).is_ok());
    assert_eq!(Topic::parse("x".repeat(201)), Err(TextError::TooLong(200)));
    for control in ["a\nb", "a\tb", "a\0b"] {
        assert_eq!(Topic::parse(control), Err(TextError::Control), "{control:?}");
    }
}

#[test]
fn an_author_has_one_of_three_shapes() {
    let hash = "abcdefghijklmnopqrstuvwx27";
    let kinds = [("k:", AuthorKind::Key), ("s:", AuthorKind::Seat), ("h:", AuthorKind::Http)];
    for (prefix, kind) in kinds {
        let author = Author::parse(format!("{prefix}{hash}")).expect("a good author");
        assert_eq!((author.kind(), author.as_str().len()), (kind, 28));
    }
    for wrong in
        ["", "k:", "h:", "x:abc", "k:abc", "S:abcdefghijklmnopqrstuvwx27", "s:abcdefghijklmnopqrstuvwx28"]
    {
        assert!(Author::parse(wrong).is_err(), "{wrong}");
    }
    for wrong in [hash.to_uppercase(), format!("{hash}a"), "é".repeat(13)] {
        assert!(Author::parse(format!("s:{wrong}")).is_err(), "{wrong}");
    }
    let long = Nickname::parse(&"🫖".repeat(32)).expect("the longest nickname");
    assert_eq!(Author::parse(Author::http(&long).as_str()), Ok(Author::http(&long)));
}

proptest! {
    #[test]
    fn any_text_is_taken_as_it_is_or_refused(text in any::<String>()) {
        if let Ok(taken) = MessageText::parse(text.clone()) {
            prop_assert_eq!(taken.as_str(), text.as_str());
        }
        if let Ok(taken) = Emoji::parse(text.clone()) {
            prop_assert_eq!(Emoji::parse(taken.as_str()), Ok(taken.clone()));
        }
        if let Ok(once) = Topic::parse(&text) {
            prop_assert_eq!(Topic::parse(once.as_str()), Ok(once));
        }
    }
}
