//! The app's timeline, fed what no honest server says, and what one says in any order.
//!
//! The first half: entries, pages, greetings and own sends that contradict each other. The rows stay sorted, each with an
//! identity of its own, under the right day; their number is bounded by what came in; and a page that brings nothing is not
//! asked for twice.
//!
//! The second half: a log made by the server's own rules, handed over as pages in any order and several times. Its rows are those
//! of a reader who had it in one piece.
#![no_main]

use std::time::Instant;

use arbitrary::Arbitrary;
use futures_util::FutureExt;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use libfuzzer_sys::fuzz_target;
use snug_core::{
    outbox::Outbox,
    timeline::{Row, Timeline},
};
use snug_server::log::{Actor, Append, Log, Span, memory::MemoryLog};
use snug_shared::{
    Author, Body, Durability, Emoji, Entry, ErrorCode, ErrorFrame, Established, Intent, Limits, Line,
    Message, MessageText, Nickname, Present, Reaction, RoomName, Seq, ServerInfo, Topic,
};
use uuid::Uuid;

/// Rows a single call may add besides its entries: the beginning, the unread line, a new history's mark, holes.
const MARKS: usize = 64;

#[derive(Debug, Arbitrary)]
enum Input {
    Hostile(Vec<Call>),
    Honest { sends: Vec<Send>, pages: Vec<(u8, u8)> },
}

#[derive(Debug, Arbitrary)]
enum Call {
    Established { epoch: bool, first: Place, last: Place, resumed: bool, replay: u8 },
    Receive(Vec<Said>),
    History { before: Place, lines: Vec<Said>, more: bool },
    Sending { id: u8, send: Send },
    Failed { id: u8, can_retry: bool },
    Discarded { id: u8 },
    Unread(Option<Place>),
    Look { row: u8, rows: u8 },
}

#[derive(Debug, Arbitrary)]
struct Said {
    seq: Place,
    id: u8,
    at: i64,
    by: u8,
    what: What,
}

#[derive(Debug, Arbitrary)]
enum What {
    Opaque,
    Damaged,
    Message { text: Option<u8>, reply_to: Option<Place>, present: Option<State> },
    Edited { target: Place, text: Option<u8> },
    Deleted { target: Place },
    Reacted { target: Place, emoji: u8, on: bool },
    Topic(u8),
}

#[derive(Debug, Arbitrary)]
struct State {
    as_of: Place,
    edited: Option<Place>,
    deleted: bool,
    reactions: Vec<(u8, u32, Vec<u8>)>,
}

#[derive(Debug, Arbitrary)]
enum Send {
    Say { by: u8, text: u8, reply_to: Option<u8> },
    Edit { by: u8, target: u8, text: u8 },
    Delete { by: u8, target: u8 },
    React { by: u8, target: u8, emoji: u8, on: bool },
    Topic { by: u8, topic: u8 },
}

/// A seq: near the beginning, so that calls meet each other, or at the very end of what there can be.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Place(u8);

impl Place {
    fn seq(self) -> Seq {
        match self.0 {
            0..=239 => self.0.into(),
            _ => Seq::MAX - Seq::from(u8::MAX - self.0),
        }
    }
}

fuzz_target!(|input: Input| match input {
    Input::Hostile(calls) => hostile(calls),
    Input::Honest { sends, pages } => honest(sends, pages),
});

