//! Entries as people write them: short and long, now and then with an emoji, a link, an answer; in groups, over weeks.

use snug_shared::{Body, Entry, Line, Message, Seq};
use uuid::Uuid;

use crate::world::{author, nickname};

const PEOPLE: [&str; 8] = ["tom", "ines", "ben", "zoe", "ada", "noor", "li", "sam"];
const WORDS: [&str; 12] =
    ["tea", "is", "ready", "whenever", "you", "are", "the", "build", "went", "through", "tomorrow", "again"];

/// What is said at a place.
pub fn text(seq: Seq) -> String {
    let length = match seq % 10 {
        0..6 => 4 + seq % 7,
        6..9 => 15 + seq % 11,
        _ => 40 + seq % 30,
    };
    let mut text: Vec<&str> = (0..length).map(|at| WORDS[((seq * 31 + at * at) % 12) as usize]).collect();
    if seq.is_multiple_of(9) {
        text.push("🫖");
    }
    if seq.is_multiple_of(25) {
        text.push("https://example.org/a/b?c=d");
    }
    text.join(" ")
}

/// The message at a place: a minute apart, three of one person in a row.
pub fn entry(seq: Seq) -> Entry {
    let user = PEOPLE[(seq / 3 % 8) as usize];
    let text = snug_shared::MessageText::parse(text(seq)).expect("it keeps the rules");
    let reply_to = (seq.is_multiple_of(40) && seq > 20).then(|| seq - 7);
    let body = Body::Message(Message { text: Some(text), reply_to, present: None });
    changed(seq, user, body)
}

/// An entry of any kind.
pub fn changed(seq: Seq, user: &str, body: Body) -> Entry {
    let at = 1_750_000_000_000 + i64::try_from(seq).unwrap_or_default() * 60_000;
    Entry { seq, id: Uuid::from_u128(u128::from(seq)), at, user: nickname(user), by: author(user), body }
}

/// Messages one after the other.
pub fn lines(seqs: impl IntoIterator<Item = Seq>) -> Vec<Line> {
    seqs.into_iter().map(|seq| entry(seq).into()).collect()
}
