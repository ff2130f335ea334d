//! One room with members on this server: the list of its members, their sockets, and the tail of its newest frames.
//!
//! Everything said in the room comes in through its [`Inbox`] and goes out through its one flusher task (`hub/flusher.rs`).
//! Locks are held for one call each, never across an await and never while the backend is called.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use snug_shared::{
    Author, Body, CloseReason, Entry, MemberList, Millis, Nickname, Presence, Resume, RoomKey, RoomName, Seq,
    ServerFrame, Topic,
};

use super::{
    inbox::Inbox,
    roster::Roster,
    single_flight::{SharedRead, SingleFlight},
    sockets::Sockets,
};
use crate::{
    backend::Backend,
    dialect::{self, Dialect},
    event::{Change, Event, Version},
    fanout::{Attached, FollowEnd, Follower, Missed, Outbound, SharedTail, Tail},
    log::{Committed, Epoch, RoomRecord},
    presence::{Join, JoinError, Naming, Snapshot},
    sync::{Guard, Ranked, rank},
    unavailable::Unavailable,
};

/// Members written to before joins and leaves get their turn at the list.
const MEMBERS: usize = 64;

/// A room with members on this server.
pub struct Room {
    /// Its name, in its first spelling.
    pub name: RoomName,
    /// The folded name that rooms are compared by.
    pub key: RoomKey,
    /// Which history of the room this is.
    pub epoch: Epoch,
    pub(super) backend: Backend,
    capacity: usize,
    pub(super) inbox: Arc<Inbox>,
    people: Ranked<People, rank::People>,
    pub(super) tail: SharedTail,
    facts: Ranked<Facts, rank::Leaf>,
    /// Whole lists of members, for who joins past a gap.
    refreshing: SharedRead<Result<(), Unavailable>>,
    /// Set when the log has begun another history.
    outdated: AtomicBool,
    /// What members missed who had all up to one entry, while another was the newest.
    pub missed: SingleFlight<(Seq, Seq), Arc<Missed>>,
    /// Whether a returning member can go on where it left off, while an entry was the newest.
    pub resumable: SingleFlight<(Resume, Seq), bool>,
}

/// Everybody that a room's frames go to. One lock, because who comes and goes changes all of it at once.
pub(super) struct People {
    /// The room's members on all servers.
    pub roster: Roster,
    /// The sockets of those on this server.
    pub sockets: Sockets,
    /// Readers that are no members.
    pub followers: HashMap<u64, Arc<Follower>>,
}

/// What the newest entries made of the room.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The oldest entry kept when the room was opened.
    pub first: Seq,
    /// When the newest entry was made.
    pub last_at: Millis,
    /// What the room is about.
    pub topic: Topic,
}

/// A place taken in a room.
#[derive(Debug, Clone)]
pub struct Place {
    /// The member's id.
    pub member: u64,
    /// The nickname it got.
    pub nickname: Nickname,
}

impl Room {
    /// A room as the log and the presence know it. Events that both include may have come in already; they are passed over.
    pub(super) fn new(
        backend: Backend,
        inbox: Arc<Inbox>,
        record: RoomRecord,
        snapshot: Snapshot,
        capacity: usize,
    ) -> Self {
        let RoomRecord { name, epoch, first, last, last_at, topic, .. } = record;
        let people = People {
            roster: Roster::new(snapshot, Instant::now()),
            sockets: Sockets::default(),
            followers: HashMap::new(),
        };
        Self {
            key: name.key(),
            name,
            epoch,
            backend,
            capacity,
            inbox,
            people: Ranked::new(people),
            tail: Arc::new(Ranked::new(Tail::new(last))),
            facts: Ranked::new(Facts { first, last_at, topic }),
            refreshing: SharedRead::default(),
            outdated: AtomicBool::new(false),
            missed: SingleFlight::default(),
            resumable: SingleFlight::default(),
        }
    }

    /// Gives a connection a place in the room, or its place another nickname. An older connection of the same author is closed
    /// as replaced. Whatever comes of it, [`leave`](Self::leave) gives the place up again.
    ///
    /// # Errors
    /// [`JoinError`] when the nickname is somebody else's, the room is full, or nobody can decide.
    pub async fn join(
        &self,
        member: u64,
        outbound: &Arc<Outbound>,
        author: &Author,
        can_return: bool,
        naming: Naming,
    ) -> Result<Place, JoinError> {
        let connection = outbound.id;
        // The socket is here before the place is taken: a newer connection that takes the place over must find it.
        outbound.attach(&self.tail);
        self.people().sockets.insert(outbound);
        let (author, capacity) = (author.clone(), self.capacity);
        let join = Join { member, connection, author, can_return, naming, capacity };
        let joined = self.backend.presence.join(&self.name, join).await?;
        let decided = joined.change.version;
        let is_known = {
            let mut people = self.people();
            people.apply(joined.change);
            people.roster.version() >= decided
        };
        if !is_known {
            // Changes before this one are missing, and a member is told of a list that it is in.
            self.refreshing.answer(self.refresh(None)).await?;
        }
        if self.people().roster.is_replaced(joined.member, connection) {
            outbound.close(CloseReason::Replaced);
        }
        Ok(Place { member: joined.member, nickname: joined.nickname })
    }

