//! The root: which screen is shown, what is remembered, the server when it runs here. It routes messages and carries out the
//! screens' actions; what a screen shows and why is the screen's own.

use std::time::Duration;

use iced::{
    Element, Event, Preset, Program, Size, Subscription, Task, Theme, event, keyboard, system, theme::Mode,
    widget::operation, window,
};
use jiff::{Timestamp, tz::TimeZone};
use snug_core::{
    session::Session,
    settings::{Home, Settings, ThemeChoice},
};
use snug_shared::Nickname;

use crate::{
    cli::Arguments,
    font,
    host::{Host, HostError},
    icon,
    screen::{Landing, Screen, ask_room, landing, room},
    theme,
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
    screen: Screen,
    system: Mode,
    theme: Theme,
    size: Size,
    is_focused: bool,
    zone: TimeZone,
}

/// What happens to the app.
#[derive(Debug)]
pub enum Message {
    /// For the first screen.
    Landing(landing::Message),
    /// For the choice of a room.
    AskRoom(ask_room::Message),
    /// For the room.
    Room(room::Message),
    /// The server in this process runs, or does not.
    Hosted(Nickname, Result<Host, HostError>),
    /// The settings were written, or not.
    Saved(Result<(), String>),
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
        (app, Task::batch([task, then]))
    }

    /// The app with these settings, on the first screen.
    pub fn with(home: Option<Home>, settings: Settings, notice: Option<String>) -> (Self, Task<Message>) {
        let (landing, task) = Landing::new(&settings, notice);
        let mut app = Self {
            home,
            settings,
            host: None,
            screen: Screen::Landing(landing),
            system: Mode::None,
            theme: theme::theme(Mode::None),
            size: SIZE,
            is_focused: true,
            zone: TimeZone::system(),
        };
        app.dress();
        (app, Task::batch([task.map(Message::Landing), system::theme().map(Message::System)]))
    }

    /// For the window's frame.
    pub fn title(&self) -> String {
        let title = match &self.screen {
            Screen::Landing(landing) => landing.title(),
            Screen::AskRoom(ask_room) => ask_room.title(),
            Screen::Room(room) => room.title(),
        };
        if title.is_empty() { "Snug".to_owned() } else { format!("{title} — Snug") }
    }

    /// The room that is open, without its pixels.
    pub fn session(&self) -> Option<&Session> {
        match &self.screen {
            Screen::Room(room) => Some(room.session()),
            Screen::Landing(_) | Screen::AskRoom(_) => None,
        }
    }

    /// Routes a message.
    pub fn update(&mut self, message: Message) -> Task<Message> {
        match message {
            Message::Landing(message) => {
                let Screen::Landing(landing) = &mut self.screen else { return Task::none() };
                let action = landing.update(message);
                self.after_landing(action)
            }
            Message::AskRoom(message) => {
                let Screen::AskRoom(ask_room) = &mut self.screen else { return Task::none() };
                let action = ask_room.update(message);
                self.after_ask_room(action)
            }
            Message::Room(message) => {
                let Screen::Room(room) = &mut self.screen else { return Task::none() };
                let action = room.update(message);
                self.after_room(action)
            }
            Message::Hosted(nickname, hosted) => self.hosted(nickname, hosted),
            Message::Saved(saved) => {
                if let Err(sentence) = saved {
                    tracing::warn!("{sentence}");
                }
                Task::none()
            }
            Message::System(mode) => {
                self.system = mode;
                self.dress();
                Task::none()
            }
            Message::Resized(size) => {
                self.size = size;
                Task::none()
            }
            Message::Focused(is_focused) => {
                self.is_focused = is_focused;
                match &mut self.screen {
                    Screen::Room(room) => room.focused(is_focused).map(Message::Room),
                    Screen::Landing(_) | Screen::AskRoom(_) => Task::none(),
                }
            }
            Message::Key(event) => self.key(event),
            Message::Close => match self.host.take() {
                None => iced::exit(),
                Some(host) => {
                    let goodbye = async move {
                        let _ = tokio::time::timeout(GOODBYE, host.stop()).await;
                    };
                    Task::perform(goodbye, |()| Message::Closed)
                }
            },
            Message::Closed => iced::exit(),
        }
    }

    fn dress(&mut self) {
        self.theme = theme::theme(match self.settings.theme {
            ThemeChoice::System => self.system,
            ThemeChoice::Dark => Mode::Dark,
            ThemeChoice::Light => Mode::Light,
        });
    }

    fn save(&mut self) -> Task<Message> {
        let Some(home) = self.home.clone() else { return Task::none() };
        let settings = self.settings.snapshot();
        let write = tokio::task::spawn_blocking(move || settings.save(&home));
        Task::perform(write, |saved| Message::Saved(saved.unwrap_or_else(|error| Err(error.to_string()))))
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
        match self.screen {
            Screen::Room(_) => self.update(Message::Room(room::Message::Key(event))),
            Screen::Landing(_) | Screen::AskRoom(_) => Task::none(),
        }
    }

    /// The window, the keys, and what the screen waits for.
    pub fn subscription(&self) -> Subscription<Message> {
        let screen = match &self.screen {
            Screen::Landing(_) => Subscription::none(),
            Screen::AskRoom(ask_room) => ask_room.subscription(self.is_focused).map(Message::AskRoom),
            Screen::Room(room) => room.subscription().map(Message::Room),
        };
        Subscription::batch([
            screen,
            event::listen_with(on_window),
            keyboard::listen().map(Message::Key),
            system::theme_changes().map(Message::System),
        ])
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let look = Look {
            palette: theme::palette(&self.theme),
            size: self.size,
            now: now(),
            zone: self.zone.clone(),
        };
        match &self.screen {
            Screen::Landing(landing) => landing.view(&look).map(Message::Landing),
            Screen::AskRoom(ask_room) => ask_room.view(&look).map(Message::AskRoom),
            Screen::Room(room) => room.view(&look).map(Message::Room),
        }
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
