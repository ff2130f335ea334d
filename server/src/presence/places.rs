//! The places of one room: a plain struct that decides, without I/O and without waiting. Time is passed in.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    num::Wrapping,
    sync::Arc,
    time::{Duration, Instant},
};

use snug_shared::{Author, Looks, Nickname, RoomName};

use super::{JoinError, Snapshot};
use crate::event::{Change, Member, Version, What};

/// How long a member may be away before it counts as having left: a short interruption makes no noise.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long a nickname stays with its author after they left.
pub const RESERVED: Duration = Duration::from_secs(120);
/// Nicknames reserved for authors who left, at most; the longest gone lose theirs first.
pub(crate) const RESERVATIONS: usize = 4_096;
/// Nicknames reserved for one author, at most: who keeps renaming itself pushes nobody else's out.
pub(super) const RESERVATIONS_EACH: usize = 4;
/// Small numbers tried for a nickname that is taken. After them come large ones: what is tried costs the same however many
/// names are taken.
pub(super) const SMALL_NUMBERS: std::ops::RangeInclusive<u32> = 2..=9;
/// Large numbers tried.
const LARGE_NUMBERS: u32 = 8;

/// The members of one room, their nicknames and the reservations of those who left.
#[derive(Debug)]
pub(crate) struct Places {
    /// The room's name, as the first member had it.
    pub name: RoomName,
    version: Version,
    members: BTreeMap<u64, Place>,
    connected: u32,
    /// Absent members, in the order in which their grace ends.
    away: VecDeque<(Instant, u64)>,
    /// The member of each author: one, because a newer connection of the same author takes the place of the older.
    by_author: HashMap<Author, u64>,
    /// The holder of each look; a nickname has one to four.
    held: HashMap<Arc<str>, Holder>,
    /// Reservations, by the looks of the nickname, in the order in which they end.
    reserved: VecDeque<(Instant, Looks, Author)>,
    /// How many of them each author has.
    reserved_for: HashMap<Author, usize>,
}

#[derive(Debug)]
struct Place {
    nickname: Nickname,
    /// Of the nickname. What is held under them is let go of by them.
    looks: Looks,
    author: Author,
    /// Whether the author can come back. Otherwise the name is free as soon as the connection is gone.
    can_return: bool,
    /// `None` while the member is away.
    connection: Option<u64>,
    /// When an absence counts as having left.
    gone_at: Option<Instant>,
}

#[derive(Debug)]
struct Holder {
    author: Author,
    /// While the author is not a member: until when the name is kept for them.
    until: Option<Instant>,
}

/// Who wants a place, whatever the nickname.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    /// The id of a new member.
    pub member: u64,
    /// The connection that wants the place.
    pub connection: u64,
    /// The author behind it.
    pub author: &'a Author,
    /// Whether the author can come back.
    pub can_return: bool,
    /// The most members the room may have.
    pub capacity: usize,
}

/// Why a nickname brings no place.
enum Refusal {
    /// Somebody else holds a nickname that looks like it.
    Taken,
    /// No more members fit.
    Full,
}

impl Places {
    /// An empty room.
    pub fn new(name: RoomName, incarnation: u64) -> Self {
        Self {
            name,
            version: Version { incarnation, change: 0 },
            members: BTreeMap::new(),
            connected: 0,
            away: VecDeque::new(),
            by_author: HashMap::new(),
            held: HashMap::new(),
            reserved: VecDeque::new(),
            reserved_for: HashMap::new(),
        }
    }

    /// Takes a place under exactly this nickname.
    pub fn join(
        &mut self,
        now: Instant,
        claim: &Claim<'_>,
        nickname: &Nickname,
    ) -> Result<(u64, Change), JoinError> {
        self.try_join(now, claim, nickname).map_err(|refusal| match refusal {
            Refusal::Full => JoinError::Full,
            Refusal::Taken => {
                JoinError::NicknameTaken { suggestion: self.suggestion(now, nickname, claim.member) }
            }
        })
    }

    /// The same under the first of `nicknames` that is free; `None` when none of them is.
    pub fn join_first_free(
        &mut self,
        now: Instant,
        claim: &Claim<'_>,
        nicknames: impl Iterator<Item = Nickname>,
    ) -> Result<Option<(u64, Nickname, Change)>, JoinError> {
        for nickname in nicknames {
            match self.try_join(now, claim, &nickname) {
                Ok((member, change)) => return Ok(Some((member, nickname, change))),
                Err(Refusal::Taken) => {}
                Err(Refusal::Full) => return Err(JoinError::Full),
            }
        }
        Ok(None)
    }

