//! Events of one room that its flusher has not seen yet.

use std::collections::VecDeque;

use tokio::sync::Notify;

use super::coalesce;
use crate::{
    event::{Change, Event},
    layer::Receiver,
    sync::{Ranked, rank},
};

/// Events that may wait. The log's queue bounds the entries that are under way at once; beyond this number an entry is left
/// out and read from the log.
const WAITING: usize = 16_384;

/// What the channel layer has brought: it belongs to the room from before the room is read from the log, so that nothing falls
/// between.
#[derive(Default)]
pub struct Inbox {
    waiting: Ranked<Waiting, rank::Leaf>,
    /// Wakes the room's flusher.
    pub wake: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Entries and signs of typing.
    events: VecDeque<Event>,
    /// Changes of presence. They are applied by whoever looks at the room's members next.
    changes: Vec<Change>,
    /// Whether something was left out because too much waited.
    overflowed: bool,
}

impl Inbox {
    /// How many entries and signs of typing wait.
    pub fn len(&self) -> usize {
        self.waiting.lock().events.len()
    }

    /// Takes the oldest events, at most `most`, and says whether there are more.
    pub fn take(&self, most: usize) -> (Vec<Event>, bool) {
        let mut waiting = self.waiting.lock();
        let take = waiting.events.len().min(most);
        let events = waiting.events.drain(..take).collect();
        (events, !waiting.events.is_empty())
    }

    /// Takes all changes of presence.
    pub fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.waiting.lock().changes)
    }

    /// Whether something was left out since this was last asked.
    pub fn has_overflowed(&self) -> bool {
        std::mem::take(&mut self.waiting.lock().overflowed)
    }
}

impl Receiver for Inbox {
    fn receive(&self, event: Event) {
        let mut waiting = self.waiting.lock();
        if waiting.events.len() + waiting.changes.len() >= WAITING {
            waiting.overflowed = true;
            return;
        }
        let wake = match event {
            Event::Presence(change) => {
                waiting.changes.push(change);
                waiting.changes.len() == 1
            }
            event => {
                waiting.events.push_back(event);
                // Notify once per batch: the flusher drains the queue when it runs. While it gathers it waits for a full batch.
                matches!(waiting.events.len(), 1 | coalesce::BATCH)
            }
        };
        drop(waiting);
        if wake {
            self.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use snug_shared::{Author, Nickname};

    use super::*;
    use crate::event::{Version, What};

    #[test]
    fn it_holds_a_bounded_number_of_events_and_says_that_some_were_left_out() {
        let inbox = Inbox::default();
        let user = Nickname::parse("maya").unwrap();
        let by = Author::http(&user);
        for change in 0..=WAITING as u64 / 2 {
            inbox.receive(Event::Typing { connection: 1, user: user.clone(), by: by.clone() });
            inbox.receive(Event::Presence(Change {
                version: Version { incarnation: 1, change },
                what: What::Left { member: 1 },
            }));
        }
        assert_eq!(inbox.len() + inbox.take_changes().len(), WAITING);
        assert!(inbox.has_overflowed());
        assert!(!inbox.has_overflowed());
    }

    #[test]
    fn events_come_out_in_order_and_no_more_than_asked_for() {
        let inbox = Inbox::default();
        let user = Nickname::parse("maya").unwrap();
        let typing = |connection| Event::Typing { connection, user: user.clone(), by: Author::http(&user) };
        (0..3).for_each(|connection| inbox.receive(typing(connection)));
        assert_eq!(inbox.take(2), (vec![typing(0), typing(1)], true));
        assert_eq!(inbox.take(2), (vec![typing(2)], false));
    }
}
