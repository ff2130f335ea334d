//! Rooms as the open transaction has them.

use std::collections::HashMap;

use rusqlite::{Connection, Result, types::ValueRef};
use snug_shared::{Millis, RoomKey};

use super::super::{checksum, rows};
use crate::log::Epoch;

/// Rooms the writer remembers between transactions. When there are more, it reads them from the file again.
const REMEMBERED: usize = 4_096;

/// Rooms by their keys. Changes that are not in the file yet are written by [`RoomCache::flush`].
#[derive(Debug, Default)]
pub(in super::super) struct RoomCache {
    known: HashMap<RoomKey, CachedRoom>,
}

/// One room, and what of it the transaction has changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct CachedRoom {
    pub(super) id: i64,
    pub(super) epoch: Epoch,
    pub(super) last: i64,
    pub(super) last_at: Millis,
    pub(super) touched: bool,
}

impl RoomCache {
    /// Forgets everything, since the transaction did not happen.
    pub(in super::super) fn clear(&mut self) {
        self.known.clear();
    }

    /// Writes what the transaction changed, once a room and not once an entry.
    pub(in super::super) fn flush(&mut self, connection: &Connection) -> Result<()> {
        for room in self.known.values_mut().filter(|room| room.touched) {
            let changed =
                [("last", ValueRef::Integer(room.last)), ("last_at", ValueRef::Integer(room.last_at))];
            checksum::ROOMS.change(connection, room.id, &changed)?;
            room.touched = false;
        }
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        Ok(())
    }

    pub(super) fn get(&mut self, connection: &Connection, key: &RoomKey) -> Result<Option<CachedRoom>> {
        if let Some(room) = self.known.get(key) {
            return Ok(Some(*room));
        }
        let Some(row) = rows::room(connection, key.as_str())? else { return Ok(None) };
        let room = CachedRoom {
            id: row.id,
            epoch: row.record.epoch,
            last: row.record.last.cast_signed(),
            last_at: row.record.last_at,
            touched: false,
        };
        self.known.insert(key.clone(), room);
        Ok(Some(room))
    }

    pub(super) fn put(&mut self, key: RoomKey, room: CachedRoom) {
        let _ = self.known.insert(key, room);
    }
}
