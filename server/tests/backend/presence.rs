//! Presences, through their trait: places, nicknames, and what the servers are told.

use std::{collections::HashSet, sync::Arc};

use snug_server::{
    event::{Change, Event, What},
    layer::{ChannelLayer, memory::MemoryLayer},
    presence::{Join, JoinError, Joined, Naming, Presence, memory::MemoryPresence},
};
use snug_shared::{Author, Nickname, RoomName};

use super::layer::Kept;

/// A presence, and the layer that it tells of changes.
struct Bench {
    name: &'static str,
    presence: Arc<dyn Presence>,
    layer: Arc<dyn ChannelLayer>,
}

/// Every presence there is.
fn benches() -> [Bench; 1] {
    let layer = Arc::new(MemoryLayer::default());
    let presence = Arc::new(MemoryPresence::new(layer.clone()));
    [Bench { name: "memory", presence, layer }]
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn nickname(name: &str) -> Nickname {
    Nickname::parse(name).unwrap()
}

impl Bench {
    /// Asks for a place in `tea`; the member's id and connection have the same number.
    async fn join(&self, number: u64, author: &str, naming: Naming) -> Result<Joined, JoinError> {
        let author = Author::http(&nickname(author));
        let (member, connection) = (number, number);
        let join = Join { member, connection, author, can_return: true, naming, capacity: 10 };
        self.presence.join(&room("tea"), join).await
    }

    async fn exactly(&self, number: u64, author: &str, name: &str) -> Result<Joined, JoinError> {
        self.join(number, author, Naming::Exactly(nickname(name))).await
    }

    fn leave(&self, number: u64, author: &str) {
        self.presence.leave(&room("tea").key(), &Author::http(&nickname(author)), number);
    }

    async fn ids(&self) -> Vec<u64> {
        let snapshot = self.presence.members(&room("tea").key(), None).await.unwrap().unwrap();
        snapshot.members.iter().map(|member| member.id).collect()
    }
}

#[tokio::test]
async fn every_decision_is_told_to_the_rooms_group_in_the_order_of_versions() {
    for bench in benches() {
        let kept = Arc::new(Kept::default());
        bench.layer.group_add(&room("tea").key(), kept.clone()).await.unwrap();
        let ada = bench.exactly(1, "ada", "ada").await.unwrap();
        let back = bench.exactly(2, "ada", "ada").await.unwrap();
        let renamed = bench.exactly(3, "ada", "lovelace").await.unwrap();
        bench.leave(1, "ada");
        bench.leave(3, "ada");
        let told: Vec<Change> = (kept.take(4).await.into_iter())
            .map(|event| match event {
                Event::Presence(change) => change,
                other => panic!("{other:?} is no change of presence"),
            })
            .collect();
        assert_eq!(told[..3], [ada.change, back.change, renamed.change], "{}", bench.name);
        assert_eq!(told[1].what, What::Moved { member: 1, connection: 2 });
        assert!(matches!(told[2].what, What::Joined { instead_of: Some(1), .. }));
        assert_eq!(told[3].what, What::Away { member: 3 });
        assert!(told.windows(2).all(|two| two[1].version == two[0].version.next()));
    }
}

#[tokio::test]
async fn a_nickname_is_given_to_one_author_and_others_get_a_suggestion_or_a_number() {
    for bench in benches() {
        let _ = bench.exactly(1, "ada", "maya").await.unwrap();
        let taken = bench.exactly(2, "bob", "MAYA").await;
        assert_eq!(taken, Err(JoinError::NicknameTaken { suggestion: nickname("MAYA2") }), "{}", bench.name);
        let numbered = bench.join(2, "bob", Naming::Numbered(nickname("maya"))).await.unwrap();
        assert_eq!(numbered.nickname.as_str(), "maya-2");
        let guest = bench.join(3, "cyd", Naming::Guest).await.unwrap();
        let other = bench.join(4, "dan", Naming::Guest).await.unwrap();
        assert_ne!(guest.nickname, other.nickname);
        let key = room("tea").key();
        assert!(bench.presence.is_held(&key, &nickname("mауа")).await.unwrap());
        assert!(!bench.presence.is_held(&key, &nickname("zoe")).await.unwrap());
        bench.leave(1, "ada");
        assert!(bench.presence.is_held(&key, &nickname("Maya")).await.unwrap(), "it is kept for its author");
    }
}

#[tokio::test]
async fn a_name_is_found_for_everybody_who_cannot_be_asked_for_another() {
    for bench in benches() {
        let mut names = HashSet::new();
        for number in 1..=1_500 {
            let author = Author::http(&nickname(&format!("author {number}")));
            let (member, connection, naming) = (number, number, Naming::Numbered(nickname("maya")));
            let join = Join { member, connection, author, can_return: true, naming, capacity: usize::MAX };
            let joined = bench.presence.join(&room("tea"), join).await.expect("there is always a name");
            assert!(names.insert(joined.nickname), "{}", bench.name);
        }
    }
}

#[tokio::test]
async fn a_list_is_given_only_to_a_server_that_does_not_have_it() {
    for bench in benches() {
        let key = room("tea").key();
        let nobody = bench.presence.members(&key, None).await.unwrap().unwrap();
        assert_eq!(nobody.members, []);
        assert_eq!(bench.presence.members(&key, Some(nobody.version)).await.unwrap(), None);
        let ada = bench.exactly(1, "ada", "ada").await.unwrap();
        let known = Some(ada.change.version);
        assert_eq!(bench.presence.members(&key, known).await.unwrap(), None, "{}", bench.name);
        let _ = bench.exactly(2, "bob", "bob").await.unwrap();
        assert_eq!(bench.presence.members(&key, known).await.unwrap().unwrap().members.len(), 2);
        assert_eq!(bench.ids().await, [1, 2]);
    }
}

#[tokio::test]
async fn a_full_room_takes_nobody_new_and_a_second_connection_needs_no_second_place() {
    for bench in benches() {
        for number in 1..=10 {
            let name = format!("n{number}x");
            let _ = bench.exactly(number, &name, &name).await.unwrap();
        }
        assert_eq!(bench.exactly(11, "late", "late").await, Err(JoinError::Full), "{}", bench.name);
        assert_eq!(bench.exactly(12, "n3x", "n3x").await.unwrap().member, 3);
    }
}

#[tokio::test]
async fn rooms_with_people_are_found_the_fullest_first() {
    for bench in benches() {
        let _ = bench.exactly(1, "ada", "ada").await.unwrap();
        let _ = bench.exactly(2, "bob", "bob").await.unwrap();
        bench.leave(2, "bob");
        for (number, name) in [(3, "pond"), (4, "lake"), (5, "lake")] {
            let author = Author::http(&nickname(&format!("n{number}x")));
            let naming = Naming::Guest;
            let (member, connection) = (number, number);
            let join = Join { member, connection, author, can_return: true, naming, capacity: 10 };
            let _ = bench.presence.join(&room(name), join).await.unwrap();
        }
        let all = [(room("lake"), 2), (room("pond"), 1), (room("tea"), 1)];
        assert_eq!(bench.presence.census(10).await.unwrap(), all, "{}", bench.name);
        assert_eq!(bench.presence.census(2).await.unwrap(), all[..2]);
    }
}
