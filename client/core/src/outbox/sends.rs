//! The one list of what has not come back, in the order it was typed. The queue takes from it, the timeline shows it.

use std::collections::{BTreeSet, VecDeque};

use snug_shared::{Intent, MessageText, Seq};
use uuid::Uuid;

use super::pending::{PendingSend, SendState};

/// What has not come back. Bounded by [`Outbox::add`](super::Outbox::add).
#[derive(Debug, Default)]
pub struct Sends {
    list: VecDeque<PendingSend>,
    bytes: usize,
    /// The orders of the messages among them: each is a row of the timeline.
    messages: VecDeque<u64>,
    /// Which messages of the log the others change, and their orders.
    changes: BTreeSet<(Seq, u64)>,
    /// Counts what came, went or changed its looks: no order is given twice.
    next: u64,
}

impl Sends {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All, in the order they were typed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &PendingSend> {
        self.list.iter()
    }

    /// The send of this id.
    pub fn get(&self, id: Uuid) -> Option<&PendingSend> {
        self.list.iter().find(|send| send.id == id)
    }

    /// The first that has not failed.
    pub fn first_to_go(&self) -> Option<&PendingSend> {
        self.list.iter().find(|send| !matches!(send.state, SendState::Failed(_)))
    }

    /// How many of them are messages.
    pub fn messages(&self) -> usize {
        self.messages.len()
    }

    /// A message by its place among the messages.
    pub fn message(&self, index: usize) -> Option<&PendingSend> {
        self.list.get(self.index(*self.messages.get(index)?)?)
    }

    /// Where the message of this order is among the messages, or where it would be.
    pub(crate) fn nearest_message(&self, order: u64) -> usize {
        self.messages.partition_point(|known| *known < order)
    }

    /// The oldest own change to a message of the log.
    pub fn change_to(&self, target: Seq) -> Option<&PendingSend> {
        let (_, order) = self.changes.range((target, 0)..=(target, u64::MAX)).next()?;
        self.list.get(self.index(*order)?)
    }

    /// Changes whenever one comes, goes or changes its looks.
    pub fn revision(&self) -> u64 {
        self.next
    }

    /// The sum of their sizes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn index(&self, order: u64) -> Option<usize> {
        self.list.binary_search_by_key(&order, |send| send.order).ok()
    }

    /// Adds a send behind all others.
    pub(super) fn push(&mut self, mut send: PendingSend) {
        send.order = self.count();
        self.bytes += send.bytes;
        match (&send.intent, send.intent.target()) {
            (Intent::Message { .. }, _) => self.messages.push_back(send.order),
            (_, Some(target)) => _ = self.changes.insert((target, send.order)),
            (_, None) => {}
        }
        self.list.push_back(send);
    }

    pub(super) fn remove(&mut self, id: Uuid) -> Option<PendingSend> {
        let index = self.list.iter().position(|send| send.id == id)?;
        let send = self.list.remove(index)?;
        let _ = self.count();
        self.bytes -= send.bytes;
        if let Ok(index) = self.messages.binary_search(&send.order) {
            let _ = self.messages.remove(index);
        }
        if let Some(target) = send.intent.target() {
            let _ = self.changes.remove(&(target, send.order));
        }
        Some(send)
    }

    /// Changes how far a send is. Answers the send when there is one.
    pub(super) fn set(&mut self, id: Uuid, state: SendState) -> Option<&mut PendingSend> {
        let send = self.list.iter_mut().find(|send| send.id == id)?;
        // What waits looks as what is on its way.
        if matches!(send.state, SendState::Failed(_)) || matches!(state, SendState::Failed(_)) {
            self.next += 1;
        }
        send.state = state;
        Some(send)
    }

    /// Changes what a message shall say once it has come back. Answers whether there is such a message, which has not failed.
    pub(super) fn edit(&mut self, id: Uuid, text: MessageText) -> bool {
        let may_change = |send: &&mut PendingSend| {
            send.id == id
                && matches!(send.intent, Intent::Message { .. })
                && !matches!(send.state, SendState::Failed(_))
        };
        let Some(send) = self.list.iter_mut().find(may_change) else { return false };
        let replaced = send.edit.as_ref().map_or(0, |edit| edit.as_str().len());
        let added = text.as_str().len();
        send.set_edit(text);
        send.bytes = send.bytes + added - replaced;
        self.bytes = self.bytes + added - replaced;
        self.next += 1;
        true
    }

    /// Takes all out, so that they can be added behind others. Their numbers are not given again.
    pub(super) fn take(&mut self) -> VecDeque<PendingSend> {
        (self.bytes, self.next) = (0, self.next + 1);
        self.messages.clear();
        self.changes.clear();
        std::mem::take(&mut self.list)
    }

    /// The connection is gone: what was on the wire waits again.
    pub(super) fn off_the_wire(&mut self) {
        for send in &mut self.list {
            if matches!(send.state, SendState::OnTheWire { .. }) {
                (send.state, send.tries) = (SendState::Waiting, 0);
            }
        }
    }

    fn count(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}
