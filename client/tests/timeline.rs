//! The timeline against a reference: whatever order entries arrive in, its rows are what the log says.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use snug::timeline::{CHANGES_KEPT, Delivery, HoleReason, MessageRow, ROWS, Row, Timeline};
use snug_shared::{
    Author, Body, Durability, Emoji, Entry, Established, Intent, Limits, Line, Message, MessageText,
    Nickname, Present, Reaction, RoomName, Seq, ServerInfo, Topic,
};
use uuid::Uuid;

const ME: usize = 0;

fn author(number: usize) -> Author {
    let letter = char::from(b'a' + number as u8);
    Author::parse(format!("s:{}", letter.to_string().repeat(26))).unwrap()
}

fn nickname(number: usize) -> Nickname {
    Nickname::parse(&format!("member {number}")).unwrap()
}

fn text(text: impl Into<String>) -> MessageText {
    MessageText::parse(text).unwrap()
}

fn emoji(number: usize) -> Emoji {
    Emoji::parse(["👍", "🎉", "☕"][number % 3]).unwrap()
}

fn entry(seq: Seq, by: usize, at: i64, body: Body) -> Entry {
    Entry { seq, id: Uuid::from_u128(u128::from(seq)), at, user: nickname(by), by: author(by), body }
}

fn says(seq: Seq, by: usize, at: i64, words: &str) -> Entry {
    entry(seq, by, at, Body::Message(Message { text: Some(text(words)), reply_to: None, present: None }))
}

fn timeline() -> Timeline {
    Timeline::new(nickname(ME), TimeZone::UTC)
}

fn established(first: Seq, last: Seq, resumed: bool) -> Established {
    Established {
        message: String::new(),
        version: 1,
        server: ServerInfo { name: "test".into(), version: "0".into() },
        durability: Durability::Full,
        room: RoomName::parse("tea").unwrap(),
        nickname: nickname(ME),
        member: "m1".into(),
        by: author(ME),
        seat: "seat".into(),
        epoch: "a".repeat(32),
        first,
        last,
        resumed,
        limits: Limits { replay: 8, ..Limits::default() },
        members: Vec::new(),
        count: 1,
        topic: None,
        read: None,
    }
}

fn rows(timeline: &Timeline) -> Vec<Row<'_>> {
    (0..timeline.len()).map(|index| timeline.row(index).unwrap()).collect()
}

fn messages(timeline: &Timeline) -> Vec<MessageRow<'_>> {
    let message = |row| match row {
        Row::Message(message) => Some(message),
        _ => None,
    };
    rows(timeline).into_iter().filter_map(message).collect()
}

fn kinds(timeline: &Timeline) -> Vec<&'static str> {
    let kind = |row| match row {
        Row::Beginning => "beginning",
        Row::Day(_) => "day",
        Row::Unread => "unread",
        Row::Hole { reason: HoleReason::Missed } => "missed",
        Row::Hole { reason: HoleReason::Lost } => "lost",
        Row::Hole { reason: HoleReason::Anew } => "anew",
        Row::Message(_) => "message",
        Row::Topic { .. } => "topic",
    };
    rows(timeline).into_iter().map(kind).collect()
}

/// What a server keeps, folded in the plainest way.
#[derive(Default)]
struct Log(Vec<Line>);

#[derive(Debug, Default, Clone, PartialEq)]
struct State {
    text: Option<String>,
    edited: Option<Seq>,
    reactions: BTreeMap<String, Vec<Author>>,
}

impl Log {
    fn last(&self) -> Seq {
        self.0.len() as Seq
    }

    fn push(&mut self, by: usize, at: i64, body: Body) {
        self.0.push(entry(self.last() + 1, by, at, body).into());
    }

