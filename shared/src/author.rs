//! The author of an entry: `by` on the wire (`docs/protocol.md` §1).

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{limits, name::Nickname};

/// Base32 characters of a key's or a seat's hash.
const HASH_CHARS: usize = 26;

/// The kind of proof for an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthorKind {
    /// `k:` a proven key. Reserved, not built.
    Key,
    /// `s:` a seat: one device in one room.
    Seat,
    /// `h:` a name given over HTTP; nothing proves it.
    Http,
}

/// The author of an entry: `k:` or `s:` and 26 base32 characters of a hash, or `h:` and a name. Cheap to clone: a server holds it in
/// several places for each member.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Author(Arc<str>);

/// A `by` that is none of the three kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an author is “k:” or “s:” and 26 base32 characters, or “h:” and a name")]
pub struct AuthorError;

impl Author {
    /// Checks an author's shape.
    ///
    /// # Errors
    /// [`AuthorError`] when it has none of the three shapes.
    pub fn parse(text: impl Into<String>) -> Result<Self, AuthorError> {
        let text = text.into();
        let valid = match text.split_at_checked(2) {
            Some(("k:" | "s:", hash)) => {
                hash.len() == HASH_CHARS && hash.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
            }
            Some(("h:", name)) => !name.is_empty() && name.len() <= limits::NICKNAME_BYTES,
            _ => false,
        };
        if valid { Ok(Self(text.into())) } else { Err(AuthorError) }
    }

    /// The author of posts over HTTP under this nickname.
    pub fn http(name: &Nickname) -> Self {
        Self(format!("h:{name}").into())
    }

    /// The kind of proof for it.
    pub fn kind(&self) -> AuthorKind {
        match self.0.as_bytes().first() {
            Some(b'k') => AuthorKind::Key,
            Some(b's') => AuthorKind::Seat,
            _ => AuthorKind::Http,
        }
    }

    /// The author as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Author {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Author {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
