//! Opening a room's journal, off the thread that draws.

use std::path::Path;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use snug_shared::{ClientFrame, RoomName, ServerAddress};

use super::{
    journal::{self, Commands},
    pending::{PendingSend, SendState},
    queue::Queue,
    record::StoredSend,
};

/// Rooms whose seat is remembered. The seat of the room left the longest ago is forgotten first; sends never are.
pub const ROOMS: usize = 256;

/// The outbox can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Messages can’t be stored on this computer: {0}. Check that the disk is there and has space.")]
pub struct CannotOpen(String);

/// Opens a room's journal on the disk, for [`Outbox::opened`](super::Outbox::opened).
#[derive(Debug)]
pub struct Opening {
    pub(super) queue: Queue,
}

/// A journal that was opened, and its content.
#[derive(Debug)]
pub struct Opened {
    pub(super) commands: Commands,
    pub(super) sends: Vec<PendingSend>,
    /// The seat its sends go out under.
    pub seat: Option<String>,
    /// Whether a part of the journal could not be read. A copy of it is kept.
    pub damaged: bool,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl Opening {
    /// Opens the journal of a room. Blocks on the disk.
    ///
    /// # Errors
    /// [`CannotOpen`] says why nothing can be kept.
    pub fn open(self, data: &Path, server: &ServerAddress, room: &RoomName) -> Result<Opened, CannotOpen> {
        // A hash, because no file system takes every name a room can have.
        let name = Sha256::digest(format!("{server}\n{}", room.key()).as_bytes());
        let rooms = data.join("rooms");
        let folder = rooms.join(BASE32_NOPAD.encode(&name[..20]).to_lowercase());
        let opened = journal::open(&folder, &self.queue).map_err(|error| CannotOpen(error.to_string()))?;
        if let Err(error) = journal::tidy(&rooms, ROOMS) {
            tracing::warn!(%error, "rooms of long ago could not be forgotten");
        }
        let send = |stored: StoredSend| {
            let ClientFrame::Send { id, intent } = stored.frame.decode()? else { return None };
            let state = match stored.failed {
                None => SendState::Waiting,
                Some(failure) => SendState::Failed(failure),
            };
            let mut send = PendingSend::new(id, intent, stored.at, state);
            send.bytes += stored.edit.as_ref().map_or(0, |edit| edit.as_str().len());
            stored.edit.into_iter().for_each(|text| send.set_edit(text));
            Some(send)
        };
        let sends = opened.sends.into_iter().filter_map(send).collect();
        Ok(Opened { commands: opened.commands, sends, seat: opened.seat, damaged: opened.damaged })
    }
}
