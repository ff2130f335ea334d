//! Rooms and nicknames (`docs/protocol.md` §3): what may be one, what makes two of them one, and what is suggested instead.

use proptest::prelude::*;
use snug_shared::{NameError, Nickname, RoomName, limits};

fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect(name)
}

fn nickname(name: &str) -> Nickname {
    Nickname::parse(name).expect(name)
}

fn refused(name: &str) -> NameError {
    let as_room = RoomName::parse(name).expect_err(name);
    let as_nickname = Nickname::parse(name).expect_err(name);
    assert_eq!(std::mem::discriminant(&as_room), std::mem::discriminant(&as_nickname), "{name:?}");
    as_nickname
}

/// One grapheme cluster of `bytes` bytes.
fn cluster(bytes: usize) -> String {
    assert_eq!(bytes % 2, 1);
    format!("q{}", "\u{302}".repeat(bytes / 2))
}

#[test]
fn a_room_has_1_to_64_clusters() {
    assert_eq!(RoomName::parse(""), Err(NameError::Empty));
    assert!(RoomName::parse("x").is_ok());
    assert!(RoomName::parse(&"x".repeat(64)).is_ok());
    assert_eq!(RoomName::parse(&"x".repeat(65)), Err(NameError::TooLong(64)));
    // Four bytes each: 64 of them are exactly 256.
    assert!(RoomName::parse(&"🫖".repeat(64)).is_ok());
    assert_eq!(RoomName::parse(&"🫖".repeat(65)), Err(NameError::TooLong(64)));
}

#[test]
fn a_nickname_has_1_to_32_clusters() {
    assert_eq!(Nickname::parse(""), Err(NameError::Empty));
    assert!(Nickname::parse("x").is_ok());
    assert!(Nickname::parse(&"x".repeat(32)).is_ok());
    assert_eq!(Nickname::parse(&"x".repeat(33)), Err(NameError::TooLong(32)));
    assert!(Nickname::parse(&"🫖".repeat(32)).is_ok());
}

#[test]
fn bytes_are_limited_too() {
    let full = cluster(127) + "x";
    assert_eq!(full.len(), limits::NICKNAME_BYTES);
    assert!(Nickname::parse(&full).is_ok());
    assert_eq!(Nickname::parse(&(full + "x")), Err(NameError::TooLong(32)));
    let full = cluster(255) + "x";
    assert_eq!(full.len(), limits::ROOM_BYTES);
    assert!(RoomName::parse(&full).is_ok());
    assert_eq!(RoomName::parse(&(full + "x")), Err(NameError::TooLong(64)));
}

#[test]
fn limits_hold_for_the_name_as_kept_not_as_typed() {
    // Decomposed it has 192 bytes, composed 64.
    let decomposed = "e\u{301}".repeat(32);
    assert_eq!(nickname(&decomposed).as_str(), "é".repeat(32));
    let padded = format!("{}maya{}", " ".repeat(5_000), "\u{3000}".repeat(5_000));
    assert_eq!(nickname(&padded).as_str(), "maya");
    let jamo = "\u{1112}\u{1161}\u{11ab}".repeat(32);
    assert_eq!(nickname(&jamo).as_str(), "한".repeat(32));
}

#[test]
fn names_are_trimmed_and_composed() {
    assert_eq!(room("\u{a0} \tTea  Room\n").as_str(), "Tea  Room");
    assert_eq!(nickname("Zoe\u{308}").as_str(), "Zoë");
}

#[test]
fn what_shows_as_nothing_is_refused() {
    for nothing in ["", " ", "\t\n", "\u{3000}\u{2003}", "\u{a0}"] {
        assert_eq!(refused(nothing), NameError::Empty, "{nothing:?}");
    }
    for marks in ["\u{301}", "\u{301}\u{302}", "\u{20dd}", "\u{301} \u{302}"] {
        assert_eq!(refused(marks), NameError::Invisible, "{marks:?}");
    }
}

