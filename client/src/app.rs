//! The root: which screen is shown, which rooms are joined, what is remembered, the server when it runs here.
//!
//! It routes messages and carries out the screens' actions; what a screen shows and why is the screen's own. What comes back
//! later says whose it is: a screen's message carries the [`Visit`] it was made in, a room's report its session. What belongs to
//! nobody any more is dropped, in [`App::update`] and in [`Rooms::update`].

use std::{io, sync::Arc, time::Duration};

use iced::{Size, Task, Theme, keyboard, system, theme::Mode};
use jiff::tz::TimeZone;
use snug_core::{
    clock::{self, Clock},
    highlight::{self, Highlighter},
    instance::{Instance, Launch},
    notifications::Notifications,
    rooms::{Joined, Report, Rooms, Work},
    session::Session,
    settings::{Home, SaveError, Settings, ThemeChoice, WindowSize},
};
use snug_shared::{Nickname, RoomName};

use crate::{
    host::{Host, HostError},
    notifications::{self, Desktop},
    screen::{self, Landing, Screen, Sidebar, Switcher, search as search_panel, sidebar, switcher},
    theme,
    widget::Look,
};

mod events;
mod hosting;
mod keep;
mod keys;
mod notify;
mod rooms;
mod route;
mod search;
mod start;
mod trace;
mod view;

use hosting::Starting;
use keep::Keeping;
use search::{Searching, Seeking};
pub use start::{Start, application};

/// The window when nothing else is known.
const SIZE: Size = Size::new(1100.0, 760.0);
/// Below this nothing is laid out.
const LEAST: Size = Size::new(380.0, 420.0);
/// How long a server hosted here may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// See the [module](self).
#[derive(Debug)]
pub struct App {
    home: Option<Home>,
    settings: Settings,
    host: Option<Host>,
    starting: Starting,
    rooms: Rooms,
    keeping: Keeping,
    sidebar: Sidebar,
    switcher: Option<Switcher>,
    searching: Option<Searching>,
    /// A message that is to be shown once it is here.
    seeking: Option<Seeking>,
    /// The notifications that stand on the desktop.
    notifications: Notifications,
    /// Takes requests for notifications, once the desktop can be asked.
    desktop: Option<Desktop>,
    /// The colours of code.
    highlighter: Highlighter,
    screen: Screen,
    visit: Visit,
    system: Mode,
    theme: Theme,
    look: Look,
    clock: Clock,
    is_focused: bool,
    /// Keeps other apps away from the same data.
    instance: Option<Arc<Instance>>,
}

/// One time that a screen is shown. No two are alike, so that what is late for one screen never reaches the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Visit(u64);

/// Why a server is started here.
#[derive(Debug, Clone)]
pub struct Hosting {
    /// The nickname of whoever wants it.
    nickname: Nickname,
    /// The room to go back to; none to choose one.
    room: Option<RoomName>,
}

/// An event for the app.
#[derive(Debug)]
pub enum Message {
    /// For the screen that was shown in this visit.
    Screen(Visit, screen::Message),
    /// For a joined room, shown or not.
    Room(Report),
    /// The list of joined rooms.
    Sidebar(sidebar::Message),
    /// The way to a room by letters of its name.
    Switcher(switcher::Message),
    /// What was said, looked for.
    Search(search_panel::Message),
    /// Words of code were told apart.
    Highlighted(highlight::Done),
    /// What changed of the joined rooms is to be written.
    Keep,
    /// It was written, or not.
    Kept(Result<(), Arc<io::Error>>),
    /// The desktop, which shows notifications.
    Desktop(notifications::Event),
    /// The server in this process runs, or does not.
    Hosted(Result<Host, HostError>),
    /// Another app was started on the same data, and this one takes over what it was started for.
    LaunchedAgain(Launch),
    /// The settings were written, or not.
    Saved(Result<(), SaveError>),
    /// The system is dark or light.
    System(Mode),
    /// The window has this size.
    Resized(Size),
    /// The window has the keyboard, or not.
    Focused(bool),
    /// A mouse button was pressed, on whatever.
    Pressed,
    /// A key nothing else wanted.
    Key(keyboard::Event),
    /// The window is to close.
    Close,
    /// Everybody was told; now it closes.
    Closed,
}

