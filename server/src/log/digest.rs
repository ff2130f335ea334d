//! Digests of sends. By its digest a repeated send is told from another one under the same id.

use sha2::{Digest as _, Sha256};
use snug_shared::Intent;

/// Bytes of a digest.
const BYTES: usize = 16;

/// The digest of a send's content, which is kept with its entry.
pub(super) type Digest = [u8; BYTES];

/// Bytes left of the digest once the text was deleted or overwritten. They are enough to notice an id used twice: one in 16
/// million slips through. They are too few to confirm a guess at the text.
pub(super) const ERASED_BYTES: usize = 3;

/// The digest of an intent under the log's secret.
pub(super) fn of(secret: &[u8; 32], intent: &Intent) -> Digest {
    let hash = Sha256::new().chain_update(secret);
    let hash = match intent {
        Intent::Message { text, reply_to } => hash
            .chain_update([0])
            .chain_update(reply_to.unwrap_or(0).to_le_bytes())
            .chain_update(text.as_str()),
        Intent::Edit { target, text } => {
            hash.chain_update([1]).chain_update(target.to_le_bytes()).chain_update(text.as_str())
        }
        Intent::Delete { target } => hash.chain_update([2]).chain_update(target.to_le_bytes()),
        Intent::React { target, emoji, on } => hash
            .chain_update([3, u8::from(*on)])
            .chain_update(target.to_le_bytes())
            .chain_update(emoji.as_str()),
        Intent::Topic { topic } => hash.chain_update([4]).chain_update(topic.as_str()),
        Intent::Act(act) => hash.chain_update([5]).chain_update(act.to_json()),
    };
    let mut digest = [0; BYTES];
    digest.copy_from_slice(&hash.finalize()[..BYTES]);
    digest
}

/// Whether a digest that is kept, whole or shortened, is of the same content.
pub(super) fn is_same(kept: &[u8], digest: &Digest) -> bool {
    kept.len() >= ERASED_BYTES && digest.starts_with(kept)
}
