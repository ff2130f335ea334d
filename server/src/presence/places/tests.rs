use super::*;

fn name(text: &str) -> Nickname {
    Nickname::parse(text).unwrap()
}

fn claim(author: &Author, member: u64) -> Claim<'_> {
    Claim { member, connection: member, author, can_return: true, capacity: 10 }
}

fn author(number: u64) -> Author {
    Author::http(&name(&format!("author {number}")))
}

fn tea() -> Places {
    Places::new(RoomName::parse("tea").unwrap(), 1)
}

#[test]
fn names_kept_for_those_who_left_are_bounded() {
    let now = Instant::now();
    let mut places = Places::new(RoomName::parse("tea").unwrap(), 1);
    for n in 0..(RESERVATIONS as u64 + 50) {
        let _ = places.join(now, &claim(&author(n), n), &name(&format!("n{n}x"))).unwrap();
        let _ = places.leave(now, &author(n), n);
        let _ = places.expire(now + GRACE);
    }
    assert_eq!(places.reserved.len(), RESERVATIONS);
    assert_eq!(places.reserved_for.len(), RESERVATIONS);
    assert!(places.held.len() <= 4 * (RESERVATIONS + 1));
    let _ = places.expire(now + RESERVED);
    assert_eq!((places.reserved_for.len(), places.held.len()), (0, 0));
}

#[test]
fn who_keeps_renaming_itself_pushes_nobodys_name_out() {
    let now = Instant::now();
    let mut places = tea();
    let (maya, other) = (author(1), author(2));
    let _ = places.join(now, &claim(&maya, 1), &name("maya")).unwrap();
    let _ = places.leave(now, &maya, 1);
    let _ = places.expire(now + GRACE);
    for n in 0..(RESERVATIONS as u64 + 50) {
        let _ = places.join(now, &claim(&other, 10 + n), &name(&format!("n{n}x"))).unwrap();
    }
    assert!(places.reserved.len() <= RESERVATIONS_EACH + 1, "{}", places.reserved.len());
    assert!(places.join(now, &claim(&other, 2), &name("maya")).is_err());
    let _ = places.join(now, &claim(&maya, 3), &name("maya")).unwrap();
}

#[test]
fn a_name_that_nobody_can_come_back_for_is_free_at_once() {
    let now = Instant::now();
    let mut places = tea();
    for n in 1..50 {
        let author = author(n);
        let passing = Claim { can_return: false, ..claim(&author, n) };
        let (_, change) = places.join(now, &passing, &name("maya")).unwrap();
        let instead_of = (n > 1).then_some(n - 1);
        assert!(matches!(change.what, What::Joined { instead_of: before, .. } if before == instead_of));
        assert!(places.is_held(now, &name("Maya")));
        assert!(places.join(now, &claim(&self::author(99), 99), &name("maya")).is_err(), "it is there");
        let _ = places.leave(now, &author, n);
        assert!(!places.is_held(now, &name("maya")));
    }
    assert_eq!(places.members.len(), 1, "the last one, who has not left for the others yet");
    let _ = places.expire(now + GRACE);
    assert!(places.is_over() && places.held.is_empty());
}

#[test]
fn a_name_that_was_taken_over_is_not_let_go_of_with_its_first_holder() {
    let now = Instant::now();
    let mut places = tea();
    let (maya, jon) = (author(1), author(2));
    let passing = Claim { can_return: false, ..claim(&maya, 1) };
    let _ = places.join(now, &passing, &name("maya")).unwrap();
    let _ = places.leave(now, &maya, 1);
    let _ = places.join(now, &claim(&jon, 2), &name("jon")).unwrap();
    // A renaming takes the place of the renamed, and so not that of the one who is gone.
    let _ = places.join(now, &claim(&jon, 3), &name("maya")).unwrap();
    let _ = places.expire(now + GRACE);
    assert!(places.is_held(now + GRACE, &name("maya")));
    assert!(places.join(now + GRACE, &claim(&author(4), 4), &name("maya")).is_err());
}

#[test]
fn a_free_name_is_suggested_however_many_are_taken() {
    let now = Instant::now();
    let mut places = Places::new(RoomName::parse("tea").unwrap(), 1);
    let mut wanted = name("maya");
    for n in 0..2_000 {
        let author = author(n);
        let claim = Claim { capacity: usize::MAX, ..claim(&author, n) };
        let Err(JoinError::NicknameTaken { suggestion }) = places.join(now, &claim, &wanted) else {
            continue;
        };
        wanted = name("maya");
        let _ = places.join(now, &claim, &suggestion).expect("what is suggested is free");
    }
}

#[test]
fn a_full_room_changes_nothing_of_who_only_wanted_another_name() {
    let now = Instant::now();
    let mut places = Places::new(RoomName::parse("tea").unwrap(), 1);
    let (ada, bob) = (Author::http(&name("ada")), Author::http(&name("bob")));
    let only = |author, member| Claim { capacity: 1, ..claim(author, member) };
    let _ = places.join(now, &only(&ada, 1), &name("ada")).unwrap();
    assert_eq!(places.join(now, &only(&bob, 2), &name("bob")), Err(JoinError::Full));
    let (member, _) = places.join(now, &only(&ada, 3), &name("lovelace")).unwrap();
    assert_eq!((member, places.connected()), (3, 1));
}

#[test]
fn every_change_has_the_next_version() {
    let now = Instant::now();
    let mut places = Places::new(RoomName::parse("tea").unwrap(), 7);
    let ada = Author::http(&name("ada"));
    let mut versions = vec![places.join(now, &claim(&ada, 1), &name("ada")).unwrap().1.version];
    versions.extend(places.leave(now, &ada, 1).map(|change| change.version));
    assert_eq!(places.leave(now, &ada, 1), None, "there is no connection to end");
    versions.extend(places.expire(now + GRACE).iter().map(|change| change.version));
    let expected: Vec<_> = (1..=3).map(|change| Version { incarnation: 7, change }).collect();
    assert_eq!(versions, expected);
    assert_eq!(places.version(), expected[2]);
}
