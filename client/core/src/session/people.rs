//! The members of the room, and those who are typing.

use std::time::{Duration, Instant};

use snug_shared::{Author, MemberInfo, Nickname, Presence, limits};

/// How long somebody is shown as typing after they said so.
const WRITES: Duration = Duration::from_secs(5);

/// Shown as typing at once, at most.
const WRITERS: usize = 8;

#[derive(Debug, Default)]
pub(super) struct People {
    members: Vec<MemberInfo>,
    count: u32,
    writers: Vec<(Author, Nickname, Instant)>,
}

impl People {
    pub fn members(&self) -> &[MemberInfo] {
        &self.members
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// Everybody, anew.
    pub fn set(&mut self, members: &[MemberInfo], count: u32) {
        self.members = members.iter().take(limits::MEMBERS_LISTED).cloned().collect();
        self.count = count;
    }

    pub fn change(&mut self, presence: Presence) {
        if let Some(members) = &presence.members {
            self.set(members, presence.count);
            return;
        }
        self.count = presence.count;
        if self.count as usize > limits::MEMBERS_LISTED {
            // Joins and leaves are not told any more, so that the list would soon be wrong.
            self.members.clear();
            return;
        }
        self.members.retain(|member| !presence.left.contains(&member.member));
        for joined in presence.joined {
            self.members.retain(|member| member.member != joined.member);
            if self.members.len() < limits::MEMBERS_LISTED {
                self.members.push(joined);
            }
        }
    }

    pub fn writes(&mut self, user: Nickname, by: Author, now: Instant) {
        self.said(&by);
        if self.writers.len() < WRITERS {
            self.writers.push((by, user, now + WRITES));
        }
    }

    /// A member whose message came is not typing any more.
    pub fn said(&mut self, by: &Author) {
        self.writers.retain(|(writer, ..)| writer != by);
    }

    pub fn clear_typing(&mut self) {
        self.writers.clear();
    }

    /// Forgets who stopped writing. Answers when to look again.
    pub fn forget(&mut self, now: Instant) -> Option<Instant> {
        self.writers.retain(|(_, _, until)| *until > now);
        self.writers.iter().map(|(_, _, until)| *until).min()
    }

    pub fn typing_now(&self) -> Vec<&Nickname> {
        self.writers.iter().map(|(_, user, _)| user).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> MemberInfo {
        let nickname = Nickname::parse(name).expect("a name");
        MemberInfo { member: name.into(), by: Author::http(&nickname), nickname }
    }

    fn names(people: &People) -> Vec<&str> {
        people.members().iter().map(|member| member.nickname.as_str()).collect()
    }

    #[test]
    fn members_come_and_go_and_come_back_only_once() {
        let mut people = People::default();
        people.set(&[member("maya"), member("ben")], 2);
        let joined = vec![member("ben"), member("zoe")];
        people.change(Presence { joined, left: vec!["maya".into()], count: 2, members: None });
        assert_eq!((names(&people), people.count()), (vec!["ben", "zoe"], 2));
    }

    #[test]
    fn a_crowd_is_counted_and_listed_again_when_it_is_smaller() {
        let mut people = People::default();
        people.set(&[member("maya")], 1);
        people.change(Presence { count: 101, ..Presence::default() });
        assert_eq!((names(&people).len(), people.count()), (0, 101));
        let members = Some(vec![member("maya"), member("ben")].into());
        people.change(Presence { count: 100, members, ..Presence::default() });
        assert_eq!(names(&people), ["maya", "ben"]);
    }

    #[test]
    fn who_writes_is_forgotten_after_a_while_or_when_they_have_said_it() {
        let (mut people, now) = (People::default(), Instant::now());
        let (maya, ben) = (member("maya"), member("ben"));
        people.writes(maya.nickname, maya.by.clone(), now);
        people.writes(ben.nickname, ben.by, now + Duration::from_secs(2));
        assert_eq!(people.forget(now), Some(now + WRITES));
        people.said(&maya.by);
        assert_eq!(people.typing_now().len(), 1);
        assert_eq!(people.forget(now + Duration::from_secs(7)), None);
        assert!(people.typing_now().is_empty());
    }
}
