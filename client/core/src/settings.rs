//! What this device remembers between starts: the nickname, the theme, where one was lately. Bounded, written whole or not at
//! all, and never a reason not to start. What belongs to one room (seat, outbox) is kept by [`crate::outbox`].

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use snug_shared::{Author, Millis, Nickname, RoomName, ServerAddress};

use crate::{emoji, files, notifications::Preferences};

/// Places remembered, at most.
pub const RECENT: usize = 20;

/// People ignored, at most; the latest stay.
pub const IGNORED: usize = 500;

/// A settings file beyond this is not one of ours.
const BYTES: u64 = 1 << 20;

/// Where this device keeps things. `SNUG_HOME` moves all of it, so that two apps on one machine can be two people.
#[derive(Debug, Clone)]
pub struct Home {
    settings: PathBuf,
    data: PathBuf,
    /// The revision last written: of two writes under way, the newer one stays.
    written: Arc<Mutex<u64>>,
}

/// There is no place to keep anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This computer does not say where your home folder is. Set SNUG_HOME to a folder Snug may use.")]
pub struct NoHome;

/// The settings could not be written.
#[derive(Debug, thiserror::Error)]
#[error("Your settings could not be written to {}: {error}.", path.display())]
pub struct SaveError {
    path: PathBuf,
    error: io::Error,
}

/// The settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The name last used.
    pub nickname: Option<Nickname>,
    /// Dark, light, or as the system has it.
    pub theme: ThemeChoice,
    /// Where one was, the latest first; at most [`RECENT`].
    pub recent: Vec<Recent>,
    /// People whose messages are hidden here, the latest first; at most [`IGNORED`].
    pub ignored: Vec<Ignored>,
    /// The window as it was last.
    pub window: Option<WindowSize>,
    /// What the desktop tells of rooms nobody looks at.
    pub notifications: Preferences,
    /// The emoji used lately, in whatever room.
    pub emoji: emoji::Recent,
    #[serde(skip)]
    revision: u64,
}

/// Dark, light, or as the system has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    /// Always dark.
    Dark,
    /// Always light.
    Light,
}

/// Somebody whose messages are hidden here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// Who.
    pub by: Author,
    /// The name they had.
    pub nickname: Nickname,
}

/// The size of a window, in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSize {
    /// How wide.
    pub width: u32,
    /// How high.
    pub height: u32,
}

/// A place one was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// The server.
    pub server: ServerAddress,
    /// The room there.
    pub room: RoomName,
    /// The name used there.
    pub nickname: Nickname,
    /// When one joined, by this device's clock.
    pub at: Millis,
    /// Whether the server ran in this app: it has to be started before one can go there again.
    #[serde(default)]
    pub is_hosted: bool,
}

impl Home {
    /// The place this system has for such things, or `SNUG_HOME`.
    ///
    /// # Errors
    /// [`NoHome`] when there is none.
    pub fn find() -> Result<Self, NoHome> {
        if let Some(root) = std::env::var_os("SNUG_HOME").filter(|root| !root.is_empty()) {
            return Ok(Self::at(Path::new(&root)));
        }
        let folders = directories::ProjectDirs::from("chat", "Snug", "Snug").ok_or(NoHome)?;
        Ok(Self::new(folders.config_dir().to_owned(), folders.data_dir().to_owned()))
    }

    /// Everything under one folder.
    pub fn at(root: &Path) -> Self {
        Self::new(root.to_owned(), root.join("data"))
    }

    fn new(settings: PathBuf, data: PathBuf) -> Self {
        Self { settings, data, written: Arc::default() }
    }

    /// Where rooms' outboxes and seats are kept.
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// Where a server hosted here keeps its history.
    pub fn host_dir(&self) -> PathBuf {
        self.data.join("server")
    }

    fn file(&self) -> PathBuf {
        self.settings.join("settings.json")
    }
}

impl Settings {
    /// Reads the settings. What is damaged is set aside and told in a sentence, and the defaults hold.
    pub fn load(home: &Home) -> (Self, Option<String>) {
        let path = home.file();
        let read = files::read_at_most(&path, BYTES)
            .map_err(|error| (error.kind() == io::ErrorKind::NotFound, error.to_string()))
            .and_then(|content| {
                serde_json::from_slice::<Self>(&content).map_err(|error| (false, error.to_string()))
            });
        match read {
            Ok(mut settings) => {
                settings.recent.truncate(RECENT);
                settings.ignored.truncate(IGNORED);
                (settings, None)
            }
            Err((true, _)) => (Self::default(), None),
            Err((false, error)) => {
                let kept = match files::set_aside(&path) {
                    Ok(aside) => format!("The old file is kept as {}.", aside.display()),
                    Err(_) => format!("The file is {}.", path.display()),
                };
                tracing::warn!(%error, "the settings could not be read");
                let notice = format!("Your settings could not be read, so Snug starts afresh. {kept}");
                (Self::default(), Some(notice))
            }
        }
    }

    /// A copy to write, which knows that it is newer than the copies before.
    pub fn snapshot(&mut self) -> Self {
        self.revision += 1;
        self.clone()
    }

    /// Writes a [`Self::snapshot`]. Blocks on the disk; an older snapshot never replaces a newer one.
    ///
    /// # Errors
    /// [`SaveError`] says why; what was written before is still there.
    pub fn save(&self, home: &Home) -> Result<(), SaveError> {
        let mut written = home.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written > self.revision {
            return Ok(());
        }
        let path = home.file();
        serde_json::to_vec_pretty(self)
            .map_err(io::Error::from)
            .and_then(|content| {
                files::private_folder(&home.settings)?;
                files::replace(&path, &content)
            })
            .map_err(|error| SaveError { path, error })?;
        *written = self.revision;
        Ok(())
    }

