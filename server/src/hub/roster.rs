//! One server's list of a room's members: a plain struct, kept up to date by changes of presence, without I/O and without waiting.
//!
//! It decides nothing about places (see [`crate::presence`]). It knows who is listed, how many there are, and what members have
//! to be told of others coming and going. Time is passed in.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use snug_shared::{MemberInfo, MemberList, Presence, limits::MEMBERS_LISTED};

use crate::{
    event::{Change, Member, Version, What},
    presence::{GRACE, Snapshot},
};

/// How long joins and leaves are gathered before they are told.
pub const GATHER: Duration = Duration::from_millis(250);
/// How long missing changes are waited for before the whole list is asked for. Changes of different servers overtake each other.
const PATIENCE: Duration = Duration::from_millis(500);
/// Changes kept for the time when those before them arrive; with more than that the whole list is asked for at once.
const AHEAD: usize = 1_024;

/// The members of a room as this server knows them, and what is still to be told about them.
#[derive(Debug)]
pub struct Roster {
    version: Version,
    /// Changes that came before their predecessors did.
    ahead: BTreeMap<Version, What>,
    /// Since when changes have been missing.
    missing_since: Option<Instant>,
    /// By id, so that the first hundred are at hand without looking at ten thousand.
    members: BTreeMap<u64, Listed>,
    /// The first members as they are told, and the last of these, once there are so many that the list seldom changes.
    first: Option<(MemberList, u64)>,
    /// Absent members in the order in which their grace ends.
    away: VecDeque<(Instant, u64)>,
    gathered: Gathered,
}

#[derive(Debug)]
struct Listed {
    member: Member,
    /// When an absence counts as having left.
    gone_at: Option<Instant>,
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

impl Roster {
    /// The list as it was read when the room was opened. Nobody is told of those in it as newcomers.
    pub fn new(snapshot: Snapshot, now: Instant) -> Self {
        let mut roster = Self {
            version: snapshot.version,
            ahead: BTreeMap::new(),
            missing_since: None,
            members: BTreeMap::new(),
            first: None,
            away: VecDeque::new(),
            gathered: Gathered::default(),
        };
        for member in snapshot.members {
            roster.insert(now, member);
        }
        roster.gathered.unlisted = roster.members.len() > MEMBERS_LISTED;
        roster
    }

    /// The version of the last change that was applied.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Applies a change, and those that waited for it. Repeated ones change nothing. `replaced` is called with each connection
    /// that lost its place to a newer one.
    pub fn apply(&mut self, now: Instant, change: Change, mut replaced: impl FnMut(u64)) {
        if change.version <= self.version {
            return;
        }
        let _ = self.ahead.insert(change.version, change.what);
        while let Some(first) = self.ahead.first_entry() {
            let version = *first.key();
            let anew = version.begins_after(self.version);
            if version != self.version.next() && !anew {
                break;
            }
            let what = first.remove();
            if anew {
                // Nobody was in the room in between.
                self.refresh(now, Snapshot { version, members: Vec::new() }, &mut replaced);
            }
            self.version = version;
            self.make_so(now, what).into_iter().for_each(&mut replaced);
        }
        self.missing_since = match self.ahead.is_empty() {
            true => None,
            false => self.missing_since.or(Some(now)),
        };
        while self.ahead.len() > AHEAD {
            let _ = self.ahead.pop_last();
            // Too much is missing to wait for it.
            self.missing_since = now.checked_sub(PATIENCE).or(self.missing_since);
        }
    }

    /// Puts the list in order after changes were missed. Members are told of whoever came and left since. A snapshot that is
    /// older than the list, because changes came in while it was asked for, changes nothing.
    pub fn refresh(&mut self, now: Instant, snapshot: Snapshot, mut replaced: impl FnMut(u64)) {
        if snapshot.version < self.version {
            return;
        }
        let present: BTreeMap<u64, Member> =
            snapshot.members.into_iter().map(|member| (member.id, member)).collect();
        let gone: Vec<u64> = self.members.keys().filter(|id| !present.contains_key(id)).copied().collect();
        for id in gone {
            if let Some(connection) = self.remove(now, id).and_then(|member| member.connection) {
                replaced(connection);
            }
        }
        for (id, member) in present {
            let before = self.members.get(&id).map(|listed| listed.member.connection);
            match (before, member.connection) {
                (None, _) => {
                    self.insert(now, member);
                    self.gathered.joined.push(id);
                    self.tell(now);
                }
                (Some(before), Some(connection)) if before != Some(connection) => {
                    self.move_to(id, connection);
                    before.into_iter().for_each(&mut replaced);
                }
                (Some(Some(_)), None) => self.note_absence(now, id),
                _ => {}
            }
        }
        self.version = snapshot.version;
        self.ahead = self.ahead.split_off(&self.version.next());
        self.missing_since = (!self.ahead.is_empty()).then_some(now);
    }

    /// Whether changes have been missing for so long that the whole list has to be asked for.
    ///
    /// It is not said again before they have been missing for as long once more: the list may not be had now.
    pub fn is_behind(&mut self, now: Instant) -> bool {
        let behind = self.missing_since.is_some_and(|since| since + PATIENCE <= now);
        if behind {
            self.missing_since = Some(now);
        }
        behind
    }

