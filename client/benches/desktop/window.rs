//! A window without a display: the app's view built, laid out, drawn and rasterised as iced's event loop and its CPU renderer
//! do it (`iced_winit`, `iced_tiny_skia::window::compositor::present`), up to the pixels that a real window would hand over.

use std::time::{Duration, Instant};

use iced::{
    Event, Pixels, Point, Rectangle, Renderer, Size,
    advanced::{
        clipboard,
        graphics::{Viewport, damage},
        mouse, renderer,
    },
    theme::{Base, Mode},
};
use iced_test::runtime::{UserInterface, user_interface::Cache};
use iced_tiny_skia::Layer;
use snug::{font, theme, widget::Type};

use crate::{figures::timed, world::World};

/// The window that the goals are set for.
pub const SIZE: Size<u32> = Size::new(1280, 800);

/// A large one.
pub const LARGE: Size<u32> = Size::new(2560, 1440);

/// Messages that a frame brings about lead to another frame; it must come to rest.
const FRAMES: usize = 8;

/// See the [module](self).
pub struct Window {
    size: Size<u32>,
    renderer: iced_tiny_skia::Renderer,
    cache: Cache,
    viewport: Viewport,
    pixels: Vec<u8>,
    mask: tiny_skia::Mask,
    last: Option<Vec<Layer>>,
    cursor: mouse::Cursor,
}

/// Why the next frame is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The app knows something new: its view is made anew first.
    TheAppChanged,
    /// Something happened at the window.
    OfEvents,
}

impl Window {
    /// A window of the [size](SIZE) that the goals are set for, that nothing was drawn in yet.
    pub fn new(world: &mut World) -> Self {
        Self::of(world, SIZE)
    }

    /// The same of any size.
    pub fn of(world: &mut World, size: Size<u32>) -> Self {
        world.resize(size.width as f32, size.height as f32);
        Self {
            size,
            renderer: iced_tiny_skia::Renderer::new(font::REGULAR, Pixels(Type::Body.size())),
            cache: Cache::new(),
            viewport: Viewport::with_physical_size(size, 1.0),
            pixels: vec![0; size.width as usize * size.height as usize * 4],
            mask: tiny_skia::Mask::new(size.width, size.height).expect("a size"),
            last: None,
            cursor: mouse::Cursor::Unavailable,
        }
    }

    /// Puts the pointer somewhere.
    pub fn point(&mut self, x: f32, y: f32) -> Event {
        let position = Point::new(x, y);
        self.cursor = mouse::Cursor::Available(position);
        Event::Mouse(mouse::Event::CursorMoved { position })
    }

    /// Everything is to be drawn anew, as after a change of size.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// Lets the app see events, and draws until nothing follows from it. Says what that took on the processor.
    pub fn frame(&mut self, world: &mut World, because: Because, events: &[Event]) -> Duration {
        if because == Because::OfEvents {
            // The event loop keeps the interface it last built; here it is built again, and not counted.
            let screen = self.build(world);
            self.cache = screen.into_cache();
        }
        let ((), taken) = timed(|| {
            let mut events = events;
            for _ in 0..FRAMES {
                let mut renderer = self.take_renderer();
                let mut messages = Vec::new();
                let mut screen = UserInterface::build(
                    world.app.view(),
                    self.viewport.logical_size(),
                    std::mem::take(&mut self.cache),
                    &mut renderer,
                );
                if !events.is_empty() {
                    let _ = screen.update(
                        events,
                        self.cursor,
                        &mut renderer,
                        &mut clipboard::Null,
                        &mut messages,
                    );
                    events = &[];
                    if !messages.is_empty() {
                        self.cache = screen.into_cache();
                        self.give_renderer(renderer);
                        messages.into_iter().for_each(|message| world.send(message));
                        continue;
                    }
                }
                let redraw = Event::Window(iced::window::Event::RedrawRequested(Instant::now()));
                let _ =
                    screen.update(&[redraw], self.cursor, &mut renderer, &mut clipboard::Null, &mut messages);
                let theme = theme::theme(Mode::Dark);
                let base = theme.base();
                let style = renderer::Style { text_color: base.text_color };
                screen.draw(&mut renderer, &theme, &style, self.cursor);
                self.cache = screen.into_cache();
                self.give_renderer(renderer);
                self.present(base.background_color);
                if messages.is_empty() {
                    return;
                }
                messages.into_iter().for_each(|message| world.send(message));
            }
            panic!("every frame asks for another one");
        });
        taken
    }

    fn build<'a>(
        &mut self,
        world: &'a World,
    ) -> UserInterface<'a, snug::app::Message, iced::Theme, Renderer> {
        let mut renderer = self.take_renderer();
        let cache = std::mem::take(&mut self.cache);
        let screen =
            UserInterface::build(world.app.view(), self.viewport.logical_size(), cache, &mut renderer);
        self.give_renderer(renderer);
        screen
    }

    /// The renderer in the form that the app's elements are made for.
    fn take_renderer(&mut self) -> Renderer {
        let spare = iced_tiny_skia::Renderer::new(font::REGULAR, Pixels(Type::Body.size()));
        Renderer::Secondary(std::mem::replace(&mut self.renderer, spare))
    }

    fn give_renderer(&mut self, renderer: Renderer) {
        if let Renderer::Secondary(renderer) = renderer {
            self.renderer = renderer;
        }
    }

    /// Rasterises what has changed since the last frame.
    fn present(&mut self, background: iced::Color) {
        let whole = Rectangle::with_size(self.viewport.logical_size());
        let layers = self.renderer.layers();
        let damage = match &self.last {
            Some(last) => damage::diff(last, layers, |layer| vec![layer.bounds], Layer::damage),
            None => vec![whole],
        };
        if damage.is_empty() {
            return;
        }
        self.last = Some(layers.to_vec());
        let damage = damage::group(damage, whole);
        let mut pixels =
            tiny_skia::PixmapMut::from_bytes(&mut self.pixels, self.size.width, self.size.height)
                .expect("as many bytes as pixels need");
        self.renderer.draw(&mut pixels, &mut self.mask, &self.viewport, &damage, background);
    }

    /// What the renderer takes to draw a window with nothing in it: no frame in which all of the window changes can take less.
    pub fn empty(&mut self) -> Duration {
        let spare = iced_tiny_skia::Renderer::new(font::REGULAR, Pixels(Type::Body.size()));
        let renderer = std::mem::replace(&mut self.renderer, spare);
        self.forget();
        let ((), taken) = timed(|| self.present(theme::theme(Mode::Dark).base().background_color));
        self.forget();
        self.renderer = renderer;
        taken
    }

    /// How many pixels of what was drawn piece by piece are not what is drawn at once.
    pub fn wrong(&mut self, world: &mut World) -> usize {
        // The pointer finds out what lies below it by now, which changes that.
        let _ = self.frame(world, Because::TheAppChanged, &[]);
        let pieces = self.pixels.clone();
        self.forget();
        let _ = self.frame(world, Because::TheAppChanged, &[]);
        pieces
            .chunks_exact(4)
            .zip(self.pixels.chunks_exact(4))
            .filter(|(piece, pixel)| piece != pixel)
            .count()
    }

    /// How many pixels differ from the background: a frame with nothing in it would be cheap.
    pub fn inked(&self) -> usize {
        let first = self.pixels.get(..4).map(<[u8]>::to_vec).unwrap_or_default();
        self.pixels.chunks_exact(4).filter(|pixel| *pixel != first).count()
    }
}
