//! Epochs: which history of a room an entry, a page or a client's position belongs to.

use std::{fmt, io};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use snug_shared::RoomKey;

/// The name of one history of a room: 32 hex digits on the wire and in a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch([u8; 16]);

/// Text that is no epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an epoch is 32 hex digits in lower case")]
pub struct EpochError;

impl Epoch {
    /// Reads 32 hex digits in lower case.
    ///
    /// # Errors
    /// [`EpochError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, EpochError> {
        let mut bytes = [0; 16];
        if text.len() != 2 * bytes.len() {
            return Err(EpochError);
        }
        data_encoding::HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).map_err(|_| EpochError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        data_encoding::HEXLOWER.encode_write(&self.0, f)
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The epochs of new histories are derived from this, so a room without entries has an epoch with nothing stored for it.
///
/// A log takes another generation whenever a room could begin anew under it: otherwise that room's next history would have
/// the epoch of the one before. A log of one process takes a random one each time it is opened. So it does not matter whether
/// the log noticed that a backup was put in its place: a room that is not in the backup begins a history with a new epoch.
/// Servers that share a store have to share the generation as well.
#[derive(Clone, Copy)]
pub(super) struct Generation([u8; 32]);

impl Generation {
    /// A random one.
    pub(super) fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes))
    }

    /// Begins another one.
    pub(super) fn renew(&mut self) {
        // Random as the first one was: nothing that is shown says what it was.
        self.0 = Sha256::new().chain_update(b"next").chain_update(self.0).finalize().into();
    }

    /// The epoch of the room's next history, as long as this generation lasts.
    pub(super) fn epoch(&self, room: &RoomKey) -> Epoch {
        let hash = Sha256::new().chain_update(b"room").chain_update(self.0).chain_update(room.as_str());
        let hash: [u8; 32] = hash.finalize().into();
        Epoch(std::array::from_fn(|i| hash[i]))
    }
}

#[cfg(test)]
mod tests {
    use snug_shared::RoomName;

    use super::*;

    fn key(name: &str) -> RoomKey {
        RoomName::parse(name).expect("a name").key()
    }

    #[test]
    fn an_epoch_is_32_hex_digits_in_one_spelling() {
        let text = "00112233445566778899aabbccddeeff";
        assert_eq!(Epoch::parse(text).map(|epoch| epoch.to_string()).as_deref(), Ok(text));
        for text in
            ["", "0011", &text.to_uppercase(), &text.replace('0', "x"), &format!("{text}00"), &"é".repeat(16)]
        {
            assert_eq!(Epoch::parse(text), Err(EpochError), "{text}");
        }
    }

    #[test]
    fn each_room_has_its_epoch_as_long_as_a_generation_lasts() {
        let mut generation = Generation::random().expect("random bytes");
        let tea = generation.epoch(&key("tea"));
        assert_eq!(generation.epoch(&key("TEA")), tea);
        assert_ne!(generation.epoch(&key("coffee")), tea);
        assert_ne!(Generation::random().expect("random bytes").epoch(&key("tea")), tea);
        generation.renew();
        assert_ne!(generation.epoch(&key("tea")), tea);
    }
}
