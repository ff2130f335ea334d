//! Random histories: every log must do what a model does that knows nothing but the list of what was entered.

use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof},
    test_runner::TestRunner,
};
use snug_server::log::{Appended, Span};
use snug_shared::{
    Body, Emoji, Entry, ErrorCode, Intent, Message, MessageText, Present, Reaction, Seq, Topic,
};
use uuid::Uuid;

use super::bench::{ALL, Bench, Page, actor, every_log, seqs, text};

const PEOPLE: [&str; 3] = ["ada", "bob", "mod"];
const WORDS: [&str; 6] = ["tea", "kettle", "京都", "東京タワー", "brûlée", "ok"];

#[derive(Debug, Clone)]
struct Op {
    who: &'static str,
    /// One of a few ids, so that some come twice, or one of its own.
    id: Option<u128>,
    intent: Intent,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    New(Entry),
    Repeated(Entry),
    Unchanged(Entry),
    Refused(ErrorCode),
}

/// The list of entries, and nothing else.
#[derive(Debug, Default)]
struct Model(Vec<(&'static str, Uuid, Intent)>);

impl Model {
    fn send(&mut self, op: &Op, id: Uuid) -> Outcome {
        let sent = self.0.iter().position(|(who, known, _)| (*who, *known) == (op.who, id));
        if let Some(place) = sent {
            return if self.0[place].2 == op.intent {
                Outcome::Repeated(self.view(place))
            } else {
                Outcome::Refused(ErrorCode::IdConflict)
            };
        }
        let about = op.intent.target().or(match &op.intent {
            Intent::Message { reply_to, .. } => *reply_to,
            _ => None,
        });
        if let Some(seq) = about {
            let place = usize::try_from(seq).ok().and_then(|seq| seq.checked_sub(1));
            let said = place.and_then(|place| self.0.get(place));
            let Some((author, _, Intent::Message { .. })) = said else {
                return Outcome::Refused(ErrorCode::NotFound);
            };
            if self.state(seq).0.is_none() {
                return Outcome::Refused(ErrorCode::NotFound);
            }
            let own = *author == op.who;
            match &op.intent {
                Intent::Edit { .. } if !own => return Outcome::Refused(ErrorCode::NotAllowed),
                Intent::Delete { .. } if !own && op.who != "mod" => {
                    return Outcome::Refused(ErrorCode::NotAllowed);
                }
                Intent::React { target, emoji, on } => {
                    let last = self.0.iter().rposition(|(who, _, intent)| {
                        matches!(intent, Intent::React { target: t, emoji: e, .. } if t == target && e == emoji)
                            && *who == op.who
                    });
                    match last.map(|place| (place, &self.0[place].2)) {
                        None if !on => return Outcome::Refused(ErrorCode::NotFound),
                        Some((place, Intent::React { on: was, .. })) if was == on => {
                            return Outcome::Unchanged(self.view(place));
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        self.0.push((op.who, id, op.intent.clone()));
        let mut entry = self.view(self.0.len() - 1);
        if let Body::Message(message) = &mut entry.body {
            message.present = None;
        }
        Outcome::New(entry)
    }

    /// A message's text and last edit by now.
    fn state(&self, seq: Seq) -> (Option<MessageText>, Option<Seq>) {
        let (mut now, mut edited) = (None, None);
        for (place, (_, _, intent)) in self.0.iter().enumerate() {
            let this = place as Seq + 1;
            match intent {
                Intent::Message { text, .. } if this == seq => now = Some(text.clone()),
                Intent::Edit { target, text } if *target == seq => {
                    (now, edited) = (Some(text.clone()), Some(this));
                }
                Intent::Delete { target } if *target == seq => now = None,
                _ => {}
            }
        }
        (now, edited)
    }

    fn reactions(&self, seq: Seq) -> Vec<Reaction> {
        let mut marks: Vec<(&Emoji, &str)> = Vec::new();
        for (who, _, intent) in &self.0 {
            match intent {
                Intent::React { target, emoji, on } if *target == seq => {
                    marks.retain(|mark| *mark != (emoji, *who));
                    if *on {
                        marks.push((emoji, who));
                    }
                }
                Intent::Delete { target } if *target == seq => marks.clear(),
                _ => {}
            }
        }
        let mut reactions: Vec<Reaction> = Vec::new();
        for (emoji, who) in marks {
            let by = actor(who).author;
            match reactions.iter_mut().find(|reaction| reaction.emoji == *emoji) {
                Some(reaction) => {
                    reaction.count += 1;
                    reaction.by.push(by);
                }
                None => reactions.push(Reaction { emoji: emoji.clone(), count: 1, by: vec![by] }),
            }
        }
        reactions
    }

    /// An entry as a page shows it now.
    fn view(&self, place: usize) -> Entry {
        let (who, id, intent) = &self.0[place];
        let seq = place as Seq + 1;
        let body = match intent.clone() {
            Intent::Message { reply_to, .. } => {
                let (text, edited) = self.state(seq);
                let present = Present {
                    as_of: self.0.len() as Seq,
                    edited,
                    deleted: text.is_none(),
                    reactions: self.reactions(seq),
                };
                Body::Message(Message { text, reply_to, present: Some(present) })
            }
            Intent::Edit { target, .. } => Body::Edited { target, text: self.state(target).0 },
            Intent::Delete { target } => Body::Deleted { target },
            Intent::React { target, emoji, on } => Body::Reacted { target, emoji, on },
            Intent::Topic { topic } => Body::Topic { topic },
            Intent::Act(act) => Body::Act(act),
        };
        Entry { seq, id: *id, at: 0, user: actor(who).nickname, by: actor(who).author, body }
    }

    fn page(&self, span: Span, limit: usize) -> (Vec<Seq>, bool) {
        let all = 1..=self.0.len() as Seq;
        let mut within: Vec<Seq> = match span {
            Span::After(seq) => all.filter(|n| *n > seq).collect(),
            Span::Before(seq) => all.filter(|n| *n < seq).collect(),
        };
        let more = within.len() > limit;
        match span {
            Span::After(_) => within.truncate(limit),
            Span::Before(_) => drop(within.drain(..within.len().saturating_sub(limit))),
        }
        (within, more)
    }

    fn find(&self, words: &str) -> Vec<Seq> {
        (1..=self.0.len() as Seq)
            .filter(|seq| {
                self.state(*seq).0.is_some_and(|text| words.split(' ').all(|w| text.as_str().contains(w)))
            })
            .collect()
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let said = || vec(prop::sample::select(&WORDS[..]), 1..4).prop_map(|words| text(&words.join(" ")));
    let seq = || 0..25_u64;
    let emoji = prop::sample::select(vec!["👍", "🎉"]).prop_map(|e| Emoji::parse(e).expect("an emoji"));
    let intent = prop_oneof![
        6 => said().prop_map(|text| Intent::Message { text, reply_to: None }),
        1 => (said(), seq()).prop_map(|(text, to)| Intent::Message { text, reply_to: Some(to) }),
        4 => (seq(), said()).prop_map(|(target, text)| Intent::Edit { target, text }),
        2 => seq().prop_map(|target| Intent::Delete { target }),
        5 => (0..6_u64, emoji, prop::bool::weighted(0.7))
            .prop_map(|(target, emoji, on)| Intent::React { target, emoji, on }),
        1 => said().prop_map(|text| Intent::Topic { topic: Topic::parse(text.as_str()).expect("a topic") }),
    ];
    let id = prop_oneof![5 => Just(None), 1 => (0..4_u128).prop_map(Some)];
    let op =
        (prop::sample::select(&PEOPLE[..]), id, intent).prop_map(|(who, id, intent)| Op { who, id, intent });
    // Some come again word for word, as after a lost answer.
    (vec(op, 1..40), vec(prop::sample::select(vec![1, 1, 1, 2]), 40))
        .prop_map(|(ops, times)| ops.into_iter().zip(times).flat_map(|(op, times)| vec![op; times]).collect())
}

async fn it_does_what_the_model_does(bench: Bench, ops: Vec<Op>, spans: Vec<(Span, usize)>) {
    let mut model = Model::default();
    let mut expected = Vec::new();
    let mut answers = Vec::new();
    let mut previous = Uuid::nil();
    for (n, op) in ops.iter().enumerate() {
        let fresh = n == 0 || op.id.is_some() || !same(&ops[n - 1], op);
        let id = if fresh { Uuid::from_u128(op.id.unwrap_or(1_000 + n as u128)) } else { previous };
        previous = id;
        expected.push(model.send(op, id));
        // Not awaited, so that several fall into one transaction.
        answers.push(bench.send_as(id, op.who, op.intent.clone()));
    }
    for ((answer, expected), op) in answers.into_iter().zip(&expected).zip(&ops) {
        let outcome = match answer.await {
            Appended::New(committed) => Outcome::New(timeless(&committed.entry)),
            Appended::Repeated(entry) => Outcome::Repeated(timeless(&entry)),
            Appended::Unchanged(entry) => Outcome::Unchanged(timeless(&entry)),
            Appended::Refused(denial) => Outcome::Refused(denial.code),
            Appended::EpochChanged => panic!("the history goes on"),
        };
        assert_eq!(outcome, *expected, "{op:?}");
    }
    assert_eq!(bench.told.lock().expect("told").len(), model.0.len());
    if model.0.is_empty() {
        return;
    }
    shows_what_the_model_shows(&bench, &model, &spans).await;
    if bench.persists() {
        // Once more with everything in the index, and nothing remembered but what is stored.
        shows_what_the_model_shows(&bench.restart().await, &model, &spans).await;
    }
}

async fn shows_what_the_model_shows(bench: &Bench, model: &Model, spans: &[(Span, usize)]) {
    let all: Vec<_> = bench.all().await.iter().map(timeless).collect();
    assert_eq!(all, (0..model.0.len()).map(|place| model.view(place)).collect::<Vec<_>>());
    for (span, limit) in spans {
        let Page { entries, more, room, .. } = bench.read(*span, *limit).await;
        assert_eq!((seqs(&entries), more), model.page(*span, *limit), "{span:?} {limit}");
        assert_eq!(room.last, model.0.len() as Seq);
        for entry in entries {
            assert_eq!(timeless(&entry), model.view(entry.seq as usize - 1));
        }
    }
    for words in WORDS.into_iter().chain(["ett", "京タ", "tea 東京タ", "k"]) {
        assert_eq!(bench.find(words).await, model.find(words), "{words}");
        let newest = bench.search(words, Span::Before(Seq::MAX), 3).await;
        assert_eq!(newest.more, model.find(words).len() > 3, "{words}");
    }
    assert!(bench.search("", Span::After(0), ALL).await.entries.len() <= model.0.len());
}

fn same(a: &Op, b: &Op) -> bool {
    a.who == b.who && a.id == b.id && a.intent == b.intent
}

fn timeless(entry: &Entry) -> Entry {
    Entry { at: 0, ..entry.clone() }
}

fn spans() -> impl Strategy<Value = Vec<(Span, usize)>> {
    let span = prop_oneof![(0..50_u64).prop_map(Span::After), (0..50_u64).prop_map(Span::Before)];
    vec((span, 0..20_usize), 8)
}

every_log! {
    random_histories_end_as_the_model_says
}

async fn random_histories_end_as_the_model_says(bench: Bench) {
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let histories = move || {
        let run = TestRunner::new(config).run(&(ops(), spans()), |(ops, spans)| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(it_does_what_the_model_does(bench.another(), ops, spans));
            Ok(())
        });
        run.unwrap_or_else(|failure| panic!("{failure}"));
    };
    tokio::task::spawn_blocking(histories).await.expect("every history ends so");
}
