//! One room that somebody is in: its members' names, their sockets, and the tail of what it says.
//!
//! Everything said in the room comes in through [`Receiver::receive`] and goes out through the one flusher task, which encodes
//! it, appends it to the tail and writes it to every member. The locks are held for one call each and never across an await;
//! where two are held, it is an [`Outbound`]'s state first and the tail second.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use snug_shared::{
    Author, CloseReason, MemberList, Millis, Nickname, Presence, Resume, RoomKey, RoomName, Seq, ServerFrame,
    Topic, entry::Body,
};
use tokio::sync::Notify;

use super::{
    coalesce::{self, Coalescer},
    roster::{JoinError, Joined, Roster},
    single_flight::SingleFlight,
    sockets::Sockets,
};
use crate::{
    dialect::Dialect,
    fanout::{self, Attached, FollowEnd, Follower, Item, Missed, Outbound, SharedTail, Tail},
    layer::{Event, Receiver},
    log::{Epoch, RoomRecord},
    sync::{Ranked, lock},
    websocket,
};

/// Events encoded and written in one go. Bounds the frames that are in no tail yet, and how long the tail's lock is held.
const EVENTS: usize = 64;
/// Members written to before joins and leaves get their turn at the list.
const MEMBERS: usize = 64;

/// A room that somebody is in.
pub struct Room {
    /// Its name, in its first spelling.
    pub name: RoomName,
    /// What it is compared by.
    pub key: RoomKey,
    /// Which history of the room this is.
    pub epoch: Epoch,
    /// Set when the log has begun another one.
    outdated: AtomicBool,
    roster: Mutex<Roster>,
    sockets: Mutex<Sockets>,
    /// Those who read without being members.
    followers: Mutex<HashMap<u64, Arc<Follower>>>,
    tail: SharedTail,
    incoming: Mutex<Vec<Event>>,
    present: Mutex<Facts>,
    wake: Notify,
    /// What those missed who were here up to an entry, while another was the newest.
    pub missed: SingleFlight<(Seq, Seq), Arc<Missed>>,
    /// Whether one can go on where they left off, while an entry was the newest.
    pub resumable: SingleFlight<(Resume, Seq), bool>,
}

/// What the newest entries made of the room.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The oldest entry kept when the room was opened.
    pub first: Seq,
    /// When the newest entry was.
    pub last_at: Millis,
    /// What the room is about.
    pub topic: Topic,
}

impl Room {
    /// A room as the log knows it. Events may already have come in; those the record includes are passed over.
    pub fn new(record: RoomRecord, capacity: usize) -> Self {
        let RoomRecord { name, epoch, first, last, last_at, topic } = record;
        Self {
            key: name.key(),
            name,
            epoch,
            outdated: AtomicBool::new(false),
            roster: Mutex::new(Roster::new(capacity)),
            sockets: Mutex::default(),
            followers: Mutex::default(),
            tail: Arc::new(Ranked::new(Tail::new(last))),
            incoming: Mutex::default(),
            present: Mutex::new(Facts { first, last_at, topic }),
            wake: Notify::new(),
            missed: SingleFlight::default(),
            resumable: SingleFlight::default(),
        }
    }

    /// Gives a connection a place in the room; an older connection of the same author is closed as replaced.
    ///
    /// # Errors
    /// [`JoinError`] when the nickname is somebody else's or the room is full.
    pub fn join(
        &self,
        fresh: u64,
        outbound: &Arc<Outbound>,
        author: &Author,
        nickname: &Nickname,
    ) -> Result<Joined, JoinError> {
        let joined = self.change(|roster, now| roster.join(now, fresh, outbound.id, author, nickname))?;
        outbound.attach(self.tail.clone());
        let mut sockets = lock(&self.sockets);
        sockets.insert(outbound.clone());
        if let Some(older) = joined.replaced.and_then(|older| sockets.get(older)) {
            older.close(CloseReason::Replaced);
        }
        Ok(joined)
    }

    /// Gives a connection's member another nickname; to the others, one leaves and another comes.
    ///
    /// # Errors
    /// [`JoinError`] when the nickname is somebody else's. Nothing changes then.
    pub fn rename(
        &self,
        fresh: u64,
        outbound: &Outbound,
        author: &Author,
        nickname: &Nickname,
    ) -> Result<Joined, JoinError> {
        self.change(|roster, now| roster.join(now, fresh, outbound.id, author, nickname))
    }

