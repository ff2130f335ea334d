//! A send that has not come back, and how far it is.

use std::time::Instant;

use snug_shared::{ClientFrame, Emoji, Intent, Millis, Seq};
use uuid::Uuid;

use super::record::Record;
use crate::frame::Frame;

/// A send that has not come back.
#[derive(Debug)]
pub struct PendingSend {
    /// Its id, kept for every try.
    pub id: Uuid,
    /// When it was typed.
    pub at: Millis,
    /// How far it is.
    pub state: SendState,
    pub(super) frame: Frame,
    /// The reaction it is, which an entry under another id may settle.
    pub(super) reaction: Option<OwnReaction>,
    /// Its share of [`BYTES`](super::BYTES).
    pub(super) bytes: usize,
    pub(super) tries: u32,
    /// Its id is used up: the next try has another.
    pub(super) needs_new_id: bool,
}

/// A reaction to set or to take away.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnReaction {
    pub target: Seq,
    pub emoji: Emoji,
    pub on: bool,
}

impl PendingSend {
    pub(super) fn new(id: Uuid, intent: Intent, at: Millis, state: SendState) -> Self {
        let reaction = match &intent {
            Intent::React { target, emoji, on } => {
                Some(OwnReaction { target: *target, emoji: emoji.clone(), on: *on })
            }
            _ => None,
        };
        let bytes = size(&intent);
        let frame = ClientFrame::Send { id, intent }.into();
        Self { id, at, state, frame, reaction, bytes, tries: 0, needs_new_id: false }
    }

    pub(super) fn record(&self) -> Record {
        Record::Send { id: Some(self.id), at: self.at, frame: self.frame.clone() }
    }

    /// Its intent, decoded from the frame.
    pub fn intent(&self) -> Option<Intent> {
        match self.frame.decode()? {
            ClientFrame::Send { intent, .. } => Some(intent),
            _ => None,
        }
    }
}

/// How far a send is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendState {
    /// It is being written to the disk.
    Keeping,
    /// It is on the disk and waits for its turn.
    Waiting,
    /// It was sent.
    OnTheWire {
        /// When.
        since: Instant,
    },
    /// It will not go out by itself.
    Failed {
        /// A sentence for a person.
        reason: String,
        /// Whether trying again can help.
        can_retry: bool,
    },
}

/// A send's share of [`BYTES`](super::BYTES).
fn size(intent: &Intent) -> usize {
    match intent {
        Intent::Message { text, .. } | Intent::Edit { text, .. } => text.as_str().len(),
        Intent::React { emoji, .. } => emoji.as_str().len(),
        Intent::Topic { topic } => topic.as_str().len(),
        Intent::Act(act) => act.bytes(),
        Intent::Delete { .. } => 0,
    }
}
