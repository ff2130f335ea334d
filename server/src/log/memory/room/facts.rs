//! What the rules ask a room in memory.

use std::convert::Infallible;

use snug_shared::{Author, Emoji, Seq};
use uuid::Uuid;

use super::MemoryRoom;
use crate::{log::rules::Facts, policy::Subject};

impl Facts for MemoryRoom {
    type Error = Infallible;

    fn sent(&self, author: &Author, id: Uuid) -> Result<Option<(Seq, Vec<u8>)>, Infallible> {
        let seq = self.sends.get(&(author.clone(), id));
        Ok(seq.and_then(|seq| self.kept(*seq)).map(|kept| (kept.entry.seq, kept.digest.to_vec())))
    }

    fn message(&self, seq: Seq) -> Result<Option<Subject>, Infallible> {
        Ok(self.kept(seq).and_then(|kept| {
            let message = kept.entry.message()?;
            Some(Subject { author: kept.entry.by.clone(), deleted: message.text.is_none() })
        }))
    }

    fn reaction(
        &self,
        message: Seq,
        emoji: &Emoji,
        author: &Author,
    ) -> Result<Option<(bool, Seq)>, Infallible> {
        let all = self.kept(message).map(|kept| kept.reactions.iter()).unwrap_or_default();
        let mut own = all.filter(|reaction| reaction.emoji == *emoji && reaction.author == *author);
        Ok(own.next().map(|reaction| (reaction.on, reaction.seq)))
    }

    fn other_kinds(&self, message: Seq, emoji: &Emoji) -> Result<usize, Infallible> {
        let all = self.kept(message).map(|kept| kept.reactions.iter()).unwrap_or_default();
        let mut kinds: Vec<_> = all.filter(|reaction| reaction.on).map(|reaction| &reaction.emoji).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(if kinds.contains(&emoji) { 0 } else { kinds.len() })
    }
}