#[test]
fn characters_that_hide_or_mislead_are_refused() {
    let forbidden = [
        '\0',
        '\u{7}',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}', // control
        '\u{ad}',
        '\u{61c}',
        '\u{200e}',
        '\u{200f}', // soft hyphen, directional marks
        '\u{202a}',
        '\u{202b}',
        '\u{202c}',
        '\u{202d}',
        '\u{202e}', // bidi embeddings and overrides
        '\u{2066}',
        '\u{2067}',
        '\u{2068}',
        '\u{2069}', // bidi isolates
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{2060}',
        '\u{feff}', // zero width
        '\u{2028}',
        '\u{2029}', // separators of lines and paragraphs
        '\u{115f}',
        '\u{1160}',
        '\u{3164}',
        '\u{ffa0}', // fillers
        '\u{fe00}',
        '\u{fe0e}',
        '\u{fe0f}',
        '\u{e0100}',
        '\u{180b}', // variation selectors
        '\u{e0001}',
        '\u{e0041}',
        '\u{e007f}', // tags
        '\u{fff9}',
        '\u{fffb}',
        '\u{e000}',
        '\u{f0000}', // annotations, private use
        '\n',
        '\t',
        '\r',
    ];
    for c in forbidden {
        let name = format!("a{c}b");
        assert_eq!(refused(&name), NameError::Forbidden(c), "U+{:04X}", u32::from(c));
        assert!(
            refused(&name).to_string().contains(&format!("(U+{:04X})", u32::from(c)))
                || c == '\u{fe0e}'
                || c == '\u{fe0f}'
        );
    }
}

#[test]
fn an_emoji_that_cannot_be_in_a_name_is_refused_for_what_it_is() {
    for (name, said) in [
        ("👨\u{200d}👩\u{200d}👧", "such as a family"),
        ("❤\u{fe0f}", "U+FE0F"),
        ("a\u{200b}b", "U+200B"),
        ("admin\u{2800}", "U+2800"),
    ] {
        let message = refused(name).to_string();
        assert!(message.contains(said) && !message.contains("by hand"), "{message}");
    }
}

#[test]
fn blanks_are_refused_and_spaces_are_one() {
    for blank in ['\u{2800}', '\u{1d159}', '\u{1680}', '\u{303f}'] {
        for name in
            [format!("admin{blank}"), format!("{blank}admin"), format!("ad{blank}min"), blank.to_string()]
        {
            assert_eq!(refused(&name), NameError::Forbidden(blank), "{name:?}");
        }
    }
    for name in ["ann  lee", "ann\u{a0}lee", "ann \u{2003}\u{3000} lee", " ann lee"] {
        assert_eq!(nickname(name).as_str(), "ann lee", "{name:?}");
    }
}

#[test]
fn a_name_that_was_taken_under_earlier_rules_can_still_be_read() {
    for name in ["admin\u{2800}", "ann  lee"] {
        assert_eq!(Nickname::known(name).expect("it was one").as_str(), name);
        assert_eq!(RoomName::known(name).expect("it was one").as_str(), name);
        let told: Nickname = serde_json::from_value(name.into()).expect("it was one");
        assert_eq!(told.as_str(), name);
    }
    assert!(Nickname::known("a/b").is_err());
    for never in ["snug", "System", "SERVER", "\u{455}nug", "systern"] {
        assert_eq!(Nickname::known(never), Err(NameError::Reserved), "no version gave {never} away");
    }
}

/// Every character that can be in a nickname and looks like some letters of ASCII, and those letters.
fn look_alikes() -> Vec<(char, String)> {
    let all = (0x80..=u32::from(char::MAX)).filter_map(char::from_u32);
    let looks = all.map(|c| (c, unicode_security::skeleton(&c.to_string()).collect::<String>()));
    let like_letters =
        |looks: &str| !looks.is_empty() && looks.bytes().all(|byte| byte.is_ascii_alphanumeric());
    looks.filter(|(c, looks)| like_letters(looks) && Nickname::parse(&format!("x{c}x")).is_ok()).collect()
}

