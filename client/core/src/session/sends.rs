//! Sending, retrying and giving up.

use std::time::{SystemTime, UNIX_EPOCH};

use snug_shared::{Intent, MessageText, Millis, Seq};
use uuid::Uuid;

use super::{Effect, NotTaken, Session, Store};
use crate::outbox::{Full, SENDS};

impl Session {
    /// Says something.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was sent and the composer keeps the text.
    pub fn say(&mut self, text: &str, reply_to: Option<Seq>) -> Result<Vec<Effect>, NotTaken> {
        let text = MessageText::parse(text)?;
        self.submit(Intent::Message { text, reply_to })
    }

    /// Sends anything: a message, an edit, a deletion, a reaction, a topic.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was sent.
    pub fn submit(&mut self, intent: Intent) -> Result<Vec<Effect>, NotTaken> {
        let (id, at) = (Uuid::now_v7(), now_millis());
        let mut effects = Vec::new();
        match &mut self.store {
            Store::Open(outbox) => effects.push(Effect::keep(outbox.add(id, intent.clone(), at)?)),
            Store::Opening(early) if early.len() >= SENDS => return Err(Full.into()),
            Store::Opening(early) => early.push((id, intent.clone(), at)),
            Store::Broken(error) => return Err(error.clone().into()),
        }
        self.timeline.sending(id, &intent, at);
        self.typed = None;
        Ok(self.go_on(effects))
    }

    /// Tries a failed send again, behind what was typed since.
    pub fn retry(&mut self, send: Uuid) -> Vec<Effect> {
        let Store::Open(outbox) = &mut self.store else { return Vec::new() };
        let Some((again, keeping)) = outbox.retry(send, Uuid::now_v7()) else { return Vec::new() };
        self.timeline.settled(send);
        if let Some(intent) = again.intent() {
            self.timeline.sending(again.id, &intent, again.at);
        }
        self.go_on(vec![Effect::keep(keeping)])
    }

    /// Gives a send up that is not on the wire.
    pub fn discard(&mut self, send: Uuid) -> Vec<Effect> {
        let is_gone = match &mut self.store {
            Store::Open(outbox) => outbox.discard(send),
            Store::Opening(early) => {
                early.retain(|(id, ..)| *id != send);
                true
            }
            Store::Broken(_) => true,
        };
        if is_gone {
            self.timeline.settled(send);
        }
        self.go_on(Vec::new())
    }
}

fn now_millis() -> Millis {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(now.as_millis()).unwrap_or(Millis::MAX)
}
