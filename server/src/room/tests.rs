use super::*;

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
    room.leave(now, 1, 11);
    assert_eq!(room.connected(), 1);
    assert_eq!(room.presence(now + GRACE + GATHER).map(|p| p.left.len()), Some(0));
}

#[test]
fn a_blink_is_not_told_and_an_absence_is() {
    let start = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(start, 1, 11, &author('a'), &name("maya")).unwrap();
    let frame = room.presence(start + GATHER).unwrap();
    assert_eq!(told(&frame), (vec!["maya"], vec![], 1));

    room.leave(start + GATHER, 1, 11);
    let back = room.join(start + Duration::from_secs(4), 2, 12, &author('a'), &name("maya")).unwrap();
    assert_eq!(back, Joined { member: 1, replaced: None });
    assert_eq!(room.presence(start + Duration::from_secs(20)), None);

    room.leave(start + Duration::from_secs(20), 1, 12);
    let gone = start + Duration::from_secs(25);
    assert_eq!(room.next_deadline(), Some(gone));
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
    assert_eq!(room.members().len(), 2, "what zoe is greeted with");
    let _ = room.join(now, 3, 1, &author('a'), &name("maya")).unwrap();
    assert_eq!(told(&room.presence(now + GATHER).unwrap()), (vec!["zoe", "maya"], vec!["1"], 2));
}

#[test]
fn a_name_stays_with_its_author_for_two_minutes() {
    let start = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(start, 1, 1, &author('a'), &name("maya")).unwrap();
    room.leave(start, 1, 1);
    let _ = room.presence(start + GRACE);
    let soon = start + RESERVED - Duration::from_secs(1);
    assert!(room.join(soon, 2, 2, &author('b'), &name("maya")).is_err());
    assert!(!room.is_over(soon));
    assert!(room.is_over(start + RESERVED));
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
    assert!(!room.is_present(&name("maya")));
    assert!(room.is_present(&name("Luna")));
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
    assert_eq!(room.members().len(), MEMBERS_LISTED);

    room.leave(now, 1, 1);
    let _ = room.presence(now + GRACE);
    let frame = room.presence(now + GRACE + GATHER).unwrap();
    assert_eq!(frame.count, 100);
    assert_eq!(frame.members.map(|all| all.len()), Some(100));
    room.leave(now + GRACE * 2, 2, 2);
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
fn typing_is_passed_on_once_in_a_while() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 1, &author('a'), &name("a")).unwrap();
    assert!(room.types(now, 1));
    assert!(!room.types(now + Duration::from_secs(1), 1));
    assert!(room.types(now + Duration::from_secs(3), 1));
    assert!(!room.types(now, 7));
}

#[test]
fn names_kept_for_those_who_left_are_bounded() {
    let now = Instant::now();
    let mut room = Room::new(10);
    for n in 0..(RESERVATIONS as u64 + 50) {
        let _ = room.join(now, n, n, &author('a'), &name(&format!("n{n}x"))).unwrap();
    }
    assert!(room.leaving.len() <= RESERVATIONS);
    assert!(room.held.len() <= 2 * (RESERVATIONS + 1));
}

#[test]
fn nobody_is_told_that_they_themselves_came() {
    let now = Instant::now();
    let mut room = Room::new(10);
    let _ = room.join(now, 1, 11, &author('a'), &name("a")).unwrap();
    let alone = room.presence(now + GATHER).unwrap();
    assert_eq!(room.newcomer(&alone), Some(11));
    let _ = room.join(now + GATHER, 2, 12, &author('b'), &name("b")).unwrap();
    let _ = room.join(now + GATHER, 3, 13, &author('c'), &name("c")).unwrap();
    let both = room.presence(now + GATHER * 2).unwrap();
    assert_eq!(room.newcomer(&both), None);
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
        let listed = room.members();
        (listed[0].member.clone(), listed[listed.len() - 1].member.clone(), listed.len())
    };
    assert_eq!(ends(&mut room), ("0".to_owned(), "99".to_owned(), 100));
    room.leave(now, 0, 0);
    let _ = room.presence(now + GRACE);
    assert_eq!(ends(&mut room), ("1".to_owned(), "100".to_owned(), 100));
    room.leave(now + GRACE, 100, 100);
    let _ = room.presence(now + GRACE * 2);
    assert_eq!(ends(&mut room), ("1".to_owned(), "99".to_owned(), 99));
}
