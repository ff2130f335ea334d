//! The records of the journal: one line each, with its own checksum.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use snug_shared::{ClientFrame, MessageText, Millis};
use uuid::Uuid;

use super::pending::{Failure, PendingSend};
use crate::frame::Frame;

/// Bytes of SHA-256 kept a line: enough to tell a torn or rotten line from a whole one.
const CHECKSUM: usize = 8;

/// One step in a send's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// It shall go out.
    Send {
        /// The frame's id. On the disk it is in the frame only.
        #[serde(skip)]
        id: Option<Uuid>,
        at: Millis,
        frame: Frame,
    },
    /// It will not go out by itself.
    Failed { id: Uuid, reason: String, can_retry: bool },
    /// It shall be tried again, perhaps under another id.
    Again { id: Uuid, new: Uuid },
    /// It is a message that shall say something else once it has come back.
    Edit { id: Uuid, text: MessageText },
    /// The server has it, or nobody wants it any more.
    Done { id: Uuid },
}

/// A send as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredSend {
    pub id: Uuid,
    pub at: Millis,
    pub frame: Frame,
    /// Why it will not go out by itself.
    pub failed: Option<Failure>,
    /// What the message shall say once it has come back.
    pub edit: Option<MessageText>,
}

impl Record {
    /// That a send shall go out.
    pub fn of(send: &PendingSend) -> Self {
        Self::Send { id: Some(send.id), at: send.at, frame: send.frame.clone() }
    }

    pub fn to_line(&self) -> String {
        // Only strings, numbers and ids: serde_json has nothing to refuse.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{} {json}\n", checksum(&json))
    }

    /// `None` for a line that is not whole.
    pub fn from_line(line: &[u8]) -> Option<Self> {
        let (sum, json) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let mut record = (checksum(json) == sum).then(|| serde_json::from_str(json).ok())??;
        if let Self::Send { id, frame, .. } = &mut record {
            // A frame of a later version is kept out of the queue: nobody here could show it.
            if let Some(ClientFrame::Send { id: own, .. }) = frame.decode() {
                *id = Some(own);
            }
        }
        Some(record)
    }
}

fn checksum(json: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(json.as_bytes())[..CHECKSUM])
}

/// The same send under another id.
pub(super) fn under(id: Uuid, frame: Frame) -> Frame {
    match frame.decode() {
        Some(ClientFrame::Send { intent, .. }) => ClientFrame::Send { id, intent }.into(),
        _ => frame,
    }
}

/// Takes a record into account.
pub(super) fn apply(sends: &mut Vec<StoredSend>, record: Record) {
    match record {
        Record::Send { id, at, frame } => {
            if let Some(id) = id
                && !sends.iter().any(|kept| kept.id == id)
            {
                sends.push(StoredSend { id, at, frame, failed: None, edit: None });
            }
        }
        Record::Failed { id, reason, can_retry } => {
            if let Some(kept) = sends.iter_mut().find(|kept| kept.id == id) {
                kept.failed = Some(Failure { reason, can_retry });
            }
        }
        Record::Again { id, new } => {
            let is_taken = new != id && sends.iter().any(|kept| kept.id == new);
            // A retry comes after the messages that were typed since.
            if let Some(index) = sends.iter().position(|kept| kept.id == id && !is_taken) {
                let kept = sends.remove(index);
                let frame = if new == id { kept.frame } else { under(new, kept.frame) };
                sends.push(StoredSend { id: new, frame, failed: None, ..kept });
            }
        }
        Record::Edit { id, text } => {
            if let Some(kept) = sends.iter_mut().find(|kept| kept.id == id) {
                kept.edit = Some(text);
            }
        }
        Record::Done { id } => sends.retain(|kept| kept.id != id),
    }
}

