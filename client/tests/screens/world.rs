//! The whole app without a window and without a network: messages go through the root as iced would send them, tasks run on a
//! tokio runtime, and what a connection would say is said by the test.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use iced::advanced::{
    clipboard::Kind,
    widget::{Id, Operation, operation::Focusable},
};
use iced_test::{
    Simulator,
    core::{Settings as RenderSettings, Size},
    runtime::{Action, clipboard, task},
};
use snug::{
    app::{App, Message},
    font,
    screen::{self, ask_room, landing, room},
};
use snug_core::{
    connection::{self, Event, Handle, Target},
    rooms::Report,
    settings::{Home, Settings},
};
use snug_shared::{Line, ServerFrame};
use tokio::runtime::Runtime;

#[path = "world/keys.rs"]
mod keys;
#[path = "made.rs"]
pub mod made;
#[path = "world/rooms.rs"]
mod rooms;

pub use keys::{combination, press_with, pressed};
use made::established;
pub use made::{address, author, entry, known_place, nickname, room_name};

/// Nothing of ours takes this long; what does is stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// An app, and all it needs.
pub struct World {
    /// The app itself.
    pub app: App,
    /// What was copied.
    pub copied: Vec<String>,
    /// What was offered to the middle button.
    pub primary: Vec<String>,
    /// Fields that were given the caret by the app.
    pub focused: Vec<&'static str>,
    /// What the app asked of its widgets, for a window to do.
    pub operations: Vec<Box<dyn Operation>>,
    size: Size,
    runtime: Runtime,
    outputs: (mpsc::Sender<Did>, mpsc::Receiver<Did>),
    folder: tempfile::TempDir,
}

enum Did {
    Message(Message),
    Copied(Kind, String),
    Operation(Box<dyn Operation>),
}

impl World {
    /// An app with these settings, in a folder of its own.
    pub fn new(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = Runtime::new().expect("a runtime");
        let (app, task) = {
            let _inside = runtime.enter();
            App::with(Some(Home::at(folder.path())), settings, None)
        };
        let mut world = Self {
            app,
            copied: Vec::new(),
            primary: Vec::new(),
            focused: Vec::new(),
            operations: Vec::new(),
            size: Size::new(1100.0, 760.0),
            runtime,
            outputs: mpsc::channel(),
            folder,
        };
        world.start(task);
        world
    }

    /// Where the app keeps things.
    pub fn home(&self) -> Home {
        Home::at(self.folder.path())
    }

    /// Another size of the window.
    pub fn resize(&mut self, width: f32, height: f32) {
        self.size = Size::new(width, height);
        self.send(Message::Resized(self.size));
    }

    /// A message, as if iced had sent it.
    pub fn send(&mut self, message: Message) {
        let task = {
            let _inside = self.runtime.enter();
            self.app.update(message)
        };
        self.start(task);
    }

    fn start(&mut self, task: iced::Task<Message>) {
        let Some(mut actions) = task::into_stream(task) else { return };
        let outputs = self.outputs.0.clone();
        drop(self.runtime.spawn(async move {
            while let Some(action) = actions.next().await {
                let did = match action {
                    Action::Output(message) => Did::Message(message),
                    Action::Clipboard(clipboard::Action::Write { contents, target }) => {
                        Did::Copied(target, contents)
                    }
                    Action::Widget(operation) => Did::Operation(operation),
                    _ => continue,
                };
                if outputs.send(did).is_err() {
                    break;
                }
            }
        }));
    }

    /// Waits until a text is on the screen, running what comes of the tasks meanwhile.
    pub fn until_seen(&mut self, text: &str) {
        self.until(&format!("“{text}” is seen"), |world| world.sees(text));
    }