impl App {
    /// The app with these settings, on the first screen.
    pub fn with(home: Option<Home>, settings: Settings, notice: Option<String>) -> (Self, Task<Message>) {
        let (landing, task) = Landing::new(&settings, notice);
        let theme = theme::theme(Mode::None);
        let mut app = Self {
            host: None,
            starting: Starting::default(),
            rooms: Rooms::default(),
            keeping: Keeping::new(home.as_ref()),
            sidebar: Sidebar::default(),
            switcher: None,
            searching: None,
            seeking: None,
            notifications: Notifications::default(),
            desktop: None,
            highlighter: Highlighter::default(),
            screen: Screen::Landing(landing),
            visit: Visit::default(),
            system: Mode::None,
            look: Look {
                palette: theme::palette(&theme),
                size: SIZE,
                now: clock::system(),
                zone: TimeZone::system(),
            },
            clock: clock::system,
            theme,
            is_focused: true,
            instance: None,
            home,
            settings,
        };
        app.apply_ignored();
        app.apply_theme();
        let task = app.of_screen(task, screen::Message::Landing);
        (app, Task::batch([task, system::theme().map(Message::System)]))
    }

    /// For the window's frame.
    pub fn title(&self) -> String {
        let title = match &self.screen {
            Screen::Landing(landing) => landing.title(),
            Screen::AskRoom(ask_room) => ask_room.title(),
            Screen::Room(_) => {
                self.shown().map(|joined| joined.session().room().to_string()).unwrap_or_default()
            }
        };
        let title = if title.is_empty() { "Snug".to_owned() } else { format!("{title} — Snug") };
        match self.rooms.unread().messages {
            0 => title,
            new => format!("({new}) {title}"),
        }
    }

    /// The room that the window shows.
    pub fn shown(&self) -> Option<&Joined> {
        match &self.screen {
            Screen::Room(room) => self.rooms.get(room.session()),
            Screen::Landing(_) | Screen::AskRoom(_) => None,
        }
    }

    /// The room that the window shows, without what its reader has seen.
    pub fn session(&self) -> Option<&Session> {
        self.shown().map(Joined::session)
    }

    /// All joined rooms, shown or not.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The colours of code.
    pub fn highlighter(&self) -> &Highlighter {
        &self.highlighter
    }

    /// Which visit the window shows.
    pub fn visit(&self) -> Visit {
        self.visit
    }

    /// Routes a message.
    pub fn update(&mut self, message: Message) -> Task<Message> {
        self.look.now = (self.clock)();
        // What came of keeping the rooms, and what only looks different, is nothing new to keep.
        let changes = !matches!(
            message,
            Message::Keep | Message::Kept(_) | Message::Saved(_) | Message::Highlighted(_)
        );
        let task = match message {
            // Late for a screen that is gone.
            Message::Screen(visit, _) if visit != self.visit => Task::none(),
            Message::Screen(_, message) => self.update_screen(message),
            Message::Room(report) => match self.rooms.update(report) {
                Some(refusal) => self.refused(refusal),
                None => Task::none(),
            },
            Message::Sidebar(message) => self.update_sidebar(message),
            Message::Switcher(message) => self.update_switcher(message),
            Message::Search(message) => self.update_search(message),
            Message::Highlighted(done) => {
                self.highlighter.done(done);
                Task::none()
            }
            Message::Keep => self.keep_due(),
            Message::Kept(kept) => self.kept(kept),
            Message::Desktop(event) => self.on_desktop(event),
            Message::Hosted(hosted) => self.hosted(hosted),
            Message::LaunchedAgain(call) => self.launched_again(call),
            Message::Saved(saved) => {
                if let Err(error) = saved {
                    tracing::warn!("{error}");
                }
                Task::none()
            }
            Message::System(mode) => {
                self.system = mode;
                self.apply_theme();
                Task::none()
            }
            Message::Resized(size) => {
                self.look.size = size;
                let pixels = |side: f32| side.round() as u32;
                let (width, height) = (pixels(size.width), pixels(size.height));
                self.settings.window = Some(WindowSize { width, height });
                Task::none()
            }
            Message::Focused(is_focused) => {
                self.is_focused = is_focused;
                self.rooms.set_focused(is_focused);
                if is_focused { notify::stop_asking() } else { Task::none() }
            }
            Message::Pressed => self.focus_composer(),
            Message::Key(event) => self.key(event),
            Message::Close => self.close(),
            Message::Closed => iced::exit(),
        };
        self.settle();
        let keep = if changes { self.keep_soon() } else { Task::none() };
        let tell = self.notify();
        Task::batch([task, self.work(), keep, tell])
    }