    fn states(&self, as_of: Seq) -> BTreeMap<Seq, State> {
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
                Body::Topic { .. } => {}
            }
        }
        states
    }

    /// Entries as a replay shows them.
    fn replay(&self, range: std::ops::RangeInclusive<Seq>) -> Vec<Line> {
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

    fn topic(&self) -> Option<Topic> {
        self.0.iter().rev().filter_map(Line::entry).find_map(|entry| {
            let Body::Topic { topic } = &entry.body else { return None };
            Some(topic.clone())
        })
    }

    fn living(&self) -> Vec<(Seq, Author)> {
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
enum Step {
    Say(usize),
    Edit(usize),
    Delete(usize),
    React(usize, usize, usize, bool),
    Topic(usize),
    Unknown,
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

fn step() -> impl Strategy<Value = Step> {
    let which = 0usize..50;
    prop_oneof![
        5 => (0usize..3).prop_map(Step::Say),
        2 => which.clone().prop_map(Step::Edit),
        1 => which.clone().prop_map(Step::Delete),
        3 => (0usize..3, which.clone(), 0usize..3, any::<bool>()).prop_map(|(a, b, c, d)| Step::React(a, b, c, d)),
        1 => (0usize..3).prop_map(Step::Topic),
        1 => Just(Step::Unknown),
        4 => Just(Step::Deliver),
        1 => Just(Step::Break),
        2 => Just(Step::Return),
        2 => Just(Step::Page),
        2 => (0usize..6).prop_map(Step::LatePage),
        1 => Just(Step::Repeat),
    ]
}

/// A server's log, and a client that sees it through an unreliable line.
struct World {
    log: Log,
    timeline: Timeline,
    online: bool,
    /// How far the live connection has told.
    told: Seq,
    pages: Vec<(usize, Seq, Vec<Line>)>,
    last: Vec<Line>,
}

impl World {
    fn take(&mut self, number: usize, step: &Step) {
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

    fn deliver(&mut self) {
        if self.online {
            self.last = self.log.0[self.told as usize..].to_vec();
            self.told = self.log.last();
            self.timeline.receive(&self.last);
        }
    }

    fn come_back(&mut self) {
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

    fn ask(&mut self, after: usize) {
        if !self.online || !self.pages.is_empty() {
            return;
        }
        if let Some(before) = self.timeline.history_wanted(0..self.timeline.len()) {
            let lines = self.log.replay(before.saturating_sub(3).max(1)..=before - 1);
            self.pages.push((after, before, lines));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_way_entries_arrive_the_rows_are_what_the_log_says(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut world = World {
            log: Log::default(), timeline: timeline(), online: false, told: 0, pages: Vec::new(), last: Vec::new(),
        };
        world.come_back();
        for (number, step) in steps.iter().enumerate() {
            world.take(number, step);
            check_order(&world.timeline)?;
        }
        for _ in 0..10 {
            world.take(0, &Step::Repeat);
        }
        world.come_back();
        world.deliver();
        for _ in 0..200 {
            world.take(0, &Step::Page);
        }
        let states = world.log.states(world.log.last());
        let shown: BTreeMap<Seq, State> = messages(&world.timeline).into_iter().map(|message| {
            let reactions = message.reactions.iter().map(|reaction| {
                let mut by = reaction.by.clone();
                by.sort();
                (reaction.emoji.to_string(), by)
            });
            let state = State {
                text: message.text.map(str::to_owned),
                edited: None,
                reactions: reactions.collect(),
            };
            (message.seq.unwrap(), state)
        }).collect();
        let expected: BTreeMap<Seq, State> =
            states.into_iter().map(|(seq, state)| (seq, State { edited: None, ..state })).collect();
        prop_assert_eq!(shown, expected);
        let kinds = kinds(&world.timeline);
        prop_assert_eq!(kinds[0], "beginning");
        prop_assert!(!kinds[1..].iter().any(|kind| ["beginning", "missed", "lost", "anew"].contains(kind)));
        prop_assert_eq!(world.timeline.topic(), &world.log.topic().unwrap_or_default());
    }

    #[test]
    fn a_hostile_server_cannot_make_it_panic_or_grow(
        lines in proptest::collection::vec((hostile_seq(), 0usize..5, hostile_seq(), any::<i64>()), 1..200),
        anew in proptest::collection::vec((0usize..200, hostile_seq(), hostile_seq(), any::<bool>()), 0..8),
    ) {
        let mut timeline = timeline();
        timeline.set_unread(Some(3));
        for (number, (seq, kind, other, at)) in lines.into_iter().enumerate() {
            for (_, first, last, resumed) in anew.iter().filter(|(when, ..)| *when == number) {
                let epoch = format!("{:032x}", first % 3);
                timeline.established(&Established { epoch, ..established(*first, *last, *resumed) });
            }
            let line = match kind {
                0 => Line::Opaque(seq),
                1 => entry(seq, 1, at, Body::Edited { target: other, text: Some(text("edited")) }).into(),
                2 => entry(seq, 1, at, Body::Reacted { target: other, emoji: emoji(0), on: true }).into(),
                _ => says(seq, 1, at, "hello").into(),
            };
            match kind {
                4 => timeline.receive_history(other, &[line], at > 0),
                _ => timeline.receive(&[line]),
            }
            let _ = timeline.history_wanted(0..timeline.len());
            check_order(&timeline)?;
            prop_assert!(kinds(&timeline).iter().filter(|kind| **kind == "missed").count() <= 32);
        }
    }
}

fn hostile_seq() -> impl Strategy<Value = Seq> {
    prop_oneof![4 => 1u64..40, 1 => any::<u64>(), 1 => Just(u64::MAX), 1 => Just(u64::MAX - 1), 1 => Just(0)]
}

/// Identities ascend, are found again, and a day line stands above each first message of its day and nowhere else.
fn check_order(timeline: &Timeline) -> Result<(), TestCaseError> {
    let mut day = None;
    for index in 0..timeline.len() {
        let id = timeline.id(index).unwrap();
        prop_assert_eq!(timeline.position(id), Some(index));
        prop_assert!(index == 0 || timeline.id(index - 1).unwrap() < id);
        let at = match timeline.row(index).unwrap() {
            Row::Day(line) => {
                prop_assert!(day != Some(line), "the same day twice in a row");
                day = Some(line);
                continue;
            }
            Row::Message(MessageRow { seq: Some(_), at, .. }) | Row::Topic { at, .. } => at,
            _ => continue,
        };
        if let Ok(at) = jiff::Timestamp::from_millisecond(at) {
            prop_assert_eq!(Some(TimeZone::UTC.to_datetime(at).date()), day);
        }
    }
    Ok(())
}

#[test]
fn an_empty_room_shows_its_beginning_and_no_messages() {
    let mut timeline = timeline();
    assert!(timeline.is_empty() && !timeline.has_messages());
    timeline.established(&established(0, 0, false));
    assert_eq!(kinds(&timeline), ["beginning"]);
    assert!(!timeline.has_messages() && !timeline.has_more_above());
}

#[test]
fn messages_of_one_person_stand_together_for_five_minutes() {
    let mut timeline = timeline();
    let minutes = |minutes: i64| minutes * 60_000;
    timeline.receive(&[
        says(1, 1, 0, "a").into(),
        says(2, 1, minutes(5), "b").into(),
        says(3, 1, minutes(11), "c").into(),
        says(4, 2, minutes(11), "d").into(),
        entry(5, 2, minutes(11), Body::Topic { topic: Topic::parse("x").unwrap() }).into(),
        says(6, 2, minutes(11), "e").into(),
    ]);
    let starts: Vec<bool> = messages(&timeline).iter().map(|message| message.starts_group).collect();
    assert_eq!(starts, [true, false, true, true, true]);
}

#[test]
fn a_row_that_may_have_changed_its_height_has_another_revision() {
    let mut timeline = timeline();
    timeline.receive(&[says(2, 1, 0, "a").into(), says(3, 1, 1, "b").into()]);
    let before = |timeline: &Timeline, seq| timeline.row_revision(timeline.position_of(seq).unwrap());
    let (first, second) = (before(&timeline, 2), before(&timeline, 3));
    timeline.receive_history(2, &[says(1, 1, 0, "z").into()], false);
    assert_ne!(before(&timeline, 2), first, "it does not start its group any more");
    assert_eq!(before(&timeline, 3), second);
    timeline.receive(&[entry(4, 1, 2, Body::Deleted { target: 3 }).into()]);
    assert_ne!(before(&timeline, 3), second);
}

#[test]
fn own_sends_stand_below_the_log_until_they_come_back() {
    let mut timeline = timeline();
    timeline.established(&established(0, 0, false));
    let (first, second) = (Uuid::from_u128(7), Uuid::from_u128(8));
    for (id, words) in [(first, "one"), (second, "two")] {
        timeline.sending(id, &Intent::Message { text: text(words), reply_to: None }, 5);
    }
    timeline.failed(second, "no room on the disk", true);
    let shown: Vec<_> = messages(&timeline).iter().map(|row| (row.text.unwrap(), row.seq, row.own)).collect();
    assert_eq!(shown, [("one", None, true), ("two", None, true)]);
    assert_eq!(messages(&timeline)[0].delivery, Delivery::Sending);
    let failed = Delivery::Failed { send: second, reason: "no room on the disk", can_retry: true };
    assert_eq!(messages(&timeline)[1].delivery, failed);
    timeline.receive(&[says(1, 1, 6, "hello").into(), Entry { id: first, ..says(2, ME, 6, "one") }.into()]);
    let shown: Vec<_> = messages(&timeline).iter().map(|row| (row.text.unwrap(), row.seq)).collect();
    assert_eq!(shown, [("hello", Some(1)), ("one", Some(2)), ("two", None)]);
    timeline.settled(second);
    assert_eq!(messages(&timeline).len(), 2);
}

#[test]
fn an_own_change_shows_on_the_message_it_changes() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1, false));
    timeline.receive(&[says(1, ME, 0, "helo").into()]);
    let send = Uuid::from_u128(9);
    timeline.sending(send, &Intent::Edit { target: 1, text: text("hello") }, 1);
    assert_eq!(messages(&timeline)[0].delivery, Delivery::Sending);
    timeline.failed(send, "not yours", false);
    let failed = Delivery::Failed { send, reason: "not yours", can_retry: false };
    assert_eq!(messages(&timeline)[0].delivery, failed);
    timeline.settled(send);
    assert_eq!(messages(&timeline)[0].delivery, Delivery::Sent);
}

#[test]
fn the_unread_line_stands_above_the_first_message_of_somebody_else() {
    let mut timeline = timeline();
    timeline.established(&established(1, 4, false));
    timeline.set_unread(Some(1));
    timeline.receive(&[
        says(1, 1, 0, "old").into(),
        says(2, ME, 0, "mine").into(),
        says(3, 1, 0, "new").into(),
        says(4, 1, 0, "newer").into(),
    ]);
    assert_eq!(kinds(&timeline), ["beginning", "day", "message", "message", "unread", "message", "message"]);
    assert_eq!((timeline.unread_row(), timeline.others_after(1)), (Some(4), 2));
    timeline.set_unread(None);
    assert_eq!(timeline.unread_row(), None);
}

#[test]
fn a_new_history_leaves_what_is_shown_and_marks_the_break() {
    let mut timeline = timeline();
    timeline.established(&established(1, 2, false));
    timeline.receive(&[says(1, 1, 0, "before").into(), says(2, 1, 0, "it").into()]);
    let anew = Established { epoch: "b".repeat(32), ..established(1, 1, false) };
    timeline.established(&anew);
    timeline.established(&Established { epoch: "c".repeat(32), ..anew });
    timeline.receive(&[says(1, 1, 1, "after").into()]);
    assert_eq!(kinds(&timeline), ["beginning", "day", "message", "message", "anew", "message"]);
    assert_eq!((timeline.oldest(), timeline.newest()), (Some(1), 1));
}

#[test]
fn a_restored_backup_is_a_new_history_although_the_epoch_is_the_same() {
    let mut timeline = timeline();
    timeline.established(&established(1, 3, false));
    timeline.receive(&[says(1, 1, 0, "a").into(), says(2, 1, 0, "b").into(), says(3, 1, 0, "c").into()]);
    timeline.established(&established(1, 4, false));
    let replay: Vec<Line> =
        ["a", "b", "x", "y"].iter().zip(1..).map(|(words, seq)| says(seq, 1, 0, words).into()).collect();
    timeline.receive(&replay);
    let texts: Vec<_> = messages(&timeline).iter().map(|message| message.text.unwrap()).collect();
    assert_eq!(texts, ["a", "b", "c", "a", "b", "x", "y"]);
    assert!(kinds(&timeline).contains(&"anew"));
}

#[test]
fn what_the_server_does_not_have_any_more_is_shown_as_lost_and_not_asked_for_again() {
    let mut timeline = timeline();
    timeline.established(&established(1, 20, false));
    timeline.receive(&[says(1, 1, 0, "a").into()]);
    timeline.receive(&[says(10, 1, 0, "b").into()]);
    assert!(kinds(&timeline).contains(&"missed"));
    assert_eq!(timeline.history_wanted(0..4), Some(10));
    timeline.receive_history(10, &[], false);
    assert!(kinds(&timeline).contains(&"lost"));
    assert_eq!(timeline.history_wanted(0..4), None);
}

#[test]
fn history_is_wanted_only_near_what_is_missing() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1_000, false));
    let lines: Vec<Line> = (500..1_000).map(|seq| says(seq, 1, 0, "x").into()).collect();
    timeline.receive(&lines);
    assert!(timeline.has_more_above());
    assert_eq!(timeline.history_wanted(400..430), None);
    assert_eq!(timeline.history_wanted(10..40), Some(500));
}

#[test]
fn a_reply_shows_what_it_answers_as_that_is_now() {
    let mut timeline = timeline();
    let reply = Message { text: Some(text("yes")), reply_to: Some(1), present: None };
    timeline.receive(&[entry(2, 2, 0, Body::Message(reply)).into()]);
    let quote = |timeline: &Timeline| {
        let reply = messages(timeline).last().unwrap().reply.unwrap();
        (reply.user.cloned(), reply.text.map(str::to_owned))
    };
    assert_eq!(quote(&timeline), (None, None));
    timeline.receive_history(2, &[says(1, 1, 0, "tea?").into()], false);
    assert_eq!(quote(&timeline), (Some(nickname(1)), Some("tea?".into())));
    timeline.receive(&[entry(3, 1, 0, Body::Deleted { target: 1 }).into()]);
    assert_eq!(quote(&timeline), (Some(nickname(1)), None));
}

#[test]
fn a_room_of_any_length_keeps_a_bounded_number_of_rows() {
    let mut timeline = timeline();
    timeline.established(&established(1, 1, false));
    for page in 0..450u64 {
        let lines: Vec<Line> =
            (page * 500 + 1..=page * 500 + 500).map(|seq| says(seq, 1, 0, "x").into()).collect();
        timeline.receive(&lines);
    }
    assert!(timeline.len() <= ROWS);
    assert_eq!(timeline.newest(), 225_000);
    assert!(timeline.oldest().unwrap() > 1 && timeline.has_more_above());
    assert_eq!(kinds(&timeline)[0], "day");
}

#[test]
fn changes_to_messages_that_are_not_loaded_are_kept_up_to_a_bound() {
    let mut timeline = timeline();
    timeline.established(&established(1, 10, false));
    timeline.receive(&[says(10, 1, 0, "x").into()]);
    let changes = CHANGES_KEPT as u64 + 10;
    for number in 0..changes {
        let edited = Body::Edited { target: 9, text: Some(text(format!("edit {number}"))) };
        timeline.receive(&[entry(11 + number, 1, 0, edited).into()]);
    }
    timeline.receive_history(10, &[says(9, 1, 0, "as first said").into()], true);
    assert_eq!(messages(&timeline)[0].text, Some(format!("edit {}", changes - 1).as_str()));
}