fn hostile(calls: Vec<Call>) {
    let mut timeline = Timeline::new(nickname(0), TimeZone::UTC, Outbox::new().0);
    for call in calls {
        let most = timeline.len() + MARKS + 2 * call.lines();
        match call {
            Call::Established { epoch, first, last, resumed, replay } => {
                timeline.established(&established(epoch, first.seq(), last.seq(), resumed, replay));
            }
            Call::Receive(said) => timeline.receive(&lines(said)),
            Call::History { before, lines: said, more } => {
                timeline.receive_history(before.seq(), &lines(said), more);
            }
            Call::Sending { id, send } => _ = timeline.outbox_mut().add(uuid(id), send.intent(), 0),
            Call::Failed { id, can_retry } => {
                let code = if can_retry { ErrorCode::NotAllowed } else { ErrorCode::NotFound };
                let error = ErrorFrame { id: Some(uuid(id)), ..ErrorFrame::new(code, "No.") };
                let _ = timeline.outbox_mut().refused(&error, Instant::now());
            }
            Call::Discarded { id } => _ = timeline.outbox_mut().discard(uuid(id)),
            Call::Unread(after) => timeline.set_unread(after.map(Place::seq)),
            Call::Look { row, rows } => {
                let visible = row.into()..usize::from(row) + usize::from(rows);
                if let Some(before) = timeline.history_wanted(visible.clone()) {
                    timeline.receive_history(before, &[], false);
                    assert_ne!(timeline.history_wanted(visible), Some(before), "asked for again and again");
                }
            }
        }
        assert!(timeline.len() <= most, "{} rows, at most {most}", timeline.len());
        is_in_order(&timeline);
    }
}

impl Call {
    fn lines(&self) -> usize {
        match self {
            Self::Receive(lines) | Self::History { lines, .. } => lines.len(),
            _ => 1,
        }
    }
}

fn is_in_order(timeline: &Timeline) {
    let mut day: Option<Date> = None;
    let mut unread = 0;
    for index in 0..timeline.len() {
        let id = timeline.id(index).expect("a row has an identity");
        assert_eq!(timeline.position(id), Some(index));
        assert!(index == 0 || timeline.id(index - 1) < Some(id), "sorted, none twice");
        let at = match timeline.row(index).expect("it is below the length") {
            Row::Day(next) => {
                assert_ne!(day, Some(next), "a day begins once");
                day = Some(next);
                continue;
            }
            Row::Unread => {
                unread += 1;
                continue;
            }
            Row::Message(message) if message.seq.is_some() => message.at,
            Row::Topic { at, .. } => at,
            Row::Message(_) | Row::Beginning | Row::Damaged | Row::Hole { .. } => continue,
        };
        let beyond = if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let at = Timestamp::from_millisecond(at).unwrap_or(beyond);
        assert_eq!(day, Some(TimeZone::UTC.to_datetime(at).date()), "under its own day");
    }
    assert!(unread <= 1 && timeline.row(timeline.len()).is_none());
}

fn honest(sends: Vec<Send>, pages: Vec<(u8, u8)>) {
    let log = MemoryLog::new(Box::new(|_| {})).expect("random bits");
    let room = RoomName::parse("tea").expect("a good name");
    let record = log.room(&room).now_or_never().expect("at once").expect("it is known");
    for (number, send) in sends.iter().take(100).enumerate() {
        let by = send.by();
        let actor = Actor { author: author(by), nickname: nickname(by), moderator: false };
        let id = Uuid::from_u128(number as u128 + 1);
        let append = Append { room: room.clone(), epoch: record.epoch, actor, id, intent: send.intent() };
        let _ = log.append(append).now_or_never().expect("at once").expect("it takes everything");
    }
    let read = |after: Seq, limit: usize| {
        let slice = log.read(&room.key(), Span::After(after), limit, usize::MAX);
        let slice = slice.now_or_never().expect("at once").expect("it is there");
        slice.map_or(Vec::new(), |slice| slice.entries.into_iter().map(Line::from).collect::<Vec<_>>())
    };
    let all = read(0, usize::MAX);
    let last = all.len() as Seq;
    let greeting = established(false, last.min(1), last, false, u8::MAX);
    let mut whole = Timeline::new(nickname(0), TimeZone::UTC, Outbox::new().0);
    whole.established(&greeting);
    whole.receive(&all);
    let mut pieces = Timeline::new(nickname(0), TimeZone::UTC, Outbox::new().0);
    pieces.established(&greeting);
    for (after, limit) in pages.into_iter().take(30) {
        pieces.receive(&read(after.into(), limit.into()));
        is_in_order(&pieces);
    }
    pieces.receive(&all);
    let rows = |timeline: &Timeline| {
        (0..timeline.len()).map(|index| format!("{:?}", timeline.row(index))).collect::<Vec<_>>()
    };
    assert_eq!(rows(&pieces), rows(&whole));
    assert_eq!((pieces.newest(), pieces.topic()), (whole.newest(), whole.topic()));
}

