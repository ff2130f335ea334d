//! A server's log folded in the plainest way, and a client that sees it through an unreliable line.

use std::collections::BTreeMap;

use proptest::prelude::*;
use snug_core::timeline::Timeline;
use snug_shared::{Author, Body, Emoji, Line, Message, Present, Reaction, Seq, Topic};

use crate::made::{author, emoji, entry, established, text};

#[derive(Default)]
pub struct Log(pub Vec<Line>);

#[derive(Debug, Default, Clone, PartialEq)]
pub struct State {
    pub text: Option<String>,
    pub edited: Option<Seq>,
    pub reactions: BTreeMap<String, Vec<Author>>,
}

impl Log {
    pub fn last(&self) -> Seq {
        self.0.len() as Seq
    }

    pub fn push(&mut self, by: usize, at: i64, body: Body) {
        self.0.push(entry(self.last() + 1, by, at, body).into());
    }

    pub fn states(&self, as_of: Seq) -> BTreeMap<Seq, State> {
        let mut states = BTreeMap::<Seq, State>::new();
        for entry in self.0[..as_of as usize].iter().filter_map(Line::entry) {
            match &entry.body {
                Body::Message(message) => {
                    let text = message.text.as_ref().map(ToString::to_string);
                    let _ = states.insert(entry.seq, State { text, ..State::default() });
                }
                Body::Edited { target, text } => {
                    let state = states.get_mut(target).unwrap();
                    (state.text, state.edited) = (text.as_ref().map(ToString::to_string), Some(entry.seq));
                }
                Body::Deleted { target } => {
                    let state = states.get_mut(target).unwrap();
                    (state.text, state.reactions) = (None, BTreeMap::new());
                }
                Body::Reacted { target, emoji, on } => {
                    let reactions = &mut states.get_mut(target).unwrap().reactions;
                    let by = reactions.entry(emoji.to_string()).or_default();
                    by.retain(|author| *author != entry.by);
                    if *on {
                        by.push(entry.by.clone());
                    }
                    by.sort();
                    if by.is_empty() {
                        let _ = reactions.remove(emoji.as_str());
                    }
                }
                Body::Topic { .. } | Body::Act(_) => {}
            }
        }
        states
    }

    /// Entries as a replay shows them.
    pub fn replay(&self, range: std::ops::RangeInclusive<Seq>) -> Vec<Line> {
        let as_of = self.last();
        let states = self.states(as_of);
        let present = |line: &Line| {
            let mut line = line.clone();
            if let Line::Entry(entry) = &mut line {
                match &mut entry.body {
                    Body::Message(message) => {
                        let state = &states[&entry.seq];
                        let reaction = |(emoji, by): (&String, &Vec<Author>)| Reaction {
                            emoji: Emoji::parse(emoji.clone()).unwrap(),
                            count: by.len() as u32,
                            by: by.clone(),
                        };
                        message.text = state.text.clone().map(text);
                        message.present = Some(Present {
                            as_of,
                            edited: state.edited,
                            deleted: state.text.is_none(),
                            reactions: state.reactions.iter().map(reaction).collect(),
                        });
                    }
                    Body::Edited { target, text: now } => *now = states[target].text.clone().map(text),
                    _ => {}
                }
            }
            line
        };
        self.0.iter().filter(|line| range.contains(&line.seq())).map(present).collect()
    }

    pub fn topic(&self) -> Option<Topic> {
        self.0.iter().rev().filter_map(Line::entry).find_map(|entry| {
            let Body::Topic { topic } = &entry.body else { return None };
            Some(topic.clone())
        })
    }

    pub fn living(&self) -> Vec<(Seq, Author)> {
        let states = self.states(self.last());
        let living = |line: &Line| {
            let entry = line.entry()?;
            let is_living = states.get(&entry.seq).is_some_and(|state| state.text.is_some());
            is_living.then(|| (entry.seq, entry.by.clone()))
        };
        self.0.iter().filter_map(living).collect()
    }
}

#[derive(Debug, Clone)]
pub enum Step {
    Say(usize),
    Edit(usize),
    Delete(usize),
    React(usize, usize, usize, bool),
    Topic(usize),
    Unknown,
    Damaged,
    /// What was entered is delivered.
    Deliver,
    /// The line breaks, and what comes next is missed.
    Break,
    Return,
    /// A page of history is read now and delivered before the next thing the server sends …
    Page,
    /// … or after this many steps, with live entries overtaking it.
    LatePage(usize),
    /// The last delivery once more.
    Repeat,
}

