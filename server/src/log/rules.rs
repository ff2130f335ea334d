//! Judging a send: the rules of `docs/protocol.md` §4 in the order they apply, the same for every log.

use snug_shared::{Author, Body, Emoji, ErrorCode, Intent, Message, Seq};
use uuid::Uuid;

use super::{
    Append,
    digest::{self, Digest},
};
use crate::policy::{Denial, Policy, Subject, subject};

/// Different reactions one message can have. An entry travels whole, so what is on it has to fit into a frame.
pub const REACTION_KINDS: usize = 64;

/// The facts on one room that the rules need, as they are at this moment.
pub(super) trait Facts {
    /// Why a fact could not be found out.
    type Error;

    /// The entry this author made with this id, and what is kept of its digest.
    fn sent(&self, author: &Author, id: Uuid) -> Result<Option<(Seq, Vec<u8>)>, Self::Error>;

    /// The facts on a message; `None` when the entry is none or not there.
    fn message(&self, seq: Seq) -> Result<Option<Subject>, Self::Error>;

    /// Whether this author's reaction is on a message now, and the entry that made it so.
    fn reaction(
        &self,
        message: Seq,
        emoji: &Emoji,
        author: &Author,
    ) -> Result<Option<(bool, Seq)>, Self::Error>;

    /// How many different reactions a message has; 0 when this is one of them.
    fn other_kinds(&self, message: Seq, emoji: &Emoji) -> Result<usize, Self::Error>;
}

/// The decision on a send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Number it and keep it.
    Enter,
    /// Answer with this entry: it came before.
    Repeat(Seq),
    /// Answer with this entry: nothing would change.
    Unchanged(Seq),
    /// Say no.
    Refuse(Denial),
}

/// Decides on one send.
pub(super) fn judge<F: Facts>(
    policy: Policy,
    facts: &F,
    append: &Append,
    digest: &Digest,
) -> Result<Verdict, F::Error> {
    let Append { actor, id, intent, .. } = append;
    if let Some((seq, kept)) = facts.sent(&actor.author, *id)? {
        return Ok(if digest::is_same(&kept, digest) {
            Verdict::Repeat(seq)
        } else {
            refuse(ErrorCode::IdConflict, "That id was used for another message.")
        });
    }
    let subject = match subject(intent) {
        Some(seq) => facts.message(seq)?,
        None => None,
    };
    if let Err(denial) = policy(actor, intent, subject.as_ref()) {
        return Ok(Verdict::Refuse(denial));
    }
    let Intent::React { target, emoji, on } = intent else { return Ok(Verdict::Enter) };
    Ok(match facts.reaction(*target, emoji, &actor.author)? {
        Some((is_on, seq)) if is_on == *on => Verdict::Unchanged(seq),
        None if !on => refuse(ErrorCode::NotFound, "That reaction doesn’t exist."),
        _ if *on && facts.other_kinds(*target, emoji)? >= REACTION_KINDS => {
            refuse(ErrorCode::NotAllowed, "That message can’t have any more different reactions.")
        }
        _ => Verdict::Enter,
    })
}

const fn refuse(code: ErrorCode, reason: &'static str) -> Verdict {
    Verdict::Refuse(Denial::new(code, reason))
}

/// The body of an intent's entry.
pub(super) fn body(intent: Intent) -> Body {
    match intent {
        Intent::Message { text, reply_to } => {
            Body::Message(Message { text: Some(text), reply_to, present: None })
        }
        Intent::Edit { target, text } => Body::Edited { target, text: Some(text) },
        Intent::Delete { target } => Body::Deleted { target },
        Intent::React { target, emoji, on } => Body::Reacted { target, emoji, on },
        Intent::Topic { topic } => Body::Topic { topic },
        Intent::Act(act) => Body::Act(act),
    }
}
