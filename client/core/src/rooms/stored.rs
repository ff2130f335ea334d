//! The joined rooms between two starts: one file, written whole or not at all, that a change reaches within a second or two.
//!
//! Bounds: [`JOINED`] joined rooms, [`LEFT`] left ones that still send and [`PLACES`] remembered drafts, each of the length of a message or two.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use snug_shared::{Nickname, RoomName, ServerAddress};

use super::{JOINED, LEFT, Marks, PLACES, Place, RoomId, Rooms, SessionId};
use crate::{
    files,
    session::{Joining, ReadState},
};

/// A file beyond this is not one of ours: it would be all bounds reached at once, several times over.
const BYTES: u64 = 16 << 20;

/// The rooms as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredRooms {
    /// In the order one came to them; at most [`JOINED`], and [`LEFT`] left ones.
    pub rooms: Vec<StoredRoom>,
    /// What is remembered of closed rooms, the latest last; at most [`PLACES`].
    pub places: Vec<StoredPlace>,
    /// Servers whose rooms were folded (`true`) or unfolded by hand; at most [`JOINED`].
    pub folds: Vec<(ServerAddress, bool)>,
}

/// A room as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRoom {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// The name one goes by there.
    pub nickname: Nickname,
    /// What the person set.
    #[serde(default)]
    pub marks: Marks,
    /// The draft and the scroll position.
    #[serde(default)]
    pub place: Place,
    /// What was read.
    #[serde(default)]
    pub read: ReadState,
    /// When it was last shown, as a count of such times; 0 for never.
    #[serde(default)]
    pub shown_at: u64,
    /// It was left while something waited to be sent.
    #[serde(default)]
    pub is_left: bool,
}

/// What is remembered of a closed room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPlace {
    /// The server.
    pub server: ServerAddress,
    /// The room.
    pub room: RoomName,
    /// The draft and the scroll position.
    pub place: Place,
}

/// The file of one data folder.
#[derive(Debug, Clone)]
pub struct RoomsFile {
    path: PathBuf,
    /// The revision last written: of two writes under way, the newer one stays.
    written: Arc<Mutex<u64>>,
}

impl RoomsFile {
    /// The one in this folder.
    pub fn in_folder(data: &Path) -> Self {
        Self { path: data.join("joined.json"), written: Arc::default() }
    }

    /// Reads it. What is damaged is set aside and told in a sentence, and no room is joined.
    pub fn load(&self) -> (StoredRooms, Option<String>) {
        let read = match files::read_at_most(&self.path, BYTES) {
            Ok(content) => serde_json::from_slice::<StoredRooms>(&content).map_err(|error| error.to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok(stored) => (stored.bounded(), None),
            Err(error) => {
                tracing::warn!(%error, "the joined rooms could not be read");
                let kept = match files::set_aside(&self.path) {
                    Ok(aside) => format!("The old file is kept as {}.", aside.display()),
                    Err(_) => format!("The file is {}.", self.path.display()),
                };
                let notice =
                    format!("The list of your rooms could not be read, so you have left them all. {kept}");
                (StoredRooms::default(), Some(notice))
            }
        }
    }

    /// Writes it. Blocks on the disk; an older revision never replaces a newer one.
    ///
    /// # Errors
    /// The system's error; what was written before is still there.
    pub fn save(&self, stored: &StoredRooms, revision: u64) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written >= revision {
            return Ok(());
        }
        let content = serde_json::to_vec(stored)?;
        if let Some(folder) = self.path.parent() {
            files::private_folder(folder)?;
        }
        files::replace(&self.path, &content)?;
        *written = revision;
        Ok(())
    }
}

impl StoredRooms {
    fn bounded(mut self) -> Self {
        let (mut joined, mut left) = (0, 0);
        self.rooms.retain(|room| {
            let (count, most) = if room.is_left { (&mut left, LEFT) } else { (&mut joined, JOINED) };
            *count += 1;
            *count <= most
        });
        let surplus = self.places.len().saturating_sub(PLACES);
        drop(self.places.drain(..surplus));
        self.folds.truncate(JOINED);
        self
    }
}

