//! Sending, retrying and giving up.

use snug_shared::{Intent, MessageText, Seq};
use uuid::Uuid;

use super::{Effect, NotTaken, Session};
use crate::timeline::OwnMessage;

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
        let outbox = self.timeline.outbox_mut();
        if let Some(error) = outbox.error() {
            return Err(error.clone().into());
        }
        let keeping = outbox.add(Uuid::now_v7(), intent, (self.clock)())?;
        self.typed = None;
        Ok(self.go_on(vec![Effect::keep(keeping)]))
    }

    /// Gives an own message another text. One that is still on its way is changed as soon as the server has it.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was changed and the composer keeps the text.
    pub fn edit(&mut self, message: OwnMessage, text: &str) -> Result<Vec<Effect>, NotTaken> {
        let text = MessageText::parse(text)?;
        if let OwnMessage::Pending(id) = message
            && let Some(keeping) = self.timeline.outbox_mut().edit(id, text.clone())?
        {
            return Ok(self.go_on(vec![Effect::keep(keeping)]));
        }
        // It may have come back while the text was written.
        let target = self.timeline.own(message).and_then(|message| message.seq).ok_or(NotTaken::Gone)?;
        self.submit(Intent::Edit { target, text })
    }

    /// Tries a failed send again, behind what was typed since.
    pub fn retry(&mut self, send: Uuid) -> Vec<Effect> {
        let keeping = self.timeline.outbox_mut().retry(send, Uuid::now_v7());
        self.go_on(keeping.into_iter().map(Effect::keep).collect())
    }

    /// Gives a send up that is not on the wire.
    pub fn discard(&mut self, send: Uuid) -> Vec<Effect> {
        let _ = self.timeline.outbox_mut().discard(send);
        self.go_on(Vec::new())
    }
}
