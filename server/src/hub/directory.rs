//! The list of rooms that anyone may see.

use snug_shared::{
    RoomName, Seq,
    api::{RoomInfo, Rooms},
};

use super::{EnterError, Hub};

/// Rooms told: those with the newest entries, and as many that only have members.
const LISTED_ROOMS: usize = 500;

impl Hub {
    /// The rooms with entries, the newest first, and those that only have members, the fullest first.
    ///
    /// # Errors
    /// When the log or the presence could not be asked.
    pub async fn rooms(&self) -> Result<Rooms, EnterError> {
        let records = self.backend.log.rooms(LISTED_ROOMS).await?;
        let keys = records.iter().map(|record| record.name.key()).collect();
        let census = self.backend.presence.census(keys, LISTED_ROOMS).await?;
        let known = records.into_iter().zip(census.counts).map(|(record, members)| RoomInfo {
            room: record.name,
            members,
            last: record.last,
            last_at: record.last_at,
            topic: Some(record.topic).filter(|topic| !topic.is_empty()),
            locked: false,
        });
        let mut rooms: Vec<RoomInfo> = known.collect();
        for (room, members) in census.others {
            // A room with older entries than those listed is no new room.
            if self.last(&room).await? == 0 {
                rooms.push(RoomInfo { room, members, last: 0, last_at: 0, topic: None, locked: false });
            }
        }
        Ok(Rooms { rooms })
    }

    /// The newest entry of a room; 0 when it has none.
    async fn last(&self, room: &RoomName) -> Result<Seq, EnterError> {
        let here = self.rooms.lock().get(&room.key()).cloned();
        if let Some((room, _)) = here.as_ref().and_then(|slot| slot.room.get()) {
            return Ok(room.last());
        }
        Ok(self.backend.log.room(room).await?.last)
    }
}