pub fn step() -> impl Strategy<Value = Step> {
    let which = 0usize..50;
    prop_oneof![
        5 => (0usize..3).prop_map(Step::Say),
        2 => which.clone().prop_map(Step::Edit),
        1 => which.clone().prop_map(Step::Delete),
        3 => (0usize..3, which.clone(), 0usize..3, any::<bool>()).prop_map(|(a, b, c, d)| Step::React(a, b, c, d)),
        1 => (0usize..3).prop_map(Step::Topic),
        1 => Just(Step::Unknown),
        1 => Just(Step::Damaged),
        4 => Just(Step::Deliver),
        1 => Just(Step::Break),
        2 => Just(Step::Return),
        2 => Just(Step::Page),
        2 => (0usize..6).prop_map(Step::LatePage),
        1 => Just(Step::Repeat),
    ]
}

/// A server's log, and a client that sees it through an unreliable line.
pub struct World {
    pub log: Log,
    pub timeline: Timeline,
    pub online: bool,
    /// How far the live connection has told.
    pub told: Seq,
    pub pages: Vec<(usize, Seq, Vec<Line>)>,
    pub last: Vec<Line>,
}

impl World {
    pub fn take(&mut self, number: usize, step: &Step) {
        // Days and pauses differ, so that day lines and groups are part of the comparison.
        let at = number as i64 * 3_000_000;
        let living = self.log.living();
        let pick = |index: usize| (!living.is_empty()).then(|| living[index % living.len()].clone());
        let number_of = |by: &Author| (0..3).find(|number| author(*number) == *by).unwrap();
        match *step {
            Step::Say(by) => {
                let words = Some(text(format!("message {number}")));
                self.log.push(by, at, Body::Message(Message { text: words, reply_to: None, present: None }));
            }
            Step::Edit(index) => {
                if let Some((target, by)) = pick(index) {
                    let text = Some(text(format!("edited {number}")));
                    self.log.push(number_of(&by), at, Body::Edited { target, text });
                }
            }
            Step::Delete(index) => {
                if let Some((target, by)) = pick(index) {
                    self.log.push(number_of(&by), at, Body::Deleted { target });
                }
            }
            Step::React(by, index, mark, on) => {
                let states = self.log.states(self.log.last());
                if let Some((target, _)) = pick(index) {
                    let marks = states[&target].reactions.get(emoji(mark).as_str());
                    // A reaction that changes nothing makes no entry.
                    if marks.is_some_and(|by_whom| by_whom.contains(&author(by))) != on {
                        self.log.push(by, at, Body::Reacted { target, emoji: emoji(mark), on });
                    }
                }
            }
            Step::Topic(by) => {
                let topic = Topic::parse(format!("topic {number}")).unwrap();
                self.log.push(by, at, Body::Topic { topic });
            }
            Step::Unknown => self.log.0.push(Line::Opaque(self.log.last() + 1)),
            Step::Damaged => self.log.0.push(Line::Damaged(self.log.last() + 1)),
            Step::Deliver => self.deliver(),
            Step::Break => (self.online, self.pages) = (false, Vec::new()),
            Step::Return => self.come_back(),
            Step::Page => self.ask(0),
            Step::LatePage(after) => self.ask(after),
            Step::Repeat => self.timeline.receive(&self.last.clone()),
        }
        let due = std::mem::take(&mut self.pages);
        for (after, before, lines) in due {
            if after == 0 {
                let more = lines.first().is_some_and(|line| line.seq() > 1);
                self.timeline.receive_history(before, &lines, more);
            } else {
                self.pages.push((after - 1, before, lines));
            }
        }
    }

    pub fn deliver(&mut self) {
        if self.online {
            self.last = self.log.0[self.told as usize..].to_vec();
            self.told = self.log.last();
            self.timeline.receive(&self.last);
        }
    }

    pub fn come_back(&mut self) {
        if self.online {
            return;
        }
        let last = self.log.last();
        let after = self.timeline.resume().map(|resume| resume.after);
        let resumed = after.is_some_and(|after| last - after <= 8);
        let mut established = established(last.min(1), last, resumed);
        established.topic = self.log.topic();
        self.timeline.established(&established);
        let from = if resumed { after.unwrap() + 1 } else { last.saturating_sub(4).max(1) };
        self.last = self.log.replay(from..=last);
        self.timeline.receive(&self.last);
        (self.told, self.online) = (last, true);
    }

    pub fn ask(&mut self, after: usize) {
        if !self.online || !self.pages.is_empty() {
            return;
        }
        if let Some(before) = self.timeline.history_wanted(0..self.timeline.len()) {
            let lines = self.log.replay(before.saturating_sub(3).max(1)..=before - 1);
            self.pages.push((after, before, lines));
        }
    }
}