#[test]
fn every_look_alike_of_a_letter_collides_with_it_in_either_case() {
    let all = look_alikes();
    assert!(all.len() > 1_000, "{}", all.len());
    let missed: Vec<String> = all
        .iter()
        .filter(|(c, looks)| {
            let mine = nickname(&format!("zo{c}e"));
            [looks.clone(), looks.to_lowercase(), looks.to_uppercase()]
                .iter()
                .any(|letters| !mine.collides_with(&nickname(&format!("zo{letters}e"))))
        })
        .map(|(c, looks)| format!("U+{:04X} {looks}", u32::from(*c)))
        .collect();
    assert!(missed.is_empty(), "{} of {}: {missed:?}", missed.len(), all.len());
}

#[test]
fn a_slash_and_dots_are_refused() {
    for name in ["/", "a/b", "/tea", "tea/"] {
        assert_eq!(refused(name), NameError::Slash, "{name}");
    }
    for name in [".", "..", " . ", " .. "] {
        assert_eq!(refused(name), NameError::Dots, "{name}");
    }
    for name in ["...", ".a", "a.", "a..b", "\\", "%2f", "?", "#", "&", "<b>"] {
        assert_eq!(nickname(name).as_str(), room(name).as_str());
    }
}

#[test]
fn names_of_every_script_are_welcome() {
    for name in
        ["Maya", "Jörg", "Зоя", "مايا", "美雪", "마야", "माया", "ไมยา", "🦊", "r2-d2", "O'Neil", "Anne Marie"]
    {
        assert_eq!(nickname(name).as_str(), name);
        assert_eq!(room(name).as_str(), name);
    }
}

#[test]
fn the_servers_own_names_are_nobodys() {
    for name in ["snug", "Snug", "SNUG", " system ", "System", "sErVeR", "ｓｎｕｇ", "𝐬𝐞𝐫𝐯𝐞𝐫", "ſystem"]
    {
        assert_eq!(Nickname::parse(name), Err(NameError::Reserved), "{name}");
        assert!(RoomName::parse(name).is_ok(), "a room may be named {name}");
    }
    for name in ["ѕnug", "snυg", "ѕуѕtеm", "SYSTЕM", "systern", "sеrver", "ЅERVER", "ꓢnug"] {
        assert_eq!(Nickname::parse(name), Err(NameError::Reserved), "{name} looks like it");
    }
    for name in ["snugly", "systems", "my server", "snu9", "сервер", "sérver"] {
        assert!(Nickname::parse(name).is_ok(), "{name}");
    }
}

