//! The beginning: what is remembered is read, other apps are told, the window is described.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use iced::{Preset, Program, Size, Task, Theme, window};
use jiff::tz::TimeZone;
use snug_core::{
    clock::Clock,
    history::History,
    instance::{self, Claim, Instance, Launch},
    rooms::{RoomsFile, StoredRooms},
    settings::{Home, Settings, WindowSize},
};
use snug_shared::Nickname;

use super::{App, LEAST, Message, SIZE};
use crate::{cli::Arguments, font, icon, widget::Type};

/// The name that window managers know the app by. It is also the name of its `.desktop` file.
const APPLICATION: &str = "chat.snug.Snug";
/// No screen is larger, whatever the settings say.
const MOST: u32 = 16_384;

/// What the app begins with: its arguments, what is remembered, and the lock on its data folder.
#[derive(Debug, Clone, Default)]
pub struct Start {
    pub(super) arguments: Arguments,
    pub(super) home: Option<Home>,
    pub(super) settings: Settings,
    pub(super) rooms: StoredRooms,
    pub(super) notice: Option<String>,
    pub(super) instance: Option<Arc<Instance>>,
    pub(super) history: History,
}

impl Start {
    /// Reads what is remembered: two small files, so that the first frame is already right.
    ///
    /// # Errors
    /// There is nothing to open, since another app has this data folder; how this one is to end.
    pub fn read(arguments: Arguments) -> Result<Self, ExitCode> {
        let (home, notice) = match &arguments.data_dir {
            Some(folder) => (Some(Home::at(folder)), None),
            None => match Home::find() {
                Ok(home) => (Some(home), None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        let instance = home.as_ref().map_or(Ok(None), |home| claim(home, &arguments))?;
        let (mut settings, damaged) = home.as_ref().map_or_else(Default::default, Settings::load);
        let file = home.as_ref().map(|home| RoomsFile::in_folder(home.data_dir()));
        let (rooms, lost) = file.map_or_else(Default::default, |file| file.load());
        if let Some(nickname) = &arguments.nickname {
            settings.nickname = Some(nickname.clone());
        }
        let notice = notice.or(damaged).or(lost);
        // Only the app that has the folder writes there.
        let folder = home.as_ref().filter(|_| instance.is_some());
        let history = folder.map_or_else(History::default, |home| History::open(home.data_dir()));
        Ok(Self { arguments, home, settings, rooms, notice, instance, history })
    }

    /// The window as it was last, within what can be used.
    fn size(&self) -> Size {
        self.settings.window.map_or(SIZE, |WindowSize { width, height }| {
            let side = |pixels: u32, least: f32| (pixels.min(MOST) as f32).max(least);
            Size::new(side(width, LEAST.width), side(height, LEAST.height))
        })
    }
}

fn claim(home: &Home, arguments: &Arguments) -> Result<Option<Arc<Instance>>, ExitCode> {
    let launch = Launch {
        join: arguments.address().map(str::to_owned),
        room: arguments.room.as_ref().map(ToString::to_string),
        nickname: arguments.nickname.as_ref().map(ToString::to_string),
    };
    match instance::claim(home.data_dir(), &launch) {
        Ok(Claim::First(instance)) => Ok(Some(Arc::new(instance))),
        Ok(Claim::HandedOver) => {
            tell("it is open already; its window takes over. --data-dir DIR opens another one.");
            Err(ExitCode::SUCCESS)
        }
        Ok(Claim::NoAnswer) => {
            tell("it is open already and doesn’t answer. End it, or open another one with --data-dir DIR.");
            Err(ExitCode::FAILURE)
        }
        Err(error) => {
            tracing::warn!(%error, "the data folder can't be locked");
            Ok(None)
        }
    }
}

/// To whoever started it, if they still listen.
fn tell(sentence: &str) {
    let _ = writeln!(io::stderr(), "snug: {sentence}");
}

/// The app as iced runs it, and as tests do.
pub fn application(
    start: Start,
) -> iced::Application<impl Program<State = App, Message = Message, Theme = Theme>> {
    let size = start.size();
    let mut application = iced::application(move || App::new(&start), App::update, App::view)
        .title(App::title)
        .theme(|app: &App| app.theme.clone())
        .subscription(App::subscription)
        .settings(iced::Settings {
            id: Some(APPLICATION.into()),
            default_font: font::REGULAR,
            default_text_size: Type::Body.size().into(),
            antialiasing: true,
            ..iced::Settings::default()
        })
        .window(window::Settings {
            size,
            min_size: Some(LEAST),
            icon: icon::window_icon(),
            exit_on_close_request: false,
            platform_specific: platform(),
            ..window::Settings::default()
        })
        .presets([Preset::new("somebody known", || App::with(None, known(), None))]);
    for bytes in font::BUNDLED {
        application = application.font(bytes);
    }
    application
}

/// iced 0.14 sets the class of an X11 window from the settings' `id`, and then once more from here.
#[cfg(target_os = "linux")]
fn platform() -> window::settings::PlatformSpecific {
    window::settings::PlatformSpecific { application_id: APPLICATION.into(), ..Default::default() }
}

#[cfg(not(target_os = "linux"))]
fn platform() -> window::settings::PlatformSpecific {
    window::settings::PlatformSpecific::default()
}

/// Settings of somebody who was here before; nothing is read or written.
fn known() -> Settings {
    let mut settings = Settings::default();
    settings.nickname = Nickname::parse("Maya").ok();
    settings
}

impl App {
    /// What is said in rooms is kept in this history from now on, and shown while their servers are not reached.
    pub fn set_history(&mut self, history: History) {
        self.rooms.set_history(history);
    }

    /// Tells the time by another clock, where the reader is in this zone: so that a picture of the app is the same whenever and
    /// wherever it is made.
    pub fn set_clock(&mut self, clock: Clock, zone: TimeZone) {
        (self.clock, self.look.now, self.look.zone) = (clock, clock(), zone);
        self.rooms.set_clock(clock);
    }

    /// Goes where it is told.
    pub fn new(start: &Start) -> (Self, Task<Message>) {
        let Start { arguments, home, settings, rooms, notice, instance, history } = start.clone();
        let (mut app, task) = Self::with(home, settings, notice);
        app.instance = instance;
        app.set_history(history);
        let rooms = app.restore(rooms);
        let Some(address) = arguments.address() else { return (app, Task::batch([task, rooms])) };
        let landing = app.show_landing();
        let then = app.open(address, arguments.room.as_ref());
        let work = app.work();
        (app, Task::batch([task, rooms, landing, then, work]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_opens_as_large_as_it_was_within_what_can_be_used() {
        let opens = |width, height| {
            let mut start = Start::default();
            start.settings.window = Some(WindowSize { width, height });
            start.size()
        };
        assert_eq!(Start::default().size(), SIZE);
        assert_eq!(opens(900, 700), Size::new(900.0, 700.0));
        assert_eq!(opens(0, u32::MAX), Size::new(LEAST.width, MOST as f32));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_window_has_the_class_of_its_desktop_file() {
        assert_eq!(platform().application_id, APPLICATION);
    }
}
