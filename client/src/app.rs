//! The root: which screen is shown, which rooms are joined, what is remembered, the server when it runs here.
//!
//! It routes messages and carries out the screens' actions; what a screen shows and why is the screen's own. What comes back
//! later says whose it is: a screen's message carries the [`Visit`] it was made in, a room's report its session. What belongs to
//! nobody any more is dropped, in [`App::update`] and in [`Rooms::update`].

use std::time::Duration;

use iced::{
    Element, Event, Preset, Program, Size, Subscription, Task, Theme, event, keyboard, system, theme::Mode,
    widget::operation, window,
};
use jiff::{Timestamp, tz::TimeZone};
use snug_core::{
    rooms::{Joined, Report, Rooms, Work},
    session::Session,
    settings::{Home, SaveError, Settings, ThemeChoice},
};
use snug_shared::Nickname;

use crate::{
    cli::Arguments,
    font,
    host::{Host, HostError},
    icon,
    screen::{self, Landing, Screen, room},
    subscription, theme,
    widget::{Look, Type},
};

mod route;

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
    rooms: Rooms,
    screen: Screen,
    visit: Visit,
    system: Mode,
    theme: Theme,
    look: Look,
    is_focused: bool,
}

/// One time that a screen is shown. No two are alike, so that what is late for one screen never reaches the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Visit(u64);

/// An event for the app.
#[derive(Debug)]
pub enum Message {
    /// For the screen that was shown in this visit.
    Screen(Visit, screen::Message),
    /// For a joined room, shown or not.
    Room(Report),
    /// The server in this process runs, or does not. It was asked for in this visit, by somebody of this nickname.
    Hosted(Visit, Nickname, Result<Host, HostError>),
    /// The settings were written, or not.
    Saved(Result<(), SaveError>),
    /// The system is dark or light.
    System(Mode),
    /// The window has this size.
    Resized(Size),
    /// The window has the keyboard, or not.
    Focused(bool),
    /// A key nothing else wanted.
    Key(keyboard::Event),
    /// The window is to close.
    Close,
    /// Everybody was told; now it closes.
    Closed,
}

/// The app as iced runs it, and as tests do.
pub fn application(
    arguments: Arguments,
) -> iced::Application<impl Program<State = App, Message = Message, Theme = Theme>> {
    let mut application = iced::application(move || App::new(&arguments), App::update, App::view)
        .title(App::title)
        .theme(|app: &App| app.theme.clone())
        .subscription(App::subscription)
        .settings(iced::Settings {
            id: Some("chat.snug.Snug".into()),
            default_font: font::REGULAR,
            default_text_size: Type::Body.size().into(),
            antialiasing: true,
            ..iced::Settings::default()
        })
        .window(window::Settings {
            size: SIZE,
            min_size: Some(LEAST),
            icon: icon::window_icon(),
            exit_on_close_request: false,
            ..window::Settings::default()
        })
        .presets([Preset::new("somebody known", || App::with(None, known(), None))]);
    for bytes in font::BUNDLED {
        application = application.font(bytes);
    }
    application
}

/// Settings of somebody who was here before; nothing is read or written.
fn known() -> Settings {
    let mut settings = Settings::default();
    settings.nickname = Nickname::parse("Maya").ok();
    settings
}

