//! A send that has not come back, and how far it is.

use std::time::Instant;

use snug_shared::{ClientFrame, Intent, MessageText, Millis};
use uuid::Uuid;

use crate::{frame::Frame, markup::Markup};

/// A send that has not come back.
#[derive(Debug)]
pub struct PendingSend {
    /// Its id, kept for every try.
    pub id: Uuid,
    /// When it was typed.
    pub at: Millis,
    /// What it says or does.
    pub intent: Intent,
    /// How far it is.
    pub state: SendState,
    /// What this message shall say once it has come back: only then can it be edited.
    pub edit: Option<MessageText>,
    /// What it says as a message, read.
    pub(crate) markup: Markup,
    /// The same as it is kept and sent.
    pub(super) frame: Frame,
    /// Its share of [`BYTES`](super::BYTES).
    pub(super) bytes: usize,
    pub(super) tries: u32,
    /// Its id is used up: the next try has another.
    pub(super) needs_new_id: bool,
    /// Its place in the list: larger than that of all that were added before.
    pub(crate) order: u64,
}

impl PendingSend {
    /// Its order comes from the list it is added to.
    pub(super) fn new(id: Uuid, intent: Intent, at: Millis, state: SendState) -> Self {
        let bytes = size(&intent);
        let frame = ClientFrame::Send { id, intent: intent.clone() }.into();
        let markup = match &intent {
            Intent::Message { text, .. } => Markup::parse(text.as_str()),
            _ => Markup::default(),
        };
        let (edit, tries, needs_new_id, order) = (None, 0, false, 0);
        Self { id, at, intent, state, edit, markup, frame, bytes, tries, needs_new_id, order }
    }

    /// Changes what it shall say once it has come back.
    pub(super) fn set_edit(&mut self, text: MessageText) {
        self.markup = Markup::parse(text.as_str());
        self.edit = Some(text);
    }

    /// Whether it can show in the timeline: as a row, or on the row it changes.
    pub(crate) fn has_row(&self) -> bool {
        matches!(self.intent, Intent::Message { .. }) || self.intent.target().is_some()
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
    Failed(Failure),
}

/// Why a send failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A sentence for a person.
    pub reason: String,
    /// Whether trying again can help.
    pub can_retry: bool,
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
