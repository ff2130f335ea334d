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
    let mut roster = Roster::new(10);
    let _ = roster.join(now, 1, 1, &author('a'), &name("maya")).unwrap();
    for lookalike in ["maya", "MAYA", "mауа", "ｍａｙａ"] {
        assert_eq!(
            roster.join(now, 2, 2, &author('b'), &name(lookalike)),
            Err(JoinError::NicknameTaken { suggestion: name(lookalike).numbered(2) }),
            "{lookalike}"
        );
    }
    let _ = roster.join(now, 2, 2, &author('b'), &name("maya2")).unwrap();
    let Err(JoinError::NicknameTaken { suggestion }) = roster.join(now, 3, 3, &author('c'), &name("maya"))
    else {
        panic!("maya is taken")
    };
    assert_eq!(suggestion, name("maya3"));
}

#[test]
fn the_same_seat_takes_its_place_back_and_the_older_connection_is_named() {
    let now = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(now, 1, 11, &author('a'), &name("maya")).unwrap();
    let back = roster.join(now, 2, 12, &author('a'), &name("maya")).unwrap();
    assert_eq!(back, Joined { member: 1, replaced: Some(11) });
    // The older connection's end is no leave.
    roster.leave(now, 1, 11);
    assert_eq!(roster.connected(), 1);
    assert_eq!(roster.presence(now + GRACE + GATHER).map(|p| p.left.len()), Some(0));
}

#[test]
fn a_blink_is_not_told_and_an_absence_is() {
    let start = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(start, 1, 11, &author('a'), &name("maya")).unwrap();
    let frame = roster.presence(start + GATHER).unwrap();
    assert_eq!(told(&frame), (vec!["maya"], vec![], 1));

    roster.leave(start + GATHER, 1, 11);
    let back = roster.join(start + Duration::from_secs(4), 2, 12, &author('a'), &name("maya")).unwrap();
    assert_eq!(back, Joined { member: 1, replaced: None });
    assert_eq!(roster.presence(start + Duration::from_secs(20)), None);

    roster.leave(start + Duration::from_secs(20), 1, 12);
    let gone = start + Duration::from_secs(25);
    assert_eq!(roster.next_deadline(), Some(gone));
    assert_eq!(roster.presence(gone), None);
    let frame = roster.presence(gone + GATHER).unwrap();
    assert_eq!(told(&frame), (vec![], vec!["1"], 0));
}

#[test]
fn joins_are_gathered_into_one_frame() {
    let now = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(now, 1, 1, &author('a'), &name("a")).unwrap();
    let _ = roster.join(now + GATHER / 2, 2, 2, &author('b'), &name("b")).unwrap();
    assert_eq!(roster.presence(now + GATHER / 2), None);
    assert_eq!(told(&roster.presence(now + GATHER).unwrap()), (vec!["a", "b"], vec![], 2));
    assert_eq!(roster.presence(now + GATHER * 9), None);
}

#[test]
fn who_came_and_changed_the_name_at_once_is_not_there_twice() {
    let now = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(now, 1, 1, &author('a'), &name("guest-1")).unwrap();
    let _ = roster.join(now, 2, 2, &author('b'), &name("zoe")).unwrap();
    assert_eq!(roster.members().len(), 2, "what zoe is greeted with");
    let _ = roster.join(now, 3, 1, &author('a'), &name("maya")).unwrap();
    assert_eq!(told(&roster.presence(now + GATHER).unwrap()), (vec!["zoe", "maya"], vec!["1"], 2));
}

#[test]
fn a_name_stays_with_its_author_for_two_minutes() {
    let start = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(start, 1, 1, &author('a'), &name("maya")).unwrap();
    roster.leave(start, 1, 1);
    let _ = roster.presence(start + GRACE);
    let soon = start + RESERVED - Duration::from_secs(1);
    assert!(roster.join(soon, 2, 2, &author('b'), &name("maya")).is_err());
    assert!(!roster.is_over(soon));
    assert!(roster.is_over(start + RESERVED));
    let _ = roster.join(start + RESERVED, 3, 3, &author('b'), &name("maya")).unwrap();
}

#[test]
fn a_returning_author_may_change_the_name_and_keeps_the_old_one_a_while() {
    let now = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(now, 1, 11, &author('a'), &name("maya")).unwrap();
    let _ = roster.presence(now + GATHER);
    let renamed = roster.join(now + GATHER, 2, 12, &author('a'), &name("luna")).unwrap();
    assert_eq!(renamed, Joined { member: 2, replaced: Some(11) });
    let frame = roster.presence(now + GATHER * 2).unwrap();
    assert_eq!(told(&frame), (vec!["luna"], vec!["1"], 1));
    assert!(roster.join(now + GATHER * 2, 3, 13, &author('b'), &name("maya")).is_err());
    assert!(!roster.is_present(&name("maya")));
    assert!(roster.is_present(&name("Luna")));
}