    fn try_join(
        &mut self,
        now: Instant,
        claim: &Claim<'_>,
        nickname: &Nickname,
    ) -> Result<(u64, Change), Refusal> {
        self.release_expired(now);
        let looks = nickname.looks();
        if self.is_held_by_another(now, &looks, Some(claim.author)) {
            return Err(Refusal::Taken);
        }
        let earlier = self.by_author.get(claim.author).copied();
        if let Some(id) = earlier
            && self.members.get(&id).is_some_and(|member| member.nickname == *nickname)
        {
            return Ok((id, self.take_over(id, claim.connection)));
        }
        let instead_of = earlier.or_else(|| self.unclaimed(&looks));
        if self.members.len() - usize::from(instead_of.is_some()) >= claim.capacity {
            return Err(Refusal::Full);
        }
        if let Some(id) = instead_of {
            self.remove(now, id);
        }
        Ok((claim.member, self.admit(claim, nickname, looks, instead_of)))
    }

    /// Notes that a connection ended, unless a newer one holds the place.
    pub fn leave(&mut self, now: Instant, author: &Author, connection: u64) -> Option<Change> {
        let id = *self.by_author.get(author)?;
        let member = self.members.get_mut(&id)?;
        let _ = member.connection.take_if(|held| *held == connection)?;
        member.gone_at = Some(now + GRACE);
        self.away.push_back((now + GRACE, id));
        self.connected -= 1;
        Some(self.change(What::Away { member: id }))
    }

    /// Counts those as left whose grace is over, and forgets reservations that are over.
    pub fn expire(&mut self, now: Instant) -> Vec<Change> {
        let mut left = Vec::new();
        while let Some((at, id)) = self.away.front().copied().filter(|(at, _)| *at <= now) {
            let _ = self.away.pop_front();
            // A member who came back in between has another deadline, or none.
            if self.members.get(&id).is_some_and(|member| member.gone_at == Some(at)) {
                self.remove(now, id);
                left.push(self.change(What::Left { member: id }));
            }
        }
        self.release_expired(now);
        left
    }

    /// Whether a nickname looks like one that a member has, or that is kept for one who left.
    pub fn is_held(&self, now: Instant, nickname: &Nickname) -> bool {
        self.is_held_by_another(now, &nickname.looks(), None)
    }

