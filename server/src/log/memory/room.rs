//! One room in memory: its newest entries and what became of each message.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use snug_shared::{
    Author, Body, Entry, Line, Message, MessageText, Millis, Present, RoomName, RoomSettings, Seq, Topic,
    search::{self, SearchTerms},
};
use uuid::Uuid;

mod facts;

use super::ENTRIES;
use crate::log::{
    Append, Committed, Epoch, LogError, RoomRecord, Slice, Span,
    digest::Digest,
    epoch::Generation,
    merge::{TimeSlice, Visit},
    now,
    page::{self, Page},
    query::{Candidate, Wanted},
    reactions::{ReactionState, Tally},
    rules,
    search::{FOUND_BYTES, Search},
};

/// Bytes an entry costs besides its text, about.
const OVERHEAD: usize = 512;
/// Read positions kept. When there are more, the author who has read the least is forgotten first.
const READS: usize = 10_000;

pub(super) struct MemoryRoom {
    name: RoomName,
    /// That of its entries; until there are any, that of the generation it was asked with last.
    epoch: Epoch,
    last: Seq,
    last_at: Millis,
    topic: Topic,
    settings: RoomSettings,
    /// Without holes, up to `last`.
    entries: VecDeque<StoredEntry>,
    sends: HashMap<(Author, Uuid), Seq>,
    reads: HashMap<Author, Seq>,
    bytes: usize,
    /// Bytes that all rooms hold.
    held: Arc<AtomicUsize>,
}

struct StoredEntry {
    /// As it is now; an edit's text is looked up with its target.
    entry: Entry,
    /// A message's text as searches compare it, where that is not just lower case.
    folded: Option<Box<str>>,
    digest: Digest,
    /// A message's last edit.
    edited: Option<Seq>,
    reactions: Vec<ReactionState>,
}

impl StoredEntry {
    /// Bytes of its texts.
    fn text_bytes(&self) -> usize {
        page::text_bytes(&self.entry) + self.folded.as_ref().map_or(0, |folded| folded.len())
    }
}

/// A message's text as searches compare it.
fn folded(entry: &Entry) -> Option<Box<str>> {
    let text = entry.message()?.text.as_ref()?;
    search::folded(text.as_str()).map(Into::into)
}

impl MemoryRoom {
    pub(super) fn new(name: RoomName, epoch: Epoch, held: Arc<AtomicUsize>) -> Self {
        Self {
            name,
            epoch,
            last: 0,
            last_at: 0,
            topic: Topic::default(),
            settings: RoomSettings::default(),
            entries: VecDeque::new(),
            sends: HashMap::new(),
            reads: HashMap::new(),
            bytes: 0,
            held,
        }
    }

    pub(super) fn last(&self) -> Seq {
        self.last
    }

    /// When the newest entry was; 0 when there is none.
    pub(super) fn last_at(&self) -> Millis {
        self.last_at
    }

    /// The epoch of its entries, or of the first one that is to come.
    pub(super) fn epoch(&mut self, generation: &Generation) -> Epoch {
        if self.last == 0 {
            self.epoch = generation.epoch(&self.name.key());
        }
        self.epoch
    }

    pub(super) fn record(&self) -> RoomRecord {
        RoomRecord {
            name: self.name.clone(),
            epoch: self.epoch,
            first: self.first().min(self.last),
            last: self.last,
            last_at: self.last_at,
            topic: self.topic.clone(),
            settings: self.settings.clone(),
        }
    }

    /// Numbers a send that was judged and keeps it.
    pub(super) fn enter(&mut self, append: Append, digest: Digest) -> Committed {
        let entry = Entry {
            seq: self.last + 1,
            id: append.id,
            at: now(),
            user: append.actor.nickname,
            by: append.actor.author,
            body: rules::body(append.intent),
        };
        self.fold(&entry);
        self.last = entry.seq;
        self.last_at = entry.at;
        let mut kept = entry.clone();
        if let Body::Edited { text, .. } = &mut kept.body {
            *text = None;
        }
        let kept =
            StoredEntry { folded: folded(&kept), entry: kept, digest, edited: None, reactions: Vec::new() };
        self.grow(OVERHEAD + kept.text_bytes());
        self.sends.insert((kept.entry.by.clone(), kept.entry.id), kept.entry.seq);
        self.entries.push_back(kept);
        self.keep_newest(ENTRIES);
        Committed { room: append.room.key(), epoch: self.epoch, entry }
    }