    /// Takes a connection's place away.
    pub fn leave(&self, member: u64, connection: u64) {
        lock(&self.sockets).remove(connection);
        self.change(|roster, now| roster.leave(now, member, connection));
    }

    /// Changes who is here, and wakes the flusher when that is to be told before anything else.
    fn change<T>(&self, change: impl FnOnce(&mut Roster, Instant) -> T) -> T {
        let mut roster = lock(&self.roster);
        let due = roster.next_deadline();
        let changed = change(&mut roster, Instant::now());
        let sooner = roster.next_deadline().is_some_and(|next| due.is_none_or(|due| next < due));
        drop(roster);
        if sooner {
            self.wake.notify_one();
        }
        changed
    }

    /// Lets somebody read along without being a member. `cut` is called when they have fallen too far behind.
    pub fn follow(&self, id: u64, cut: impl Fn() + Send + Sync + 'static) -> Arc<Follower> {
        let follower = Arc::new(Follower::new(self.tail.clone(), cut));
        let _ = lock(&self.followers).insert(id, follower.clone());
        follower
    }

    /// Lets go of a reader.
    pub fn unfollow(&self, id: u64) {
        let _ = lock(&self.followers).remove(&id);
    }

    /// Ends all who read along.
    pub fn close_followers(&self, end: FollowEnd) {
        for follower in lock(&self.followers).values() {
            follower.close(end);
        }
    }

    /// Whether a member's sign of typing is passed on now.
    pub fn types(&self, member: u64) -> bool {
        lock(&self.roster).types(Instant::now(), member)
    }

    /// Who is here: the first of them, and how many.
    pub fn members(&self) -> (MemberList, u32) {
        let mut roster = lock(&self.roster);
        (roster.members(), roster.count())
    }

    /// How many have a live connection.
    pub fn connected(&self) -> u32 {
        lock(&self.roster).connected()
    }

    /// Whether somebody here goes by that name.
    pub fn is_present(&self, nickname: &Nickname) -> bool {
        lock(&self.roster).is_present(nickname)
    }

    /// Whether nobody is here and no name is kept for anybody.
    pub fn is_over(&self) -> bool {
        lock(&self.roster).is_over(Instant::now())
    }

    /// The newest entry the members were told of.
    pub fn last(&self) -> Seq {
        self.tail.lock().last()
    }

