//! The id of a server, by which it is known again at another address (`docs/protocol.md` §2, `GET /api/server`).

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Base32 characters of an id.
const CHARS: usize = 26;

/// 26 base32 characters in lower case, the same for as long as a server's data folder lives. Anybody can say that it has
/// somebody else's id: it tells servers apart, and proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(Arc<str>);

/// A text that is no server's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server’s id is 26 base32 characters in lower case")]
pub struct ServerIdError;

impl ServerId {
    /// Checks an id's shape.
    ///
    /// # Errors
    /// [`ServerIdError`] when it has another.
    pub fn parse(text: &str) -> Result<Self, ServerIdError> {
        let valid = text.len() == CHARS && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        if valid { Ok(Self(text.into())) } else { Err(ServerIdError) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ServerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ServerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_26_base32_characters_and_nothing_else() {
        let id = "abcdefghijklmnopqrstuvwx27";
        assert_eq!(ServerId::parse(id).unwrap().as_str(), id);
        for wrong in [
            "",
            &id[1..],
            &format!("{id}a"),
            &id.to_uppercase(),
            &id.replace('a', "1"),
            &id.replace('a', "é"),
        ] {
            assert_eq!(ServerId::parse(wrong), Err(ServerIdError), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&ServerId::parse(id).unwrap()).unwrap(), format!("\"{id}\""));
        assert!(serde_json::from_str::<ServerId>("\"me\"").is_err());
    }
}
