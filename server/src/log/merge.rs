//! A search over many rooms, the same for every log: the rooms' hits are merged, newest first.
//!
//! Only the rooms whose newest entry is new enough are looked into, each just as far down as the merge has come, so a common
//! word costs a few rooms and a rare one a look into each. The work is done in slices ([`Merge::go_on`]): between two of them
//! others have their turn, and a search that nobody waits for ends.
//!
//! Clocks jump, and the times of a room's entries with them. The merge goes by [`time_of`](Times::time_of), which never falls
//! within a room and is the entry's own time wherever the clock behaved. So a search that goes on at a [`Position`] finds each hit exactly once.

use std::{
    collections::{BinaryHeap, VecDeque},
    time::{Duration, Instant},
};

use snug_shared::{Entry, Millis, RoomKey, RoomName, Seq};

mod time_slice;
mod times;

pub(super) use time_slice::TimeSlice;
use times::Times;

use super::{
    page::content_bytes,
    query::{InRoom, Position, SearchQuery, Wanted},
    search::FOUND_BYTES,
};

/// How long a search may take in all (`docs/protocol.md` §2).
const LONGEST: Duration = Duration::from_secs(2);
/// Hits that are fetched from a room at once, at most.
const AT_ONCE: usize = 32;

/// A message that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The room's name, in its first spelling.
    pub room: RoomName,
    /// The message in its present state.
    pub entry: Entry,
}

/// What a search over rooms has found.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Where it goes on; none when it is through.
    pub position: Option<Position>,
}

/// A room, as a search needs it.
#[derive(Debug, Clone)]
pub(super) struct RoomHead {
    pub(super) key: RoomKey,
    pub(super) name: RoomName,
    pub(super) last: Seq,
    pub(super) last_at: Millis,
}

/// What a look into a room has brought.
#[derive(Debug, Default)]
pub(super) struct Visit {
    /// Hits, the newest first.
    pub(super) hits: Vec<Seq>,
    /// The newest entry that was not looked at; none when the room is through.
    pub(super) next: Option<Seq>,
}

/// The rooms of a log, at one moment.
pub(super) trait Rooms {
    /// A room's handle.
    type Id: Clone + Send + 'static;
    /// What can go wrong.
    type Error;

    /// The time of the newest entry and the handle of some rooms, those with the newest first: those after this one.
    fn listed(&mut self, after: Option<&(Millis, Self::Id)>) -> Result<Vec<(Millis, Self::Id)>, Self::Error>;

    /// The room of this key.
    fn find(&mut self, key: &RoomKey) -> Result<Option<(Millis, Self::Id)>, Self::Error>;

    /// A room; none where it cannot be read.
    fn head(&mut self, id: &Self::Id) -> Result<Option<RoomHead>, Self::Error>;

    /// The time of an entry; the least there is where it is not kept.
    fn at(&mut self, id: &Self::Id, seq: Seq) -> Result<Millis, Self::Error>;

    /// Looks for at most `most` hits in `span`, both ends included, from its end down. It looks at one message at least, and at some window at most.
    fn visit(
        &mut self,
        id: &Self::Id,
        span: (Seq, Seq),
        wanted: &Wanted,
        most: usize,
        slice: &mut TimeSlice<'_>,
    ) -> Result<Visit, Self::Error>;

    /// An entry in its present state; none where it cannot be read.
    fn entry(&mut self, id: &Self::Id, seq: Seq) -> Result<Option<Entry>, Self::Error>;
}

/// A search under way.
pub(super) struct Merge<Id> {
    wanted: Wanted,
    limit: usize,
    began: Instant,
    /// Where an earlier search stopped.
    start: Option<Position>,
    /// The rooms to look into that come next, those with the newest entries first.
    listed: VecDeque<(Millis, Id)>,
    list: List<Id>,
    pending: BinaryHeap<Pending<Id>>,
    found: Hits,
    bytes: usize,
    is_done: bool,
}

/// Which rooms are listed.
enum List<Id> {
    /// This room alone, which was not looked up yet.
    One(RoomKey),
    /// All rooms, after this one.
    After(Option<(Millis, Id)>),
    /// All that are wanted are listed.
    Whole,
}

/// A room that was looked into, or is to be.
struct Pending<Id> {
    /// Nothing that is left in the room comes before this.
    position: Position,
    room: Box<OpenRoom<Id>>,
}

struct OpenRoom<Id> {
    id: Id,
    head: RoomHead,
    /// The oldest entry to look at.
    low: Seq,
    /// Hits, the newest first.
    hits: VecDeque<Seq>,
    /// The newest entry that was not looked at.
    next: Option<Seq>,
}

impl<Id> PartialEq for Pending<Id> {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl<Id> Eq for Pending<Id> {}

impl<Id> PartialOrd for Pending<Id> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<Id> Ord for Pending<Id> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.position.cmp(&other.position)
    }
}

impl<Id: Clone> Merge<Id> {
    pub(super) fn new(query: &SearchQuery) -> Self {
        let wanted = Wanted::new(query);
        let is_done = wanted.finds_nothing();
        Self {
            wanted,
            limit: query.limit,
            began: Instant::now(),
            start: query.position.clone(),
            listed: VecDeque::new(),
            list: query.room.clone().map_or(List::After(None), List::One),
            pending: BinaryHeap::new(),
            found: Hits::default(),
            bytes: 0,
            is_done,
        }
    }

    /// What was found, once the search is done.
    pub(super) fn into_found(self) -> Hits {
        self.found
    }

