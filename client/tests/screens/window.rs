//! A window that keeps what its widgets remember, as the real one does: what is pressed, dragged, focused and scrolled.

use std::{
    sync::Once,
    time::{Duration, Instant},
};

use iced::{
    Element, Event, Pixels, Point, Rectangle, Renderer, Size,
    advanced::{
        clipboard, mouse,
        renderer::{self, Headless},
        widget::{Id, Operation, operation},
    },
    event::Status,
    keyboard::{self, Modifiers, key::Named},
    theme::{Base, Mode},
    window,
};
use iced_test::{
    futures::futures::executor::block_on,
    runtime::{UserInterface, user_interface::Cache},
};
use snug::{app::Message, font, theme};

use crate::world::{World, press_with};

/// Messages of one round of events lead to others; it must come to rest.
const ROUNDS: usize = 8;

/// See the [module](self).
pub struct Window {
    cache: Cache,
    renderer: Renderer,
    size: Size,
    cursor: mouse::Cursor,
    now: Instant,
    begun: Instant,
}

impl Window {
    /// A window of this size on the app. The composer has the focus, as it has in the app.
    pub fn new(world: &mut World, width: f32, height: f32) -> Self {
        world.resize(width, height);
        let mut window = Self {
            cache: Cache::new(),
            renderer: renderer(),
            size: Size::new(width, height),
            cursor: mouse::Cursor::Unavailable,
            now: Instant::now(),
            begun: Instant::now(),
        };
        window.frames(world, 1);
        window.focus(world, "composer");
        window
    }

    /// Puts the caret into a field.
    pub fn focus(&mut self, world: &World, field: &'static str) {
        self.operate(world, &mut operation::focusable::focus::<()>(Id::new(field)));
    }

    /// The pixels of the window, RGBA, as the CPU renderer draws them.
    pub fn picture(&mut self, world: &World, mode: Mode) -> Vec<u8> {
        let theme = theme::theme(mode);
        let base = theme.base();
        let style = renderer::Style { text_color: base.text_color };
        let size = Size::new(self.size.width as u32, self.size.height as u32);
        // A caret blinks from when it was last touched on, and before that it is seen.
        let redraw = Event::Window(window::Event::RedrawRequested(self.begun));
        self.with(world, |screen, renderer, cursor| {
            // Buttons find out by it that they can be pressed.
            let _ = screen.update(&[redraw], cursor, renderer, &mut clipboard::Null, &mut Vec::new());
            screen.draw(renderer, &theme, &style, cursor);
            renderer.screenshot(size, 1.0, base.background_color)
        })
    }

    fn with<T>(
        &mut self,
        world: &World,
        work: impl FnOnce(
            &mut UserInterface<'_, Message, iced::Theme, Renderer>,
            &mut Renderer,
            mouse::Cursor,
        ) -> T,
    ) -> T {
        let cache = std::mem::take(&mut self.cache);
        let mut screen = UserInterface::build(world.app.view(), self.size, cache, &mut self.renderer);
        let done = work(&mut screen, &mut self.renderer, self.cursor);
        self.cache = screen.into_cache();
        done
    }

    /// Lets something look at the widgets, or give one of them the focus.
    pub fn operate(&mut self, world: &World, operation: &mut dyn Operation) {
        self.with(world, |screen, renderer, _| screen.operate(renderer, operation));
    }

    /// Lets the app see events, and what follows from them. What no widget takes is the app's.
    pub fn events(&mut self, world: &mut World, events: &[Event]) -> Vec<Status> {
        let mut messages = Vec::new();
        let statuses = self.with(world, |screen, renderer, cursor| {
            screen.update(events, cursor, renderer, &mut clipboard::Null, &mut messages).1
        });
        for (event, status) in events.iter().zip(&statuses) {
            if let (Event::Keyboard(key), Status::Ignored) = (event, status) {
                messages.push(Message::Key(key.clone()));
            }
        }
        messages.into_iter().for_each(|message| world.send(message));
        self.frames(world, 1);
        statuses
    }

    /// Draws so many frames, 16 ms apart.
    pub fn frames(&mut self, world: &mut World, count: usize) {
        for _ in 0..count {
            self.now += Duration::from_millis(16);
            for _ in 0..ROUNDS {
                let redraw = Event::Window(window::Event::RedrawRequested(self.now));
                let mut messages = Vec::new();
                self.with(world, |screen, renderer, cursor| {
                    let _ = screen.update(&[redraw], cursor, renderer, &mut clipboard::Null, &mut messages);
                });
                if messages.is_empty() {
                    break;
                }
                messages.into_iter().for_each(|message| world.send(message));
            }
        }
    }