#[test]
fn a_large_room_tells_its_size_and_a_small_one_its_members() {
    let now = Instant::now();
    let mut roster = Roster::new(1_000);
    let authors: Vec<Author> = (0..=MEMBERS_LISTED)
        .map(|n| {
            let letters = [b'a' + (n / 26) as u8, b'a' + (n % 26) as u8];
            Author::parse(format!("s:{}", String::from_utf8_lossy(&letters).repeat(13))).unwrap()
        })
        .collect();
    for (n, author) in authors.iter().enumerate() {
        let id = n as u64 + 1;
        let _ = roster.join(now, id, id, author, &name(&format!("guest {}x", n * 7 + 20))).unwrap();
    }
    let frame = roster.presence(now + GATHER).unwrap();
    assert_eq!(told(&frame), (vec![], vec![], 101));
    assert_eq!(roster.members().len(), MEMBERS_LISTED);

    roster.leave(now, 1, 1);
    let _ = roster.presence(now + GRACE);
    let frame = roster.presence(now + GRACE + GATHER).unwrap();
    assert_eq!(frame.count, 100);
    assert_eq!(frame.members.map(|all| all.len()), Some(100));
    roster.leave(now + GRACE * 2, 2, 2);
    let _ = roster.presence(now + GRACE * 3);
    let frame = roster.presence(now + GRACE * 3 + GATHER).unwrap();
    assert_eq!((frame.members, frame.left), (None, vec!["2".to_owned()]));
}

#[test]
fn a_full_room_refuses_newcomers_and_lets_members_back() {
    let now = Instant::now();
    let mut roster = Roster::new(1);
    let _ = roster.join(now, 1, 11, &author('a'), &name("a")).unwrap();
    assert_eq!(roster.join(now, 2, 12, &author('b'), &name("b")), Err(JoinError::Full));
    let _ = roster.join(now, 3, 13, &author('a'), &name("a")).unwrap();
}

#[test]
fn typing_is_passed_on_once_in_a_while() {
    let now = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(now, 1, 1, &author('a'), &name("a")).unwrap();
    assert!(roster.types(now, 1));
    assert!(!roster.types(now + Duration::from_secs(1), 1));
    assert!(roster.types(now + Duration::from_secs(3), 1));
    assert!(!roster.types(now, 7));
}

#[test]
fn names_kept_for_those_who_left_are_bounded() {
    let now = Instant::now();
    let mut roster = Roster::new(10);
    for n in 0..(RESERVATIONS as u64 + 50) {
        let _ = roster.join(now, n, n, &author('a'), &name(&format!("n{n}x"))).unwrap();
    }
    assert!(roster.leaving.len() <= RESERVATIONS);
    assert!(roster.held.len() <= 2 * (RESERVATIONS + 1));
}

#[test]
fn nobody_is_told_that_they_themselves_came() {
    let now = Instant::now();
    let mut roster = Roster::new(10);
    let _ = roster.join(now, 1, 11, &author('a'), &name("a")).unwrap();
    let alone = roster.presence(now + GATHER).unwrap();
    assert_eq!(roster.newcomer(&alone), Some(11));
    let _ = roster.join(now + GATHER, 2, 12, &author('b'), &name("b")).unwrap();
    let _ = roster.join(now + GATHER, 3, 13, &author('c'), &name("c")).unwrap();
    let both = roster.presence(now + GATHER * 2).unwrap();
    assert_eq!(roster.newcomer(&both), None);
}

#[test]
fn the_list_of_a_large_room_changes_when_one_of_the_listed_leaves() {
    let mut roster = Roster::new(1_000);
    let now = Instant::now();
    for id in 0..=100 {
        let name = name(&format!("m{id}"));
        let _ = roster.join(now, id, id, &Author::http(&name), &name).unwrap();
    }
    let ends = |roster: &mut Roster| {
        let listed = roster.members();
        (listed[0].member.clone(), listed[listed.len() - 1].member.clone(), listed.len())
    };
    assert_eq!(ends(&mut roster), ("0".to_owned(), "99".to_owned(), 100));
    roster.leave(now, 0, 0);
    let _ = roster.presence(now + GRACE);
    assert_eq!(ends(&mut roster), ("1".to_owned(), "100".to_owned(), 100));
    roster.leave(now + GRACE, 100, 100);
    let _ = roster.presence(now + GRACE * 2);
    assert_eq!(ends(&mut roster), ("1".to_owned(), "99".to_owned(), 99));
}
