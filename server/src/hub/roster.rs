//! Who is in a room and under which name: a plain struct that decides, without I/O and without waiting.
//!
//! It knows members, nicknames and what has to be told of their coming and going. Time is passed in. It does not know sockets,
//! frames' bytes or the log; [`super::Room`] holds it behind a lock for the length of one call.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

use snug_shared::{Author, Looks, MemberInfo, MemberList, Nickname, Presence, limits::MEMBERS_LISTED};

/// How long joins and leaves are gathered before they are told.
pub const GATHER: Duration = Duration::from_millis(250);
/// How long a member may be away before it counts as having left: a blink of the network makes no noise.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long a nickname stays with its author after they left.
pub const RESERVED: Duration = Duration::from_secs(120);
/// The least time between two signs of typing of one member that are passed on: clients send one in 3 s, and may be early.
const TYPING: Duration = Duration::from_millis(2_500);
/// Nicknames reserved for authors who left, at most; the longest gone lose theirs first.
const RESERVATIONS: usize = 4_096;

/// A room's members, their names, and what is still to be told about them.
#[derive(Debug)]
pub struct Roster {
    capacity: usize,
    /// By id, so that the first hundred are at hand without looking at ten thousand.
    members: BTreeMap<u64, Member>,
    /// The first of them as they are told, and the last of these, once there are so many that it seldom changes.
    listed: Option<(MemberList, u64)>,
    connected: u32,
    /// Who is away, in the order in which their grace ends.
    away: VecDeque<(Instant, u64)>,
    /// The member of each author. One: the same seat on a newer connection takes the place of the older.
    by_author: HashMap<Author, u64>,
    /// Who holds a look; each nickname has two.
    held: HashMap<String, Holder>,
    /// Reservations in the order they end.
    leaving: VecDeque<(Instant, Nickname, Author)>,
    gathered: Gathered,
}

/// One member: a live connection, or one that may still come back within [`GRACE`].
#[derive(Debug, Clone)]
struct Member {
    nickname: Nickname,
    author: Author,
    /// The connection; none while it is away.
    connection: Option<u64>,
    /// When an absence counts as having left.
    gone_at: Option<Instant>,
    typed_at: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Holder {
    author: Author,
    /// While the author is away: until when the name is kept for them.
    until: Option<Instant>,
}

/// What changed since the last presence frame.
#[derive(Debug, Default)]
struct Gathered {
    joined: Vec<u64>,
    left: Vec<u64>,
    tell_at: Option<Instant>,
    /// Whether the last frame, or the room's size when it was due, named members one by one.
    unlisted: bool,
}

/// A place taken in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The member's id; the same as before for who comes back in time.
    pub member: u64,
    /// The older connection of the same author, to be closed as replaced.
    pub replaced: Option<u64>,
}

/// Why there is no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinError {
    /// The nickname belongs to somebody else; this one is free.
    NicknameTaken {
        /// A nickname nobody holds.
        suggestion: Nickname,
    },
    /// No more members fit.
    Full,
}

