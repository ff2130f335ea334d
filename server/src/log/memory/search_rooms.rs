//! A search over rooms in memory.

use std::{convert::Infallible, sync::Arc};

use snug_shared::{Entry, Millis, RoomKey, Seq};

use super::SharedRoom;
use crate::log::{
    merge::{RoomHead, Rooms, TimeSlice, Visit},
    query::Wanted,
};

/// The rooms that there were when the search began.
pub(super) struct RoomList(pub(super) Vec<SharedRoom>);

impl Rooms for RoomList {
    type Id = SharedRoom;
    type Error = Infallible;

    fn listed(
        &mut self,
        after: Option<&(Millis, SharedRoom)>,
    ) -> Result<Vec<(Millis, SharedRoom)>, Infallible> {
        if after.is_some() {
            return Ok(Vec::new());
        }
        // A room in which every append was refused has nothing to show.
        let mut rooms: Vec<_> = std::mem::take(&mut self.0)
            .into_iter()
            .filter_map(|room| {
                let last_at = Some(room.lock()).filter(|room| room.last() > 0).map(|room| room.last_at());
                Some((last_at?, room))
            })
            .collect();
        rooms.sort_by_key(|(last_at, _)| std::cmp::Reverse(*last_at));
        Ok(rooms)
    }

    fn find(&mut self, key: &RoomKey) -> Result<Option<(Millis, SharedRoom)>, Infallible> {
        let mut rooms = self.listed(None)?.into_iter();
        Ok(rooms.find(|(_, room)| room.lock().record().name.key() == *key))
    }

    fn head(&mut self, room: &SharedRoom) -> Result<Option<RoomHead>, Infallible> {
        let record = room.lock().record();
        let key = record.name.key();
        Ok(Some(RoomHead { key, name: record.name, last: record.last, last_at: record.last_at }))
    }

    fn at(&mut self, room: &SharedRoom, seq: Seq) -> Result<Millis, Infallible> {
        Ok(room.lock().at(seq).unwrap_or(Millis::MIN))
    }

    fn visit(
        &mut self,
        room: &SharedRoom,
        span: (Seq, Seq),
        wanted: &Wanted,
        most: usize,
        slice: &mut TimeSlice<'_>,
    ) -> Result<Visit, Infallible> {
        Ok(room.lock().visit(span, wanted, most, slice))
    }

    fn entry(&mut self, room: &SharedRoom, seq: Seq) -> Result<Option<Entry>, Infallible> {
        Ok(room.lock().show(seq).ok().map(|entry| *entry))
    }
}

impl RoomList {
    /// One room, or none.
    pub(super) fn one(room: Option<SharedRoom>) -> Self {
        Self(room.into_iter().collect())
    }

    /// All rooms.
    pub(super) fn all<'a>(rooms: impl Iterator<Item = &'a SharedRoom>) -> Self {
        Self(rooms.map(Arc::clone).collect())
    }
}
