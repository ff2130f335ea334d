//! Who this server is to those who look for one: what `GET /api/server` answers.
//!
//! The id is made of the secret that the log keeps, so it lives as long as the data folder and needs no place of its own. A copy
//! of the folder has the same id, as it has the same rooms. Without a folder (`--durability none`) it is new at every start.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use snug_shared::{
    ServerId,
    api::{ServerStatus, TlsMode},
};

use crate::{config::Config, hub::Counts};

/// What is hashed before the secret. Seats are made of the same secret by another function, so an id tells nothing of them.
const LABEL: &[u8] = b"snug server id";
/// Bytes of the hash that make 26 characters: the last one holds three bits.
const BYTES: usize = 16;

/// Who this server is, apart from what goes on at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The same for as long as the data folder lives.
    pub id: ServerId,
    /// What it is called.
    pub name: String,
    /// Whether it encrypts connections.
    pub tls: TlsMode,
    /// The fingerprint of its key; none where nothing is encrypted.
    pub fingerprint: Option<String>,
}

impl Identity {
    /// The identity of a server with these settings, over a log with this secret.
    pub fn new(config: &Config, secret: &[u8; 32]) -> Self {
        // `Config::check` refuses anything but “off”.
        Self { id: server_id(secret), name: config.name.clone(), tls: TlsMode::Off, fingerprint: None }
    }

    /// What `GET /api/server` answers.
    pub fn status(&self, counts: Counts) -> ServerStatus {
        let Self { id, name, tls, fingerprint } = self.clone();
        let Counts { rooms, people } = counts;
        ServerStatus {
            id,
            name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rooms,
            people,
            tls,
            fingerprint,
        }
    }
}

fn server_id(secret: &[u8; 32]) -> ServerId {
    let hash = Sha256::new().chain_update(LABEL).chain_update(secret).finalize();
    let id = BASE32_NOPAD.encode(&hash[..BYTES]).to_ascii_lowercase();
    ServerId::parse(&id).expect("16 bytes are 26 base32 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_for_one_secret_and_another_for_another() {
        assert_eq!(server_id(&[7; 32]), server_id(&[7; 32]));
        assert_ne!(server_id(&[7; 32]), server_id(&[8; 32]));
        // Apps know a server again by it: a change of how it is made makes every server a new one.
        assert_eq!(server_id(&[7; 32]).as_str(), "5iz3l4eg7yf3bfkxwi6ccbw3xy");
    }
}