impl Roster {
    /// The empty roster of a room for at most `capacity` members.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            members: BTreeMap::new(),
            listed: None,
            connected: 0,
            away: VecDeque::new(),
            by_author: HashMap::new(),
            held: HashMap::new(),
            leaving: VecDeque::new(),
            gathered: Gathered::default(),
        }
    }

    /// Takes a place. `fresh` is the id a new member gets.
    ///
    /// # Errors
    /// [`JoinError`] when the nickname is somebody else's or the room is full.
    pub fn join(
        &mut self,
        now: Instant,
        fresh: u64,
        connection: u64,
        author: &Author,
        nickname: &Nickname,
    ) -> Result<Joined, JoinError> {
        self.expire(now);
        let looks = nickname.looks();
        if self.is_held_by_another(now, &looks, Some(author)) {
            return Err(JoinError::NicknameTaken { suggestion: self.suggestion(now, nickname) });
        }
        let earlier = self.by_author.get(author).copied();
        let mut replaced = None;
        if let Some(id) = earlier
            && let Some(member) = self.members.get_mut(&id)
        {
            replaced = member.connection.take();
            self.connected -= u32::from(replaced.is_some());
            if member.nickname == *nickname {
                member.connection = Some(connection);
                member.gone_at = None;
                self.connected += 1;
                return Ok(Joined { member: id, replaced });
            }
            self.remove(now, id);
        }
        if self.members.len() >= self.capacity {
            return Err(JoinError::Full);
        }
        self.unlist(fresh);
        let _ = self.members.insert(
            fresh,
            Member {
                nickname: nickname.clone(),
                author: author.clone(),
                connection: Some(connection),
                gone_at: None,
                typed_at: None,
            },
        );
        self.connected += 1;
        let _ = self.by_author.insert(author.clone(), fresh);
        for key in looks.keys() {
            let holder = Holder { author: author.clone(), until: None };
            let _ = self.held.insert(key.to_owned(), holder);
        }
        self.gathered.joined.push(fresh);
        self.tell(now);
        Ok(Joined { member: fresh, replaced })
    }

    /// Notes that a connection ended. A newer connection of the same author is not touched.
    pub fn leave(&mut self, now: Instant, id: u64, connection: u64) {
        if let Some(member) = self.members.get_mut(&id)
            && member.connection == Some(connection)
        {
            member.connection = None;
            member.gone_at = Some(now + GRACE);
            self.away.push_back((now + GRACE, id));
            self.connected -= 1;
        }
    }

    /// Whether a nickname belongs to somebody who is here; for posts from outside.
    pub fn is_present(&self, nickname: &Nickname) -> bool {
        let looks = nickname.looks();
        looks.keys().iter().any(|key| {
            self.held.get(*key).is_some_and(|holder| {
                self.by_author
                    .get(&holder.author)
                    .and_then(|id| self.members.get(id))
                    .is_some_and(|member| member.nickname.looks().collides_with(&looks))
            })
        })
    }

    /// Whether a member's sign of typing is passed on now.
    pub fn types(&mut self, now: Instant, member: u64) -> bool {
        let Some(member) = self.members.get_mut(&member) else { return false };
        let due = member.typed_at.is_none_or(|last| now.duration_since(last) >= TYPING);
        if due {
            member.typed_at = Some(now);
        }
        due
    }

    /// Who is here, as told to a client; at most [`MEMBERS_LISTED`].
    pub fn members(&mut self) -> MemberList {
        if let Some((listed, _)) = &self.listed {
            return listed.clone();
        }
        let ids = || self.members.keys().take(MEMBERS_LISTED);
        let listed = MemberList::from(ids().filter_map(|id| self.info(*id)).collect::<Vec<_>>());
        if listed.len() == MEMBERS_LISTED {
            self.listed = ids().next_back().map(|last| (listed.clone(), *last));
        }
        listed
    }

    /// Makes the list anew before it is next told, if a member is one of the first.
    fn unlist(&mut self, id: u64) {
        let _ = self.listed.take_if(|(_, last)| id <= *last);
    }

    /// How many are here, those away within [`GRACE`] included.
    pub fn count(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    /// How many have a live connection.
    pub fn connected(&self) -> u32 {
        self.connected
    }

    /// When [`presence`](Self::presence) has something to do next.
    pub fn next_deadline(&self) -> Option<Instant> {
        let gone = self.away.front().map(|(at, _)| *at);
        gone.into_iter().chain(self.gathered.tell_at).min()
    }

    /// Counts those whose grace is over as left, and gives the frame that is due.
    pub fn presence(&mut self, now: Instant) -> Option<Presence> {
        while let Some((at, id)) = self.away.front().copied().filter(|(at, _)| *at <= now) {
            let _ = self.away.pop_front();
            // Who came back in between has another deadline, or none.
            if self.members.get(&id).is_some_and(|member| member.gone_at == Some(at)) {
                self.remove(now, id);
            }
        }
        self.gathered.tell_at.take_if(|at| *at <= now)?;
        let joined = std::mem::take(&mut self.gathered.joined);
        let left = std::mem::take(&mut self.gathered.left);
        let count = self.count();
        let was_unlisted = self.gathered.unlisted;
        self.gathered.unlisted = self.members.len() > MEMBERS_LISTED;
        if self.gathered.unlisted {
            return Some(Presence { count, ..Presence::default() });
        }
        Some(Presence {
            joined: joined.into_iter().filter_map(|id| self.info(id)).collect(),
            left: left.into_iter().map(|id| id.to_string()).collect(),
            count,
            members: was_unlisted.then(|| self.members()),
        })
    }

    /// The connection that a presence frame would tell only of itself.
    pub fn newcomer(&self, presence: &Presence) -> Option<u64> {
        let [joined] = presence.joined.as_slice() else { return None };
        let alone = presence.left.is_empty() && presence.members.is_none();
        self.members.get(self.by_author.get(&joined.by).filter(|_| alone)?)?.connection
    }

    /// Whether nobody is here and no name is kept for anybody.
    pub fn is_over(&mut self, now: Instant) -> bool {
        self.expire(now);
        self.members.is_empty() && self.leaving.is_empty()
    }

    fn info(&self, id: u64) -> Option<MemberInfo> {
        let member = self.members.get(&id)?;
        Some(MemberInfo {
            member: id.to_string(),
            nickname: member.nickname.clone(),
            by: member.author.clone(),
        })
    }

    fn tell(&mut self, now: Instant) {
        let _ = self.gathered.tell_at.get_or_insert(now + GATHER);
    }

    /// Takes a member out and keeps the nickname for its author.
    fn remove(&mut self, now: Instant, id: u64) {
        let Some(member) = self.members.remove(&id) else { return };
        self.unlist(id);
        self.connected -= u32::from(member.connection.is_some());
        if self.by_author.get(&member.author) == Some(&id) {
            let _ = self.by_author.remove(&member.author);
        }
        let left = member.gone_at.and_then(|over| over.checked_sub(GRACE)).unwrap_or(now);
        let until = left + RESERVED;
        for key in member.nickname.looks().keys() {
            if let Some(holder) = self.held.get_mut(key) {
                holder.until = Some(until);
            }
        }
        self.leaving.push_back((until, member.nickname, member.author));
        if self.leaving.len() > RESERVATIONS {
            self.release_oldest();
        }
        // Who came and went within one gathering is told as well: a newcomer's list may have had them.
        self.gathered.joined.retain(|joined| *joined != id);
        self.gathered.left.push(id);
        self.tell(now);
    }

    fn expire(&mut self, now: Instant) {
        while self.leaving.front().is_some_and(|(until, ..)| *until <= now) {
            self.release_oldest();
        }
    }

    fn release_oldest(&mut self) {
        let Some((until, nickname, author)) = self.leaving.pop_front() else { return };
        for key in nickname.looks().keys() {
            // The author may have come back and left again since; then a later reservation holds.
            let same = |holder: &Holder| holder.author == author && holder.until == Some(until);
            if self.held.get(key).is_some_and(same) {
                let _ = self.held.remove(key);
            }
        }
    }

    fn is_held_by_another(&self, now: Instant, looks: &Looks, author: Option<&Author>) -> bool {
        looks.keys().iter().any(|key| {
            self.held.get(*key).is_some_and(|holder| {
                holder.until.is_none_or(|until| until > now) && Some(&holder.author) != author
            })
        })
    }

    /// `maya2`, or the next number that is free. Among so many one is, or the name is not worth having.
    fn suggestion(&self, now: Instant, nickname: &Nickname) -> Nickname {
        (2..1_000)
            .map(|number| nickname.numbered(number))
            .find(|name| !self.is_held_by_another(now, &name.looks(), None))
            .unwrap_or_else(|| nickname.numbered(1_000))
    }
}

#[cfg(test)]
mod tests;
