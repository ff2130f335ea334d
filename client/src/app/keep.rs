//! The joined rooms are kept on the disk: a second after something changed, and at the end. Never while a message is handled.

use std::{io, sync::Arc, time::Duration};

use iced::Task;
use snug_core::{
    rooms::{RoomsFile, StoredRooms},
    settings::Home,
};

use super::{App, Message};
use crate::screen::Screen;

/// A change reaches the disk after so long.
const SOON: Duration = Duration::from_secs(1);
/// The disk did not take it: it is tried again after so long.
const AGAIN: Duration = Duration::from_secs(10);

/// What of the rooms is on the disk.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    file: Option<RoomsFile>,
    /// A look at what changed is due.
    is_due: bool,
    /// What was written last, or is being written.
    kept: StoredRooms,
    revision: u64,
}

impl Keeping {
    pub(super) fn new(home: Option<&Home>) -> Self {
        Self { file: home.map(|home| RoomsFile::in_folder(home.data_dir())), ..Self::default() }
    }

    fn due(&mut self, after: Duration) -> Task<Message> {
        if self.file.is_none() || std::mem::replace(&mut self.is_due, true) {
            return Task::none();
        }
        Task::perform(tokio::time::sleep(after), |()| Message::Keep)
    }
}

impl App {
    /// Something may have changed.
    pub(super) fn keep_soon(&mut self) -> Task<Message> {
        self.keeping.due(SOON)
    }

    /// A look at what changed is due no more.
    pub(super) fn keep_due(&mut self) -> Task<Message> {
        self.keeping.is_due = false;
        self.rooms.shrink();
        self.keep()
    }

    /// Writes what changed.
    pub(super) fn keep(&mut self) -> Task<Message> {
        let Some(file) = self.keeping.file.clone() else { return Task::none() };
        self.sync_place();
        let rooms = self.rooms.stored();
        if rooms == self.keeping.kept {
            return Task::none();
        }
        self.keeping.kept.clone_from(&rooms);
        self.keeping.revision += 1;
        let revision = self.keeping.revision;
        let write = tokio::task::spawn_blocking(move || file.save(&rooms, revision));
        // The write ends without an answer only when the app is being closed.
        Task::perform(write, |kept| Message::Kept(kept.unwrap_or(Ok(())).map_err(Arc::new)))
    }

    pub(super) fn kept(&mut self, kept: Result<(), Arc<io::Error>>) -> Task<Message> {
        let Err(error) = kept else { return Task::none() };
        tracing::warn!(%error, "the joined rooms could not be written");
        self.keeping.kept = StoredRooms::default();
        self.keeping.due(AGAIN)
    }

    /// The draft and the scroll position of the shown room, as they are now.
    pub(super) fn sync_place(&mut self) {
        if let Screen::Room(room) = &self.screen
            && let Some(joined) = self.rooms.get_mut(room.session())
        {
            let place = room.place(joined);
            joined.set_place(place);
        }
    }
}