    /// Lets go of all but the newest entries.
    pub(super) fn keep_newest(&mut self, count: usize) {
        while self.entries.len() > count {
            let Some(gone) = self.entries.pop_front() else { break };
            self.sends.remove(&(gone.entry.by.clone(), gone.entry.id));
            self.shrink(OVERHEAD + gone.text_bytes());
        }
    }

    /// An entry as it is now, and how many bytes of text and reactions it is.
    fn line(&self, kept: &StoredEntry) -> (Line, usize) {
        let entry = self.present(kept);
        let size = page::content_bytes(&entry);
        (entry.into(), size)
    }

    /// An entry that is kept, as it is now.
    pub(super) fn show(&self, seq: Seq) -> Result<Box<Entry>, LogError> {
        let kept = self.kept(seq).map(|kept| Box::new(self.present(kept)));
        kept.ok_or_else(|| LogError::Unavailable("an entry is missing".to_owned()))
    }

    pub(super) fn page(&self, span: Span, limit: usize, bytes: usize) -> Slice {
        let (from, to) = self.range(span);
        let mut within = self.entries.range(from..to).map(|kept| self.line(kept));
        let newest_first = matches!(span, Span::Before(_));
        let mut page = Page::new(limit, bytes);
        // Both stop at the first entry that does not fit.
        if newest_first {
            within.rev().all(|(line, text)| page.take(line, text));
        } else {
            within.all(|(line, text)| page.take(line, text));
        }
        let (entries, more) = page.into_ascending(newest_first);
        Slice { room: self.record(), entries, more, cursor: None }
    }

    pub(super) fn search(&self, words: &SearchTerms, span: Span, limit: usize) -> Slice {
        let (from, to) = if words.find_nothing() { (0, 0) } else { self.range(span) };
        let mut search = Search::new(words, limit, &|| false);
        let mut page = Page::new(limit, FOUND_BYTES);
        for kept in self.entries.range(from..to).rev() {
            let Some(text) = kept.entry.message().and_then(|message| message.text.as_ref()) else { continue };
            if search.is_hit(kept.entry.seq, text.as_str(), kept.folded.as_deref()) {
                let (line, size) = self.line(kept);
                if !page.take(line, size) {
                    search.stop_before(kept.entry.seq);
                }
            }
            if search.is_over() {
                break;
            }
        }
        let (entries, _) = page.into_ascending(true);
        let cursor = search.cursor();
        Slice { room: self.record(), entries, more: cursor.is_some(), cursor }
    }

    /// The time of an entry that is kept.
    pub(super) fn at(&self, seq: Seq) -> Option<Millis> {
        Some(self.kept(seq)?.entry.at)
    }

    /// Looks for hits of a search over rooms, from the newest entry of a span down.
    pub(super) fn visit(
        &self,
        (low, high): (Seq, Seq),
        wanted: &Wanted,
        most: usize,
        slice: &mut TimeSlice<'_>,
    ) -> Visit {
        let mut visit = Visit::default();
        let (from, _) = self.range(Span::After(low.saturating_sub(1)));
        let (_, to) = self.range(Span::Before(high.saturating_add(1)));
        for kept in self.entries.range(from.min(to)..to).rev() {
            let StoredEntry { entry, folded, .. } = kept;
            let Some(text) = entry.message().and_then(|message| message.text.as_ref()) else { continue };
            let candidate = Candidate {
                text: text.as_str(),
                folded: folded.as_deref(),
                at: entry.at,
                user: entry.user.as_str(),
                by: entry.by.as_str(),
            };
            if wanted.is_hit(candidate) {
                visit.hits.push(entry.seq);
            }
            if visit.hits.len() >= most || !slice.look_at(text.as_str().len()) {
                visit.next = Some(entry.seq - 1);
                break;
            }
        }
        visit
    }