    /// Whether somebody's grace is over, so that presence has to decide whether they left.
    pub fn is_expiring(&mut self, now: Instant) -> bool {
        while let Some((at, id)) = self.away.front().copied() {
            let absent = self.members.get(&id).is_some_and(|listed| listed.gone_at == Some(at));
            if absent && at > now {
                return false;
            }
            let _ = self.away.pop_front();
            if absent {
                return true;
            }
        }
        false
    }

    /// The members as a client is told of them; at most [`MEMBERS_LISTED`].
    pub fn members(&mut self) -> MemberList {
        if let Some((listed, _)) = &self.first {
            return listed.clone();
        }
        let first = || self.members.values().take(MEMBERS_LISTED);
        let listed = MemberList::from(first().map(|listed| info(&listed.member)).collect::<Vec<_>>());
        if listed.len() == MEMBERS_LISTED {
            self.first = first().next_back().map(|last| (listed.clone(), last.member.id));
        }
        listed
    }

    /// How many are here, those away within [`GRACE`] included.
    pub fn count(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether another connection than this one holds a member's place.
    pub fn is_replaced(&self, member: u64, connection: u64) -> bool {
        let held = self.members.get(&member).and_then(|listed| listed.member.connection);
        held.is_some_and(|held| held != connection)
    }

    /// When the flusher has to look at the list next.
    pub fn next_deadline(&self) -> Option<Instant> {
        let gone = self.away.front().map(|(at, _)| *at);
        let missing = self.missing_since.map(|since| since + PATIENCE);
        gone.into_iter().chain(missing).chain(self.gathered.tell_at).min()
    }

    /// The frame that is due, and the connection that it would tell only of itself.
    pub fn presence(&mut self, now: Instant) -> Option<(Presence, Option<u64>)> {
        self.gathered.tell_at.take_if(|at| *at <= now)?;
        let joined = std::mem::take(&mut self.gathered.joined);
        let left = std::mem::take(&mut self.gathered.left);
        let count = self.count();
        let was_unlisted = self.gathered.unlisted;
        self.gathered.unlisted = self.members.len() > MEMBERS_LISTED;
        if self.gathered.unlisted {
            return Some((Presence { count, ..Presence::default() }, None));
        }
        let newcomer = match &joined[..] {
            [id] if left.is_empty() && !was_unlisted => self.members.get(id),
            _ => None,
        };
        let newcomer = newcomer.and_then(|listed| listed.member.connection);
        let info = |id: &u64| self.members.get(id).map(|listed| info(&listed.member));
        let joined = joined.iter().filter_map(info).collect();
        let left = left.iter().map(u64::to_string).collect();
        let members = was_unlisted.then(|| self.members());
        Some((Presence { joined, left, count, members }, newcomer))
    }

    /// Applies one change; answers with the connection that lost its place by it.
    fn make_so(&mut self, now: Instant, what: What) -> Option<u64> {
        match what {
            What::Joined { member, instead_of } => {
                let earlier = instead_of.and_then(|id| self.remove(now, id));
                let (id, connection) = (member.id, member.connection);
                self.insert(now, member);
                self.gathered.joined.push(id);
                self.tell(now);
                earlier?.connection.filter(|earlier| Some(*earlier) != connection)
            }
            What::Moved { member, connection } => {
                self.move_to(member, connection).filter(|earlier| *earlier != connection)
            }
            What::Away { member } => {
                self.note_absence(now, member);
                None
            }
            What::Left { member } => {
                let _ = self.remove(now, member);
                None
            }
        }
    }

    fn insert(&mut self, now: Instant, member: Member) {
        let id = member.id;
        self.forget_first(id);
        let gone_at = member.connection.is_none().then_some(now + GRACE);
        self.away.extend(gone_at.map(|at| (at, id)));
        let _ = self.members.insert(id, Listed { member, gone_at });
    }

    /// Takes a member out of the list.
    fn remove(&mut self, now: Instant, id: u64) -> Option<Member> {
        let Listed { member, .. } = self.members.remove(&id)?;
        self.forget_first(id);
        // A member who came and left within one gathering is told as well: a newcomer's list may have had it.
        self.gathered.joined.retain(|joined| *joined != id);
        self.gathered.left.push(id);
        self.tell(now);
        Some(member)
    }

    /// Notes a member's connection; answers with the one before.
    fn move_to(&mut self, id: u64, connection: u64) -> Option<u64> {
        let listed = self.members.get_mut(&id)?;
        let before = listed.member.connection.replace(connection);
        listed.gone_at = None;
        before
    }

    fn note_absence(&mut self, now: Instant, id: u64) {
        let Some(listed) = self.members.get_mut(&id) else { return };
        if listed.member.connection.take().is_some() {
            listed.gone_at = Some(now + GRACE);
            self.away.push_back((now + GRACE, id));
        }
    }

    /// Makes the list of the first members anew before it is next told, if a member is one of them.
    fn forget_first(&mut self, id: u64) {
        let _ = self.first.take_if(|(_, last)| id <= *last);
    }

    fn tell(&mut self, now: Instant) {
        let _ = self.gathered.tell_at.get_or_insert(now + GATHER);
    }
}

fn info(member: &Member) -> MemberInfo {
    MemberInfo { member: member.id.to_string(), nickname: member.nickname.clone(), by: member.author.clone() }
}

#[cfg(test)]
mod tests;
