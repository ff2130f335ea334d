//! Any text as a nickname, a room name, a message, a reaction, a topic and an author.
//!
//! Checking a checked value again changes nothing. No limit is exceeded. Every spelling of a name has the same key for comparing.
//! A name cut to fit is valid.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use snug_shared::{Author, Emoji, MessageText, Nickname, RoomName, Topic, limits};

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    text: &'a str,
    other: &'a str,
    number: u32,
}

fuzz_target!(|input: Input<'_>| {
    let Input { text, other, number } = input;
    if let Ok(name) = Nickname::parse(text) {
        assert_eq!(Nickname::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(name.as_str().len() <= limits::NICKNAME_BYTES && is_one_line(name.as_str()));
        assert!(name.collides_with(&name));
        let numbered = name.numbered(number);
        assert_eq!(Nickname::parse(numbered.as_str()), Ok(numbered));
        let author = Author::http(&name);
        assert_eq!(Author::parse(author.as_str()), Ok(author));
        if let Ok(other) = Nickname::parse(other) {
            assert_eq!(name.collides_with(&other), other.collides_with(&name));
            let (mine, theirs) = (name.looks(), other.looks());
            let shares_a_key = mine.keys()[0] == theirs.keys()[0] || mine.keys()[1] == theirs.keys()[1];
            assert_eq!(name.collides_with(&other), shares_a_key);
        }
    }
    if let Ok(name) = RoomName::parse(text) {
        assert_eq!(RoomName::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(name.as_str().len() <= limits::ROOM_BYTES && is_one_line(name.as_str()));
        let key = name.key();
        // A spacing accent folds into a space and a mark; as a name, the space would be trimmed.
        if key.as_str().trim() == key.as_str()
            && let Ok(again) = RoomName::parse(key.as_str())
        {
            assert_eq!(again.key(), key, "a key is at rest");
        }
    }
    if let Ok(message) = MessageText::parse(text) {
        assert_eq!(message.as_str(), text, "what was said is kept as written");
        assert!(text.len() <= limits::MESSAGE_BYTES);
    }
    if let Ok(emoji) = Emoji::parse(text) {
        assert_eq!(Emoji::parse(emoji.as_str()).as_ref(), Ok(&emoji), "one spelling stays as it is");
        assert!(emoji.as_str().len() <= limits::EMOJI_BYTES);
    }
    if let Ok(topic) = Topic::parse(text) {
        assert_eq!(Topic::parse(topic.as_str()).as_ref(), Ok(&topic));
        assert!(topic.as_str().len() <= limits::TOPIC_BYTES && is_one_line(topic.as_str()));
    }
    if let Ok(author) = Author::parse(text) {
        assert_eq!(author.as_str(), text);
    }
});

fn is_one_line(text: &str) -> bool {
    !text.contains(char::is_control)
}