    /// The version of the last change.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How many have a live connection.
    pub fn connected(&self) -> u32 {
        self.connected
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether nobody is here and no nickname is kept for anybody.
    pub fn is_over(&self) -> bool {
        self.members.is_empty() && self.reserved.is_empty()
    }

    /// Everybody who is here.
    pub fn snapshot(&self) -> Snapshot {
        let members = self.members.iter().map(|(id, place)| place.member(*id)).collect();
        Snapshot { version: self.version, members }
    }

    fn change(&mut self, what: What) -> Change {
        self.version = self.version.next();
        Change { version: self.version, what }
    }

    /// Puts another connection of the same author in the place of the older one.
    fn take_over(&mut self, id: u64, connection: u64) -> Change {
        if let Some(member) = self.members.get_mut(&id) {
            self.connected += u32::from(member.connection.is_none());
            member.connection = Some(connection);
            member.gone_at = None;
        }
        self.change(What::Moved { member: id, connection })
    }

    fn admit(
        &mut self,
        claim: &Claim<'_>,
        nickname: &Nickname,
        looks: Looks,
        instead_of: Option<u64>,
    ) -> Change {
        let author = claim.author.clone();
        for key in looks.keys() {
            let holder = Holder { author: author.clone(), until: None };
            let _ = self.held.insert(key.clone(), holder);
        }
        let place = Place {
            nickname: nickname.clone(),
            looks,
            author: author.clone(),
            can_return: claim.can_return,
            connection: Some(claim.connection),
            gone_at: None,
        };
        let member = place.member(claim.member);
        let _ = self.members.insert(claim.member, place);
        self.connected += 1;
        let _ = self.by_author.insert(author, claim.member);
        self.change(What::Joined { member, instead_of })
    }

    /// Takes a member out, and keeps the nickname for an author who can come back.
    fn remove(&mut self, now: Instant, id: u64) {
        let Some(member) = self.members.remove(&id) else { return };
        self.connected -= u32::from(member.connection.is_some());
        if self.by_author.get(&member.author) == Some(&id) {
            let _ = self.by_author.remove(&member.author);
        }
        let left = member.gone_at.and_then(|over| over.checked_sub(GRACE)).unwrap_or(now);
        let until = left + RESERVED;
        for key in member.looks.keys() {
            // Somebody else may have the name of one who cannot come back.
            match self.held.get_mut(key).filter(|holder| holder.author == member.author) {
                Some(holder) if member.can_return => holder.until = Some(until),
                Some(_) => _ = self.held.remove(key),
                None => {}
            }
        }
        if member.can_return {
            self.reserve(until, member.looks, member.author);
        }
    }

    fn reserve(&mut self, until: Instant, looks: Looks, author: Author) {
        let count = self.reserved_for.entry(author.clone()).or_default();
        *count += 1;
        let too_many = *count > RESERVATIONS_EACH;
        self.reserved.push_back((until, looks, author.clone()));
        if too_many && let Some(oldest) = self.reserved.iter().position(|(_, _, of)| *of == author) {
            self.release(oldest);
        } else if self.reserved.len() > RESERVATIONS {
            self.release(0);
        }
    }

    fn release_expired(&mut self, now: Instant) {
        while self.reserved.front().is_some_and(|(until, ..)| *until <= now) {
            self.release(0);
        }
    }

    /// Lets go of the reservation at this place.
    fn release(&mut self, place: usize) {
        let Some((until, looks, author)) = self.reserved.remove(place) else { return };
        for key in looks.keys() {
            // The author may have come back and left again since; then a later reservation holds.
            let same = |holder: &Holder| holder.author == author && holder.until == Some(until);
            if self.held.get(key).is_some_and(same) {
                let _ = self.held.remove(key);
            }
        }
        if let Entry::Occupied(mut count) = self.reserved_for.entry(author) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                let _ = count.remove();
            }
        }
    }

    fn is_held_by_another(&self, now: Instant, looks: &Looks, author: Option<&Author>) -> bool {
        looks.keys().iter().any(|key| {
            self.held.get(key).is_some_and(|holder| {
                holder.until.is_none_or(|until| until > now)
                    && Some(&holder.author) != author
                    && self.absent(holder).is_none()
            })
        })
    }

    /// The member whose nickname this was, and who cannot come back for it.
    fn unclaimed(&self, looks: &Looks) -> Option<u64> {
        looks.keys().iter().find_map(|key| self.held.get(key).and_then(|holder| self.absent(holder)))
    }

    /// A holder that is away and cannot come back.
    fn absent(&self, holder: &Holder) -> Option<u64> {
        let id = *self.by_author.get(&holder.author)?;
        let member = self.members.get(&id)?;
        (!member.can_return && member.connection.is_none()).then_some(id)
    }

    /// `maya2`, or a number up to `maya9`, or one so large that hardly anybody has it; `seed` tells which. If none is free, the
    /// last one is suggested all the same.
    fn suggestion(&self, now: Instant, nickname: &Nickname, seed: u64) -> Nickname {
        let numbers = SMALL_NUMBERS.chain(large_numbers(seed));
        let mut names = numbers.map(|number| nickname.numbered(number)).peekable();
        loop {
            match names.next() {
                Some(name) if names.peek().is_none() => return name,
                Some(name) if !self.is_held_by_another(now, &name.looks(), None) => return name,
                Some(_) => {}
                None => return nickname.clone(),
            }
        }
    }
}

/// Numbers of five digits, all over the place.
pub(super) fn large_numbers(seed: u64) -> impl Iterator<Item = u32> {
    let seed = Wrapping(seed) * Wrapping(0x9e37_79b9_7f4a_7c15);
    (0..LARGE_NUMBERS).map(move |turn| 10_000 + (seed.0.rotate_left(8 * turn) % 90_000) as u32)
}

impl Place {
    fn member(&self, id: u64) -> Member {
        let Self { nickname, author, connection, .. } = self;
        Member { id, nickname: nickname.clone(), author: author.clone(), connection: *connection }
    }
}

#[cfg(test)]
mod tests;