    /// What follows from whatever happened.
    fn settle(&mut self) {
        self.rooms.end_quiet(self.look.now);
        if let Screen::Room(room) = &mut self.screen
            && let Some(joined) = self.rooms.get_mut(room.session())
        {
            room.set_beside(self.searching.is_some());
            room.land(joined);
            room.follow(joined);
            room.highlight(joined, &mut self.highlighter);
            room.trace(joined);
        }
        self.seek();
        self.sidebar.settle(&self.rooms);
        self.trace();
    }

    fn update_screen(&mut self, message: screen::Message) -> Task<Message> {
        match (&mut self.screen, message) {
            (Screen::Landing(landing), screen::Message::Landing(message)) => {
                let action = landing.update(message);
                self.after_landing(action)
            }
            (Screen::AskRoom(ask_room), screen::Message::AskRoom(message)) => {
                if let Some(host) = self.host.as_ref().filter(|host| host.local() == ask_room.server()) {
                    ask_room.set_addresses(Some(host.addresses()));
                }
                let server = ask_room.server().clone();
                let there = self.rooms.iter().filter(|joined| *joined.session().server() == server);
                ask_room.set_joined(there.map(|joined| joined.room().clone()).collect());
                let action = ask_room.update(message);
                self.after_ask_room(action)
            }
            (Screen::Room(room), screen::Message::Room(message)) => {
                let Some(joined) = self.rooms.get_mut(room.session()) else { return Task::none() };
                let action = room.update(joined, message);
                let kept = if *room.recent() == self.settings.emoji {
                    Task::none()
                } else {
                    self.settings.emoji = room.recent().clone();
                    self.save()
                };
                Task::batch([kept, self.after_room(action)])
            }
            // A visit has one screen.
            _ => Task::none(),
        }
    }

    /// Runs what the joined rooms want done.
    fn work(&mut self) -> Task<Message> {
        let run = |work: Work| Task::perform(work.run(), Message::Room);
        let highlight = self.highlighter.take_work();
        let highlight = highlight.map(|work| Task::perform(work.run(), Message::Highlighted));
        Task::batch(self.rooms.take_work().into_iter().map(run).chain(highlight))
    }

    /// Tags what comes of a screen's task with the present visit.
    fn of_screen<T: Send + 'static>(
        &self,
        task: Task<T>,
        of: impl Fn(T) -> screen::Message + Send + 'static,
    ) -> Task<Message> {
        let visit = self.visit;
        task.map(move |message| Message::Screen(visit, of(message)))
    }

    fn apply_theme(&mut self) {
        self.theme = theme::theme(match self.settings.theme {
            ThemeChoice::System => self.system,
            ThemeChoice::Dark => Mode::Dark,
            ThemeChoice::Light => Mode::Light,
        });
        self.look.palette = theme::palette(&self.theme);
    }

    fn apply_ignored(&mut self) {
        self.rooms.set_ignored(self.settings.ignored.iter().map(|ignored| ignored.by.clone()).collect());
    }

    fn save(&mut self) -> Task<Message> {
        let Some(home) = self.home.clone() else { return Task::none() };
        let settings = self.settings.snapshot();
        let write = tokio::task::spawn_blocking(move || settings.save(&home));
        // The write ends without an answer only when the app is being closed.
        Task::perform(write, |saved| Message::Saved(saved.unwrap_or(Ok(()))))
    }

    /// The window's size and the rooms are written, everybody is told, and that was it.
    fn close(&mut self) -> Task<Message> {
        let saved = self.save().chain(self.keep());
        let Some(host) = self.host.take() else { return saved.chain(iced::exit()) };
        let goodbye = async move {
            let _ = tokio::time::timeout(GOODBYE, host.stop()).await;
        };
        saved.chain(Task::perform(goodbye, |()| Message::Closed))
    }
}