    /// Takes a connection's place away, if it has one.
    pub fn leave(&self, author: &Author, connection: u64) {
        self.people().sockets.remove(connection);
        self.backend.presence.leave(&self.key, author, connection);
    }

    /// Lets somebody read along without being a member. `cut` is called when they have fallen too far behind.
    pub fn follow(&self, id: u64, cut: impl Fn() + Send + Sync + 'static) -> Arc<Follower> {
        let follower = Arc::new(Follower::new(self.tail.clone(), cut));
        let _ = self.people().followers.insert(id, follower.clone());
        follower
    }

    /// Lets go of a reader.
    pub fn unfollow(&self, id: u64) {
        let _ = self.people().followers.remove(&id);
    }

    /// Ends all who read along.
    pub fn close_followers(&self, end: FollowEnd) {
        for follower in self.people().followers.values() {
            follower.close(end);
        }
    }

    /// The first of the members, and how many there are.
    pub fn members(&self) -> (MemberList, u32) {
        let mut people = self.people();
        (people.roster.members(), people.roster.count())
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.people().roster.is_empty()
    }

    /// The newest entry the members were told of.
    pub fn last(&self) -> Seq {
        self.tail.lock().last()
    }

    /// What the newest entries made of the room.
    pub fn facts(&self) -> Facts {
        self.facts.lock().clone()
    }

    /// Tells everybody of an entry that is in the log, in case that was never done: its first append may have ended without
    /// anybody knowing how. Whoever was told passes it over.
    pub fn tell(&self, entry: Entry) {
        let committed = Arc::new(Committed { room: self.key.clone(), epoch: self.epoch, entry });
        // Where it cannot be sent, the hole is found later.
        let _ = self.backend.layer.group_send(&self.key, Event::Entry(committed));
    }

    /// Ends a connection's replay with `frames`, up to the entry `seen`, and lets it follow the room. False when it has to
    /// replay on because later entries have left the tail.
    pub fn go_live(&self, outbound: &Outbound, frames: &[Bytes], seen: Seq) -> bool {
        match outbound.go_live(frames, seen) {
            Attached::Behind => false,
            Attached::Live => true,
            Attached::LiveWithoutPresence if outbound.dialect != Dialect::Native => true,
            Attached::LiveWithoutPresence => {
                let (members, count) = self.members();
                let whole = Presence { count, members: Some(members), ..Presence::default() };
                outbound.send([dialect::native(&ServerFrame::Presence(whole))]);
                true
            }
        }
    }

    /// Does something with the socket of every member on this server.
    pub fn for_each_socket(&self, mut act: impl FnMut(&Outbound)) {
        for start in (0..).step_by(MEMBERS) {
            let people = self.people.lock();
            let Some(members) = people.sockets.places(start..start + MEMBERS) else { return };
            members.for_each(&mut act);
        }
    }

    /// The log has begun another history of the room. Everybody in this one comes back, and the hub opens the room anew.
    pub fn outdate(&self) {
        if !self.outdated.swap(true, Ordering::Relaxed) {
            tracing::warn!(room = %self.key, "the log has begun a new history of this room; its members come back to it");
        }
        self.for_each_socket(|outbound| outbound.close(CloseReason::TooSlow));
        self.close_followers(FollowEnd::TooSlow);
        // The flusher ends.
        self.inbox.wake.notify_one();
    }

    /// Whether the log has begun another history of the room.
    pub fn is_outdated(&self) -> bool {
        self.outdated.load(Ordering::Relaxed)
    }

    /// Everybody here, with all changes applied that have come in.
    pub(super) fn people(&self) -> Guard<'_, People> {
        let mut people = self.people.lock();
        for change in self.inbox.take_changes() {
            people.apply(change);
        }
        people
    }

    /// Reads the whole list of members, unless nothing has changed since the version `known`.
    pub(super) async fn refresh(&self, known: Option<Version>) -> Result<(), Unavailable> {
        if let Some(snapshot) = self.backend.presence.members(&self.key, known).await? {
            let mut people = self.people();
            let People { roster, sockets, .. } = &mut *people;
            roster.refresh(Instant::now(), snapshot, |connection| sockets.replace(connection));
        }
        Ok(())
    }

    /// Notes what an entry makes of the room.
    pub(super) fn note(&self, entry: &Entry) {
        let mut facts = self.facts.lock();
        facts.first = facts.first.max(1);
        facts.last_at = entry.at;
        if let Body::Topic { topic } = &entry.body {
            facts.topic = topic.clone();
        }
    }
}

impl People {
    fn apply(&mut self, change: Change) {
        let Self { roster, sockets, .. } = self;
        roster.apply(Instant::now(), change, |connection| sockets.replace(connection));
    }
}
