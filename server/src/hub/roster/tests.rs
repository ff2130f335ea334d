use snug_shared::{Author, Nickname};

use super::*;
use crate::presence::{
    JoinError, RESERVED,
    places::{Claim, Places},
};

/// The places of a room, and a server's list of them that hears of every change at once.
struct Room {
    places: Places,
    roster: Roster,
    capacity: usize,
    replaced: Vec<u64>,
}

/// A place taken, and the connections that lost it.
#[derive(Debug, PartialEq, Eq)]
struct Joined {
    member: u64,
    replaced: Option<u64>,
}

impl Room {
    fn new(capacity: usize) -> Self {
        let places = Places::new(snug_shared::RoomName::parse("tea").unwrap(), 1);
        let roster = Roster::new(places.snapshot(), Instant::now());
        Self { places, roster, capacity, replaced: Vec::new() }
    }

    fn join(
        &mut self,
        now: Instant,
        member: u64,
        connection: u64,
        author: &Author,
        nickname: &Nickname,
    ) -> Result<Joined, JoinError> {
        let claim = Claim { member, connection, author, can_return: true, capacity: self.capacity };
        let (member, change) = self.places.join(now, &claim, nickname)?;
        self.roster.apply(now, change, |connection| self.replaced.push(connection));
        Ok(Joined { member, replaced: self.replaced.pop() })
    }

    fn leave(&mut self, now: Instant, author: &Author, connection: u64) {
        let change = self.places.leave(now, author, connection);
        change.into_iter().for_each(|change| self.roster.apply(now, change, |_| {}));
    }

    fn presence(&mut self, now: Instant) -> Option<Presence> {
        Some(self.told(now)?.0)
    }

    fn told(&mut self, now: Instant) -> Option<(Presence, Option<u64>)> {
        if self.roster.is_expiring(now) {
            self.places.expire(now).into_iter().for_each(|change| self.roster.apply(now, change, |_| {}));
        }
        self.roster.presence(now)
    }
}

fn author(letter: char) -> Author {
    Author::parse(format!("s:{}", letter.to_string().repeat(26))).unwrap()
}

fn name(text: &str) -> Nickname {
    Nickname::parse(text).unwrap()
}

fn told(presence: &Presence) -> (Vec<&str>, Vec<&str>, u32) {
    (
        presence.joined.iter().map(|member| member.nickname.as_str()).collect(),
        presence.left.iter().map(String::as_str).collect(),
        presence.count,
    )
}

#[test]
fn a_name_that_looks_the_same_is_taken_and_another_is_offered() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 1, &author('a'), &name("maya")).unwrap();
    for lookalike in ["maya", "MAYA", "mауа", "ｍａｙａ"] {
        assert_eq!(
            room.join(now, 2, 2, &author('b'), &name(lookalike)),
            Err(JoinError::NicknameTaken { suggestion: name(lookalike).numbered(2) }),
            "{lookalike}"
        );
    }
    let _ = room.join(now, 2, 2, &author('b'), &name("maya2")).unwrap();
    let Err(JoinError::NicknameTaken { suggestion }) = room.join(now, 3, 3, &author('c'), &name("maya"))
    else {
        panic!("maya is taken")
    };
    assert_eq!(suggestion, name("maya3"));
}

#[test]
fn the_same_seat_takes_its_place_back_and_the_older_connection_is_named() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 11, &author('a'), &name("maya")).unwrap();
    let back = room.join(now, 2, 12, &author('a'), &name("maya")).unwrap();
    assert_eq!(back, Joined { member: 1, replaced: Some(11) });
    // The older connection's end is no leave.
    room.leave(now, &author('a'), 11);
    assert_eq!(room.places.connected(), 1);
    assert_eq!(room.presence(now + GRACE + GATHER).map(|p| p.left.len()), Some(0));
}

#[test]
fn a_blink_is_not_told_and_an_absence_is() {
    let start = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(start, 1, 11, &author('a'), &name("maya")).unwrap();
    let frame = room.presence(start + GATHER).unwrap();
    assert_eq!(told(&frame), (vec!["maya"], vec![], 1));

    room.leave(start + GATHER, &author('a'), 11);
    let back = room.join(start + Duration::from_secs(4), 2, 12, &author('a'), &name("maya")).unwrap();
    assert_eq!(back, Joined { member: 1, replaced: None });
    assert_eq!(room.presence(start + Duration::from_secs(20)), None);

    room.leave(start + Duration::from_secs(20), &author('a'), 12);
    let gone = start + Duration::from_secs(25);
    assert_eq!(room.roster.next_deadline(), Some(gone));
    assert_eq!(room.presence(gone), None);
    let frame = room.presence(gone + GATHER).unwrap();
    assert_eq!(told(&frame), (vec![], vec!["1"], 0));
}

#[test]
fn joins_are_gathered_into_one_frame() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 1, &author('a'), &name("a")).unwrap();
    let _ = room.join(now + GATHER / 2, 2, 2, &author('b'), &name("b")).unwrap();
    assert_eq!(room.presence(now + GATHER / 2), None);
    assert_eq!(told(&room.presence(now + GATHER).unwrap()), (vec!["a", "b"], vec![], 2));
    assert_eq!(room.presence(now + GATHER * 9), None);
}