    /// Remembers a place as the latest. One spelling of a room is enough.
    pub fn remember(&mut self, recent: Recent) {
        self.forget(&recent.server, &recent.room);
        if recent.is_hosted {
            // The server here is the same one under whatever port it got.
            let key = recent.room.key();
            self.recent.retain(|old| !old.is_hosted || old.room.key() != key);
        }
        self.recent.insert(0, recent);
        self.recent.truncate(RECENT);
    }

    /// Forgets a place.
    pub fn forget(&mut self, server: &ServerAddress, room: &RoomName) {
        let key = room.key();
        self.recent.retain(|old| old.server != *server || old.room.key() != key);
    }

    /// Hides what somebody says, or shows it again.
    pub fn ignore(&mut self, by: Author, nickname: Nickname, on: bool) {
        self.ignored.retain(|other| other.by != by);
        if on {
            self.ignored.insert(0, Ignored { by, nickname });
            self.ignored.truncate(IGNORED);
        }
    }

    /// The servers one was on, the latest first.
    pub fn servers(&self) -> Vec<&ServerAddress> {
        let mut servers: Vec<&ServerAddress> = Vec::new();
        for recent in &self.recent {
            if !servers.contains(&&recent.server) {
                servers.push(&recent.server);
            }
        }
        servers
    }

    /// The name to offer: the last one used, else what the system calls its user.
    pub fn suggested_nickname(&self) -> Option<Nickname> {
        self.nickname.clone().or_else(|| {
            ["USER", "USERNAME", "LOGNAME"]
                .iter()
                .filter_map(|variable| std::env::var(variable).ok())
                .find_map(|name| Nickname::parse(&name).ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(server: &str, room: &str) -> Recent {
        Recent {
            server: ServerAddress::parse(server).unwrap(),
            room: RoomName::parse(room).unwrap(),
            nickname: Nickname::parse("maya").unwrap(),
            at: 1,
            is_hosted: false,
        }
    }

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        (folder, home)
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let (_folder, home) = home();
        assert_eq!(Settings::load(&home), (Settings::default(), None));
        let mut settings = Settings { theme: ThemeChoice::Dark, ..Settings::default() };
        settings.remember(recent("lab.local", "tea"));
        settings.snapshot().save(&home).unwrap();
        let (loaded, notice) = Settings::load(&home);
        assert_eq!((loaded.theme, loaded.recent, notice), (ThemeChoice::Dark, settings.recent, None));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_told() {
        let (folder, home) = home();
        std::fs::write(folder.path().join("settings.json"), b"{\"nickname\":\"may").unwrap();
        let (settings, notice) = Settings::load(&home);
        assert_eq!(settings, Settings::default());
        assert!(notice.unwrap().contains("settings.json.damaged"));
        assert!(folder.path().join("settings.json.damaged").exists());
        assert_eq!(Settings::load(&home).1, None);
    }

    #[test]
    fn a_name_that_is_not_allowed_does_not_get_in_through_the_file() {
        let (folder, home) = home();
        std::fs::write(folder.path().join("settings.json"), br#"{"nickname":"a/b"}"#).unwrap();
        assert!(Settings::load(&home).1.is_some());
    }

    #[test]
    fn an_older_snapshot_never_replaces_a_newer_one() {
        let (_folder, home) = home();
        let mut settings = Settings::default();
        let older = settings.snapshot();
        settings.theme = ThemeChoice::Light;
        settings.snapshot().save(&home).unwrap();
        older.save(&home).unwrap();
        assert_eq!(Settings::load(&home).0.theme, ThemeChoice::Light);
    }

    #[test]
    fn a_room_hosted_here_is_remembered_once_whatever_port_its_server_got() {
        let mut settings = Settings::default();
        for port in [8000, 8001] {
            let place = Recent { is_hosted: true, ..recent(&format!("127.0.0.1:{port}"), "tea") };
            settings.remember(place);
        }
        assert_eq!(settings.recent.iter().map(|place| place.server.port).collect::<Vec<_>>(), [8001]);
    }

    #[test]
    fn people_are_ignored_once_and_the_latest_of_them_stay() {
        let (_folder, home) = home();
        let mut settings = Settings::default();
        let somebody = |number: usize| Nickname::parse(&format!("bot {number}")).unwrap();
        for number in 0..=IGNORED {
            settings.ignore(Author::http(&somebody(number)), somebody(number), true);
        }
        settings.ignore(Author::http(&somebody(7)), somebody(7), true);
        assert_eq!((settings.ignored.len(), &settings.ignored[0].nickname), (IGNORED, &somebody(7)));
        settings.ignore(Author::http(&somebody(7)), somebody(7), false);
        assert_eq!(settings.ignored[0].nickname, somebody(IGNORED));
        settings.snapshot().save(&home).unwrap();
        assert_eq!(Settings::load(&home).0.ignored, settings.ignored);
    }

    #[test]
    fn only_the_latest_places_are_remembered_each_once() {
        let mut settings = Settings::default();
        for number in 0..30 {
            settings.remember(recent("lab.local", &format!("room {number}")));
        }
        settings.remember(recent("lab.local", "ROOM 29"));
        assert_eq!(settings.recent.len(), RECENT);
        assert_eq!(settings.recent[0].room.as_str(), "ROOM 29");
        assert_eq!(settings.recent[1].room.as_str(), "room 28");
        assert_eq!(settings.servers().len(), 1);
    }
}
