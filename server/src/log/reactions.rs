//! Reactions folded into their message, the same for every log.

use snug_shared::{Author, Emoji, Reaction, Seq, limits};

/// Whether one author's reaction is on a message.
#[derive(Debug)]
pub(super) struct ReactionState {
    pub(super) emoji: Emoji,
    pub(super) author: Author,
    pub(super) on: bool,
    /// The entry that made it so.
    pub(super) seq: Seq,
}

/// Counts the reactions to one message. They come in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<Reaction>);

impl Tally {
    /// Counts one more.
    pub(super) fn add(&mut self, emoji: Emoji, author: Author) {
        let place = self.0.iter().position(|reaction| reaction.emoji == emoji).unwrap_or_else(|| {
            self.0.push(Reaction { emoji, count: 0, by: Vec::new() });
            self.0.len() - 1
        });
        let reaction = &mut self.0[place];
        reaction.count = reaction.count.saturating_add(1);
        if reaction.by.len() < limits::REACTION_AUTHORS {
            reaction.by.push(author);
        }
    }

    /// The counted reactions, the oldest first.
    pub(super) fn into_reactions(self) -> Vec<Reaction> {
        self.0
    }
}