impl App {
    /// Reads what is remembered (one small file, so that the first frame is already right) and goes where it is told.
    pub fn new(arguments: &Arguments) -> (Self, Task<Message>) {
        let (home, notice) = match &arguments.data_dir {
            Some(folder) => (Some(Home::at(folder)), None),
            None => match Home::find() {
                Ok(home) => (Some(home), None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        let (mut settings, damaged) = home.as_ref().map_or_else(Default::default, Settings::load);
        if let Some(nickname) = &arguments.nickname {
            settings.nickname = Some(nickname.clone());
        }
        let (mut app, task) = Self::with(home, settings, notice.or(damaged));
        let (Screen::Landing(landing), Some(address)) = (&mut app.screen, &arguments.join) else {
            return (app, task);
        };
        let action = landing.open(address, arguments.room.as_ref());
        let then = app.after_landing(action);
        let work = app.work();
        (app, Task::batch([task, then, work]))
    }

    /// The app with these settings, on the first screen.
    pub fn with(home: Option<Home>, settings: Settings, notice: Option<String>) -> (Self, Task<Message>) {
        let (landing, task) = Landing::new(&settings, notice);
        let theme = theme::theme(Mode::None);
        let mut app = Self {
            home,
            settings,
            host: None,
            rooms: Rooms::default(),
            screen: Screen::Landing(landing),
            visit: Visit::default(),
            system: Mode::None,
            look: Look { palette: theme::palette(&theme), size: SIZE, now: now(), zone: TimeZone::system() },
            theme,
            is_focused: true,
        };
        app.apply_theme();
        let task = app.of_screen(task, screen::Message::Landing);
        (app, Task::batch([task, system::theme().map(Message::System)]))
    }

    /// For the window's frame.
    pub fn title(&self) -> String {
        let title = match &self.screen {
            Screen::Landing(landing) => landing.title(),
            Screen::AskRoom(ask_room) => ask_room.title(),
            Screen::Room(room) => self.shown().map(|joined| room.title(joined)).unwrap_or_default(),
        };
        if title.is_empty() { "Snug".to_owned() } else { format!("{title} — Snug") }
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

    /// Which visit the window shows.
    pub fn visit(&self) -> Visit {
        self.visit
    }

    /// Routes a message.
    pub fn update(&mut self, message: Message) -> Task<Message> {
        self.look.now = now();
        let task = match message {
            // Late for a screen that is gone.
            Message::Screen(visit, _) if visit != self.visit => Task::none(),
            Message::Screen(_, message) => self.update_screen(message),
            Message::Room(report) => match self.rooms.update(report) {
                Some(refusal) => self.refused(refusal),
                None => Task::none(),
            },
            Message::Hosted(visit, nickname, hosted) => self.hosted(visit, nickname, hosted),
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
                Task::none()
            }
            Message::Focused(is_focused) => {
                self.is_focused = is_focused;
                self.rooms.set_focused(is_focused);
                Task::none()
            }
            Message::Key(event) => self.key(event),
            Message::Close => self.close(),
            Message::Closed => iced::exit(),
        };
        if let (Screen::Room(room), Some(joined)) = (&self.screen, self.shown()) {
            room.trace(joined);
        }
        Task::batch([task, self.work()])
    }

    fn update_screen(&mut self, message: screen::Message) -> Task<Message> {
        match (&mut self.screen, message) {
            (Screen::Landing(landing), screen::Message::Landing(message)) => {
                let action = landing.update(message);
                self.after_landing(action)
            }
            (Screen::AskRoom(ask_room), screen::Message::AskRoom(message)) => {
                let action = ask_room.update(message);
                self.after_ask_room(action)
            }
            (Screen::Room(room), screen::Message::Room(message)) => {
                let Some(joined) = self.rooms.get_mut(room.session()) else { return Task::none() };
                let action = room.update(joined, message);
                self.after_room(action)
            }
            // A visit has one screen.
            _ => Task::none(),
        }
    }

    /// Runs what the joined rooms want done.
    fn work(&mut self) -> Task<Message> {
        let run = |work: Work| Task::perform(work.run(), Message::Room);
        Task::batch(self.rooms.take_work().into_iter().map(run))
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

    fn save(&mut self) -> Task<Message> {
        let Some(home) = self.home.clone() else { return Task::none() };
        let settings = self.settings.snapshot();
        let write = tokio::task::spawn_blocking(move || settings.save(&home));
        // The write ends without an answer only when the app is being closed.
        Task::perform(write, |saved| Message::Saved(saved.unwrap_or(Ok(()))))
    }

    fn key(&mut self, event: keyboard::Event) -> Task<Message> {
        if let keyboard::Event::KeyPressed {
            key: keyboard::Key::Named(keyboard::key::Named::Tab),
            modifiers,
            ..
        } = &event
        {
            return if modifiers.shift() { operation::focus_previous() } else { operation::focus_next() };
        }
        self.update_screen(screen::Message::Room(room::Message::Key(event)))
    }

    fn close(&mut self) -> Task<Message> {
        let Some(host) = self.host.take() else { return iced::exit() };
        let goodbye = async move {
            let _ = tokio::time::timeout(GOODBYE, host.stop()).await;
        };
        Task::perform(goodbye, |()| Message::Closed)
    }

    /// The window, the keys, the connections of all joined rooms, and what the screen waits for.
    pub fn subscription(&self) -> Subscription<Message> {
        let connections = self.rooms.connections().map(|(id, target)| subscription::connection(id, target));
        let screen = match (&self.screen, self.shown()) {
            (Screen::AskRoom(ask_room), _) => {
                ask_room.subscription(self.is_focused).map(screen::Message::AskRoom)
            }
            (Screen::Room(room), Some(joined)) => room.subscription(joined).map(screen::Message::Room),
            (Screen::Landing(_) | Screen::Room(_), _) => Subscription::none(),
        };
        Subscription::batch([
            Subscription::batch(connections).map(Message::Room),
            screen.with(self.visit).map(|(visit, message)| Message::Screen(visit, message)),
            event::listen_with(on_window),
            keyboard::listen().map(Message::Key),
            system::theme_changes().map(Message::System),
        ])
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let screen = match &self.screen {
            Screen::Landing(landing) => landing.view(&self.look).map(screen::Message::Landing),
            Screen::AskRoom(ask_room) => ask_room.view(&self.look).map(screen::Message::AskRoom),
            Screen::Room(room) => match self.shown() {
                Some(joined) => room.view(joined, &self.look).map(screen::Message::Room),
                None => crate::widget::nothing(),
            },
        };
        let visit = self.visit;
        screen.map(move |message| Message::Screen(visit, message))
    }
}

fn on_window(event: Event, _status: event::Status, _window: window::Id) -> Option<Message> {
    let Event::Window(event) = event else { return None };
    match event {
        window::Event::Opened { size, .. } | window::Event::Resized(size) => Some(Message::Resized(size)),
        window::Event::Focused => Some(Message::Focused(true)),
        window::Event::Unfocused => Some(Message::Focused(false)),
        window::Event::CloseRequested => Some(Message::Close),
        _ => None,
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