impl Rooms {
    /// The rooms as they are to be kept.
    pub fn stored(&self) -> StoredRooms {
        let room = |joined: &super::Joined| StoredRoom {
            server: joined.session().server().clone(),
            room: joined.session().room().clone(),
            nickname: joined.session().nickname().clone(),
            marks: joined.marks,
            place: joined.place.clone(),
            read: joined.read_state(),
            shown_at: joined.shown_at,
            is_left: joined.is_left,
        };
        StoredRooms {
            rooms: self.joined.iter().map(room).collect(),
            places: self.places.iter().cloned().collect(),
            folds: self.folds.clone(),
        }
    }

    /// Joins the rooms of the last start again, in the background. Those whose server ran in this app wait for it
    /// ([`Self::hosted`]). The room that was shown last is not shown by this; it is returned.
    pub fn restore(&mut self, stored: StoredRooms, data: &Path, zone: &TimeZone) -> Option<SessionId> {
        self.places.extend(stored.places);
        self.folds = stored.folds;
        for room in stored.rooms {
            let joining = Joining {
                server: room.server,
                room: room.room,
                nickname: room.nickname,
                data: data.to_owned(),
                zone: zone.clone(),
            };
            let id = RoomId::new(&joining.server, &joining.room);
            if self.joined.iter().any(|joined| joined.room == id) {
                continue;
            }
            let session = self.open(id, joining, room.place);
            let Some(joined) = self.get_mut(session) else { continue };
            (joined.marks, joined.shown_at, joined.is_left) = (room.marks, room.shown_at, room.is_left);
            joined.is_held = room.marks.is_hosted;
            joined.remember(room.read);
        }
        self.time = self.joined.iter().map(|joined| joined.shown_at).max().unwrap_or(0);
        self.recent().first().map(|joined| joined.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(count: usize, is_left: bool) -> Vec<StoredRoom> {
        let room = |number| StoredRoom {
            server: ServerAddress::parse("lab.local").unwrap(),
            room: RoomName::parse(&format!("room {number}")).unwrap(),
            nickname: Nickname::parse("maya").unwrap(),
            marks: Marks::default(),
            place: Place::default(),
            read: ReadState::default(),
            shown_at: 0,
            is_left,
        };
        (0..count).map(room).collect()
    }

    #[test]
    fn what_was_saved_is_loaded_within_its_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let file = RoomsFile::in_folder(&folder.path().join("data"));
        assert_eq!(file.load(), (StoredRooms::default(), None));
        let mut rooms = stored(JOINED + 5, false);
        rooms.extend(stored(LEFT + 5, true));
        let place = StoredPlace {
            server: rooms[0].server.clone(),
            room: rooms[0].room.clone(),
            place: Place { scroll: Some(3), ..Place::default() },
        };
        let places = vec![place; PLACES + 5];
        file.save(&StoredRooms { rooms: rooms.clone(), places, folds: Vec::new() }, 1).unwrap();
        let (loaded, notice) = file.load();
        assert_eq!((loaded.rooms.len(), loaded.places.len(), notice), (JOINED + LEFT, PLACES, None));
        assert_eq!(loaded.rooms[..JOINED], rooms[..JOINED]);
    }

    #[test]
    fn an_older_revision_never_replaces_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = RoomsFile::in_folder(folder.path());
        let newer = StoredRooms { rooms: stored(2, false), ..StoredRooms::default() };
        file.save(&newer, 2).unwrap();
        file.save(&StoredRooms::default(), 1).unwrap();
        assert_eq!(file.load().0, newer);
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("joined.json"), b"{\"rooms\":[{").unwrap();
        let file = RoomsFile::in_folder(folder.path());
        let (rooms, notice) = file.load();
        assert_eq!(rooms, StoredRooms::default());
        assert!(notice.unwrap().contains("joined.json.damaged"));
        assert_eq!(file.load().1, None);
    }

    #[test]
    fn fields_of_later_versions_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let room = r#"{"server":"lab.local","room":"tea","nickname":"maya","colour":"blue"}"#;
        let content = format!(r#"{{"rooms":[{room}],"more":1}}"#);
        std::fs::write(folder.path().join("joined.json"), content).unwrap();
        let (loaded, notice) = RoomsFile::in_folder(folder.path()).load();
        assert_eq!((loaded.rooms.len(), loaded.rooms[0].marks, notice), (1, Marks::default(), None));
    }
}
