//! Reactions to a message: those that are offered, and whose they are.

use snug_shared::{Author, Reaction};

/// Reactions one press away.
pub(super) const QUICK: [&str; 4] = ["👍", "❤️", "😂", "🎉"];

/// Whether the reader is among those who reacted so.
pub(super) fn is_mine(reaction: &Reaction, me: Option<&Author>) -> bool {
    me.is_some_and(|me| reaction.by.contains(me))
}