#[test]
fn two_rooms_are_one_when_compatibility_and_case_make_them_equal() {
    let same = [
        ("tea", "TEA"),
        ("Straße", "STRASSE"),
        ("ｔｅａ", "tea"),
        ("ﬁsh", "FISH"),
        ("Ⅳ", "iv"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("café", "CAFE\u{301}"),
        ("Tea Room", "tea\u{a0}room"),
    ];
    for (a, b) in same {
        assert_eq!(room(a).key(), room(b).key(), "{a} and {b}");
    }
    // Look-alikes are different rooms: only nicknames are held to what they look like.
    for (a, b) in [("tea", "tea2"), ("tea", "теа"), ("cafe", "café"), ("I", "l")] {
        assert_ne!(room(a).key(), room(b).key(), "{a} and {b}");
    }
}

#[test]
fn two_nicknames_collide_when_they_look_the_same() {
    let same = [
        ("maya", "Maya"),
        ("maya", "mауа"),     // Cyrillic а, у, а
        ("MAYA", "ΜΑΥΑ"),     // Greek
        ("maya", "ｍａｙａ"), // full-width
        ("scope", "ѕсоре"),   // Cyrillic throughout
        ("Bill", "BiIl"),     // capital I for l
        ("paypal", "paypa1"),
        ("O2", "02"),
        ("rn", "m"),
        ("café", "cafe\u{301}"),
        ("Straße", "STRASSE"),
        ("Alice", "Ali\u{3f2}e"),
        ("carl", "\u{3f9}arl"),
        ("ann lee", "ann  lee"),
    ];
    for (a, b) in same {
        assert!(nickname(a).collides_with(&nickname(b)), "{a} and {b}");
        assert!(nickname(b).collides_with(&nickname(a)), "{b} and {a}");
    }
    for (a, b) in [("maya", "maia"), ("maya", "maya2"), ("Jörg", "Jorg"), ("🦊", "🐺"), ("美", "雪")] {
        assert!(!nickname(a).collides_with(&nickname(b)), "{a} and {b}");
    }
}

#[test]
fn a_suggestion_carries_a_number_and_fits() {
    assert_eq!(nickname("maya").numbered(2).as_str(), "maya2");
    assert_eq!(nickname("r2d2").numbered(2).as_str(), "r2d2-2");
    assert_eq!(nickname(&"x".repeat(32)).numbered(10).as_str(), "x".repeat(30) + "10");
    assert_eq!(nickname(&"🫖".repeat(32)).numbered(7).as_str(), "🫖".repeat(31) + "7");
    assert_eq!(nickname("maya b").with_suffix(&"7".repeat(27)).as_str(), format!("maya{}", "7".repeat(27)));
    // The only cluster is too big to keep beside a number.
    assert_eq!(nickname(&cluster(127)).numbered(10).as_str(), "10");
}

const NAME: &str = r"[\pL\pM\pN \pS\pP]{0,40}|\PC{0,40}|[a-z0-9-]{28,34}|[\u{1100}-\u{11ff}]{1,32}";

proptest! {
    #[test]
    fn a_name_that_was_taken_stays_as_it_is(name in NAME) {
        if let Ok(once) = RoomName::parse(&name) {
            prop_assert_eq!(RoomName::parse(once.as_str()), Ok(once));
        }
        if let Ok(once) = Nickname::parse(&name) {
            prop_assert_eq!(Nickname::parse(once.as_str()), Ok(once));
        }
    }

    #[test]
    fn any_text_is_a_name_or_is_refused(name in any::<String>()) {
        if let Ok(name) = Nickname::parse(&name) {
            prop_assert!(!name.as_str().is_empty() && name.as_str().len() <= limits::NICKNAME_BYTES);
            prop_assert!(name.collides_with(&name));
            prop_assert!(!name.as_str().contains(|c: char| c.is_control() || c == '/'));
        }
    }

    #[test]
    fn a_rooms_key_is_a_key_of_itself(name in NAME) {
        if let Ok(room) = RoomName::parse(&name) {
            // Compatibility can bring out a space that trimming takes away: that is another name.
            let folded = RoomName::parse(room.key().as_str()).ok();
            let folded = folded.filter(|folded| folded.as_str() == room.key().as_str());
            prop_assert_eq!(folded.map_or(room.key(), |folded| folded.key()), room.key());
        }
    }

    #[test]
    fn suggestions_are_names_and_no_two_are_the_same(name in NAME, from in 2..10_000u32) {
        if let Ok(name) = Nickname::parse(&name) {
            let suggested: Vec<Nickname> = (from..from + 5).map(|number| name.numbered(number)).collect();
            for (at, suggestion) in suggested.iter().enumerate() {
                prop_assert_eq!(Nickname::parse(suggestion.as_str()), Ok(suggestion.clone()));
                prop_assert!(!suggested[..at].contains(suggestion));
            }
            // At most one of them can be the name itself: who ends in “-2” already and fills the space.
            prop_assert!(suggested.iter().filter(|suggestion| **suggestion == name).count() <= 1);
        }
    }
}
