use super::*;

fn name(text: &str) -> Nickname {
    Nickname::parse(text).unwrap()
}

fn claim(author: &Author, member: u64) -> Claim<'_> {
    Claim { member, connection: member, author, capacity: 10 }
}

#[test]
fn names_kept_for_those_who_left_are_bounded() {
    let now = Instant::now();
    let mut places = Places::new(RoomName::parse("tea").unwrap(), 1);
    let author = Author::http(&name("ada"));
    for n in 0..(RESERVATIONS as u64 + 50) {
        let _ = places.join(now, &claim(&author, n), &name(&format!("n{n}x"))).unwrap();
    }
    assert!(places.reserved.len() <= RESERVATIONS);
    assert!(places.held.len() <= 2 * (RESERVATIONS + 1));
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