fn lines(said: Vec<Said>) -> Vec<Line> {
    said.into_iter().map(Said::line).collect()
}

impl Said {
    fn line(self) -> Line {
        let body = match self.what {
            What::Opaque => return Line::Opaque(self.seq.seq()),
            What::Damaged => return Line::Damaged(self.seq.seq()),
            What::Message { text: words, reply_to, present } => Body::Message(Message {
                text: words.map(text),
                reply_to: reply_to.map(Place::seq),
                present: present.map(State::present),
            }),
            What::Edited { target, text: words } => {
                Body::Edited { target: target.seq(), text: words.map(text) }
            }
            What::Deleted { target } => Body::Deleted { target: target.seq() },
            What::Reacted { target, emoji: mark, on } => {
                Body::Reacted { target: target.seq(), emoji: emoji(mark), on }
            }
            What::Topic(about) => Body::Topic { topic: topic(about) },
        };
        let (user, by) = (nickname(self.by), author(self.by));
        Line::Entry(Entry { seq: self.seq.seq(), id: uuid(self.id), at: self.at, user, by, body })
    }
}

impl State {
    fn present(self) -> Present {
        let reaction = |(mark, count, by): (u8, u32, Vec<u8>)| Reaction {
            emoji: emoji(mark),
            count,
            by: by.into_iter().take(50).map(author).collect(),
        };
        Present {
            as_of: self.as_of.seq(),
            edited: self.edited.map(Place::seq),
            deleted: self.deleted,
            reactions: self.reactions.into_iter().map(reaction).collect(),
        }
    }
}

impl Send {
    fn by(&self) -> u8 {
        match *self {
            Self::Say { by, .. }
            | Self::Edit { by, .. }
            | Self::Delete { by, .. }
            | Self::React { by, .. }
            | Self::Topic { by, .. } => by,
        }
    }

    fn intent(&self) -> Intent {
        match *self {
            Self::Say { text: words, reply_to, .. } => {
                Intent::Message { text: text(words), reply_to: reply_to.map(Seq::from) }
            }
            Self::Edit { target, text: words, .. } => {
                Intent::Edit { target: target.into(), text: text(words) }
            }
            Self::Delete { target, .. } => Intent::Delete { target: target.into() },
            Self::React { target, emoji: mark, on, .. } => {
                Intent::React { target: target.into(), emoji: emoji(mark), on }
            }
            Self::Topic { topic: about, .. } => Intent::Topic { topic: topic(about) },
        }
    }
}

fn established(epoch: bool, first: Seq, last: Seq, resumed: bool, replay: u8) -> Established {
    Established {
        message: String::new(),
        version: 1,
        server: ServerInfo { name: "lab".into(), version: "0".into() },
        durability: Durability::Full,
        room: RoomName::parse("tea").expect("a good name"),
        nickname: nickname(0),
        member: "1".into(),
        by: author(0),
        seat: "seat".into(),
        epoch: if epoch { "b" } else { "a" }.repeat(32),
        first,
        last,
        resumed,
        limits: Limits { replay: replay.into(), ..Limits::default() },
        members: Vec::new().into(),
        count: 1,
        topic: None,
        read: None,
    }
}

fn nickname(number: u8) -> Nickname {
    Nickname::parse(["maya", "jo", "Jörg 🦊", "deploy bot"][usize::from(number % 4)]).expect("a good name")
}

fn author(number: u8) -> Author {
    let letter = ["a", "b", "c", "d"][usize::from(number % 4)];
    Author::parse(format!("s:{}", letter.repeat(26))).expect("26 letters")
}

fn text(number: u8) -> MessageText {
    MessageText::parse(format!("message {number}")).expect("a good text")
}

fn emoji(number: u8) -> Emoji {
    // More of them than a message may carry.
    let mark = char::from_u32(0x1F400 + u32::from(number % 80)).expect("an animal");
    Emoji::parse(mark).expect("one cluster")
}

fn topic(number: u8) -> Topic {
    Topic::parse(if number == 0 { String::new() } else { format!("topic {number}") }).expect("a good topic")
}

fn uuid(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}
