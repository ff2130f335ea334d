//! What is copied of a selection.

use super::{
    Selection, part,
    seen::{seen, words},
};
use crate::{
    format,
    timeline::{MessageRow, Row, Timeline},
};

/// Bytes that are copied at once, at most: some 10,000 usual messages. What is beyond is left out, whole messages of it.
pub const COPIED: usize = 1 << 20;

/// A text for the clipboard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// The text.
    pub text: String,
    /// Whether there was more than [`COPIED`].
    pub is_cut: bool,
}

impl Selection {
    /// What is selected, as text: of one message its words alone, of several a line for each with who said it and when.
    pub fn copied(&self, timeline: &Timeline) -> Copied {
        let range = self.range(timeline);
        let mut parts: Vec<(MessageRow<'_>, String)> = Vec::new();
        let (mut bytes, mut is_cut) = (0, false);
        for index in timeline.nearest(range.start.row)..timeline.len() {
            let Some(row) = timeline.id(index).filter(|row| *row <= range.end.row) else { break };
            let Some(Row::Message(message)) = timeline.row(index) else { continue };
            let (Some(text), Some(words)) = (message.text, words(&message)) else { continue };
            let Some(part) = part(&range, row, &words) else { continue };
            let part = seen(text, message.markup, &part);
            if part.is_empty() {
                continue;
            }
            bytes += part.len() + LINE;
            if bytes > COPIED {
                is_cut = true;
                break;
            }
            parts.push((message, part));
        }
        Copied { text: lines(parts, timeline), is_cut }
    }
}

/// The assumed length of a name and a time.
const LINE: usize = 64;

fn lines(mut parts: Vec<(MessageRow<'_>, String)>, timeline: &Timeline) -> String {
    if parts.len() < 2 {
        return parts.pop().map(|(_, text)| text).unwrap_or_default();
    }
    let zone = timeline.zone();
    let day = |at| format::stamp(at, zone).split(' ').next().map(str::to_owned);
    let days = (parts.first(), parts.last());
    // A time alone says too little when it could be of another day.
    let is_one_day = matches!(days, (Some(first), Some(last)) if day(first.0.at) == day(last.0.at));
    let mut text = String::with_capacity(parts.iter().map(|(_, part)| part.len() + LINE).sum());
    for (message, part) in &parts {
        let time =
            if is_one_day { format::clock(message.at, zone) } else { format::minute(message.at, zone) };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(message.user.as_str());
        text.push_str(", ");
        text.push_str(&time);
        text.push_str(": ");
        text.push_str(part);
    }
    text
}
