//! How the file writes down what it knows of a message: its number, its reactions, and the trigrams of its room and sender.

use sha2::{Digest, Sha256};
use snug_shared::{Author, Emoji, Millis, Reaction, search::fold};

/// Bits of a row's number that tell messages of one millisecond apart.
pub(super) const APART: u32 = 20;
/// The latest time that a row can have, in ms.
const LATEST: Millis = (1 << 42) - 1;

/// What a row's number is at a time, at least.
pub(super) const fn number_at(at: Millis) -> i64 {
    let at = if at < 0 {
        0
    } else if at > LATEST {
        LATEST
    } else {
        at
    };
    at << APART
}

/// A trigram that stands for a room: of characters that no text means anything by.
pub(super) fn room_gram(room: i64) -> String {
    gram('\u{e000}', room.cast_unsigned())
}

/// A trigram that stands for a sender.
pub(super) fn sender_gram(user: &str) -> String {
    let digest = Sha256::digest(fold(user).as_bytes());
    let number = digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    gram('\u{f000}', number)
}

fn gram(first: char, number: u64) -> String {
    let part = |first: char, shift: u32, bits: u32| {
        let part = u32::try_from(number >> shift & ((1 << bits) - 1)).unwrap_or(0);
        char::from_u32(u32::from(first) + part).unwrap_or(first)
    };
    // The kind is in the first character: 2,048 of them lie behind either.
    [part(first, 24, 11), part('\u{e000}', 12, 12), part('\u{e000}', 0, 12)].into_iter().collect()
}

/// Reactions as they are kept; none where there are none.
pub(super) fn to_json(reactions: &[Reaction]) -> Option<String> {
    let plain: Vec<_> =
        reactions.iter().map(|reaction| (reaction.emoji.as_str(), reaction.count, &reaction.by)).collect();
    if plain.is_empty() { None } else { serde_json::to_string(&plain).ok() }
}

/// Reactions as they were kept; none where they make no sense.
pub(super) fn from_json(reactions: Option<&str>) -> Vec<Reaction> {
    let plain: Option<Vec<(String, u32, Vec<Author>)>> =
        reactions.and_then(|json| serde_json::from_str(json).ok());
    let reaction = |(emoji, count, by)| Some(Reaction { emoji: Emoji::parse(emoji).ok()?, count, by });
    plain.unwrap_or_default().into_iter().filter_map(reaction).collect()
}