#[test]
fn who_came_and_changed_the_name_at_once_is_not_there_twice() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 1, &author('a'), &name("guest-1")).unwrap();
    let _ = room.join(now, 2, 2, &author('b'), &name("zoe")).unwrap();
    assert_eq!(room.roster.members().len(), 2, "what zoe is greeted with");
    let _ = room.join(now, 3, 1, &author('a'), &name("maya")).unwrap();
    assert_eq!(told(&room.presence(now + GATHER).unwrap()), (vec!["zoe", "maya"], vec!["1"], 2));
}

#[test]
fn a_name_stays_with_its_author_for_two_minutes() {
    let start = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(start, 1, 1, &author('a'), &name("maya")).unwrap();
    room.leave(start, &author('a'), 1);
    let _ = room.presence(start + GRACE);
    let soon = start + RESERVED - Duration::from_secs(1);
    assert!(room.join(soon, 2, 2, &author('b'), &name("maya")).is_err());
    let _ = room.places.expire(soon);
    assert!(!room.places.is_over());
    let _ = room.places.expire(start + RESERVED);
    assert!(room.places.is_over());
    let _ = room.join(start + RESERVED, 3, 3, &author('b'), &name("maya")).unwrap();
}

#[test]
fn a_returning_author_may_change_the_name_and_keeps_the_old_one_a_while() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 11, &author('a'), &name("maya")).unwrap();
    let _ = room.presence(now + GATHER);
    let renamed = room.join(now + GATHER, 2, 12, &author('a'), &name("luna")).unwrap();
    assert_eq!(renamed, Joined { member: 2, replaced: Some(11) });
    let frame = room.presence(now + GATHER * 2).unwrap();
    assert_eq!(told(&frame), (vec!["luna"], vec!["1"], 1));
    assert!(room.join(now + GATHER * 2, 3, 13, &author('b'), &name("maya")).is_err());
    assert!(room.places.is_held(now, &name("Maya")));
    assert!(room.places.is_held(now, &name("Luna")));
    assert!(!room.places.is_held(now, &name("Jon")));
}

#[test]
fn a_large_room_tells_its_size_and_a_small_one_its_members() {
    let now = Instant::now();
    let mut room = Room::new(1_000);
    let authors: Vec<Author> = (0..=MEMBERS_LISTED)
        .map(|n| {
            let letters = [b'a' + (n / 26) as u8, b'a' + (n % 26) as u8];
            Author::parse(format!("s:{}", String::from_utf8_lossy(&letters).repeat(13))).unwrap()
        })
        .collect();
    for (n, author) in authors.iter().enumerate() {
        let id = n as u64 + 1;
        let _ = room.join(now, id, id, author, &name(&format!("guest {}x", n * 7 + 20))).unwrap();
    }
    let frame = room.presence(now + GATHER).unwrap();
    assert_eq!(told(&frame), (vec![], vec![], 101));
    assert_eq!(room.roster.members().len(), MEMBERS_LISTED);

    room.leave(now, &authors[0], 1);
    let _ = room.presence(now + GRACE);
    let frame = room.presence(now + GRACE + GATHER).unwrap();
    assert_eq!(frame.count, 100);
    assert_eq!(frame.members.map(|all| all.len()), Some(100));
    room.leave(now + GRACE * 2, &authors[1], 2);
    let _ = room.presence(now + GRACE * 3);
    let frame = room.presence(now + GRACE * 3 + GATHER).unwrap();
    assert_eq!((frame.members, frame.left), (None, vec!["2".to_owned()]));
}

#[test]
fn a_full_room_refuses_newcomers_and_lets_members_back() {
    let now = Instant::now();
    let mut room = Room::new(1);
    let _ = room.join(now, 1, 11, &author('a'), &name("a")).unwrap();
    assert_eq!(room.join(now, 2, 12, &author('b'), &name("b")), Err(JoinError::Full));
    let _ = room.join(now, 3, 13, &author('a'), &name("a")).unwrap();
}

#[test]
fn nobody_is_told_that_they_themselves_came() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 11, &author('a'), &name("a")).unwrap();
    let alone = room.told(now + GATHER).unwrap();
    assert_eq!(alone.1, Some(11));
    let _ = room.join(now + GATHER, 2, 12, &author('b'), &name("b")).unwrap();
    let _ = room.join(now + GATHER, 3, 13, &author('c'), &name("c")).unwrap();
    let both = room.told(now + GATHER * 2).unwrap();
    assert_eq!(both.1, None);
}