    /// What the newest entries made of the room.
    pub fn facts(&self) -> Facts {
        lock(&self.present).clone()
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
                outbound.send([websocket::text(&ServerFrame::Presence(whole).to_json())]);
                true
            }
        }
    }

    /// Does something with every member's socket.
    pub fn for_each_socket(&self, mut act: impl FnMut(&Outbound)) {
        for start in (0..).step_by(MEMBERS) {
            let sockets = lock(&self.sockets);
            let Some(members) = sockets.places(start..start + MEMBERS) else { return };
            members.for_each(&mut act);
        }
    }

    /// Takes events that came in before any other, while the room was being opened.
    pub fn receive_first(&self, events: Vec<Event>) {
        let _ = lock(&self.incoming).splice(..0, events);
        self.wake.notify_one();
    }

    /// The room's flusher: runs until it is aborted.
    pub async fn run(self: Arc<Self>) {
        let mut coalescer = Coalescer::default();
        loop {
            let deadline = lock(&self.roster).next_deadline();
            let due = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = due => {}
            }
            // Connections that are ready to be read get their messages in first: they go out in the same write.
            tokio::task::yield_now().await;
            self.wait_for_more(&mut coalescer).await;
            let has_events = !lock(&self.incoming).is_empty();
            while self.flush() {}
            // A flush of presence alone opens no window: the next message is not delayed for it.
            if has_events {
                coalescer.flushed(Instant::now());
            }
        }
    }

    /// Waits, where that pays, for more events to write in the same batch.
    async fn wait_for_more(&self, coalescer: &mut Coalescer) {
        let waiting = || lock(&self.incoming).len();
        if !(1..coalesce::BATCH).contains(&waiting()) {
            return;
        }
        let members = lock(&self.sockets).len();
        let Some(until) = coalescer.window(members, Instant::now()) else { return };
        let full = async {
            while waiting() < coalesce::BATCH {
                self.wake.notified().await;
            }
        };
        let _ = tokio::time::timeout_at(until.into(), full).await;
        coalescer.gathered(waiting());
    }

    /// Encodes what came in and writes it to every member; true when there is more.
    fn flush(&self) -> bool {
        let (events, more) = {
            let mut incoming = lock(&self.incoming);
            let take = incoming.len().min(EVENTS);
            let events: Vec<Event> = incoming.drain(..take).collect();
            (events, !incoming.is_empty())
        };
        let presence = {
            let mut roster = lock(&self.roster);
            let presence = roster.presence(Instant::now());
            presence.map(|presence| (roster.newcomer(&presence), presence))
        };
        let mut items: Vec<Item> = Vec::with_capacity(events.len() + 1);
        let mut last = self.last();
        for event in events {
            match self.encode(event, &mut last) {
                Ok(item) => items.extend(item),
                Err(Hole) => self.lost_the_thread(),
            }
        }
        if let Some((except, presence)) = presence {
            let frame = websocket::text(&ServerFrame::Presence(presence).to_json());
            items.push(Item::passing(frame, except));
        }
        if items.is_empty() {
            return more;
        }
        let batch = {
            let mut tail = self.tail.lock();
            let from = tail.end();
            for item in &items {
                tail.push(item.clone());
            }
            fanout::Batch::new(from, items)
        };
        let mut needed = u64::MAX;
        self.for_each_socket(|outbound| {
            needed = needed.min(outbound.follow(&batch).unwrap_or(u64::MAX));
        });
        for follower in lock(&self.followers).values() {
            needed = needed.min(follower.advance().unwrap_or(u64::MAX));
        }
        self.tail.lock().trim(needed);
        more
    }

    fn encode(&self, event: Event, last: &mut Seq) -> Result<Option<Item>, Hole> {
        match event {
            Event::Entry(committed) if committed.epoch != self.epoch => {
                self.outdate();
                Ok(None)
            }
            Event::Entry(committed) => {
                let entry = &committed.entry;
                if entry.seq <= *last {
                    return Ok(None);
                }
                let hole = entry.seq != *last + 1;
                *last = entry.seq;
                let mut present = lock(&self.present);
                present.first = present.first.max(1);
                present.last_at = entry.at;
                if let Body::Topic { topic } = &entry.body {
                    present.topic = topic.clone();
                }
                drop(present);
                if hole {
                    self.tail.lock().skip_to(entry.seq);
                    return Err(Hole);
                }
                Ok(Some(Item::entry(&committed)))
            }
            Event::Typing { connection, user, by } => {
                let json = ServerFrame::Typing { user, by }.to_json();
                Ok(Some(Item::passing(websocket::text(&json), Some(connection))))
            }
        }
    }

    /// The log has begun another history of the room. All who are in this one come back, and the hub opens the room anew.
    pub fn outdate(&self) {
        if !self.outdated.swap(true, Ordering::Relaxed) {
            tracing::error!(room = %self.key, "the room's history began anew; members come back to it");
        }
        self.send_back();
    }

    /// Whether the log has begun another history of the room.
    pub fn is_outdated(&self) -> bool {
        self.outdated.load(Ordering::Relaxed)
    }

    /// An entry is missing here though the log has it. Nobody may see what follows it first, so everybody comes back and
    /// resumes from the log.
    fn lost_the_thread(&self) {
        tracing::error!(room = %self.key, "entries did not arrive in order; members resume from the log");
        self.send_back();
    }

    fn send_back(&self) {
        self.for_each_socket(|outbound| outbound.close(CloseReason::TooSlow));
        self.close_followers(FollowEnd::TooSlow);
    }
}

/// An entry that does not follow the one before.
struct Hole;

impl Receiver for Room {
    fn receive(&self, event: Event) {
        let mut incoming = lock(&self.incoming);
        incoming.push(event);
        // Notify once per batch: the flusher drains the queue when it runs, and `BATCH` ends its window early.
        if let 1 | coalesce::BATCH = incoming.len() {
            self.wake.notify_one();
        }
    }
}
