//! The one checker behind every fault test: what clients wrote down against what the server stored.
//!
//! A client notes what it meant to send, what was acknowledged, what it saw and where it was told of a hole. Afterwards
//! [`check`] names every broken promise of `docs/protocol.md` §4. A journal is text, one note a line, so that a client that
//! is killed leaves one behind.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use snug_shared::{Body, Entry, Seq};
use uuid::Uuid;

/// Something a client writes down the moment it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It is about to send this.
    Meant { id: Uuid, text: String },
    /// This came back to it, which is the promise.
    Acked { epoch: String, seq: Seq, id: Uuid },
    /// It shows this to its person, below what it showed before.
    Saw { epoch: String, seq: Seq, id: Uuid, text: String },
    /// It shows its person that something is missing here.
    Gap,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Meant { id, text } => write!(f, "meant {id} {text}"),
            Self::Acked { epoch, seq, id } => write!(f, "acked {epoch} {seq} {id}"),
            Self::Saw { epoch, seq, id, text } => write!(f, "saw {epoch} {seq} {id} {text}"),
            Self::Gap => f.write_str("gap"),
        }
    }
}

impl Note {
    /// Reads a line; `None` is a line of something else, or one cut short by a kill.
    pub fn parse(line: &str) -> Option<Self> {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = rest.splitn(if what == "meant" { 2 } else { 4 }, ' ');
        let mut word = || words.next().map(str::to_owned);
        match what {
            "meant" => Some(Self::Meant { id: word()?.parse().ok()?, text: word()? }),
            "acked" => {
                Some(Self::Acked { epoch: word()?, seq: word()?.parse().ok()?, id: word()?.parse().ok()? })
            }
            "saw" => {
                let (epoch, seq, id) = (word()?, word()?.parse().ok()?, word()?.parse().ok()?);
                Some(Self::Saw { epoch, seq, id, text: word()? })
            }
            "gap" => Some(Self::Gap),
            _ => None,
        }
    }
}

/// What one client wrote down.
#[derive(Debug, Default, Clone)]
pub struct Journal {
    /// Whose it is, for whoever reads of a breach.
    pub who: String,
    /// In the order in which they happened.
    pub notes: Vec<Note>,
}

impl Journal {
    /// An empty one.
    pub fn new(who: impl Into<String>) -> Self {
        Self { who: who.into(), notes: Vec::new() }
    }

    /// Notes a send that is about to be made.
    pub fn meant(&mut self, id: Uuid, text: &str) {
        self.notes.push(Note::Meant { id, text: text.to_owned() });
    }

    /// Notes that an own send came back.
    pub fn acked(&mut self, epoch: &str, entry: &Entry) {
        self.notes.push(Note::Acked { epoch: epoch.to_owned(), seq: entry.seq, id: entry.id });
    }

    /// Notes what is shown.
    pub fn saw(&mut self, epoch: &str, entry: &Entry) {
        let (seq, id, text) = (entry.seq, entry.id, text(entry));
        self.notes.push(Note::Saw { epoch: epoch.to_owned(), seq, id, text });
    }

    /// Notes that a hole is shown.
    pub fn gap(&mut self) {
        self.notes.push(Note::Gap);
    }

    /// How many sends came back, each counted once.
    pub fn acknowledged(&self) -> usize {
        let acked = self.notes.iter().filter_map(|note| match note {
            Note::Acked { id, .. } => Some(*id),
            _ => None,
        });
        acked.collect::<HashSet<_>>().len()
    }
}

/// A room as it is stored, ascending.
#[derive(Debug, Default, Clone)]
pub struct Store {
    /// The name of this log.
    pub epoch: String,
    /// All its entries.
    pub entries: Vec<Entry>,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Breach {
    /// It was acknowledged and is not stored.
    Lost { who: String, id: Uuid },
    /// It is stored, or was shown to one client, twice.
    Doubled { who: String, seq: Seq },
    /// Something is missing from what a client saw, and it did not know.
    SilentHole { who: String, after: Seq, next: Seq },
    /// It was shown above what comes before it.
    Reordered { who: String, seq: Seq },
    /// It was shown and is not stored.
    Ghost { who: String, seq: Seq },
    /// Under this seq something else is stored.
    Differs { who: String, seq: Seq },
    /// It is stored and nobody meant to send it.
    Unmeant { seq: Seq },
    /// What one client sent first is stored below what it sent later.
    Overtaken { who: String, seq: Seq },
    /// The numbers of a room have a hole.
    Sparse { seq: Seq },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { who, id } => write!(f, "{who}: {id} was acknowledged and is not stored"),
            Self::Doubled { who, seq } => write!(f, "{who}: {seq} is there twice"),
            Self::SilentHole { who, after, next } => {
                write!(f, "{who}: after {after} came {next}, without a word")
            }
            Self::Reordered { who, seq } => write!(f, "{who}: {seq} came before what it follows"),
            Self::Ghost { who, seq } => write!(f, "{who}: {seq} was seen and is not stored"),
            Self::Differs { who, seq } => write!(f, "{who}: {seq} is stored as something else"),
            Self::Unmeant { seq } => write!(f, "{seq} is stored and nobody sent it"),
            Self::Overtaken { who, seq } => write!(f, "{who}: {seq} was sent before what is stored above it"),
            Self::Sparse { seq } => write!(f, "the room has a hole before {seq}"),
        }
    }
}

