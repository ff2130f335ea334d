//! Seats: the secret token by which a device takes its place in a room back (`docs/protocol.md` §4, "Seats").
//!
//! A seat is its own proof: 16 random bytes and a tag over them and the room, keyed with the log's secret. So there is no table
//! of seats, and a join writes nothing to disk. The hash of a seat is the author that others see. Plain clients may make up a
//! seat of their own (§5): its author is a tag over it, so that nothing of one can be told from the other.

use std::ops::RangeInclusive;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use snug_shared::{Author, RoomKey};

use crate::random;

/// Random bytes of a seat.
const NONCE: usize = 16;
/// Bytes of the tag that are kept: forging one takes 2¹²⁸ tries over the network.
const TAG: usize = 16;
/// Base32 characters of an author's hash.
const HASH_CHARS: usize = 26;
/// Characters of a seat that a client made up.
const MADE_UP: RangeInclusive<usize> = 16..=128;

/// Whether a text can be a seat that a client made up.
pub fn is_token(text: &str) -> bool {
    MADE_UP.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Makes and checks seats.
#[derive(Clone)]
pub struct Seats {
    /// Keyed, without input yet: setting the key is half of the cost of a tag.
    keyed: Hmac<Sha256>,
}

/// One device in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The token; only its owner and the server see it.
    pub token: String,
    /// Its owner, as others see it.
    pub author: Author,
}

impl Seats {
    /// Seats that stay good as long as the secret does.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { keyed: Hmac::new_from_slice(&secret).expect("HMAC takes keys of any length") }
    }

    /// A new seat.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn issue(&self, room: &RoomKey) -> Result<Seat, getrandom::Error> {
        let mut nonce = [0; NONCE];
        random::fill(&mut nonce)?;
        let mut token = nonce.to_vec();
        token.extend_from_slice(&self.tag(room, &nonce));
        Ok(seat(&token))
    }

    /// The seat behind a token; `None` when it was not made here for this room.
    pub fn check(&self, room: &RoomKey, token: &str) -> Option<Seat> {
        let bytes = BASE32_NOPAD.decode(token.to_ascii_uppercase().as_bytes()).ok()?;
        let (nonce, tag) = bytes.split_at_checked(NONCE)?;
        self.mac(room, nonce).verify_truncated_left(tag).ok()?;
        (tag.len() == TAG).then(|| seat(&bytes))
    }

    /// The author behind a token that was made here, or that a client made up; `None` for what is neither.
    pub fn adopt(&self, room: &RoomKey, token: &str) -> Option<Author> {
        if let Some(seat) = self.check(room, token) {
            return Some(seat.author);
        }
        let adopted = || {
            let mut mac = self.keyed.clone();
            mac.update(b"made up ");
            mac.update(token.as_bytes());
            // No token has a space, so that no other token and room make the same text.
            mac.update(b" ");
            mac.update(room.as_str().as_bytes());
            author(&mac.finalize().into_bytes())
        };
        is_token(token).then(adopted)
    }

    fn tag(&self, room: &RoomKey, nonce: &[u8]) -> [u8; TAG] {
        let tag = self.mac(room, nonce).finalize().into_bytes();
        std::array::from_fn(|i| tag[i])
    }

    fn mac(&self, room: &RoomKey, nonce: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(nonce);
        mac.update(room.as_str().as_bytes());
        mac
    }
}

fn seat(token: &[u8]) -> Seat {
    Seat { token: BASE32_NOPAD.encode(token).to_ascii_lowercase(), author: author(&Sha256::digest(token)) }
}

/// The author of this hash.
fn author(hash: &[u8]) -> Author {
    let mut hash = BASE32_NOPAD.encode(hash).to_ascii_lowercase();
    hash.truncate(HASH_CHARS);
    Author::parse(format!("s:{hash}")).expect("26 base32 characters are an author")
}

#[cfg(test)]
mod tests {
    use snug_shared::RoomName;

    use super::*;

    fn room(name: &str) -> RoomKey {
        RoomName::parse(name).unwrap().key()
    }

    #[test]
    fn a_seat_is_known_again_in_its_room_and_nowhere_else() {
        let seats = Seats::new([7; 32]);
        let seat = seats.issue(&room("tea")).unwrap();
        assert_eq!(seats.check(&room("tea"), &seat.token), Some(seat.clone()));
        assert_eq!(seats.check(&room("coffee"), &seat.token), None);
        assert_eq!(Seats::new([8; 32]).check(&room("tea"), &seat.token), None);
    }

    #[test]
    fn a_seat_that_a_client_made_up_is_the_same_author_in_its_room_for_as_long_as_the_secret_stays() {
        let (seats, token) = (Seats::new([7; 32]), "my-own_secret-0123");
        let author = seats.adopt(&room("tea"), token).unwrap();
        assert_eq!(Seats::new([7; 32]).adopt(&room("tea"), token), Some(author.clone()));
        for other in [
            seats.adopt(&room("coffee"), token),
            seats.adopt(&room("tea"), "my-own_secret-0124"),
            Seats::new([8; 32]).adopt(&room("tea"), token),
        ] {
            assert_ne!(other.unwrap(), author);
        }
        assert_eq!(seats.adopt(&room("tea"), "too short"), None);
        assert_eq!(seats.check(&room("tea"), token), None, "it opens nothing where seats are made here");
        let own = seats.issue(&room("tea")).unwrap();
        assert_eq!(seats.adopt(&room("tea"), &own.token), Some(own.author));
    }

    #[test]
    fn a_changed_or_cut_token_is_unknown() {
        let seats = Seats::new([7; 32]);
        let token = seats.issue(&room("tea")).unwrap().token;
        for cut in 0..token.len() {
            assert_eq!(seats.check(&room("tea"), &token[..cut]), None, "cut at {cut}");
        }
        for at in 0..token.len() - 1 {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(seats.check(&room("tea"), &changed), None, "changed at {at}");
        }
        assert_eq!(seats.check(&room("tea"), "not base32 at all ☃"), None);
    }
}