    pub(super) fn read_position(&self, author: &Author) -> Option<Seq> {
        self.reads.get(author).copied()
    }

    pub(super) fn keep_read_position(&mut self, author: &Author, seq: Seq) {
        let seq = seq.min(self.last);
        if self.last == 0 {
            return;
        }
        let position = self.reads.entry(author.clone()).or_insert(seq);
        *position = seq.max(*position);
        if self.reads.len() > READS {
            let least = self.reads.iter().min_by_key(|(_, seq)| **seq).map(|(author, _)| author.clone());
            least.and_then(|author| self.reads.remove(&author));
        }
    }

    /// The seq of the oldest entry kept.
    fn first(&self) -> Seq {
        self.last + 1 - self.entries.len() as Seq
    }

    /// The first and the last place of a span among the entries kept.
    fn range(&self, span: Span) -> (usize, usize) {
        let place = |seq: Seq| {
            let place = seq.saturating_sub(self.first());
            usize::try_from(place).map_or(self.entries.len(), |place| place.min(self.entries.len()))
        };
        match span {
            Span::After(seq) => (place(seq.saturating_add(1)), self.entries.len()),
            Span::Before(seq) => (0, place(seq)),
        }
    }

    fn kept(&self, seq: Seq) -> Option<&StoredEntry> {
        let place = seq.checked_sub(self.first())?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    fn kept_mut(&mut self, seq: Seq) -> Option<&mut StoredEntry> {
        let place = seq.checked_sub(self.first())?;
        self.entries.get_mut(usize::try_from(place).ok()?)
    }

    fn text_of(&self, seq: Seq) -> Option<MessageText> {
        self.kept(seq)?.entry.message()?.text.clone()
    }

    /// An entry with everything later folded in.
    fn present(&self, kept: &StoredEntry) -> Entry {
        let mut entry = kept.entry.clone();
        match &mut entry.body {
            Body::Message(message) => {
                let mut set: Vec<_> = kept.reactions.iter().filter(|reaction| reaction.on).collect();
                set.sort_unstable_by_key(|reaction| reaction.seq);
                let mut tally = Tally::default();
                for reaction in set {
                    tally.add(reaction.emoji.clone(), reaction.author.clone());
                }
                message.present = Some(Present {
                    as_of: self.last,
                    edited: kept.edited,
                    deleted: message.text.is_none(),
                    reactions: tally.into_reactions(),
                });
            }
            Body::Edited { target, text } => *text = self.text_of(*target),
            Body::Deleted { .. } | Body::Reacted { .. } | Body::Topic { .. } | Body::Act(_) => {}
        }
        entry
    }

    /// Makes the state of the room what it is after `entry`, which is not in it yet.
    fn fold(&mut self, entry: &Entry) {
        match &entry.body {
            Body::Topic { topic } => self.topic = topic.clone(),
            Body::Act(act) => drop(self.settings.apply(act)),
            _ => {}
        }
        let Some(target) = entry.body.target() else { return };
        let Some(kept) = self.kept_mut(target) else { return };
        let before = kept.text_bytes();
        let Body::Message(Message { text, .. }) = &mut kept.entry.body else { return };
        match &entry.body {
            Body::Edited { text: now, .. } => {
                text.clone_from(now);
                kept.edited = Some(entry.seq);
            }
            Body::Deleted { .. } => {
                *text = None;
                kept.reactions.clear();
            }
            Body::Reacted { emoji, on, .. } => {
                let reaction =
                    ReactionState { emoji: emoji.clone(), author: entry.by.clone(), on: *on, seq: entry.seq };
                match kept
                    .reactions
                    .iter_mut()
                    .find(|known| known.emoji == reaction.emoji && known.author == reaction.author)
                {
                    Some(known) => *known = reaction,
                    None => kept.reactions.push(reaction),
                }
            }
            Body::Message(_) | Body::Topic { .. } | Body::Act(_) => {}
        }
        if !matches!(entry.body, Body::Reacted { .. }) {
            kept.folded = folded(&kept.entry);
        }
        let after = kept.text_bytes();
        self.shrink(before);
        self.grow(after);
    }

    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    fn shrink(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for MemoryRoom {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