    /// Waits until something holds.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "it never came to: {what}");
            match self.outputs.1.recv_timeout(Duration::from_millis(50)) {
                Ok(Did::Message(message)) => self.send(message),
                Ok(Did::Copied(Kind::Standard, text)) => self.copied.push(text),
                Ok(Did::Copied(Kind::Primary, text)) => self.primary.push(text),
                Ok(Did::Operation(mut operation)) => {
                    self.focused.extend(focused_by(operation.as_mut()));
                    self.operations.push(operation);
                }
                Err(_) => {}
            }
        }
    }

    /// The screen, to look at and to press.
    pub fn screen(&self) -> Simulator<'_, Message> {
        let settings = RenderSettings {
            default_font: font::REGULAR,
            fonts: font::BUNDLED.iter().map(|bytes| (*bytes).into()).collect(),
            ..RenderSettings::default()
        };
        Simulator::with_size(settings, self.size, self.app.view())
    }

    /// Whether a text is on the screen.
    pub fn sees(&self, text: &str) -> bool {
        self.screen().find(text).is_ok()
    }

    /// Presses something by its words; what comes of it is done.
    pub fn click(&mut self, text: &str) {
        let messages: Vec<Message> = {
            let mut screen = self.screen();
            let _ = screen.click(text).unwrap_or_else(|error| panic!("“{text}” can't be pressed: {error}"));
            screen.into_messages().collect()
        };
        for message in messages {
            self.send(message);
        }
    }

    /// Clicks into a field by the words in it, and types.
    pub fn type_into(&mut self, field: &str, text: &str) {
        let messages: Vec<Message> = {
            let mut screen = self.screen();
            let _ =
                screen.click(field).unwrap_or_else(|error| panic!("there is no field “{field}”: {error}"));
            let _ = screen.typewrite(text);
            screen.into_messages().collect()
        };
        for message in messages {
            self.send(message);
        }
    }

    /// Types into whatever has the caret.
    pub fn type_text(&mut self, text: &str) {
        let messages: Vec<Message> = {
            let mut screen = self.screen();
            let _ = screen.typewrite(text);
            screen.into_messages().collect()
        };
        for message in messages {
            self.send(message);
        }
    }

    // -- the room --

    /// An app that is in the room "tea" as "maya", with these messages in it.
    pub fn in_room(messages: &[(&str, &str)]) -> Self {
        let mut world = Self::joining();
        let entries: Vec<Line> =
            (1..).zip(messages).map(|(seq, (user, text))| entry(seq, user, text).into()).collect();
        world.online(entries.len() as u64);
        world.hear(ServerFrame::Entries { entries, live: true });
        world
    }

    /// An app that was sent to the room "tea" as "maya" and waits for the server.
    pub fn joining() -> Self {
        let mut world = Self::new(known_place());
        world.click("tea");
        world.until("the outbox is open", |world| world.target().is_some());
        world
    }

    /// What the shown room connects to, once what this computer keeps of it is open.
    pub fn target(&self) -> Option<Target> {
        self.app.session()?.target().cloned()
    }

    /// The server lets us in.
    pub fn online(&mut self, last: u64) {
        let established = established(last);
        let handle = self.handle();
        self.connection(Event::Online { handle, established: Box::new(established) });
    }

    /// Frames come in.
    pub fn hear(&mut self, frame: ServerFrame) {
        self.connection(Event::Received(vec![frame]));
    }

    /// The shown room's connection says something.
    pub fn connection(&mut self, event: Event) {
        let id = self.app.shown().expect("a room is open").connection();
        self.send(Message::Room(Report::Connection(id, event)));
    }

    // -- messages of the shown screen --

    pub fn landing(&mut self, message: landing::Message) {
        self.screen_message(screen::Message::Landing(message));
    }

    pub fn nearby(&mut self, message: landing::nearby::Message) {
        self.landing(landing::Message::Nearby(message));
    }

    pub fn ask_room(&mut self, message: ask_room::Message) {
        self.screen_message(screen::Message::AskRoom(message));
    }

    pub fn room(&mut self, message: room::Message) {
        self.screen_message(screen::Message::Room(message));
    }

    fn screen_message(&mut self, message: screen::Message) {
        self.send(Message::Screen(self.app.visit(), message));
    }

    /// A handle of a connection that leads nowhere.
    pub fn handle(&self) -> Handle {
        let target = self.target().expect("a room is open");
        let nowhere = Target { server: address("127.0.0.1:1"), ..target };
        let first = self.runtime.block_on(async { Box::pin(connection::stream(nowhere)).next().await });
        match first {
            Some(Event::Connecting { handle }) => handle,
            other => panic!("a connection begins with connecting, not {other:?}"),
        }
    }
}

/// The fields that an operation gives the caret to.
fn focused_by(operation: &mut dyn Operation) -> Vec<&'static str> {
    #[derive(Default)]
    struct Field(bool);
    impl Focusable for Field {
        fn is_focused(&self) -> bool {
            self.0
        }
        fn focus(&mut self) {
            self.0 = true;
        }
        fn unfocus(&mut self) {
            self.0 = false;
        }
    }
    let mut is_given = |id: &&'static str| {
        let mut field = Field::default();
        operation.focusable(Some(&Id::new(id)), iced::Rectangle::default(), &mut field);
        field.0
    };
    ["composer", "search", "emoji-search", "ask-room", "ask-nickname", "landing-nickname", "landing-address"]
        .into_iter()
        .filter(&mut is_given)
        .collect()
}