#[test]
fn the_list_of_a_large_room_changes_when_one_of_the_listed_leaves() {
    let mut room = Room::new(1_000);
    let now = Instant::now();
    for id in 0..=100 {
        let name = name(&format!("m{id}"));
        let _ = room.join(now, id, id, &Author::http(&name), &name).unwrap();
    }
    let ends = |room: &mut Room| {
        let listed = room.roster.members();
        (listed[0].member.clone(), listed[listed.len() - 1].member.clone(), listed.len())
    };
    assert_eq!(ends(&mut room), ("0".to_owned(), "99".to_owned(), 100));
    room.leave(now, &Author::http(&name("m0")), 0);
    let _ = room.presence(now + GRACE);
    assert_eq!(ends(&mut room), ("1".to_owned(), "100".to_owned(), 100));
    room.leave(now + GRACE, &Author::http(&name("m100")), 100);
    let _ = room.presence(now + GRACE * 2);
    assert_eq!(ends(&mut room), ("1".to_owned(), "99".to_owned(), 99));
}

fn change(change: u64, what: What) -> Change {
    Change { version: Version { incarnation: 1, change }, what }
}

fn came(id: u64, name: &str) -> What {
    let nickname = Nickname::parse(name).unwrap();
    let member = Member { id, author: Author::http(&nickname), nickname, connection: Some(id) };
    What::Joined { member, instead_of: None }
}

fn ids(roster: &mut Roster) -> Vec<String> {
    roster.members().iter().map(|member| member.member.clone()).collect()
}

#[test]
fn changes_that_overtake_each_other_or_come_twice_are_applied_once_in_order() {
    let now = Instant::now();
    let mut roster = Roster::new(Snapshot::default(), now);
    let changes = [
        change(1, came(7, "ada")),
        change(2, What::Left { member: 7 }),
        change(3, came(8, "bob")),
        change(4, What::Moved { member: 8, connection: 9 }),
    ];
    let mut replaced = Vec::new();
    for at in [0, 3, 3, 2, 0, 1, 1, 2] {
        roster.apply(now, changes[at].clone(), |connection| replaced.push(connection));
    }
    assert_eq!(ids(&mut roster), ["8"]);
    assert_eq!((replaced, roster.is_behind(now + PATIENCE)), (vec![8], false));
    assert_eq!(roster.version(), changes[3].version);
}

#[test]
fn a_change_that_does_not_come_is_missed_after_a_while_and_the_whole_list_puts_it_right() {
    let now = Instant::now();
    let mut roster = Roster::new(Snapshot::default(), now);
    roster.apply(now, change(1, came(7, "ada")), |_| {});
    roster.apply(now, change(3, came(9, "cyd")), |_| {});
    assert_eq!(ids(&mut roster), ["7"]);
    assert!(!roster.is_behind(now));
    assert_eq!(roster.next_deadline(), Some(now + GATHER));
    assert!(roster.is_behind(now + PATIENCE));
    assert!(!roster.is_behind(now + PATIENCE), "the list is asked for once, and again after a while");
    assert!(roster.is_behind(now + PATIENCE * 2));

    let What::Joined { member: bob, .. } = came(8, "bob") else { unreachable!() };
    let What::Joined { member: cyd, .. } = came(9, "cyd") else { unreachable!() };
    let version = Version { incarnation: 1, change: 3 };
    let mut replaced = Vec::new();
    let snapshot = Snapshot { version, members: vec![bob, cyd] };
    roster.refresh(now, snapshot, |connection| replaced.push(connection));
    assert_eq!((ids(&mut roster), replaced), (vec!["8".to_owned(), "9".to_owned()], vec![7]));
    assert!(!roster.is_behind(now + PATIENCE));
    let (frame, _) = roster.presence(now + GATHER).unwrap();
    assert_eq!(told(&frame), (vec!["bob", "cyd"], vec!["7"], 2));
}

#[test]
fn a_list_that_was_read_before_the_newest_change_came_in_changes_nothing() {
    let now = Instant::now();
    let mut roster = Roster::new(Snapshot::default(), now);
    let old = Snapshot { version: Version { incarnation: 1, change: 1 }, members: Vec::new() };
    roster.apply(now, change(1, What::Left { member: 1 }), |_| {});
    roster.apply(now, change(2, came(7, "ada")), |_| {});
    roster.refresh(now, old, |connection| panic!("{connection} is not replaced"));
    assert_eq!(ids(&mut roster), ["7"]);
}

#[test]
fn too_many_changes_ahead_are_not_waited_for() {
    let now = Instant::now();
    let mut roster = Roster::new(Snapshot::default(), now);
    for number in 2..=AHEAD as u64 + 3 {
        roster.apply(now, change(number, What::Left { member: number }), |_| {});
    }
    assert!(roster.is_behind(now));
    assert_eq!(roster.ahead.len(), AHEAD);
}

#[test]
fn a_room_that_presence_has_forgotten_begins_anew_with_nobody_in_it() {
    let now = Instant::now();
    let mut roster = Roster::new(Snapshot::default(), now);
    roster.apply(now, change(1, came(7, "ada")), |_| {});
    let version = Version { incarnation: 5, change: 1 };
    roster.apply(now, Change { version, what: came(8, "bob") }, |_| {});
    assert_eq!(ids(&mut roster), ["8"]);
    assert_eq!(roster.version(), version);
}
