//! The list of rooms that anyone may see, and how many of them and of people there are.

use std::collections::HashSet;

use snug_shared::{
    RoomKey, RoomName,
    api::{RoomInfo, RoomList},
};

use super::{EnterError, Hub};
use crate::log::RoomRecord;

/// RoomList told, at most.
const LISTED_ROOMS: usize = 500;
/// Bytes of topics told, at most. Later rooms go without: otherwise long topics would make the list as long as they like.
const TOPIC_BYTES: usize = 128 * 1024;

/// How much goes on at a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rooms that anyone may see, at most 500.
    pub rooms: u32,
    /// Members of all rooms together: somebody in three rooms counts three times.
    pub people: u32,
}

impl Hub {
    /// The rooms with members, the fullest first, and then those with the newest entries.
    ///
    /// # Errors
    /// When the log or the presence could not be asked.
    pub async fn rooms(&self) -> Result<RoomList, EnterError> {
        // One more than is told, to see whether there are more.
        let census = self.backend.presence.census(LISTED_ROOMS + 1).await?;
        let newest = self.backend.log.rooms(LISTED_ROOMS + 1).await?;
        let mut rooms = Vec::with_capacity(LISTED_ROOMS + 1);
        let mut listed: HashSet<RoomKey> = HashSet::with_capacity(LISTED_ROOMS + 1);
        for (name, members) in census {
            listed.insert(name.key());
            rooms.push(self.occupied(name, members).await?);
        }
        let others = newest.into_iter().filter(|record| !listed.contains(&record.name.key()));
        rooms.extend(others.map(|record| info(record, 0)));
        let more = rooms.len() > LISTED_ROOMS;
        rooms.truncate(LISTED_ROOMS);
        let mut left = TOPIC_BYTES;
        for room in &mut rooms {
            room.topic = room.topic.take().filter(|topic| topic.as_str().len() <= left);
            left -= room.topic.as_ref().map_or(0, |topic| topic.as_str().len());
        }
        Ok(RoomList { rooms, more })
    }

    /// The rooms that [`rooms`](Self::rooms) lists, and the members of all rooms.
    ///
    /// # Errors
    /// When the log or the presence could not be asked.
    pub async fn counts(&self) -> Result<Counts, EnterError> {
        let rooms = u32::try_from(self.rooms().await?.rooms.len()).unwrap_or(u32::MAX);
        Ok(Counts { rooms, people: self.backend.presence.people().await? })
    }

    /// A room with members, as its live room knows it, or the log where its members are on other servers.
    async fn occupied(&self, name: RoomName, members: u32) -> Result<RoomInfo, EnterError> {
        let here = self.rooms.lock().get(&name.key()).cloned();
        let Some((room, _)) = here.as_ref().and_then(|slot| slot.room.get()) else {
            return Ok(info(self.backend.log.room(&name).await?, members));
        };
        let facts = room.facts();
        let topic = Some(facts.topic).filter(|topic| !topic.is_empty());
        let (room, last) = (room.name.clone(), room.last());
        Ok(RoomInfo { room, members, last, last_at: facts.last_at, topic, locked: false })
    }
}

fn info(record: RoomRecord, members: u32) -> RoomInfo {
    let RoomRecord { name: room, last, last_at, topic, .. } = record;
    let topic = Some(topic).filter(|topic| !topic.is_empty());
    RoomInfo { room, members, last, last_at, topic, locked: false }
}
