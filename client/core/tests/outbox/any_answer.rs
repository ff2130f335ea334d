//! Whatever becomes of a send on its way, it is stored once and in order.

use std::time::Instant;

use proptest::prelude::*;
use snug_core::outbox::Next;
use snug_shared::{ErrorCode, ErrorFrame, Limits, Seq};
use uuid::Uuid;

use crate::{add, me, message, number, open, said};

/// What a server and the line to it do to one send.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// The entry comes back.
    Entry,
    /// It is stored, and the line breaks before that is known.
    Lost,
    /// The line breaks before it arrives.
    Broken,
    /// Too fast.
    Limited,
    /// The disk was full after it was stored.
    Full,
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Entry), 1 => Just(Answer::Lost), 1 => Just(Answer::Broken),
        1 => Just(Answer::Limited), 1 => Just(Answer::Full),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_server_and_the_line_do_each_message_is_stored_once_and_in_order(
        count in 1u64..25, answers in proptest::collection::vec(answer(), 0..60), restart in 0usize..40,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = open(folder.path()).outbox;
        for id in 0..count {
            add(&mut outbox, number(id), message("x"));
        }
        let mut stored: Vec<Uuid> = Vec::new();
        let mut answers = answers.into_iter();
        let (begun, limits) = (Instant::now(), Limits::default());
        let (mut now, mut tries) = (begun, 0usize);
        loop {
            let id = match outbox.next(now, &limits) {
                Next::Nothing => break,
                Next::GivenUp(_) => panic!("every send is answered"),
                Next::At(at) => { now = at; continue; }
                Next::Send(id, _) => id,
            };
            outbox.sent(id, now);
            tries += 1;
            let answer = answers.next().unwrap_or(Answer::Entry);
            if !matches!(answer, Answer::Broken | Answer::Limited) && !stored.contains(&id) {
                stored.push(id);
            }
            let refusal = |code| ErrorFrame { id: Some(id), ..ErrorFrame::new(code, "Later.") };
            match answer {
                Answer::Entry => {
                    let _ = outbox.seen(&said(stored.len() as Seq, id), &me(), true);
                }
                Answer::Lost | Answer::Broken => outbox.disconnected(),
                Answer::Limited => { let _ = outbox.refused(&refusal(ErrorCode::RateLimited), now); }
                Answer::Full => { let _ = outbox.refused(&refusal(ErrorCode::StorageFull), now); }
            }
            if tries == restart {
                drop(outbox);
                outbox = open(folder.path()).outbox;
            }
        }
        prop_assert_eq!(stored, (0..count).map(number).collect::<Vec<_>>());
        // Never faster than the server allows.
        let most = f64::from(limits.rate_burst) + (now - begun).as_secs_f64() * f64::from(limits.rate_per_s);
        // An app that starts anew does not know what it sent before; the server tells it then.
        let bursts = if (1..=tries).contains(&restart) { f64::from(limits.rate_burst) } else { 0.0 };
        prop_assert!(tries as f64 <= most + bursts);
    }
}
