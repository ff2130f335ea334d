//! Entries folded into rows: a whole room at once, one that comes live, a page of history, changes to what is old.

use jiff::tz::TimeZone;
use snug_core::{outbox::Outbox, timeline::Timeline};
use snug_shared::{Body, Emoji, Line, MessageText, Seq};

use crate::{
    ROOM,
    figures::{repeat, timed},
    made::{changed, lines},
    world::nickname,
};

const PAGE: u64 = 500;

/// All figures of the timeline.
pub fn measure() {
    let all = lines(1..=ROOM);
    repeat("timeline: 100,000 messages at once", 5, |_| timed(|| room(&all)).1);

    let mut timeline = room(&all);
    let live = lines(ROOM + 1..=ROOM + 1_000);
    repeat("timeline: one more, live", live.len(), |at| {
        timed(|| timeline.receive(std::slice::from_ref(&live[at]))).1
    });

    let newest = timeline.newest();
    let edits = changes(newest, |target| Body::Edited {
        target,
        text: MessageText::parse("I meant something else").ok(),
    });
    repeat("timeline: an old message edited", edits.len(), |at| {
        timed(|| timeline.receive(std::slice::from_ref(&edits[at]))).1
    });
    let marks = changes(timeline.newest(), |target| Body::Reacted {
        target,
        emoji: Emoji::parse("👍").expect("an emoji"),
        on: true,
    });
    repeat("timeline: a mark on an old message", marks.len(), |at| {
        timed(|| timeline.receive(std::slice::from_ref(&marks[at]))).1
    });
    drop(timeline);

    // The reader goes up: pages come in above what is there.
    let mut above = room(&lines(ROOM + 1..=2 * ROOM));
    let pages = 20;
    repeat("timeline: a page of 500 above 100,000", pages, |at| {
        let before = ROOM + 1 - PAGE * at as u64;
        let page = lines(before - PAGE..before);
        timed(|| above.receive_history(before, &page, true)).1
    });
}

fn room(lines: &[Line]) -> Timeline {
    let mut timeline = Timeline::new(nickname("maya"), TimeZone::UTC, Outbox::new().0);
    timeline.receive(lines);
    timeline
}

/// A thousand changes, live, to messages all over the room.
fn changes(newest: Seq, body: impl Fn(Seq) -> Body) -> Vec<Line> {
    let one = |number: u64| changed(newest + number, "ada", body(number * 7_919 % ROOM + 1)).into();
    (1..=1_000).map(one).collect()
}