    /// Moves the pointer.
    pub fn point(&mut self, world: &mut World, at: Point) {
        self.cursor = mouse::Cursor::Available(at);
        self.events(world, &[Event::Mouse(mouse::Event::CursorMoved { position: at })]);
    }

    /// Presses and releases the left button somewhere.
    pub fn click(&mut self, world: &mut World, at: Point) {
        self.point(world, at);
        self.press(world);
        self.release(world);
    }

    /// Presses the left button.
    pub fn press(&mut self, world: &mut World) {
        self.button(world, mouse::Event::ButtonPressed(mouse::Button::Left));
    }

    /// Lets go of the left button.
    pub fn release(&mut self, world: &mut World) {
        self.button(world, mouse::Event::ButtonReleased(mouse::Button::Left));
    }

    /// Presses the right button somewhere.
    pub fn right_click(&mut self, world: &mut World, at: Point) {
        self.point(world, at);
        self.button(world, mouse::Event::ButtonPressed(mouse::Button::Right));
        self.button(world, mouse::Event::ButtonReleased(mouse::Button::Right));
    }

    fn button(&mut self, world: &mut World, event: mouse::Event) {
        self.events(world, &[Event::Mouse(event)]);
    }

    /// From one place to another with the button held, in steps.
    pub fn drag(&mut self, world: &mut World, from: Point, to: Point) {
        self.point(world, from);
        self.press(world);
        for step in 1..=8 {
            let share = step as f32 / 8.0;
            self.point(world, from + (to - from) * share);
        }
        self.release(world);
    }

    /// Holds these modifiers from now on.
    pub fn hold(&mut self, world: &mut World, modifiers: Modifiers) {
        self.events(world, &[Event::Keyboard(keyboard::Event::ModifiersChanged(modifiers))]);
    }

    /// Presses a key.
    pub fn key(&mut self, world: &mut World, key: Named, modifiers: Modifiers) {
        self.tap(world, keyboard::Key::Named(key), None, modifiers);
    }

    /// Presses a letter.
    pub fn letter(&mut self, world: &mut World, letter: &str, modifiers: Modifiers) {
        self.tap(world, keyboard::Key::Character(letter.into()), Some(letter), modifiers);
    }

    fn tap(&mut self, world: &mut World, key: keyboard::Key, text: Option<&str>, with: Modifiers) {
        let event = press_with(key, text, with);
        self.events(world, &[Event::Keyboard(event)]);
    }

    /// Where a text is.
    pub fn find(&mut self, world: &World, text: &str) -> Option<Rectangle> {
        let mut find = Find { text: text.to_owned(), found: None };
        self.operate(world, &mut find);
        find.found
    }

    /// Where a text is that must be there.
    pub fn place(&mut self, world: &World, text: &str) -> Rectangle {
        self.find(world, text).unwrap_or_else(|| panic!("“{text}” is on the screen"))
    }
}

/// The pixels of a screen without the app around it.
pub fn picture<M>(view: Element<'_, M>, size: Size, mode: Mode) -> Vec<u8> {
    let mut renderer = renderer();
    let theme = theme::theme(mode);
    let base = theme.base();
    let style = renderer::Style { text_color: base.text_color };
    let mut screen = UserInterface::build(view, size, Cache::new(), &mut renderer);
    let redraw = Event::Window(window::Event::RedrawRequested(Instant::now()));
    let nowhere = mouse::Cursor::Unavailable;
    let _ = screen.update(&[redraw], nowhere, &mut renderer, &mut clipboard::Null, &mut Vec::new());
    screen.draw(&mut renderer, &theme, &style, nowhere);
    renderer.screenshot(Size::new(size.width as u32, size.height as u32), 1.0, base.background_color)
}

/// The CPU's, with the fonts of the app.
fn renderer() -> Renderer {
    static LOADED: Once = Once::new();
    LOADED.call_once(|| {
        for bytes in font::BUNDLED {
            let mut fonts =
                iced::advanced::graphics::text::font_system().write().expect("nobody panics there");
            fonts.load_font(bytes.into());
        }
    });
    let renderer = <Renderer as Headless>::new(font::REGULAR, Pixels(15.0), Some("tiny-skia"));
    block_on(renderer).expect("a renderer")
}

struct Find {
    text: String,
    found: Option<Rectangle>,
}

impl Operation for Find {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn text(&mut self, _: Option<&Id>, bounds: Rectangle, text: &str) {
        if text == self.text {
            self.found = Some(bounds);
        }
    }
}