/// Every promise that was broken. All who sent anything need a journal here.
pub fn check(journals: &[Journal], store: &Store) -> Vec<Breach> {
    let mut breaches = stored(store);
    let places: HashMap<Uuid, Seq> = store.entries.iter().map(|entry| (entry.id, entry.seq)).collect();
    let shown: HashMap<Seq, (Uuid, String)> =
        store.entries.iter().map(|entry| (entry.seq, (entry.id, text(entry)))).collect();
    let mut meant = HashSet::new();
    for journal in journals {
        let who = || journal.who.clone();
        let mut newest = 0;
        for note in &journal.notes {
            match note {
                Note::Meant { id, text } => {
                    let _ = meant.insert(*id);
                    // What is not stored was not acknowledged either, or it is found below.
                    let Some(&seq) = places.get(id) else { continue };
                    if shown[&seq].1 != *text {
                        breaches.push(Breach::Differs { who: who(), seq });
                    }
                    if seq < newest {
                        breaches.push(Breach::Overtaken { who: who(), seq });
                    }
                    newest = newest.max(seq);
                }
                Note::Acked { epoch, seq, id } => match places.get(id) {
                    Some(place) if place == seq && *epoch == store.epoch => {}
                    Some(_) if *epoch == store.epoch => {
                        breaches.push(Breach::Differs { who: who(), seq: *seq })
                    }
                    _ => breaches.push(Breach::Lost { who: who(), id: *id }),
                },
                Note::Saw { epoch, seq, id, text } => {
                    match shown.get(seq).filter(|_| *epoch == store.epoch) {
                        None => breaches.push(Breach::Ghost { who: who(), seq: *seq }),
                        Some((of, as_stored)) if of != id || as_stored != text => {
                            breaches.push(Breach::Differs { who: who(), seq: *seq });
                        }
                        Some(_) => {}
                    }
                }
                Note::Gap => {}
            }
        }
        in_order(journal, &mut breaches);
    }
    let unmeant = store.entries.iter().filter(|entry| !meant.contains(&entry.id));
    breaches.extend(unmeant.map(|entry| Breach::Unmeant { seq: entry.seq }));
    breaches
}

/// Fails with every breach by name, and with how to see it again.
pub fn assert_kept(journals: &[Journal], store: &Store, replay: &str) {
    let breaches = check(journals, store);
    let listed: Vec<String> = breaches.iter().take(20).map(ToString::to_string).collect();
    assert!(
        breaches.is_empty(),
        "{} broken promises; replay with {replay}\n{}",
        breaches.len(),
        listed.join("\n")
    );
}

fn stored(store: &Store) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut sends = HashSet::new();
    let mut before = store.entries.first().map_or(0, |entry| entry.seq.saturating_sub(1));
    for entry in &store.entries {
        if !sends.insert((&entry.by, entry.id)) {
            breaches.push(Breach::Doubled { who: "the store".to_owned(), seq: entry.seq });
        }
        if entry.seq != before + 1 {
            breaches.push(Breach::Sparse { seq: entry.seq });
        }
        before = entry.seq;
    }
    breaches
}

/// What a client saw goes up by one, except where it knows that it does not.
fn in_order(journal: &Journal, breaches: &mut Vec<Breach>) {
    let seqs = || journal.notes.iter().enumerate();
    let mut last: Option<(&str, Seq)> = None;
    let mut seen: HashSet<(&str, Seq)> = HashSet::new();
    let who = || journal.who.clone();
    for (at, note) in seqs() {
        let (epoch, seq) = match note {
            Note::Saw { epoch, seq, .. } => (epoch.as_str(), *seq),
            Note::Gap => {
                last = None;
                continue;
            }
            _ => continue,
        };
        let is_first = seen.insert((epoch, seq));
        match last {
            _ if !is_first => breaches.push(Breach::Doubled { who: who(), seq }),
            None => {}
            Some((same, before)) if same == epoch && seq == before + 1 => {}
            Some((same, before)) if same == epoch && seq > before => {
                let comes_later = journal.notes[at..].iter().any(|later| {
                    matches!(later, Note::Saw { epoch: of, seq: missing, .. }
                        if of == epoch && (before + 1..seq).contains(missing))
                });
                breaches.push(if comes_later {
                    Breach::Reordered { who: who(), seq }
                } else {
                    Breach::SilentHole { who: who(), after: before, next: seq }
                });
            }
            // It was missing and was told of when that showed.
            Some((same, _)) if same == epoch => continue,
            Some((_, after)) => breaches.push(Breach::SilentHole { who: who(), after, next: seq }),
        }
        if last.is_none_or(|(same, before)| same != epoch || seq > before) {
            last = Some((epoch, seq));
        }
    }
}

/// What an entry says, on one line.
pub fn text(entry: &Entry) -> String {
    let said = match &entry.body {
        Body::Message(message) => message.text.as_ref(),
        _ => None,
    };
    said.map_or_else(|| entry.kind().to_owned(), |text| text.as_str().replace('\n', " "))
}
