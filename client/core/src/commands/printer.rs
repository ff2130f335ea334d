//! Entries as lines for people, and what others wrote made escape_controls for a terminal.

use std::{
    borrow::Cow,
    io::{self, IsTerminal},
};

use jiff::tz::TimeZone;
use snug_shared::{AuthorKind, Body, Entry, Line, MessageText, Seq};

use crate::format;

/// What a message's further lines begin with, so that none of them looks like somebody else's message.
const INDENT: &str = "    ";

/// A text on one line, with what would steer a terminal or turn the words around written out as `\u{…}`.
pub(super) fn escape_controls(text: &str) -> Cow<'_, str> {
    escaped(text, |c, shown| shown.extend(c.escape_unicode()))
}

/// JSON as it came; for a terminal with the same characters written as JSON writes them.
pub(super) fn json(line: &str) -> Cow<'_, str> {
    if io::stdout().is_terminal() { escaped_json(line) } else { line.into() }
}

fn escaped_json(line: &str) -> Cow<'_, str> {
    // All of them lie in the first plane, so that one escape is enough.
    escaped(line, |c, shown| shown.push_str(&format!("\\u{:04x}", u32::from(c))))
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(steers) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) { escape(c, &mut shown) } else { shown.push(c) }
    }
    shown.into()
}

/// Controls, and what changes the direction of what follows.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Tells entries, knowing which changes were told with the message they changed.
#[derive(Debug)]
pub(super) struct Printer {
    zone: TimeZone,
    /// The first entry told; 0 when there is none yet.
    first: Seq,
    /// Up to here, changes are in the messages as they were told.
    folded: Seq,
}

impl Printer {
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, first: 0, folded: 0 }
    }

    /// An entry as a line, or as several; none when there is nothing new in it, or nothing this version understands.
    pub fn line(&mut self, line: &Line) -> Option<String> {
        match line {
            Line::Entry(entry) => self.entry(entry),
            Line::Damaged(seq) => {
                Some(format!("Entry {seq} can't be read: it's damaged on the server's disk."))
            }
            Line::Opaque(_) => None,
        }
    }

    fn entry(&mut self, entry: &Entry) -> Option<String> {
        if self.first == 0 {
            self.first = entry.seq;
        }
        if let Some(present) = entry.message().and_then(|message| message.present.as_ref()) {
            self.folded = self.folded.max(present.as_of);
        }
        let is_told = entry.body.target().is_some_and(|target| target >= self.first);
        if is_told && entry.seq <= self.folded {
            return None;
        }
        let what = match &entry.body {
            Body::Message(message) => {
                let edited = message.present.as_ref().is_some_and(|present| present.edited.is_some());
                let said = said(message.text.as_ref());
                format!(": {said}{}", if edited { " (edited)" } else { "" })
            }
            Body::Edited { text, .. } => format!(" edited a message: {}", said(text.as_ref())),
            Body::Deleted { .. } => " deleted a message".to_owned(),
            Body::Reacted { emoji, on: true, .. } => format!(" reacted {}", escape_controls(emoji.as_str())),
            Body::Reacted { emoji, on: false, .. } => {
                format!(" removed {}", escape_controls(emoji.as_str()))
            }
            // No sentence for any of them yet.
            Body::Act(_) => return None,
            Body::Topic { topic } if topic.is_empty() => " removed the topic".to_owned(),
            Body::Topic { topic } => format!(" set the topic: {}", escape_controls(topic.as_str())),
        };
        let automated = if entry.by.kind() == AuthorKind::Http { " (automated)" } else { "" };
        let (time, user) = (format::stamp(entry.at, &self.zone), escape_controls(entry.user.as_str()));
        Some(format!("{time} {user}{automated}{what}"))
    }
}

fn said(text: Option<&MessageText>) -> String {
    let Some(text) = text else { return "(deleted)".to_owned() };
    let lines = text.as_str().split('\n');
    // A tab is escape_controls, and tables need it.
    let lines = lines.map(|line| line.split('\t').map(escape_controls).collect::<Vec<_>>().join("\t"));
    lines.collect::<Vec<_>>().join(&format!("\n{INDENT}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(printer: &mut Printer, fields: Value) -> Option<String> {
        let mut whole = json!({
            "type": "chat_message", "seq": 1, "id": "0196f1d0-7b3a-7c4e-9f2a-0123456789ab",
            "at": 1_763_682_492_000_i64, "user": "maya", "by": format!("s:{}", "a".repeat(26)),
        });
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let line = printer.line(&serde_json::from_value(whole).unwrap())?;
        Some(line.strip_prefix("2025-11-20 23:48:12 ").unwrap_or(&line).to_owned())
    }

    #[test]
    fn each_kind_of_entry_is_a_line() {
        let mut printer = Printer::new(TimeZone::UTC);
        for (fields, line) in [
            (json!({"message": "hi"}), "maya: hi"),
            (json!({"message": "done", "user": "ci", "by": "h:ci"}), "ci (automated): done"),
            (json!({"message": "", "deleted": true, "as_of": 1}), "maya: (deleted)"),
            (json!({"message": "fixed", "edited": 1, "as_of": 1}), "maya: fixed (edited)"),
            (
                json!({"seq": 2, "type": "edited", "target": 1, "message": "new"}),
                "maya edited a message: new",
            ),
            (json!({"seq": 2, "type": "deleted", "target": 1}), "maya deleted a message"),
            (json!({"seq": 2, "type": "reacted", "target": 1, "emoji": "👍", "on": true}), "maya reacted 👍"),
            (
                json!({"seq": 2, "type": "reacted", "target": 1, "emoji": "👍", "on": false}),
                "maya removed 👍",
            ),
            (json!({"type": "topic", "topic": "Tea"}), "maya set the topic: Tea"),
            (json!({"type": "topic", "topic": ""}), "maya removed the topic"),
            (
                json!({"type": "damaged", "seq": 7}),
                "Entry 7 can't be read: it's damaged on the server's disk.",
            ),
        ] {
            assert_eq!(told(&mut printer, fields).as_deref(), Some(line));
        }
    }

    #[test]
    fn a_change_is_told_once() {
        let mut printer = Printer::new(TimeZone::UTC);
        let edit = |seq, target| json!({"seq": seq, "type": "edited", "target": target, "message": "new"});
        assert!(told(&mut printer, json!({"seq": 5, "message": "new", "edited": 6, "as_of": 7})).is_some());
        assert_eq!(told(&mut printer, edit(6, 5)), None, "the message was told as it is now");
        assert!(told(&mut printer, edit(7, 4)).is_some(), "that message was not told");
        assert!(told(&mut printer, edit(8, 5)).is_some(), "it changed afterwards");
    }

    #[test]
    fn nothing_that_others_wrote_steers_the_terminal() {
        let mut printer = Printer::new(TimeZone::UTC);
        let line =
            told(&mut printer, json!({"message": "a\tb \u{202e}gpj.exe\n2025-11-20 23:48:12 root: rm"}));
        assert_eq!(line.unwrap(), "maya: a\tb \\u{202e}gpj.exe\n    2025-11-20 23:48:12 root: rm");
        assert_eq!(escape_controls("\u{1b}]0;x\u{7}\u{9b}2J\r\n"), r"\u{1b}]0;x\u{7}\u{9b}2J\u{d}\u{a}");
        assert_eq!(escape_controls("👩‍🚀 ok é"), "👩‍🚀 ok é");
        assert_eq!(escaped_json("{\"message\":\"\u{9b}2J \u{202e}\"}"), r#"{"message":"\u009b2J \u202e"}"#);
    }
}
