//! Another text for a message that has not come back.

use std::time::Instant;

use snug_core::outbox::{BYTES, Next};
use snug_shared::{ErrorCode, ErrorFrame, Intent, Limits, MessageText};

use crate::{add, keep, me, message, number, open, said};

#[test]
fn an_edit_of_what_is_on_its_way_follows_it_also_after_a_restart() {
    for restart in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = open(folder.path()).outbox;
        add(&mut outbox, number(1), message("helo"));
        outbox.sent(number(1), Instant::now());
        let hello = MessageText::parse("hello").unwrap();
        let keeping = outbox.edit(number(1), hello.clone()).unwrap().expect("it waits");
        keep(&mut outbox, keeping);
        if restart {
            drop(outbox);
            outbox = open(folder.path()).outbox;
        }
        assert_eq!(outbox.sends().get(number(1)).unwrap().edit, Some(hello.clone()));
        assert_eq!(outbox.seen(&said(7, number(1)), &me(), true), Some(number(1)));
        let sends: Vec<_> = outbox.sends().iter().map(|send| &send.intent).collect();
        assert_eq!(sends, [&Intent::Edit { target: 7, text: hello.clone() }]);
        assert!(matches!(outbox.next(Instant::now(), &Limits::default()), Next::Send(..)));
        drop(outbox);
        let outbox = open(folder.path()).outbox;
        let sends: Vec<_> = outbox.sends().iter().map(|send| &send.intent).collect();
        assert_eq!(
            sends,
            [&Intent::Edit { target: 7, text: hello }],
            "kept before the message was struck off"
        );
    }
}

#[test]
fn what_failed_or_is_no_message_cannot_be_edited_while_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path()).outbox;
    add(&mut outbox, number(1), message("x"));
    add(&mut outbox, number(2), Intent::Delete { target: 1 });
    let error = ErrorFrame { id: Some(number(1)), ..ErrorFrame::new(ErrorCode::TooLong, "No.") };
    assert_eq!(outbox.refused(&error, Instant::now()), Some(number(1)));
    let text = MessageText::parse("hello").unwrap();
    for id in 1..4 {
        assert!(outbox.edit(number(id), text.clone()).unwrap().is_none(), "{id}");
    }
    add(&mut outbox, number(5), message("y"));
    let large = MessageText::parse("🎉".repeat(4_000)).unwrap();
    let size = large.as_str().len();
    for id in 6..(5 + BYTES / size) as u64 {
        drop(outbox.add(number(id), Intent::Message { text: large.clone(), reply_to: None }, 0).unwrap());
    }
    drop(outbox.edit(number(5), large.clone()).unwrap().expect("it waits"));
    assert!(outbox.edit(number(6), large).is_err(), "an edit counts as a message does");
}