/// Reads a journal. Answers how many lines were not whole, the torn last one left out of the count.
pub(super) fn read(journal: &[u8]) -> (Vec<StoredSend>, usize) {
    let (mut sends, mut damaged) = (Vec::new(), 0);
    let mut lines = journal.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        match Record::from_line(line) {
            // A last line without its line break was never confirmed, whole or not.
            _ if lines.peek().is_none() => {}
            Some(record) => apply(&mut sends, record),
            None => damaged += 1,
        }
    }
    (sends, damaged)
}

/// A journal that says the same in as few lines as can be.
pub(super) fn write(sends: &[StoredSend]) -> String {
    let mut journal = String::new();
    for kept in sends {
        let send = Record::Send { id: Some(kept.id), at: kept.at, frame: kept.frame.clone() };
        journal.push_str(&send.to_line());
        if let Some(Failure { reason, can_retry }) = kept.failed.clone() {
            journal.push_str(&Record::Failed { id: kept.id, reason, can_retry }.to_line());
        }
        if let Some(text) = kept.edit.clone() {
            journal.push_str(&Record::Edit { id: kept.id, text }.to_line());
        }
    }
    journal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use snug_shared::Intent;

    use super::*;

    fn send(id: Uuid, at: Millis, text: String) -> Record {
        let text = MessageText::parse(text).expect("a text");
        let intent = Intent::Message { text, reply_to: None };
        Record::Send { id: Some(id), at, frame: ClientFrame::Send { id, intent }.into() }
    }

    fn record() -> impl Strategy<Value = Record> {
        let id = (0u128..6).prop_map(Uuid::from_u128);
        prop_oneof![
            (id.clone(), any::<i64>(), "[a-z\\n\"\\\\é]{1,9}x")
                .prop_map(|(id, at, words)| send(id, at, words)),
            (id.clone(), ".*", any::<bool>()).prop_map(|(id, reason, can_retry)| Record::Failed {
                id,
                reason,
                can_retry
            }),
            (id.clone(), id.clone()).prop_map(|(id, new)| Record::Again { id, new }),
            (id.clone(), "[a-z\\n\"\\\\é]{1,9}x").prop_map(|(id, words)| {
                Record::Edit { id, text: MessageText::parse(words).expect("a text") }
            }),
            id.prop_map(|id| Record::Done { id }),
        ]
    }

    proptest! {
        #[test]
        fn a_journal_cut_anywhere_says_what_its_whole_lines_say(
            records in proptest::collection::vec(record(), 0..30), cut in any::<prop::sample::Index>(),
        ) {
            let lines: Vec<String> = records.iter().map(Record::to_line).collect();
            let journal = lines.concat();
            let cut = cut.index(journal.len() + 1);
            let (mut expected, mut end) = (Vec::new(), 0);
            for (line, record) in lines.iter().zip(&records) {
                end += line.len();
                if end <= cut {
                    apply(&mut expected, record.clone());
                }
            }
            prop_assert_eq!(read(&journal.as_bytes()[..cut]), (expected, 0));
        }

        #[test]
        fn a_rewritten_journal_says_the_same(records in proptest::collection::vec(record(), 0..30)) {
            let mut sends = Vec::new();
            records.into_iter().for_each(|record| apply(&mut sends, record));
            prop_assert_eq!(read(write(&sends).as_bytes()), (sends, 0));
        }

        #[test]
        fn a_flipped_byte_costs_at_most_its_own_line(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let text = |number: u128| format!("message {number}");
            let line = |number| send(Uuid::from_u128(number), 0, text(number)).to_line();
            let mut journal = (0..5).map(line).collect::<String>().into_bytes();
            let at = at.index(journal.len());
            journal[at] ^= 1 << bit;
            let (sends, _) = read(&journal);
            // A line break that rots takes the line after it along.
            prop_assert!(sends.len() >= 3);
            for kept in sends {
                let Some(ClientFrame::Send { intent: Intent::Message { text: words, .. }, .. }) =
                    kept.frame.decode()
                else {
                    panic!("another kind")
                };
                prop_assert_eq!(words.as_str(), text(kept.id.as_u128()));
            }
        }
    }
}
