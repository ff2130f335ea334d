//! Own sends the server does not have yet, as the reader sees them: messages stand below the log in the order they were
//! typed; a change to a message shows on that message.

use std::collections::BTreeMap;

use snug_shared::{Intent, MessageText, Millis, Seq};
use uuid::Uuid;

use super::row::Delivery;

/// A message that is not in the log yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub id: Uuid,
    /// The place among the own sends.
    pub order: u64,
    pub at: Millis,
    pub text: MessageText,
    pub reply_to: Option<Seq>,
    pub failure: Option<Failure>,
    pub revision: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub reason: String,
    pub can_retry: bool,
}

#[derive(Debug)]
struct Change {
    id: Uuid,
    failure: Option<Failure>,
}

#[derive(Debug, Default)]
pub(super) struct Sends {
    pub messages: Vec<Pending>,
    changes: BTreeMap<(Seq, u64), Change>,
    next: u64,
}

impl Sends {
    /// Adds a send, or takes a failed one as being on its way again. Answers which message it changes.
    pub fn sending(&mut self, id: Uuid, intent: &Intent, at: Millis) -> Option<Seq> {
        if let Some(known) = self.fail(id, None) {
            return known;
        }
        let order = self.next;
        self.next += 1;
        match intent {
            Intent::Message { text, reply_to } => {
                let (text, reply_to) = (text.clone(), *reply_to);
                self.messages.push(Pending { id, order, at, text, reply_to, failure: None, revision: 0 });
                None
            }
            other => {
                let target = other.target()?;
                let _ = self.changes.insert((target, order), Change { id, failure: None });
                Some(target)
            }
        }
    }

    /// Sets or clears a failure. The outer `None`: no such send; the inner one: it changes no message.
    pub fn fail(&mut self, id: Uuid, failure: Option<Failure>) -> Option<Option<Seq>> {
        if let Some(pending) = self.messages.iter_mut().find(|pending| pending.id == id) {
            pending.failure = failure;
            pending.revision += 1;
            return Some(None);
        }
        let ((target, _), change) = self.changes.iter_mut().find(|(_, change)| change.id == id)?;
        change.failure = failure;
        Some(Some(*target))
    }

    /// Strikes a send off. Answers as [`Self::fail`] does.
    pub fn settled(&mut self, id: Uuid) -> Option<Option<Seq>> {
        if let Some(index) = self.messages.iter().position(|pending| pending.id == id) {
            let _ = self.messages.remove(index);
            return Some(None);
        }
        let key = *self.changes.iter().find(|(_, change)| change.id == id)?.0;
        let _ = self.changes.remove(&key);
        Some(Some(key.0))
    }

    /// The state of the oldest own change to a message.
    pub fn change_to(&self, seq: Seq) -> Delivery<'_> {
        match self.changes.range((seq, 0)..=(seq, u64::MAX)).next() {
            None => Delivery::Sent,
            Some((_, change)) => delivery(change.id, change.failure.as_ref()),
        }
    }
}

impl Pending {
    pub fn delivery(&self) -> Delivery<'_> {
        delivery(self.id, self.failure.as_ref())
    }
}

fn delivery(send: Uuid, failure: Option<&Failure>) -> Delivery<'_> {
    match failure {
        None => Delivery::Sending,
        Some(failure) => Delivery::Failed { send, reason: &failure.reason, can_retry: failure.can_retry },
    }
}