    /// Works on for a slice of time. Whether it is done.
    pub(super) fn go_on<R: Rooms<Id = Id>>(
        &mut self,
        rooms: &mut R,
        slice: &mut TimeSlice<'_>,
    ) -> Result<bool, R::Error> {
        while !self.is_done {
            self.step(rooms, slice)?;
            if !slice.check() {
                break;
            }
        }
        if !self.is_done && (self.began.elapsed() >= LONGEST || self.found.hits.len() >= self.limit) {
            let first = self.first();
            self.stop_at(first);
        }
        Ok(self.is_done)
    }

    fn stop_at(&mut self, position: Option<Position>) {
        self.is_done = true;
        self.found.position = position;
    }

    /// Where the first of all that is left can be.
    fn first(&self) -> Option<Position> {
        let listed = self.listed.front().map(|(at, _)| Position::at(*at));
        let unlisted = match &self.list {
            List::After(Some((at, _))) if listed.is_none() => Some(Position::at(*at)),
            // Nothing was looked at yet: from where it began.
            List::After(None) | List::One(_) if listed.is_none() => {
                Some(self.start.clone().unwrap_or_else(|| Position::at(Millis::MAX)))
            }
            _ => None,
        };
        self.pending.peek().map(|pending| pending.position.clone()).max(listed).max(unlisted)
    }

    fn step<R: Rooms<Id = Id>>(&mut self, rooms: &mut R, slice: &mut TimeSlice<'_>) -> Result<(), R::Error> {
        if self.listed.is_empty() && !matches!(self.list, List::Whole) {
            return self.list_more(rooms);
        }
        let top = self.pending.peek().map(|pending| pending.position.at);
        if self.listed.front().is_some_and(|(at, _)| top.is_none_or(|top| *at >= top)) {
            return match self.listed.pop_front() {
                Some((_, id)) => self.open(rooms, id),
                None => Ok(()),
            };
        }
        let Some(Pending { position, mut room }) = self.pending.pop() else {
            self.is_done = true;
            return Ok(());
        };
        match room.hits.pop_front() {
            Some(seq) => {
                if !self.take(rooms, &room, seq)? {
                    self.stop_at(Some(position));
                    return Ok(());
                }
            }
            None => {
                let Some(high) = room.next else { return Ok(()) };
                let most = AT_ONCE.min(self.limit - self.found.hits.len().min(self.limit) + 1);
                let visit = rooms.visit(&room.id, (room.low, high), &self.wanted, most, slice)?;
                room.hits = visit.hits.into();
                room.next = visit.next.filter(|next| *next >= room.low);
            }
        }
        self.put_back(rooms, room)
    }

    fn list_more<R: Rooms<Id = Id>>(&mut self, rooms: &mut R) -> Result<(), R::Error> {
        self.list = match std::mem::replace(&mut self.list, List::Whole) {
            List::One(key) => {
                self.listed.extend(rooms.find(&key)?);
                List::Whole
            }
            List::After(after) => {
                self.listed.extend(rooms.listed(after.as_ref())?);
                self.listed.back().map_or(List::Whole, |last| List::After(Some(last.clone())))
            }
            List::Whole => List::Whole,
        };
        Ok(())
    }

    /// Looks where in a room the search begins.
    fn open<R: Rooms<Id = Id>>(&mut self, rooms: &mut R, id: Id) -> Result<(), R::Error> {
        let Some(head) = rooms.head(&id)? else { return Ok(()) };
        if head.last_at < self.wanted.since {
            // So are all that come after it.
            (self.list, self.listed) = (List::Whole, VecDeque::new());
            return Ok(());
        }
        let mut times = Times { head: &head, at: |seq| rooms.at(&id, seq) };
        let mut high = match &self.start {
            None => head.last,
            Some(start) => match &start.room {
                InRoom::Key(key) if *key == head.key => start.seq.min(head.last),
                InRoom::Key(key) if *key < head.key => times.last_before(start.at.saturating_sub(1))?,
                InRoom::Key(_) | InRoom::First => times.last_before(start.at)?,
            },
        };
        if self.wanted.until < head.last_at {
            high = high.min(times.last_before(self.wanted.until)?);
        }
        let mut low = 1;
        if self.wanted.since > Millis::MIN {
            low += times.last_before(self.wanted.since - 1)?;
        }
        if high < low {
            return Ok(());
        }
        let room = OpenRoom { id, head, low, hits: VecDeque::new(), next: Some(high) };
        self.put_back(rooms, Box::new(room))
    }

    /// Puts a room where its next hit, or what was not looked at, has its turn.
    fn put_back<R: Rooms<Id = Id>>(
        &mut self,
        rooms: &mut R,
        room: Box<OpenRoom<Id>>,
    ) -> Result<(), R::Error> {
        let Some(seq) = room.hits.front().copied().or(room.next) else { return Ok(()) };
        let mut times = Times { head: &room.head, at: |seq| rooms.at(&room.id, seq) };
        let position = Position { at: times.time_of(seq)?, room: InRoom::Key(room.head.key.clone()), seq };
        self.pending.push(Pending { position, room });
        Ok(())
    }

    /// Takes a hit, unless there are enough. Whether it did, or it is a hit no more.
    fn take<R: Rooms<Id = Id>>(
        &mut self,
        rooms: &mut R,
        room: &OpenRoom<Id>,
        seq: Seq,
    ) -> Result<bool, R::Error> {
        if self.found.hits.len() >= self.limit {
            return Ok(false);
        }
        // It may have been changed since it was found.
        let Some(entry) = rooms.entry(&room.id, seq)?.filter(|entry| self.wanted.is_hit_now(entry)) else {
            return Ok(true);
        };
        self.bytes += content_bytes(&entry);
        if self.bytes > FOUND_BYTES && !self.found.hits.is_empty() {
            return Ok(false);
        }
        self.found.hits.push(Hit { room: room.head.name.clone(), entry });
        Ok(true)
    }
}
